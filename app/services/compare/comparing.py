"""A comparison: its question, its case (texts, authors, counts), and its answer.

Compared authors stay in memory until an event concerns them; others are read together for waiting
comparisons.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Readable, is_among
from app.db.batch import Batch
from app.db.engine import Database
from app.db.feed import Feed
from app.db.result_cache import DERIVED, Memo
from app.errors import AppError, InvalidInputError
from app.models import Tweet, User
from app.runtime.work_pool import INLINE_CHARACTERS, Runner, worked_on
from app.services.compare.habits import Models, measure_habit
from app.services.compare.profiles import newest_posts
from app.services.compare.stored_texts import add_stored
from app.services.posts.replies import own_chains
from app.services.posts.users import (
    UserRow,
    find_rows,
    get_row,
    names_by_key,
    outgrown_samples,
    read_rows,
    select_rows,
)
from saywho.comparing import verdict
from saywho.comparing.copied_texts import TakenApart
from saywho.comparing.question import Question, check_words, cleaned, messages_of
from saywho.comparing.verdict import Comparison, SearchedPosts
from saywho.engine.attribution import scores_of_each
from saywho.engine.case import RATED, Case, Suspect, best_of, query_of_texts
from saywho.engine.evidence import PlainPost, plain_posts
from saywho.engine.judgement import SURE
from saywho.engine.profiles import without_posts
from saywho.sizes import MIB
from saywho.text import dotted_names, held, username_key

MOST_NAMED: Final = 1_000
"""Their profiles are in memory together."""
MOST_COMPARED: Final = 10_000


def chosen_users(usernames: Sequence[str], rows: Mapping[str, UserRow]) -> list[UserRow]:
    """Return named authors in order. Raises NotFoundError and InvalidInputError."""
    users: dict[int, UserRow] = {}
    for name in usernames:
        user = get_row(name, rows)
        if user.id in users:
            raise InvalidInputError(
                "'{username}' was chosen twice; choose different authors",
                loc="usernames",
                username=name,
            )
        users[user.id] = user
    for user in users.values():
        if not user.tweet_count:
            raise InvalidInputError(
                "'{username}' has no posts to compare with", loc="usernames", username=user.username
            )
    return list(users.values())


async def compared_users(
    session: AsyncSession, usernames: Sequence[str], *, of_own: bool = False
) -> list[UserRow]:
    """Return the named or all authors with posts. Raises NotFoundError and InvalidInputError.

    of_own: without samples, if others suffice.
    """
    if not usernames:
        query = select_rows(User.tweet_count > 0).order_by(User.username_key)
        users = await read_rows(session, query.limit(MOST_COMPARED + 1))
        if len(users) > MOST_COMPARED:
            raise InvalidInputError(
                "A comparison can have at most {count} authors; choose some of the authors",
                loc="usernames",
                count=MOST_COMPARED,
            )
        if not users:
            raise InvalidInputError(
                "No author has posts yet; import or add some posts first", loc="usernames"
            )
        if not of_own:
            return users
        outgrown = {*await outgrown_samples(session)}
        return [user for user in users if user.username not in outgrown]
    if len(usernames) > MOST_NAMED:
        raise InvalidInputError("Choose at most {count} authors", loc="usernames", count=MOST_NAMED)
    return chosen_users(usernames, await find_rows(session, usernames))


async def split_messages(question: Question) -> tuple[Question, TakenApart | None]:
    """Return the question about the messages alone, and the way back to its texts."""
    apart = await worked_on(question.texts, partial(messages_of, question))
    if apart is None:
        return question, None
    return replace(question, texts=apart.texts, without=apart.gaps, person=""), apart


async def naming_people(session: AsyncSession, question: Question) -> Question:
    """Return a cleaned question in which the names of people who are here count as mentions."""
    texts = question.texts
    names = await worked_on(texts, lambda: set().union(*map(dotted_names, texts)))
    here = await names_by_key(session, names)
    return replace(question, texts=[held(text, here) for text in texts]) if here else question


async def case_of(
    session: AsyncSession, models: Models, question: Question, run: Runner = asyncio.to_thread
) -> Case:
    """Return a question's case with every visible post; `run` does long work.

    Raises NotFoundError and InvalidInputError.
    """
    question = await worked_on(question.texts, partial(cleaned, question))
    usernames, of_own = question.usernames, question.of_own
    (case,) = await cases_of(session, models, [question], usernames, of_own=of_own, run=run)
    hidden_post = question.hidden_post
    return case if hidden_post is None else await _without_post(session, case, hidden_post)


async def cases_of(
    session: AsyncSession,
    models: Models,
    questions: Sequence[Question],
    usernames: Sequence[str],
    *,
    of_own: bool = False,
    run: Runner = asyncio.to_thread,
) -> list[Case]:
    """Return the cases of cleaned questions; of very many authors only the best are kept, to
    bound memory.

    usernames: of the compared authors; none for all with posts. Raises NotFoundError and
    InvalidInputError.
    """
    users = await compared_users(session, usernames, of_own=of_own)
    questions = [await naming_people(session, question) for question in questions]
    if usernames or len(users) <= RATED:
        case = await case_of_authors(session, models, users, is_named=bool(usernames))
        check_words(case.suspects)
        cases = [replace(case, texts=each.texts, gaps=each.without) for each in questions]
        return [await with_habits(session, models, case, run) for case in cases]
    fitted = await models.backgrounds.load(session)
    queries = await run(lambda: [query_of_texts(each.texts, each.without) for each in questions])
    scores = np.full((len(queries), len(users)), -np.inf)
    at_once = 100  # Authors whose profiles are in memory together.
    for start in range(0, len(users) if queries else 0, at_once):
        portion = users[start : start + at_once]
        profiles = await models.profiles.load(session, portion, may_evict=False)
        filled = [place for place, profile in enumerate(profiles) if profile.counts.keys.size]
        scores[:, [start + place for place in filled]] = await run(
            scores_of_each, queries, [profiles[place] for place in filled], fitted.background
        )
    portions = []
    for question, row in zip(questions, scores, strict=True):
        best = best_of(row)  # Equal scores are ordered by name, as the authors are.
        narrowed = await case_of_authors(session, models, [users[i] for i in best], is_named=False)
        check_words(narrowed.suspects)
        narrowed = replace(
            narrowed, texts=question.texts, gaps=question.without, further=np.delete(row, best)
        )
        portions.append(await with_habits(session, models, narrowed, run))
    return portions


async def case_of_authors(
    session: AsyncSession, models: Models, users: Sequence[UserRow], *, is_named: bool
) -> Case:
    profiles = await models.profiles.load(session, users)
    fitted, event = await models.backgrounds.load_with_event(session)
    return Case(
        texts=(),
        suspects=[
            Suspect(user.id, user.username, profile)
            for user, profile in zip(users, profiles, strict=True)
        ],
        fitted=fitted,
        is_named=is_named,
        as_of_event=event,
    )


async def with_habits(
    session: AsyncSession, models: Models, case: Case, run: Runner = asyncio.to_thread
) -> Case:
    """Return the case with habits of all, or the best of many authors."""
    suspects = list(case.suspects)
    ranking, best = None, list(range(len(suspects)))
    if case.texts and len(suspects) > RATED:
        best = await run(case.best)
        ranking = case.ranking
    loaded = await models.habits.load(session, [suspects[i] for i in best], case.fitted)
    for place, suspect in zip(best, loaded, strict=True):
        suspects[place] = suspect
    return replace(case, suspects=suspects, known_ranking=ranking)


async def _without_post(session: AsyncSession, case: Case, post_id: int) -> Case:
    """Return the case without the post and its chain of replies, except in the background."""
    post = await session.get(Tweet, post_id)
    author_id = post.user_id if post else None
    author = next((suspect for suspect in case.suspects if suspect.id == author_id), None)
    if author is None:
        return case
    chains = await own_chains(session, author.id)
    first = chains.get(post_id)
    ids = [suspect for suspect, begin in chains.items() if begin == first] if first else [post_id]
    hidden = [*await session.scalars(select(Tweet.counted).where(is_among(session, Tweet.id, ids)))]
    try:
        profile = await worked_on(hidden, partial(without_posts, author.profile, hidden))
    except ValueError:  # The post arrived after the case was read.
        return case
    habit = author.habit and await measure_habit(
        session, author.id, profile, case.fitted, author.habit, hidden
    )
    changed = replace(author, profile=profile, habit=habit)
    suspects = [changed if suspect is author else suspect for suspect in case.suspects]
    if not any(suspect.profile.counts.keys.size for suspect in suspects):
        raise InvalidInputError("Without this post, there is nothing to compare the text with")
    return replace(case, suspects=suspects, known_ranking=None, hidden=ids)


async def answer(
    case: Case, *, sure: float = SURE, explain: bool = True, run: Runner | None = None
) -> verdict.Comparison:
    """Judge the case's texts by `run`, else in a thread if that takes long."""
    size = sum(map(len, case.texts))
    # More would hold up the loop for over 10 ms.
    is_quick = len(case.suspects) <= 20 and len(case.texts) <= 5
    is_quick = is_quick and not case.needs_reading()
    if run is None and size <= INLINE_CHARACTERS // 2 and is_quick:
        return verdict.answer_of(case, sure, explain)
    judged: verdict.Comparison = await (run or asyncio.to_thread)(
        verdict.answer_of, case, sure, explain
    )
    return judged


ReadPosts = Callable[[AsyncSession, int, int], Awaitable[verdict.SearchedPosts]]


async def read_posts(session: AsyncSession, user_id: int, count: int) -> verdict.SearchedPosts:
    posts = await newest_posts(session, user_id, count)
    return verdict.SearchedPosts(posts, await asyncio.to_thread(plain_posts, posts))


async def add_reasons(
    session: AsyncSession,
    case: Case,
    comparison: verdict.Comparison,
    run: Runner = asyncio.to_thread,
    read: ReadPosts = read_posts,
    *,
    is_always_read: bool = False,
) -> verdict.Comparison:
    """Return the comparison with frequency, author and place of each mark.

    is_always_read: whether the posts are read for an answer without marks, too.
    """
    if not (is_always_read or comparison.evidence or comparison.verdict == "unfamiliar"):
        return comparison
    ids = {suspect.username: suspect.id for suspect in case.suspects}
    names = [ranked.username for ranked in verdict.searched_authors(comparison)]
    count = min(1_000, verdict.MOST_SEARCHED // len(names))
    posts = {
        name: verdict.without_hidden(await read(session, ids[name], count), case.hidden)
        for name in names
    }
    population: list[list[PlainPost]] = []
    if len(names) == 1:
        members = case.fitted.population.members
        population = [
            (await read(session, members[place][0], verdict.NEWEST_ELSEWHERE)).plain
            for place in case.others_of(case.suspects[0]).nonzero()[0].tolist()
        ]
    whole = {name for name, each in posts.items() if len(each.posts) < count - len(case.hidden)}
    explained: verdict.Comparison = await run(
        verdict.explained_by, comparison, case.text, posts, population, whole
    )
    return explained


# --- Answers to requests ---

MOST_NAMES: Final = 10
"""More authors are read in a separate session."""


class Comparer:
    """A process's comparisons, which count every acknowledged post.

    On SQLite, authors in memory need no database until the next commit (`Feed.commit_number`): 1.0
    ms of processor time instead of 4.8. PostgreSQL is asked each time.
    """

    def __init__(
        self, db: Readable, feed: Feed, models: Models, run_long: Runner = asyncio.to_thread
    ) -> None:
        """run_long: for long texts, to keep others from waiting."""
        self._db = db
        self._feed = feed
        self._models = models
        self._run_long = run_long
        self._reading: Batch[tuple[str, ...], Case] = Batch(
            self._read, max_size=20, max_waiting=1_000, timeout_s=30
        )
        self._suspects: Memo[Suspect] = Memo(
            feed, 48 * MIB, lambda suspect: suspect.profile.size_bytes
        )
        self._posts: Memo[SearchedPosts] = Memo(feed, 32 * MIB, lambda posts: posts.size_bytes)
        """Newest posts of some forty authors, for reasons."""
        self._commit_number: int | None = None
        """The feed's number at the last database read."""
        self._newest = 0
        """The newest event at that time."""

    async def close(self) -> None:
        await self._reading.close()

    def detach(self) -> None:
        """Stop following the feed, when nobody will ask any more."""
        self._suspects.detach()
        self._posts.detach()

    @property
    def size_bytes(self) -> int:
        """Size of the kept posts; the authors' profiles are those of the models."""
        return self._posts.size

    async def ask(self, question: Question) -> Comparison:
        """Return the answer. Raises NotFoundError and InvalidInputError."""
        question, apart = await split_messages(question)
        case = await self.case_of(question)
        run = self._run_long if question.is_long else None
        comparison = await answer(case, sure=question.sure, explain=question.explain, run=run)
        is_current = question.reasons and await self._feed.catch_up()
        began = self._posts.time
        async with self._db.read() as session:
            if question.reasons:
                comparison = await add_reasons(
                    session,
                    case,
                    comparison,
                    run or asyncio.to_thread,
                    partial(self._read_posts, began) if is_current else read_posts,
                )
            comparison = await add_stored(session, case, comparison, reasons=question.reasons)
        return apart.restored(comparison) if apart else comparison

    async def _read_posts(
        self, began: int, session: AsyncSession, user_id: int, count: int
    ) -> SearchedPosts:
        key = user_id, count
        posts = self._posts.find(key)
        if posts is None:
            posts = await read_posts(session, user_id, count)
            self._posts.put(key, posts, [user_id], began=began)
        return posts

    async def case_of(self, question: Question) -> Case:
        usernames = question.usernames
        if question.hidden_post is not None or not 0 < len(usernames) <= RATED:
            run = self._run_long if question.is_long else asyncio.to_thread
            async with self._db.read() as session:
                return await case_of(session, self._models, question, run)
        question = await worked_on(question.texts, partial(cleaned, question))
        if any("@" in text for text in question.texts):
            async with self._db.read() as session:
                question = await naming_people(session, question)
        if case := await self._find(question):
            return case
        case = await self._load(tuple(usernames))
        return replace(case, texts=question.texts, gaps=question.without)

    async def _find(self, question: Question) -> Case | None:
        usernames = question.usernames
        if not await self._feed.catch_up() or self._feed.commit_number is None:
            return None
        fitted = self._models.backgrounds.newest
        # A commit may have brought a new background.
        if fitted is None or self._feed.commit_number != self._commit_number:
            return None
        remembered = [self._suspects.find(username_key(name)) for name in usernames]
        suspects = [suspect for suspect in remembered if suspect is not None]
        if len({suspect.id for suspect in suspects}) < len(usernames):
            return None
        check_words(suspects)
        return Case(
            question.texts, suspects, fitted, gaps=question.without, as_of_event=self._newest
        )

    async def _load(self, usernames: tuple[str, ...]) -> Case:
        if len(usernames) <= MOST_NAMES:
            return await self._reading(usernames)
        (case,) = await self._read([usernames])
        if isinstance(case, Exception):
            raise case
        return case

    async def _read(self, requested: Sequence[tuple[str, ...]]) -> list[Case | Exception]:
        commit, began = self._feed.commit_number, self._suspects.time
        async with self._db.read() as session:
            users = await find_rows(
                session, [name for usernames in requested for name in usernames]
            )
            case = await case_of_authors(session, self._models, list(users.values()), is_named=True)
            case = await with_habits(session, self._models, case)
        self._commit_number, self._newest = commit, case.as_of_event
        suspects = {suspect.id: suspect for suspect in case.suspects}
        for key, user in users.items():
            if user.tweet_count and commit is not None:
                self._suspects.put(key, suspects[user.id], (user.id, DERIVED), began=began)
        results: list[Case | Exception] = []
        for names in requested:
            try:
                chosen = [suspects[user.id] for user in chosen_users(names, users)]
                check_words(chosen)
                results.append(replace(case, suspects=chosen))
            except AppError as error:
                results.append(error)
        return results


async def ask_once(db: Database, question: Question) -> Comparison:
    """Return a single question's answer. Raises NotFoundError and InvalidInputError."""
    question, apart = await split_messages(question)
    async with db.read() as session:
        case = await case_of(session, Models(), question)
        comparison = await answer(case, sure=question.sure, explain=question.explain)
        if question.reasons:
            comparison = await add_reasons(session, case, comparison)
        comparison = await add_stored(session, case, comparison, reasons=question.reasons)
    return apart.restored(comparison) if apart else comparison
