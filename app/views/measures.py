"""The measures of how somebody writes, in words: names, values, and how they set one apart."""

from typing import Final, NamedTuple

from app.compute.fingerprint import Measure
from app.language.i18n import gettext, gettext_noop, ngettext, show_number
from app.views.in_words import briefly, often

LONGEST_SIGN: Final = 8


class MeasureWords(NamedTuple):
    """What somebody does who has more of a measure than others, less, or nothing of it."""

    more: str
    less: str
    none: str


_LABELS: Final = {
    "length": gettext_noop("Length"),
    "questions": gettext_noop("Question marks"),
    "exclamations": gettext_noop("Exclamations"),
    "laughing": gettext_noop("Laughs (mostly {sign})"),
    "emoji": gettext_noop("Emoji (mostly {sign})"),
    "endings": gettext_noop("Ends with {sign}"),
    "beginnings": gettext_noop("Lowercase start"),
}
_TRAITS: Final = {
    "length": MeasureWords(
        gettext_noop("writes longer posts than {others} ({words})"),
        gettext_noop("writes shorter posts than {others} ({words})"),
        gettext_noop("writes shorter posts than {others} ({words})"),
    ),
    "questions": MeasureWords(
        gettext_noop("uses question marks {often}"),
        gettext_noop("uses fewer question marks than {others}"),
        gettext_noop("never uses question marks"),
    ),
    "exclamations": MeasureWords(
        gettext_noop("uses exclamation marks {often}"),
        gettext_noop("uses fewer exclamation marks than {others}"),
        gettext_noop("never uses exclamation marks"),
    ),
    "laughing": MeasureWords(
        gettext_noop("laughs (“{sign}”) {often}"),
        gettext_noop("laughs less often in writing than {others}"),
        gettext_noop("never laughs in writing"),
    ),
    "emoji": MeasureWords(
        gettext_noop("uses emoji {often}"),
        gettext_noop("uses fewer emoji than {others}"),
        gettext_noop("never uses emoji"),
    ),
    "endings": MeasureWords(
        gettext_noop("ends with “{sign}” {often}"),
        gettext_noop("ends with “{sign}” less often than {others}"),
        gettext_noop("never ends with “{sign}”"),
    ),
    "beginnings": MeasureWords(
        gettext_noop("starts with a lowercase letter {often}"),
        gettext_noop("starts with a lowercase letter less often than {others}"),
        gettext_noop("never starts with a lowercase letter"),
    ),
}
_SILENCES: Final = MeasureWords(
    gettext_noop("breaks the silence {often}"),
    gettext_noop("breaks the silence less often than {others}"),
    gettext_noop("never breaks the silence"),
)
_AFTER_SILENCE: Final = gettext_noop("After a silence")
_WITHOUT_SIGN: Final = {"laughing": gettext_noop("Laughs"), "emoji": gettext_noop("Emoji")}
"""The labels where somebody has no such sign."""


def label_of(measure: Measure) -> str:
    """Return the name of a measure, with the sign that is most of it."""
    text = _AFTER_SILENCE if measure.sign == "silence" else _LABELS[measure.name]
    if not measure.sign:
        text = _WITHOUT_SIGN.get(measure.name, text)
    sign = f"“{measure.sign}”" if measure.name == "endings" else measure.sign[:LONGEST_SIGN]
    return gettext(text).format(sign=sign)


def value_of(measure: Measure, value: float) -> str:
    """Return a value of a measure in words."""
    if measure.name == "length":
        words = round(value, 1)
        text = ngettext("{count} word", "{count} words", 1 if words == 1 else 2)
        return text.format(count=show_number(words))
    return often(value)


def brief_value_of(measure: Measure, value: float) -> str:
    """Return the same where there is little room; nothing where it is short in any case."""
    return "" if measure.name == "length" else briefly(value)


def trait_of(measure: Measure, others: str = "") -> str:
    """Return in a few words how a measure sets somebody apart: what they do.

    others: what the people compared with are called.
    """
    trait = _SILENCES if measure.sign == "silence" else _TRAITS[measure.name]
    less = trait.less if measure.own else trait.none
    return gettext(trait.more if measure.errors > 0 else less).format(
        words=_words(measure),
        often=often(measure.own),
        sign=measure.sign[:LONGEST_SIGN],
        others=others or gettext("the others"),
    )


def told_alone(measure: Measure, others: str = "") -> str:
    """Return the same where the name is not in the sentence, but above it."""
    trait = trait_of(measure, others)
    return f"{trait[:1].upper()}{trait[1:]}"


def _words(measure: Measure) -> str:
    """Return about how many words a post has, exactly enough to tell it from the others."""
    whole = max(round(measure.own), 1)
    count = round(measure.own, 1) if whole == round(measure.beside) else whole
    text = ngettext("about {count} word", "about {count} words", 1 if count == 1 else 2)
    return text.format(count=show_number(count))
