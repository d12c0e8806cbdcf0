"""Why a text reads like none of the authors: what none of them writes, and who is nearest."""

from typing import Final

from app.compute.evidence import place_in
from app.language.i18n import gettext, show_list, show_percent
from app.services.compare.verdict import EXPLAINED, Comparison
from app.views.comparing.verdicts import bars_of, is_of_no_language_here
from app.views.names import shown_name

LEAST_SHOWN: Final = 0.01
"""Smaller shares are in words."""


def why_nobody(comparison: Comparison) -> list[str]:
    """Return why none of the authors is likely; nothing where one is, or none is known."""
    if comparison.verdict != "unfamiliar":
        return []
    unwritten = [_unwritten(comparison)] if comparison.unwritten else []
    if is_of_no_language_here(comparison):  # Whoever is nearest wrote least.
        return [_foreign(comparison), *unwritten]
    return [*unwritten, _nearest(comparison)]


def strange_places(comparison: Comparison) -> list[tuple[int, int]]:
    """Return where the words stand that none of the authors writes, of an answer that is nobody."""
    if comparison.verdict != "unfamiliar":
        return []
    places = (place_in(comparison.text, word) for word in comparison.unwritten or ())
    return sorted(place for place in places if place)


def _nearest(comparison: Comparison) -> str:
    nearest = next(bar for bar in bars_of(comparison) if bar.username is not None)
    is_alone, is_least = len(comparison.ranking) == 1, nearest.share < LEAST_SHOWN
    if is_alone and is_least:
        text = gettext("The chance that it was {username} is still under 1%.")
    elif is_alone:
        text = gettext("There is still a {share} chance that it was {username}.")
    elif is_least:
        text = gettext("The closest is {username}, with a chance of under 1%.")
    else:
        text = gettext("The closest is {username}, with a {share} chance.")
    name = shown_name(nearest.username or "")
    return text.format(username=name, share=show_percent(nearest.share))


def _foreign(comparison: Comparison) -> str:
    if len(comparison.ranking) == 1:
        text = gettext("The text does not seem to be in the language that {username} writes.")
        return text.format(username=shown_name(comparison.ranking[0].username))
    return gettext("None of them seems to write the language of this text.")


def _unwritten(comparison: Comparison) -> str:
    quoted = [gettext("“{word}”").format(word=word) for word in comparison.unwritten or ()]
    count = len(comparison.ranking)
    if count == 1:
        text = gettext("{username} never writes {words}.")
    elif count <= EXPLAINED:
        text = gettext("None of them ever writes {words}.")
    else:
        text = gettext("None of the four closest authors ever writes {words}.")
    return text.format(username=shown_name(comparison.ranking[0].username), words=show_list(quoted))
