"""A file that is imported again is known by its bytes, and a chat by the sequence of its texts."""

import asyncio
import csv
import io
import json
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, strategies as st
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.config import Config
from app.db.engine import Database
from app.errors import BrokenFileError, FileError, Message as Fault
from app.models import Event, ImportJob, Operator, Room, RoomPerson, Tweet, User
from app.services.checks import find_faults
from app.services.deletion import delete_user, purge_deleted
from app.services.imports.job_report import ImportReport, Seen
from app.services.imports.jobs import STOPPED, UploadedFile, add_job, end_job
from app.services.imports.matching import ReadBeforeError, UnsettledTimesError
from app.services.imports.options import ImportOptions
from app.services.imports.storing import Note, StoreOptions, import_file
from app.services.imports.storing_batch import BulkPost, store_batch
from app.services.imports.undo import request_undo, undo_imports
from app.services.posts.post_content import NewTweet
from app.services.rooms.changes import rename_room
from app.services.rooms.identification import UnsettledRoomError
from app.services.search.embeddings import Embeddings
from saywho.formats.registry import read_file
from saywho.formats.source.file import Source
from tests.chats import ZONE, import_chat, kakaotalk, said, telegram
from tests.databases import Databases
from tests.embedding_service import Letters
from tests.formats import chat_variants, meta_variants, telegram_page
from tests.formats.invented_rooms import Said as Message, messages_in
from tests.services.imports.test_answers_in_chats import SMALL
from tests.services.imports.test_chosen_rooms import invite

DATES: Final = "\n".join(
    f"0{day}/03/2024, 21:05 - {['Mina', 'Jun'][day % 2]}: word {day}" for day in range(1, 7)
)


async def numbered(
    db: Database,
    data: bytes,
    name: str,
    *,
    through: "Between | None" = None,
    note: Note = None,
    **options: Any,
) -> tuple[int, int, Seen]:
    """Import a file as a numbered import, perhaps through other sessions; return counts of new and
    known posts, and what was seen.
    """
    chosen, report = ImportOptions(**options), ImportReport()
    with Source(io.BytesIO(data), name=name) as source:
        read = read_file(source, "auto", chosen)
        async with db.write() as session:
            file = UploadedFile("", name, len(data))
            job = await add_job(session, file, is_started=True, scope="admin", options=chosen)
            job.digest = read.digest
        number = job.id
        failure: Fault | None = STOPPED
        try:
            storing = StoreOptions(import_id=number, scope="admin", note=note, options=chosen)
            await import_file(through or db, source, read, report=report, storing=storing)
            failure = None
        finally:
            async with db.write() as session:
                ended = await session.get_one(ImportJob, number)
                ended.accepted, ended.duplicates = report.accepted, report.duplicates
                await end_job(session, number, failure)
    assert report.stored.seen is not None
    return report.accepted, report.duplicates, report.stored.seen


async def imported(db: Database, data: bytes, name: str, **options: Any) -> tuple[int, int]:
    return (await numbered(db, data, name, **options))[:2]


async def texts(db: Database) -> list[str]:
    async with db.read() as session:
        alive = User.deleted_at.is_(None)
        query = select(Tweet.text).join(User, User.id == Tweet.user_id).where(alive)
        return sorted(await session.scalars(query))


async def test_a_chat_is_read_again_in_the_zone_and_order_of_before(db: Database) -> None:
    """Neither the machine's zone nor what is usual takes the place of what is stored."""
    messages = said(["민준", "지우"], times=5)
    room = kakaotalk("모임", *messages)
    assert await imported(db, room, "a.txt", timezone="America/Lima") == (10, 0)
    longer = kakaotalk("모임", *messages, *said(["민준", "지우"], times=5, day="2024-02-20"))
    assert await imported(db, longer, "a.txt") == (10, 10)
    dates = DATES.encode()
    name = "WhatsApp Chat with Jun.txt"
    chosen = {"timezone": "Asia/Seoul", "dates": "month-first"}
    assert await imported(db, dates, name, **chosen) == (6, 0)
    assert await imported(db, dates + b"\n07/03/2024, 21:05 - Jun: more", name) == (1, 6)
    async with db.read() as session:
        rows = await session.execute(select(Room.tz, Room.date_order).order_by(Room.id))
    assert list(map(tuple, rows)) == [("America/Lima", None), ("Asia/Seoul", "month-first")]
    with pytest.raises(UnsettledTimesError, match=r"8:00 hours later.*--times file"):
        await imported(db, dates, name, **chosen | {"timezone": "Europe/Berlin"})
    with pytest.raises(ReadBeforeError, match=r"import 3.*--replace 3"):
        await imported(db, dates, name, dates="day-first")
    # Other names are those of another phone.
    renamed = {"rename": {"Mina": "Ara", "Jun": "Bo"}}
    assert await imported(db, dates, name, **chosen | renamed) == (0, 6)
    assert await imported(db, dates, name, only=("Mina",)) == (0, 3)
    other = {"timezone": "Europe/Berlin", "rooms": ("new",)}
    assert await imported(db, dates, name, **chosen | other) == (6, 0)


@pytest.mark.databases("sqlite")
async def test_the_same_bytes_read_otherwise_stop_and_can_be_replaced(db: Database) -> None:
    rows = [f"{n},mina,jun,word {n},title {n},0{1 + n % 6}/03/2024" for n in range(101, 107)]
    table = "\n".join(["id,username,other,text,abc,date", *rows]).encode()
    right = {"dates": "day-first"}
    assert await imported(db, table, "posts.csv", **right) == (6, 0)
    wrong: list[dict[str, Any]] = [
        {"columns": {"abc": "text", "text": ""}},
        {"columns": {"other": "username", "username": ""}},
        {"dates": "month-first", "columns": {"id": ""}},
        {"dates": "month-first"},
    ]
    for way in wrong:
        with pytest.raises(ReadBeforeError, match=r"import 1\)"):
            await imported(db, table, "renamed.csv", **right | way)
    assert await imported(db, table, "posts.csv", **right) == (0, 6)
    # The number stands for all imports of its bytes, since the second one has sent the posts, too.
    assert await imported(db, table, "posts.csv", **right | wrong[0], replace="1") == (6, 0)
    assert await texts(db) == [f"title {n}" for n in range(101, 107)]
    assert await find_faults(db) == []
    with pytest.raises(FileError, match="no import of the same file"):
        await imported(db, table + b"\n1,a,b,c,d,", "posts.csv", replace="file")


@pytest.mark.databases("sqlite")
async def test_an_import_is_replaced_but_for_what_others_brought(db: Database) -> None:
    rows = [f"{n},mina,word {n},title {n}" for n in range(101, 107)]
    table = "\n".join(["id,username,text,abc", *rows]).encode()
    await imported(db, table, "posts.csv", columns={"abc": "text", "text": ""})
    more = b"id,username,text\n105,mina,title 105\n300,mina,of another\n"
    await imported(db, more, "more.csv")
    await imported(db, b"id,username,text\n301,mina,sent\n", "sent.csv")
    added, known, _ = await numbered(db, table, "renamed.csv", replace="1")
    assert (added, known) == (5, 1)
    left = [*(f"word {n}" for n in range(101, 107) if n != 105), "title 105"]
    assert await texts(db) == sorted([*left, "of another", "sent"])
    assert await find_faults(db) == []


@pytest.mark.databases("sqlite", "postgresql")
async def test_a_replacement_is_seen_whole_or_not_at_all(db: Database) -> None:
    lines = [json.dumps({"username": "mina", "text": f"word {n}"}) for n in range(2_500)]
    await imported(db, "\n".join(lines).encode(), "posts.jsonl")
    old = await texts(db)
    seen: list[bool] = []
    is_over = asyncio.Event()

    async def watch() -> None:
        while not is_over.is_set():
            seen.append(await texts(db) == old)
            await asyncio.sleep(0)

    watching = asyncio.create_task(watch())
    broken = b"[" + ",".join(lines[:2_400]).replace("word", "term").encode() + b',{"username": "m'
    with pytest.raises(BrokenFileError):
        await imported(db, broken, "posts.json", replace="1")
    assert await texts(db) == old
    assert all(seen)
    seen.clear()
    await imported(db, "\n".join(lines).replace("word", "term").encode(), "p.jsonl", replace="1")
    is_over.set()
    await watching
    assert seen == sorted(seen, reverse=True)
    assert await texts(db) == sorted(text.replace("word", "term") for text in old)
    assert await find_faults(db) == []


class Between:
    """Sessions of a database; before each of their transactions somebody else has another."""

    def __init__(self, db: Database, other: Callable[[], Awaitable[None]]) -> None:
        self._db, self._other = db, other

    def read(self) -> AbstractAsyncContextManager[AsyncSession]:
        return self._db.read()

    def read_chat(self, room_id: int) -> AbstractAsyncContextManager[AsyncSession]:
        return self._db.read_chat(room_id)

    @asynccontextmanager
    async def write(
        self, *, on_commit: Callable[[], None] = lambda: None
    ) -> AsyncIterator[AsyncSession]:
        await self._other()
        async with self._db.write(on_commit=on_commit) as session:
            yield session


@pytest.mark.databases("sqlite", "postgresql")
async def test_others_write_while_a_replacement_is_prepared(db: Database) -> None:
    """Their transactions come between its batches, and still see the old posts only."""
    posts = [{"username": f"mina{n % 3}", "source_id": f"{n}"} for n in range(2_500)]
    lines = [json.dumps(post | {"text": f"word {n}"}) for n, post in enumerate(posts)]
    await imported(db, "\n".join(lines).encode(), "posts.jsonl")
    old, events = await texts(db), list[str]()

    async def write() -> None:
        async with db.write() as session:
            user = await session.get_one(User, 1)
            user.display_name = f"Mina {len(events)}"
        events.append(f"wrote, {'old' if await texts(db) == old else 'new'} posts")

    async def note(_session: AsyncSession, report: ImportReport) -> None:
        events.append(f"stored {report.accepted}")

    data, between = "\n".join(lines).replace("word", "term").encode(), Between(db, write)
    counts = await numbered(db, data, "p.jsonl", through=between, note=note, replace="1")
    assert counts[:2] == (2_500, 0)
    assert events[:6] == ["wrote, old posts", "stored 0"] * 3
    assert events[6:8] == ["wrote, old posts", "stored 2500"]
    assert {*events[8:]} == {"wrote, new posts"}
    assert await texts(db) == sorted(text.replace("word", "term") for text in old)
    assert await find_faults(db) == []


@pytest.mark.databases("sqlite")
async def test_the_later_of_two_replacements_tells_of_other_words(db: Database) -> None:
    def lines(word: str) -> bytes:
        posts = ({"username": "mina", "source_id": f"{n}", "text": f"{word} {n}"} for n in range(9))
        return "\n".join(map(json.dumps, posts)).encode()

    await imported(db, lines("old"), "posts.jsonl")
    turns, reworded = iter(range(100)), list[int]()

    async def replace_first() -> None:
        if next(turns) == 1:  # Between its only batch and the exchange.
            await imported(db, lines("first"), "a.jsonl", replace="1")

    async def note(_session: AsyncSession, report: ImportReport) -> None:
        reworded.append(report.reworded)

    between = Between(db, replace_first)
    later = await numbered(db, lines("later"), "b.jsonl", through=between, note=note, replace="1")
    assert later[:2] == (0, 9)
    assert reworded[-1] == 9  # The import says so, as without a replacement.
    assert await texts(db) == [f"first {n}" for n in range(9)]
    assert await find_faults(db) == []


@pytest.mark.databases("sqlite", "postgresql")
async def test_what_others_send_during_a_replacement_stays_theirs(db: Database) -> None:
    lines = [json.dumps({"username": "mina", "text": f"word {n}"}) for n in range(3)]
    lines.append(json.dumps({"username": "jun", "text": "word"}))
    await imported(db, "\n".join(lines).encode(), "posts.jsonl")
    turns, embeddings = iter(range(100)), Embeddings(db, Letters())
    await embeddings.keep_up(db)

    async def send() -> None:
        if next(turns) != 1:  # Between its only batch and the exchange.
            return
        other = NewTweet(text="of others", source_id="1", kind="post", visibility="public")
        post = BulkPost(place=1, username="mina", post=other)
        async with db.write() as session:
            await store_batch(session, [post], ImportReport())
            await delete_user(session, "jun")
        await embeddings.keep_up(db)

    posts = [{"username": "mina", "text": f"term {n}", "source_id": f"{n}"} for n in range(3)]
    data = "\n".join(map(json.dumps, [*posts, {"username": "jun", "text": "new"}])).encode()
    between = Between(db, send)
    assert (await numbered(db, data, "p.jsonl", through=between, replace="1"))[:2] == (3, 1)
    assert await texts(db) == ["new", "of others", "term 0", "term 2"]
    assert await find_faults(db) == []
    await embeddings.keep_up(db)
    async with db.read() as session:
        assert await embeddings.count_missing(session) == 0
    async with db.write() as session:
        await request_undo(session, 2, scope="admin")
    await undo_imports(db)
    assert await texts(db) == ["of others"]


class StoppedError(Exception):
    pass


@pytest.mark.databases("sqlite", "postgresql")
async def test_a_replacement_that_broke_off_leaves_the_old_posts_and_nothing_else(
    db: Database,
) -> None:
    chat = kakaotalk("모임", *said(["민준", "지우"], times=25))
    await imported(db, chat, "a.txt", timezone="Asia/Seoul")
    old = await texts(db)

    async def note(session: AsyncSession, _report: ImportReport) -> None:
        await session.commit()
        raise StoppedError

    wrong: dict[str, Any] = {"timezone": "Asia/Seoul", "rename": {"민준": "하나"}}
    with pytest.raises(StoppedError):
        await numbered(db, chat, "a.txt", note=note, replace="1", **wrong)
    assert await texts(db) == old
    assert await find_faults(db) == []
    await purge_deleted(db)
    async with db.read() as session:
        assert await session.scalar(select(func.count()).select_from(Tweet)) == len(old)
        assert await session.scalar(select(func.count()).select_from(User)) == 2
    assert await imported(db, chat, "a.txt", timezone="Asia/Seoul") == (0, 50)
    async with db.write() as session:
        await request_undo(session, 3, scope="admin")
        await request_undo(session, 1, scope="admin")
    await undo_imports(db)
    assert await texts(db) == []


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("is_same_title", [True, False])
async def test_a_replaced_chat_keeps_its_number_name_guests_and_people(
    db: Database, is_same_title: bool
) -> None:
    """A chat that was read with a wrong order of dates is read again, also with other names."""
    data, name = DATES.encode(), "WhatsApp Chat with Jun.txt"
    await imported(db, data, name, timezone="Asia/Seoul", dates="month-first")
    await invite(db)
    async with db.write() as session:
        await rename_room(session, 1, "Our chat")
        people = {*await session.scalars(select(RoomPerson.user_id))}
        guests = [*await session.scalars(select(Operator.room_id))]
    right: dict[str, Any] = {"timezone": "Europe/Berlin", "dates": "day-first"}
    right |= {"replace": "file"}
    right |= {} if is_same_title else {"rename": {"Mina": "Ara", "Jun": "Bo"}}
    assert await imported(db, data, name, **right) == (6, 0)
    async with db.read() as session:
        rooms = select(Room.id, Room.name, Room.tz, Room.date_order)
        found = [tuple(row) for row in await session.execute(rooms)]
        assert found == [(1, "Our chat", "Europe/Berlin", "day-first")]
        assert [*await session.scalars(select(Operator.room_id))] == guests == [1]
        assert "stream.reset" in {*await session.scalars(select(Event.kind))}
        writing = select(RoomPerson.user_id).where(RoomPerson.messages > 0)
        assert ({*await session.scalars(writing)} == people) == is_same_title
    assert await texts(db) == [f"word {day}" for day in range(1, 7)]
    assert await find_faults(db) == []
    # The import that replaced it has all of its posts.
    async with db.write() as session:
        await request_undo(session, 2, scope="admin")
    await undo_imports(db)
    assert await texts(db) == []


@pytest.mark.databases("sqlite", "postgresql")
async def test_answers_in_a_replaced_chat_have_their_links(db: Database) -> None:
    chat = json.loads(telegram(7, "모임", *said(["민준", "지우"], times=10)))
    for message in chat["messages"][1::2]:
        message["reply_to_message_id"] = message["id"] - 1
    data, wrong = json.dumps(chat).encode(), {"rename": {"지우": "하나"}}
    await imported(db, data, "result.json", **wrong)
    assert await imported(db, data, "result.json", replace="file") == (20, 0)
    answered = aliased(Tweet)
    links = select(Tweet.text, answered.text).join(answered, Tweet.reply_to_id == answered.id)
    async with db.read() as session:
        rows = await session.execute(links.join(User, User.id == Tweet.user_id).order_by(Tweet.id))
        found = sorted(map(tuple, rows))
        names = {*await session.scalars(select(User.username).where(User.deleted_at.is_(None)))}
    pairs = ((f"지우의 {n}번째 말", f"민준의 {n - 1}번째 말") for n in range(1, 20, 2))
    assert found == sorted(pairs)
    assert names == {"민준", "지우"}
    assert await find_faults(db) == []


@pytest.mark.databases("sqlite")
async def test_files_of_one_name_and_size_never_touch_each_other(db: Database) -> None:
    chats = [kakaotalk("모임", *said(["민준", "지우"], times=5))]
    other = chats[0].decode().translate(str.maketrans("모민지우번째말", "바하나늘번쨰글"))
    chats.append(other.encode())
    lines = [json.dumps({"username": name, "text": "word"}).encode() for name in ("mina", "jons")]
    for first, second in (chats, lines):
        assert len(first) == len(second)
        before = await imported(db, first, "posts.jsonl")
        with pytest.raises(FileError, match="no import of the same file"):
            await imported(db, second, "posts.jsonl", replace="file")
        assert await imported(db, second, "posts.jsonl") == before
    assert len(await texts(db)) == 22
    assert await find_faults(db) == []


# --- Chats from two phones, in two zones, by two apps ---


def whatsapp(messages: list[tuple[datetime, str, str]]) -> bytes:
    lines = (f"{when:%Y-%m-%d, %H:%M} - {name}: {text}" for when, name, text in messages)
    return "\n".join([*lines, ""]).encode()


def windows(messages: list[tuple[datetime, str, str]]) -> bytes:
    lines = ((f"{when:%Y-%m-%d %H:%M}", name, text) for when, name, text in messages)
    return kakaotalk("모임", *lines)


def mac(messages: list[tuple[datetime, str, str]]) -> bytes:
    out = io.StringIO()
    rows = [[f"{when:%Y-%m-%d %H:%M:%S}", name, text] for when, name, text in messages]
    csv.writer(out).writerows([["Date", "User", "Message"], *rows])
    return out.getvalue().encode()


WRITERS: Final = {"chat.txt": whatsapp, "talk.txt": windows, "mac.csv": mac}
ZONES: Final = ["Asia/Seoul", "Europe/London", "America/New_York"]
OTHER_NAMES: Final = {"민준": "Minjun", "지우": "Jiwoo 🌊"}


def skipped(when: datetime) -> bool:
    """Return whether a clock of a zone never shows what the clock of the first one shows then."""
    clock = when.astimezone(ZoneInfo(ZONES[0])).replace(tzinfo=None)
    moments = (clock.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for zone in ZONES)
    back = (moment.astimezone(ZoneInfo(zone)) for moment, zone in zip(moments, ZONES, strict=True))
    return any(shown.replace(tzinfo=None) != clock for shown in back)


class Exports:
    """A chat, and two exports of it that overlap."""

    def __init__(self, draw: st.DrawFn) -> None:
        short = draw(st.lists(st.sampled_from(["", "ㅋㅋ", "ok", "네"]), min_size=40, max_size=70))
        gaps = draw(st.lists(st.integers(0, 400), min_size=len(short), max_size=len(short)))
        # The clocks of London and New York change on two Sundays of March.
        time = datetime(2024, 3, draw(st.integers(8, 30)), 12, 0, 7, tzinfo=UTC)
        self.messages: list[tuple[datetime, str, str]] = []
        for place, (text, gap) in enumerate(zip(short, gaps, strict=True)):
            time += timedelta(seconds=gap * draw(st.sampled_from([1, 1, 60])))
            name = draw(st.sampled_from(["민준", "지우"])) if place else "민준"
            self.messages.append((time, name, text or f"word {place} of this chat"))
        # No phone shows an hour that its clock skips.
        assume(not any(skipped(when) for when, _, _ in self.messages))
        of_words = [n for n, text in enumerate(short) if not text]
        self.can_overlap = len(of_words) >= 14
        if self.can_overlap:
            first = draw(st.integers(0, len(of_words) - 14))
            shared = of_words[first], of_words[draw(st.integers(first + 13, len(of_words) - 1))] + 1
            cuts = draw(st.integers(0, shared[0])), draw(st.integers(shared[1], len(short)))
            self.spans = draw(
                st.permutations([(cuts[0], shared[1]), (shared[0], cuts[1])])
                if draw(st.booleans())
                else st.permutations([shared, cuts])
            )
        self.names = draw(st.sampled_from([{}, OTHER_NAMES]))
        self.writers = draw(st.sampled_from([*WRITERS])), draw(st.sampled_from([*WRITERS]))
        self.zones = draw(st.sampled_from(ZONES)), draw(st.sampled_from(ZONES))
        self.times = draw(st.sampled_from(["file", "here"]))
        self.other_comes = draw(st.sampled_from([0, 1, 2, None]))
        """Before which export another chat is imported, whose file is like the first one's."""

    @property
    def other(self) -> tuple[bytes, str]:
        """A file of other people and words, of the same size, title, times and short texts."""
        data, name = self.export(0)
        text = data.decode().translate(str.maketrans("민준지우", "바다하늘"))
        return text.replace("word", "term").encode(), name

    def export(self, number: int) -> tuple[bytes, str]:
        """Return the file of an export, and its name; each phone shows the time of its zone."""
        start, end = self.spans[number]
        zone = ZoneInfo(ZONES[0])
        names = self.names if number else {}
        name = self.writers[number]
        lines = [
            (when.astimezone(zone), names.get(who, who), text)
            for when, who, text in self.messages[start:end]
        ]
        return WRITERS[name](lines), name


exports = st.composite(lambda draw: Exports(draw))


@SMALL
@given(exports())
def test_a_chat_exported_twice_is_stored_once_and_in_order(
    databases: Databases, exports: Exports
) -> None:
    async def add_other(db: Database, place: int) -> None:
        if exports.other_comes == place:
            data, name = exports.other
            _, known, seen = await numbered(db, data, name, timezone=exports.zones[0])
            assert (known, seen.state) == (0, "new")

    async def check(folder: Path) -> None:
        url = databases.make(folder)
        config = Config(env="testing", data_dir=folder, database_url=url, durability="normal")
        async with Database(config) as db:
            await add_other(db, 0)
            data, name = exports.export(0)
            await numbered(db, data, name, timezone=exports.zones[0])
            await add_other(db, 1)
            data, name = exports.export(1)
            options: dict[str, Any] = {"timezone": exports.zones[1]}
            try:
                _, _, seen = await numbered(db, data, name, **options)
                assert exports.zones[0] == exports.zones[1]
            except UnsettledTimesError:
                options["times"] = exports.times
                _, _, seen = await numbered(db, data, name, **options)
            assert seen.renamed == bool(exports.names)
            await add_other(db, 2)
            starts, ends = zip(*exports.spans, strict=True)
            whole = exports.messages[min(starts) : max(ends)]
            async with db.read() as session:
                query = select(Tweet.text, Tweet.created_at, User.username).join(
                    User, User.id == Tweet.user_id
                )
                query = query.order_by(Tweet.created_at, Tweet.place, Tweet.id)
                all_rows = (await session.execute(query)).all()
            rows = [row for row in all_rows if row.username not in {"바다", "하늘"}]
            assert [(row.text, row.username) for row in rows] == [
                (text, name) for _, name, text in whole
            ]
            start, end = exports.spans[0]
            others = 0 if exports.other_comes is None else end - start
            assert len(all_rows) - len(rows) == others
            right = exports.zones[options.get("times") == "file"]
            wall = timedelta(minutes=1)
            for row, (when, _, _) in zip(rows, whole, strict=True):
                read = when.astimezone(ZoneInfo(ZONES[0])).replace(tzinfo=ZoneInfo(right))
                assert row.created_at is not None
                assert abs(row.created_at - read) < wall
            assert await find_faults(db) == []

    if not exports.can_overlap:
        return
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(check(Path(name)))
        databases.drop(Path(name))


@SMALL
@given(exports())
def test_a_replaced_chat_is_as_if_it_had_been_read_rightly(
    databases: Databases, exports: Exports
) -> None:
    """Also beside another chat of the same people, and of one that something else sent, too."""

    async def rows_of(db: Database) -> list[tuple[Any, ...]]:
        query = select(Tweet.created_at, User.username, Tweet.text)
        query = query.join(User, User.id == Tweet.user_id).where(User.deleted_at.is_(None))
        async with db.read() as session:
            rows = await session.execute(query.order_by(Tweet.created_at, Tweet.place, Tweet.id))
            # Each chat for itself: messages of two chats may have one time.
            return sorted(map(tuple, rows), key=lambda row: row[1] in {"바다", "하늘"})

    async def check(folder: Path) -> None:
        data, name = exports.export(0)
        right: dict[str, Any] = {"timezone": exports.zones[0]}
        wrong = {"timezone": exports.zones[1], "rename": exports.names}
        found = []
        for place, ways in enumerate(([right], [wrong, right | {"replace": "1"}])):
            own = folder / str(place)
            own.mkdir()
            url = databases.make(own)
            config = Config(env="testing", data_dir=own, database_url=url, durability="normal")
            async with Database(config) as db:
                for number, way in enumerate(ways, 1):
                    await numbered(db, data, name, **way)
                    if number == 1 and exports.other_comes is not None:
                        await numbered(db, *exports.other, timezone=exports.zones[0])
                found.append(await rows_of(db))
                assert await find_faults(db) == []
        assert found[0] == found[1]

    if exports.can_overlap:
        with tempfile.TemporaryDirectory() as name:
            asyncio.run(check(Path(name)))


@pytest.mark.databases("sqlite", "postgresql")
async def test_right_times_of_a_file_move_the_chat_and_keep_its_ids(db: Database) -> None:
    messages = said(["민준", "지우"], times=10)
    await numbered(db, kakaotalk("모임", *messages), "a.txt", timezone="Europe/London")
    query = select(Tweet.id, Tweet.text, Tweet.created_at).order_by(Tweet.id)
    async with db.read() as session:
        before = (await session.execute(query)).all()
    longer = kakaotalk("모임", *messages, *said(["지우"], times=2, day="2024-07-20"))
    options: dict[str, Any] = {"timezone": "Asia/Seoul", "times": "file"}
    added, known, seen = await numbered(db, longer, "a.txt", **options)
    assert (added, known, seen.state, seen.shifted) == (2, 20, "longer", -540)
    async with db.read() as session:
        after = (await session.execute(query)).all()
        assert await session.scalar(select(Room.tz)) == "Asia/Seoul"
        assert "stream.reset" in {*await session.scalars(select(Event.kind))}
    assert [tuple(row) for row in after[:20]] == [
        (number, text, time and time - timedelta(hours=9)) for number, text, time in before
    ]
    assert f"{after[-1][2]:%H:%M}" == "06:01"  # No summer time in Seoul.
    assert await find_faults(db) == []


@pytest.mark.databases("sqlite")
async def test_messages_of_one_minute_are_in_the_order_of_the_longer_file(db: Database) -> None:
    """The first of two equal messages is the one that was here, which the file has further up."""
    when = datetime(2024, 3, 8, 12, tzinfo=UTC)
    words = ["ㅋㅋ", *(f"word {n}" for n in range(14)), "ㅋㅋ"]
    messages = [(when, "민준", word) for word in words]
    for part in (messages[1:], messages):
        await numbered(db, whatsapp(part), "chat.txt", timezone="Asia/Seoul")
    async with db.read() as session:
        query = select(Tweet.text).order_by(Tweet.created_at, Tweet.place, Tweet.id)
        assert list(await session.scalars(query)) == words


@pytest.mark.parametrize("counts", [(1, 1), (1, 20), (2, 2), (2, 20), (20, 2), (3, 20)])
async def test_a_chat_of_few_messages_is_known_in_another_zone(
    db: Database, counts: tuple[int, int]
) -> None:
    messages = said(["민준", "지우"], times=10)
    first, second = (kakaotalk("모임", *messages[:count]) for count in counts)
    await numbered(db, first, "a.txt", timezone="Asia/Seoul")
    with pytest.raises(UnsettledTimesError, match=r"4:00 hours earlier"):
        await numbered(db, second, "a.txt", timezone="Pacific/Auckland")
    for times in ("here", "file"):
        await numbered(db, second, "a.txt", timezone="Pacific/Auckland", times=times)
        assert len(await texts(db)) == max(counts)
    assert await find_faults(db) == []


async def test_other_times_or_names_never_join_a_chat_that_guests_read(db: Database) -> None:
    messages = said(["민준", "지우"], times=10)
    await import_chat(db, kakaotalk("모임", *messages))
    await invite(db)
    renamed = [(when, OTHER_NAMES[name], text) for when, name, text in messages]
    for data, zone in ((kakaotalk("", *renamed), ZONE), (kakaotalk("모임", *messages), "UTC")):
        for rooms, expected in (((), None), (("1",), 20), (("new",), 40)):
            options: dict[str, Any] = {"timezone": zone, "times": "here", "rooms": rooms}
            if expected is None:
                with pytest.raises(UnsettledRoomError, match="guests may read it"):
                    await import_chat(db, data, **options)
            elif rooms == ("1",):
                report = await import_chat(db, data, **options)
                assert (report.accepted, report.duplicates) == (0, 20)
    assert len(await texts(db)) == 20


VARIANTS = chat_variants.VARIANTS | meta_variants.VARIANTS
WITH_FILES = chat_variants.WITH_FILES | meta_variants.WITH_FILES
APP_OF = {"chatlab lines": "wechat"}
APPS = (
    *("kakaotalk android ko", "whatsapp ios", "telegram", "line ja", "line en us", "discord zip"),
    *("signal zip", "chatlab lines", "slack"),
    *("messenger", "instagram", "messenger encrypted zip"),
)


async def stored(db: Database) -> Counter[tuple[str, float]]:
    """Return the texts of all messages with their times."""
    async with db.read() as session:
        rows = await session.execute(select(Tweet.text, Tweet.created_at))
        return Counter((text, time.timestamp()) for text, time in rows if time)


def expected(variant: str, room: list[Message]) -> Counter[tuple[str, float]]:
    zone = ZoneInfo(ZONE)
    messages = messages_in(room, has_files=variant in WITH_FILES)
    times = ((said.text, said.when.replace(tzinfo=zone).astimezone(UTC)) for said in messages)
    return Counter((text, time.timestamp()) for text, time in times)


@pytest.mark.parametrize("variant", APPS)
async def test_a_chat_is_stored_whole_and_once(db: Database, variant: str) -> None:
    room = [
        said._replace(text=said.text.replace("\n", " "))
        for seed in (5, 6)
        for said in chat_variants.room_of(variant, seed)
    ]
    room.sort(key=lambda said: said.when)
    known, total = expected(variant, room[: len(room) // 2]), expected(variant, room)
    for part, new in ((room[: len(room) // 2], known), (room, total - known), (room, Counter())):
        report = await import_chat(db, VARIANTS[variant](part), name="chat.zip")
        assert (report.accepted, report.rejected, report.broken) == (new.total(), 0, None)
    assert report.duplicates == total.total()
    assert await stored(db) == total
    async with db.read() as session:
        assert list(await session.scalars(select(Room.platform))) == [
            APP_OF.get(variant, variant.split()[0])
        ]
    assert await find_faults(db) == []


def telegram_pages(number_of: int) -> bytes:
    """Return the beginning of a chat as HTML."""
    return telegram_page.page(
        *(
            telegram_page.message(
                number,
                ["Mina", "Jun"][number % 2],
                f"the ferry {number} is late",
                time=f"13.01.2026 10:{number:02}:00 UTC+00:00",
            )
            for number in range(1, number_of + 1)
        ),
        title="Pier",
    )


def telegram_json(number_of: int) -> bytes:
    """Return the same beginning as JSON."""
    lines = [
        (f"2026-01-13 10:{n:02}", ["Mina", "Jun"][n % 2], f"the ferry {n} is late")
        for n in range(1, number_of + 1)
    ]
    return telegram(900, "Pier", *lines)


@pytest.mark.parametrize(
    "files",
    [
        [(telegram_json, 24), (telegram_pages, 24), (telegram_pages, 30), (telegram_json, 30)],
        [(telegram_pages, 24), (telegram_json, 30), (telegram_pages, 30), (telegram_json, 30)],
    ],
)
async def test_what_is_said_to_be_here_is_not_stored_under_other_ids(
    db: Database, files: list[tuple[Callable[[int], bytes], int]]
) -> None:
    stored = 0
    for write, count in files:
        data = write(count)
        name = "result.json" if data.startswith(b"{") else "messages.html"
        added, _, seen = await numbered(db, data, name, timezone="UTC", accept_doubts=True)
        assert (added, stored + added) == (max(0, count - stored), max(count, stored))
        assert seen.known == min(count, stored)
        stored += added
    assert len(await texts(db)) == 30
    async with db.read() as session:
        assert await session.scalar(select(func.count(Room.id))) == 1
