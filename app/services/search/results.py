"""Search by words, by filters alone, or by meaning."""

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa
from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.db.backend import AnyOf, Readable, backend_of, is_among
from app.db.result_cache import DERIVED, EVERYTHING, cacheable, depends_on
from app.embedders import EmbedderError
from app.errors import InvalidInputError, NotFoundError
from app.models import KEPT_ROOM_ID, MAX_ID, ROOM_NAME, Room, Tweet, User
from app.runtime.clock import first_instant
from app.runtime.work_pool import Runner
from app.services.posts.exporting import COLUMNS, Export, begin_export
from app.services.posts.filters import FILTER_OF, TypedFilter, condition_of, read_query
from app.services.posts.local_time import DAY_S, HOUR_S, local_unit, seconds_of
from app.services.posts.post_rooms import IS_KEPT
from app.services.posts.selection import AnySelect, Conditions, Selection, post_conditions
from app.services.posts.tweets import AnyRow, Post, find_posts
from app.services.posts.users import ids_by_key, rows_by_name, unknown_user
from app.services.rooms.changes import get_room_row
from app.services.search.embeddings import Embeddings
from app.services.search.index_terms import UNCOUNTED, exact
from app.services.search.word_search import (
    ALONE,
    MOST_COUNTED,
    Matches,
    ResultKey,
    ResultOrder,
    Scored,
    SearchWork,
    WordResults,
    columns_of,
    search_words,
    tag_conditions,
    without_connection,
)
from saywho.queries import Scorer, ignored_signs, parse_query
from saywho.text import username_key

MAX_QUERY_LENGTH: Final = 1_000
"""Limit of the API and the command, which refuse longer ones; pages drop further characters."""
DEEPEST: Final = 10_000
_UTC: Final = ZoneInfo("UTC")
Mode = Literal["words", "meaning"]
Spans = list[tuple[int, int]]

logger = logging.getLogger(__name__)


class Hit(Post, frozen=True):
    """A post that was found."""

    score: float | None
    """Higher is better; null where filters alone are searched."""
    highlights: Spans
    """[start, end) of each match, in code points."""


class Facets(msgspec.Struct, frozen=True):
    """Values and how many of the results have each; posts without a value are in no list."""

    username: list[tuple[str, int]]
    """Most frequent first."""
    year: list[tuple[int, int]]
    """Years in UTC, latest first."""
    lang: list[tuple[str, int]]
    """Most frequent first."""


@dataclass(frozen=True, slots=True)
class ResultPage:
    hits: list[Hit]
    next: ResultKey | None = None
    method: str = "words"
    total: int | None = None
    """None for more than 10,000, for the nearest by vectors, and for signs alone, which no index
    has.
    """
    facets: Facets | None = None
    is_any: bool = False
    """Whether some words suffice, since no post has all."""
    corrections: Sequence["Correction"] = ()
    """Words without posts, alone or together, each with a near word."""
    filters: Sequence[TypedFilter] = ()
    compounds: "Compounds | None" = None
    over_time: "ResultCounts | None" = None
    """The results by day and author, if asked for; compounds only if nothing else was found."""
    ignored: Sequence[str] = ()
    """Signs of the query that are not searched, such as £."""


class Compounds(msgspec.Struct, frozen=True):
    """Results in which a Korean noun of the query only stands inside of another: they come last."""

    posts: int | None
    """Number of these results, which `total` leaves out; null above 10,000."""
    words: list[str]
    """Up to three of the other nouns, those in most of the newest of these results first."""


class Correction(msgspec.Struct, frozen=True):
    """A word that no post has, or none beside all the others, and a known one searched instead."""

    typed: str
    """Word of the query, in the form used for comparing."""
    used: str
    """Near word; up to five for each typed word."""
    posts: int
    """Number of results that have it, up to 10,000."""


def corrected_words(corrections: Sequence[Correction]) -> dict[str, list[Correction]]:
    words: dict[str, list[Correction]] = {}
    for correction in corrections:
        words.setdefault(correction.typed, []).append(correction)
    return words


@dataclass(frozen=True, slots=True)
class SearchQuery:
    text: str
    """Words, and filters such as `from:mina`."""
    selection: Selection = field(default_factory=Selection)
    mode: Mode = "words"
    sort: ResultOrder = "best"
    """Order, counts and facets exist by words only."""
    with_facets: bool = False
    zone: ZoneInfo = _UTC
    people_over_time: int = 0
    """Number of authors that are counted by day, where a page shows it."""


async def find(
    db: Readable,
    embeddings: Embeddings | None,
    query: SearchQuery,
    *,
    limit: int,
    after: ResultKey | None = None,
    work: SearchWork = ALONE,
) -> ResultPage:
    """Return a page of results; by words if no embedder answers.

    Raises NotFoundError for an unknown author or chat, InvalidInputError for a filter's bad value.
    """
    depends_on(EVERYTHING)
    depends_on(DERIVED)
    page = None
    if embeddings is not None and query.mode == "meaning" and read_query(query.text).words:
        try:
            page = await _by_meaning(db, embeddings, query, limit, after or ResultKey(), work.run)
            cacheable()
        except EmbedderError as error:
            # Not cached: the embedder may answer the next time, which is no event.
            logger.warning("words are searched instead: %s", error)
    else:
        cacheable()
    if page is None:
        async with db.read() as session:
            page = await _in_database(session, query, limit, after, work)
    return replace(page, filters=read_query(query.text).filters)


async def _in_database(
    session: AsyncSession, query: SearchQuery, limit: int, after: ResultKey | None, work: SearchWork
) -> ResultPage:
    words, conditions, user_id = await _asked(session, query.text, query.selection, query.zone)
    ignored = ignored_signs(words)
    if not words:
        results = await _by_filters(session, conditions, limit, after, query.sort)
    else:
        found = await search_words(
            session,
            words,
            conditions=conditions,
            user_id=user_id,
            limit=limit,
            after=after,
            order=query.sort,
            work=work,
        )
        if found is None:
            return ResultPage([], ignored=ignored)
        results = found
    inside = results.compounds
    scorer = (inside.matches if inside else results.matches).scorer
    total = await _total(session, results.matches, results.whole)
    best = results.best
    whole = inside.whole if inside and best is inside.matches else results.whole
    facets = await _facets(session, best, whole) if query.with_facets else None
    over_time = None
    if query.people_over_time and words and results.shown and not results.is_any:
        counted: Conditions = [Tweet.id.in_(_counted(session, best, whole))]
        over_time = await _over_time(session, counted, query.zone, query.people_over_time)
    compounds = await _compounds(session, inside, work.run) if inside else None
    following = results.next
    if following and following.is_inside and not compounds:
        following = None
    return ResultPage(
        await _marked(session, results.shown, scorer, work.run),
        following,
        total=total,
        facets=facets,
        is_any=results.is_any and len(scorer.wanted) > 1,
        corrections=await _corrections(session, results.matches),
        compounds=compounds,
        over_time=over_time,
        ignored=ignored,
    )


async def _compounds(session: AsyncSession, inside: WordResults, run: Runner) -> Compounds | None:
    """Return how many posts have words of the query only inside of others; None for no post."""
    most, scorer = 200, inside.matches.scorer
    newest = inside.matches.select(session, Tweet.text).limit(most)
    texts = [row.text for row in await session.execute(newest)]
    if not texts:
        return None
    whole = inside.whole if len(texts) == most else texts
    posts = await _total(session, inside.matches, whole)

    def count() -> list[str]:
        nouns = Counter(noun for text in texts for noun in {*scorer.compounds(text)})
        return [noun for noun, _ in nouns.most_common(3)]

    return Compounds(posts, await without_connection(session, count, run))


async def _corrections(session: AsyncSession, matches: Matches) -> list[Correction]:
    return [
        Correction(part.text, way.text, await matches.count_with(session, part, way))
        for part in matches.scorer.wanted
        for way in part.meant
        if way.text != part.text
    ]


@dataclass(frozen=True, slots=True)
class ResultCounts:
    posts: int
    usernames: list[tuple[str, int]]
    """Authors with the most posts, and how many."""
    people_total: int
    days: list[tuple[date, list[int]]]
    """Days with posts, in order: the posts of each of `usernames`, then of all others."""
    undated: int
    has_more: bool = False
    """Whether only the 10,000 posts that were stored last are counted."""
    corrections: Sequence[Correction] = ()
    compounds: Compounds | None = None

    @property
    def months(self) -> list[tuple[date, list[int]]]:
        """First days of months with posts, in order, with the posts as in `days`."""
        months: dict[date, list[int]] = {}
        for day, counts in self.days:
            month = months.setdefault(day.replace(day=1), [0] * len(counts))
            month[:] = map(sum, zip(month, counts, strict=True))
        return [*months.items()]


class _Counted(NamedTuple):
    conditions: Conditions
    results: WordResults | None
    """None for filters alone."""
    notes: dict[str, Any]
    """What `ResultCounts` says of the search."""


async def _found(session: AsyncSession, query: SearchQuery, work: SearchWork) -> _Counted | None:
    """Return the conditions on the posts that have all words, the 10,000 stored last; without words
    on all that the filters choose. None if no post has all words.
    """
    depends_on(EVERYTHING)
    depends_on(DERIVED)
    words, conditions, user_id = await _asked(session, query.text, query.selection, query.zone)
    if not words:
        return _Counted(conditions, None, {})
    found = await search_words(
        session,
        words,
        conditions=conditions,
        user_id=user_id,
        limit=MOST_COUNTED,
        order="newest",
        work=work,
    )
    if found is None or found.is_any:
        return None
    has_more = await _total(session, found.matches, None) is None
    corrections, inside = await _corrections(session, found.matches), found.compounds
    compounds = await _compounds(session, inside, work.run) if inside else None
    posts = is_among(session, Tweet.id, [post_id for _, post_id in found.page])
    notes = {"has_more": has_more, "corrections": corrections, "compounds": compounds}
    return _Counted([posts], found, notes)


async def count_results(
    session: AsyncSession, query: SearchQuery, *, most_people: int, work: SearchWork = ALONE
) -> ResultCounts:
    """Count the posts that have all words, by author and by day of the zone; without words all.

    The session was opened for long, and is handed back while posts are scored. Raises as a search.
    """
    if (found := await _found(session, query, work)) is None:
        return ResultCounts(0, [], 0, [], 0)
    counted = await _over_time(session, found.conditions, query.zone, most_people)
    return replace(counted, **found.notes)


class ResultHours(NamedTuple):
    counts: ResultCounts
    hours: Mapping[int, int]
    """Posts by local hour since the year 1, a Monday."""
    newest: Sequence[Hit]


async def count_result_hours(
    session: AsyncSession,
    query: SearchQuery,
    *,
    most_people: int,
    most_shown: int,
    work: SearchWork = ALONE,
) -> ResultHours:
    """Count the posts of `count_results` by hour too, and return the newest."""
    if (found := await _found(session, query, work)) is None:
        return ResultHours(ResultCounts(0, [], 0, [], 0), {}, [])
    counted = await _over_time(session, found.conditions, query.zone, most_people)
    hour = local_unit(seconds_of(Tweet.created_at), query.zone, HOUR_S, tick_s=1).label("hour")
    by_hour = sa.select(hour, sa.func.count()).join(User, User.id == Tweet.user_id)
    rows = await session.execute(by_hour.where(*found.conditions).group_by("hour"))
    hours = {at: posts for at, posts in rows if at is not None}
    shown = found.results or await _by_filters(
        session, found.conditions, most_shown, None, "newest"
    )
    scorer = shown.matches.scorer
    newest = await _marked(session, shown.page[:most_shown], scorer, work.run)
    return ResultHours(replace(counted, **found.notes), hours, newest)


async def _over_time(
    session: AsyncSession, conditions: Conditions, zone: ZoneInfo, most_people: int
) -> ResultCounts:
    """Count the posts with these conditions, which may be of their authors, too."""
    posts, authors = sa.func.count().label("posts"), sa.func.count().over().label("authors")
    by_author = sa.select(User.id, User.username, posts, authors).join(
        Tweet, User.id == Tweet.user_id
    )
    by_author = by_author.where(*conditions).group_by(User.id, User.username, User.username_key)
    by_author = by_author.order_by(posts.desc(), User.username_key).limit(most_people)
    people = (await session.execute(by_author)).all()
    places = {row.id: place for place, row in enumerate(people)}
    day = local_unit(seconds_of(Tweet.created_at), zone, DAY_S, tick_s=1).label("day")
    person = sa.case(places, value=Tweet.user_id, else_=len(places)) if places else sa.literal(0)
    by_day = sa.select(day, person.label("person"), sa.func.count())
    by_day = by_day.join(User, User.id == Tweet.user_id).where(*conditions)
    days: dict[date | None, list[int]] = {}
    for number, place, counted in await session.execute(by_day.group_by("day", "person")):
        written = None if number is None else date.fromordinal(number + 1)
        days.setdefault(written, [0] * (len(places) + 1))[place] += counted
    undated = days.pop(None, [])
    return ResultCounts(
        sum(map(sum, days.values())) + sum(undated),
        [(row.username, row.posts) for row in people],
        people[0].authors if people else 0,
        sorted((day, counts) for day, counts in days.items() if day),
        sum(undated),
    )


async def _by_filters(
    session: AsyncSession,
    conditions: Conditions,
    limit: int,
    after: ResultKey | None,
    order: ResultOrder,
) -> WordResults:
    """Return a page of the first 10,000 posts, or by likes, of those stored last."""
    matches = Matches(Scorer([], UNCOUNTED), None, [], conditions, None)
    if after is None:
        # The newest id of the site would tell readers of one chat how much is written elsewhere.
        newest = await session.scalar(matches.select(session).limit(1))
        after = ResultKey((newest or 0) + 1)
    before, offset, *_ = after
    if order == "likes":
        stored_last = matches.select(session, before=before).limit(MOST_COUNTED).subquery()
        query = sa.select(Tweet.id).join(stored_last, stored_last.c.id == Tweet.id)
    else:
        query = sa.select(Tweet.id).join(User, User.id == Tweet.user_id)
        query = query.where(*conditions, Tweet.id < before)
    count = min(limit, max(MOST_COUNTED - offset, 0))
    query = query.order_by(*columns_of(session, order)).offset(min(offset, MOST_COUNTED))
    ids = list(await session.scalars(query.limit(count + 1)))
    end = offset + count
    following = ResultKey(before, end) if len(ids) > count and end < MOST_COUNTED else None
    page = [(None, post_id) for post_id in ids[:count]]
    return WordResults(page, following, matches, is_any=False, whole=None)


async def _by_meaning(
    db: Readable,
    embeddings: Embeddings,
    query: SearchQuery,
    limit: int,
    after: ResultKey,
    run: Runner,
) -> ResultPage:
    """Return the nearest posts with marked words; no session is open while the embedder answers."""
    among, end = None, min(after.offset + limit, DEEPEST)
    typed = read_query(query.text)
    parts = parse_query(typed.words)
    is_narrowed = query.selection != Selection() or typed.filters
    if is_narrowed or any(part.kind == "tag" for part in parts):
        async with db.read() as session:
            conditions, user_id = await _selected(
                session, query.selection, typed.filters, query.zone
            )
            conditions += await tag_conditions(session, parts, conditions, user_id, run)
        among = sa.select(Tweet.id).join(User, User.id == Tweet.user_id).where(*conditions)
    near = await embeddings.nearest(await embeddings.vector_for(typed.words), end + 1, among=among)
    scorer = Scorer(parts, UNCOUNTED)  # It still marks the words of the query.
    following = after._replace(offset=end) if len(near) > end and end < DEEPEST else None
    async with db.read() as session:
        hits = await _marked(session, near[after.offset : end], scorer, run)
    return ResultPage(hits, following, "meaning")


async def begin_result_export(
    session: AsyncSession, query: str, selection: Selection, zone: ZoneInfo = _UTC
) -> Export:
    """Return the export of matching posts, or without words of all; raises as a search."""
    words, conditions, user_id = await _asked(session, query, selection, zone)
    username = selection.usernames[0] if selection.usernames else None
    if not words:
        return await begin_export(session, username, conditions=conditions)
    # A query without words finds nothing.
    export = await begin_export(session, username, conditions=[sa.false()])
    results = await search_words(session, words, conditions=conditions, user_id=user_id, limit=1)
    if results is None:
        return export
    matches = results.best

    def select_found(session: AsyncSession, last: AnyRow | None) -> AnySelect:
        return matches.select(session, *COLUMNS, before=last.id if last else export.newest + 1)

    def has(text: str) -> bool:
        return matches.scorer.score(text) is not None

    return replace(export, selects=(select_found,), has=has)


async def _asked(
    session: AsyncSession, query: str, selection: Selection, zone: ZoneInfo
) -> tuple[str, Conditions, int | None]:
    """Return the words of a query, and the conditions of its filters and a selection.

    Words that are only left out become a condition, if there is another. Raises as `_selected`.
    """
    typed = read_query(query)
    conditions, user_id = await _selected(session, selection, typed.filters, zone)
    parts = parse_query(typed.words)
    if (
        parts
        and all(part.is_excluded for part in parts)
        and (typed.filters or selection != Selection())
    ):
        left_out = AnyOf(tuple(exact(part) for part in parts))
        matching = backend_of(session).words.matching(left_out, user_id=user_id)
        return "", [*conditions, Tweet.id.not_in(sa.select(matching.c.id))], user_id
    return typed.words, conditions, user_id


async def _selected(
    session: AsyncSession, selection: Selection, filters: Sequence[TypedFilter], zone: ZoneInfo
) -> tuple[Conditions, int | None]:
    """Return the conditions of a selection and of typed filters, with days of the zone, for a query
    that joins `User` and `Tweet`; and the only author who can meet them.

    A post needs one of several people or chats. Raises NotFoundError, and InvalidInputError for an
    ambiguous name or bad value.
    """
    users = await rows_by_name(session, selection.usernames)
    conditions = await post_conditions(session, await _in_kept_room(session, selection))
    names = {each.value for each in filters if each.key in _PEOPLE}
    people = await _people(session, names)
    for each in filters:
        if each.key == "from" and not people[each.value]:
            raise await _unknown_author(session, each.value)
    rooms = await _rooms(session, {each.value for each in filters if each.key == "in"})
    wanted: dict[str, Conditions] = {}
    authors: set[int] = set()
    for each in filters:
        if each.key == "from":
            condition = Tweet.user_id == people[each.value][0]
        elif each.key == "to":
            condition = await _answers(session, each.value, people)
        elif each.key == "in":
            condition = Tweet.room_id.in_(_known_room(each.value, rooms))
        else:
            condition = _of_post(each, zone)
        if each.is_excluded:
            # A post without the field does not match, and so stays.
            conditions.append(sa.not_(sa.func.coalesce(condition, sa.false())))
        elif each.key in {*_PEOPLE, "in"}:
            wanted.setdefault(each.key, []).append(condition)
            authors |= {people[each.value][0]} if each.key == "from" else set()
        else:
            conditions.append(condition)
    conditions += [sa.or_(*alternatives) for alternatives in wanted.values()]
    if len(users) == 1:
        authors = {users[0].id}
    return conditions, authors.pop() if len(authors) == 1 else None


async def _marked(
    session: AsyncSession, scored: Sequence[tuple[float | None, int]], scorer: Scorer, run: Runner
) -> list[Hit]:
    posts = await find_posts(session, [post_id for _, post_id in scored])

    def mark() -> list[Hit]:
        return [
            Hit(**structs.asdict(post), score=score, highlights=scorer.highlights(post.text))
            for score, post_id in scored
            if (post := posts.get(post_id))
        ]

    return await without_connection(session, mark, run)


async def _total(
    session: AsyncSession, matches: Matches, whole: Sequence[object] | None
) -> int | None:
    if whole is not None:
        return len(whole)
    count = await matches.count(session, MOST_COUNTED + 1)
    return count if count <= MOST_COUNTED else None


async def _facets(
    session: AsyncSession, matches: Matches, whole: Sequence[Scored] | None
) -> Facets:
    year = sa.cast(sa.extract("year", Tweet.created_at), sa.Integer)
    values = (User.username, year, Tweet.lang)
    query = sa.select(*values, sa.func.count()).join(User, User.id == Tweet.user_id)
    query = query.where(Tweet.id.in_(_counted(session, matches, whole)))
    rows = await session.execute(query.group_by(*values))
    names, years, languages = Counter[str](), Counter[int](), Counter[str]()
    for name, written, lang, posts in rows:
        names[name] += posts
        if written is not None:
            years[written] += posts
        if lang is not None:
            languages[lang] += posts
    return Facets(_most(names), sorted(years.items(), reverse=True), _most(languages))


def _counted(session: AsyncSession, matches: Matches, whole: Sequence[Scored] | None) -> AnySelect:
    """Return the query of the ids that are counted, the 10,000 stored last."""
    matching = matches.select(session).limit(MOST_COUNTED)
    if whole is not None:
        return matching.where(Tweet.id.in_([post_id for _, post_id in whole]))
    return sa.select(matching.subquery().c.id)


def _most(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:20]


_DAY: Final = re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})\.?", re.ASCII)
_ROOM_ID: Final = re.compile(r"[0-9]{1,16}", re.ASCII)
_PEOPLE: Final = {"from", "to"}
NEAR: Final = 0.7
"""Share of the letters that a near name has in common (Ratcliff and Obershelp 1988)."""


def _of_post(typed: TypedFilter, zone: ZoneInfo) -> sa.ColumnElement[bool]:
    key, value = typed.key, typed.value
    if key == "before":
        return Tweet.created_at < _day(key, value, zone)
    if key == "after":
        return Tweet.created_at >= _day(key, value, zone)
    if (condition := condition_of(key, value)) is None:
        raise InvalidInputError(
            "Unknown filter {filter}: use {known}, or quotes to search for the words",
            loc="q",
            filter=f"{key}:{value}",
            known=FILTER_OF[key].typed,
        )
    return condition


def _day(key: str, value: str, zone: ZoneInfo) -> datetime:
    try:
        if (found := _DAY.fullmatch(value)) is None:
            raise ValueError(value)
        return first_instant(date(*map(int, found.groups())), zone)
    except ValueError:
        raise InvalidInputError(
            "{filter}: use a day like 2026-01-31", loc="q", filter=f"{key}:{value}"
        ) from None


async def _people(session: AsyncSession, names: Collection[str]) -> dict[str, list[int]]:
    """Return IDs by username, else by shown name. Raises InvalidInputError for several."""
    keys = {name: username_key(name) for name in names}
    if not keys:
        return {}
    bare = {name: key.removeprefix("@") for name, key in keys.items()}
    ids = await ids_by_key(session, {*keys.values(), *bare.values()})
    people = {
        name: [ids[key]]
        for name in names
        if (key := keys[name] if keys[name] in ids else bare[name]) in ids
    }
    unknown = {keys[name] for name in names if name not in people}
    if unknown:
        shown = sa.select(User.id, User.username, User.display_name).where(
            User.deleted_at.is_(None), _is_named(User.display_name, unknown, names)
        )
        rows = (await session.execute(shown.order_by(User.username_key))).all()
        for name in names:
            if name not in people:
                namesakes = [row for row in rows if username_key(row[2] or "") == keys[name]]
                if len(namesakes) > 1:
                    listed = ", ".join([row.username for row in namesakes[:20]])
                    raise InvalidInputError(
                        "More than one person is called {name}: use {usernames}",
                        loc="q",
                        name=name,
                        usernames=listed + (", …" if len(namesakes) > 20 else ""),
                    )
                people[name] = [row.id for row in namesakes]
    return people


def _is_named(
    column: sa.SQLColumnExpression[str | None], keys: Iterable[str], names: Iterable[str]
) -> sa.ColumnElement[bool]:
    """Return the condition on one of the names; SQLite lowers only ASCII."""
    return sa.or_(
        sa.func.lower(column).in_([*keys]),
        column.in_([name.replace("\0", "\x01") for name in names]),
    )


async def _unknown_author(session: AsyncSession, name: str) -> NotFoundError:
    depends_on(EVERYTHING)
    known = sa.select(User.username, User.display_name).where(User.deleted_at.is_(None))
    rows = await session.execute(known.order_by(User.tweet_count.desc()).limit(2_000))
    names = {username_key(shown): row.username for row in rows for shown in row if shown}
    wanted = username_key(name)
    near = await asyncio.to_thread(get_close_matches, wanted, names, 1, NEAR)
    if not near:
        return unknown_user(name)
    return NotFoundError(
        "User '{username}' doesn't exist: did you mean '{nearest}'?",
        username=name,
        nearest=names[near[0]],
    )


async def _answers(
    session: AsyncSession, name: str, people: Mapping[str, list[int]]
) -> sa.ColumnElement[bool]:
    keys = {username_key(name), username_key(name).removeprefix("@")}
    names = {name, name.removeprefix("@")}
    if user_id := next(iter(people[name]), None):
        user = await session.get_one(User, user_id)
        keys, names = {user.username_key}, {user.username}
        parent = aliased(Tweet)
        is_parent = parent.id == Tweet.reply_to_id, parent.user_id == user_id
        return sa.or_(
            _is_named(Tweet.reply_to_username, keys, names),
            sa.select(parent.id).where(*is_parent).exists(),
        )
    answers = _is_named(Tweet.reply_to_username, keys, names)
    if not await session.scalar(sa.select(sa.select(Tweet.id).where(answers).exists())):
        raise unknown_user(name)
    return answers


async def _rooms(session: AsyncSession, names: Collection[str]) -> dict[str, list[int]]:
    if not names:
        return {}
    ids = {int(name) for name in names if _ROOM_ID.fullmatch(name) and int(name) <= MAX_ID}
    keys = [username_key(name) for name in names]
    query = sa.select(Room.id, KEPT_ROOM_ID, ROOM_NAME).where(
        IS_KEPT, sa.or_(Room.id.in_(ids), _is_named(ROOM_NAME, keys, names))
    )
    rows = (await session.execute(query)).all()
    rooms: dict[str, list[int]] = {}
    for name in names:
        by_id = [room for own_id, room, _ in rows if str(own_id) == name]
        key = username_key(name)
        rooms[name] = by_id or [room for _, room, title in rows if username_key(title or "") == key]
    return rooms


async def _in_kept_room(session: AsyncSession, selection: Selection) -> Selection:
    if selection.room_id is None:
        return selection
    room = await get_room_row(session, selection.room_id)
    return replace(selection, room_id=room.id)


def _known_room(name: str, rooms: Mapping[str, list[int]]) -> list[int]:
    if not rooms[name]:
        raise NotFoundError("There is no chat called {name}", name=name)
    return rooms[name]
