"""The batch gives the naive app's answers; Flask and Quart serve one app side by side."""

import asyncio
import importlib
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from tests.examples.test_examples import EXAMPLES, started
from tests.installation import TIMEOUT_S

pytestmark = pytest.mark.full

BATCH: Final = EXAMPLES / "05_batch"
SIDE_BY_SIDE: Final = EXAMPLES / "06_side_by_side"


@pytest.fixture
async def batch_apps(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Any, Any]]:
    monkeypatch.syspath_prepend(BATCH)
    modules = [importlib.import_module(f"{name}_app") for name in ("naive", "batched")]
    yield modules[0].app, modules[1].app
    for module in modules:
        await sys.modules.pop(module.__name__).sessions.kw["bind"].dispose()
    sys.modules.pop("database").FOLDER.cleanup()


async def test_a_batch_answers_as_the_naive_app_does(batch_apps: tuple[Any, Any]) -> None:
    async def answers(app: Any) -> list[tuple[int, Any]]:
        client = app.test_client()
        # Without a batch, whoever is stored first of several is left to chance.
        found = [await client.post("/user", form={"username": "김철수"})]
        added = [client.post("/user", form={"username": "새"}) for _ in range(2)]
        found += await asyncio.gather(*added)
        paths = [f"/user/{name}" for name in ("user7", "user7", "nobody", "김철수", "새")]
        found += await asyncio.gather(*(client.get(path) for path in paths))
        return [(each.status_code, await each.get_data()) for each in found]

    naive, batched = [await answers(app) for app in batch_apps]
    assert [status for status, _ in naive] == [201, 201, 201, 200, 200, 404, 200, 200]
    assert batched == naive


def test_the_example_prints_the_gain_of_batching() -> None:
    done = subprocess.run(
        [sys.executable, BATCH / "measure.py", "70"],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=True,
    )
    head, *lines = done.stdout.splitlines()
    assert head.split()[-4:] == ["batched", "batched", ":", "naive"]
    for line in lines:
        naive, batched, ratio = (float(part.replace(",", "")) for part in line.split()[-3:])
        assert ratio == pytest.approx(batched / naive, rel=0.05, abs=0.1)
    assert len(lines) == 3
    assert done.stderr == ""


def test_quart_and_flask_blueprints_share_a_session() -> None:
    with started(SIDE_BY_SIDE / "both_apps.py") as server:
        try:
            server.wait_for()
            login = server.client.post("/user/login/김철수")
            assert login.headers["location"] == "/tweet/"
            server.client.cookies.update(login.cookies)
            assert server.client.get("/tweet/").text == "김철수의 글, 이제 비동기로"
            assert server.client.get("/tweet").status_code == 308
            assert server.client.get("/tweets").status_code == 404
            large = server.client.post("/user/login/jack", content=bytes(1024 * 1024))
            assert large.status_code == 302
        finally:
            server.log.unlink()
