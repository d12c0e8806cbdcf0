"""What the portrait of an author says in words: its finding, and the names of its measures."""

from typing import Final, NamedTuple

from app.compute.fingerprint import Measure
from app.i18n import gettext, gettext_noop, show_number
from app.services.archive.author_portrait import AuthorPortrait
from app.views.in_words import briefly
from app.views.measures import LONGEST_SIGN
from app.views.names import shown_name

MOST_TRAITS: Final = 3
"""In the finding."""
LONGEST_FINDING: Final = 140
LONGEST_NAME: Final = 24
"""Characters of a name in the finding."""


class MeasureWords(NamedTuple):
    """What a measure says of somebody who has more of it than others, less, or nothing."""

    more: str
    less: str
    none: str


_TRAITS: Final = {
    "length": MeasureWords(
        gettext_noop("longer posts (on average {words} words)"),
        gettext_noop("shorter posts (on average {words} words)"),
        gettext_noop("shorter posts (on average {words} words)"),
    ),
    "questions": MeasureWords(
        gettext_noop("a question {often}"),
        gettext_noop("few questions"),
        gettext_noop("no questions"),
    ),
    "exclamations": MeasureWords(
        gettext_noop("“!” {often}"), gettext_noop("seldom “!”"), gettext_noop("never “!”")
    ),
    "laughing": MeasureWords(
        gettext_noop("{sign} {often}"), gettext_noop("little laughing"), gettext_noop("no laughing")
    ),
    "emoji": MeasureWords(
        gettext_noop("emoji {often}"), gettext_noop("few emoji"), gettext_noop("no emoji")
    ),
    "endings": MeasureWords(
        gettext_noop("“{sign}” at the end {often}"),
        gettext_noop("seldom “{sign}” at the end"),
        gettext_noop("never “{sign}” at the end"),
    ),
    "beginnings": MeasureWords(
        gettext_noop("a small first letter {often}"),
        gettext_noop("seldom a small first letter"),
        gettext_noop("never a small first letter"),
    ),
}
_SILENCES: Final = MeasureWords(
    gettext_noop("first after a silence {often}"),
    gettext_noop("seldom first after a silence"),
    gettext_noop("never first after a silence"),
)


def finding_of(portrait: AuthorPortrait) -> str:
    """Return what sets the author apart, by the clearest measures; at most 140 characters."""
    name = _short_name(shown_name(portrait.user.username))
    if not portrait.others_total:
        return gettext("There is nobody else here to compare {name} with.").format(name=name)
    if not portrait.is_compared:
        return gettext("There are too few posts yet to compare {name} with others.").format(
            name=name
        )
    clear = [trait_of(measure) for measure in portrait.measures if measure.is_clear]
    if not clear:
        return gettext("Nothing sets {name} clearly apart here.").format(name=name)
    findings = [f"{name}: {', '.join(clear[:count])}." for count in range(1, MOST_TRAITS + 1)]
    return [text for text in findings if len(text) <= LONGEST_FINDING][-1]


def trait_of(measure: Measure) -> str:
    """Return in a few words how a measure sets somebody apart."""
    trait = _SILENCES if measure.sign == "silence" else _TRAITS[measure.name]
    less = trait.less if measure.own else trait.none
    return gettext(trait.more if measure.errors > 0 else less).format(
        words=show_number(round(measure.own, 1)),
        often=briefly(measure.own),
        sign=measure.sign[:LONGEST_SIGN],
    )


def _short_name(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1].rstrip()}…"
