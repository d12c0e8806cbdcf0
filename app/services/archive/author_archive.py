"""An author's archive as its page and the API show it."""

from datetime import date, timedelta
from functools import partial
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, structs
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.phrases import typical_phrases
from app.db.result_cache import holds_until
from app.runtime.clock import first_instant, now
from app.services.archive.author_traits import AuthorTraits, TypicalTerm, read_traits
from app.services.archive.calendar import CalendarYear, calendar_of
from app.services.archive.memories import (
    Anniversary,
    ArchivePicture,
    most_liked,
    newest_pictures,
    on_this_day,
)
from app.services.archive.numbers import Numbers, numbers_of
from app.services.compare.cases import Models
from app.services.compare.manners import typical_of
from app.services.posts.tweets import Post
from app.services.posts.users import Author, get_user
from app.services.rooms.room_facts import room_of_author

PICTURES: Final = 12
"""As many as fill whole rows of three, four and six."""
MOST_LIKED: Final = 3


class Memories(msgspec.Struct, frozen=True):
    """What an author may like to see again."""

    user: Author
    tz: Annotated[str, Meta(description="Time zone of days, hours and months.")]
    today: Annotated[date, Meta(description="Today’s date in `tz`.")]
    on_this_day: Annotated[
        list[Anniversary],
        Meta(description="Posts of this day in earlier years, newest year first."),
    ]
    calendar: Annotated[CalendarYear | None, Meta(description="Null if no post has a time.")]
    pictures: Annotated[
        list[ArchivePicture], Meta(description="Stored pictures of the newest posts with media.")
    ]
    most_liked: list[Post]


class AuthorArchive(Memories, frozen=True):
    """What an author may like to see again, what is typical of them, and their figures."""

    typical: Annotated[
        list[TypicalTerm],
        Meta(
            description="Words and phrases, then signs. Members of a chat are compared with its"
            " others, everyone else with the authors here who write the language."
        ),
    ]
    shipped_authors: Annotated[
        int,
        Meta(description="Number of authors that come with saywho, if they are compared; else 0."),
    ]
    numbers: Numbers


async def read_memories(
    session: AsyncSession, author: Author, zone: ZoneInfo, year: int | None
) -> Memories:
    """Return what an author may like to see again; it holds until midnight in the time zone.

    The calendar is that of the year, by default the newest with posts.
    """
    today = now().astimezone(zone).date()
    holds_until(first_instant(today + timedelta(1), zone))
    return Memories(
        user=author,
        tz=zone.key,
        today=today,
        on_this_day=await on_this_day(session, author, today, zone),
        calendar=await calendar_of(session, author, zone, year),
        pictures=await newest_pictures(session, author.id, limit=PICTURES),
        most_liked=await most_liked(session, author.id, limit=MOST_LIKED),
    )


async def read_archive(
    session: AsyncSession,
    models: Models,
    author: Author,
    zone: ZoneInfo,
    year: int | None,
    traits: AuthorTraits | None = None,
) -> AuthorArchive:
    """Return the archive of an author, likewise.

    traits: what sets them apart, if it is known.
    """
    archive = await read_memories(session, author, zone, year)
    room = traits.room if traits else await room_of_author(session, author)
    if room is None:
        typical, shipped = await read_typical(session, models, author)
    else:
        traits = traits or await read_traits(session, models, author, room)
        typical, shipped = traits.typical, 0
    return AuthorArchive(
        **structs.asdict(archive),
        typical=typical,
        shipped_authors=shipped,
        numbers=await numbers_of(session, author, zone),
    )


async def read_typical(
    session: AsyncSession, models: Models, author: Author
) -> tuple[list[TypicalTerm], int]:
    """Return what is typical of an author of no chat; with how many shipped authors it compares."""
    names = [author.username, author.display_name or ""]
    user = await get_user(session, author.username)
    typical = await typical_of(session, models, user, partial(typical_phrases, names=names))
    terms = [
        TypicalTerm(word.text, round(word.times, 2), word.is_mark, not word.rate_elsewhere)
        for word in typical.words
    ]
    return terms, typical.shipped
