"""An author's habits in words: how often, and how they differ."""

from collections.abc import Sequence
from typing import Final

from app.compute.fingerprint import Measure, positive_first
from app.language.i18n import gettext, ngettext, show_number
from app.language.tell import HABITS, tell
from app.views.cast import shown_name

HARDLY: Final = 0.005
"""Shares below are called less than one post of a hundred."""
ONE_OF: Final = 0.36
"""Shares below, down to 0.055, are called one post of a number."""
ALMOST_ALL: Final = 0.95
MOST_TRAITS: Final = 3
LONGEST_FINDING: Final = 140
LONGEST_NAME: Final = 24
LONGEST_SIGN: Final = 8


def often(share: float) -> str:
    """Return a share of the posts in words: "in every fifth post"."""
    kind, count = _how_often(share)
    return tell("often", kind, count=count)


def briefly(share: float) -> str:
    """Return a share of posts named before: "in every fifth"."""
    kind, count = _how_often(share)
    return tell("briefly", kind, count=count)


def part_of(share: float) -> str:
    """Return a share from an eighth as a part: "every fifth post"."""
    number, tenths = round(1 / share), round(10 * share)
    if share == 1 or share < ONE_OF or tenths == 5:
        return tell("part", str(min(number, 8)))
    return tell("part", "almost all" if share >= ALMOST_ALL else "tenths", count=tenths)


def _how_often(share: float) -> tuple[str, int]:
    if share == 0:
        return "never", 0
    if share < HARDLY:
        return "hardly", 0
    if share >= ALMOST_ALL:
        return ("all" if share == 1 else "almost all"), 0
    if share < 0.055:
        return "hundredths", max(1, round(100 * share))
    number, tenths = round(1 / share), round(10 * share)
    if share < ONE_OF or tenths == 5:
        return (str(number) if number <= 10 else "nth"), number
    return "tenths", tenths


def label_of(measure: Measure) -> str:
    """Return the name of a measure with its most frequent sign."""
    habit = _habit_of(measure)
    variant = (
        "label"
        if measure.sign or "label without sign" not in HABITS[habit]
        else "label without sign"
    )
    sign = f"“{measure.sign}”" if measure.name == "endings" else measure.sign[:LONGEST_SIGN]
    return tell(habit, variant, sign=sign)


def value_of(measure: Measure, value: float) -> str:
    if measure.name == "length":
        words = round(value, 1)
        text = ngettext("{count} word", "{count} words", 1 if words == 1 else 2)
        return text.format(count=show_number(words))
    return often(value)


def brief_value_of(measure: Measure, value: float) -> str:
    """Return a value of a measure briefly; nothing for a length."""
    return "" if measure.name == "length" else briefly(value)


def change_of(measure: Measure, year: int) -> str:
    return tell(
        measure.name,
        "rose" if measure.errors > 0 else "fell",
        year=str(year),
        sign=measure.sign,
        value=value_of(measure, measure.own),
        before=value_of(measure, measure.beside),
    )


def trait_of(measure: Measure, others: str = "") -> str:
    """Return briefly what an author does differently.

    others: name of the compared people.
    """
    less = "less" if measure.own else "none"
    return tell(
        _habit_of(measure),
        "more" if measure.errors > 0 else less,
        words=_words_per_post(measure),
        often=often(measure.own),
        sign=measure.sign[:LONGEST_SIGN],
        others=others or gettext("the others"),
    )


def told_alone(measure: Measure, others: str = "") -> str:
    trait = trait_of(measure, others)
    return f"{trait[:1].upper()}{trait[1:]}"


def called(others: int, only_other: str, *, is_of_chat: bool, is_of_samples: bool = False) -> str:
    """Return the name of the compared people in a sentence, a single person's own."""
    if only_other:
        return short_name(only_other)
    kind = "chat" if is_of_chat else "samples" if is_of_samples else "site"
    return tell("others", kind, count=others)


def told_of(username: str, measures: Sequence[Measure], others: str = "") -> str:
    """Return a sentence of clear traits, clearest first; empty without any.

    others: the compared people's name.
    """
    clear: list[str] = []
    for measure in positive_first(measure for measure in measures if measure.is_clear):
        is_said = any(others in trait for trait in clear)
        clear.append(trait_of(measure, "" if is_said else others))
    name = short_name(shown_name(username))
    for count in range(min(len(clear), MOST_TRAITS), 0, -1):
        finding = tell("traits", name=name, traits=_joined(clear[:count]))
        if len(finding) <= LONGEST_FINDING:
            return finding
    return ""


def short_name(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1].rstrip()}…"


def _habit_of(measure: Measure) -> str:
    return "silence" if measure.sign == "silence" else measure.name


def _joined(traits: Sequence[str]) -> str:
    if len(traits) == 1:
        return traits[0]
    places = zip(("first", "second", "third"), traits, strict=False)
    return tell("joined", str(len(traits)), **dict(places))


def _words_per_post(measure: Measure) -> str:
    """Return words per post, as exact as their difference requires."""
    whole = max(round(measure.own), 1)
    count = round(measure.own, 1) if whole == round(measure.beside) else whole
    text = ngettext("about {count} word", "about {count} words", 1 if count == 1 else 2)
    return text.format(count=show_number(count))
