"""The marks of an answer that are shown, and how often their pieces are used, in words."""

from msgspec import UnsetType

from app.i18n import gettext, ngettext, show_number
from app.services.compare.answering import Comparison
from app.services.compare.marked_pieces import Evidence, Usage


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
            "the other one compared: {rate}", "the other {count} compared: {rate}", compared.authors
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
    rate = 100 * usage.uses / usage.posts
    rate = round(rate, 0 if rate >= 10 else 1 if rate >= 0.1 else 2)
    if rate == 1:
        return gettext("once per 100 posts")
    return gettext("{rate} times per 100 posts").format(rate=show_number(rate))
