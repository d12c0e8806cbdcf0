"""The measures of how somebody writes, in words: their names and values."""

from typing import Final

from app.compute.fingerprint import Measure
from app.i18n import gettext, gettext_noop, ngettext, show_number
from app.views.in_words import often

LONGEST_SIGN: Final = 8
_LABELS: Final = {
    "length": gettext_noop("Length"),
    "questions": gettext_noop("Question marks"),
    "exclamations": gettext_noop("Exclamation marks"),
    "laughing": gettext_noop("Laughing {sign}"),
    "emoji": gettext_noop("Emoji {sign}"),
    "endings": gettext_noop("Ends with {sign}"),
    "beginnings": gettext_noop("Small first letter"),
}
_AFTER_SILENCE: Final = gettext_noop("Begins after a silence")


def label_of(measure: Measure) -> str:
    """Return the name of a measure, with the sign that is most of it."""
    text = _AFTER_SILENCE if measure.sign == "silence" else _LABELS[measure.name]
    sign = f"“{measure.sign}”" if measure.name == "endings" else measure.sign[:LONGEST_SIGN]
    return gettext(text).format(sign=sign).strip()


def value_of(measure: Measure, value: float) -> str:
    """Return a value of a measure in words."""
    if measure.name == "length":
        words = round(value, 1)
        text = ngettext("{count} word", "{count} words", 1 if words == 1 else 2)
        return text.format(count=show_number(words))
    return often(value)
