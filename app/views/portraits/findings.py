"""What the portrait of an author says in words: its finding, and the names of its measures."""

from collections.abc import Sequence
from typing import Final

from app.compute.fingerprint import Measure
from app.i18n import gettext, gettext_noop
from app.services.archive.author_portrait import AuthorPortrait
from app.views.in_words import HARDLY, often
from app.views.measures import trait_of
from app.views.names import shown_name
from app.views.portraits.beside import only_other

MOST_TRAITS: Final = 3
"""In the finding."""
LONGEST_FINDING: Final = 140
LONGEST_NAME: Final = 24
"""Characters of a name in the finding."""


_JOINED: Final = {
    2: gettext_noop("{first} and {second}"),
    3: gettext_noop("{first}, {second} and {third}"),
}


def finding_of(portrait: AuthorPortrait, *, has_words: bool) -> str:
    """Return what sets the author apart, by the clearest measures; at most 140 characters.

    has_words: whether words that the author wrote may stand in it, where no measure is clear.
    """
    name = _short_name(shown_name(portrait.user.username))
    if not portrait.others_total:
        return gettext("There is nobody else here to compare {name} with.").format(name=name)
    other_name = _short_name(only_other(portrait))
    if not portrait.is_compared:
        few = gettext("There are too few posts yet to compare {name} with others.")
        few_of_two = gettext("There are too few posts yet to compare {name} with {other}.")
        return (few_of_two if other_name else few).format(name=name, other=other_name)
    if not any(measure.is_clear for measure in portrait.measures):
        said = _said_more(portrait, name, other_name) if has_words else ""
        if said and len(said) <= LONGEST_FINDING:
            return said
        nothing = gettext("Nothing clearly sets {name} apart here.")
        nothing_of_two = gettext("Nothing clearly sets {name} apart from {other}.")
        return (nothing_of_two if other_name else nothing).format(name=name, other=other_name)
    return told_of(portrait.user.username, portrait.measures)


def told_of(username: str, measures: Sequence[Measure]) -> str:
    """Return what the clear measures of an author say, the clearest first; nothing without any."""
    clear = [trait_of(measure) for measure in measures if measure.is_clear]
    name = _short_name(shown_name(username))
    findings = [
        gettext("{name} {traits}.").format(name=name, traits=_joined(clear[:count]))
        for count in range(1, min(len(clear), MOST_TRAITS) + 1)
    ]
    return next((text for text in reversed(findings) if len(text) <= LONGEST_FINDING), "")


def _said_more(portrait: AuthorPortrait, name: str, other_name: str) -> str:
    """Return which words the author says more often than the others; nothing if there are none."""
    if not portrait.phrases:
        return ""
    phrase = max(portrait.phrases, key=lambda phrase: phrase.messages)
    share = phrase.messages / portrait.messages
    if share < HARDLY:
        return ""
    sentence = gettext("{name} says “{words}” more often than the others ({often}).")
    if other_name:
        sentence = gettext("{name} says “{words}” more often than {other} ({often}).")
    return sentence.format(name=name, words=phrase.text, other=other_name, often=often(share))


def _short_name(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1].rstrip()}…"


def _joined(traits: Sequence[str]) -> str:
    """Return one to three traits as the language joins them."""
    if len(traits) == 1:
        return traits[0]
    places = ("first", "second", "third")
    return gettext(_JOINED[len(traits)]).format(**dict(zip(places, traits, strict=False)))
