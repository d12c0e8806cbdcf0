"""How an author writes: beside the others of their chat, or of the site."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.chat_timing import Said, after_silence
from app.compute.conversations import FEWEST_COMPARED, WrittenTexts, conversations_of
from app.compute.fingerprint import MOST_BESIDE, Measure, fingerprint
from app.compute.hours import BusyFrom, ChatHours, busiest_hours, hours_of_day
from app.compute.languages import guess_main_language
from app.compute.phrases import Phrase, phrases_of
from app.compute.portrait import MOST_GUESSED
from app.compute.speakers import hour_counts
from app.compute.tally import tally_of
from app.memo import EVERYTHING, depends_on
from app.models import Tweet, User
from app.services.compare.cases import Models
from app.services.compare.manners import written_languages
from app.services.compare.recognised import RecognisedPosts, recognised_posts
from app.services.posts.samples import sample_ids
from app.services.posts.scanning import Scan, ScannedColumn, scan
from app.services.posts.tweets import Post, find_posts
from app.services.posts.user_rows import UserRow, select_rows
from app.services.posts.users import Author
from app.services.rooms.portrait import said_in, said_of, scan_room
from app.services.rooms.room_facts import RoomFacts, names_in

OWN_POSTS: Final = 2_000
"""Newest posts of an author that are looked through, beside the site."""
POSTS_OF_EACH: Final = 300
"""The same, of each of the others there."""
MOST_SOUGHT: Final = 24
"""Authors with the most posts, among whom those of the language are sought."""


class PersonBeside(msgspec.Struct, frozen=True):
    """Somebody beside whom an author is shown."""

    username: str
    messages: Annotated[int, Meta(description="How many of theirs were looked through.")]


class AuthorPortrait(msgspec.Struct, frozen=True):
    """How an author writes, beside others, in a time zone."""

    user: Author
    room: Annotated[
        RoomFacts | None, Meta(description="Their chat, the one with most of their messages.")
    ]
    tz: str
    messages: Annotated[int, Meta(description="How many of theirs were looked through.")]
    messages_elsewhere: Annotated[int, Meta(description="Those of all others, likewise.")]
    since: datetime | None
    until: datetime | None
    others: Annotated[
        list[PersonBeside],
        Meta(description="Up to eight, who have 20 messages or more; the others count together."),
    ]
    others_total: Annotated[int, Meta(description="How many there are beside them.")]
    measures: Annotated[
        list[Measure], Meta(description="Those that set them apart first, the clearest first.")
    ]
    phrases: Annotated[
        list[Phrase] | None, Meta(description="Null where either side has under 20 messages.")
    ]
    hours: ChatHours
    busy_from: BusyFrom
    hours_elsewhere: Annotated[list[int], Meta(description="Those of the others, likewise.")]
    recognised: Annotated[
        RecognisedPosts | None, Meta(description="Null where fewer than 20 could be asked about.")
    ]
    most_like: Annotated[Post | None, Meta(description="The one that was most surely theirs.")]

    @property
    def is_compared(self) -> bool:
        """Whether both sides have enough messages to be compared."""
        return self.phrases is not None


class _Read(NamedTuple):
    """Messages of an author and others."""

    scans: Sequence[Scan]
    """Of a room those with a time, and those without; else of each author."""
    room: RoomFacts | None
    names: Sequence[str]
    """What these people are called."""

    def said(self) -> list[Said]:
        """Return the messages, those of a room in their order; a thread does it."""
        if self.room is not None:
            dated, undated = self.scans
            return said_in((dated, undated))
        return [message for of_author in self.scans for message in reversed(said_of(of_author))]


class _Counted(NamedTuple):
    """What is counted of an author's messages and of others'."""

    messages: int
    since: datetime | None
    until: datetime | None
    ranked: list[tuple[int, int]]
    """The ids of all others, and how many messages each has, the most first."""
    measures: list[Measure]
    phrases: list[Phrase] | None
    hours: list[int]
    busy_from: int | None
    hours_elsewhere: list[int]


async def read_author_portrait(
    session: AsyncSession, models: Models, author: Author, room: RoomFacts | None, zone: ZoneInfo
) -> AuthorPortrait:
    """Return how an author writes: in a room beside the others there, else beside the site."""
    depends_on(EVERYTHING)
    read = await _read_room(session, room) if room else await _read_site(session, models, author)
    counted = await asyncio.to_thread(_count, read, author, zone)
    compared = [pair for pair in counted.ranked if pair[1] >= FEWEST_COMPARED][:MOST_BESIDE]
    rows = await _rows_of(session, [author.id, *(user_id for user_id, _ in compared)])
    recognised = await recognised_posts(session, models, rows[0], rows[1:])
    most_like = (
        await find_posts(session, [recognised.surest]) if recognised and recognised.surest else {}
    )
    return AuthorPortrait(
        user=author,
        room=room,
        tz=zone.key,
        messages=counted.messages,
        messages_elsewhere=sum(messages for _, messages in counted.ranked),
        since=counted.since,
        until=counted.until,
        others=[
            PersonBeside(row.username, messages)
            for row, (_, messages) in zip(rows[1:], compared, strict=True)
        ],
        others_total=len(counted.ranked),
        measures=counted.measures,
        phrases=counted.phrases,
        hours=counted.hours,
        busy_from=counted.busy_from,
        hours_elsewhere=counted.hours_elsewhere,
        recognised=recognised,
        most_like=next(iter(most_like.values()), None),
    )


async def _read_room(session: AsyncSession, room: RoomFacts) -> _Read:
    return _Read(await scan_room(session, room.id), room, names_in(room))


async def _read_site(session: AsyncSession, models: Models, author: Author) -> _Read:
    """Read the newest posts of an author, and of those with the most posts in the language."""
    own = await _newest(session, author.id, OWN_POSTS)
    others = await _others_here(session, models, author)
    scans = [own, *[await _newest(session, row.id, POSTS_OF_EACH) for row in others]]
    names = [author.username, author.display_name or "", *(row.username for row in others)]
    return _Read(scans, None, names)


async def _newest(session: AsyncSession, user_id: int, count: int) -> Scan:
    columns: tuple[ScannedColumn, ...] = ("author", "time", "text")
    return await scan(session, Tweet.user_id == user_id, columns=columns, limit=count)


async def _others_here(session: AsyncSession, models: Models, author: Author) -> list[UserRow]:
    """Return up to eight others of the site who write the author's language.

    Samples are compared with each other, and with somebody who is alone here.
    """
    is_other = User.id != author.id, User.is_of_chat.is_(False), User.tweet_count >= FEWEST_COMPARED
    query = select_rows(*is_other).order_by(User.tweet_count.desc(), User.id).limit(MOST_SOUGHT)
    rows = [UserRow(*row) for row in await session.execute(query)]
    samples = {*await sample_ids(session)}
    own = await _rows_of(session, [author.id])
    language, *languages = await written_languages(session, models, [*own, *rows])
    fitting = [row for row, other in zip(rows, languages, strict=True) if other == language]
    alike = [row for row in fitting if (row.id in samples) == (author.id in samples)]
    return (alike or fitting)[:MOST_BESIDE]


async def _rows_of(session: AsyncSession, ids: Sequence[int]) -> list[UserRow]:
    rows = {row.id: UserRow(*row) for row in await session.execute(select_rows(User.id.in_(ids)))}
    return [rows[user_id] for user_id in ids]


def _count(read: _Read, author: Author, zone: ZoneInfo) -> _Counted:
    """Return what is counted of the messages that were read; it takes long."""
    said = read.said()
    numbers = conversations_of(message.time for message in said)
    begins = after_silence(said) if read.room else ()
    places: dict[int, list[int]] = {author.id: []}
    for place, message in enumerate(said):
        places.setdefault(message.author, []).append(place)
    tallies = {
        user_id: tally_of(
            [said[place].text for place in of_user],
            [numbers[place] for place in of_user],
            [begins[place] for place in of_user] if begins else (),
        )
        for user_id, of_user in places.items()
    }
    own = [said[place] for place in places[author.id]]
    ranked = sorted(places.keys() - {author.id}, key=lambda one: (-len(places[one]), one))
    beside = [said[place] for user_id in ranked for place in places[user_id]]
    one_by_one = [user_id for user_id in ranked if len(places[user_id]) >= FEWEST_COMPARED]
    one_by_one = one_by_one[:MOST_BESIDE]
    rest = [tallies[user_id] for user_id in ranked if user_id not in one_by_one]
    hours = hour_counts(own, zone)
    times = [message.time for message in own if message.time is not None]
    return _Counted(
        messages=len(own),
        since=_moment(min(times, default=None)),
        until=_moment(max(times, default=None)),
        ranked=[(user_id, len(places[user_id])) for user_id in ranked],
        measures=fingerprint(
            tallies[author.id], [tallies[user_id] for user_id in one_by_one], rest
        ),
        phrases=_phrases(
            WrittenTexts(
                [message.text for message in own], [numbers[place] for place in places[author.id]]
            ),
            [message.text for message in beside],
            read.names,
        ),
        hours=hours_of_day(hours),
        busy_from=busiest_hours(hours),
        hours_elsewhere=hours_of_day(hour_counts(beside, zone)),
    )


def _phrases(own: WrittenTexts, beside: Sequence[str], names: Iterable[str]) -> list[Phrase] | None:
    if min(len(own.texts), len(beside)) < FEWEST_COMPARED:
        return None
    language = guess_main_language(own.texts[-MOST_GUESSED:])
    return phrases_of(own, beside, language=language, names=names)


def _moment(time: int | None) -> datetime | None:
    return None if time is None else datetime.fromtimestamp(time, UTC)
