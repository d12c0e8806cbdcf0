"""How much more text would decide an undecided answer, in words."""

from typing import Final

from app.compute.judgement import FEWEST_JUDGED
from app.i18n import gettext, gettext_noop, ngettext, show_number
from app.services.compare.answering import Comparison

MOSTLY_BY_TWICE: Final = 4
HALF_BY_TWICE: Final = 7
"""Highest multiples, needed for eight of ten cases, with which clearly more than half of them, or
about half, are decided by twice the text."""
CAUTION: Final = gettext_noop(
    "Decided does not mean right. Add only new messages by this person, and do not go on until you "
    "like the answer: with every try, someone else’s text is more likely to pass."
)


def more_text_of(comparison: Comparison) -> list[str]:
    """Return how much more text decides such cases, and a caution; nothing of a decided answer."""
    if comparison.verdict != "close" or comparison.none is None:
        return []
    if comparison.ranking[0].tweets < FEWEST_JUDGED:  # More posts of the author are needed.
        return []
    if comparison.more is None:
        return [gettext("Undecided. More text like this would hardly decide it.")]
    times, messages = comparison.more.times, comparison.more.messages
    text = _sentence(times, messages)
    facts = {"times": show_number(times), "messages": show_number(messages)}
    return [text.format(**facts), gettext(CAUTION)]


def _sentence(times: int, messages: int) -> str:
    if times == 2:
        return ngettext(
            "Undecided. About eight of ten such cases are decided by twice as much text by this "
            "person (about {messages} more message).",
            "Undecided. About eight of ten such cases are decided by twice as much text by this "
            "person (about {messages} more messages).",
            messages,
        )
    if times <= MOSTLY_BY_TWICE:
        return gettext(
            "Undecided. More than half of such cases are decided by twice as much text by this "
            "person, eight of ten by about {times} times as much (about {messages} more messages)."
        )
    if times <= HALF_BY_TWICE:
        return gettext(
            "Undecided. About half of such cases are decided by twice as much text by this person, "
            "eight of ten by about {times} times as much (about {messages} more messages)."
        )
    return gettext(
        "Undecided. About eight of ten such cases are decided by about {times} times as much text "
        "by this person (about {messages} more messages)."
    )
