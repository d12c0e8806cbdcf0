"""The share of left-out authors' texts that are attributed to others here.

A child process measures it for each background.
"""

import asyncio
import os
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.case import Case, Suspect
from app.compute.judgement import judge
from app.compute.languages import guess_language
from app.compute.population import FEWEST_POSTS
from app.compute.text import has_words, own_words
from app.config import Config
from app.db.backend import Sessions, is_among
from app.db.engine import Database
from app.errors import UnavailableError
from app.models import BackgroundSnapshot, User
from app.runtime.clock import now
from app.runtime.processes import be_nice, begin_child, run_child
from app.services.compare.background import LeftOutShare, Members, newest_members
from app.services.compare.cases import Models, load_suspects, with_habits
from app.services.compare.habits import newest_own
from app.services.posts.users import UserRow, select_rows

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
    """Return up to 50 authors of each language, without samples."""
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
    users = [UserRow(*row) for row in await session.execute(query.order_by(User.username_key))]
    models = Models()
    case = await load_suspects(session, models, users, is_named=True)
    case = await with_habits(session, models, case)
    texts = {
        user.id: [text for _, text in await newest_own(session, user.id, 20)] for user in users
    }
    return case, texts


def left_out_of(case: Case, texts: dict[int, list[str]]) -> LeftOutShare:
    """Return the share attributed to others, with each author left out of the population, not of
    the background.
    """
    chance = random.Random(case.fitted.version)  # noqa: S311 - no secret
    decisions = likely = 0
    for author in case.suspects:
        is_korean = _writes_korean(author)
        others = [
            each
            for each in case.suspects
            if each is not author and _writes_korean(each) == is_korean
        ]
        for text in texts[author.id]:
            is_own = (guess_language(own_words(text)) == "ko") == is_korean
            if len(others) < FEWEST_AUTHORS - 1 or not is_own or not has_words(own_words(text)):
                continue
            named = chance.sample(others, FEWEST_AUTHORS - 1)
            asked = replace(case, texts=[text], suspects=named, absent=author.id)
            verdict = judge(asked).verdict
            decisions += verdict != "short"
            likely += verdict == "likely"
    return LeftOutShare(round(likely / max(decisions, 1), 4), decisions)


def _writes_korean(author: Suspect) -> bool:
    return author.habit is not None and author.habit.language == "ko"


async def _measure() -> None:
    async with Database(Config.from_env(os.environ)) as db:
        await measure_left_out(db)


if __name__ == "__main__":
    begin_child()
    be_nice()
    asyncio.run(_measure())
