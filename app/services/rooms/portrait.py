"""A portrait of a room: how its people write, side by side."""

import asyncio
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta
from sqlalchemy import BigInteger, cast, extract, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.portrait import ChatPortrait, Said, SpeakerPortrait, portray
from app.db.backend import backend_of
from app.memo import EVERYTHING, depends_on
from app.models import Tweet, User
from app.services.rooms.room_facts import RoomFacts, get_room

MOST_SCANNED: Final = 20_000
"""Newest messages of a room that are looked through."""
CollectedMessages = tuple[str | None, str | None, str | None]
"""Authors, times and texts of messages, each a JSON list; None for no messages."""
Names = tuple[str, str | None]
"""A username, and a display name."""
_numbers: Final = msgspec.json.Decoder(list[int | None])
_texts: Final = msgspec.json.Decoder(list[str | None])


class MessagesWith(msgspec.Struct, frozen=True):
    """Something that messages hold, and how many do."""

    text: str
    messages: int


class TypicalOfPerson(MessagesWith, frozen=True):
    """A word that is in clearly more messages of a person than of all others."""

    messages_elsewhere: Annotated[int, Meta(description="Messages of all others with it.")]


class PersonPortrait(msgspec.Struct, frozen=True):
    """How somebody writes in a room, or all others together."""

    username: Annotated[str | None, Meta(description="Null for several people together.")]
    display_name: str | None
    people: Annotated[int, Meta(description="How many these are: one, or all others.")]
    messages: int
    share: Annotated[float, Meta(description="Of the messages looked through, from 0 to 1.")]
    words_per_message: Annotated[
        float | None, Meta(description="The mean of the messages with text; between spaces.")
    ]
    hours: Annotated[list[int], Meta(description="Messages of each hour in `tz`, from 0.")]
    beginnings: Annotated[int, Meta(description="Messages after more than six hours without any.")]
    answers: Annotated[
        int, Meta(description="Messages right after somebody else's, within six hours.")
    ]
    median_answer_s: Annotated[
        float | None, Meta(description="Seconds from the message before to an answer.")
    ]
    laughs: Annotated[list[MessagesWith], Meta(description="Those that anybody here writes.")]
    emoji: Annotated[list[MessagesWith], Meta(description="At most five.")]
    typical: Annotated[
        list[TypicalOfPerson] | None,
        Meta(description="The clearest first; null where either side has under 20 messages."),
    ]


class SilenceSpan(msgspec.Struct, frozen=True):
    """A time without messages, between two of them."""

    since: datetime
    until: datetime


class RoomPortrait(msgspec.Struct, frozen=True):
    """How people write in a room, in a time zone."""

    room: RoomFacts
    tz: str
    scanned: Annotated[
        int, Meta(description="Messages that were looked through: the newest 20,000.")
    ]
    people: Annotated[
        list[PersonPortrait],
        Meta(description="Six with the most messages, then the others together."),
    ]
    longest_silence: Annotated[
        SilenceSpan | None, Meta(description="The first of equal ones; null if there is none.")
    ]


async def read_portrait(session: AsyncSession, room_id: int, zone: ZoneInfo) -> RoomPortrait:
    """Return the portrait of a room, or of the one that it was joined to.

    Raises NotFoundError, also for a room without messages.
    """
    depends_on(EVERYTHING)
    room = await get_room(session, room_id)
    dated = await _collect_messages(session, room.id, is_dated=True)
    undated = await _collect_messages(session, room.id, is_dated=False)
    scanned, portrait = await asyncio.to_thread(_portray, dated, undated, zone)
    ids = {author for speaker in portrait.speakers for author in speaker.authors[:1]}
    return portrait_of(room, zone, scanned, portrait, await _names_of(session, ids))


def portrait_of(
    room: RoomFacts,
    zone: ZoneInfo,
    scanned: int,
    portrait: ChatPortrait,
    names: Mapping[int, Names],
) -> RoomPortrait:
    """Return the portrait of so many messages of a room, with the names of its people by id."""
    laughs = _laughs_of(portrait)
    silence = portrait.longest_silence
    return RoomPortrait(
        room=room,
        tz=zone.key,
        scanned=scanned,
        people=[_person(speaker, names, laughs, scanned) for speaker in portrait.speakers],
        longest_silence=silence
        and SilenceSpan(*(datetime.fromtimestamp(time, UTC) for time in silence)),
    )


async def _collect_messages(
    session: AsyncSession, room_id: int, *, is_dated: bool
) -> CollectedMessages:
    """Return the newest messages of a room with a time, or without, the newest first."""
    time = cast(extract("epoch", Tweet.created_at), BigInteger).label("time")
    messages = (
        select(Tweet.user_id, time, Tweet.text)
        .join(User, User.id == Tweet.user_id)
        .where(Tweet.room_id == room_id, User.deleted_at.is_(None))
        .where(Tweet.created_at.is_not(None) if is_dated else Tweet.created_at.is_(None))
    )
    order = [Tweet.created_at.desc(), Tweet.id.desc()] if is_dated else [Tweet.id.desc()]
    listed = messages.order_by(*order).limit(MOST_SCANNED).subquery()
    collected = backend_of(session).collected
    row = (await session.execute(select(*map(collected, listed.c)))).one()
    return row[0], row[1], row[2]


def _portray(
    dated: CollectedMessages, undated: CollectedMessages, zone: ZoneInfo
) -> tuple[int, ChatPortrait]:
    """Return how many messages were looked through, and their portrait."""
    newest = _said(dated)
    messages = newest[::-1] + _said(undated)[: MOST_SCANNED - len(newest)][::-1]
    return len(messages), portray(messages, zone)


def _said(collected: CollectedMessages) -> list[Said]:
    authors, times = (_numbers.decode(values or "[]") for values in collected[:2])
    texts = _texts.decode(collected[2] or "[]")
    return [
        Said(author or 0, time, text or "")
        for author, time, text in zip(authors, times, texts, strict=True)
    ]


async def _names_of(session: AsyncSession, ids: Collection[int]) -> dict[int, Names]:
    rows = await session.execute(
        select(User.id, User.username, User.display_name).where(User.id.in_(ids))
    )
    return {user_id: (username, display_name) for user_id, username, display_name in rows}


def _laughs_of(portrait: ChatPortrait) -> list[str]:
    """Return the laughs that anybody in the room writes, the most frequent first."""
    totals = {
        name: sum(speaker.laughs[name] for speaker in portrait.speakers)
        for name in (portrait.speakers[0].laughs if portrait.speakers else ())
    }
    return sorted((name for name, total in totals.items() if total), key=lambda name: -totals[name])


def _person(
    speaker: SpeakerPortrait, names: Mapping[int, Names], laughs: Collection[str], scanned: int
) -> PersonPortrait:
    is_one = len(speaker.authors) == 1
    username, display_name = names[speaker.authors[0]] if is_one else (None, None)
    words = speaker.words_per_message
    return PersonPortrait(
        username=username,
        display_name=display_name,
        people=len(speaker.authors),
        messages=speaker.messages,
        share=speaker.messages / scanned,
        words_per_message=None if words is None else round(words, 2),
        hours=speaker.hours,
        beginnings=speaker.beginnings,
        answers=speaker.answers,
        median_answer_s=speaker.median_answer_s,
        laughs=[MessagesWith(name, speaker.laughs[name]) for name in laughs],
        emoji=[MessagesWith(*entry) for entry in speaker.emoji],
        typical=None
        if speaker.typical is None
        else [TypicalOfPerson(*word) for word in speaker.typical],
    )
