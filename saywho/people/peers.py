"""People with comparable words: people of a chat who write in the same language."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from saywho.people.signs import script_of_letter

COMMONEST: Final = 50
"""Number of a person's commonest words, by which the language is told."""
FEWEST_KNOWN: Final = 30
"""Fewest words by which two languages of one script are told apart."""
SHARED: Final = 0.1
"""Smallest share of the uses of the commonest words that two people of a language share."""


class _Commonest(NamedTuple):
    uses: dict[str, int]
    script: str

    @classmethod
    def of(cls, spread: Counter[str]) -> "_Commonest":
        uses = {
            word: count for word, count in spread.most_common()[: 2 * COMMONEST] if word.isalpha()
        }
        scripts = Counter[str]()
        for word, count in uses.items():
            scripts[script_of_letter(word[0])] += count
        first = min(scripts, key=lambda script: (-scripts[script], script), default="")
        return cls(dict([*uses.items()][:COMMONEST]), first)

    def is_of_language(self, other: "_Commonest") -> bool:
        if self.script != other.script:
            return not (self.script and other.script)
        # Words show the language where scripts write many.
        if self.script not in ("LATIN", "CYRILLIC", "ARABIC", "DEVANAGARI", "CJK"):
            return True
        if min(len(self.uses), len(other.uses)) < FEWEST_KNOWN:
            return True
        shared = self.uses.keys() & other.uses.keys()
        return any(
            sum(map(uses.__getitem__, shared)) >= SHARED * sum(uses.values())
            for uses in (self.uses, other.uses)
        )


def people_of_language(
    spreads: Sequence[Counter[str]], places: Iterable[int]
) -> dict[int, list[int]]:
    """Return for people (places) the places of the others who seem to write the same language.

    spreads: messages of each person with each word. People with other letters are of another
    language, as are people with other common words. A person with few words may be of any.
    """
    known = [*map(_Commonest.of, spreads)]
    return {
        own: [at for at, one in enumerate(known) if at != own and known[own].is_of_language(one)]
        for own in places
    }
