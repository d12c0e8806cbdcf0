"""A report for a case as one HTML file that prints, with the JSON of its numbers.

Its sentences are about a ratio, and never about a probability.
"""

import asyncio
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from jinja2 import Environment

from app.config import Locale
from app.language.i18n import (
    gettext,
    gettext_noop,
    show_date,
    show_number,
    show_percent,
    show_period,
    speaking,
)
from app.parts.cases.case_file import AskedPart, CaseAuthor, CaseFile, encoded
from app.parts.cases.case_making import CaseFindings, CaseReport
from app.parts.cases.ratios import EDGES, MOST_KOREAN, MOST_MEASURED, Word, told, word_of
from app.views.cast import Cast, Person, bound
from app.views.self_contained import Inside, inside_of
from saywho.engine.judgement import Bound, Limit
from saywho.engine.measured_rates import measured_rates

SUPPORT: Final[dict[Word, str]] = {
    "neither": gettext_noop("no support"),
    "weak": gettext_noop("weak support"),
    "moderate": gettext_noop("moderate support"),
    "moderately_strong": gettext_noop("moderately strong support"),
    "strong": gettext_noop("strong support"),
}
SUPPORTS: Final[dict[Word, str]] = {
    "weak": gettext_noop("Weak support for ({proposition})"),
    "moderate": gettext_noop("Moderate support for ({proposition})"),
    "moderately_strong": gettext_noop("Moderately strong support for ({proposition})"),
    "strong": gettext_noop("Strong support for ({proposition})"),
}

CARRIED: Final = 0.5
"""Fall of a logarithm at which the strongest places carry a finding: a third remains."""
LIMITS: Final[dict[Limit, str]] = {
    "few_posts": gettext_noop(
        "This person’s posts are few or short, so there is little to compare the texts with."
    ),
    "few_authors": gettext_noop("Only a few other people here write the language."),
    "elsewhere": gettext_noop(
        "No one else here writes the language, so the texts were compared only "
        "with people from elsewhere."
    ),
    "lone_author": gettext_noop(
        "By the program’s measure, no other author here writes nearly like this person; among"
        " people who are not here, some may."
    ),
    "topic": gettext_noop("The subject of the texts counts more here than their style."),
}


def limits_of(limits: Iterable[Limit]) -> Iterator[str]:
    """Yield the reasons that make the ratio weaker."""
    yield from (gettext(LIMITS[limit]) for limit in limits if limit in LIMITS)
    yield gettext("The texts may be an imitation, and people change how they write.")
    yield gettext("The report cannot see which other texts were tried before, or left away.")


def number_of(ratio: float) -> str:
    """Return how many times as probable the likelier of the two is; ratio: a logarithm."""
    return show_number(round(10 ** abs(ratio)))


def shown_ratio(part: AskedPart) -> str:
    """Return a ratio below or above 1, of one digit."""
    ratio = told(part.log10_lr)
    if ratio == 0:
        return gettext("about 1")
    number = plain_ratio(ratio)
    return gettext(_BOUNDED[part.bound]).format(number=number) if part.bound else number


_BOUNDED: Final[dict[Bound, str]] = {
    "upper": gettext_noop("at least {number}"),
    "lower": gettext_noop("at most {number}"),
}


def finding_of(author: CaseAuthor) -> str:
    """Return the word and the number of all texts, counted with caution."""
    numbers, whole = author.told, author.asked[0]
    if numbers.word == "neither":
        return gettext(
            "No support for (1) or (2): this wording is about as probable if (1) is true as if (2)"
            " is true."
        )
    number = number_of(numbers.worth)
    is_cap = bool(whole.bound) and numbers.worth == numbers.ratio
    times = gettext("at least {number}") if is_cap else gettext("about {number}")
    sentence = (
        gettext(
            "{support}: this wording is {times} times as probable if (1) is true as if (2) is true."
        )
        if numbers.ratio > 0
        else gettext(
            "{support}: this wording is {times} times as probable if (2) is true as if (1) is true."
        )
    )
    support = gettext(SUPPORTS[numbers.word]).format(proposition=1 if numbers.ratio > 0 else 2)
    return sentence.format(support=support, times=times.format(number=number))


def meaning_of(file: CaseFile, found: CaseFindings) -> Iterator[str]:
    """Yield the source of the finding, and the finding without the strongest places."""
    author = found.filed
    numbers, whole = author.told, author.asked[0]
    if whole.bound == "upper":
        computed = gettext(
            "The program computed {ratio}, its upper limit for this amount of text "
            "and this number of other people."
        )
    elif whole.bound == "lower":
        computed = gettext("The program computed {ratio}, its lower limit for so much text.")
    else:
        computed = gettext("The program computed {ratio}.")
    if numbers.worth != numbers.ratio or whole.bound or numbers.word == "neither":
        yield computed.format(ratio=plain_ratio(numbers.ratio))
    if numbers.worth != numbers.ratio:
        yield gettext(
            "In tests such ratios were often too far from 1, so the report uses a "
            "more cautious ratio: {ratio}."
        ).format(ratio=plain_ratio(numbers.worth))
    if file.language == "ko" and word_of(numbers.worth, "en") != numbers.word:
        yield gettext(
            "For Korean texts the program uses no word above “{support}”, since too few Korean"
            " authors were tested."
        ).format(support=gettext(SUPPORT[MOST_KOREAN]))
    if weakened := weakened_of(author):
        without = gettext(
            "Without the few places that speak most for this person, the program computes only"
            " {ratio}."
        )
        if found.pieces.is_one_strongest:
            without = gettext(
                "Without the place that speaks most for this person, the program computes only"
                " {ratio}."
            )
        yield without.format(ratio=shown_ratio(weakened))
    if file.stored_of_others:
        yield stored_of(file)


def weakened_of(author: CaseAuthor) -> AskedPart | None:
    """Return the texts without their strongest places, if these carry the finding."""
    part = next((part for part in author.asked if part.part == "weakened"), None)
    ratio = author.told.ratio
    return part if part and ratio > 0 and told(part.log10_lr) <= ratio - CARRIED else None


def stored_of(file: CaseFile) -> str:
    """Return that texts are stored here as posts of other people."""
    if len(file.texts) == 1:
        return gettext("The text is stored here, word for word, as a post of another author.")
    return gettext(
        "Stored here, word for word, as posts of other authors: {count} of the {texts} texts."
    ).format(count=show_number(file.stored_of_others), texts=show_number(len(file.texts)))


def plain_ratio(ratio: float) -> str:
    number = number_of(ratio)
    return number if ratio >= 0 else f"1/{number}"


OCCURS_ABOVE: Final = (
    gettext_noop(
        "{people} people wrote {texts} texts of about this length. {own} ({share}) of these had a "
        "ratio of {number} or more for their own writer."
    ),
    gettext_noop(
        "Other people ({strangers}) wrote {strange_texts} texts. {strange} ({strange_share}) of "
        "these had such a ratio, too."
    ),
)
OCCURS_BELOW: Final = (
    gettext_noop(
        "{people} people wrote {texts} texts of about this length. {own} ({share}) of these had a "
        "ratio of {number} or less for their own writer."
    ),
    gettext_noop(
        "Other people ({strangers}) wrote {strange_texts} texts. {strange} ({strange_share}) of "
        "these had such a ratio."
    ),
)
"""How often such a ratio occurs: in texts by an author, and by other people."""


def occurrence_of(author: CaseAuthor) -> Iterator[str]:
    """Yield how often such a ratio occurs, with the numbers of texts and people."""
    counted, told_numbers = author.occurrence.counted, author.told
    yield (
        gettext(
            "Measured here, with up to {most} authors of the language who have the "
            "most posts. Each author was compared with all other people."
        ).format(most=show_number(MOST_MEASURED))
        if author.occurrence.of == "here"
        else gettext("Measured with people who have no part in this case.")
    )
    facts = {
        "number": plain_ratio(told_numbers.ratio),
        "own": show_number(told_numbers.own),
        "texts": show_number(sum(counted.own)),
        "people": show_number(counted.people),
        "share": _share(told_numbers.own, sum(counted.own)),
        "strange": show_number(told_numbers.strange),
        "strange_texts": show_number(sum(counted.strange)),
        "strangers": show_number(counted.strangers),
        "strange_share": _share(told_numbers.strange, sum(counted.strange)),
    }
    own, strange = map(gettext, OCCURS_ABOVE if told_numbers.ratio >= 0 else OCCURS_BELOW)
    yield own.format(**facts)
    if told_numbers.strange == 0 < counted.strangers:
        strange = gettext(
            "Other people ({strangers}) wrote {strange_texts} texts. No text had "
            "such a ratio. With {strangers} people, this cannot rule out that up to "
            "{possible} of people write texts that have it."
        )
        # Texts of one person go together. With this share of people, none would be found in one of
        # twenty cases.
        facts["possible"] = show_percent(1 - 0.05 ** (1 / counted.strangers))
    yield strange.format(**facts)
    yield gettext(
        "Texts by the same people resemble each other, so these are fewer independent cases."
    )


def circle_of(language: str, texts: int) -> str:
    """Return how often people of the same circle pass; texts: their number."""
    share = measured_rates().told.passing(language, texts)
    return gettext(
        "If the writer may come from this person’s own school, office or party, "
        "a wrong finding is far more frequent: in a test with only one known "
        "person of such a circle, the program attributed {number} of 100 texts "
        "by other people of the circle to that person."
    ).format(number=show_number(round(100 * share)))


def _share(part: int, whole: int) -> str:
    return show_percent(part / whole) if whole else "–"


_HERE: Final = Path(__file__).parent
WIDTH: Final = 300
HEIGHT: Final = 90
MOST_DIGESTS: Final = 2
"""Number of texts with printed digests; the JSON has all digests."""


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
    (f"{10**power}" if power >= 0 else f"1/{10**-power}", _across(power)) for power in range(-3, 4)
]


def _points(cells: Sequence[int]) -> str:
    total, left, points = max(sum(cells), 1), sum(cells), list[str]()
    for edge, below in zip(EDGES, cells, strict=False):
        left -= below
        points.append(f"{_across(edge)},{round(HEIGHT * (1 - left / total), 1)}")
    return " ".join(points)


def _sheet(found: CaseFindings, report: CaseReport) -> dict[str, object]:
    author, comparison, file = found.filed, found.comparison, report.file
    ratios: dict[str, list[str]] = {}
    for asked in author.asked:
        ratios.setdefault(asked.part, []).append(shown_ratio(asked))
    alone = {asked.text: shown_ratio(asked) for asked in author.asked if asked.part == "text"}
    if alone:
        none = gettext("no ratio")
        ratios["text"] = [alone.get(place, none) for place in range(len(file.texts))]
    digests = [text.sha256 for text in file.texts]
    return {
        "author": author,
        "name": found.name,
        "finding": finding_of(author),
        "days": author.newest_at
        and show_period(
            (author.first_at or author.newest_at).date(), author.newest_at.date() + timedelta(1)
        ),
        "meaning": [*meaning_of(file, found)],
        "occurrence": [*occurrence_of(author)],
        "curve": curve_of(author),
        "words": sum(text.words for text in file.texts),
        "left_out": report.left_out,
        "is_cut": bool(comparison.without),  # Pieces of the texts were left out by hand.
        "digests": digests if len(digests) <= MOST_DIGESTS else [],
        "pieces": found.pieces,
        "ratios": ratios,
        "lacks_ratio": 0 < len(alone) < len(file.texts),
        "limits": [*limits_of(comparison.limits)],
        "circle": circle_of(file.language, comparison.texts),
    }


async def written(
    environment: Environment,
    report: CaseReport,
    language: Locale,
    *,
    asked_by: str = "",
    json_name: str = "case.json",
) -> CaseFiles:
    """Return the files; json_name: the report's name for the JSON."""
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
            "sheets": [_sheet(each, report) for each in report.authors],
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
