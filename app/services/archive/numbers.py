"""An author in numbers: when they write, whom they answer, their tags, emoji and links."""

import asyncio
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.hours import DAY_H, hours_of_day
from app.compute.mentions import Mentions, NameCount, ScannedPost, count_mentions
from app.compute.text import username_key
from app.memo import depends_on
from app.models import Tweet
from app.services.posts.scanning import MOST_SCANNED, Scan, ScannedColumn, scan
from app.services.posts.selection import Selection
from app.services.posts.statistics import WEEK_H, count_by_hour_of_week
from app.services.posts.users import Author

MOST_NAMED: Final = 20
"""Entries of each list."""


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
    newest = await scan_author(session, author, columns=("text", "card", "answered"))
    mentions = await asyncio.to_thread(_mentions_in, newest, author)
    return Numbers(
        hours=hours_of_day(dict(enumerate(week))),
        weekdays=[sum(week[day : day + DAY_H]) for day in range(0, WEEK_H, DAY_H)],
        answered=mentions.answered,
        tags=mentions.tags,
        emoji=mentions.emoji,
        sites=mentions.sites,
        scanned=len(newest.text),
    )


async def scan_author(
    session: AsyncSession,
    author: Author,
    *conditions: ColumnElement[bool],
    columns: tuple[ScannedColumn, ...],
    limit: int = MOST_SCANNED,
) -> Scan:
    """Return what is looked through of the author's newest posts that meet the conditions."""
    depends_on(author.id)
    return await scan(
        session, Tweet.user_id == author.id, *conditions, columns=columns, limit=limit
    )


def answered_in(newest: Scan, author: Author) -> list[str | None]:
    """Return whom each post answers, None for nobody and for the author."""
    own_key = username_key(author.username)
    return [name if name and username_key(name) != own_key else None for name in newest.answered]


def _mentions_in(newest: Scan, author: Author) -> Mentions:
    columns = newest.text, newest.card, answered_in(newest, author)
    return count_mentions(map(ScannedPost, *columns), most=MOST_NAMED)
