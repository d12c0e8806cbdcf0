"""Posts to guess, for a quiz, a chat and the front page: drawn at random, without names, with the
authors to choose from and the guess of the model.
"""

import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from types import ModuleType
from typing import Any, Final, NamedTuple, Self

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, bindparam, case, func, not_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.result_cache import EVERYTHING, depends_on
from app.errors import NotFoundError
from app.models import RoomPerson, Tweet, User
from app.runtime.work_pool import INLINE_CHARACTERS, worked_on
from app.services.compare.comparing import add_reasons, answer, case_of
from app.services.compare.habits import Models
from app.services.compare.name_masking import ChatNames, Masker, Named, read_chat_names
from app.services.compare.stored_texts import other_writers
from app.services.posts.users import FEWEST_PLAYED, can_play, has_enough_own, is_sample
from app.services.rooms.chats import RoomFacts
from app.services.snapshots import Counted, Key, Made
from saywho.comparing.question import MOST_GAPS, Question
from saywho.comparing.verdict import Comparison
from saywho.engine.judgement import FEWEST_JUDGED
from saywho.people.names import HiddenText
from saywho.text import LONGEST_WHOLE, MOST_CUT, has_words, pieces_of, shown_piece, username_key

MOST_CHOICES: Final = 6
SET_LENGTH: Final = 10


class QuizSet(NamedTuple):
    user_ids: tuple[int, ...]
    tweet_ids: tuple[int, ...]

    @property
    def written(self) -> str:
        return "-".join(".".join(map(str, ids)) for ids in self)


CHOICES: Final = 4
MOST_PLAYERS: Final = 24
TRIES: Final = 3
_PASSAGE_OF_AUTHOR: Final = 20
"""Consecutive posts that are searched together."""
_PASSAGE_OF_ROOM: Final = 60

Chance = random.Random | ModuleType
"""A generator with a seed, or the module."""


class Candidate(NamedTuple):
    id: int
    user_id: int
    text: str
    room_id: int | None

    def as_shown(self) -> Self:
        """Return it with the piece of a long text that a question shows."""
        return self._replace(text=shown_piece(self.text, self.id))


Passages = AsyncIterator[Sequence[Candidate]]


class Scope(NamedTuple):
    passages: Passages
    chats: ChatNames | None = None
    """Names in the chats, if already read."""
    most_empty: int | None = None
    """Consecutive passages without guessable posts that end the search."""


Cast = Mapping[int, Named]
"""The authors to choose from, by id."""


async def guessable_posts(
    session: AsyncSession, cast: Cast, scope: Scope, count: int, chance: Chance
) -> list[Candidate]:
    """Return up to `count` guessable posts, one of each author and passage, in random order."""
    found: dict[int, Candidate] = {}
    empty = 0
    async for passage in scope.passages:
        readable = await _first_readable(session, passage, cast, chats=scope.chats)
        good = await _of_one(session, readable, cast)
        of_authors = defaultdict[int, list[Candidate]](list)
        for post in good:
            of_authors[post.user_id].append(post)
        found |= {post.id: post for post in map(chance.choice, of_authors.values())}
        empty = 0 if good else empty + 1
        if len(found) >= count or empty == scope.most_empty:
            break
    ids = chance.sample(sorted(found), min(count, len(found)))
    return [found[post_id] for post_id in ids]


async def first_guessable(
    session: AsyncSession,
    posts: Sequence[Candidate],
    cast: Cast,
    most: int,
    chats: ChatNames | None = None,
) -> list[Candidate]:
    """Return the first posts that are readable without names, and whose text no other of the cast
    wrote: a question has one answer.

    chats: names in the chats, if already read.
    """
    names = chats or await read_chat_names(session, {post.room_id for post in posts})
    found, start = list[Candidate](), 0
    while len(found) < most:
        readable = await _first_readable(session, posts[start:], cast, most - len(found), names)
        if not readable:
            break
        start = [post.id for post in posts].index(readable[-1].id) + 1
        found += await _of_one(session, readable, cast)
    return found


async def _of_one(session: AsyncSession, posts: Sequence[Candidate], cast: Cast) -> list[Candidate]:
    writers = await other_writers(session, posts, [*cast])
    return [post for post in posts if writers[post.id] <= {post.user_id}]


async def _first_readable(
    session: AsyncSession,
    posts: Sequence[Candidate],
    cast: Cast,
    most: int | None = None,
    chats: ChatNames | None = None,
) -> list[Candidate]:
    names = chats or await read_chat_names(session, {post.room_id for post in posts})
    people = [*cast.values()]

    def look() -> list[Candidate]:
        good = (
            post
            for post in map(Candidate.as_shown, posts)
            if Masker("clues", names.get(post.room_id), people).can_be_guessed(post.text)
        )
        # Names are masked only until there are enough posts: masking all would take seconds.
        return list(islice(good, most))

    # Masking the names in 60 messages takes up to 20 ms.
    inline = INLINE_CHARACTERS if len(posts) <= _PASSAGE_OF_AUTHOR else 0
    return await worked_on([post.text for post in posts], look, inline_characters=inline)


async def posts_of_author(session: AsyncSession, user: User) -> list[Candidate]:
    """Return an author's posts, or a sample from all times, in random order."""
    posts = _candidates(Tweet.user_id == user.id).order_by(Tweet.created_at, Tweet.id)
    total = await session.scalar(select(func.count()).select_from(posts.subquery())) or 0
    length, starts = 1_000, [0]
    if total > length:
        length = 50
        starts = [random.randrange(total - length) for _ in range(20)]  # noqa: S311 - a game
    found: dict[int, Candidate] = {}
    for start in starts:
        rows = await session.execute(posts.offset(start).limit(length))
        found |= {row.id: Candidate(*row) for row in rows}
    return random.sample([*found.values()], len(found))


async def draw(
    session: AsyncSession,
    lang: str,
    *,
    count: int = 1,
    longest: int = LONGEST_WHOLE,
    seed: str | None = None,
) -> QuizSet | None:
    """Return random posts of few random authors, preferably of the language; None with too few.

    With a seed, every process draws the same, unchanged by most new posts.
    """
    chance = random.Random(seed)  # noqa: S311 - a game
    is_seeded = seed is not None
    players = await _players(session, lang, chance, is_seeded=is_seeded)
    for _ in range(TRIES if len(players) > 1 else 0):
        cast = chance.sample(players, min(CHOICES, len(players)))
        rounds = TRIES * count
        passages = _passages_of(session, cast, rounds, longest, chance, is_seeded=is_seeded)
        people = {user.id: user for user in cast}
        if posts := await guessable_posts(session, people, Scope(passages), count, chance):
            cast.sort(key=lambda user: user.username_key)
            return QuizSet(tuple(user.id for user in cast), tuple(post.id for post in posts))
    return None


async def _players(
    session: AsyncSession, lang: str, chance: random.Random, *, is_seeded: bool
) -> list[User]:
    """Return random authors with enough posts, of one kind, preferably of the language."""
    order: ColumnElement[Any] = func.random()
    if is_seeded:
        prime = 1_000_003  # IDs times a random factor modulo a prime are in an order by the seed.
        order = User.id % prime * chance.randrange(1, prime) % prime
    able_to_play = [can_play()]
    own = select(User.id).where(*able_to_play, ~is_sample()).limit(1)
    # No example sets a sample beside a person; a quiz of one author would have no choices.
    is_own = is_seeded and await session.scalar(own) is not None
    if is_own or await has_enough_own(session, FEWEST_PLAYED):
        able_to_play.append(~is_sample())
    tried: list[ColumnElement[bool]] = []
    for _ in range(TRIES):  # Each time another kind.
        drawn = await _drawn_players(session, lang, order, [*able_to_play, *map(not_, tried)])
        if len(drawn) < 2:  # A single player would be the answer each time.
            return []
        kind = await _kind_of(session, drawn[0])
        players = await _drawn_players(session, lang, order, [*able_to_play, kind])
        # With a seed, a new author further down must not change the draw.
        able = await _with_words(session, players, CHOICES if is_seeded else 2 * CHOICES)
        if len(able) > 1:
            return able
        tried.append(kind)
    return []


async def _kind_of(session: AsyncSession, user: User) -> ColumnElement[bool]:
    if not user.is_of_chat:
        return ~User.is_of_chat
    of_user = RoomPerson.user_id == user.id, RoomPerson.messages > 0
    most = select(RoomPerson.room_id).where(*of_user)
    most = most.order_by(RoomPerson.messages.desc(), RoomPerson.room_id).limit(1)
    room_id = await session.scalar(most)
    people = select(RoomPerson.user_id).where(RoomPerson.room_id == room_id)
    return User.id.in_(people.where(RoomPerson.messages >= FEWEST_PLAYED))


async def _drawn_players(
    session: AsyncSession,
    lang: str,
    order: ColumnElement[Any],
    conditions: Sequence[ColumnElement[bool]],
) -> list[User]:
    # Authors who write the language are preferred among 1,000 random ones.
    drawn = select(User.id).where(*conditions).order_by(order, User.id).limit(1_000).subquery()
    of_author = select(Tweet.lang).where(Tweet.user_id == User.id)
    newest = of_author.order_by(Tweet.created_at.desc(), Tweet.id.desc()).limit(1)
    # Posts without a known language are in none that is recognised by its letters.
    fits = func.coalesce(newest.scalar_subquery(), "en") == lang
    query = select(User, fits).join(drawn, drawn.c.id == User.id)
    rows = (
        await session.execute(query.order_by(fits.desc(), order, User.id).limit(MOST_PLAYERS))
    ).all()
    players = [user for user, is_fit in rows if is_fit]
    return players if len(players) > 1 else [user for user, _ in rows]


async def _with_words(session: AsyncSession, users: Sequence[User], most: int) -> list[User]:
    able = list[User]()
    for user in users:
        newest = select(Tweet.text).where(Tweet.user_id == user.id)
        newest = newest.order_by(Tweet.created_at.desc(), Tweet.id.desc()).limit(300)
        pieces = chain.from_iterable(map(pieces_of, await session.scalars(newest)))
        if sum(map(has_words, pieces)) >= FEWEST_JUDGED:
            able.append(user)
        if len(able) == most:
            break
    return able


async def _passages_of(
    session: AsyncSession,
    cast: Sequence[User],
    rounds: int,
    longest: int,
    chance: random.Random,
    *,
    is_seeded: bool,
) -> Passages:
    """Yield each author's passages in turn.

    With a seed, the search begins at one place until an author has twice the posts.
    """
    for _ in range(rounds):
        for user in chance.sample(cast, len(cast)):
            total = user.tweet_count
            if is_seeded:
                total = 1 << (total.bit_length() - 1)
            start = int(chance.random() * max(1, total - _PASSAGE_OF_AUTHOR))
            query = _candidates(Tweet.user_id == user.id).order_by(Tweet.event_id, Tweet.id)
            rows = await session.execute(query.offset(start).limit(_PASSAGE_OF_AUTHOR))
            shown = [Candidate(*row).as_shown() for row in rows]
            yield [post for post in shown if len(post.text) <= longest]


async def draw_room_quiz(session: AsyncSession, room: RoomFacts, *, count: int) -> QuizSet | None:
    """Return random messages of a chat, and the people to choose from.

    None if fewer than two people have enough messages and comparable texts, or no message has
    enough words.
    """
    cast, _ = await read_cast(session, room)
    if len(cast) < 2:
        return None
    chats = await read_chat_names(session, [room.id])
    passages = _passages_of_room(session, room, [*cast], TRIES * count)
    # After so many empty passages, perhaps these people only laugh.
    scope = Scope(passages, chats, most_empty=5 * TRIES)
    posts = await guessable_posts(session, cast, scope, count, random)
    ids = sorted(cast, key=lambda user_id: cast[user_id].username_key)
    return QuizSet(tuple(ids), tuple(post.id for post in posts)) if posts else None


# --- The people to choose from ---


async def writers_in(
    session: AsyncSession, lang: str | None, user_ids: Collection[int], *, room_id: int | None
) -> set[int]:
    """Return the authors with a tenth or more of their newest posts in a language; all, if these
    are fewer than two.

    lang: as a post has it. room_id: only posts of this chat count.
    """
    newest = [
        select(Tweet.user_id, func.coalesce(Tweet.lang, "").label("lang"))
        .where(Tweet.user_id == user_id, *([] if room_id is None else [Tweet.room_id == room_id]))
        .order_by(Tweet.created_at.desc(), Tweet.id.desc())
        .limit(200)
        .subquery()
        for user_id in user_ids
    ]
    posts = union_all(*map(select, newest)).subquery()
    share = func.avg(case((posts.c.lang == (lang or ""), 1.0), else_=0.0))
    query = select(posts.c.user_id).group_by(posts.c.user_id).having(share >= 0.1)
    able = {*await session.scalars(query)}
    return able if len(able) > 1 else {*user_ids}


class Player(NamedTuple):
    """A possible author, whose rows load faster than `User` objects."""

    username: str
    username_key: str
    display_name: str | None


async def read_cast(
    session: AsyncSession, room: RoomFacts
) -> tuple[dict[int, Player], list[Candidate]]:
    """Return up to six people of a chat who write most, by id, and the newest short messages.

    People with few or short messages are left out.
    """
    depends_on(EVERYTHING)
    able = [person for person in room.people if person.messages >= FEWEST_PLAYED]
    if len(able) < 2:
        return {}, []
    keys = [username_key(person.username) for person in able[: 2 * MOST_CHOICES]]
    rows = await session.execute(_players_of_room(), {"room_id": room.id, "keys": keys})
    players = {row.id: Player(*row[1:]) for row in rows}
    values = {"room_id": room.id, "user_ids": list(players)}
    newest = [Candidate(*row) for row in await session.execute(_newest(), values)]
    counts = Counter(row.user_id for row in newest if has_words(row.text))
    cast: dict[int, Player] = {}
    for user_id, player in players.items():
        count = counts[user_id]
        if count < FEWEST_JUDGED:  # More are read.
            of_one = {"room_id": room.id, "user_id": user_id}
            count = sum(map(has_words, await session.scalars(_newest_of_one(), of_one)))
        if count >= FEWEST_JUDGED:
            cast[user_id] = player
        if len(cast) == MOST_CHOICES:
            break
    return cast, newest


@cache
def _players_of_room() -> Select[int, str, str, str | None]:
    return (
        select(User.id, User.username, User.username_key, User.display_name)
        .join(RoomPerson, RoomPerson.user_id == User.id)
        .where(User.username_key.in_(bindparam("keys", expanding=True)), User.deleted_at.is_(None))
        .where(RoomPerson.room_id == bindparam("room_id"))
        .order_by(RoomPerson.messages.desc(), RoomPerson.user_id)
    )


@cache
def _newest() -> Select[int, int, str, int | None]:
    return (
        _candidates(Tweet.room_id == bindparam("room_id"), Tweet.created_at.is_not(None))
        .where(Tweet.user_id.in_(bindparam("user_ids", expanding=True)))
        .where(func.length(Tweet.text) <= LONGEST_WHOLE)
        .order_by(Tweet.created_at.desc(), Tweet.place.desc(), Tweet.id.desc())
        .limit(120)
    )


@cache
def _newest_of_one() -> Select[str]:
    of_one = Tweet.room_id == bindparam("room_id"), Tweet.user_id == bindparam("user_id")
    newest = (Tweet.created_at.desc(), Tweet.place.desc(), Tweet.id.desc())
    return select(Tweet.text).where(*of_one).order_by(*newest).limit(1_000)


async def _passages_of_room(
    session: AsyncSession, room: RoomFacts, user_ids: Sequence[int], most: int
) -> Passages:
    for _ in range(most):
        start = random.randrange(max(1, room.messages - _PASSAGE_OF_ROOM + 1))  # noqa: S311 - a game
        # Up to the passage only the index is read; texts are read only in the passage.
        passage = select(Tweet.id).where(Tweet.room_id == room.id)
        passage = passage.order_by(Tweet.created_at, Tweet.place, Tweet.id)
        ids = passage.offset(start).limit(_PASSAGE_OF_ROOM).subquery()
        query = _candidates(
            Tweet.user_id.in_(user_ids), func.length(Tweet.text) <= LONGEST_WHOLE
        ).join(ids, ids.c.id == Tweet.id)
        # A draw by the same seed must not depend on the plan of the database.
        query = query.order_by(Tweet.created_at, Tweet.place, Tweet.id)
        yield [Candidate(*row) for row in await session.execute(query)]


def _candidates(*conditions: ColumnElement[bool]) -> Select[int, int, str, int | None]:
    text = func.substr(Tweet.text, 1, MOST_CUT + 1).label("text")
    return select(Tweet.id, Tweet.user_id, text, Tweet.room_id).where(*conditions)


async def is_playable(session: AsyncSession) -> bool:
    depends_on(EVERYTHING)
    return len((await session.scalars(select(User.id).where(can_play()).limit(2))).all()) == 2


@dataclass(frozen=True, slots=True)
class QuizQuestion:
    tweet_id: int
    username: str
    usernames: list[str]
    hidden: HiddenText

    @property
    def text(self) -> str:
        """The text with `HIDDEN` for names."""
        return self.hidden.masked


@dataclass(frozen=True, slots=True)
class Solution(QuizQuestion):
    """A question with the model's answer, as if the post had not been written."""

    comparison: Comparison

    @property
    def is_model_right(self) -> bool:
        return self.comparison.ranking[0].username == self.username


async def read_question(
    session: AsyncSession, quiz: QuizSet, at: int = 0, *, room_id: int | None = None
) -> QuizQuestion:
    """Return a set's question. Raises NotFoundError if post or author is deleted or elsewhere."""
    tweet = await session.get(Tweet, quiz.tweet_ids[at])
    query = select(User).where(User.id.in_(quiz.user_ids), User.deleted_at.is_(None))
    if room_id is not None:
        of_room = RoomPerson.room_id == room_id, RoomPerson.messages > 0
        query = query.where(User.id.in_(select(RoomPerson.user_id).where(*of_room)))
    users = {user.id: user for user in await session.scalars(query)}
    if (
        tweet is None
        or len(users) < len(quiz.user_ids)
        or tweet.user_id not in users
        or room_id not in (None, tweet.room_id)
    ):
        raise NotFoundError("The post of this question was deleted")
    author = users[tweet.user_id]
    able = await writers_in(session, tweet.lang, quiz.user_ids, room_id=tweet.room_id)
    able.add(author.id)
    names = [users[user_id].username for user_id in quiz.user_ids if user_id in able]
    chats = await read_chat_names(session, [tweet.room_id])
    shown = shown_piece(tweet.text, tweet.id)
    hiding = await Masker("clues", chats.get(tweet.room_id), users.values()).hide(shown)
    return QuizQuestion(tweet.id, author.username, names, hiding)


async def solve(
    session: AsyncSession,
    models: Models,
    quiz: QuizSet,
    at: int = 0,
    *,
    room_id: int | None = None,
    reasons: bool = False,
) -> Solution:
    """Return the author, and the comparison without the post, its chain of own replies, and hidden
    pieces.

    The background counts the post. Raises NotFoundError.
    """
    question = await read_question(session, quiz, at, room_id=room_id)
    text, names, post_id = question.hidden, question.usernames, question.tweet_id
    asked = Question([text.text], names, without=text.gaps[:MOST_GAPS], hidden_post=post_id)
    case = await case_of(session, models, asked)
    comparison = await answer(case)
    if reasons:
        comparison = await add_reasons(session, case, comparison)
    return Solution(post_id, question.username, names, text, comparison)


class ExampleSnapshot(Struct, frozen=True):
    """The front page's example in a language."""

    newest: int
    """The newest post when it was drawn; another one is drawn after 500 further posts."""
    solution: Solution | None
    """None if the model answers none of ten correctly, or if there are too few posts."""
    is_settled: bool
    """False for too few posts, which may change soon."""


class ExampleCounter(Counted[ExampleSnapshot]):
    """How an example is drawn, the same for all workers."""

    kind = "example 1"
    content = ExampleSnapshot

    def __init__(self, models: Models, lang: str, newest: int) -> None:
        """newest: id of the newest post."""
        self.key, self.posts = Key(self.kind, 0, zone=lang), newest
        self._models = models

    async def has_changed(self, _: AsyncSession, __: Made, snapshot: ExampleSnapshot) -> bool:
        if snapshot.is_settled:
            return snapshot.newest // 500 != self.posts // 500
        return snapshot.newest != self.posts

    async def count(self, session: AsyncSession) -> ExampleSnapshot:
        newest = await newest_post_id(session)
        for attempt in range(10):
            seed = f"{newest // 500} {self.key.zone} {attempt}"
            quiz = await draw(session, self.key.zone, longest=100, seed=seed)
            if quiz is None and attempt == 0:
                return ExampleSnapshot(newest, None, is_settled=False)
            if quiz is None or not await _is_unread(session, quiz):
                continue
            solution = await solve(session, self._models, quiz)
            if solution.is_model_right and solution.comparison.verdict == "likely":
                # Finding reasons reads many posts, hence only once.
                example = await solve(session, self._models, quiz, reasons=True)
                return ExampleSnapshot(newest, example, is_settled=True)
        return ExampleSnapshot(newest, None, is_settled=True)


async def newest_post_id(session: AsyncSession) -> int:
    return await session.scalar(select(func.max(Tweet.id))) or 0


async def _is_unread(session: AsyncSession, quiz: QuizSet) -> bool:
    """Return whether nobody wrote the text of the question another time: saywho had not seen it."""
    query = select(Tweet.id, Tweet.user_id, Tweet.text).where(Tweet.id.in_(quiz.tweet_ids))
    posts = (await session.execute(query)).all()
    return not any((await other_writers(session, posts)).values())
