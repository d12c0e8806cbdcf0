"""Model cards: how well held-out posts tell authors apart; made on request, kept with their age."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.batch import Batch
from app.db.engine import Database
from app.db.result_cache import LruStore
from app.services.compare.background import LeftOutShare
from app.services.compare.comparing import MOST_NAMED, case_of_authors, compared_users, with_habits
from app.services.compare.habits import Models
from app.services.compare.held_out import stored_left_out
from app.services.compare.profiles import newest_chained, newest_posts
from app.services.posts.users import UserRow, outgrown_samples
from saywho.clock import now
from saywho.comparing.held_out import FEWEST_ASKED, Measured, measured_on
from saywho.comparing.question import check_words
from saywho.comparing.verdict import MODEL_NAME, Model
from saywho.engine.case import Case
from saywho.engine.fitting import units_of
from saywho.engine.judgement import Judgement, judge
from saywho.significance import are_most
from saywho.text import has_words, own_words

FEWEST_OF_AUTHOR: Final = 5
"""Minimum of an author's posts for their share."""
Key = tuple[bool, frozenset[tuple[int, int]]]
"""Whether authors are named, their IDs and numbers of deletions."""


class CardAuthor(msgspec.Struct, frozen=True):
    """An author of a card, with the number of recognised posts."""

    username: str
    tweets: int
    asked: int
    """Number of held-out posts with enough words, or of their pieces."""
    right: int


class Strangers(msgspec.Struct, frozen=True):
    """The results for posts by other authors."""

    asked: int
    """Number of posts with enough words for their language."""
    given: int
    """Number of posts called `likely` for one of the authors."""


class Card(msgspec.Struct, frozen=True):
    """A measurement of how well some authors are told apart."""

    authors: list[CardAuthor]
    """At most 50 authors, those with the most posts."""
    held_out: Measured | None
    """Measured on the newest posts; null if there are too few."""
    strangers: Strangers | None
    """Measured on posts by others; null if there are too few, or mostly `unknown_language`."""
    confusion: list[list[int]]
    """Number of posts by real author (row) and named author (column)."""
    model: Model
    made_at: datetime
    left_out: LeftOutShare | None = None
    """How often a text by an author here, who is left out of the comparison, is called `likely` for
    someone else here. Null until it is measured, or if there are few authors of each language.
    """
    unknown_language: bool = False
    """Whether most posts by others are in a language of which too few others are known."""

    @property
    def given(self) -> list[tuple[str, str, int]]:
        """Real author, named author and number of posts, the most frequent first."""
        names = [author.username for author in self.authors]
        cells = [
            (names[true], names[column], times)
            for true, row in enumerate(self.confusion)
            for column, times in enumerate(row)
            if times
        ]
        return sorted(cells, key=lambda cell: -cell[2])


class Cards:
    """A process's model cards, made in turn.

    pause: until a card is made again while posts arrive.
    """

    def __init__(
        self, db: Database, models: Models, *, pause: timedelta = timedelta(minutes=1)
    ) -> None:
        self._db = db
        self._models = models
        self._rest = pause
        self._kept: LruStore[Key, Card] = LruStore(200, lambda _: 1)
        """By authors and deletions, to find no card with a deleted post."""
        self._making: Batch[tuple[str, ...], Card] = Batch(
            self._make, max_size=1, max_waiting=16, timeout_s=25
        )

    async def close(self) -> None:
        await self._making.close()

    def clear(self, _newest: int) -> None:
        self._kept.clear()

    async def get(self, usernames: Sequence[str]) -> Card:
        """Return the named or all authors' card, made again after arrivals.

        Raises NotFoundError, InvalidInputError, and UnavailableError while many are being made.
        """
        async with self._db.read() as session:
            measured = await _measured_users(session, usernames)
            left_out = await stored_left_out(session)
        card = self._find(_key(usernames, measured), measured)
        card = card or await self._making(tuple(usernames))
        return msgspec.structs.replace(card, left_out=left_out)

    def _find(self, key: Key, measured: Sequence[UserRow]) -> Card | None:
        card = self._kept.get(key)
        if card is None or abs(now() - card.made_at) < self._rest:
            return card
        posts = sum(author.tweets for author in card.authors)
        return card if posts == sum(user.tweet_count for user in measured) else None

    async def _make(self, requested: Sequence[tuple[str, ...]]) -> list[Card]:
        (usernames,) = requested
        async with self._db.read() as session:
            measured = await _measured_users(session, usernames)
            key = _key(usernames, measured)
            if card := self._find(key, measured):  # Made while this one waited.
                return [card]
            case = await case_of_authors(session, self._models, measured, is_named=bool(usernames))
            check_words(case.suspects)
            case = await with_habits(session, self._models, case)
            most_posts = max(4, min(100, 1_000 // len(measured)))
            newest = [
                units_of(await newest_chained(session, user.id, min(most_posts, _hidden_of(user))))
                for user in measured
            ]
            strangers = await _strangers(session, case)
        held_out, table = await asyncio.to_thread(measured_on, case, newest)
        found, is_unknown = await asyncio.to_thread(_given, case, strangers)
        card = Card(
            authors=[
                CardAuthor(user.username, user.tweet_count, sum(row), row[place])
                for place, (user, row) in enumerate(zip(measured, table, strict=True))
            ],
            held_out=held_out,
            strangers=found,
            confusion=table,
            model=Model(MODEL_NAME, case.fitted.version, case.as_of_event),
            made_at=now(),
            unknown_language=is_unknown,
        )
        self._kept.put(key, card)
        return [card]


def _hidden_of(user: UserRow) -> int:
    """Return how many of an author's newest posts are hidden: a quarter, of a few essays half."""
    return user.tweet_count // (2 if 4 <= user.tweet_count < 8 else 4)


async def own_authors(session: AsyncSession) -> list[str]:
    """Return all authors except samples, if enough and at most `MOST_NAMED`."""
    if not await outgrown_samples(session):
        return []
    users = await compared_users(session, (), of_own=True)
    return [user.username for user in users] if len(users) <= MOST_NAMED else []


async def _measured_users(session: AsyncSession, usernames: Sequence[str]) -> list[UserRow]:
    users = await compared_users(session, usernames)
    largest = {user.id for user in sorted(users, key=lambda u: -u.tweet_count)[:50]}
    return [user for user in users if user.id in largest]


def _key(usernames: Sequence[str], measured: Sequence[UserRow]) -> Key:
    return bool(usernames), frozenset((user.id, user.version) for user in measured)


async def _strangers(session: AsyncSession, case: Case) -> dict[int, list[str]]:
    """Return posts in the authors' languages by up to 30 others, then by the compared authors."""
    compared = [suspect.id for suspect in case.suspects]
    members = {member for member, _, _ in case.fitted.population.members} - set(compared)
    samples = set(case.fitted.samples)
    members -= set() if samples & set(compared) else samples
    outside = sorted(members) if case.is_named else []
    texts_by_author: dict[int, list[str]] = {}
    for user_id in [*outside, *(compared if len(compared) > 2 else [])]:
        posts_of_author = await newest_posts(session, user_id, 10)
        texts = [text for _, text in posts_of_author]
        in_language = await asyncio.to_thread(_in_languages, case, texts)
        if in_language:
            texts_by_author[user_id] = in_language
        if len(texts_by_author) == 30:
            break
    return texts_by_author


def _in_languages(case: Case, texts: Sequence[str]) -> list[str]:
    return [
        text
        for text in texts
        if not all(map(replace(case, texts=[text]).is_foreign_to, case.suspects))
    ]


def _given(case: Case, strangers: dict[int, list[str]]) -> tuple[Strangers | None, bool]:
    """Return the results, and whether most posts are in a language without ratios."""
    judged = list[Judgement]()
    for user_id, texts in strangers.items():
        rivals = [suspect for suspect in case.suspects if suspect.id != user_id]
        among = replace(case, suspects=rivals, absent=user_id)
        worded = filter(has_words, map(own_words, texts))
        judged += [judge(replace(among, texts=[text])) for text in worded]
    verdicts = [each.verdict for each in judged if each.can_name]
    asked = [each for each in judged if each.verdict != "short"]
    unknown = [each for each in asked if not each.can_name and "unknown_language" in each.limits]
    is_unknown = are_most(len(unknown), len(asked))
    if is_unknown or len(verdicts) < FEWEST_ASKED:
        return None, is_unknown
    return Strangers(len(verdicts), verdicts.count("likely")), False
