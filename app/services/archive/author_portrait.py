"""An author's writing, compared with other people of their chat or site.

An author's page, the portrait in the API and pictures have the same counts (`compare_author`).
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain
from typing import Any, NamedTuple, Protocol

from msgspec import Struct, structs
from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import backend_of
from app.models import RoomPerson, Tweet, User
from app.services.compare.comparing import add_reasons, answer, case_of
from app.services.compare.habits import Models, typical_of, written_languages
from app.services.compare.held_out import RecognisedPosts, recognised_posts
from app.services.posts import selection, users
from app.services.posts.tweets import find_posts
from app.services.rooms.chat_portrait import read_newest
from app.services.rooms.chats import RoomFacts, names_in, room_of_author
from app.services.rooms.timeline import deleted_people
from app.services.snapshots import Counted, Key, Snapshots
from saywho.comparing.question import Question
from saywho.comparing.verdict import Comparison
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
from saywho.text import guess_main_language, username_key
from saywho.words import Mentions, ScannedPost, count_mentions


class SampleSizes(NamedTuple):
    in_room: int = selection.MOST_SCANNED
    own: int = 2_000
    """For a comparison with the site."""
    each: int = 300
    """Posts of each other author there."""


class ComparedPosts(NamedTuple):
    scans: Sequence[selection.Scan]
    """A chat's messages with and without a time; otherwise each author's posts."""
    room: RoomFacts | None
    people: list[int]
    """The author, and the people of the site who are compared."""
    names: Sequence[str]
    is_whole: bool
    is_of_samples: bool = False
    """Whether the author and the compared people are sample authors."""


class ComparedCounts(NamedTuple):
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


class TypicalTerm(Struct, frozen=True):
    """A word or sign that an author uses more than other people."""

    text: str
    times: float
    """How many times as often as the compared people."""
    is_mark: bool
    """Whether the term is a sign, not a word."""
    is_only: bool
    """Whether none of them uses the term."""


class AuthorCounts(Struct, frozen=True, kw_only=True):
    """How an author writes beside other people: what is stored of it, with ids as names."""

    messages: int
    """Number of the author's posts that were analysed."""
    times: list[int]
    """Of these posts, in seconds since 1970."""
    messages_elsewhere: int
    times_elsewhere: list[int]
    ranked: list[tuple[int, int]]
    """People compared and the number of their posts, most first."""
    people: list[int]
    """The author, and everyone compared, also with nothing to analyse; empty for a chat."""
    measures: list[Measure]
    phrases: list[Phrase] | None
    is_whole: bool
    is_of_samples: bool
    recognised: RecognisedPosts | None
    most_like: Comparison | None
    """Of the post that was most certainly recognised, compared as if unknown."""

    @property
    def is_compared(self) -> bool:
        """Whether both sides have enough posts."""
        return min(self.messages, self.messages_elsewhere) >= FEWEST_COMPARED

    @property
    def one_by_one(self) -> list[tuple[int, int]]:
        return [pair for pair in self.ranked if pair[1] >= FEWEST_COMPARED][:MOST_BESIDE]


class AuthorSnapshot(Struct, frozen=True, kw_only=True):
    """What was counted of an author, as it is stored."""

    room_id: int | None
    """The chat of the people compared; None for authors of the site."""
    beside: AuthorCounts | None
    """None with too few posts."""
    typical: list[TypicalTerm]
    """Of an author of the site."""
    shipped: int
    mentions: Mentions
    scanned: int
    """Number of posts in whose texts mentions were counted."""
    languages: dict[str, int]
    """Number of posts in each language, "" for an unknown one; none of messages."""


class Caches(Protocol):
    """What a process keeps: of the site, or of one chat alone."""

    @property
    def models(self) -> Models: ...
    @property
    def snapshots(self) -> Snapshots: ...


class AuthorCounter(Counted[AuthorSnapshot]):
    """How an author is counted, for a snapshot."""

    kind = "author 2"
    content = AuthorSnapshot

    def __init__(self, models: Models, author: users.Author, room: RoomFacts | None) -> None:
        """room: the author's main chat."""
        self.key = Key(self.kind, author.id)
        self.posts, self._room_id = author.tweets, room.id if room else None
        self._models, self._username = models, author.username

    async def people(self, session: AsyncSession) -> Sequence[int]:
        if self._room_id is not None:
            of_room = RoomPerson.room_id == self._room_id
            people = select(RoomPerson.user_id).where(of_room)
        else:
            samples = await users.sample_ids(session)
            people = _others_of(self.key.subject_id, samples, User.id)
        return sorted({self.key.subject_id, *await session.scalars(people)})

    def fits(self, snapshot: AuthorSnapshot) -> bool:
        return snapshot.room_id == self._room_id and bool(snapshot.beside)

    async def count(self, session: AsyncSession) -> AuthorSnapshot:
        author = await users.get_author(session, self._username)
        room = await room_of_author(session, author)
        typical, shipped = list[TypicalTerm](), 0
        if room is None:
            typical, shipped = await read_typical(session, self._models, author)
        columns: tuple[selection.ScannedColumn, ...] = ("text", "card", "answered")
        newest = await selection.scan(session, Tweet.user_id == author.id, columns=columns)
        of_few = author.tweets < FEWEST_COMPARED
        own = Tweet.user_id == author.id, Tweet.room_id.is_(None)
        by_language = select(Tweet.lang, func.count()).where(*own).group_by(Tweet.lang)
        languages = {lang or "": posts for lang, posts in await session.execute(by_language)}
        return AuthorSnapshot(
            room_id=room.id if room else None,
            beside=None if of_few else await _beside(session, self._models, author, room),
            typical=typical,
            shipped=shipped,
            mentions=await asyncio.to_thread(_mentions_in, author.username, newest),
            scanned=len(newest.text),
            languages=languages,
        )


def _mentions_in(username: str, newest: selection.Scan) -> Mentions:
    columns = newest.text, newest.card, answered_names(newest, username)
    return count_mentions(map(ScannedPost, *columns), most=20)


def answered_names(newest: selection.Scan, username: str) -> list[str | None]:
    """Return the answered person of each post, None for no person and the author."""
    own_key = username_key(username)
    return [name if name and username_key(name) != own_key else None for name in newest.answered]


@dataclass(frozen=True, slots=True)
class ComparedAuthor:
    """An author next to other people of a chat, else of the site."""

    author: users.Author
    room: RoomFacts | None
    beside: AuthorCounts
    names: dict[int, str]
    """Usernames of the people compared one by one, and of those of the site."""
    snapshot: AuthorSnapshot
    models: Models
    """The store of the site, or the chat, that the posts are of."""


async def read_author_snapshot(
    session: AsyncSession, stores: Caches, author: users.Author, room: RoomFacts | None
) -> AuthorSnapshot:
    """Return what was counted of an author; room: the main chat."""
    return await stores.snapshots.read(session, AuthorCounter(stores.models, author, room))


async def compare_author(
    session: AsyncSession, stores: Caches, author: users.Author, room: RoomFacts | None
) -> ComparedAuthor:
    """Return an author beside others, also with few posts."""
    snapshot = await read_author_snapshot(session, stores, author, room)
    beside = snapshot.beside or await _beside(session, stores.models, author, room)
    ids = [author.id, *beside.people, *(user_id for user_id, _ in beside.one_by_one)]
    query = select(User.id, User.username).where(User.id.in_(ids))
    names = {row.id: row.username for row in await session.execute(query)}
    return ComparedAuthor(author, room, beside, names, snapshot, stores.models)


async def _beside(
    session: AsyncSession, models: Models, author: users.Author, room: RoomFacts | None
) -> AuthorCounts:
    read = await read_compared_posts(session, models, author, room, SampleSizes())
    counted = await asyncio.to_thread(count_compared_posts, read, author.id)
    phrases = await asyncio.to_thread(counted.phrases, read.names)
    times, times_elsewhere = (
        [time for place in places if (time := counted.said[place].time) is not None]
        for places in (counted.own, counted.beside)
    )
    beside = AuthorCounts(
        messages=len(counted.own),
        times=times,
        messages_elsewhere=len(counted.beside),
        times_elsewhere=times_elsewhere,
        ranked=counted.ranked,
        people=read.people,
        measures=counted.measures,
        phrases=phrases,
        is_whole=read.is_whole,
        is_of_samples=read.is_of_samples,
        recognised=None,
        most_like=None,
    )
    ids = [author.id, *(user_id for user_id, _ in counted.one_by_one)]
    people = await users.read_rows(session, users.select_rows(User.id.in_(ids)))
    rows = sorted(people, key=lambda row: ids.index(row.id))
    recognised = await recognised_posts(session, models, rows[0], rows[1:])
    most_like = None
    if recognised and recognised.surest:
        post = (await find_posts(session, [recognised.surest]))[recognised.surest]
        asked = Question([post.text], [row.username for row in rows], hidden_post=post.id)
        case = await case_of(session, models, asked)
        most_like = await add_reasons(session, case, await answer(case))
    return structs.replace(beside, recognised=recognised, most_like=most_like)


async def read_compared_posts(
    session: AsyncSession,
    models: Models,
    author: users.Author,
    room: RoomFacts | None,
    reach: SampleSizes,
) -> ComparedPosts:
    """Return posts of an author and other people of a chat, else the site."""
    if room is not None:
        gone = await deleted_people(session, room.id)
        scans = await read_newest(session, room.id, reach.in_room, gone=gone)
        is_whole = room.messages <= reach.in_room
        return ComparedPosts(scans, room, [], names_in(room), is_whole)
    own = await _newest(session, author.id, reach.own)
    samples = await users.sample_ids(session)
    language, others = await _others_here(session, models, author, samples)
    of_each = [await _newest(session, row.id, reach.each) for row in others]
    if language is None:
        alike = await asyncio.to_thread(_of_language, own, of_each)
        others, of_each = [others[at] for at in alike], [of_each[at] for at in alike]
    names = [author.username, *(row.username for row in others), author.display_name or ""]
    is_whole = author.tweets <= reach.own and all(row.tweet_count <= reach.each for row in others)
    scans = [own, *of_each]
    people = [author.id, *(row.id for row in others)]
    return ComparedPosts(scans, None, people, names, is_whole, author.id in samples)


def count_compared_posts(read: ComparedPosts, author_id: int) -> ComparedCounts:
    """Return the differences from the other people's posts. Slow."""
    said = selection.messages_of(read.scans)
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
    counted = ComparedCounts(
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


async def _newest(session: AsyncSession, user_id: int, count: int) -> selection.Scan:
    query = _written_by(backend_of(session).collected)
    return await selection.read_scan(session, query, {"user_id": user_id, "limit": count})


@cache
def _written_by(collected: selection.Collected) -> selection.ScanQuery:
    columns: tuple[selection.ScannedColumn, ...] = ("author", "time", "text")
    return selection.scanning(collected, Tweet.user_id == bindparam("user_id"), columns=columns)


async def _others_here(
    session: AsyncSession, models: Models, author: users.Author, samples: Sequence[int]
) -> tuple[str | None, list[users.UserRow]]:
    """Return the author's language, and others of it; samples only for samples."""
    rows = await users.read_rows(session, _others_of(author.id, samples))
    first = await users.read_rows(session, users.select_rows(User.id == author.id))
    language, *languages = await written_languages(session, models, [*first, *rows])
    others = [row for row, own in zip(rows, languages, strict=True) if own == language]
    return language, others if language is None else others[:MOST_BESIDE]


def _others_of(user_id: int, samples: Sequence[int], *columns: Any) -> Any:
    """Return the query of the authors among whom those of the same language are compared."""
    is_sample = User.id.in_(samples)
    is_other = (
        User.id != user_id,
        is_sample if user_id in samples else ~is_sample,
        User.is_of_chat.is_(False),
        User.tweet_count >= FEWEST_COMPARED,
    )
    query = users.select_rows(*is_other).order_by(User.tweet_count.desc(), User.id).limit(24)
    return query.with_only_columns(*columns) if columns else query


def _of_language(own: selection.Scan, of_each: Sequence[selection.Scan]) -> list[int]:
    """Return the places of up to eight others who seem to write the same language. Slow."""
    spreads = [Counter(chain.from_iterable(words_in_each(scan.text))) for scan in (own, *of_each)]
    return [place - 1 for place in people_of_language(spreads, [0])[0]][:MOST_BESIDE]


class AuthorTraits(Struct, frozen=True):
    """Habits that set an author apart by more than chance."""

    clear: list[Measure] = []
    """Clear habits; none if too little is compared."""
    room: RoomFacts | None = None
    """The chat of the compared people; None for authors of the site."""
    is_of_newest: bool = False
    others: int = 0
    only_other: str = ""
    """Name of the only other person; empty for several."""
    is_of_samples: bool = False
    """Whether the compared people are sample authors, as the author is."""
    typical: list[TypicalTerm] = []
    """Typical phrases; none outside of chats."""
    phrase: tuple[Phrase, float] | None = None
    """The phrase that they say most of all that they say more often, and its share of the posts."""
    languages: dict[str, int] = {}
    """As in the snapshot."""


async def find_compared(
    session: AsyncSession, stores: Caches, author: users.Author, room: RoomFacts | None
) -> ComparedAuthor | None:
    """Return the author next to other people; None with too few posts."""
    if author.tweets < FEWEST_COMPARED:
        return None
    return await compare_author(session, stores, author, room)


def traits_of(compared: ComparedAuthor | None, room: RoomFacts | None) -> AuthorTraits:
    if compared is None:
        return AuthorTraits(room=room)
    beside, name = compared.beside, compared.author.username
    people = room.usernames if room else [compared.names[user_id] for user_id in beside.people]
    others = (room.people_total if room else len(people)) - 1
    own, phrases = beside.messages, beside.phrases or []
    most_said = max(phrases, key=lambda phrase: phrase.messages, default=None)
    return AuthorTraits(
        [measure for measure in beside.measures if measure.is_clear and beside.is_compared],
        room,
        is_of_newest=not beside.is_whole,
        others=others,
        only_other=next(other for other in people if other != name) if others == 1 else "",
        is_of_samples=beside.is_of_samples,
        typical=_as_terms(phrases, own, beside.messages_elsewhere) if room else [],
        phrase=(most_said, most_said.messages / own) if most_said else None,
        languages=compared.snapshot.languages,
    )


async def read_typical(
    session: AsyncSession, models: Models, author: users.Author
) -> tuple[list[TypicalTerm], int]:
    """Return typical terms, and the number of shipped authors compared."""
    names = [author.username, author.display_name or ""]
    user = await users.get_user(session, author.username)
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
