"""Pages of many messages say that they count, and show what was counted afterwards."""

import re
from html import unescape
from typing import Any

import pytest
from quart import Quart

from app.services import snapshots
from tests.browsing import body, parts_of, signed_in
from tests.chats import import_chat, said, telegram
from tests.conftest import Client, MakeConfig, app_of
from tests.waiting import eventually

DAYS = ("2024-01-15", "2024-01-16", "2024-01-17")
COUNTED = {"/room/1": "en", "/user/ann": "ko"}
SAYS = {
    "en": ("saywho is counting", "The page appears by itself when that is done."),
    "ko": ("saywho가 세고 있어요", "다 세면 페이지가 저절로 나타나요."),
}


@pytest.fixture(autouse=True)
def never_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let even some messages be many."""
    monkeypatch.setattr(snapshots, "MANY_COUNTED", 30)
    monkeypatch.setattr(snapshots, "LARGE", 30)


async def filled(app: Quart) -> None:
    messages = [one for day in DAYS for one in said(["ann", "bo"], times=30, day=day)]
    await import_chat(parts_of(app).db, telegram(7, "a chat", *messages))


async def shown(asker: Any, path: str) -> str:
    answer = await eventually(lambda: asker.get(path), until=lambda got: got.status_code != 202)
    assert answer.status_code == 200
    return await body(answer)


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("path", COUNTED)
async def test_a_page_says_that_it_counts_and_then_shows_itself(
    app: Quart, anybody: Client, path: str
) -> None:
    await filled(app)
    answer = await anybody.get(path, headers={"Accept-Language": COUNTED[path]}, status=202)
    assert answer.headers["Cache-Control"] == "no-store"
    page = await body(answer)
    assert '<meta http-equiv="refresh" content="1">' in page
    assert all(sentence in page for sentence in SAYS[COUNTED[path]])
    assert "saywho is counting" not in await shown(anybody, path)


async def test_the_front_page_is_shown_without_what_is_still_counted(
    app: Quart, anybody: Client
) -> None:
    await filled(app)
    answer = await anybody.get("/", status=200)
    page = await body(answer)
    assert "a chat" in page
    assert "saywho is counting" in page
    # Nobody who asks again is told what was counted before a write.
    later = said(["cy", "ann"], times=30, day="2024-01-18")
    await import_chat(parts_of(app).db, telegram(7, "a chat", *later))

    async def look() -> str:
        return await body(await anybody.get("/"))

    whole = await eventually(look, until=lambda page: "saywho is counting" not in page)
    assert "cy" in re.findall(r"\bcy\b", whole)


async def test_an_open_front_page_asks_less_and_less_often(app: Quart, anybody: Client) -> None:
    await filled(app)
    path, pauses = "/?tz=Asia%2FSeoul", list[int]()
    async with parts_of(app).long_reads.turn():  # Nothing is counted.
        while asks := re.search(
            r'hx-get="(\S+)" hx-trigger="load delay:(\d+)s"', await body(await anybody.get(path))
        ):
            path = unescape(asks[1])
            pauses.append(int(asks[2]))
    assert pauses == [1, 2, 4, 8, 16, 32]
    assert path == "/?tz=Asia%2FSeoul&tries=6"


async def test_a_few_messages_are_counted_while_the_visitor_waits(
    app: Quart, anybody: Client
) -> None:
    await import_chat(parts_of(app).db, telegram(7, "a chat", *said(["ann", "bo"], times=14)))
    for path in ("/room/1", "/user/ann", "/user/ann/2024"):
        assert (await anybody.get(path)).status_code == 200


async def test_further_counts_hold_their_requests_up(
    app: Quart, anybody: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else each request, with another query, would leave a count that goes on without it."""
    await filled(app)
    monkeypatch.setattr(snapshots.Snapshots, "most_awaited", 0)
    assert {(await anybody.get(path)).status_code for path in COUNTED} == {200}


@pytest.mark.parametrize("cache_mb", [0, 8])
async def test_what_was_counted_before_a_write_is_not_shown(
    make_config: MakeConfig, cache_mb: int
) -> None:
    async with app_of(make_config(cache_mb=cache_mb)) as app:
        await filled(app)
        askers = Client(app, {}), await signed_in(app)
        for asker in askers:
            for path in ("/room/1", *COUNTED):
                assert (await asker.get(path)).status_code in {200, 202}
        later = said(["cy", "ann"], times=30, day="2024-01-18")
        await import_chat(parts_of(app).db, telegram(7, "a chat", *later))
        for asker in askers:
            for path in ("/room/1", "/room/1/2024"):
                assert "cy" in re.findall(r"\bcy\b", await shown(asker, path))
