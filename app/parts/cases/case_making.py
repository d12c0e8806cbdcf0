"""A report for a case: each named author is asked about alone, and the counts are kept."""

import hashlib
import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import is_among
from app.errors import InvalidInputError
from app.models import Tweet, User
from app.parts.cases.case_file import (
    AskedPart,
    CaseAuthor,
    CaseFile,
    Occurrence,
    Part,
    QuestionedText,
    Replayed,
    ToldNumbers,
    computed,
    packed,
)
from app.parts.cases.case_pieces import (
    CasePieces,
    SearchedAuthors,
    marks_for,
    pieces_of,
    strongest_of,
)
from app.parts.cases.ratios import MOST_MEASURED, Counted, cells_of, length_of, measured_case_rates
from app.runtime.encoding import meant
from app.runtime.work_pool import Runner, worked_on
from app.services.compare.answering import add_reasons, answer
from app.services.compare.comparing import case_of, case_of_authors, taken_apart, with_habits
from app.services.compare.habits import Models, measure_habit
from app.services.compare.profiles import newest_chained, newest_texts
from app.services.compare.stored_texts import count_stored
from app.services.posts.users import find_user, get_author, get_user, read_rows, select_rows
from saywho import __version__
from saywho.clock import now
from saywho.comparing.question import Question
from saywho.comparing.verdict import MODEL_NAME, Comparison, Evidence
from saywho.engine.case import Case, Suspect, query_of_texts, whole_words
from saywho.engine.features import Counts
from saywho.engine.fitting import hold_out, units_of
from saywho.engine.judgement import compared_with, judge
from saywho.engine.measured_rates import is_measured
from saywho.engine.population import Population
from saywho.engine.ratio_counts import (
    Features,
    asked_of,
    features_in,
    own_of,
    scores_of,
    uses_of_each,
)
from saywho.people.names import ManyNames
from saywho.population import shipped_digest
from saywho.text import (
    ADDRESS,
    Gap,
    gaps_of_each,
    guess_language,
    has_words,
    joined_gaps,
    own_words,
    word_count,
)

MOST_AUTHORS: Final = 10
MOST_ALONE: Final = 10
"""Texts that are also asked about singly."""
MOST_COUNTED: Final = 110_000
"""Characters of other people's counts in a file; with more, it has their summed scores."""
SUM_DECIMALS: Final = 9
MOST_NAMES: Final = 2_000
FEWEST_AUTHORS: Final = 4
FEWEST_POSTS: Final = 100
"""Number of authors here who are counted for how often a ratio occurs."""
ASKED_POSTS: Final = 60
OWN_SETS: Final = 20
STRANGE_SETS: Final = 3
FEWEST_SETS: Final = 40
"""Own texts, and strangers' texts, without which the documents' authors count."""
NEAR: Final = 1.5
"""Largest factor between the words of a text and of the texts that are counted for it."""


class CaseReport(NamedTuple):
    file: CaseFile
    authors: list["CaseFindings"]
    left_out: int
    """Words of quoted lines, which do not count."""


class CaseFindings(NamedTuple):
    """Facts of the report about an author besides the file."""

    filed: CaseAuthor
    name: str
    is_of_chat: bool
    comparison: Comparison
    pieces: CasePieces


class _AskedOf(NamedTuple):
    case: Case
    comparison: Comparison
    marks: list[Evidence]
    """Evidence for the author, the strongest first."""
    searched: SearchedAuthors
    parts: list["_PartOf"]
    occurrence: Occurrence


class _PartOf(NamedTuple):
    part: Part
    text: int | None
    case: Case
    query: Counts


async def make_case(
    session: AsyncSession, models: Models, question: Question, run: Runner
) -> CaseReport:
    """Return the report on texts by one hand, with each of the named authors asked about alone.

    Raises NotFoundError and InvalidInputError.
    """
    names = list(dict.fromkeys(question.usernames))
    if not 1 <= len(names) <= MOST_AUTHORS:
        raise InvalidInputError(
            "Name 1 to {count} authors of the texts", loc="usernames", count=MOST_AUTHORS
        )
    asked, apart = await taken_apart(question)
    if apart and len(apart.people) > 1 and not question.person:
        raise InvalidInputError("Several people wrote this; choose a person", loc="person")
    everybody = [
        await _asked_of(session, models, replace(asked, usernames=[name]), run) for name in names
    ]
    facts = [await _facts(session, each.case.suspects[0]) for each in everybody]
    names_here = await _other_names(session, [each.case.suspects[0].id for each in everybody])
    members = {each for one in everybody for each, _, _ in one.case.fitted.population.members}
    secret = await _of_chats(session, members)
    file = await run(_filed, everybody, facts, secret)
    authors = [
        CaseFindings(
            filed,
            fact.name,
            fact.is_of_chat,
            each.comparison,
            await run(pieces_of, each.case, each.marks, each.searched, names_here),
        )
        for filed, fact, each in zip(file.authors, facts, everybody, strict=True)
    ]
    asked_ids = [each.case.suspects[0].id for each in everybody]
    stored = await count_stored(session, everybody[0].case.texts, asked_ids)
    file = msgspec.structs.replace(file, stored_of_others=stored)
    quoted = everybody[0].comparison.quoted
    return CaseReport(file, authors, quoted if isinstance(quoted, int) else 0)


async def _asked_of(
    session: AsyncSession, models: Models, question: Question, run: Runner
) -> _AskedOf:
    case = await case_of(session, models, question, run)
    suspect = case.suspects[0]
    copies = [text for text in case.texts if replace(case, texts=[text]).is_read_of(suspect)]
    if copies:
        raise InvalidInputError(
            "A text is stored here as a post of {username}, so a report would compare it with"
            " itself",
            loc="texts",
            username=suspect.username,
        )
    if case.is_foreign_to(suspect):
        raise InvalidInputError(
            "The texts do not seem to be in a language that {username} writes here, and the worth"
            " of such ratios was not measured, so there is no report",
            loc="texts",
            username=suspect.username,
        )
    if not is_measured(case.language_for(suspect)):
        raise InvalidInputError(
            "The worth of ratios was measured for English and Korean texts alone, "
            "so there is no report on texts in another language",
            loc="texts",
        )
    judged = await run(judge, case)
    if judged.log10[0] is None or compared_with(case) is None:
        raise InvalidInputError(
            "There is no ratio for {username}: the texts have too few words, or "
            "{username} has too few posts here, or too few other people are known who "
            "write the language",
            loc="usernames",
            username=suspect.username,
        )
    comparison = await answer(case, run=run)
    searched = SearchedAuthors()
    comparison = await add_reasons(
        session, case, comparison, run, searched.read, is_always_read=True
    )
    marks = marks_for(comparison)
    parts = await run(lambda: list(_parts_of(case, marks)))
    occurrence = await _occurrence(session, models, case, run)
    return _AskedOf(case, comparison, marks, searched, parts, occurrence)


async def _other_names(session: AsyncSession, ids: Sequence[int]) -> ManyNames:
    query = (
        select(User.username, User.display_name)
        .where(User.id.not_in(ids), User.deleted_at.is_(None))
        .order_by(User.tweet_count.desc(), User.id)
        .limit(MOST_NAMES)
    )
    return ManyNames({(username, called) for username, called in await session.execute(query)})


def _parts_of(case: Case, marks: Sequence[Evidence]) -> Iterator[_PartOf]:
    yield _part("all", None, case)
    addresses = [match.span() for match in ADDRESS.finditer(case.text)]
    strongest = strongest_of(marks)
    struck = [(mark.start, mark.end) for mark in marks if mark.text.casefold() in strongest]
    for name, places in (("plain", addresses), ("weakened", struck)):
        without = replace(case, gaps=joined_gaps([*case.gaps, *places]), known_ranking=None)
        if places and _has_ratio(without):
            yield _part("plain" if name == "plain" else "weakened", None, without)
    if not 1 < len(case.texts) <= MOST_ALONE:
        return
    for place, (text, gaps) in enumerate(_texts_of(case)):
        alone = replace(case, texts=[text], gaps=gaps, known_ranking=None)
        if _has_ratio(alone):
            yield _part("text", place, alone)


def _texts_of(case: Case) -> Iterator[tuple[str, tuple[Gap, ...]]]:
    yield from zip(case.texts, gaps_of_each(case.texts, case.gaps), strict=True)


def _has_ratio(case: Case) -> bool:
    """Return whether a part has a ratio whose worth was measured."""
    is_ours = bool(case.parts) and not case.is_foreign_to(case.suspects[0])
    return is_ours and judge(case).log10[0] is not None


def _part(part: Part, text: int | None, case: Case) -> _PartOf:
    return _PartOf(part, text, case, query_of_texts(case.texts, case.gaps))


# --- The file ---


class _Facts(NamedTuple):
    filed: dict[str, Any]
    name: str
    is_of_chat: bool


async def _facts(session: AsyncSession, suspect: Suspect) -> _Facts:
    author = await get_author(session, suspect.username)
    user = await get_user(session, suspect.username)
    posts, digest = await digest_of_posts(session, suspect.id)
    return _Facts(
        {
            "username": author.username,
            "posts": posts,
            "first_at": author.first_tweet_at,
            "newest_at": author.newest_tweet_at,
            "platform": "" if user.is_of_chat else author.platform,
            "sha256": digest,
        },
        user.display_name or user.username if user.is_of_chat else user.username,
        user.is_of_chat,
    )


async def digest_of_posts(session: AsyncSession, user_id: int) -> tuple[int, str]:
    """Return the number of an author's posts with text, and their digest."""
    digest, posts, last = hashlib.sha256(), 0, 0
    while True:
        query = (
            select(Tweet.id, Tweet.text)
            .where(Tweet.user_id == user_id, Tweet.id > last, Tweet.text != "")
            .order_by(Tweet.id)
            .limit(2_000)
        )
        rows = (await session.execute(query)).all()
        if not rows:
            return posts, digest.hexdigest()
        posts, last = posts + len(rows), rows[-1][0]
        written = "".join(f"{number} {text}\0" for number, text in rows)
        await worked_on([written], partial(digest.update, written.encode()))


async def posts_again(session: AsyncSession, file: CaseFile) -> list[Replayed]:
    """Return the digests of the authors' posts, in the file and here."""
    rows = []
    for author in file.authors:
        user = await find_user(session, author.username)
        posts, digest = await digest_of_posts(session, user.id) if user else (None, None)
        rows.append(Replayed(author.username, "posts", author.posts, posts))
        rows.append(Replayed(author.username, "posts: SHA-256", author.sha256, digest))
    return rows


async def _of_chats(session: AsyncSession, ids: Collection[int]) -> set[int]:
    query = select(User.id).where(User.is_of_chat, is_among(session, User.id, list(ids)))
    return set(await session.scalars(query)) if ids else set()


class _Members(NamedTuple):
    """Members of a population: those with counts in the file, and those without."""

    population: Population
    counted: NDArray[np.bool_]
    summed: NDArray[np.bool_]


def _filed(
    everybody: Sequence[_AskedOf], facts: Sequence[_Facts], secret: Collection[int]
) -> CaseFile:
    case = everybody[0].case
    features = features_in(case, [part.query for each in everybody for part in each.parts])
    others = _members(everybody, secret)
    uses = [uses_of_each(each.population, features) for each in others]
    shared = _columns(uses, others)
    if len(packed(shared, "<u4").data) > MOST_COUNTED:
        others = [
            _Members(each.population, each.counted & False, each.counted | each.summed)
            for each in others
        ]
        shared = _columns(uses, others)
    totals = np.vstack([each.population.totals[each.counted] for each in others])
    file = CaseFile(
        form=2,
        program=__version__,
        model=MODEL_NAME,
        background=case.fitted.version,
        shipped_sha256=shipped_digest() if case.fitted.shipped else "",
        made_at=now(),
        language="ko" if case.is_korean else "en",
        texts=[
            QuestionedText(hashlib.sha256(text.encode()).hexdigest(), whole_words(text, gaps))
            for text, gaps in _texts_of(case)
        ],
        groups=packed(features.groups, "<u4"),
        expected=packed(features.expected, "<f4"),
        others_totals=packed(totals, "<u4"),
        others_uses=packed(shared, "<u4"),
        authors=[
            _author(each, fact, features, others, uses)
            for each, fact in zip(everybody, facts, strict=True)
        ],
    )
    return computed(file)


def _columns(uses: Sequence[NDArray[np.int64]], others: Sequence[_Members]) -> NDArray[np.int64]:
    return np.hstack([table[:, each.counted] for table, each in zip(uses, others, strict=True)])


def _members(everybody: Sequence[_AskedOf], secret: Collection[int]) -> list[_Members]:
    are_asked = dict[int, tuple[Population, NDArray[np.bool_]]]()
    for each in everybody:
        for population, weights in _weights(each.case):
            _, counts = are_asked.get(id(population), (population, weights > 0))
            are_asked[id(population)] = population, counts | (weights > 0)
    members = []
    for population, count in are_asked.values():
        is_secret = np.array([member in secret for member, _, _ in population.members])
        members.append(_Members(population, count & ~is_secret, count & is_secret))
    return members


def _weights(case: Case) -> Iterator[tuple[Population, NDArray[np.float64]]]:
    compared, place = compared_with(case), 0
    if compared is None:
        return
    for population in compared.populations:
        yield population, compared.weights[place : place + len(population)]
        place += len(population)


def _author(
    each: _AskedOf,
    fact: _Facts,
    features: Features,
    others: Sequence[_Members],
    uses: Sequence[NDArray[np.int64]],
) -> CaseAuthor:
    case, suspect = each.case, each.case.suspects[0]
    own = own_of(case, features)
    if own is None:
        raise ValueError("a case without a ratio")
    own_weights = {id(population): weights for population, weights in _weights(case)}
    of_each = [own_weights.get(id(one.population), np.zeros(len(one.population))) for one in others]
    are_here = [
        np.full(len(one.population), one.population is case.fitted.population) for one in others
    ]

    def in_order(found: Sequence[NDArray[Any]]) -> NDArray[Any]:
        counted = [values[one.counted] for values, one in zip(found, others, strict=True)]
        summed = [values[one.summed] for values, one in zip(found, others, strict=True)]
        return np.concatenate([*counted, *summed])

    secret = np.vstack([one.population.totals[one.summed] for one in others])
    rest = np.hstack([table[:, one.summed] for table, one in zip(uses, others, strict=True)])
    asked = []
    for part in each.parts:
        counts = asked_of(features, part.query, len(part.case.parts))
        summed = None
        if len(secret):
            scores = scores_of(features, counts, own.uses, rest, secret)
            # Processors add up in other orders, so that later digits differ.
            summed = packed(np.hstack((scores.scores, scores.unused)).round(SUM_DECIMALS), "<f8")
        asked.append(
            AskedPart(
                part.part, part.text, counts.texts, packed(counts.counts, "<u4"), 0.0, None, summed
            )
        )
    return CaseAuthor(
        **fact.filed,
        others_here=0,
        shipped=0,
        shipped_as=0.0,
        totals=suspect.profile.totals.tolist(),
        rates=[*map(meant, own.usual.rates.tolist())],
        length=meant(own.usual.length),
        uses=packed(own.uses, "<u4"),
        weights=packed(in_order(of_each), "<f8"),
        here=packed(in_order(are_here).astype(np.int64), "<u4"),
        summed_totals=packed(secret, "<u4") if len(secret) else None,
        asked=asked,
        occurrence=each.occurrence,
        told=ToldNumbers(0.0, 0.0, "neither", 0, 0),
    )


# --- How often a ratio occurs ---


async def _occurrence(session: AsyncSession, models: Models, case: Case, run: Runner) -> Occurrence:
    """Return how often a ratio occurs among the authors here, or else of the documents."""
    own, strange, people = list[float](), list[float](), set[int]()
    chosen = _measured(case)
    if len(chosen) >= FEWEST_AUTHORS:
        posts = {each: await newest_texts(session, each, ASKED_POSTS) for each in chosen}
        rows = await read_rows(session, select_rows(is_among(session, User.id, chosen)))
        loaded = await case_of_authors(session, models, rows, is_named=True)
        loaded = await with_habits(session, models, loaded, run)
        for suspect in loaded.suspects:
            held = await _held_out(session, loaded, suspect, run)
            if held is None:
                continue
            asked = replace(loaded, suspects=[held[0]])
            sets = {
                key: list(sets_like(case, held[1] if key == suspect.id else texts))
                for key, texts in posts.items()
            }
            found = await run(_ratios_of_sets, asked, suspect.id, sets)
            own += found[0]
            strange += found[1]
            people.add(suspect.id)
        if len(people) >= FEWEST_AUTHORS and min(len(own), len(strange)) >= FEWEST_SETS:
            counted = Counted(cells_of(own), cells_of(strange), len(people), len(posts))
            return Occurrence("here", counted)
    rates = measured_case_rates().counted["ko" if case.is_korean else "en"]
    beside = case.others_of(case.suspects[0]).any()
    return Occurrence("documented", rates[bool(beside)][length_of(case.words)])


def _measured(case: Case) -> list[int]:
    suspect = case.suspects[0]
    others = case.others_of(suspect)
    known = [
        (posts, member)
        for (member, posts, _), counts in zip(case.fitted.population.members, others, strict=True)
        if counts and posts >= FEWEST_POSTS
    ]
    if suspect.worded_posts < FEWEST_POSTS:
        return []
    return [suspect.id, *(member for _, member in sorted(known, reverse=True))][:MOST_MEASURED]


async def _held_out(
    session: AsyncSession, case: Case, suspect: Suspect, run: Runner
) -> tuple[Suspect, list[str]] | None:
    most = min(ASKED_POSTS, suspect.profile.posts // 4)
    units = units_of(await newest_chained(session, suspect.id, most))
    try:
        held = await run(hold_out, suspect.profile, units)
    except ValueError:  # A post arrived meanwhile.
        return None
    texts = [text for unit in units for text in unit]
    if suspect.habit is None or not held.profile.counts.keys.size:
        return None
    habit = await measure_habit(
        session, suspect.id, held.profile, case.fitted, suspect.habit, texts
    )
    asked = [text for unit in held.asked for text in unit]
    return replace(suspect, profile=held.profile, habit=habit), asked


def sets_like(case: Case, posts: Sequence[str]) -> Iterator[list[str]]:
    """Yield sets of posts that are about as long as the texts of a case, and of its language."""
    wanted, language = case.words, "ko" if case.is_korean else "en"
    shuffled = random.Random(7).sample(list(posts), len(posts))  # noqa: S311 - no secret
    chosen, words = list[str](), 0
    for post in shuffled:
        own = own_words(post)
        is_korean = guess_language(own) == "ko"
        size = word_count(own)
        if not has_words(own) or is_korean != (language == "ko") or words + size > NEAR * wanted:
            continue
        chosen.append(post)
        words += size
        if words >= wanted / NEAR:
            yield chosen
            chosen, words = [], 0


def _ratios_of_sets(
    case: Case, author: int, sets: Mapping[int, Sequence[Sequence[str]]]
) -> tuple[list[float], list[float]]:
    own, strange = list[float](), list[float]()
    for writer, texts in sets.items():
        most = OWN_SETS if writer == author else STRANGE_SETS
        absent = None if writer == author else writer
        for some in texts[:most]:
            found = judge(replace(case, texts=some, absent=absent)).log10[0]
            if found is not None:
                (own if writer == author else strange).append(found)
    return own, strange
