"""Posts that have the text of a question, whoever wrote them."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final, Protocol

from msgspec import UNSET, UnsetType, structs
from sqlalchemy import BigInteger, Row, Select, TextClause, bindparam, column, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import AllOf, AnyOf, Expression, Terms, author_term, backend_of, is_among
from app.models import MAX_ID, Room, Tweet, User, Word
from app.services.posts.tweets import room_name
from app.services.posts.users import is_called
from saywho.comparing.verdict import Comparison, KnownPost, StoredPost
from saywho.engine.case import Case
from saywho.text import FEWEST_WORDS, as_read, released, username_key
from saywho.words import terms

MOST_AUTHORS: Final = 10
"""Authors of one text who are looked up."""
_MOST_TEXTS: Final = 5
"""Texts that are looked up, the longest."""
_MOST_TERMS: Final = 60
"""First terms of a text among which the rarest are chosen."""
_SEARCHED: Final = 3
"""Rarest terms of a text that are searched in the index."""
_MOST_READ: Final = 20_000
"""Posts with the rarest term of a short text that are read for it."""


async def add_stored(
    session: AsyncSession, case: Case, comparison: Comparison, *, reasons: bool = True
) -> Comparison:
    """Return the comparison with the posts of its text; none for a changed text.

    reasons: whether authors who were not compared are named as writers.
    """
    if case.gaps:
        return comparison
    texts, is_short = [*map(released, case.texts)], case.words < FEWEST_WORDS
    text = max(texts, key=len)
    posts = list[StoredPost]()
    if is_short:
        names = [each.username for each in comparison.ranking] if case.is_named else []
        posts = await _find_short(session, texts, names, case.hidden)
    # Most texts are new, and the search for all writers takes longer.
    elif await _newest(session, text, case.hidden):
        posts = await _find(session, texts, case.hidden)
    if not posts:
        return comparison
    writers = [*dict.fromkeys([*(comparison.read_of or ()), *(post.username for post in posts)])]
    known = await _newest(session, text, case.hidden, writers)
    comparison = structs.replace(comparison, known=known)
    if not (reasons or comparison.read_of):
        return comparison
    read_of = comparison.read_of if is_short else writers
    return structs.replace(comparison, read_of=read_of, read_in=posts)


async def _newest(
    session: AsyncSession, text: str, hidden: Collection[int], writers: Sequence[str] = ()
) -> list[KnownPost]:
    """Return the newest posts with this text; writers: of these authors only, if any."""
    longest = sorted({*terms(text)[:_MOST_TERMS]}, key=len)[-_SEARCHED:]
    query = _select_newest(backend_of(session).words.matched)
    if writers:
        query = query.where(User.username.in_(writers))
    rows = await session.execute(query, _values(session, longest, text, hidden)) if longest else ()
    return [KnownPost(*row) for row in rows]


async def _find(
    session: AsyncSession, texts: Sequence[str], hidden: Collection[int]
) -> list[StoredPost]:
    """Return a post of the longest text for each author who posted all of the longest texts.

    For a single text it has how often the author posted it.
    """
    posts, ids = dict[int, StoredPost](), list[int]()
    for text in sorted(texts, key=len, reverse=True)[:_MOST_TEXTS]:
        if not (rarest := await _rarest(session, text)):
            continue
        query = _select(backend_of(session).words.matched)
        if posts:
            query = query.where(is_among(session, Tweet.user_id, ids))
        else:
            query = query.limit(MOST_AUTHORS)
        rows = (await session.execute(query, _values(session, rarest, text, hidden))).all()
        if posts:
            found = {row.user_id for row in rows}
            posts = {user_id: post for user_id, post in posts.items() if user_id in found}
        else:
            for row in rows:
                count = row.times if len(texts) == 1 else UNSET
                posts[row.user_id] = _stored(row, count)
        ids = [*posts]
        if not posts:
            return []
    return [*posts.values()]


async def _find_short(
    session: AsyncSession, texts: Sequence[str], names: Sequence[str], hidden: Collection[int]
) -> list[StoredPost]:
    """Return the newest post of a text of few words for each author who posted it most often.

    names: only these authors; all if empty. None for several texts, or if too many posts would have
    to be read.
    """
    typed = [*dict.fromkeys(terms(texts[0])[:_MOST_TERMS])] if len(texts) == 1 else []
    counts = await _count(session, typed) if typed else {}
    if not typed or min(counts.values()) > _MOST_READ:
        return []
    query = _select(backend_of(session).words.matched, is_newest=True).limit(MOST_AUTHORS)
    if names:
        query = query.where(is_called([*map(username_key, names)]))
    values = _values(session, _rarest_of(typed, counts), texts[0], hidden)
    rows = await session.execute(query, values)
    return [_stored(row, row.times) for row in rows]


def _stored(row: Row[*tuple[Any, ...]], count: int | UnsetType) -> StoredPost:
    return StoredPost(row.username, row.id, row.room, row.created_at, row.tz, count)


def _values(
    session: AsyncSession, rarest: Iterable[str], text: str, hidden: Collection[int]
) -> dict[str, object]:
    match = backend_of(session).words.render(_with_all(rarest))
    texts = [text, text.strip()]
    return {"match": match, "before": MAX_ID + 1, "texts": texts, "hidden": [*hidden]}


def _with_all(words: Iterable[str]) -> AllOf:
    return AllOf(tuple(Terms((word,)) for word in words))


@cache  # Making a query takes longer than running it.
def _select(matched: TextClause, *, is_newest: bool = False) -> Select[*tuple[Any, ...]]:
    """Return the query for each author's first or newest of these texts, and their number."""
    times = func.count().label("times")
    end = (func.max if is_newest else func.min)(Tweet.id).label("id")
    first = _among_found(matched, end, times).where(*_HAS_TEXT).group_by(Tweet.user_id).subquery()
    tz = select(Room.tz).where(Room.id == Tweet.room_id).scalar_subquery().label("tz")
    named = Tweet.user_id, Tweet.id, User.username, room_name().label("room")
    return (
        select(*named, Tweet.created_at, tz, first.c.times)
        .join(first, first.c.id == Tweet.id)
        .join(User, User.id == Tweet.user_id)
        .order_by(first.c.times.desc(), Tweet.id)
    )


_HAS_TEXT: Final = (
    Tweet.text.in_(bindparam("texts", expanding=True)),
    Tweet.id.not_in(bindparam("hidden", expanding=True)),
)


def _among_found(matched: TextClause, *columns: Any) -> Select[*tuple[Any, ...]]:
    """Return the query for columns of posts that the index finds, of authors who are here."""
    found = matched.columns(column("id", BigInteger)).subquery("found")
    query = select(*columns).join(found, found.c.id == Tweet.id)
    return query.join(User, User.id == Tweet.user_id).where(User.deleted_at.is_(None))


@cache
def _select_newest(matched: TextClause) -> Select[*tuple[Any, ...]]:
    posts = _among_found(matched, Tweet.id, User.username, Tweet.created_at, Tweet.url)
    newest = posts.order_by(Tweet.created_at.desc().nulls_last(), Tweet.id.desc())
    return newest.where(*_HAS_TEXT).limit(3)


@cache
def _counts() -> Select[str, int]:
    return select(Word.word, Word.tweets).where(Word.word.in_(bindparam("words", expanding=True)))


async def _rarest(session: AsyncSession, text: str) -> list[str]:
    typed = [*dict.fromkeys(terms(text)[:_MOST_TERMS])]
    return _rarest_of(typed, await _count(session, typed))


async def _count(session: AsyncSession, words: Collection[str]) -> dict[str, int]:
    rows = (await session.execute(_counts(), {"words": [*words]})).all()
    return dict.fromkeys(words, 0) | {row.word: row.tweets for row in rows}


def _rarest_of(typed: Collection[str], counts: Mapping[str, int]) -> list[str]:
    rarest = sorted(typed, key=counts.__getitem__)[:_SEARCHED]
    # So few posts are sooner read than found by more terms.
    return rarest[:1] if rarest and counts[rarest[0]] <= 300 else rarest


# --- Texts that several posts have ---


class AuthoredText(Protocol):
    @property
    def id(self) -> int: ...

    @property
    def user_id(self) -> int: ...

    @property
    def text(self) -> str: ...


async def other_writers(
    session: AsyncSession, posts: Sequence[AuthoredText], among: Collection[int] | None = None
) -> dict[int, set[int]]:
    """Return the authors of other posts that a reader takes for the same text, by post.

    among: ids of authors whose posts count; None for all.
    """
    texts = {post.id: as_read(post.text) for post in posts}
    typed = {text: [*dict.fromkeys(terms(text)[:_MOST_TERMS])] for text in texts.values()}
    counts = await _count(session, {term for of_text in typed.values() for term in of_text})
    rarest = [found for of_text in typed.values() if (found := _rarest_of(of_text, counts))]
    if not rarest:
        return {post.id: set() for post in posts}
    expression: Expression = AnyOf(tuple(map(_with_all, rarest)))
    if among is not None:
        expression = AllOf((expression, AnyOf(tuple(Terms((author_term(id_),)) for id_ in among))))
    words = backend_of(session).words
    values = {"match": words.render(expression), "before": MAX_ID + 1}
    rows = await session.execute(_similar(words.matched).where(Tweet.id.not_in(texts)), values)
    writers = defaultdict[str, set[int]](set)
    for user_id, text in rows:
        writers[as_read(text)].add(user_id)
    same = defaultdict[str, list[AuthoredText]](list)
    for post in posts:
        same[texts[post.id]].append(post)
    return {
        post.id: writers[texts[post.id]]
        | {each.user_id for each in same[texts[post.id]] if each.id != post.id}
        for post in posts
    }


@cache
def _similar(matched: TextClause) -> Select[*tuple[Any, ...]]:
    return _among_found(matched, Tweet.user_id, Tweet.text).distinct()


async def rooms_with(session: AsyncSession, texts: Iterable[str]) -> Counter[int]:
    """Return the chats that have messages with these texts, and how many of the texts each has."""
    rooms = Counter[int]()
    for text in texts:
        if rarest := await _rarest(session, text):
            found = backend_of(session).words.matching(_with_all(rarest))
            query = select(Tweet.room_id).distinct().where(Tweet.text == text)
            query = query.where(Tweet.room_id.is_not(None)).join(found, found.c.id == Tweet.id)
            rooms.update(room for room in await session.scalars(query.limit(50)) if room)
    return rooms
