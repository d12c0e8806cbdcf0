"""What the portrait of an author says in words: its finding, and the names of its measures."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from app.compute.fingerprint import Measure
from app.i18n import gettext, gettext_noop, ngettext, show_number
from app.services.archive.author_portrait import AuthorPortrait
from app.views.in_words import often
from app.views.measures import LONGEST_SIGN
from app.views.names import shown_name
from app.views.portraits.beside import only_other

MOST_TRAITS: Final = 3
"""In the finding."""
LONGEST_FINDING: Final = 140
LONGEST_NAME: Final = 24
"""Characters of a name in the finding."""


class MeasureWords(NamedTuple):
    """What somebody does who has more of a measure than others, less, or nothing of it."""

    more: str
    less: str
    none: str


_TRAITS: Final = {
    "length": MeasureWords(
        gettext_noop("writes longer posts ({words})"),
        gettext_noop("writes shorter posts ({words})"),
        gettext_noop("writes shorter posts ({words})"),
    ),
    "questions": MeasureWords(
        gettext_noop("asks a question {often}"),
        gettext_noop("asks fewer questions"),
        gettext_noop("never asks a question"),
    ),
    "exclamations": MeasureWords(
        gettext_noop("writes “!” {often}"),
        gettext_noop("writes “!” less often"),
        gettext_noop("never writes “!”"),
    ),
    "laughing": MeasureWords(
        gettext_noop("laughs “{sign}” {often}"),
        gettext_noop("laughs less often"),
        gettext_noop("never laughs"),
    ),
    "emoji": MeasureWords(
        gettext_noop("uses emoji {often}"),
        gettext_noop("uses fewer emoji"),
        gettext_noop("never uses emoji"),
    ),
    "endings": MeasureWords(
        gettext_noop("ends with “{sign}” {often}"),
        gettext_noop("ends less often with “{sign}”"),
        gettext_noop("never ends with “{sign}”"),
    ),
    "beginnings": MeasureWords(
        gettext_noop("begins with a small letter {often}"),
        gettext_noop("begins less often with a small letter"),
        gettext_noop("never begins with a small letter"),
    ),
}
_SILENCES: Final = MeasureWords(
    gettext_noop("speaks first after a silence {often}"),
    gettext_noop("speaks first less often after a silence"),
    gettext_noop("never speaks first after a silence"),
)
_JOINED: Final = {
    2: gettext_noop("{first} and {second}"),
    3: gettext_noop("{first}, {second} and {third}"),
}


def finding_of(portrait: AuthorPortrait) -> str:
    """Return what sets the author apart, by the clearest measures; at most 140 characters."""
    name = _short_name(shown_name(portrait.user.username))
    if not portrait.others_total:
        return gettext("There is nobody else here to compare {name} with.").format(name=name)
    other_name = _short_name(only_other(portrait))
    if not portrait.is_compared:
        few = gettext("There are too few posts yet to compare {name} with others.")
        few_of_two = gettext("There are too few posts yet to compare {name} with {other}.")
        return (few_of_two if other_name else few).format(name=name, other=other_name)
    clear = [trait_of(measure) for measure in portrait.measures if measure.is_clear]
    if not clear:
        nothing = gettext("Nothing sets {name} clearly apart here.")
        nothing_of_two = gettext("Nothing sets {name} clearly apart from {other}.")
        return (nothing_of_two if other_name else nothing).format(name=name, other=other_name)
    findings = [
        gettext("{name} {traits}.").format(name=name, traits=_joined(clear[:count]))
        for count in range(1, MOST_TRAITS + 1)
    ]
    return [text for text in findings if len(text) <= LONGEST_FINDING][-1]


def trait_of(measure: Measure) -> str:
    """Return in a few words how a measure sets somebody apart: what they do."""
    trait = _SILENCES if measure.sign == "silence" else _TRAITS[measure.name]
    less = trait.less if measure.own else trait.none
    return gettext(trait.more if measure.errors > 0 else less).format(
        words=_words(measure), often=often(measure.own), sign=measure.sign[:LONGEST_SIGN]
    )


def _short_name(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1].rstrip()}…"


def _words(measure: Measure) -> str:
    """Return about how many words a post has, exactly enough to tell it from the others."""
    whole = max(round(measure.own), 1)
    count = round(measure.own, 1) if whole == round(measure.beside) else whole
    text = ngettext("about {count} word", "about {count} words", 1 if count == 1 else 2)
    return text.format(count=show_number(count))


def _joined(traits: Sequence[str]) -> str:
    """Return one to three traits as the language joins them."""
    if len(traits) == 1:
        return traits[0]
    places = ("first", "second", "third")
    return gettext(_JOINED[len(traits)]).format(**dict(zip(places, traits, strict=False)))
