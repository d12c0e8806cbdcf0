"""What clear measures tell of somebody, in a sentence."""

from collections.abc import Sequence
from typing import Final

from app.compute.fingerprint import Measure, positive_first
from app.language.i18n import gettext, gettext_noop, show_number
from app.views.measures import trait_of
from app.views.names import shown_name

MOST_TRAITS: Final = 3
"""In the finding."""
LONGEST_FINDING: Final = 140
LONGEST_NAME: Final = 24
"""Characters of a name in the finding."""
_JOINED: Final = {
    2: gettext_noop("{first} and {second}"),
    3: gettext_noop("{first}, {second} and {third}"),
}


def called(others: int, only_other: str, *, is_of_chat: bool) -> str:
    """Return what a sentence calls the people compared with: the only other one by name."""
    if only_other:
        return short_name(only_other)
    text = gettext("the {count} other authors here")
    if is_of_chat:
        text = gettext("the {count} others in this chat")
    return text.format(count=show_number(others))


def told_of(username: str, measures: Sequence[Measure], others: str = "") -> str:
    """Return what the clear measures of an author say, the clearest first; nothing without any.

    others: what the people compared with are called; in the sentence once.
    """
    clear: list[str] = []
    for measure in positive_first(measure for measure in measures if measure.is_clear):
        is_said = any(others in trait for trait in clear)
        clear.append(trait_of(measure, "" if is_said else others))
    name = short_name(shown_name(username))
    findings = [
        gettext("{name} {traits}.").format(name=name, traits=_joined(clear[:count]))
        for count in range(1, min(len(clear), MOST_TRAITS) + 1)
    ]
    return next((text for text in reversed(findings) if len(text) <= LONGEST_FINDING), "")


def short_name(name: str) -> str:
    """Return a name as long as a sentence has room for."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1].rstrip()}…"


def _joined(traits: Sequence[str]) -> str:
    """Return one to three traits as the language joins them."""
    if len(traits) == 1:
        return traits[0]
    places = ("first", "second", "third")
    return gettext(_JOINED[len(traits)]).format(**dict(zip(places, traits, strict=False)))
