"""How often texts by strangers get an answer, in words, and from which share on one is given."""

from app.compute.rates import BELIEFS
from app.language.i18n import gettext, show_number, show_percent
from app.services.compare.verdict import Comparison
from app.views.comparing.verdicts import lean_of


def rate_of(comparison: Comparison) -> str | None:
    """Return how many of a hundred strangers' texts are given to one of so many authors."""
    if comparison.strangers is None:
        return None
    number = round(100 * comparison.strangers)
    if comparison.sure > BELIEFS[-1]:
        text = gettext(
            "With a starting belief of {sure}, more than {number} in 100 such texts by "
            "strangers get this kind of answer."
        )
    elif comparison.verdict == "likely":
        text = gettext("About {number} in 100 such texts by strangers would get this answer too.")
    elif len(comparison.ranking) == 1:
        text = gettext(
            "About {number} in 100 such texts by strangers would be attributed to this author."
        )
    else:
        text = gettext(
            "About {number} in 100 such texts by strangers would be attributed to one of them."
        )
    return text.format(number=show_number(max(number, 1)), sure=show_percent(comparison.sure))


def threshold_of(comparison: Comparison) -> str | None:
    """Return from which share on an author is named, where the likeliest one has clearly less."""
    if lean_of(comparison) != "leading":
        return None
    text = gettext(
        "saywho names an author only at {needed} or more, because below that too many answers "
        "would be wrong."
    )
    return text.format(needed=show_percent(comparison.needed))
