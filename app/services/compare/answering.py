"""Answers to cases without holding up the event loop, and their reasons by stored posts."""

import asyncio
from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncSession

from app.runtime.work_pool import INLINE_CHARACTERS, Runner
from app.services.compare.profiles import newest_own
from saywho.comparing import verdict
from saywho.engine.case import Case
from saywho.engine.evidence import PlainPost, plain_posts
from saywho.engine.judgement import SURE


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
    posts = await newest_own(session, user_id, count)
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
