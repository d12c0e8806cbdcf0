"""How much more text would decide an undecided answer, in words."""

from typing import Final

from app.compute.judgement import FEWEST_JUDGED
from app.language.i18n import gettext, gettext_noop, ngettext, show_number
from app.services.compare.verdict import Comparison

MOSTLY_BY_TWICE: Final = 4
HALF_BY_TWICE: Final = 7
"""Highest multiples, needed for eight of ten cases, with which clearly more than half of them, or
about half, are decided by twice the text."""
CAUTION: Final = gettext_noop(
    "A decided answer can still be wrong. Add only new messages by this person, and do not "
    "repeat this until you like the answer: each try makes it more likely that someone else’s "
    "text is attributed to this author."
)


def more_text_of(comparison: Comparison) -> list[str]:
    """Return how much more text decides such cases, and a caution; nothing of a decided answer."""
    if comparison.verdict != "close" or comparison.none is None:
        return []
    if comparison.ranking[0].tweets < FEWEST_JUDGED:  # More posts of the author are needed.
        return []
    if comparison.more is None:
        return [gettext("Not decided yet. More text like this would hardly help.")]
    times, messages = comparison.more.times, comparison.more.messages
    text = _sentence(times, messages)
    facts = {"times": show_number(times), "messages": show_number(messages)}
    return [text.format(**facts), gettext(CAUTION)]


def _sentence(times: int, messages: int) -> str:
    if times == 2:
        return ngettext(
            "Not decided yet. Twice as much text by this person decides about eight of ten such "
            "cases (about {messages} more message).",
            "Not decided yet. Twice as much text by this person decides about eight of ten such "
            "cases (about {messages} more messages).",
            messages,
        )
    if times <= MOSTLY_BY_TWICE:
        return gettext(
            "Not decided yet. Twice as much text by this person decides more than half of such "
            "cases. About {times} times as much decides eight of ten (about {messages} more "
            "messages)."
        )
    if times <= HALF_BY_TWICE:
        return gettext(
            "Not decided yet. Twice as much text by this person decides about half of such "
            "cases. About {times} times as much decides eight of ten (about {messages} more "
            "messages)."
        )
    return gettext(
        "Not decided yet. About {times} times as much text by this person decides about eight "
        "of ten such cases (about {messages} more messages)."
    )
