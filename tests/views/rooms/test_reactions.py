"""Reactions stand at their message, in answers and exports, and in the order by likes."""

import json
import re
from typing import Any, Final
from urllib.parse import quote

import pytest
from quart import Quart
from sqlalchemy import func, select

from app.db.engine import Database
from app.models import Event, Tweet
from tests.browsing import found_in, missing_in, parts_of
from tests.chats import import_chat, kakaotalk, said, telegram
from tests.conftest import Client, Shared

WORD: Final = quote("말")
ROOM: Final = said(("Mina", "Jun"), times=3)
HEART: Final = {"type": "emoji", "emoji": "❤", "count": 2}
JOY: Final = {"type": "emoji", "emoji": "😂", "count": 3}
HOSTILE: Final = {"type": "emoji", "emoji": "<b>مرحبا", "count": 1}
GIVEN: Final[dict[int, list[dict[str, Any]]]] = {1: [HEART, HOSTILE], 4: [HEART]}


def chat(given: dict[int, list[dict[str, Any]]], *, number: int = 5) -> bytes:
    """Return a chat with what was given to the messages of these numbers."""
    room = json.loads(telegram(number, f"Pier {number}", *ROOM))
    for message in room["messages"]:
        message["reactions"] = given.get(message["id"], [])
    return json.dumps(room).encode()


@pytest.fixture(scope="module")
async def reader(shared: Shared) -> Client:
    report = await import_chat(parts_of(shared.app).db, chat(GIVEN))
    assert (report.accepted, report.errors) == (6, [])
    return shared.anybody


def reactions_in(page: str) -> list[list[str]]:
    """Return the reactions of each message that has some, as people read them."""
    lists = re.findall(r'<ul class="reactions".*?</ul>', page, re.DOTALL)
    items = (re.findall(r"<li[^>]*>(.*?)</li>", each, re.DOTALL) for each in lists)
    return [[re.sub("</?bdi>", "", item) for item in some] for some in items]


@pytest.mark.parametrize("path", ["/room/1?view=newest", f"/search?q={WORD}&sort=newest"])
async def test_messages_show_what_was_given_to_them(reader: Client, path: str) -> None:
    assert sorted(reactions_in(await reader.page(path))) == [["❤ 2"], ["❤ 2", "<b>مرحبا 1"]]


async def test_the_page_of_a_message_has_its_reactions(reader: Client) -> None:
    page = await reader.page("/tweet/1", headers={"Accept-Language": "ko"})
    assert reactions_in(page)[0] == ["❤ 2", "<b>مرحبا 1"]
    assert "<dt>반응</dt>" in page
    assert "좋아요" not in page
    response = await reader.get("/tweet/1")
    assert "<bdi>&lt;b&gt;مرحبا</bdi> 1" in await response.get_data(as_text=True)


async def test_reactions_are_likes_by_which_a_search_is_ordered(reader: Client) -> None:
    found = await reader.json(f"/api/v1/search?q={WORD}&sort=likes")
    assert [hit["id"] for hit in found["items"][:2]] == [1, 4]
    counts = found["items"][0]["counts"]
    assert counts["likes"] == 3
    assert counts["signs"] == [{"sign": "❤", "count": 2}, {"sign": "<b>مرحبا", "count": 1}]
    page = await reader.page(f"/search?q={WORD}&sort=likes")
    assert "3 reactions" in page
    assert "3 likes" not in page


@pytest.mark.parametrize("format_name", ["jsonl", "csv", "mongo"])
async def test_an_export_takes_them_along(reader: Client, db: Database, format_name: str) -> None:
    response = await reader.get(f"/api/v1/export?format={format_name}")
    report = await import_chat(db, await response.get_data(), name=f"posts.{format_name}")
    assert (report.accepted, report.errors) == (6, [])
    async with db.read() as session:
        query = select(Tweet.counts).where(Tweet.counts.is_not(None)).order_by(Tweet.id)
        stored = [json.loads(counts or "") for counts in await session.scalars(query)]
    assert [counts["signs"] for counts in stored] == [
        [{"sign": "❤", "count": 2}, {"sign": "<b>مرحبا", "count": 1}],
        [{"sign": "❤", "count": 2}],
    ]


@pytest.mark.databases("sqlite", "postgresql")
async def test_a_newer_export_renews_them(app: Quart, anybody: Client) -> None:
    db = parts_of(app).db
    await import_chat(db, chat(GIVEN))
    newer = GIVEN | {4: [HEART | {"count": 9}], 5: [HEART]}
    report = await import_chat(db, chat(newer))
    assert (report.accepted, report.duplicates) == (0, 6)
    found = await anybody.json(f"/api/v1/search?q={WORD}&sort=likes")
    assert [(hit["source_id"], hit["counts"]["likes"]) for hit in found["items"][:3]] == [
        ("5:4", 9),
        ("5:1", 3),
        ("5:5", 2),
    ]
    assert found["items"][0]["counts"]["signs"] == [{"sign": "❤", "count": 9}]
    room = found["items"][0]["room"]["id"]
    loved = (await anybody.json(f"/api/v1/rooms/{room}/portrait"))["loved"]
    assert [(one["count"], one["sign"]) for one in loved] == [(9, None)]
    assert (await anybody.json(f"/api/v1/rooms/{room}"))["has_media"] is False


def messenger(*given: str) -> bytes:
    """Return a chat whose messages have no ids, of which the first was given these signs."""
    messages: list[dict[str, Any]] = [
        {"senderName": name, "timestamp": 1767225600123 + number, "text": text}
        for number, (name, _, text) in enumerate(ROOM)
    ]
    messages[0]["reactions"] = [{"actor": "Jun", "reaction": sign} for sign in given]
    thread = {"participants": ["Mina", "Jun"], "threadName": "Pier_1", "messages": messages}
    return json.dumps(thread).encode()


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("is_known_by_ids", [True, False])
async def test_a_message_that_lost_its_reactions_has_none(
    app: Quart, anybody: Client, is_known_by_ids: bool
) -> None:
    db = parts_of(app).db
    some, others, none = (
        chat({1: given} if given else {}) if is_known_by_ids else messenger(*signs)
        for given, signs in (([HEART], "❤❤"), ([JOY], "😂😂😂"), ([], ""))
    )

    async def stored() -> list[int]:
        async with db.read() as session:
            query = select(Tweet.counts).where(Tweet.counts.is_not(None))
            return [json.loads(counts or "")["likes"] for counts in await session.scalars(query)]

    for data, likes in ((none, []), (some, [2]), (others, [3]), (none, [0]), (none, [0])):
        assert (await import_chat(db, data)).errors == []
        assert await stored() == likes
    assert reactions_in(await anybody.page("/room/1?view=newest")) == []
    page = await anybody.page("/tweet/1")
    assert not found_in(page, "Reactions", "On its platform")
    async with db.read() as session:
        updates = await session.scalar(select(func.count()).where(Event.kind == "tweet.updated"))
    assert updates == 3


async def test_a_file_without_reactions_leaves_those_that_are_known(app: Quart) -> None:
    """Lines of an export that has none say nothing of them."""
    db = parts_of(app).db
    await import_chat(db, chat(GIVEN))
    line = {"username": "Mina", "text": ROOM[0][2], "source_id": "5:1"}
    await import_chat(db, json.dumps(line).encode(), name="posts.jsonl")
    async with db.read() as session:
        counts = await session.scalar(select(Tweet.counts).where(Tweet.source_id == "5:1"))
    assert json.loads(counts or "")["likes"] == 3


async def test_an_export_that_tells_of_no_reactions_takes_none_away(
    app: Quart, anybody: Client
) -> None:
    """Telegram Desktop wrote none for years."""
    db = parts_of(app).db
    await import_chat(db, chat(GIVEN))
    await import_chat(db, telegram(5, "Pier 5", *ROOM))
    found = await anybody.json(f"/api/v1/search?q={WORD}&sort=likes")
    assert [hit["counts"]["likes"] for hit in found["items"][:2]] == [3, 2]


async def test_figures_that_are_sent_to_a_chat_are_kept(writer: Client) -> None:
    """Of a message that nobody liked they were dropped, as those that a chat's file leaves out."""
    await writer.add_user("Bo")
    counts = {"likes": 0, "as_of": "2024-01-01T00:00:00Z"}
    sent = {"text": "hi", "counts": counts, "room": {"name": "pier"}, "source_id": "1"}
    answer = await writer.post("/api/v1/users/Bo/tweets?publish=1", json=sent)
    stored = (await answer.get_json())["counts"]
    assert {name: stored[name] for name in counts} == counts


async def test_signs_may_be_sent(writer: Client) -> None:
    signs = [{"sign": "e\u0301", "count": 2}, {"sign": "👍", "count": 5}]
    await writer.add_user("ann")
    await writer.add_tweet("ann", "soup", counts={"signs": signs})
    (tweet,) = (await writer.json("/api/v1/users/ann/tweets"))["items"]
    assert tweet["counts"]["likes"] == 7
    assert tweet["counts"]["signs"] == [{"sign": "👍", "count": 5}, {"sign": "é", "count": 2}]


async def test_the_chat_shows_what_the_others_loved(shared: Shared, reader: Client) -> None:
    room = chat({1: [HEART | {"count": 5}, HOSTILE], 2: [HEART], 5: [JOY]}, number=6)
    await import_chat(parts_of(shared.app).db, room)
    portrait = await reader.json("/api/v1/rooms/2/portrait")
    loved = [(one["post"]["source_id"], one["count"], one["sign"]) for one in portrait["loved"]]
    assert loved == [("6:1", 6, None), ("6:5", 3, "😂")]
    page = await reader.page("/room/2")
    card = page.partition('id="loved"')[2].partition("</section>")[0]
    assert not missing_in(card, "Most reactions: 6", "Most <bdi>😂</bdi> for one message: 3")
    plain = await reader.page("/room/2", headers={"Accept-Language": "ko"})
    assert "가장 사랑받은 메시지" in plain  # Of two nobody says "the others".


async def test_a_person_is_shown_by_what_the_others_loved(reader: Client) -> None:
    page = await reader.page("/user/Mina")
    card = page.partition('id="liked-heading"')[2].partition("</section>")[0]
    assert card.startswith(">Most loved by other people<")
    assert "6 reactions" in card
    assert reactions_in(card)[0] == ["❤ 5", "<b>مرحبا 1"]


async def test_a_room_without_reactions_has_no_card(shared: Shared, reader: Client) -> None:
    await import_chat(parts_of(shared.app).db, telegram(7, "Quay", *said(("Ida", "Bo"), times=2)))
    assert (await reader.json("/api/v1/rooms/3/portrait"))["loved"] == []
    assert 'id="loved"' not in await reader.page("/room/3")


async def test_an_order_by_likes_is_offered_if_a_message_has_some(
    shared: Shared, reader: Client
) -> None:
    said_here = [("2024-01-15 15:02", "Ida", "lantern")]
    await import_chat(parts_of(shared.app).db, kakaotalk("Lantern", *said_here))
    for word, is_offered in ((WORD, True), ("lantern", False)):
        assert ("Most liked first" in await reader.page(f"/search?q={word}")) == is_offered
