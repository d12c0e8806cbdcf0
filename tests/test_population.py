"""The authors and the samples that come with the program."""

import json
import subprocess
import sys
import unicodedata
from typing import Any, Final

import numpy as np
import pytest

from app.db.engine import Database
from app.services.compare.comparing import answer, case_of
from app.services.compare.habits import Models
from app.services.imports.storing import delete_samples, load_samples
from app.services.posts.users import add_user, list_authors, list_samples, sample_files
from benchmarks.population import pack
from saywho.comparing.question import Question
from saywho.engine.attribution import EMPTY_BACKGROUND
from saywho.engine.features import RECIPE
from saywho.engine.population import CountedAuthor, Population
from saywho.engine.profiles import profile_of
from saywho.population import CHATTERS_FILE, FILE, FURTHER, shipped_authors, unpack
from saywho.text import clean_text, clean_username, guess_language
from tests.engine.invented import posts_of

MOST_BYTES: Final = 1_500_000
MOST_MEMORY: Final = 10_000_000


def of_posts(language: str, *authors: int) -> Population:
    profiles = [profile_of(posts_of(author)) for author in authors]
    return Population.of(
        [CountedAuthor(-1, profile.posts, language, profile.counts) for profile in profiles]
    )


def test_the_file_has_features_of_this_recipe() -> None:
    """If this fails, make both again: `python -m benchmarks.population`, `benchmarks.chatters`."""
    assert set(unpack(FILE.read_bytes())) == {"en", "ko"}
    assert set(unpack(CHATTERS_FILE.read_bytes())) == {"en"}
    for language, file in FURTHER.items():
        assert set(unpack(file.read_bytes())) == {language}


def test_a_file_of_another_recipe_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = pack({"en": of_posts("en", 1, 2)})
    monkeypatch.setattr("saywho.population.RECIPE", RECIPE + 1)
    with pytest.raises(ValueError, match=f"recipe {RECIPE}, not {RECIPE + 1}"):
        unpack(content)


def test_the_population_takes_little_room() -> None:
    assert FILE.stat().st_size + CHATTERS_FILE.stat().st_size <= MOST_BYTES
    read_at_start = [*shipped_authors().populations.values(), shipped_authors().chatters]
    assert sum(population.size_bytes for population in read_at_start) <= MOST_MEMORY
    for language, population in shipped_authors().further.items():
        assert FURTHER[language].stat().st_size <= MOST_BYTES
        assert population.size_bytes <= MOST_MEMORY


FURTHER_LANGUAGES: Final = """
import sys

opened = []
sys.addaudithook(lambda event, args: event == "open" and opened.append(str(args[0])))

def read():
    return sorted({name[-5:-3] for name in opened if name.endswith(".xz") and name[-6] == "/"})

from saywho.engine.fitting import CorpusAuthor, chained, fit_corpus
from saywho.engine.judgement import judge
from saywho.engine.profiles import profile_of
from saywho.population import shipped_authors
from tests.engine.invented import posts_of
from tests.services.compare.test_other_languages import FRENCH_STRANGERS, MANON

def ask(posts, language, text):
    kept = CorpusAuthor(profile_of(posts), chained(enumerate(posts[::-1]), {}), language)
    judge(fit_corpus({"a": kept}, shipped_authors()).case([text], ["a"]))

ask(posts_of(1)[5:], "en", posts_of(1)[0])
ask(["오늘은 날씨가 좋아서 산책을 했어요."] * 30, "ko", "내일은 비가 온다고 하니 집에 있을 거예요.")
print(read())
ask(MANON, None, FRENCH_STRANGERS[0])
print(read())
"""


def test_a_further_language_is_read_when_somebody_writes_it() -> None:
    assert subprocess.run(
        (sys.executable, "-c", FURTHER_LANGUAGES), check=True, stdout=subprocess.PIPE, text=True
    ).stdout.splitlines() == ["[]", "['fr']"]


def test_a_language_that_is_not_shipped_has_nobody() -> None:
    everybody = shipped_authors().everybody
    assert "xx" not in everybody
    assert everybody.get("xx") is None


def test_shipped_authors_are_numbers_in_no_telling_order() -> None:
    for language, population in shipped_authors().everybody.items():
        assert {own for _, _, own in population.members} == {language}
        assert all(author < 0 < posts <= 200 for author, posts, _ in population.members)
        assert np.diff(population.edges).min() >= 1
        # Some features are those of one language, so three of all authors use each of them.
        assert population.owners.max() == len(population) - 1
    ids = [author for each in shipped_authors().everybody.values() for author, *_ in each.members]
    assert len(set(ids)) == len(ids)


def test_a_file_holds_what_was_packed() -> None:
    packed = {"en": of_posts("en", 1, 2, 3), "ko": of_posts("ko", 4)}
    read = unpack(pack(packed))
    assert [len(each) for each in read.values()] == [3, 1]
    for language, population in packed.items():
        for name in ("totals", "keys", "edges", "owners", "amounts"):
            assert np.array_equal(getattr(read[language], name), getattr(population, name)), name


def test_nobody_is_shipped_where_the_setting_says_so() -> None:
    nobody = shipped_authors(is_wanted=False)
    assert not nobody.everybody
    assert not nobody.chatters
    assert nobody.background(EMPTY_BACKGROUND) is EMPTY_BACKGROUND
    assert shipped_authors().background(EMPTY_BACKGROUND).posts > 15_000


ACCOUNTS = 8
POSTS = 60


def read() -> dict[str, list[dict[str, Any]]]:
    """Return the posts of each file by the name of its first one's author."""
    files = [
        [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for path in sample_files()
    ]
    return {posts[0]["username"]: posts for posts in files}


SAMPLES = read()


@pytest.mark.parametrize("name", SAMPLES)
def test_an_account_has_sixty_different_clean_posts(name: str) -> None:
    posts = SAMPLES[name]
    assert len(posts) == POSTS
    assert len({post["text"] for post in posts}) == POSTS
    assert len({post["source_id"] for post in posts}) == POSTS
    for post in posts:
        assert clean_text(post["text"]) == post["text"]
        assert unicodedata.is_normalized("NFC", post["text"])
        assert (post["username"], post["platform"]) == (name, "local")
        assert post["kind"] in {"post", "reply", "quote"}
    assert clean_username(name) == name


async def test_the_demo_can_be_asked_at_once(db: Database) -> None:
    report = await load_samples(db)
    assert (report.accepted, report.duplicates) == (ACCOUNTS * POSTS, 0)
    models = Models()
    for name, posts in SAMPLES.items():
        text = " ".join(post["text"] for post in posts[:2])
        async with db.read() as session:
            case = await case_of(session, models, Question([text]))
        comparison = await answer(case)
        assert comparison.ranking[0].username == name
        # Of few Korean authors more is asked before one is called likely.
        assert comparison.verdict in ({"likely", "close"} if guess_language(text) else {"likely"})
        assert comparison.evidence


async def test_the_samples_are_removed_and_nobody_else(db: Database) -> None:
    bakery = "골목빵집"
    async with db.write() as session:
        await add_user(session, bakery)
    async with db.read() as session:
        assert await list_samples(session) == []
    await load_samples(db)
    async with db.write() as session:
        await add_user(session, "somebody")
        assert sorted(await list_samples(session)) == sorted(SAMPLES)
        await delete_samples(session)
        assert await list_samples(session) == []
        assert [author.username for author in (await list_authors(session, limit=20))[0]] == [
            "somebody"
        ]
