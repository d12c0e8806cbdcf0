"""Why a text reads like none of the authors: what none of them writes, and who is nearest."""

from app.i18n import gettext, show_list, show_percent
from app.services.compare.answering import EXPLAINED, Comparison
from app.views.comparing.verdicts import bars_of
from app.views.names import shown_name


def why_nobody(comparison: Comparison) -> list[str]:
    """Return why none of the authors is likely; nothing where one is, or none is known."""
    if comparison.verdict != "unfamiliar":
        return []
    sentences = [_unwritten(comparison)] if comparison.unwritten else []
    nearest = next(bar for bar in bars_of(comparison) if bar.username is not None)
    text = (
        gettext("The chance that it was {username} all the same: {share}.")
        if len(comparison.ranking) == 1
        else gettext("Nearest is {username}; the chance that it was them: {share}.")
    )
    name = shown_name(nearest.username or "")
    return [*sentences, text.format(username=name, share=show_percent(nearest.share))]


def _unwritten(comparison: Comparison) -> str:
    quoted = [gettext("“{word}”").format(word=word) for word in comparison.unwritten or ()]
    count = len(comparison.ranking)
    if count == 1:
        text = gettext("{username} never writes {words}.")
    elif count <= EXPLAINED:
        text = gettext("None of them ever writes {words}.")
    else:
        text = gettext("None of the four nearest ever writes {words}.")
    return text.format(username=shown_name(comparison.ranking[0].username), words=show_list(quoted))
