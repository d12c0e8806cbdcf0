"""The files that accuracy is measured on: their posts, and the sets of authors to choose among."""

import itertools
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

Subsets = dict[str, list[tuple[str, ...]]]

_LINK = re.compile(r"(?:https?://|pic\.twitter\.com/)\S+")
_MENTION = re.compile(r"@\w+")
_TAG = re.compile(r"#\w+")


@dataclass(frozen=True, slots=True)
class Row:
    """One post of the file."""

    author: str
    text: str
    is_test: bool
    lang: str


def read_rows(path: Path) -> list[Row]:
    """Return the posts; raises ValueError naming the first line that cannot be used."""
    rows = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                rows.append(_row(line, number))
    trained = {row.author for row in rows if not row.is_test}
    if not trained:
        raise ValueError("has no post with split 'train'")
    untrained = sorted({row.author for row in rows} - trained)
    if untrained:
        raise ValueError(f"{untrained[0]} has no post with split 'train'")
    if not any(row.is_test for row in rows):
        raise ValueError("has no post with split 'test'")
    return rows


def author_sets(
    rows: Iterable[Row], pairs: int, fives: int, twenties: int, rng: np.random.Generator
) -> Subsets:
    """Return the sets of authors to choose among, by name; a function of names and generator.

    Pairs, fives and twenties are drawn among English authors; of Korean ones every pair and all
    together; then everybody.
    """
    languages = {row.author: row.lang for row in rows}
    english, korean = (
        sorted(author for author, lang in languages.items() if lang == wanted)
        for wanted in ("en", "ko")
    )
    sets: Subsets = {}
    every_pair = list(itertools.combinations(english, 2))
    sets["en_2"] = [every_pair[i] for i in rng.permutation(len(every_pair))[:pairs]]
    for size, wanted in ((5, fives), (20, twenties)):
        if len(english) >= size:
            draws = [rng.choice(len(english), size, replace=False) for _ in range(wanted)]
            sets[f"en_{size}"] = [tuple(english[i] for i in draw) for draw in draws]
    sets["ko_2"] = list(itertools.combinations(korean, 2))
    if len(korean) > 2:
        sets[f"ko_{len(korean)}"] = [tuple(korean)]
    if len(languages) > max(len(english), len(korean), 2):
        sets[f"all_{len(languages)}"] = [tuple(sorted(languages))]
    return {name: drawn for name, drawn in sets.items() if drawn}


def masked(rows: Iterable[Row]) -> list[Row]:
    """Return the posts with one and the same word for every link, every mention, every hashtag."""
    return [
        replace(row, text=_TAG.sub("#tag", _MENTION.sub("@user", _LINK.sub("URL", row.text))))
        for row in rows
    ]


def _row(line: str, number: int) -> Row:
    try:
        record = json.loads(line)
    except ValueError:
        raise ValueError(f"line {number} is not JSON") from None
    if not isinstance(record, dict):
        raise ValueError(f"line {number} is not an object")
    author = record.get("author", record.get("username"))
    if not isinstance(author, str) or not isinstance(record.get("text"), str):
        raise ValueError(f"line {number} has no author or no text")
    if record.get("split") not in ("train", "test"):
        raise ValueError(f"line {number} has no split 'train' or 'test'")
    return Row(author, record["text"], record["split"] == "test", record.get("lang") or "en")
