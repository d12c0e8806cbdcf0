"""Requests' comparisons.

Compared authors stay in memory until an event concerns them; others are read together for waiting
comparisons.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.case import RATED, Case, Suspect
from app.compute.gaps import Gap
from app.compute.text import username_key
from app.config import MIB
from app.db.batch import Batch
from app.db.engine import Database
from app.db.feed import Feed
from app.db.result_cache import DERIVED, Memo
from app.errors import AppError
from app.runtime.work_pool import Runner, worked_on
from app.services.compare.cases import (
    Models,
    Question,
    check_words,
    choose,
    gather,
    judged_parts,
    load_suspects,
    with_habits,
)
from app.services.compare.verdict import Comparison, SearchedPosts, add_reasons, answer, read_posts
from app.services.posts.users import find_rows

MOST_NAMES: Final = 10
"""More authors are read in a separate session."""


class Comparer:
    """A process's comparisons, which count every acknowledged post.

    On SQLite, authors in memory need no database until the next commit (`Feed.commit_number`): 1.0
    ms of processor time instead of 4.8. PostgreSQL is asked each time.
    """

    def __init__(
        self, db: Database, feed: Feed, models: Models, run_long: Runner = asyncio.to_thread
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

    async def close(self) -> None:
        await self._reading.close()

    async def ask(self, question: Question) -> Comparison:
        """Return the answer. Raises NotFoundError and InvalidInputError."""
        case = await self.gather(question)
        run = self._run_long if question.is_long else None
        comparison = await answer(case, sure=question.sure, explain=question.explain, run=run)
        if question.reasons:
            is_current, began = await self._feed.catch_up(), self._posts.time
            async with self._db.read() as session:
                comparison = await add_reasons(
                    session,
                    case,
                    comparison,
                    run or asyncio.to_thread,
                    partial(self._read_posts, began) if is_current else read_posts,
                )
        return comparison

    async def _read_posts(
        self, began: int, session: AsyncSession, user_id: int, count: int
    ) -> SearchedPosts:
        """Return an author's newest posts, kept until an event concerns them."""
        key = user_id, count
        posts = self._posts.find(key)
        if posts is None:
            posts = await read_posts(session, user_id, count)
            self._posts.put(key, posts, [user_id], began=began)
        return posts

    async def gather(self, question: Question) -> Case:
        usernames = question.usernames
        if question.hidden_post is not None or not 0 < len(usernames) <= RATED:
            run = self._run_long if question.is_long else asyncio.to_thread
            async with self._db.read() as session:
                return await gather(session, self._models, question, run)
        comparable, gaps = await worked_on(question.texts, partial(judged_parts, question))
        if case := await self._find(usernames, comparable, gaps):
            return case
        return replace(await self._load(tuple(usernames)), texts=comparable, gaps=gaps)

    async def _find(
        self, usernames: Sequence[str], texts: Sequence[str], gaps: Sequence[Gap]
    ) -> Case | None:
        """Return the case if all is in memory and current."""
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
        return Case(texts, suspects, fitted, gaps=gaps, as_of_event=self._feed.newest)

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
            case = await load_suspects(session, self._models, list(users.values()), is_named=True)
            case = await with_habits(session, self._models, case)
        self._commit_number = commit
        suspects = {suspect.id: suspect for suspect in case.suspects}
        for key, user in users.items():
            if user.tweet_count and commit is not None:
                self._suspects.put(key, suspects[user.id], (user.id, DERIVED), began=began)
        results: list[Case | Exception] = []
        for names in requested:
            try:
                chosen = [suspects[user.id] for user in choose(names, users)]
                check_words(chosen)
                results.append(replace(case, suspects=chosen))
            except AppError as error:
                results.append(error)
        return results


async def ask_once(db: Database, question: Question) -> Comparison:
    """Return a single question's answer. Raises NotFoundError and InvalidInputError."""
    async with db.read() as session:
        case = await gather(session, Models(), question)
        comparison = await answer(case, sure=question.sure, explain=question.explain)
        if question.reasons:
            comparison = await add_reasons(session, case, comparison)
    return comparison
