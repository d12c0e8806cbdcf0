"""A report for a case as one HTML file that prints, with the JSON of its numbers."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from jinja2 import Environment
from msgspec import Struct

from app.config import Locale
from app.language.i18n import show_date, speaking
from app.parts.cases.case_file import AskedPart, CaseAuthor, CaseFile, encoded
from app.parts.cases.case_making import CaseFindings, CaseReport
from app.parts.cases.case_pieces import CasePieces
from app.parts.cases.case_words import (
    circle_of,
    finding_of,
    limits_of,
    meaning_of,
    occurrence_of,
    shown_ratio,
)
from app.parts.cases.ratios import EDGES
from app.views.cast import Cast, Person, bound
from app.views.self_contained import Inside, inside_of

_HERE: Final = Path(__file__).parent
WIDTH: Final = 300
HEIGHT: Final = 90
MOST_DIGESTS: Final = 2
"""Texts whose digests are printed; those of more texts stand in the JSON alone."""


class CaseFiles(NamedTuple):
    html: bytes
    json: bytes


@cache
def _inside() -> Inside:
    return inside_of((_HERE / "case.css").read_text("utf-8"))


class RatioCurves(NamedTuple):
    """A share of texts with at least each ratio, as points of a drawing."""

    own: str
    strange: str
    here: float
    """Place of the report's ratio."""
    middle: float
    """Place of the ratio 1."""


def curve_of(author: CaseAuthor) -> RatioCurves:
    counted = author.occurrence.counted
    return RatioCurves(
        _points(counted.own), _points(counted.strange), _across(author.told.ratio), _across(0.0)
    )


def _across(ratio: float) -> float:
    return round(WIDTH * (ratio - EDGES[0]) / (EDGES[-1] - EDGES[0]), 1)


MARKS: Final = [
    (label, _across(power))
    for label, power in (("1/1000", -3.0), ("1/100", -2.0), ("1/10", -1.0), ("1", 0.0))
] + [(label, _across(power)) for label, power in (("10", 1.0), ("100", 2.0), ("1000", 3.0))]


def _points(cells: Sequence[int]) -> str:
    total, left, points = max(sum(cells), 1), sum(cells), list[str]()
    for edge, below in zip(EDGES, cells, strict=False):
        left -= below
        points.append(f"{_across(edge)},{round(HEIGHT * (1 - left / total), 1)}")
    return " ".join(points)


class Sheet(Struct, frozen=True):
    """The pages of one author."""

    report: CaseFindings
    file: CaseFile
    left_out: int

    @property
    def author(self) -> CaseAuthor:
        return self.report.filed

    @property
    def name(self) -> str:
        return self.report.name

    @property
    def finding(self) -> str:
        return finding_of(self.author)

    @property
    def meaning(self) -> list[str]:
        return list(meaning_of(self.file, self.author))

    @property
    def occurrence(self) -> list[str]:
        return list(occurrence_of(self.author))

    @property
    def curve(self) -> RatioCurves:
        return curve_of(self.author)

    @property
    def words(self) -> int:
        return sum(text.words for text in self.file.texts)

    @property
    def is_cut(self) -> bool:
        """Whether pieces of the texts were left out by hand."""
        return bool(self.report.comparison.without)

    @property
    def digests(self) -> list[str]:
        texts = self.file.texts
        return [text.sha256 for text in texts] if len(texts) <= MOST_DIGESTS else []

    @property
    def pieces(self) -> CasePieces:
        return self.report.pieces

    @property
    def ratios(self) -> Mapping[str, Sequence[str]]:
        """The ratios of parts of the texts, by what they are."""
        parts: dict[str, list[AskedPart]] = {}
        for asked in self.author.asked:
            parts.setdefault(asked.part, []).append(asked)
        return {part: list(map(shown_ratio, some)) for part, some in parts.items()}

    @property
    def limits(self) -> list[str]:
        return list(limits_of(self.report.comparison.limits))

    @property
    def circle(self) -> str:
        return circle_of(self.file.language, self.report.comparison.texts)


async def written(
    environment: Environment,
    report: CaseReport,
    language: Locale,
    *,
    asked_by: str = "",
    json_name: str = "case.json",
) -> CaseFiles:
    """Return the files; json_name: what the report calls the JSON."""
    data = encoded(report.file)
    people = {
        each.filed.username: Person(each.filed.username, each.name, each.name, "", False)
        for each in report.authors
    }
    # Of people of chats there are messages.
    is_chat = all(each.is_of_chat for each in report.authors)
    with bound(Cast(people, is_chat)), speaking(language):
        shown = {
            "inside": _inside(),
            "language": language,
            "file": report.file,
            "sheets": [Sheet(each, report.file, report.left_out) for each in report.authors],
            "asked_by": asked_by,
            "made_on": show_date(report.file.made_at.date()),
            "marks": MARKS,
            "json_name": json_name,
            "json_sha256": hashlib.sha256(data).hexdigest(),
            "width": WIDTH,
            "height": HEIGHT,
        }
        template = environment.get_template("cases/case.html")
        html = await asyncio.to_thread(template.render, shown)
    return CaseFiles(html.encode(), data)
