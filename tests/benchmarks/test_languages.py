"""Nobody is accused of a stranger's text in a language that few or none here write."""

import random
from collections import Counter, defaultdict
from functools import cache

import pytest

from benchmarks.languages import BESIDE, MANY, SENTENCES, Asked, Site, answers, read, sites
from tests.selection import first_of

SCRIPTS = {
    "Latin": "da de es fr no pl pt sr tr vi",
    "Cyrillic": "ru sr-Cyrl uk",
    "Arabic": "ar",
    "Hebrew": "he",
    "Devanagari": "hi",
    "Han": "ja zh",
}


@cache
def drawn() -> list[Site]:
    return list(sites(read(SENTENCES)))


@pytest.mark.parametrize("label", first_of([*BESIDE], "beside English"))
def test_strangers_of_any_language_are_hardly_ever_called_likely(label: str) -> None:
    found = defaultdict[str, Counter[str]](Counter)
    languages = set[str]()
    for site in drawn():
        if site.label != label or site.language in {"en", "ko"}:
            continue
        languages.add(site.language)
        for asked, answer in zip(site.questions, answers(site), strict=True):
            found[asked.kind][answer] += 1
    assert languages == {language for some in SCRIPTS.values() for language in some.split()}
    assert found["strange"].total() > 1_000
    assert found["strange"]["likely"] <= 0.03 * found["strange"].total()
    # Whoever never wrote a language wrote none of its sentences.
    assert found["foreign"].total() >= 200
    assert not found["foreign"]["likely"]


def with_the_same_text(language: str) -> Site:
    """Return a site of nine people who have parts of one text, in no style of their own."""
    chance = random.Random(language)  # noqa: S311 - no secret
    people, strange = read(SENTENCES)[language]
    sentences = [text for each in people for text in (*each.known, *each.asked)]
    here = {f"person{number}": chance.sample(sentences, 30) for number in range(MANY)}
    asked = [Asked("strange", text, [name]) for text in strange for name in [*here][:4]]
    return Site(language, "the same text", here, [], asked)


def test_common_words_of_a_language_accuse_nobody() -> None:
    found = Counter[str]()
    for language in " ".join(SCRIPTS.values()).split():
        found.update(answers(with_the_same_text(language)))
    assert found.total() > 1_500
    assert not found["no ratio"]
    assert found["likely"] <= 0.015 * found.total()


def with_habits(language: str) -> Site:
    """Return a site of nine people with the same sentences, and words and signs of their own."""
    chance = random.Random(language)  # noqa: S311 - no secret
    some = read(SENTENCES)[language]
    sentences = [text for each in some.people for text in (*each.known, *each.asked)]
    fresh = some.strange
    words = sorted({word for text in sentences for word in text.split()})
    own = [chance.sample(words, 4) for _ in range(MANY)]

    def written(person: int, text: str) -> str:
        return " ".join((chance.choice(own[person]), *text.split()[:5], chance.choice(own[person])))

    names = [f"person{number}" for number in range(MANY)]
    people = {
        name: [written(number, text) for text in chance.sample(sentences, 40)]
        for number, name in enumerate(names)
    }
    questions = [
        Asked("own", written(number, text), [name])
        for number, name in enumerate(names)
        for text in chance.sample(fresh, 6)
    ]
    return Site(language, "nine", people, names if language == "ko" else [], questions)


@pytest.mark.parametrize("language", first_of(["de", "ru", "ar", "tr", "es", "pl"], "de"))
def test_with_eight_others_authors_of_any_language_are_found(language: str) -> None:
    """Less often than Koreans, of whom less is asked since their strangers are known."""
    found, korean = (answers(with_habits(each)).count("likely") for each in (language, "ko"))
    assert found >= 0.6 * korean > 0
