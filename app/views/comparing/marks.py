"""The marks of an answer that are shown, and how often their pieces are used, in words."""

from typing import Final

from msgspec import UnsetType

from app.language.i18n import gettext, ngettext, show_number
from app.services.compare.marked_pieces import Evidence, Usage
from app.services.compare.verdict import Comparison

ONCE: Final = 0.95
"""Uses a post from which they are told of each post."""
OFTEN: Final = 0.35
"""Likewise of ten posts; what is rarer is told by the posts in which it is once."""


def shown_marks(comparison: Comparison) -> list[Evidence]:
    """Return the marks that are shown, of an answer with reasons: none for a short text.

    The author uses their words more than the others, or less if they speak against. A piece of a
    mark may be as common elsewhere: then spelling or layout made the mark.
    """
    marks = [] if comparison.verdict == "short" else comparison.evidence
    return [mark for mark in marks if (_times(mark.own) - _times(mark.others)) * mark.weight > 0]


def _times(uses: float | UnsetType | None) -> float:
    return uses if isinstance(uses, float) else 0.0


def uses_of(mark: Evidence, *, is_alone: bool) -> tuple[str, str | None]:
    """Return how often the author of a mark, and the others, use its piece.

    The others have no rate where nobody else of the language is here. is_alone: whether one author
    was asked about, who is compared with everybody else here.
    """
    usage, compared = mark.own_usage, mark.others_usage
    rate = _usage(usage) if isinstance(usage, Usage) else ""
    if not isinstance(compared, Usage):
        return rate, None
    text = (
        ngettext(
            "the other author here: {rate}",
            "the other {count} authors here: {rate}",
            compared.authors,
        )
        if is_alone
        else ngettext(
            "the other author compared: {rate}",
            "the other {count} authors compared: {rate}",
            compared.authors,
        )
    )
    return rate, text.format(count=show_number(compared.authors), rate=_usage(compared))


def _usage(usage: Usage) -> str:
    """Return a rate that can be read at a glance, and what it rests on where that is little."""
    posts = show_number(usage.posts)
    if usage.uses == 0:
        return gettext("never in {posts} posts").format(posts=posts)
    if usage.uses == 1:
        return gettext("once in {posts} posts").format(posts=posts)
    rate = usage.uses / usage.posts
    if rate >= ONCE:
        text = gettext("about {times} times a post")
        times = show_number(round(rate, 1))
        return gettext("about once a post") if times == "1" else text.format(times=times)
    if rate >= OFTEN:
        text = gettext("about {times} times in 10 posts")
        return text.format(times=show_number(round(10 * rate, 1)))
    return gettext("about once in {posts} posts").format(posts=show_number(round(1 / rate)))
