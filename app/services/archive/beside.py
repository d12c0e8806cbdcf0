"""Beside whom an author's posts are counted: the others of their chat, or of the site."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final, NamedTuple

from sqlalchemy import bindparam
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.chat_timing import Said, after_silence
from app.compute.conversations import WrittenTexts, conversations_of
from app.compute.fingerprint import MOST_BESIDE, Measure, fingerprint
from app.compute.languages import guess_main_language
from app.compute.phrases import Phrase, phrases_of
from app.compute.portrait import MOST_GUESSED
from app.compute.significance import FEWEST_COMPARED
from app.compute.tally import tally_of
from app.db.backend import backend_of
from app.models import Tweet, User
from app.services.compare.cases import Models
from app.services.compare.manners import written_languages
from app.services.posts.samples import sample_ids
from app.services.posts.scanning import (
    MOST_SCANNED,
    Collected,
    Scan,
    ScannedColumn,
    ScanQuery,
    read_scan,
    scanning,
)
from app.services.posts.users import Author, UserRow, select_rows
from app.services.rooms.portrait import said_in, said_of, scan_room
from app.services.rooms.room_facts import RoomFacts, names_in

OWN_POSTS: Final = 2_000
"""Newest posts of an author that are looked through, beside the site."""
POSTS_OF_EACH: Final = 300
"""The same, of each of the others there."""
MOST_SOUGHT: Final = 24
"""Authors with the most posts, among whom those of the language are sought."""


class Reach(NamedTuple):
    """How many of the newest posts are looked through."""

    in_room: int = MOST_SCANNED
    own: int = OWN_POSTS
    each: int = POSTS_OF_EACH


class PostsBeside(NamedTuple):
    """Posts of an author and others."""

    scans: Sequence[Scan]
    """Of a room those with a time, and those without; else of each author."""
    room: RoomFacts | None
    usernames: Sequence[str]
    names: Sequence[str]
    """What these people are called."""
    reach: Reach
    is_whole: bool
    """Whether there are no more posts."""

    def said(self) -> list[Said]:
        """Return the posts, those of a room in their order; a thread does it."""
        if self.room is not None:
            dated, undated = self.scans
            return said_in((dated, undated), self.reach.in_room)
        return [message for of_author in self.scans for message in reversed(said_of(of_author))]


class CountedBeside(NamedTuple):
    """How an author's posts differ from those of others."""

    said: list[Said]
    conversations: list[int]
    """The number of the one that each post is in."""
    own: list[int]
    """The places of the author's."""
    ranked: list[tuple[int, int]]
    """The ids of all others, and how many posts each has, the most first."""
    beside: list[int]
    """The places of theirs, by author in that order."""
    measures: list[Measure]

    @property
    def is_compared(self) -> bool:
        """Whether both sides have enough posts."""
        return min(len(self.own), len(self.beside)) >= FEWEST_COMPARED

    @property
    def one_by_one(self) -> list[tuple[int, int]]:
        """The others who are compared one by one, as they are ranked."""
        return [pair for pair in self.ranked if pair[1] >= FEWEST_COMPARED][:MOST_BESIDE]

    def phrases(self, names: Iterable[str]) -> list[Phrase] | None:
        """Return what the author says more often than the others; None if too little is compared.

        names: what these people are called. It takes long.
        """
        if not self.is_compared:
            return None
        own = WrittenTexts(
            [self.said[place].text for place in self.own],
            [self.conversations[place] for place in self.own],
        )
        language = guess_main_language(own.texts[-MOST_GUESSED:])
        beside = [self.said[place].text for place in self.beside]
        return phrases_of(own, beside, language=language, names=names)


async def read_beside(
    session: AsyncSession, models: Models, author: Author, room: RoomFacts | None, reach: Reach
) -> PostsBeside:
    """Return the posts of an author and the others of a room, or else of the site."""
    if room is not None:
        scans = await scan_room(session, room.id, reach.in_room)
        is_whole = room.messages <= reach.in_room
        return PostsBeside(scans, room, room.usernames, names_in(room), reach, is_whole)
    own = await _newest(session, author.id, reach.own)
    others = await _others_here(session, models, author)
    of_each = [await _newest(session, row.id, reach.each) for row in others]
    usernames = [author.username, *(row.username for row in others)]
    names = [*usernames, author.display_name or ""]
    is_whole = author.tweets <= reach.own and all(row.tweet_count <= reach.each for row in others)
    return PostsBeside([own, *of_each], None, usernames, names, reach, is_whole)


def count_beside(read: PostsBeside, author_id: int) -> CountedBeside:
    """Return how the posts of an author differ from those of the others; it takes long."""
    said = read.said()
    numbers = conversations_of(message.time for message in said)
    begins = after_silence(said) if read.room else ()
    places: dict[int, list[int]] = {author_id: []}
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
    ranked = sorted(places.keys() - {author_id}, key=lambda one: (-len(places[one]), one))
    counted = CountedBeside(
        said=said,
        conversations=numbers,
        own=places[author_id],
        ranked=[(user_id, len(places[user_id])) for user_id in ranked],
        beside=[place for user_id in ranked for place in places[user_id]],
        measures=[],
    )
    one_by_one = [user_id for user_id, _ in counted.one_by_one]
    together = [tallies[user_id] for user_id in ranked if user_id not in one_by_one]
    singly = [tallies[user_id] for user_id in one_by_one]
    return counted._replace(measures=fingerprint(tallies[author_id], singly, together))


async def _newest(session: AsyncSession, user_id: int, count: int) -> Scan:
    query = _written_by(backend_of(session).collected)
    return await read_scan(session, query, {"user_id": user_id, "limit": count})


@cache
def _written_by(collected: Collected) -> ScanQuery:
    """Return the query for the newest posts of an author."""
    columns: tuple[ScannedColumn, ...] = ("author", "time", "text")
    return scanning(collected, Tweet.user_id == bindparam("user_id"), columns=columns)


async def _others_here(session: AsyncSession, models: Models, author: Author) -> list[UserRow]:
    """Return up to eight others of the site who write the author's language.

    Samples are invented, so they are compared with each other alone.
    """
    samples = await sample_ids(session)
    is_sample = User.id.in_(samples)
    is_other = (
        User.id != author.id,
        is_sample if author.id in samples else ~is_sample,
        User.is_of_chat.is_(False),
        User.tweet_count >= FEWEST_COMPARED,
    )
    query = select_rows(*is_other).order_by(User.tweet_count.desc(), User.id).limit(MOST_SOUGHT)
    rows = [UserRow(*row) for row in await session.execute(query)]
    row_of_author = select_rows(User.id == author.id)
    first = [UserRow(*row) for row in await session.execute(row_of_author)]
    language, *languages = await written_languages(session, models, [*first, *rows])
    languages_of_rows = zip(rows, languages, strict=True)
    return [row for row, spoken in languages_of_rows if spoken == language][:MOST_BESIDE]
