"""Every finding has a sentence in both languages, for each of its variants."""

import string
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

import app as package
from app.language.i18n import speaking
from app.language.tell import FINDINGS, tell, tell_within


def _names_in(text: str | tuple[str, str]) -> set[str]:
    texts = [text] if isinstance(text, str) else text
    return {name for one in texts for _, name, _, _ in string.Formatter().parse(one) if name}


@pytest.mark.parametrize("count", [1, 2_000])
def test_every_finding_is_a_sentence_in_both_languages(count: int) -> None:
    for finding, texts in FINDINGS.items():
        for variant, text in (texts if isinstance(texts, Mapping) else {"": texts}).items():
            values: dict[str, object] = {name: name.upper() for name in _names_in(text)}
            told = {}
            for language in ("en", "ko"):
                with speaking(language):
                    told[language] = tell(finding, variant, **values | {"count": count})
            assert told["en"] != told["ko"], (finding, variant)
            for name in values.keys() - {"count"}:
                assert name.upper() in told["en"]
                assert name.upper() in told["ko"]


def test_clauses_within_a_sentence_have_no_full_stop() -> None:
    for language in ("en", "ko"):
        with speaking(language):
            values = {"name": "Hana", "share": 0.5, "words": "9 words", "sign": "ㅋㅋ"}
            for finding in ("most", "longest", "laugh", "night", "recognised"):
                for variant in FINDINGS[finding]:
                    assert tell(finding, variant, **values).endswith(".")
                    assert not tell_within(finding, variant, **values).endswith((".", "요"))


def test_numbers_days_and_shares_are_written_as_the_language_does() -> None:
    told = tell("milestone", count=2_000, day=date(2024, 2, 29))
    assert told == "The 2,000th post here came on February 29."
    told = tell("half", "first", year="2024", share=0.25)
    assert told == "More in the first half of 2024 (25% of all)."


def test_every_finding_is_told_somewhere() -> None:
    paths = Path(package.__file__).parent.rglob("*.py")
    code = "".join(path.read_text() for path in paths if path.name != "tell.py")
    assert {finding for finding in FINDINGS if f'"{finding}"' not in code} == set()
