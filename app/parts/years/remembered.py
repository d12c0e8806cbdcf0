"""Memories of a year: its words, fullest day, longest silence, and its people's habits."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import chain, pairwise
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct, structs
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Tweet, User
from app.parts.years.compared_years import MOST_GUESSED, Owner, SharedSpan, YearWord, worded_texts
from app.runtime.clock import first_instant, span_of_year
from app.services.posts.selection import Scan, scan, written_in
from app.services.posts.tweets import Post, find_posts
from app.services.posts.users import read_rows, select_rows
from app.services.rooms.timeline import DayMessage, typical_messages
from saywho.people import times
from saywho.people.fingerprint import Measure, Tally, changes, tally_of
from saywho.people.phrases import Phrase, WordedTexts, phrases_apart
from saywho.people.portrait import MOST_PORTRAYED
from saywho.people.typical_words import words_in_each
from saywho.significance import FEWEST_COMPARED, clear_of_people
from saywho.text import guess_main_language, may_have_address
from saywho.words import NameCount, count_emoji

MOST_WORDED: Final = 1_500
"""Largest number of a side's posts that give words to compare, spread evenly over its time."""
MOST_HABITUAL: Final = 1_500
"""Largest number of a side's posts that give habits to compare."""
QUARTER_S: Final = 15 * 60
_ACCENTED: Final = re.compile("[\u00aa-\u10ff\u1e00-\u1fff\uff00-\uffef]")
"""Letters that words have in another form, and some more."""


class DayOfYear(times.FullestDays, frozen=True):
    """The day with clearly the most posts of a year."""

    words: list[str]
    """Terms in a clearly larger share of these days' posts than of other days', at most three."""
    shown: list[Post]
    """Up to three of their posts, oldest first."""


class LongestSilence(Struct, frozen=True):
    """The longest gap between two days with posts, of which some days are in a year."""

    first: date
    """First day without a post; in an earlier year, if the gap began there."""
    last: date
    broken_by: Post
    """The first post after it."""

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


class ChangedHabit(Struct, frozen=True):
    """A person's habit that clearly changed from the year before (`beside`)."""

    username: str
    measure: Measure

    @property
    def is_new(self) -> bool:
        return self.measure.errors > 0


class WordsOfPerson(Struct, frozen=True):
    """Terms that a person wrote clearly more often than other people in a year."""

    username: str
    words: list[str]


class YearFacts(NamedTuple):
    words: list[YearWord] | None
    fullest: times.FullestDays | None
    day_words: list[str]
    day_ids: list[int]
    silence: tuple[date, date] | None
    broken_by: int
    emoji: list[NameCount]
    habits: list[tuple[int, Measure]]
    """Of people, by ID."""
    most_like: list[int]
    """IDs of messages, each like one person."""
    words_of_people: list[tuple[int, list[str]]]


@dataclass(frozen=True)
class YearPosts:
    """The newest posts of a year, newest first; with at least these columns."""

    scan: Scan
    zone: ZoneInfo

    @cached_property
    def days(self) -> list[date]:
        """The day of each post."""
        known: dict[int, date] = {}

        def day_of(time: int) -> date:
            return datetime.fromtimestamp(time, self.zone).date()

        days = []
        for time in self.scan.time:
            key = (time or 0) // QUARTER_S  # No zone's day begins within one.
            if key not in known:
                known[key] = day_of(time or 0)
            days.append(known[key])
        return days

    @cached_property
    def with_text(self) -> list[int]:
        """Places of the posts with text."""
        return [place for place, text in enumerate(self.scan.text) if text]

    @cached_property
    def small(self) -> list[str]:
        return [*map(str.lower, self.scan.text)]

    @cached_property
    def accented(self) -> set[int]:
        """Places of the posts in which words may look different from their common form."""
        return {place for place, text in enumerate(self.scan.text) if _ACCENTED.search(text)}

    @cached_property
    def sample(self) -> list[int]:
        """Places of posts with text, evenly spread."""
        return self.with_text[:: -(-len(self.with_text) // MOST_WORDED) or 1]

    @cached_property
    def sample_words(self) -> WordedTexts:
        return self.words_at(self.sample)

    @cached_property
    def language(self) -> str | None:
        step = -(-len(self.sample) // MOST_GUESSED) or 1
        return guess_main_language([self.scan.text[place] for place in self.sample[::step]])

    def words_at(self, places: Iterable[int]) -> WordedTexts:
        picked = [*places]
        moments = [self.scan.time[place] for place in picked]
        return worded_texts([self.scan.text[place] for place in picked], moments)


class Baseline(NamedTuple):
    """Posts to compare a year with."""

    elsewhere: Scan | None
    """Posts of all other years; None below 20."""
    are_all: bool
    before: Scan | None = None
    """Posts of the year before, on the days of `stretch`, with the authors."""
    has_some_before: bool = False
    """Whether `before` has only some of these posts."""
    stretch: SharedSpan | None = None


class PostsAround(NamedTuple):
    """The last day with a post before a year, and the first post after it."""

    before: date | None
    after: date | None
    after_id: int


async def read_around(
    session: AsyncSession, writers: Owner, year: int, zone: ZoneInfo
) -> PostsAround:
    first, end = span_of_year(year, zone)
    last = select(func.max(Tweet.created_at)).where(writers.is_theirs, Tweet.created_at < first)
    before = await session.scalar(last)
    later = select(Tweet.id, Tweet.created_at).where(writers.is_theirs, Tweet.created_at >= end)
    in_order = later.order_by(Tweet.created_at, Tweet.place, Tweet.id)
    after_id, after = (await session.execute(in_order.limit(1))).first() or (0, None)
    day_before, day_after = (
        time.astimezone(zone).date() if time else None for time in (before, after)
    )
    return PostsAround(day_before, day_after, after_id)


async def read_others(
    session: AsyncSession,
    writers: Owner,
    year: int,
    zone: ZoneInfo,
    counts: Mapping[int, int],
    stretch: SharedSpan | None = None,
) -> Baseline:
    """Read the posts of other years.

    counts: number of posts by year. stretch: days whose posts are also read of the year before.
    """
    elsewhere, others = None, sum(counts.values()) - counts.get(year, 0)
    if others >= FEWEST_COMPARED:
        first, end = span_of_year(year, zone)
        is_other = or_(Tweet.created_at < first, Tweet.created_at >= end)
        elsewhere = await scan(
            session,
            writers.is_theirs,
            is_other,
            *_some_of(others, MOST_WORDED),
            columns=("time", "text"),
            limit=MOST_WORDED,
        )
        if len(elsewhere.text) < FEWEST_COMPARED:
            elsewhere = None
    before = None
    if stretch is not None:
        before = await scan(
            session,
            writers.is_theirs,
            written_in(stretch.spans(zone)[1]),
            *_some_of(counts.get(year - 1, 0), MOST_HABITUAL),
            columns=("author", "time", "text"),
            limit=MOST_HABITUAL,
        )
    has_some = counts.get(year - 1, 0) > MOST_HABITUAL
    return Baseline(elsewhere, others <= MOST_WORDED, before, has_some, stretch)


def _some_of(posts: int, most: int) -> list[ColumnElement[bool]]:
    """Return the condition for about `most` of these posts, spread evenly over their time."""
    step = -(-posts // most)
    return [Tweet.id % step == 0] if step > 1 else []


def find_remembered(
    posts: YearPosts,
    others: Baseline,
    by_day: Mapping[date, int],
    around: PostsAround,
    names: Iterable[str] = (),
    *,
    has_people: bool = False,
) -> YearFacts:
    """Return the memories of a year; call it in a thread.

    by_day: number of posts by day, of the whole year. around: of the years around it, since a
    silence may cross the border of two. names: of people, which are no words.
    """
    called = [*names]
    fullest = times.fullest_days(by_day, min(by_day))
    day_places = [
        place
        for place in posts.with_text
        if fullest and fullest.first <= posts.days[place] <= fullest.last
    ]
    day_words = _words_of_day(posts, day_places, called)
    silence = _longest_silence(sorted({*by_day, *filter(None, around[:2])}))
    broken_by = _first_after(silence[1], posts, around) if silence else 0
    words = _words_of_year(posts, others, called)
    typical = _typical_of_people(posts, called) if has_people else {}
    return YearFacts(
        words,
        fullest,
        [phrase.text for phrase in day_words],
        _shown_of_day(posts, day_places, day_words),
        silence if broken_by else None,
        broken_by,
        [] if has_people else count_emoji(posts.scan.text, most=5),
        _habits(posts, others) if has_people else [],
        _most_like(posts, typical) if has_people else [],
        [
            (author, [phrase.text for phrase in phrases])
            for author, phrases in typical.items()
            if not words
        ],
    )


async def with_posts(session: AsyncSession, found: YearFacts, others: Baseline) -> dict[str, Any]:
    """Return the findings as fields of `WrittenYear`, with the posts that are shown."""
    posts = await find_posts(session, [*found.day_ids, found.broken_by])
    shown = [posts[post_id] for post_id in found.day_ids if post_id in posts]
    day = silence = None
    if found.fullest is not None:
        day = DayOfYear(**structs.asdict(found.fullest), words=found.day_words, shown=shown)
    if found.silence is not None and found.broken_by in posts:
        silence = LongestSilence(*found.silence, posts[found.broken_by])
    return {"words": found.words, "words_of_all": others.are_all, "day": day, "silence": silence}


async def of_people(session: AsyncSession, found: YearFacts) -> dict[str, Any]:
    """Return the findings about people as fields of `RoomYear`, with names and messages."""
    ids = {user_id for user_id, _ in chain(found.habits, found.words_of_people)}
    rows = await read_rows(session, select_rows(User.id.in_(ids))) if ids else []
    names = {row.id: row.username for row in rows}
    posts = await find_posts(session, found.most_like)
    return {
        "habits": [
            ChangedHabit(names[user_id], measure)
            for user_id, measure in found.habits
            if user_id in names
        ],
        "most_like": [posts[post_id] for post_id in found.most_like if post_id in posts],
        "words_of_people": [
            WordsOfPerson(names[user_id], words)
            for user_id, words in found.words_of_people
            if user_id in names
        ],
    }


def _words_of_year(
    posts: YearPosts, others: Baseline, names: Sequence[str]
) -> list[YearWord] | None:
    """Return the words in a clearly larger share of a year's posts than of the other years'."""
    if others.elsewhere is None or len(posts.with_text) < FEWEST_COMPARED:
        return None
    elsewhere = worded_texts(others.elsewhere.text, others.elsewhere.time)
    own = posts.sample_words
    phrases = phrases_apart([own, elsewhere], {0: posts.language}, names)[0]
    is_sample = len(posts.sample) < len(posts.with_text)
    return [
        YearWord.of(
            phrase, own, elsewhere, len(_having(posts, phrase)) if is_sample else phrase.messages
        )
        for phrase in phrases
    ]


def _having(posts: YearPosts, phrase: Phrase) -> list[int]:
    """Return the places of all posts with a phrase, of which the sample has some."""
    wanted, longest = {*phrase.words}, max(phrase.words, key=len)
    # To split all texts into words takes long.
    found = {place for place, text in enumerate(posts.small) if longest in text}
    places = [*found | posts.accented]
    words = words_in_each(map(posts.scan.text.__getitem__, places))
    return [place for place, of_one in zip(places, words, strict=True) if wanted <= of_one]


def _words_of_day(posts: YearPosts, places: Sequence[int], names: Sequence[str]) -> list[Phrase]:
    of_day, whole = {*places}, posts.sample_words
    if min(len(places), len(posts.sample) - len(places)) < FEWEST_COMPARED:
        return []
    words = [
        set[str]() if place in of_day else of_one
        for place, of_one in zip(posts.sample, whole.words, strict=True)
    ]
    spread = Counter(whole.spread)
    left_out = [of_one for of_one, left in zip(whole.words, words, strict=True) if not left]
    spread.subtract(chain.from_iterable(left_out))
    others = WordedTexts(whole.texts, whole.conversations, words, +spread)
    # Within a day, a quarter of an hour counts as a conversation.
    texts, moments = zip(*((posts.scan.text[p], posts.scan.time[p]) for p in places), strict=True)
    own = WordedTexts.of(times.WrittenTexts([*texts], times.conversations_of(moments, QUARTER_S)))
    return phrases_apart([own, others], {0: posts.language}, names)[0][:3]


def _shown_of_day(posts: YearPosts, places: Sequence[int], phrases: Sequence[Phrase]) -> list[int]:
    scanned = posts.scan
    authors = scanned.author or [0] * len(scanned.id)
    said = [
        DayMessage(scanned.id[place], authors[place], scanned.text[place], scanned.time[place] or 0)
        for place in reversed(places)
    ]
    words = [*chain.from_iterable(phrase.words for phrase in phrases)]
    return [message.id for message in typical_messages(said, words)]


def _longest_silence(days: Sequence[date]) -> tuple[date, date] | None:
    gaps = [
        ((day - before).days - 1, before + timedelta(1), day - timedelta(1))
        for before, day in pairwise(days)
    ]
    if not gaps:
        return None
    longest = max(gaps, key=lambda gap: gap[0])
    is_alone = sum(gap[0] == longest[0] for gap in gaps) == 1
    return longest[1:] if is_alone and longest[0] >= 3 else None


def _first_after(day: date, posts: YearPosts, around: PostsAround) -> int:
    """Return the ID of the first post after a silence, or 0; day: its last."""
    if around.after and around.after == day + timedelta(1):
        return around.after_id
    places = reversed(range(len(posts.days)))
    after = (place for place in places if posts.days[place] > day)
    return posts.scan.id[place] if (place := next(after, None)) is not None else 0


def _habits(posts: YearPosts, others: Baseline) -> list[tuple[int, Measure]]:
    """Return the clearest new and ended habits, against the same days of the year before."""
    if others.before is None or others.stretch is None:
        return []
    since, until = (first_instant(day, posts.zone).timestamp() for day in others.stretch[:2])
    own = [place for place, time in enumerate(posts.scan.time) if since <= (time or 0) < until]
    is_sample = others.has_some_before or len(own) > MOST_HABITUAL
    own = own[:: -(-len(own) // MOST_HABITUAL) or 1]
    scanned, before = posts.scan, others.before
    moments = [*(scanned.time[place] for place in own), *before.time]
    weeks = times.conversations_of(moments, times.WEEK_DAYS * times.DAY_S)
    mine: defaultdict[int, times.WrittenTexts] = defaultdict(lambda: times.WrittenTexts([], []))
    theirs: defaultdict[int, times.WrittenTexts] = defaultdict(lambda: times.WrittenTexts([], []))
    for place, week in zip(own, weeks, strict=False):
        mine[scanned.author[place]].extend(times.WrittenTexts([scanned.text[place]], [week]))
    for author, text, week in zip(before.author, before.text, weeks[len(own) :], strict=True):
        theirs[author].extend(times.WrittenTexts([text], [week]))
    compared: dict[int, tuple[Tally, Tally]] = {}
    for author, written in mine.items():
        both = tally_of(*written), tally_of(*theirs[author])
        if min(tally.messages for tally in both) >= FEWEST_COMPARED:
            compared[author] = both
    clear = clear_of_people(len(compared))
    changed = [
        (author, _of_sample(one, *both) if is_sample else one)
        for author, both in compared.items()
        for one in changes(*both)
        if one.is_clear and abs(one.errors) >= clear
    ]
    changed.sort(key=lambda one: -abs(one[1].distance))
    new = [one for one in changed if one[1].errors > 0]
    ended = [one for one in changed if one[1].errors < 0]
    return new[:1] + ended[:1]


def _of_sample(measure: Measure, own: Tally, before: Tally) -> Measure:
    """Return a measure of some of the messages, which does not tell that all or none have it."""
    if measure.habit.is_mean:
        return measure
    edge = 0.5 / min(own.messages, before.messages)
    share, beside = (min(max(one, edge), 1 - edge) for one in (measure.own, measure.beside))
    return structs.replace(measure, own=share, beside=beside)


def _by_author(posts: YearPosts) -> list[tuple[int, list[int]]]:
    said: defaultdict[int, list[int]] = defaultdict(list)
    for index, place in enumerate(posts.sample):
        said[posts.scan.author[place]].append(index)
    return sorted(said.items(), key=lambda one: (-len(one[1]), one[0]))


def _typical_of_people(posts: YearPosts, names: Sequence[str]) -> dict[int, list[Phrase]]:
    """Return up to three terms that each of the first six wrote clearly more often than anyone."""
    whole, people = posts.sample_words, _by_author(posts)
    groups = []
    for _, indices in people:
        words = [whole.words[index] for index in indices]
        groups.append(
            WordedTexts(
                [whole.texts[index] for index in indices],
                [whole.conversations[index] for index in indices],
                words,
                Counter(chain.from_iterable(words)),
            )
        )
    if sum(len(group.texts) >= FEWEST_COMPARED for group in groups) < 2:
        return {}
    languages = {
        place: guess_main_language(group.texts[:MOST_GUESSED])
        for place, group in enumerate(groups[:MOST_PORTRAYED])
        if len(group.texts) >= FEWEST_COMPARED
    }
    found = phrases_apart(groups, languages, names, are_people=True)
    author_of = posts.scan.author.__getitem__
    totals = Counter(map(author_of, posts.with_text))

    def is_ahead(phrase: Phrase, author: int) -> bool:
        # Nobody has it in as large a share of all their posts, either.
        counts = Counter(map(author_of, _having(posts, phrase)))
        return not any(
            count * totals[author] >= counts[author] * totals[other]
            for other, count in counts.items()
            if other != author and totals[other] >= FEWEST_COMPARED
        )

    return {
        author: phrases
        for place, (author, _) in enumerate(people)
        if (phrases := [one for one in found.get(place, []) if is_ahead(one, author)][:3])
    }


def _most_like(posts: YearPosts, typical: Mapping[int, Sequence[Phrase]]) -> list[int]:
    """Return for each of the first six people the id of the message most like them, if any.

    It has a term that is typical of the person. Among these, it is chosen by the log-odds of its
    words with a prior (Monroe, Colaresi and Quinn 2008), of which the message's own words are left
    out.
    """
    scanned, whole = posts.scan, posts.sample_words
    total, prior = whole.spread.total(), 100.0
    found: list[int] = []
    for author, indices in _by_author(posts)[:MOST_PORTRAYED]:
        own = Counter(chain.from_iterable(whole.words[index] for index in indices))
        own_total, log_odds = own.total(), dict[str, float]()
        if own_total < FEWEST_COMPARED or own_total == total:
            continue
        best, best_place = math.log(10), None
        for index in indices:
            place, words = posts.sample[index], whole.words[index]
            is_typical = any(words.issuperset(phrase.words) for phrase in typical.get(author, ()))
            if not (is_typical and 3 <= len(words) <= 15):
                continue
            for word in words - log_odds.keys():
                uses = whole.spread[word]
                expected = prior * uses / total
                mine = (own[word] - 1 + expected) / (own_total + prior)
                others = (uses - own[word] + expected) / (total - own_total + prior)
                log_odds[word] = math.log(mine / others)
            score = sum(map(log_odds.__getitem__, words))
            if score > best and not may_have_address(scanned.text[place]):
                best, best_place = score, place
        if best_place is not None:
            found.append(scanned.id[best_place])
    return found
