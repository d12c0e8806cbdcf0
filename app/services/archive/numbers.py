"""An author in numbers: when they write, whom they answer, their tags, emoji and links."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.mentions import Mention, Mentions, count_mentions
from app.services.archive.scanning import CollectedPosts, collect_posts, scanned
from app.services.posts.selection import Selection
from app.services.posts.statistics import WEEK_H, count_by_hour_of_week
from app.services.posts.users import Author

DAY_H: Final = 24
MOST_NAMED: Final = 20
"""Entries of each list."""


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
    collected = await collect_posts(session, author)
    post_count, mentions = await asyncio.to_thread(_mentions_in, collected, author)
    return Numbers(
        hours=[sum(week[hour::DAY_H]) for hour in range(DAY_H)],
        weekdays=[sum(week[day : day + DAY_H]) for day in range(0, WEEK_H, DAY_H)],
        answered=name_counts(mentions.answered),
        tags=name_counts(mentions.tags),
        emoji=name_counts(mentions.emoji),
        sites=name_counts(mentions.sites),
        scanned=post_count,
    )


def name_counts(mentions: Sequence[Mention]) -> list[NameCount]:
    """Return mentions as answers show them."""
    return [NameCount(mention.name, mention.posts) for mention in mentions]


def _mentions_in(collected: CollectedPosts, author: Author) -> tuple[int, Mentions]:
    """Return how many posts there are, and what they name."""
    posts = scanned(collected, author)
    return len(posts), count_mentions(posts, most=MOST_NAMED)
