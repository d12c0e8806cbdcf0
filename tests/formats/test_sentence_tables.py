"""The tables of sentences: their form, and that each sentence is known by its own table."""

import os
import subprocess
import sys
from collections import Counter
from importlib.resources import files

import pytest
from hypothesis import given, strategies as st

from saywho.formats.chats.sentence_tables import Matcher, matcher, movement_in, parse, text_of

KINDS = {
    "whatsapp": {
        *("line", "joined", "left", "renamed", "omitted", "medium", "document"),
        *("note", "deleted", "edited", "attached"),
    },
    "kakaotalk": {"line", "joined", "left", "media", "file", "deleted"},
    "line": {"line", "media", "deleted", "picture"},
    "meta": {"alone", "deed", "sent", "edited", "gone"},
    "imessage": {"reaction", "alone"},
    "discord-csv": {"line"},
}
OF_LINES = {"line", "joined", "left", "renamed", "alone", "deed"}
EXAMPLES = {
    "name": "Mina Park",
    "who": "Tom Lee",
    "new": "Tom",
    "text": "two\nlines",
    "n": "3",
    "time": "1:07",
    "file": "plan b.pdf",
    "url": "https://maps.example/?q=1,2",
}


def filled(pattern: str) -> str:
    for name, example in EXAMPLES.items():
        pattern = pattern.replace(f"{{{name}}}", example)
    return pattern


def test_every_app_has_its_kinds() -> None:
    folder = files("saywho.formats.chats") / "sentences"
    names = {file.name for file in folder.iterdir()} - {"README.md"}
    assert names == {f"{app}.txt" for app in KINDS}, "name in KINDS the kinds of each table"


@pytest.mark.parametrize("app", KINDS)
def test_a_table_is_well_formed(app: str) -> None:
    sentences = list(parse(text_of(app)))
    assert {sentence.kind for sentence in sentences} == KINDS[app]
    assert all(sentence.pattern == sentence.pattern.strip() for sentence in sentences)
    counts = Counter(sentence[:2] + sentence[3:] for sentence in sentences)
    assert [key for key, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("app", KINDS)
def test_a_sentence_is_known_by_its_table(app: str) -> None:
    for sentence in parse(text_of(app)):
        assert matcher(app, sentence.kind).has(filled(sentence.pattern)), sentence


@pytest.mark.parametrize("app", KINDS)
def test_a_sentence_inside_of_words_is_not_known(app: str) -> None:
    for sentence in parse(text_of(app)):
        if "{" not in sentence.pattern:
            text = f"she said: {sentence.pattern} yesterday"
            assert not matcher(app, *KINDS[app] - OF_LINES).has(text), sentence


@pytest.mark.parametrize(
    "text",
    [
        *("a sentence", "== deleted en ==\na sentence", "source: me\na sentence"),
        "== deleted en ==\nsource: me\none\n== deleted de ==\ntwo",
    ],
)
def test_a_sentence_without_a_heading_or_a_source_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="come before the sentences"):
        list(parse(text))


@pytest.mark.parametrize("pattern", ["{nobody} left", "{name}", "{name}: {text}"])
def test_a_sentence_of_which_too_little_is_certain_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"unknown placeholder|too little"):
        Matcher([pattern])


@pytest.mark.parametrize(
    ("pattern", "text", "is_known"),
    [
        ("Gone.", "Gone", True),
        ("Gone", "Gone.", False),
        ("Gone", "gone", False),
        ("<Gone.>", "<gone>", True),
        ('{name} named it "{name}"', "Mina named it “Tea: May”", True),
        ('{name} named it "{name}"', "Mina named it «\u202fTea\u202f»", True),
        ("It's gone", "It’s\u00a0gone", True),
        ("File: {file}", "File: a b.pdf", True),
        ("{n} photos", "12 photos", True),
        ("{n} photos", "many photos", False),
        ("POLL:\n{text}\nOPTION: {text}", "POLL:\nWhere?\nOPTION: Sea\nOPTION: Hill", True),
        ("POLL:\n{text}\nOPTION: {text}", "POLL: who comes?", False),
        ("{name} left", "Mina\nleft", False),
        ("{name} left", "x" * 300 + " left", False),
    ],
)
def test_texts_are_compared_as_a_whole(pattern: str, text: str, is_known: bool) -> None:
    assert Matcher([pattern]).has(text) is is_known


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_can_be_looked_for(before: str, after: str) -> None:
    some = Matcher(['{name} named it "{name}"', "File: {file}", "Gone."])
    assert some.has(before + after) in {True, False}
    assert some.may_begin(before) in {True, False}


@pytest.mark.parametrize("seed", range(6))
def test_a_full_stop_belongs_to_the_sentence_whatever_the_hashes(seed: int) -> None:
    told = f"from {movement_in.__module__} import movement_in as m; "
    told += "print(*m('kakaotalk', 'Mina invited Jun and Ada.').names, sep='|')"
    command = sys.executable, "-c", told
    ran = subprocess.run(
        command, env={**os.environ, "PYTHONHASHSEED": str(seed)}, stdout=subprocess.PIPE, check=True
    )
    assert ran.stdout.decode().strip() == "Jun and Ada|Jun|Ada"
