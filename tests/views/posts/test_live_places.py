"""The places of live streams: an account finds one."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

import pytest
from quart import Quart

from app.services.live_streams import streaming
from app.services.live_streams.streaming import MOST_OF_HOLDER
from tests.browsing import Browser, signed_in
from tests.conftest import MakeConfig, app_of, client_with
from tests.listening import NONE, PATH, Listener, listening
from tests.waiting import eventually

DEADLINE_S: Final = 60


@dataclass(slots=True)
class Ears:
    """Streams of an app that are open until the test ends."""

    app: Quart
    stack: AsyncExitStack

    async def of(self, headers: Any = NONE, path: str = PATH, count: int = 1) -> list[Listener]:
        """Open streams one after the other; the oldest comes first."""
        opened = [listening(self.app, headers=headers, path=path) for _ in range(count)]
        return [(await self.stack.enter_async_context(each))[0] for each in opened]


def cookies_of(browser: Browser) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}


def statuses(listeners: list[Listener]) -> list[int]:
    return [listener.messages[0]["status"] for listener in listeners]


async def test_some_places_are_kept_for_accounts(make_config: MakeConfig) -> None:
    async with app_of(make_config(live_clients=20)) as app, AsyncExitStack() as stack:
        operator, ears = cookies_of(await signed_in(app)), Ears(app, stack)
        assert statuses(await ears.of(count=20)) == [200] * 18 + [503] * 2
        reader = await client_with(app, "read")
        assert statuses(await ears.of(reader.headers)) == [503], "a token is no account"
        assert statuses(await ears.of(operator, count=3)) == [200, 200, 503]


@pytest.mark.full
async def test_the_place_of_a_client_that_takes_nothing_is_free_at_once(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "READER_TIMEOUT_S", 2.0)
    async with app_of(make_config(live_clients=MOST_OF_HOLDER)) as app, AsyncExitStack() as stack:
        admin, ears = await client_with(app, "admin"), Ears(app, stack)
        operator = cookies_of(await signed_in(app))
        stuck, *_ = await ears.of(operator, count=MOST_OF_HOLDER)
        stuck.takes.clear()
        assert statuses(await ears.of(operator)) == [200]

        async def is_held() -> bool:
            return stuck.is_held

        await eventually(is_held)
        assert f"saywho_live_clients {MOST_OF_HOLDER}.0" in await admin.page("/metrics")
        await asyncio.wait_for(stuck.answer, DEADLINE_S)
        assert f"saywho_live_clients {MOST_OF_HOLDER}.0" in await admin.page("/metrics")
