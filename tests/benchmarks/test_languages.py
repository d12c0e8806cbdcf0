"""Nobody is accused of a stranger's text in a language that few or none here write."""

import random
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import msgspec
import pytest

from benchmarks import languages
from tests.engine.invented import posts_of
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
def drawn() -> list[languages.Site]:
    return list(languages.sites(languages.read(languages.SENTENCES)))


@pytest.mark.parametrize("label", first_of([*languages.BESIDE], "beside English"))
def test_strangers_of_any_language_are_hardly_ever_called_likely(label: str) -> None:
    found = defaultdict[str, Counter[str]](Counter)
    seen = set[str]()
    for site in drawn():
        if site.label != label or site.language in {"en", "ko"}:
            continue
        seen.add(site.language)
        for asked, answer in zip(site.questions, languages.answers(site), strict=True):
            found[asked.kind][answer] += 1
    assert seen == {language for some in SCRIPTS.values() for language in some.split()}
    assert found["strange"].total() > 1_000
    assert found["strange"]["likely"] <= 0.03 * found["strange"].total()
    # Whoever never wrote a language wrote none of its sentences.
    assert found["foreign"].total() >= 200
    assert not found["foreign"]["likely"]


def with_the_same_text(language: str) -> languages.Site:
    """Return a site of nine people who have parts of one text, in no style of their own."""
    chance = random.Random(language)  # noqa: S311 - no secret
    people, strange = languages.read(languages.SENTENCES)[language]
    sentences = [text for each in people for text in (*each.known, *each.asked)]
    here = {f"person{number}": chance.sample(sentences, 30) for number in range(languages.MANY)}
    asked = [languages.Asked("strange", text, [name]) for text in strange for name in [*here][:4]]
    return languages.Site(language, "the same text", here, [], asked)


def test_common_words_of_a_language_accuse_nobody() -> None:
    found = Counter[str]()
    for language in " ".join(SCRIPTS.values()).split():
        found.update(languages.answers(with_the_same_text(language)))
    assert found.total() > 1_500
    assert not found["no ratio"]
    assert found["likely"] <= 0.015 * found.total()


def with_habits(language: str) -> languages.Site:
    """Return a site of nine people with the same sentences, and words and signs of their own."""
    chance = random.Random(language)  # noqa: S311 - no secret
    some = languages.read(languages.SENTENCES)[language]
    sentences = [text for each in some.people for text in (*each.known, *each.asked)]
    fresh = some.strange
    words = sorted({word for text in sentences for word in text.split()})
    own = [chance.sample(words, 4) for _ in range(languages.MANY)]

    def written(person: int, text: str) -> str:
        return " ".join((chance.choice(own[person]), *text.split()[:5], chance.choice(own[person])))

    names = [f"person{number}" for number in range(languages.MANY)]
    people = {
        name: [written(number, text) for text in chance.sample(sentences, 40)]
        for number, name in enumerate(names)
    }
    questions = [
        languages.Asked("own", written(number, text), [name])
        for number, name in enumerate(names)
        for text in chance.sample(fresh, 6)
    ]
    return languages.Site(language, "nine", people, names if language == "ko" else [], questions)


@pytest.mark.parametrize("language", first_of(["de", "ru", "ar", "tr", "es", "pl"], "de"))
def test_with_eight_others_authors_of_any_language_are_found(language: str) -> None:
    """Less often than Koreans, of whom less is asked since their strangers are known."""
    found, korean = (
        languages.answers(with_habits(each)).count("likely") for each in (language, "ko")
    )
    assert found >= 0.55 * korean > 0


def write(path: Path, posts: list[dict[str, str]]) -> None:
    path.write_bytes(b"\n".join(map(msgspec.json.encode, posts)))


def test_neither_the_next_piece_of_a_document_nor_a_copy_is_a_stranger(tmp_path: Path) -> None:
    sentences = [{"text": f"This is the sentence number {number}"} for number in range(900)]
    write(tmp_path / "xx.jsonl", 2 * sentences)  # As a treebank has them, annotated in two ways.
    (people,) = languages.read_people(tmp_path).values()
    places = {text: each.place for each in people for text in (*each.known, *each.asked)}
    asked = 0
    for site in languages.crowds({"xx": people}, 9):
        assert site.label in {"alone", "beside English", "beside Korean"}
        for question in site.questions:
            own = places[site.people[question.named[0]][0]]
            place = places[question.text]
            assert own is not None
            assert place is not None
            assert (place == own) if question.kind.endswith("own") else (abs(place - own) > 1)
            asked += 1
    assert asked > 1_000


@pytest.mark.full
def test_a_crowd_is_tabled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kinds = ("xx", "blog", 0), ("en", "", 20)
    posts = [
        {"author": f"a{n}", "lang": language, "kind": kind, "text": text}
        for language, kind, first in kinds
        for n in range(first, first + 8)
        for text in posts_of(n)[:40]
    ]
    write(tmp_path / "all.jsonl", posts)
    assert languages.main([str(tmp_path), "--crowd", "4", "--only", "xx-blog"]) == 0
    first, _, row = capsys.readouterr().out.splitlines()
    assert first.startswith("| language | people | asked: strange, own | strange, alone |")
    assert row.startswith("| xx-blog | 8 | ")
    assert languages.main([str(tmp_path / "none"), "--crowd", "4"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
