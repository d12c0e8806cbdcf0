"""The sample authors: invented people for trials."""

from functools import cache
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import username_key
from app.db.result_cache import EVERYTHING, depends_on
from app.models import Tweet, User

ENOUGH_OF_OWN: Final = 4
"""Number of other authors with posts from which on quiz, front page and comparisons leave samples
out.
"""


@cache
def sample_files() -> tuple[Path, ...]:
    return tuple(sorted((Path(__file__).parents[2] / "sample").glob("*.jsonl")))


@cache
def is_sample() -> ColumnElement[bool]:
    posts = [msgspec.json.decode(path.read_bytes().splitlines()[0]) for path in sample_files()]
    ids = [post["source_id"] for post in posts]
    return and_(
        User.username_key.in_([username_key(post["username"]) for post in posts]),
        User.deleted_at.is_(None),
        exists().where(Tweet.user_id == User.id, Tweet.source_id.in_(ids)),
    )


async def list_samples(session: AsyncSession) -> list[str]:
    depends_on(EVERYTHING)
    names = select(User.username).where(is_sample()).order_by(User.username_key)
    return list(await session.scalars(names))


async def outgrown_samples(session: AsyncSession) -> list[str]:
    samples = await list_samples(session)
    is_own = User.deleted_at.is_(None), User.tweet_count > 0, ~is_sample()
    query = select(User.id).where(*is_own).limit(ENOUGH_OF_OWN)
    has_enough = len((await session.scalars(query)).all()) == ENOUGH_OF_OWN
    return samples if has_enough else []


async def sample_ids(session: AsyncSession) -> list[int]:
    return list(await session.scalars(select(User.id).where(is_sample()).order_by(User.id)))
