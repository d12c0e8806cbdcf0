"""An answer rests on one state of the database, the newest there is; so do its reasons."""

import asyncio
import math

import pytest
from sqlalchemy import select

from app.db.engine import Database
from app.models import User
from app.services.compare.background import renew_background
from app.services.compare.batch_lines import answered_lines, checked_lines, judge_lines, plain_texts
from app.services.compare.comparing import add_reasons, answer, case_of
from app.services.compare.habits import Models, typical_of
from app.services.compare.profiles import ProfileStore
from app.services.event_log import newest_event
from app.services.posts.users import add_user
from saywho.comparing.question import Question
from saywho.comparing.verdict import SHOWN_OF_ALL, Comparison
from saywho.engine.case import RATED
from saywho.engine.judgement import FEWEST_JUDGED
from saywho.people.typical_words import TypicalWord
from tests.posting import post

TEXT = "zyzzyva quokka 등대지기"


async def compare(db: Database, own: Models, *usernames: str, text: str = TEXT) -> Comparison:
    async with db.read() as session:
        case = await case_of(session, own, Question([text], usernames))
    return await answer(case)


async def test_comparisons_among_writes_are_each_of_one_state(db: Database) -> None:
    await post(db, "ann", "a plain text")
    await post(db, "ben", "a plain text")
    own = Models()

    async def write() -> None:
        for number in range(15):
            await post(db, "ann", f"{TEXT} {number}")

    async def read() -> list[tuple[int, int]]:
        seen = []
        for _ in range(15):
            async with db.read() as session:
                before = await newest_event(session)
            result = await compare(db, own, "ann", "ben")
            assert result.model.as_of_event >= before
            tweets = next(ranked.tweets for ranked in result.ranking if ranked.username == "ann")
            seen.append((result.model.as_of_event, tweets))
        return seen

    _, *lists = await asyncio.gather(write(), read(), read(), read())
    for event_id, tweets in {pair for seen in lists for pair in seen}:
        # Two events for each author and one for each post: an answer's figures fit its event.
        assert tweets == max(1, event_id - 3)


async def test_any_comparable_text_gets_chances_and_marks_within_it(db: Database) -> None:
    own = Models()
    await post(db, "ann", *(f"The lighthouse keeper writes line {n}" for n in range(12)))
    await post(db, "벤", *(f"빵집 주인이 쓰는 {n}번째 줄 🥐" for n in range(12)))
    for text in [
        "a",
        "한",
        "שלום",
        "e\u0301" * 50,
        "👩‍👩‍👧 빵집 lighthouse",
        "가" * 3000,
        "A\n\tb",
        "𠜎",
    ]:
        result = await compare(db, own, text=text)
        assert math.isclose(sum(ranked.probability for ranked in result.ranking), 1)
        place = 0
        for mark in result.evidence:
            assert place <= mark.start < mark.end <= len(result.text)
            assert mark.text == result.text[mark.start : mark.end]
            assert mark.weight > 0
            place = mark.end
        alone = await compare(db, own, "ann", text=text)
        assert [ranked.probability for ranked in alone.ranking] == [1]


@pytest.mark.full
async def test_very_many_authors_are_compared_as_if_all_were_named(db: Database) -> None:
    names = [f"author{number:03}" for number in range(RATED + 75)]
    words = ("등대", "lamp", "quokka", "zyzzyva", "bread", "fog")
    for number, name in enumerate(names):
        text = f"{words[number % 6]} {words[number // 6 % 6]} and the {words[number // 36 % 6]}"
        await post(db, name, text if number % 50 else "RT @somebody: not my words")
    own = Models()
    everybody, named = await compare(db, own), await compare(db, Models(), *names)
    assert len(everybody.ranking) == SHOWN_OF_ALL == 20
    for one, other in zip(everybody.ranking, named.ranking, strict=False):
        assert (one.username, one.tweets) == (other.username, other.tweets)
        assert math.isclose(one.probability, other.probability)
    assert everybody.verdict == named.verdict
    assert everybody.evidence == named.evidence
    assert sum(ranked.probability for ranked in named.ranking) == pytest.approx(1)
    small = Models(ProfileStore(max_bytes=20_000))
    assert await compare(db, small) == everybody
    lines = [TEXT, "", "...", "the bread and the fog"]
    portions = await judge_lines(db, small, (), checked_lines(plain_texts(lines)))
    judged = [each async for portion in portions for each in answered_lines(portion)]
    assert [each.line for each in judged] == [1, 3, 4]
    assert judged[0].ranking == everybody.ranking[:SHOWN_OF_ALL]
    assert judged[1].error
    assert judged[2].ranking == (await compare(db, own, text=lines[3])).ranking[:SHOWN_OF_ALL]


async def test_an_author_of_nothing_but_quotations_has_too_few_posts(db: Database) -> None:
    text = "the sea is mine and the fog is yours"
    for number in range(FEWEST_JUDGED):
        await post(db, "ann", f"the sea is mine {number}")
        await post(db, "ben", f"RT @cho: the fog {number}")
    answer = await compare(db, Models(), "ann", "ben", text=text)
    assert answer.verdict == "short"
    assert [(ranked.username, ranked.tweets) for ranked in answer.ranking] == [
        ("ann", FEWEST_JUDGED),
        ("ben", 0),
    ]
    for number in range(FEWEST_JUDGED):
        await post(db, "ben", f"bread at {number}")
    assert (await compare(db, Models(), "ann", "ben", text=text)).verdict != "short"


async def test_repetitions_and_quotations_change_no_answer(db: Database) -> None:
    own = Models()
    await post(db, "ann", "the lamp is lit", "fog again")
    await post(db, "ben", "the bread is warm", "come early")
    before = await compare(db, own, text="the lamp and the bread")
    await post(db, "ben", "the bread is warm", "the bread is warm", "RT @ann: the lamp is lit")
    after = await compare(db, own, text="the lamp and the bread")
    assert [r.probability for r in after.ranking] == [r.probability for r in before.ranking]
    quoting = "> the bread is warm\nthe lamp and the bread"
    quoted = await compare(db, own, text=quoting)
    assert [r.probability for r in quoted.ranking] == [r.probability for r in before.ranking]
    assert all(mark.start > quoting.index("\n") for mark in quoted.evidence)


async def test_words_that_the_others_use_too_are_not_typical(db: Database) -> None:
    habits = {"ferry": "tide %s...", "museum": "gallery %s!", "bakery": "bread %s?"}
    for username, habit in habits.items():
        await post(db, username, *(f"today the {habit % n} again today the" for n in range(40)))
    models = Models()

    async def typical() -> dict[str, list[TypicalWord]]:
        async with db.read() as session:
            users = (await session.scalars(select(User))).all()
            return {
                user.username: (await typical_of(session, models, user)).words for user in users
            }

    # Before the first snapshot the shipped authors are all that there is to compare with.
    assert all("today" in {word.text for word in words} for words in (await typical()).values())
    await renew_background(db)
    async with db.write() as session:
        await add_user(session, "empty")
    found = await typical()
    for username, habit in habits.items():
        words = [word.text for word in found[username] if not word.is_mark]
        assert words == [habit.split()[0]]
        assert found[username][0].uses == 40
    assert found["empty"] == []


async def test_a_hidden_post_is_in_no_figure(db: Database) -> None:
    lamps = [f"the lamp of pier {n} is lit" for n in range(28)]
    ids = await post(db, "ann", *lamps, *["one quokka again"] * 2, "another quokka again")
    await post(db, "ben", *(f"bread number {n} at dawn" for n in range(30)))
    models, text = Models(), "another quokka again"
    async with db.read() as session:
        hidden = await case_of(
            session, models, Question([text], ["ann", "ben"], hidden_post=ids[-1])
        )
        comparison = await add_reasons(session, hidden, await answer(hidden))
    (mark,) = [mark for mark in comparison.evidence if "quokka" in str(mark.piece)]
    assert mark.own == 26.7, "twice in 30 posts"
    assert mark.posts == [ids[-2]], "one of those that say the same"
