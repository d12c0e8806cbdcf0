"""A question hides its author, and the model answers it without having seen the post."""

from functools import partial

import pytest

from app.db.engine import Database
from app.services.compare.background import renew_background
from app.services.compare.comparing import answer, case_of
from app.services.compare.habits import Models
from app.services.compare.quiz_questions import (
    ExampleCounter,
    QuizQuestion,
    QuizSet,
    Solution,
    draw,
    newest_post_id,
    read_question,
    solve,
)
from app.services.deletion import delete_post
from app.services.imports.storing import load_samples
from app.services.maintenance import counted
from app.services.posts.users import find_user
from app.services.snapshots import Snapshots
from saywho.comparing.question import Question
from saywho.people.names import HIDDEN
from tests.chats import import_chat, kakaotalk
from tests.posting import post, remove_post

WORDS = {"ferry": "tide crossing pilot", "museum": "stairs gallery clock", "빵집": "호밀 반죽 오븐"}


async def fill(db: Database, *usernames: str) -> dict[str, list[int]]:
    return {
        name: await post(
            db, name, *(f"{n} of the day, says {name}: {WORDS[name]} {n}" for n in range(25))
        )
        for name in usernames
    }


async def ask(db: Database, lang: str = "en") -> tuple[QuizSet, QuizQuestion]:
    async with db.read() as session:
        key = await draw(session, lang)
        assert key is not None
        return key, await read_question(session, key)


async def test_a_question_is_in_the_language_where_two_write_it(db: Database) -> None:
    ids = await fill(db, "ferry", "museum", "빵집")
    for lang, authors in (("en", {"ferry", "museum"}), ("ko", {"ferry", "museum", "빵집"})):
        seen: set[str] = set()
        for _ in range(200):
            key, question = await ask(db, lang)
            assert key.tweet_ids[0] in ids[question.username]
            # Those are offered who write the language of the post.
            assert {question.username} < set(question.usernames) <= authors
            seen.add(question.username)
            if seen == authors:
                break
        assert seen == authors, lang


@pytest.mark.parametrize(
    "text", ["ㅋㅋ", "@pier_street_museum https://example.org/opening-hours #today :)"]
)
async def test_posts_of_few_letters_are_not_asked(db: Database, text: str) -> None:
    await fill(db, "ferry", "museum")
    await post(db, "unasked", *[text] * 30)
    for _ in range(5):
        _, question = await ask(db)
        assert "of the day" in question.text
        assert question.usernames == ["ferry", "museum"]


async def test_a_quiz_mixes_no_people_of_chats_with_authors(db: Database) -> None:
    said = [
        (f"2024-01-{1 + n} {hour}:00", name, f"{name} says this on day {n} at {hour}")
        for n in range(25)
        for hour, name in ((10, "Amara"), (11, "Ben"))
    ]
    said += [(f"2024-01-{1 + n} 12:00", "Ivy", "lol") for n in range(25)]
    await import_chat(db, kakaotalk("River", *sorted(said)))
    await fill(db, "ferry", "museum")
    casts = {tuple((await ask(db))[1].usernames) for _ in range(30)}
    assert casts == {("Amara", "Ben"), ("ferry", "museum")}


async def example(db: Database, snapshots: Snapshots, lang: str = "en") -> Solution | None:
    async with db.read() as session:
        counter = ExampleCounter(Models(), lang, await newest_post_id(session))
        return (await snapshots.read(session, counter)).solution


async def test_an_example_is_a_text_that_nobody_wrote_twice(db: Database) -> None:
    words = {"ferry": "the tide is high again", "museum": "the stairs were swept once more"}
    for name, text in words.items():
        await post(db, name, *[text, f"{text.upper()} !"] * 13)
    await renew_background(db)
    assert await example(db, Snapshots()) is None


@pytest.mark.parametrize("is_new", [False, True], ids=["old", "just arrived"])
async def test_the_model_judges_as_if_the_post_had_never_been(db: Database, is_new: bool) -> None:
    ids = (await fill(db, "ferry", "museum"))["ferry"]
    await renew_background(db)
    models = Models()
    if is_new:
        # It came after the profile was counted, and is one of the few that are added to it.
        ids = await post(db, "ferry", "the ferry waits for the pilot, 26")
    key, _ = await ask(db)
    async with db.read() as session:
        solution = await solve(session, models, QuizSet(key.user_ids[::-1], (ids[0],)))
    assert (solution.tweet_id, solution.username) == (ids[0], "ferry")
    assert solution.usernames == ["museum", "ferry"]
    assert solution.text.count(HIDDEN) == 1

    async def compared() -> list[tuple[str, float]]:
        text, gaps = solution.hidden
        async with db.read() as session:
            question = Question([text], ["museum", "ferry"], without=gaps)
            case = await case_of(session, models, question)
        return [(r.username, r.probability) for r in (await answer(case)).ranking]

    fair = [(ranked.username, ranked.probability) for ranked in solution.comparison.ranking]
    assert fair != await compared()
    await remove_post(db, ids[0])
    assert fair == await compared()


async def judgements(db: Database, ids: dict[str, list[int]]) -> set[tuple[bool, str]]:
    """Return how the model judges all posts: an example that is drawn is one of them."""
    async with db.read() as session:
        names = [await find_user(session, name) for name in sorted(ids)]
        user_ids = tuple(user.id for user in names if user)
        sets = [
            QuizSet(user_ids, (post_id,)) for of_author in ids.values() for post_id in of_author
        ]
        models = Models()
        solved = [await solve(session, models, each) for each in sets]
    return {(each.is_model_right, each.comparison.verdict) for each in solved}


@pytest.mark.full
async def test_an_example_names_its_author_or_there_is_none(db: Database) -> None:
    alike = [f"{n} of the day, says somebody: tide crossing pilot {n}" for n in range(50)]
    ids = {name: await post(db, name, *alike[at::2]) for at, name in enumerate(("ann", "ben"))}
    await renew_background(db)
    assert await judgements(db, ids) <= {(False, "close"), (True, "close")}
    snapshots = Snapshots(partial(counted, Models()))
    assert await example(db, snapshots) is None
    async with db.write() as session:
        for post_id in [each for of_author in ids.values() for each in of_author]:
            await delete_post(session, post_id)
    ids = {
        name: await post(db, name, *(f"{WORDS[name]} {n}, {WORDS[name]}" for n in range(25)))
        for name in ("ferry", "museum")
    }
    await renew_background(db)
    assert await judgements(db, ids) == {(True, "likely")}
    solution = await example(db, snapshots)  # Something was taken away since.
    assert solution
    assert solution.is_model_right
    assert solution.comparison.verdict == "likely"


async def test_every_process_shows_the_same_example(db: Database) -> None:
    await load_samples(db)

    async def shown() -> list[tuple[int, list[str]]]:
        examples = [await example(db, Snapshots(), lang) for lang in ("en", "ko")]
        return [(each.tweet_id, each.usernames) for each in examples if each]

    first = await shown()
    assert len(first) == 2
    for _ in range(3):
        assert await shown() == first
    # A few posts that arrive in the meantime change nothing.
    await post(db, "newcomer", *(f"hello there, {n}" for n in range(5)))
    await post(db, "the_night_ferry", "One post that comes late, in the fog.")
    assert await shown() == first
