"""Imports into a real database: what is stored, matched, left out, and left behind."""

import asyncio
import io
import json
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.engine import Database
from app.models import BackgroundSnapshot, Event, Profile, Tweet, User
from app.services.checks import find_faults
from app.services.compare.profiles import stored_profiles, users_with_tails
from app.services.imports import storing, storing_counts, storing_reading
from app.services.imports.job_report import ImportReport
from app.services.imports.storing import StoreOptions, import_records, renew_derived
from app.services.imports.storing_counts import FeatureCounter
from saywho.clock import now
from saywho.engine.features import sum_of_features
from saywho.engine.profiles import profile_of
from saywho.formats.post import Medium, ReplyTarget
from saywho.formats.records import Account, Item, Record, RecordStream
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def record(place: int, text: str, **fields: Any) -> Record:
    given: dict[str, Any] = {"username": "mina", "created_at": NOON} | fields
    return Record(place=place, text=text, **given)


def stream_of(*items: Item, account: Account | None = None) -> RecordStream:
    return RecordStream("jsonl", "line", account, iter(items))


async def store(db: Database, *items: Item, username: str | None = None) -> ImportReport:
    return await import_records(db, stream_of(*items), username=username)


def outcome(report: ImportReport) -> tuple[int, int, int]:
    return report.accepted, report.duplicates, report.rejected


async def stored(db: Database) -> list[Tweet]:
    async with db.read() as session:
        return list(await session.scalars(select(Tweet).order_by(Tweet.id)))


async def newest_event(db: Database) -> int:
    async with db.read() as session:
        return await session.scalar(select(func.max(Event.id))) or 0


async def test_importing_twice_adds_nothing_and_announces_nothing(db: Database) -> None:
    items = [
        *(record(n, f"with an id {n}", source_id=str(n)) for n in range(5)),
        *(record(n, f"without an id {n}") for n in range(5, 10)),
    ]
    assert outcome(await store(db, *items)) == (10, 0, 0)
    event = await newest_event(db)
    assert outcome(await store(db, *items)) == (0, 10, 0)
    assert await newest_event(db) == event
    assert len(await stored(db)) == 10


async def test_only_web_addresses_are_kept(db: Database) -> None:
    medium = Medium("photo", "/files/a.jpg", "a lamp")
    await store(
        db,
        record(1, "script", url="javascript:alert(1)", media=(medium,)),
        record(2, "web", url="HTTPS://example.com/1"),
    )
    first, second = await stored(db)
    assert (first.url, second.url) == (None, "HTTPS://example.com/1")
    assert "/files" not in (first.media or "")


async def test_records_without_id_are_matched_by_counting_repeats(db: Database) -> None:
    one, undated = record(1, "ㅋㅋㅋ"), record(2, "ㅋㅋㅋ", created_at=None)
    other = record(3, "ㅋㅋㅋ", created_at=NOON.replace(hour=13))
    first = [one, undated, one, other, undated, one]
    assert outcome(await store(db, *first)) == (6, 0, 0)
    assert outcome(await store(db, *first)) == (0, 6, 0)
    # One more of each kind than is stored.
    assert outcome(await store(db, *[one] * 4, *[other] * 2, *[undated] * 3)) == (3, 6, 0)
    assert len(await stored(db)) == 9


async def test_records_from_the_future_without_id_are_stored_once(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = now() + timedelta(days=400)
    items = [
        record(1, "soon", created_at=ahead),
        record(2, "soon"),
        record(3, "soon", created_at=ahead),
        record(4, "later", created_at=ahead + timedelta(days=1)),
    ]
    assert outcome(await store(db, *items)) == (4, 0, 0)
    for later in (timedelta(hours=1), timedelta(days=400, hours=1), timedelta(days=800)):
        monkeypatch.setattr(storing_reading, "now", lambda later=later: now() + later)
        assert outcome(await store(db, *items)) == (0, 4, 0)
    assert outcome(await store(db, *items, record(5, "soon", created_at=ahead))) == (1, 4, 0)
    # Equal to one that was stored when it arrived, but for its time.
    soon = [*items, items[0], record(6, "later", created_at=ahead + timedelta(days=2))]
    assert outcome(await store(db, *soon)) == (1, 5, 0)


async def test_long_texts_become_posts_in_order_once(db: Database) -> None:
    paragraphs = [f"{n}. {'The fog stays on the water. ' * 40}".strip() for n in range(60)]
    long, endless = "\r\n\r\n".join(paragraphs), "나" * 60_000
    lines = [
        {"username": "mina", "id": "77", "text": long, "created_at": "2024-05-06"},
        {"username": "jun", "text": endless},
        {"username": "jun", "text": " " * 30_000},
    ]
    chat = f"12.03.21, 10:12 - Ada: Fog\n12.03.21, 10:13 - Bo: {long}\n12.03.21, 10:14 - Ada: Ah"
    chat += f"\n12.03.21, 10:15 - Bo: {'x' * 130_000}"
    for accepted, duplicates in ((6, 0), (0, 6)):
        with Source(io.BytesIO("\n".join(map(json.dumps, lines)).encode())) as source:
            records = open_records(source)
            report = await import_records(db, records, username=None)
        assert outcome(report) == (accepted, duplicates, 0)
        (pieces,) = (part for part in records.notes.assumptions if part.kind == "pieces")
        assert (pieces.value, str(pieces.evidence)) == ("25000", "texts: 2")
        with Source(io.BytesIO(chat.encode())) as source:
            report = await import_records(db, open_records(source), username=None)
        assert (report.accepted, report.rejected) == (5 if accepted else 0, 1)
    posts = await stored(db)
    own = [post for post in posts if post.source_id]
    assert [post.source_id for post in own] == ["77", "77#2", "77#3"]
    assert [line for post in own for line in post.text.split("\n\n")] == paragraphs
    assert "".join(post.text for post in posts if post.text.startswith("나나")) == endless
    said = [post.text for post in posts if post.room_id]
    assert "\n\n".join(said[1:-1]).split("\n\n") == paragraphs


async def test_texts_match_in_the_form_in_which_they_are_stored(db: Database) -> None:
    items = [
        record(1, "hello", username="Mina"),
        record(2, "hello", username="mina"),
        record(3, "한글\r\nline\x00\x1b[31m\ud83d"),
        record(4, "\x00\x07"),
    ]
    assert outcome(await store(db, *items)) == (3, 0, 1)
    decomposed = "한글\nline[31m"
    again = [record(1, decomposed), record(2, "hello", username="MINA")]
    assert outcome(await store(db, *again)) == (0, 2, 0)
    assert [tweet.text for tweet in await stored(db)] == ["hello", "hello", "한글\nline[31m"]
    # One that has an id counts, too.
    await store(db, record(1, "bye", source_id="7"))
    assert outcome(await store(db, *[record(n, "bye") for n in range(2)])) == (1, 1, 0)


async def test_times_are_cut_to_seconds_and_none_is_in_the_future(db: Database) -> None:
    before = now()
    items = [
        record(1, "later", created_at=NOON.replace(year=9000)),
        record(2, "undated", created_at=None),
        record(3, "now", created_at=NOON.replace(microsecond=999_999)),
    ]
    await store(db, *items)
    later, undated, cut = [tweet.created_at for tweet in await stored(db)]
    assert (undated, cut) == (None, NOON)
    assert later is not None
    assert before <= later <= now()
    assert outcome(await store(db, record(1, "now"))) == (0, 1, 0)


async def folded_of(db: Database, *items: Item) -> list[int]:
    """Import items; return the posts in stored profiles after each batch."""
    folded: list[int] = []

    async def note(session: AsyncSession, _report: ImportReport) -> None:
        folded.append(await session.scalar(select(func.sum(Profile.posts))) or 0)

    await import_records(db, stream_of(*items), username=None, storing=StoreOptions(note=note))
    async with db.read() as session:
        assert not await users_with_tails(session, only_long=True)
    assert await find_faults(db) == []
    return folded


async def test_an_import_rewrites_profiles_where_they_grew_by_much(db: Database) -> None:
    """With each batch, a chat of a million messages rewrote all of its people's profiles."""
    items = [record(n, f"text {n}") for n in range(5_500)]
    assert await folded_of(db, *items) == [0, 0, 2_000, 2_000, 4_000, 4_000]


async def test_long_posts_of_an_import_are_folded_sooner(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that are folded together are in memory together."""
    monkeypatch.setattr(storing, "MOST_UNFOLDED", 30_000)
    items = [record(n, f"text {n} of many characters") for n in range(2_500)]
    assert await folded_of(db, *items) == [0, 0, 2_000]
    items = [record(n, f"text {n} of many characters " * 2) for n in range(2_500)]
    assert await folded_of(db, *items) == [2_500, 3_500, 4_500]


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("program", [sys.executable, shutil.which("false"), "/no/program"])
async def test_posts_are_counted_in_a_process_of_their_own_or_else_here(
    db: Database, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr(storing_counts, "FIRST_CHARACTERS", 20_000)
    monkeypatch.setattr(storing_counts, "FEWEST_CHARACTERS", 10)
    monkeypatch.setattr(sys, "executable", program)
    items = [record(n, f"말 {n} words", username=f"a{n % 3}") for n in range(5_500)]
    await folded_of(db, *items)
    async with db.read() as session:
        users = {user.username: user.id for user in await session.scalars(select(User))}
        stored = await stored_profiles(session, users.values())
    for name, user_id in users.items():
        texts = [item.text for item in items if item.username == name]
        expected, (profile, _) = profile_of(texts), stored[user_id]
        assert profile.posts == expected.posts
        assert profile.counts.to_bytes() == expected.counts.to_bytes()


def test_a_counting_process_that_ends_leaves_the_rest_to_this_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(storing_counts, "FIRST_CHARACTERS", 0)
    texts, apart = [f"말 {n} words" for n in range(1_000)], FeatureCounter()
    expected = sum_of_features(texts).to_bytes()
    assert apart.sum(texts).to_bytes() == expected
    assert apart.is_apart
    apart.close()
    assert apart.sum(texts).to_bytes() == expected


def test_a_counting_process_that_is_late_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its answer would be taken for the sum of the next texts."""
    monkeypatch.setattr(storing_counts, "FIRST_CHARACTERS", 0)
    monkeypatch.setattr(storing_counts, "LIMIT_S", 0.001)
    texts, apart = [f"말 {n} words" for n in range(1_000)], FeatureCounter()
    assert apart.sum(texts).to_bytes() == sum_of_features(texts).to_bytes()
    assert not apart.is_apart


async def test_after_an_import_no_tails_are_left_and_the_background_is_new(db: Database) -> None:
    for run, expected in ((0, 40), (40, 50)):
        items = (record(n, f"말 {n} words", username=f"a{n % 4}") for n in range(run, expected))
        await store(db, *items)
        await renew_derived(db)
        async with db.read() as session:
            assert await users_with_tails(session) == []
            snapshots = list(await session.scalars(select(BackgroundSnapshot.posts)))
        assert max(snapshots) == expected
    assert await find_faults(db) == []


async def test_a_number_is_the_author_where_neither_file_nor_user_gives_a_name(
    db: Database,
) -> None:
    numbered = record(1, "a", username=None, author_id="77")
    await store(db, numbered, record(2, "b", author_id="78"))
    await store(db, numbered, username="bo")
    async with db.read() as session:
        names = await session.scalars(select(User.username).order_by(User.id))
        assert list(names) == ["77", "mina", "bo"]


async def test_a_cancelled_import_ends_when_nothing_reads_from_its_file(db: Database) -> None:
    """Closing a file while another thread reads it is what must not happen."""
    is_reading, may_end = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    ended = False

    def slow() -> Iterator[Item]:
        nonlocal ended
        yield record(1, "the first")
        loop.call_soon_threadsafe(is_reading.set)
        asyncio.run_coroutine_threadsafe(may_end.wait(), loop).result(10)
        ended = True
        yield record(2, "the second")

    work = asyncio.create_task(
        import_records(db, RecordStream("jsonl", "line", None, slow()), username=None)
    )
    await is_reading.wait()
    work.cancel()
    await asyncio.wait({work}, timeout=0.05)
    assert not work.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert ended
    assert await stored(db) == []


@pytest.mark.parametrize(
    ("table", "advice"),
    [
        (b"text,author\none,mina\ntwo,\n", "the author is missing in this row"),
        (b"text\none two\nthree four\n", "enter the name"),
    ],
)
async def test_a_name_is_asked_for_where_no_field_has_one(
    db: Database, table: bytes, advice: str
) -> None:
    with Source(io.BytesIO(table), name="posts.csv") as source:
        report = await import_records(db, open_records(source), username=None)
    details = [str(error.detail) for error in report.errors]
    assert details
    assert all(advice in detail for detail in details)


async def test_a_known_id_with_other_words_or_times_is_counted(db: Database) -> None:
    same = record(1, "fog", source_id="9001", created_at=NOON)
    assert (await store(db, same)).errors == []
    for posts in (
        (same, structs.replace(same, text="wind")),
        (
            structs.replace(same, created_at=NOON + timedelta(seconds=59)),
            structs.replace(same, created_at=NOON + timedelta(days=30)),
        ),
    ):
        report = await store(db, *posts)
        assert outcome(report) == (0, 2, 0)
        (fault,) = report.errors
        assert "is here with other words or times: 1; the stored ones stay" in fault.detail
    assert [post.text for post in await stored(db)] == ["fog"]


async def test_reply_that_names_only_an_id_answers_the_posts_author(db: Database) -> None:
    def answer(place: int, author: str, to: str) -> Record:
        return record(place, "where?", username=author, reply_to=ReplyTarget(to))

    later = answer(1, "jun", "9001")
    own = record(2, "fog", source_id="9001")
    twice = [
        record(n, "wind", username=name, source_id="7") for n, name in ((3, "jun"), (4, "ara"))
    ]
    await store(db, later, own, *twice, answer(5, "mina", "7"), answer(6, "mina", "9001"))
    posts = {post.id: post for post in await stored(db)}
    answered = [posts[post.reply_to_id].text for post in posts.values() if post.reply_to_id]
    assert answered == ["fog", "fog"]  # Two authors have a post 7.
