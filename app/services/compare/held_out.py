"""How well held-out posts are attributed: the recognised posts of an author, and the share of
left-out authors' posts that go to others here.

Pages may not wait: maintenance stores the first for grown chats, and a child process measures the
second for each background.
"""

import asyncio
import os
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.config import Config
from app.db.backend import Sessions, counts_shipped, is_among
from app.db.engine import Database
from app.db.result_cache import DERIVED, depends_on
from app.errors import UnavailableError
from app.models import BackgroundSnapshot, Room, RoomPerson, User
from app.runtime.processes import run_child
from app.services.access.rights import select_speakers
from app.services.compare.background import ChatBackground, LeftOutShare, Members, newest_members
from app.services.compare.comparing import case_of_authors, with_habits
from app.services.compare.habits import Models
from app.services.compare.profiles import OwnPost, ProfileStore, newest_posts, newest_texts
from app.services.event_log import NewEvent, append_events
from app.services.posts.replies import own_chains
from app.services.posts.selection import MOST_SCANNED, Scan
from app.services.posts.users import UserRow, read_rows, select_rows
from app.services.rooms.chat_portrait import read_newest
from app.services.rooms.timeline import deleted_people
from saywho.clock import now
from saywho.engine.attribution import build_background, probabilities_of, scores_of_each
from saywho.engine.case import Case, Fitted
from saywho.engine.fitting import chained, hold_out, units_of
from saywho.engine.judgement import judge
from saywho.engine.population import FEWEST_POSTS
from saywho.engine.profiles import AuthorProfile, profile_of
from saywho.people.portrait import MOST_PORTRAYED
from saywho.population import shipped_authors
from saywho.processes import be_nice, begin_child
from saywho.significance import FEWEST_COMPARED
from saywho.text import has_words, own_words

FEWEST_ASKED: Final = 20


class RecognisedPosts(msgspec.Struct, frozen=True):
    """The number of an author's held-out posts that the model attributed to the author."""

    asked: int
    """Number of held-out posts with enough words."""
    right: int
    """Number of these posts attributed to their author."""
    authors: int
    """Number of authors compared."""
    surest: int | None
    """ID of the post most certainly attributed to its author; null if none."""


_Judged = list[tuple[Sequence[str], float, bool]]
"""Texts, the author's probability and whether it is highest, by held-out unit."""


async def recognised_posts(
    session: AsyncSession, models: Models, author: UserRow, others: Sequence[UserRow]
) -> RecognisedPosts | None:
    """Return how well an author is told apart; None with too few posts."""
    depends_on(DERIVED)
    if author.tweet_count // 4 < FEWEST_ASKED or not others:
        return None
    newest = await newest_posts(session, author.id, _most_asked(author.tweet_count))
    units = units_of(chained(newest, await own_chains(session, author.id)))
    profiles = await models.profiles.load(session, [author, *others], may_evict=False)
    fitted = await models.backgrounds.load(session)
    judged = await asyncio.to_thread(_judge, profiles, units, fitted)
    if len(judged) < FEWEST_ASKED:
        return None
    return RecognisedPosts(len(judged), _right(judged), len(profiles), _surest(judged, newest))


def _most_asked(posts: int) -> int:
    return min(60, posts // 4)


def _judge(
    profiles: Sequence[AuthorProfile], units: Sequence[Sequence[str]], fitted: Fitted
) -> _Judged:
    held = hold_out(profiles[0], units)
    rivals = [profile for profile in profiles[1:] if profile.counts.keys.size]
    if not (held.queries and rivals and held.profile.counts.keys.size):
        return []
    scores = scores_of_each(held.queries, [held.profile, *rivals], fitted.background)
    shares = probabilities_of(scores, fitted.temperature)
    is_right = (shares.argmax(axis=1) == 0).tolist()
    return [*zip(held.asked, shares[:, 0].tolist(), is_right, strict=True)]


def _right(judged: _Judged) -> int:
    return sum(is_right for _, _, is_right in judged)


def _surest(judged: _Judged, newest: Sequence[OwnPost]) -> int | None:
    ids = {text: post_id for post_id, text in newest}
    sure = {
        ids[texts[0]]: share
        for texts, share, is_right in judged
        if is_right and len(texts) == 1 and len(texts[0]) <= 200
    }
    return max(sure, key=sure.__getitem__, default=None)


FEWEST_MESSAGES: Final = 2 * 4 * FEWEST_ASKED
"""Messages of a chat, enough for two people."""


async def has_unjudged(session: AsyncSession) -> bool:
    """Return whether a chat changed by a quarter since it was judged."""
    return (await session.execute(_grown())).first() is not None


async def judge_room(db: Sessions) -> None:
    """Judge the people of a chat that has changed, and keep what takes long to fit for it."""
    async with db.read() as session:
        row = (await session.execute(_grown())).first()
        if row is None:
            return
        judged = await _judged(session, row.id)
    background = ChatBackground(row.id, ProfileStore(chat=row.id))
    async with db.read_chat(row.id) as session:
        await background.load(session)
    async with db.write() as session:
        of_room = RoomPerson.room_id == row.id
        await session.execute(update(RoomPerson).where(of_room).values(asked=0, recognised=0))
        for user_id, posts in judged.items():
            counts = {"asked": len(posts), "recognised": _right(posts)}
            person = of_room, RoomPerson.user_id == user_id
            await session.execute(update(RoomPerson).where(*person).values(counts))
        kept = {"judged_messages": row.messages, "fit": msgspec.json.encode(background.fit)}
        await session.execute(update(Room).where(Room.id == row.id).values(kept))
        people = await session.scalars(select(RoomPerson.user_id).where(of_room))
        event = NewEvent("room.judged", DERIVED, posts=0)
        await append_events(session, [event], concerned=people.all())


def _grown() -> Select[int, int]:
    total = func.sum(RoomPerson.messages)
    is_other: ColumnElement[bool] = total != Room.judged_messages
    has_grown = func.abs(total - Room.judged_messages) * 4 >= Room.judged_messages
    return (
        select(Room.id, total.label("messages"))
        .join(RoomPerson, RoomPerson.room_id == Room.id)
        .group_by(Room.id)
        .having(is_other, has_grown, total >= FEWEST_MESSAGES)
        .order_by(Room.id)
        .limit(1)
    )


async def _judged(session: AsyncSession, room_id: int) -> dict[int, _Judged]:
    """Return the judged messages of each person, from a chat's newest messages alone.

    Their posts elsewhere must not show: profiles and background are counted as on a
    site that has this chat alone.
    """
    people = select_speakers(room_id).where(RoomPerson.messages >= FEWEST_COMPARED)
    ids = list(await session.scalars(people.limit(MOST_PORTRAYED)))
    gone = await deleted_people(session, room_id)
    scans = await read_newest(session, room_id, MOST_SCANNED, gone=gone)
    texts = await asyncio.to_thread(_texts_of_each, scans)
    units: dict[int, list[list[str]]] = {}
    for user_id in ids:
        asked = _most_asked(len(texts.get(user_id, ())))
        if asked >= FEWEST_ASKED:
            newest = await newest_posts(session, user_id, asked, room_id)
            units[user_id] = units_of(chained(newest, await own_chains(session, user_id, room_id)))
    is_wanted = counts_shipped(session)
    return await asyncio.to_thread(_judge_each, texts, ids, units, is_wanted=is_wanted)


def _texts_of_each(scans: Iterable[Scan]) -> dict[int, list[str]]:
    texts: defaultdict[int, list[str]] = defaultdict(list)
    for scan in scans:
        for author, text in zip(scan.author, scan.text, strict=True):
            texts[author].append(text)
    return texts


def _judge_each(
    texts: Mapping[int, Sequence[str]],
    ids: Sequence[int],
    units: Mapping[int, Sequence[Sequence[str]]],
    *,
    is_wanted: bool,
) -> dict[int, _Judged]:
    """Judge the units of each of these people among them; is_wanted: of shipped authors. Slow."""
    profiles = {user_id: profile_of(said) for user_id, said in texts.items()}
    posts = sum(map(len, texts.values()))
    here = build_background([profile.counts for profile in profiles.values()], posts)
    fitted = Fitted(shipped_authors(is_wanted=is_wanted).background(here))
    judged: dict[int, _Judged] = {}
    for user_id, asked in units.items():
        rivals = [profiles[rival] for rival in ids if rival != user_id and rival in profiles]
        found = _judge([profiles[user_id], *rivals], asked, fitted)
        if len(found) >= FEWEST_ASKED:
            judged[user_id] = found
    return judged


# --- Left-out authors ---

LEFT_OUT: Final = "left_out"
"""Name of the job and lock."""
FEWEST_AUTHORS: Final = 4
"""Authors of a language: the left-out one, and three named."""
SETTLED: Final = timedelta(minutes=1)
"""Minimum age of a measured background, since an import makes several."""


async def stored_left_out(session: AsyncSession) -> LeftOutShare | None:
    """Return the newest background's share; None if unmeasured or undecided."""
    newest = await newest_members(session)
    found = None if newest is None else newest[1].left_out
    return found if found is not None and found.decisions else None


async def is_left_out_due(session: AsyncSession) -> bool:
    newest = await newest_members(session)
    return newest is not None and newest[1].left_out is None and bool(_measured(newest[1]))


async def is_settled(session: AsyncSession) -> bool:
    newest = await session.scalar(select(func.max(BackgroundSnapshot.created_at)))
    return newest is not None and newest <= now() - SETTLED


def _measured(members: Members) -> list[int]:
    own = [each for each in members.drawn if each[0] not in members.samples]
    known = [(member, lang == "ko") for member, posts, lang in own if posts >= FEWEST_POSTS]
    sides = [[member for member, is_ko in known if is_ko == side] for side in (False, True)]
    large = [side[:50] for side in sides if len(side) >= FEWEST_AUTHORS]
    return [member for side in large for member in side]


async def measure_in_process(config: Config) -> None:
    """Measure the share in a child process. Raises UnavailableError."""
    if status := await run_child(__name__, settings=config.to_env()):
        raise UnavailableError("The process ended with status {status}", status=status)


async def measure_left_out(db: Sessions) -> None:
    async with db.read() as session:
        newest = await newest_members(session)
        if newest is None:
            return
        version, members = newest
        case, texts = await _read(session, _measured(members))
    left_out = await asyncio.to_thread(left_out_of, case, texts)
    stored = msgspec.structs.replace(members, left_out=left_out)
    async with db.write() as session:
        await session.execute(
            update(BackgroundSnapshot)
            .where(BackgroundSnapshot.version == version)
            .values(members=msgspec.json.encode(stored))
        )


async def _read(session: AsyncSession, ids: Sequence[int]) -> tuple[Case, dict[int, list[str]]]:
    query = select_rows(User.tweet_count > 0, is_among(session, User.id, ids))
    users = await read_rows(session, query.order_by(User.username_key))
    models = Models()
    case = await case_of_authors(session, models, users, is_named=True)
    case = await with_habits(session, models, case)
    return case, {user.id: await newest_texts(session, user.id, 20) for user in users}


def left_out_of(case: Case, texts: dict[int, list[str]]) -> LeftOutShare:
    """Return the share attributed to other authors, each author left out of the population."""
    chance = random.Random(case.fitted.version)  # noqa: S311 - no secret
    decisions = likely = 0
    for author in case.suspects:
        for text in texts[author.id]:
            if not has_words(own_words(text)):
                continue
            asked = replace(case, texts=[text], absent=author.id)
            language = asked.language_for(author)
            others = [
                each
                for each in case.suspects
                if each is not author and asked.language_for(each) == language
            ]
            if len(others) < FEWEST_AUTHORS - 1 or asked.is_foreign_to(author):
                continue
            asked = replace(asked, suspects=chance.sample(others, FEWEST_AUTHORS - 1))
            judgement = judge(asked)
            decisions += judgement.can_name
            likely += judgement.verdict == "likely"
    return LeftOutShare(round(likely / max(decisions, 1), 4), decisions)


async def _measure() -> None:
    async with Database(Config.from_env(os.environ)) as db:
        await measure_left_out(db)


if __name__ == "__main__":
    begin_child()
    be_nice()
    asyncio.run(_measure())
