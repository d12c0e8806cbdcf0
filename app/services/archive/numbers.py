"""An author in numbers: when they write, whom they answer, their tags, emoji and links."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta
from sqlalchemy import case, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.mentions import Mention, Mentions, ScannedPost, count_mentions
from app.compute.text import username_key
from app.db.backend import backend_of
from app.models import Tweet
from app.services.posts.selection import Selection
from app.services.posts.statistics import WEEK_H, count_by_hour_of_week
from app.services.posts.users import Author

DAY_H: Final = 24
MOST_SCANNED: Final = 20_000
"""Newest posts whose texts are looked through."""
MOST_NAMED: Final = 20
"""Entries of each list."""
_decoder: Final = msgspec.json.Decoder(list[str | None])


class NameCount(msgspec.Struct, frozen=True):
    """A name, and in how many posts it is."""

    name: str
    tweets: int


class Numbers(msgspec.Struct, frozen=True):
    """Figures over an author's posts. Lists have at most 20 entries, the most frequent first."""

    hours: Annotated[list[int], Meta(description="Posts of each hour of the day in `tz`, from 0.")]
    weekdays: Annotated[list[int], Meta(description="Posts of each weekday, from Monday.")]
    answered: Annotated[list[NameCount], Meta(description="Whom replies answer, by username.")]
    tags: Annotated[list[NameCount], Meta(description="Without their #.")]
    emoji: list[NameCount]
    sites: Annotated[list[NameCount], Meta(description="Hosts that posts link to.")]
    scanned: Annotated[
        int, Meta(description="Posts whose texts were looked through: the newest 20,000.")
    ]


async def numbers_of(session: AsyncSession, author: Author, zone: ZoneInfo) -> Numbers:
    """Return the figures of an author; hours and days are those of the time zone."""
    selection = Selection(usernames=(author.username,))
    week = await count_by_hour_of_week(session, selection, zone)
    columns = await _scanned_columns(session, author)
    scanned, mentions = await asyncio.to_thread(_count, columns, username_key(author.username))
    return Numbers(
        hours=[sum(week[hour::DAY_H]) for hour in range(DAY_H)],
        weekdays=[sum(week[day : day + DAY_H]) for day in range(0, WEEK_H, DAY_H)],
        answered=_counts(mentions.answered),
        tags=_counts(mentions.tags),
        emoji=_counts(mentions.emoji),
        sites=_counts(mentions.sites),
        scanned=scanned,
    )


def _counts(mentions: Sequence[Mention]) -> list[NameCount]:
    return [NameCount(mention.name, mention.posts) for mention in mentions]


async def _scanned_columns(session: AsyncSession, author: Author) -> Sequence[str | None]:
    """Return what is looked through of the author's newest posts, each column as a JSON list."""
    cards = case((Tweet.media.contains('"link"'), Tweet.media))
    newest = (
        select(Tweet.text, cards.label("cards"), Tweet.reply_to_username)
        .where(Tweet.user_id == author.id)
        .order_by(Tweet.created_at.desc().nulls_last(), Tweet.id.desc())
        .limit(MOST_SCANNED)
        .subquery()
    )
    collected = backend_of(session).collected
    row = await session.execute(select(*map(collected, newest.c)))
    return row.one()


def _count(columns: Sequence[str | None], own_key: str) -> tuple[int, Mentions]:
    """Return how many posts there are, and what they name; the author's own name is left out."""
    texts, cards, names = (_decoder.decode(column or "[]") for column in columns)
    answered = [name if name and username_key(name) != own_key else None for name in names]
    posts = [
        ScannedPost(text or "", card, name)
        for text, card, name in zip(texts, cards, answered, strict=True)
    ]
    return len(posts), count_mentions(posts, most=MOST_NAMED)
