"""A file that is imported again is read as before, or stops where it was read in another way."""

import asyncio
import csv
import io
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app.config import Config
from app.db.engine import Database
from app.db.migrate import prepare
from app.db.sqlite.connection import open_connection
from app.db.sqlite.fts5 import register
from app.formats.records import ReadOptions
from app.formats.registry import open_records
from app.formats.source.file import Source
from app.models import Room, Tweet, User
from app.services.checks import find_faults
from app.services.imports.beginning import begin_reading
from app.services.imports.earlier_reading import ReadBeforeError
from app.services.imports.jobs import UploadedFile, add_job, end_job
from app.services.imports.storing import StoreOptions, import_records
from app.services.imports.undo import undo_imports
from tests.chats import ZONE, import_chat, kakaotalk, said
from tests.formats import chat_variants, meta_variants
from tests.formats.invented_rooms import Said, messages_in

KEPT: Final = Path(__file__).parents[2] / "db" / "kept"
CASES: Final = Path(__file__).parents[2] / "formats" / "cases"
GROWN: Final = 10
DATES: Final = "\n".join(
    f"0{day}/03/2024, 21:05 - {['Mina', 'Jun'][day % 2]}: word {day}" for day in range(1, 7)
)


async def imported(db: Database, data: bytes, name: str, **options: Any) -> tuple[int, int]:
    """Import a file as the command does; return how many posts are new, and how many known."""
    import_id = options.pop("import_id", None)
    chosen = ReadOptions(**options)
    name = f"WhatsApp Chat with {name}" if name.startswith("wa-") else name
    storing = StoreOptions(
        keeps_earlier=chosen.keep_earlier,
        replaces_earlier=chosen.replace_earlier,
        scope="admin",
        import_id=import_id,
    )
    with Source(io.BytesIO(data), name=name) as source:
        records = open_records(source, options=chosen)
        records = await begin_reading(db, source, "auto", records, chosen)
        report = await import_records(db, records, username=chosen.username, storing=storing)
    return report.accepted, report.duplicates


async def replaced(db: Database, data: bytes, name: str, **options: Any) -> tuple[int, int]:
    """Import a file as `imported`, as an import with a number that replaces the earlier reading."""
    async with db.write() as session:
        job = await add_job(session, UploadedFile("", name, len(data)), is_started=True)
        with Source(io.BytesIO(data)) as source:
            job.digest = source.digest()
    result = await imported(db, data, name, import_id=job.id, replace_earlier=True, **options)
    async with db.write() as session:
        await end_job(session, job.id, None)
    await undo_imports(db)
    return result


async def texts(db: Database) -> list[str]:
    async with db.read() as session:
        alive = User.deleted_at.is_(None)
        query = select(Tweet.text).join(User, User.id == Tweet.user_id).where(alive)
        return sorted(await session.scalars(query))


def grown(name: str) -> bytes:
    """Return a chat with ten more messages like its last one."""
    text = (CASES / name).read_text()
    mark = "] " if name.startswith("kk") else ": "
    last = [line for line in text.splitlines() if mark in line][-1]
    head = last.rpartition(mark)[0] + mark
    return "\n".join([text.rstrip("\n"), *(f"{head}new {n}" for n in range(GROWN)), ""]).encode()


@pytest.fixture
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A database that an earlier version has made, migrated."""
    config = Config(
        env="testing", data_dir=tmp_path, database_url=f"sqlite+aiosqlite:///{tmp_path}/testing.db"
    )
    with closing(open_connection(tmp_path / "testing.db")) as connection:
        register(connection)
        connection.executescript((KEPT / f"{request.param}.sqlite.sql").read_text())
    await asyncio.to_thread(prepare, config, upgrade_old=True)
    async with Database(config) as db:
        yield db
        assert await find_faults(db) == []


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("kept", ["0034"], indirect=True)
async def test_files_of_an_earlier_version_are_known_or_stop(kept: Database) -> None:
    british, thai = "wa-british-one-day-taken-for-april.txt", "wa-th-buddhist-year-2567.txt"
    tables = "rtweet_status_id_and_created.csv", "time_compact_14_digits.csv"
    files = {name: (CASES / name).read_bytes() for name in (british, thai, *tables)}
    for name, data in [*files.items(), (british, grown(british)), (thai, grown(thai))]:
        with pytest.raises(ReadBeforeError, match=r"read differently before.*--keep-earlier"):
            await imported(kept, data, name, timezone="UTC")
    for name, options, known in (
        # The zone that was chosen is stored with the room.
        ("kk-windows-korean-notes-as-words.txt", {}, 4),
        (british, {"dates": "month-first", "timezone": "UTC"}, 2),
    ):
        data = (CASES / name).read_bytes()
        assert await imported(kept, data, name, **options) == (0, known)
        assert await imported(kept, grown(name), name, **options) == (GROWN, known)
    assert await imported(kept, files[thai], thai, timezone="UTC", keep_earlier=True) == (4, 0)


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("kept", ["0.2.0"], indirect=True)
async def test_posts_of_the_first_release_are_known_or_stop(kept: Database) -> None:
    columns = User.username, Tweet.text, Tweet.created_at
    async with kept.read() as session:
        found = await session.execute(select(*columns).join(User, User.id == Tweet.user_id))
        rows = [[name, text, time.isoformat()] for name, text, time in found if text and time]

    def table(*rows: list[str]) -> bytes:
        out = io.StringIO()
        csv.writer(out).writerows([["username", "text", "created_at"], *rows])
        return out.getvalue().encode()

    more = [["mina", f"new {n}", "2026-11-20T10:00:00Z"] for n in range(GROWN)]
    ahead = [
        [name, text, f"{time[:11]}{int(time[11:13]) // 2:02}{time[13:]}"]
        for name, text, time in rows
    ]
    assert len(rows) > GROWN
    accepted, known = await imported(kept, table(*rows), "posts.csv")
    assert known > accepted
    with pytest.raises(ReadBeforeError):
        await imported(kept, table(*ahead, *more), "posts.csv")
    with pytest.raises(ReadBeforeError):
        await imported(kept, table(*([f"the_{name}", *rest] for name, *rest in rows)), "posts.csv")
    assert (await imported(kept, table(*more), "posts.csv")) == (GROWN, 0)


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
    # The importer's word counts, and then most messages are other ones than before.
    others: list[dict[str, Any]] = [{"timezone": "Europe/Berlin"}, {"dates": "day-first"}]
    for other in (*others, {"rename": {"Mina": "Ara", "Jun": "Bo"}}):
        with pytest.raises(ReadBeforeError):
            await imported(db, dates, name, **other)
    assert await imported(db, dates, name, only=("Mina",)) == (0, 3)
    assert await imported(db, dates, name, timezone="Europe/Berlin", keep_earlier=True) == (6, 0)


MINET: Final = "minet_display_name_taken_for_account.csv"
REDDIT: Final = "reddit_data_request"
BEFORE: Final = [
    # What an earlier version stored of each file.
    (
        MINET,
        "id,username,text\n1347085867583276020,Mina,Fog again. Wind NW 4.\n"
        "1347085867583276021,Mina,The ferry waits at the pier.\n",
    ),
    (
        f"{REDDIT}_comments.csv",
        "id,username,text,date\nkabc001,mina,Fog again. Wind NW 4.,2024-01-05 10:00:00\n",
    ),
    (
        f"{REDDIT}_posts.csv",
        'id,username,text,date\nabc1,mina,"Wind NW 4, visibility two miles.",2024-01-05 10:00:00\n',
    ),
    (
        "tweet_column_is_id.csv",
        "username,text\nmina,1111111111111111111\njun,1111111111111111112\n",
    ),
]


@pytest.mark.databases("sqlite")
async def test_tables_whose_authors_ids_or_texts_were_read_otherwise_stop(db: Database) -> None:
    other = "id,username,text,date\nkabc001,jun,Another text,2024-01-05 10:00:00\n"
    for name, before in BEFORE:
        data = (CASES / name).read_bytes()
        await imported(db, before.encode(), "posts.csv")
        with pytest.raises(ReadBeforeError):
            await imported(db, data, name, username="mina")
    assert await imported(db, other.encode(), "posts.csv") == (1, 0)
    new = [
        await replaced(db, (CASES / name).read_bytes(), name, username="mina") for name, _ in BEFORE
    ]
    assert new == [(3, 0), (2, 0), (2, 0), (2, 0)]
    stored = await texts(db)
    assert len(stored) == len({*stored}) + 1 == 3 + 2 + 2 + 2 + 1  # Two people say the same.
    assert not any(text.isdigit() for text in stored)
    assert "Another text" in stored


@pytest.mark.databases("sqlite")
async def test_a_known_import_is_replaced_but_for_what_others_brought(db: Database) -> None:
    rows = [f"{n},mina,word {n},title {n}" for n in range(101, 107)]
    table = "\n".join(["id,username,text,note", *rows]).encode()
    await replaced(db, table, "posts.csv", columns={"note": "text", "text": ""})
    more = b"id,username,text\n105,mina,title 105\n300,mina,of another\n"
    await imported(db, more, "more.csv")
    assert await replaced(db, table, "renamed.csv") == (6, 0)
    assert await texts(db) == ["of another", *(f"word {n}" for n in range(101, 107))]
    assert await find_faults(db) == []


@pytest.mark.databases("sqlite")
async def test_files_of_one_name_and_size_never_touch_each_other(db: Database) -> None:
    chats = [kakaotalk("모임", *said(["민준", "지우"], times=5))]
    chats.append(chats[0].decode().translate(str.maketrans("모민지우", "바하나늘")).encode())
    lines = [json.dumps({"username": name, "text": "word"}).encode() for name in ("mina", "jons")]
    for first, second in (chats, lines):
        assert len(first) == len(second)
        before = await replaced(db, first, "posts.jsonl")
        assert await replaced(db, second, "posts.jsonl") == before
    assert len(await texts(db)) == 22
    assert await find_faults(db) == []


MOVED: Final = 3


@pytest.mark.databases("sqlite")
async def test_messages_that_an_earlier_version_moved_are_counted(db: Database) -> None:
    """Posts without the number of an import are of an earlier version."""
    right = [*said(["민준", "지우"], times=8), *said(["민준"], times=5, day="2024-02-20")]
    moved = [(f"2024-02-03{when[10:]}", name, text) for when, name, text in right[13:][:MOVED]]
    first = await import_chat(db, kakaotalk("모임", *right[:13], *moved, *right[16:]))
    assert (first.accepted, first.errors) == (21, [])
    again = await import_chat(db, kakaotalk("모임", *right))
    assert again.accepted == MOVED
    (lacking,) = again.errors
    assert f"that this file lacks, from an earlier reading or a program: {MOVED};" in lacking.detail
    others = said(["하늘", "구름"], times=8, day="2024-01-22")
    await import_chat(db, kakaotalk("바다", *others))
    longer = kakaotalk("바다", *others, *said(["구름"], times=5, day="2024-02-21"))
    grown = await import_chat(db, longer)
    assert (grown.accepted, grown.errors) == (5, [])


@pytest.mark.databases("sqlite")
async def test_a_moved_day_is_replaced_and_an_older_export_stays(db: Database) -> None:
    people = ["민준", "지우"]
    older = [*said(people, times=3, day="2024-01-02"), ("2024-01-02 09:00", "하준", "같은 말")]
    right = [
        *[*said(people, times=4), ("2024-01-15 09:00", "하준", "같은 말")],
        *said([*people, "서연"], times=1, day="2024-02-20"),
    ]
    # The last messages moved behind the end of the file, where an older export says the same.
    # 서연 wrote one message, and 하준 one in each export.
    moved = [(f"2024-03-09{when[10:]}", name, text) for when, name, text in right[-MOVED:]]
    await import_chat(db, kakaotalk("모임", *older))
    await import_chat(db, kakaotalk("모임", *right[:-MOVED], *moved))
    added, known = await replaced(db, kakaotalk("모임", *right), "chat.txt", timezone=ZONE)
    assert (added, known) == (MOVED, len(right) - MOVED)
    assert await texts(db) == sorted(text for _, _, text in [*older, *right])
    async with db.read() as session:
        newest = await session.scalar(select(Tweet.created_at).order_by(Tweet.created_at.desc()))
    assert f"{newest:%Y-%m-%d}" == "2024-02-20"
    assert await find_faults(db) == []


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


def expected(variant: str, room: list[Said]) -> Counter[tuple[str, float]]:
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
