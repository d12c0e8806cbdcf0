"""Messages that show what was said on a chat's busiest day."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Tweet, User
from app.runtime.clock import first_instant
from app.services.posts.tweets import Post, find_posts
from app.services.rooms.room_facts import RoomFacts, names_in
from saywho.people.phrases import phrases_of
from saywho.people.times import FullestDays, WrittenTexts, conversations_of
from saywho.significance import DAYS_AROUND
from saywho.text import guess_main_language

MOST_OF_DAY: Final = 5_000
MOST_BESIDE: Final = 300
"""Messages before, and after, that the day is compared with."""
EVENT_S: Final = 600
MOST_SHOWN: Final = 3
FEWEST_LETTERS: Final = 4
MOST_LETTERS: Final = 120
GOOD_LENGTH: Final = 40
"""Letters of a message that says something and is quickly read."""


class ShownDay(Struct, frozen=True):
    word: str
    """A word that the day has clearly more often than the time around it; empty without one."""
    with_word: int
    """Messages of the day that contain it."""
    posts: list[Post]
    """Messages of the day, the first first."""


class DayMessage(NamedTuple):
    id: int
    author: int
    text: str
    time: int


async def read_day(
    session: AsyncSession, room: RoomFacts, busy: FullestDays, zone: ZoneInfo
) -> ShownDay:
    """Return what shows the day, beside the messages before and after the days around it."""
    since, until = (first_instant(day, zone) for day in (busy.first, busy.end))
    apart = timedelta(days=DAYS_AROUND)
    values: dict[str, Any] = {"room_id": room.id, "since": since, "until": until}
    limits = {"room_id": room.id, "before": since - apart, "after": until + apart}
    said = [
        DayMessage(id_, author, text, int(time.timestamp()))
        for id_, author, text, time in await session.execute(_of_day(), values)
        if time is not None
    ]
    around = [
        text
        for is_after in (False, True)
        for text in await session.scalars(_beside(is_after=is_after), limits)
    ]
    word, count, ids = await asyncio.to_thread(_chosen, said, around, names_in(room))
    posts = await find_posts(session, ids)
    return ShownDay(word, count, [posts[id_] for id_ in ids if id_ in posts])


def _chosen(
    said: Sequence[DayMessage], around: Sequence[str], names: Iterable[str]
) -> tuple[str, int, list[int]]:
    texts = [message.text for message in said]
    # A word that is passed around for some minutes is one event.
    own = WrittenTexts(texts, conversations_of((message.time for message in said), EVENT_S))
    language = guess_main_language(texts)
    phrases = phrases_of(own, around, language=language, names=names) if around else []
    words = [phrase.text for phrase in phrases if "…" not in phrase.text]
    counts = {word: sum(word.casefold() in text.casefold() for text in texts) for word in words}
    word = max(words, key=counts.__getitem__, default="")
    chosen = telling(said, [word.casefold() for word in words])
    return word, counts.get(word, 0), [message.id for message in chosen]


def telling(said: Sequence[DayMessage], words: Sequence[str]) -> list[DayMessage]:
    """Return up to three messages, each with words and by an author that the others do not have."""
    left = {
        message.text.casefold(): message
        for message in reversed(said)
        if len(message.text) <= MOST_LETTERS
        and "://" not in message.text
        and len(message.text) >= FEWEST_LETTERS
    }
    chosen: list[DayMessage] = []
    while left and len(chosen) < MOST_SHOWN:
        new = [word for word in words if not any(word in one.text.casefold() for one in chosen)]
        authors = {one.author for one in chosen}

        worth = {
            text: (
                sum(word in text for word in new),
                message.author not in authors,
                -abs(len(text) - GOOD_LENGTH),
            )
            for text, message in left.items()
        }
        chosen.append(left.pop(max(worth, key=worth.__getitem__)))
    return sorted(chosen, key=lambda message: (message.time, message.id))


def _within(*limits: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:
    return (Tweet.room_id == bindparam("room_id"), User.deleted_at.is_(None), *limits)


@cache
def _of_day() -> Select[int, int, str, datetime | None]:
    limits = Tweet.created_at >= bindparam("since"), Tweet.created_at < bindparam("until")
    return (
        select(Tweet.id, Tweet.user_id, Tweet.text, Tweet.created_at)
        .join(User, User.id == Tweet.user_id)
        .where(*_within(*limits))
        .order_by(Tweet.created_at, Tweet.place, Tweet.id)
        .limit(MOST_OF_DAY)
    )


@cache
def _beside(*, is_after: bool) -> Select[str]:
    time = Tweet.created_at
    limit = time >= bindparam("after") if is_after else time < bindparam("before")
    query = select(Tweet.text).join(User, User.id == Tweet.user_id).where(*_within(limit))
    return query.order_by(time if is_after else time.desc()).limit(MOST_BESIDE)
