"""Checks of this process and of derived data."""

import asyncio
import io
import shutil
import sys
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Final, NamedTuple

from PIL import features
from sqlalchemy import Select, and_, exists, func, or_, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.db.backend import backend_of
from app.db.engine import Database
from app.db.feed import Feed
from app.errors import UnavailableError
from app.models import IS_GONE, BackgroundSnapshot, Profile, Tweet, User
from app.services.posts.arrivals import link_again
from app.services.posts.post_counts import miscounted_authors
from app.services.posts.post_rooms import miscounted_rooms
from app.services.search.index_terms import is_index_current
from saywho.engine.features import RECIPE
from saywho.engine.profiles import profile_of

if TYPE_CHECKING:
    from app.migrations.comparison import Findings

ANSWER_S: Final = 3.0
LAST_BACKUP: Final = "last_backup"
"""File in the data folder, as old as the last backup."""


async def check_ready(db: Database, feed: Feed, *, revision: str) -> None:
    """Raise AppError with the reason if this process cannot answer."""
    if not feed.is_up_to_date:
        raise UnavailableError("The log of changes cannot be read at the moment")
    try:
        async with asyncio.timeout(ANSWER_S), db.read() as session:
            revision_here = await session.scalar(text("SELECT version_num FROM alembic_version"))
    except TimeoutError as error:
        raise UnavailableError("The database did not respond in time") from error
    except SQLAlchemyError as error:
        raise UnavailableError(
            "The database does not contain the tables of this program; run: saywho db upgrade",
            retry_after_s=30,
        ) from error
    if revision_here != revision:
        raise UnavailableError(
            "The database is at revision {found}, but this program needs {revision}",
            retry_after_s=30,
            found=revision_here,
            revision=revision,
        )


def find_python_faults() -> list[str]:
    """Return a sentence if this Python's `tarfile` hangs on some bytes.

    Systems mend older releases of Python, so the release does not tell. Source: CVE-2024-6232.
    """
    later = (3, 13)
    if sys.version_info >= later or _refuses_wrong_header():
        return []
    release = ".".join(map(str, sys.version_info[:3]))
    return [
        f"Python {release} has a fault in reading archives (CVE-2024-6232), and an import can hang;"
        " install the updates of your system, or Python 3.11.10, 3.12.6 or later"
    ]


def find_missing_libraries() -> list[str]:
    """Return a sentence if the system has no library that shapes letters."""
    if features.check("raqm"):
        return []
    return [
        "pictures leave out names in Arabic, Thai and scripts of India and Southeast Asia; install"
        " FriBidi (Debian: apt-get install libfribidi0, macOS: brew install fribidi)"
    ]


def _refuses_wrong_header() -> bool:
    """Return whether `tarfile` refuses an extended header without a field, as it does since it
    looks for the end of a field in one pass.
    """
    header, member = tarfile.TarInfo("header"), tarfile.TarInfo("member")
    header.type, header.size = tarfile.XHDTYPE, tarfile.BLOCKSIZE
    blocks = header.tobuf() + b"1" * tarfile.BLOCKSIZE + member.tobuf()
    try:
        tarfile.open(fileobj=io.BytesIO(blocks), mode="r:").close()
    except tarfile.ReadError:
        return True
    return False


async def measure_lag(session: AsyncSession) -> dict[str, int]:
    """Return posts lacking in each kind of derived data; profiles' readers add them."""
    stored = select(func.sum(User.tweet_count)).where(User.deleted_at.is_(None))
    posts = await session.scalar(stored) or 0
    folded = await session.scalar(select(func.sum(Profile.posts))) or 0
    newest = select(BackgroundSnapshot.posts).order_by(BackgroundSnapshot.version.desc()).limit(1)
    background = await session.scalar(newest) or 0
    return {"profiles": max(0, posts - folded), "background": max(0, posts - background)}


async def find_faults(db: Database) -> list[str]:
    """Return a sentence for each fault; unfolded posts are none."""
    async with db.read() as session:
        faults = await db.backend.find_damage(session)
        if faults:
            return faults
        faults = (await _compare_tables(db, session)).faults
        faults += await _wrong_counts(session)
        if stray := await session.scalar(_stray_names()):
            faults.append(f"{stray:,} posts are not those of the author whom their name joined")
        if lost := await session.scalar(select(func.count()).select_from(_lost_links().subquery())):
            faults.append(f"{lost:,} answers refer to posts that are not stored (--mend)")
        user_ids = list(await session.scalars(select(Profile.user_id)))
    if not db.backend.is_closed:
        async with db.write() as session:
            if await is_index_current(session):
                faults += await db.backend.words.find_faults(session)
    for user_id in user_ids:
        async with db.read() as session:
            faults += await _wrong_profile(session, user_id)
    return faults


def _stray_names() -> Select[int]:
    """Return the number of posts of joined names that another has, or the names themselves."""
    came_under = and_(User.id == Tweet.name_id, User.joined_to_id.is_distinct_from(Tweet.user_id))
    is_kept = and_(User.id == Tweet.user_id, User.deleted_at.is_not(None))
    is_stray = or_(and_(came_under, ~IS_GONE), and_(is_kept, User.joined_to_id.is_not(None)))
    return select(func.count()).select_from(Tweet).join(User, is_stray)


def _lost_links() -> Select[int]:
    answered = aliased(Tweet)
    is_here = exists().where(answered.id == Tweet.reply_to_id)
    return select(Tweet.id).where(Tweet.reply_to_id.is_not(None), ~is_here)


async def mend_links(db: Database) -> int:
    """Link answers that refer to missing posts to what they answer, if here; return how many."""
    mended = 0
    while True:
        async with db.write() as session:
            answers = list(await session.scalars(_lost_links().limit(1_000)))
            await link_again(session, answers)
        mended += len(answers)
        if not answers:
            return mended


async def find_warnings(db: Database) -> list[str]:
    """Return a sentence for each object of the database that saywho did not create, for each name
    whose joining or parting stopped half-way, and if the check left something out.
    """
    author = aliased(User)
    half = select(User.username, author.username).join(author, author.id == User.joined_to_id)
    async with db.read() as session:
        found = await db.backend.find_additions(session)
        found += (await _compare_tables(db, session)).additions
        names = (await session.execute(half.where(User.deleted_at.is_(None)))).all()
    said = [f"the database has the {addition}, which saywho did not create" for addition in found]
    said += [
        f"{name} is joined to {into} in part; to end that, run: saywho user join {quote(name)}"
        f" {quote(into)}"
        for name, into in names
    ]
    if db.backend.is_closed:
        said.append("the word index was not checked, because the data folder is read-only")
    return said


async def _compare_tables(db: Database, session: AsyncSession) -> "Findings":
    """Compare a file's tables with a fresh database; a file may be a stranger's."""
    # It imports Alembic, which takes longer than a start may.
    from app.migrations.comparison import Findings, examine

    if db.backend.is_shared:
        return Findings([], [])
    return await (await session.connection()).run_sync(examine)


async def _wrong_counts(session: AsyncSession) -> list[str]:
    counted = select(func.count()).where(Tweet.user_id == User.id).scalar_subquery()
    query = select(User.username, User.tweet_count, counted).where(User.tweet_count != counted)
    query = query.where(User.deleted_at.is_(None))  # The rows of others are being removed.
    return [
        *(
            f"{username} is said to have {stored} posts and has {real}"
            for username, stored, real in await session.execute(query)
        ),
        *(
            f"the posts of {username} per quarter of an hour are miscounted"
            for username in await miscounted_authors(session)
        ),
        *(
            f"the messages of the room {room_id} are miscounted"
            for room_id in await miscounted_rooms(session)
        ),
    ]


async def _wrong_profile(session: AsyncSession, user_id: int) -> list[str]:
    query = (
        select(User.username, Profile.as_of_event, Profile.posts, Profile.counts, Profile.texts)
        .join(User, User.id == Profile.user_id)
        .where(Profile.user_id == user_id, Profile.recipe == RECIPE)
    )
    row = (await session.execute(query)).first()
    if row is None:
        return []
    is_folded = Tweet.user_id == user_id, Tweet.event_id <= row.as_of_event
    texts = list(await session.scalars(select(Tweet.counted).where(*is_folded)))
    real = await asyncio.to_thread(profile_of, texts)
    blobs = (real.counts.to_bytes(), real.texts.to_bytes())
    if len(texts) != row.posts or blobs != (row.counts, row.texts or b""):
        return [f"the profile of {row.username} does not agree with the posts"]
    return []


class InstallationFacts(NamedTuple):
    size_bytes: int
    free_bytes: int
    backed_up_at: datetime | None


async def installation_facts(session: AsyncSession, data_dir: Path) -> InstallationFacts:
    """Return database size, free disk, and the last backup's time."""
    size = await session.scalar(text(backend_of(session).size))
    free = await asyncio.to_thread(shutil.disk_usage, data_dir)
    marker = data_dir / LAST_BACKUP
    time = datetime.fromtimestamp(marker.stat().st_mtime, UTC) if marker.exists() else None
    return InstallationFacts(size or 0, free.free, backed_up_at=time)
