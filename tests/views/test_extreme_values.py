"""Any value that an address can name has an answer, and so has any post that may be stored."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from typing import Final
from urllib.parse import urlencode

import pytest
from quart import Quart

from app.parts.dashboard.panels import PANELS
from app.paths import is_endless
from app.views.requests import cursor_of
from tests.browsing import parts_of
from tests.chats import import_chat, telegram
from tests.conftest import Client, Shared
from tests.parts.dashboard.viewing import drawn
from tests.selection import first_of
from tests.views.test_time_zones import addresses
from tests.waiting import settle

DAYS: Final = ("0001-01-01", "0001-01-02", "9998-12-31", "9999-12-31", "0000-00-00")
TIMES: Final = (
    *("0001-01-01T00:00:00Z", "0001-01-01T00:00:00-14:00", "0001-01-01T00:00:00+14:00"),
    *("9999-12-31T23:45:00Z", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-14:00"),
)
YEARS: Final = ("0001", "9998", "9999", "0", "-1")
FIRST: Final = datetime(1, 1, 1, tzinfo=UTC)
LAST: Final = datetime.max.replace(tzinfo=UTC)
CURSORS: Final = [cursor_of((time, 1)) or "" for time in (FIRST, LAST, None)]
VALUES: Final = {
    **dict.fromkeys(("since", "until", "through", "on"), (*DAYS, *TIMES)),
    **dict.fromkeys(("cursor", "before"), CURSORS),
    "year": YEARS,
}
"""By the parameters that take a time."""
OTHERS: Final = {
    *("tz", "username", "platform", "lang", "kind", "is", "has", "q", "mode", "sort", "facets"),
    *("limit", "format", "hour", "message", "deleted", "picture"),
    *("text", "post", "without", "sure", "view", "shows", "theme", "names", "words"),
    *(
        "reasons",
        "explain",
        "no_replies",
        "without_media",
        "url",
        "token",
        "card",
        "old_posts",
        "room",
    ),
}
ZONES: Final = ("UTC", "Pacific/Kiritimati")
"""The latter was ten hours behind, and is fourteen ahead."""
NUMBERS: Final = ("-1", "0", str(2**31), str(2**63), "9" * 30, "9" * 5_000, "1e400", "nan")
EARLIEST: Final = "0001-01-02T00:00:00Z"
"""The earliest time that a post may have."""


@pytest.fixture(scope="module")
async def old(shared: Shared) -> Client:
    """Read posts of the first days, and messages of a chat in them."""
    times = (EARLIEST, "0001-01-02T23:59:59Z", "0001-12-31T23:59:59Z", "2024-02-29T23:50:00Z")
    await shared.writer.add_dated("hana", "it was so, {n}", times)
    said = [(f"{time[:10]} 15:00", name, "old enough") for time in times for name in ("ann", "bo")]
    await import_chat(parts_of(shared.app).db, telegram(1, "pier", *said), name="result.json")
    await settle(shared.app)
    return shared.anybody


def asked(app: Quart) -> Iterator[str]:
    """Yield every address that takes a time or shows times, with each extreme that it may get."""
    for year, name in product(("0001", "9998", "9999"), PANELS):
        for path, names in addresses(app, year=year, name=name).items():
            timed = names & VALUES.keys()
            if timed or "tz" in names:
                assert names <= VALUES.keys() | OTHERS, "say whether a new parameter takes a time"
                queries = [{}, *({name: value} for name in timed for value in VALUES[name])]
                zones = [{"tz": zone} for zone in ZONES] if "tz" in names else [{}]
                for query, zone in product(queries, zones):
                    yield f"{path}?{urlencode(query | zone)}"


@pytest.mark.databases("sqlite", pytest.param("postgresql", marks=pytest.mark.soak))
@pytest.mark.full
@pytest.mark.timeout(300)
async def test_no_time_in_an_address_is_an_error_of_the_server(old: Client) -> None:
    sent = set(asked(old.app))
    assert "/user/hana" in await old.page("/user/hana/0001")
    for known in ("/api/v1/stats?until=9999-12-31T23%3A45%3A00Z", "/user/hana/0001?"):
        assert any(address.startswith(known) for address in sent)
    for address in sorted(sent):
        answer = await old.get(address)
        await answer.get_data()
        assert answer.status_code < 500, address


async def test_a_drawing_of_any_time_is_made(old: Client) -> None:
    for name, since, zone in product(PANELS, (*DAYS, *TIMES), ZONES):
        for query in ({"since": since}, {"until": since}):
            await drawn(old, name, "?" + urlencode(query | {"tz": zone}))


@pytest.mark.databases("sqlite", pytest.param("postgresql", marks=pytest.mark.soak))
@pytest.mark.parametrize("number", first_of(NUMBERS, "9" * 5_000), ids=len)
async def test_no_number_in_an_address_is_an_error_of_the_server(old: Client, number: str) -> None:
    finite = {path: names for path, names in addresses(old.app).items() if not is_endless(path)}
    for path, names in finite.items():
        for name in names:
            answer = await old.get(f"{path}?{name}={number}")
            await answer.get_data()
            assert answer.status_code < 500, (path, name, number[:30])
