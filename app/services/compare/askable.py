"""Posts to guess, and the sets of posts that are drawn for a quiz, a chat and the front page."""

import random
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from functools import partial
from itertools import islice
from types import ModuleType
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.judgement import FEWEST_JUDGED
from app.models import RoomPerson, Tweet, User
from app.runtime.work_pool import INLINE_CHARACTERS, worked_on
from app.services.compare.cases import Models
from app.services.compare.name_masking import ChatNames, Named, can_be_guessed, read_chat_names
from app.services.posts.samples import ENOUGH_OF_OWN, is_sample
from app.services.rooms.room_facts import RoomFacts

FEWEST_POSTS: Final = 20
"""Posts an author must have to be in a question; with fewer neither side has a fair chance."""


MOST_CHOICES: Final = 6
"""Authors that a set may name."""


SET_LENGTH: Final = 10
"""Posts of a set."""


class QuizSet(NamedTuple):
    """Posts to guess, and the authors among whom to choose."""

    user_ids: tuple[int, ...]
    tweet_ids: tuple[int, ...]

    @property
    def written(self) -> str:
        """The set as it stands in addresses."""
        return "-".join(".".join(map(str, ids)) for ids in self)


MOST_CHARACTERS: Final = 600
"""Characters of a post to guess."""
CHOICES: Final = 4
"""Authors to choose from in a set that is drawn."""
MOST_PLAYERS: Final = 24
"""Authors from whom the choices are taken."""
TRIES: Final = 3
"""Draws of authors, and searches for each post of a set, before a quiz is given up."""
_PASSAGE_OF_AUTHOR: Final = 20
"""Consecutive posts of an author that are searched for one that can be guessed."""
_PASSAGE_OF_ROOM: Final = 60
"""Consecutive messages of a chat that are searched for one of each person."""
_LOOKED_AT: Final = 1_000
"""Posts of an author among which all that can be guessed are looked for."""
_PRIME: Final = 1_000_003
"""Ids are multiplied modulo this to put authors into an order that a seed decides."""

Chance = random.Random | ModuleType
"""A generator with a seed, or the module `random`."""


class Candidate(NamedTuple):
    """A post that may be asked about."""

    id: int
    user_id: int
    text: str
    room_id: int | None


Passages = AsyncIterator[Sequence[Candidate]]
"""Posts that are looked through together, one passage after the other."""


class Scope(NamedTuple):
    """The posts among which some to ask about are looked for."""

    passages: Passages
    is_mixed: bool
    """Whether each passage is in a random order, and the first posts of it are taken; else one of
    each author is."""
    chats: ChatNames | None = None
    """The names in the chats of all passages, if they were read already."""
    most_empty: int | None = None
    """Passages without any post, in a row, after which no more are searched."""


async def askable(
    session: AsyncSession, cast: Sequence[Named], scope: Scope, count: int, chance: Chance
) -> list[Candidate]:
    """Return up to `count` different posts that can be guessed, in a random order.

    A post can be guessed if it has words when the names of the cast and of its chat are hidden.
    """
    found: dict[int, Candidate] = {}
    empty = 0
    async for passage in scope.passages:
        rooms = {post.room_id for post in passage}
        chats = scope.chats or await read_chat_names(session, rooms)
        work = partial(_guessable, passage, cast, chats, count if scope.is_mixed else None)
        # Masking the names in 60 messages takes up to 20 ms.
        inline = INLINE_CHARACTERS if len(passage) <= _PASSAGE_OF_AUTHOR else 0
        good = await worked_on([post.text for post in passage], work, inline_characters=inline)
        if scope.is_mixed:
            return good
        of_authors = defaultdict[int, list[Candidate]](list)
        for post in good:
            of_authors[post.user_id].append(post)
        found |= {post.id: post for post in map(chance.choice, of_authors.values())}
        empty = 0 if good else empty + 1
        if len(found) >= count or empty == scope.most_empty:
            break
    ids = chance.sample(sorted(found), min(count, len(found)))
    return [found[post_id] for post_id in ids]


def _guessable(
    posts: Iterable[Candidate], cast: Sequence[Named], chats: ChatNames, most: int | None
) -> list[Candidate]:
    # Names are masked only until there are enough: in all posts that would take seconds.
    good = (
        post
        for post in posts
        if can_be_guessed(post.text, *cast, chat_names=chats.of(post.room_id))
    )
    return list(islice(good, most))


def posts_of_author(
    session: AsyncSession, user: User, room_id: int | None, chance: Chance
) -> Scope:
    """Return all short posts of an author, or some from all over the time if they are many."""
    is_own = [Tweet.user_id == user.id, func.length(Tweet.text) <= MOST_CHARACTERS]
    if room_id is not None:
        is_own.append(Tweet.room_id == room_id)

    async def passages() -> Passages:
        posts = _candidates(*is_own).order_by(Tweet.created_at, Tweet.id)
        total = await session.scalar(select(func.count()).select_from(posts.subquery())) or 0
        length, starts = _LOOKED_AT, [0]
        if total > _LOOKED_AT:
            places = 20
            length = _LOOKED_AT // places
            starts = [chance.randrange(total - length) for _ in range(places)]
        found: dict[int, Candidate] = {}
        for start in starts:
            rows = await session.execute(posts.offset(start).limit(length))
            found |= {row.id: Candidate(*row) for row in rows}
        yield chance.sample([*found.values()], len(found))

    return Scope(passages(), is_mixed=True)


async def draw(
    session: AsyncSession,
    lang: str,
    *,
    count: int = 1,
    longest: int = MOST_CHARACTERS,
    seed: str | None = None,
) -> QuizSet | None:
    """Return up to `count` random posts of a few random authors, who write that language if any do.

    None while there are too few of either. With a seed, every process draws the same from the same
    posts; most new posts do not change that.
    """
    chance = random.Random(seed)  # noqa: S311 - a game
    players = await _players(session, lang, chance, is_seeded=seed is not None)

    async def drawn(cast: Sequence[User]) -> list[Candidate]:
        passages = _passages_of(
            session, cast, TRIES * count, longest, chance, is_seeded=seed is not None
        )
        return await askable(session, cast, Scope(passages, is_mixed=False), count, chance)

    return await _draw_cast(players, drawn, chance)


async def _players(
    session: AsyncSession, lang: str, chance: random.Random, *, is_seeded: bool
) -> list[User]:
    """Return random authors with enough posts, those who write the language if two do."""
    order: ColumnElement[Any] = func.random()
    if is_seeded:
        order = User.id % _PRIME * chance.randrange(1, _PRIME) % _PRIME
    can_play = [User.deleted_at.is_(None), User.tweet_count >= FEWEST_POSTS]
    own = select(User.id).where(*can_play, ~is_sample()).limit(ENOUGH_OF_OWN)
    if len((await session.scalars(own)).all()) == ENOUGH_OF_OWN:
        can_play.append(~is_sample())
    # Those of the language are preferred among so many random authors.
    drawn = select(User.id).where(*can_play).order_by(order, User.id).limit(1_000).subquery()
    of_author = select(Tweet.lang).where(Tweet.user_id == User.id)
    newest = of_author.order_by(Tweet.created_at.desc(), Tweet.id.desc()).limit(1)
    # Posts of no known language are in none of those that are told by their letters.
    fits = func.coalesce(newest.scalar_subquery(), "en") == lang
    query = select(User, fits).join(drawn, drawn.c.id == User.id)
    rows = (
        await session.execute(query.order_by(fits.desc(), order, User.id).limit(MOST_PLAYERS))
    ).all()
    players = [user for user, is_fit in rows if is_fit]
    if len(players) < 2:  # One alone would be the answer each time.
        players = [user for user, _ in rows]
    # A new author further down changes nothing of what a seed draws.
    return players[:CHOICES] if is_seeded else players


async def _draw_cast(
    players: Sequence[User],
    drawn: Callable[[Sequence[User]], Awaitable[list[Candidate]]],
    chance: random.Random,
) -> QuizSet | None:
    """Return up to four random players, and posts of theirs to guess.

    None for fewer than two players, and where no cast of a few has such posts.
    """
    if len(players) < 2:
        return None
    for _ in range(TRIES):
        cast = chance.sample(players, min(CHOICES, len(players)))
        if posts := await drawn(cast):
            cast.sort(key=lambda user: user.username_key)
            return QuizSet(tuple(user.id for user in cast), tuple(post.id for post in posts))
    return None


async def _passages_of(
    session: AsyncSession,
    cast: Sequence[User],
    rounds: int,
    longest: int,
    chance: random.Random,
    *,
    is_seeded: bool,
) -> Passages:
    """Yield passages of each author in turn.

    With a seed the posts that arrived last are left out, so that another one changes nothing: until
    an author has twice as many, the search begins at the same place.
    """
    for _ in range(rounds):
        for user in chance.sample(cast, len(cast)):
            total = user.tweet_count
            if is_seeded:
                total = 1 << (total.bit_length() - 1)
            start = int(chance.random() * max(1, total - _PASSAGE_OF_AUTHOR))
            query = _candidates(Tweet.user_id == user.id).order_by(Tweet.event_id, Tweet.id)
            rows = await session.execute(query.offset(start).limit(_PASSAGE_OF_AUTHOR))
            yield [Candidate(*row) for row in rows if len(row.text) <= longest]


async def draw_from_room(
    session: AsyncSession, models: Models, room: RoomFacts, *, count: int
) -> QuizSet | None:
    """Return up to `count` random messages of a chat, and up to four of its people.

    None while fewer than two people have `FEWEST_POSTS` messages in it and as many texts here as a
    comparison needs, or no message has enough words.
    """

    players = await _players_of_room(session, models, room.id)
    chats = await read_chat_names(session, [room.id])

    async def drawn(cast: Sequence[User]) -> list[Candidate]:
        passages = _passages_of_room(session, room, cast, TRIES * count)
        # After five without any perhaps these people only laugh.
        scope = Scope(passages, is_mixed=False, chats=chats, most_empty=5)
        return await askable(session, cast, scope, count, random)

    return await _draw_cast(players, drawn, random.Random())  # noqa: S311 - a game


async def _players_of_room(session: AsyncSession, models: Models, room_id: int) -> list[User]:
    """Return random people who write enough in a chat to be told apart."""
    query = (
        select(User)
        .join(RoomPerson, RoomPerson.user_id == User.id)
        .where(RoomPerson.room_id == room_id, RoomPerson.messages >= FEWEST_POSTS)
        .where(User.deleted_at.is_(None))
        .order_by(func.random())
        .limit(MOST_PLAYERS)
    )
    users = (await session.scalars(query)).all()
    profiles = await models.profiles.load(session, users)
    return [
        user
        for user, profile in zip(users, profiles, strict=True)
        if profile.worded_posts >= FEWEST_JUDGED
    ]


async def _passages_of_room(
    session: AsyncSession, room: RoomFacts, cast: Sequence[User], most: int
) -> Passages:
    """Yield the messages of some people in random passages of a chat."""
    user_ids = [user.id for user in cast]
    for _ in range(most):
        start = random.randrange(max(1, room.messages - _PASSAGE_OF_ROOM + 1))  # noqa: S311 - a game
        # Only the index is read up to there; the texts are read of the passage alone.
        passage = select(Tweet.id).where(Tweet.room_id == room.id)
        passage = passage.order_by(Tweet.created_at, Tweet.place, Tweet.id)
        ids = passage.offset(start).limit(_PASSAGE_OF_ROOM).subquery()
        query = _candidates(
            Tweet.user_id.in_(user_ids), func.length(Tweet.text) <= MOST_CHARACTERS
        ).join(ids, ids.c.id == Tweet.id)
        yield [Candidate(*row) for row in await session.execute(query)]


def _candidates(*conditions: ColumnElement[bool]) -> Select[int, int, str, int | None]:
    columns = Tweet.id, Tweet.user_id, Tweet.text, Tweet.room_id
    return select(*columns).where(*conditions)
