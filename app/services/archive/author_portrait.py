"""An author's writing, compared with other people of their chat or site.

An author's page, the portrait in the API and pictures have the same counts (`compare_author`).
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from itertools import chain
from typing import NamedTuple

import msgspec
from sqlalchemy import bindparam
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import backend_of
from app.db.result_cache import EVERYTHING, counting, depends_on
from app.models import Tweet, User
from app.services.compare.habits import Models, typical_of, written_languages
from app.services.posts.selection import (
    MOST_SCANNED,
    Collected,
    Scan,
    ScannedColumn,
    ScanQuery,
    read_scan,
    said_in,
    scanning,
)
from app.services.posts.users import Author, UserRow, get_user, read_rows, sample_ids, select_rows
from app.services.rooms.periods import gone_from
from app.services.rooms.room_facts import RoomFacts, names_in
from app.services.rooms.sight import read_newest
from saywho.people.fingerprint import MOST_BESIDE, NO_TURNS, Measure, fingerprint, tally_of
from saywho.people.peers import people_of_language
from saywho.people.phrases import Phrase, WordedTexts, phrases_apart, typical_phrases
from saywho.people.portrait import MOST_GUESSED
from saywho.people.times import (
    Said,
    after_silence,
    conversations_of,
    places_of_each,
    turns_in,
    written_at,
)
from saywho.people.typical_words import words_in_each
from saywho.significance import FEWEST_COMPARED
from saywho.text import guess_main_language


class Reach(NamedTuple):
    in_room: int = MOST_SCANNED
    own: int = 2_000
    """For a comparison with the site."""
    each: int = 300
    """Posts of each other author there."""


class PostsBeside(NamedTuple):
    scans: Sequence[Scan]
    """A chat's messages with and without a time; otherwise each author's posts."""
    room: RoomFacts | None
    usernames: Sequence[str]
    names: Sequence[str]
    is_whole: bool
    is_of_samples: bool = False
    """Whether the author and the compared people are sample authors."""


class CountedBeside(NamedTuple):
    said: list[Said]
    conversations: list[int]
    """Number of each post's conversation."""
    own: list[int]
    """Places of the author's posts."""
    ranked: list[tuple[int, int]]
    """IDs and numbers of posts of the compared people, most first."""
    of_others: list[list[int]]
    """Places of each compared person's posts, in that order."""
    measures: list[Measure]

    @property
    def beside(self) -> list[int]:
        """Places of the compared people's posts."""
        return [*chain.from_iterable(self.of_others)]

    @property
    def is_compared(self) -> bool:
        """Whether both sides have enough posts."""
        return min(len(self.own), len(self.beside)) >= FEWEST_COMPARED

    @property
    def one_by_one(self) -> list[tuple[int, int]]:
        return [pair for pair in self.ranked if pair[1] >= FEWEST_COMPARED][:MOST_BESIDE]

    def phrases(self, names: Iterable[str]) -> list[Phrase] | None:
        """Return the words that the author says more often than anyone; None for too few. Slow."""
        if not self.is_compared:
            return None
        places = [self.own, *self.of_others]
        people = [written_at(self.said, self.conversations, of_one) for of_one in places]
        language = guess_main_language(people[0].texts[-MOST_GUESSED:])
        worded = [*map(WordedTexts.of, people)]
        return phrases_apart(worded, {0: language}, names, are_people=True).get(0)


@dataclass(frozen=True)
class ComparedAuthor:
    """An author's posts next to other people's of a chat, else of the site."""

    author: Author
    read: PostsBeside
    counted: CountedBeside
    models: Models
    """The store of the site, or the chat, that the posts are of."""

    @cached_property
    def phrases(self) -> list[Phrase] | None:
        """Words that the author says more often; None if too little is compared. Slow."""
        return self.counted.phrases(self.read.names)


async def compare_author(
    session: AsyncSession, models: Models, author: Author, room: RoomFacts | None
) -> ComparedAuthor:
    depends_on(EVERYTHING)
    read = await read_beside(session, models, author, room, Reach())
    counted = await asyncio.to_thread(count_beside, read, author.id)
    compared = ComparedAuthor(author, read, counted, models)
    await asyncio.to_thread(lambda: compared.phrases)
    return compared


async def read_beside(
    session: AsyncSession, models: Models, author: Author, room: RoomFacts | None, reach: Reach
) -> PostsBeside:
    """Return posts of an author and other people of a chat, else the site."""
    counting(room.messages if room else author.tweets)
    if room is not None:
        gone = await gone_from(session, room.id)
        scans = await read_newest(session, room.id, reach.in_room, gone=gone)
        is_whole = room.messages <= reach.in_room
        return PostsBeside(scans, room, room.usernames, names_in(room), is_whole)
    own = await _newest(session, author.id, reach.own)
    samples = await sample_ids(session)
    language, others = await _others_here(session, models, author, samples)
    of_each = [await _newest(session, row.id, reach.each) for row in others]
    if language is None:
        alike = await asyncio.to_thread(_of_language, own, of_each)
        others, of_each = [others[at] for at in alike], [of_each[at] for at in alike]
    usernames = [author.username, *(row.username for row in others)]
    names = [*usernames, author.display_name or ""]
    is_whole = author.tweets <= reach.own and all(row.tweet_count <= reach.each for row in others)
    scans = [own, *of_each]
    return PostsBeside(scans, None, usernames, names, is_whole, author.id in samples)


def count_beside(read: PostsBeside, author_id: int) -> CountedBeside:
    """Return the differences from the other people's posts. Slow."""
    said = said_in(read.scans)
    numbers = conversations_of(message.time for message in said)
    begins = after_silence(said) if read.room else ()
    turns = turns_in(said, numbers) if read.room else {}
    places = places_of_each(said, [author_id])
    tallies = {
        user_id: tally_of(
            *written_at(said, numbers, of_user),
            [begins[place] for place in of_user if begins],
            turns.get(user_id, NO_TURNS),
            is_chat=bool(read.room),
        )
        for user_id, of_user in places.items()
    }
    ranked = sorted(places.keys() - {author_id}, key=lambda one: (-len(places[one]), one))
    counted = CountedBeside(
        said=said,
        conversations=numbers,
        own=places[author_id],
        ranked=[(user_id, len(places[user_id])) for user_id in ranked],
        of_others=[places[user_id] for user_id in ranked],
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
    columns: tuple[ScannedColumn, ...] = ("author", "time", "text")
    return scanning(collected, Tweet.user_id == bindparam("user_id"), columns=columns)


async def _others_here(
    session: AsyncSession, models: Models, author: Author, samples: Sequence[int]
) -> tuple[str | None, list[UserRow]]:
    """Return the author's language, and others of it; samples only for samples."""
    is_sample = User.id.in_(samples)
    is_other = (
        User.id != author.id,
        is_sample if author.id in samples else ~is_sample,
        User.is_of_chat.is_(False),
        User.tweet_count >= FEWEST_COMPARED,
    )
    query = select_rows(*is_other).order_by(User.tweet_count.desc(), User.id).limit(24)
    rows = await read_rows(session, query)
    first = await read_rows(session, select_rows(User.id == author.id))
    language, *languages = await written_languages(session, models, [*first, *rows])
    others = [row for row, own in zip(rows, languages, strict=True) if own == language]
    return language, others if language is None else others[:MOST_BESIDE]


def _of_language(own: Scan, of_each: Sequence[Scan]) -> list[int]:
    """Return the places of up to eight others who seem to write the same language. Slow."""
    spreads = [Counter(chain.from_iterable(words_in_each(scan.text))) for scan in (own, *of_each)]
    return [place - 1 for place in people_of_language(spreads, [0])[0]][:MOST_BESIDE]


class TypicalTerm(msgspec.Struct, frozen=True):
    """A word or sign that an author uses more than other people."""

    text: str
    times: float
    """How many times as often as the compared people."""
    is_mark: bool
    """Whether the term is a sign, not a word."""
    is_only: bool
    """Whether none of them uses the term."""


class AuthorTraits(msgspec.Struct, frozen=True):
    """Habits that set an author apart by more than chance."""

    clear: list[Measure]
    """Clear habits; none if too little is compared."""
    room: RoomFacts | None
    """The chat of the compared people; None for authors of the site."""
    is_of_newest: bool
    others: int = 0
    only_other: str = ""
    """Name of the only other person; empty for several."""
    is_of_samples: bool = False
    """Whether the compared people are sample authors, as the author is."""
    typical: list[TypicalTerm] = []
    """Typical phrases; none outside of chats."""
    phrase: tuple[Phrase, float] | None = None
    """The phrase that they say most of all that they say more often, and its share of the posts."""


async def read_compared(
    session: AsyncSession, models: Models, author: Author, room: RoomFacts | None
) -> ComparedAuthor | None:
    """Return the author next to other people; None with too few posts."""
    if author.tweets < FEWEST_COMPARED:
        return None
    return await compare_author(session, models, author, room)


def traits_of(compared: ComparedAuthor | None, room: RoomFacts | None) -> AuthorTraits:
    if compared is None:
        return AuthorTraits([], room, is_of_newest=False)
    read, counted, name = compared.read, compared.counted, compared.author.username
    people = room.usernames if room else read.usernames
    others = (room.people_total if room else len(people)) - 1
    own, phrases = len(counted.own), compared.phrases or []
    most_said = max(phrases, key=lambda phrase: phrase.messages, default=None)
    return AuthorTraits(
        [measure for measure in counted.measures if measure.is_clear and counted.is_compared],
        room,
        is_of_newest=not read.is_whole,
        others=others,
        only_other=next(other for other in people if other != name) if others == 1 else "",
        is_of_samples=read.is_of_samples,
        typical=_as_terms(phrases, own, len(counted.beside)) if room else [],
        phrase=(most_said, most_said.messages / own) if most_said else None,
    )


async def read_typical(
    session: AsyncSession, models: Models, author: Author
) -> tuple[list[TypicalTerm], int]:
    """Return typical terms, and the number of shipped authors compared."""
    names = [author.username, author.display_name or ""]
    user = await get_user(session, author.username)
    typical = await typical_of(session, models, user, partial(typical_phrases, names=names))
    terms = [
        TypicalTerm(word.text, round(word.times, 2), word.is_mark, not word.rate_elsewhere)
        for word in typical.words
    ]
    return terms, typical.shipped


def _as_terms(phrases: Iterable[Phrase], own: int, beside: int) -> list[TypicalTerm]:
    return [
        TypicalTerm(
            phrase.text,
            round(phrase.messages / own * beside / max(phrase.messages_elsewhere, 1), 2),
            is_mark=False,
            is_only=not phrase.messages_elsewhere,
        )
        for phrase in phrases
    ]
