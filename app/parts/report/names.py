"""What the people of a file are called there, also inside of texts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count, product
from string import ascii_uppercase
from typing import Final

from app.compute.people.names import SHOWN_HIDDEN, ManyNames
from app.language.i18n import gettext
from app.services.compare.name_masking import Named as Named

LONGEST_NAME: Final = 40


def names_beside_nobody(
    author: Named, chosen: Mapping[str, str], *, has_names: bool
) -> Mapping[str, str]:
    """Return the names of a file about one author, of whom a letter would tell nothing."""
    if has_names:
        return chosen
    return {author.username: chosen.get(author.username) or gettext("The author")}


def letters() -> Iterator[str]:
    """Yield A to Z, then AA, AB and so on."""
    for length in count(1):
        yield from map("".join, product(ascii_uppercase, repeat=length))


class Calling:
    """The names that a file has in the place of real ones."""

    def __init__(
        self,
        people: Sequence[Named],
        chosen: Mapping[str, str],
        *,
        has_names: bool,
        all_names: ManyNames,
    ) -> None:
        """people: those with the most messages first. chosen: typed names, by username. all_names:
        everyone's, of whom texts have no name unless `has_names`.
        """
        lettered = zip(people, letters(), strict=False)
        usual = {} if has_names else {person.username: letter for person, letter in lettered}
        self.called = usual | {name: text[:LONGEST_NAME] for name, text in chosen.items() if text}
        self._found = [
            (ManyNames([(person.username, person.display_name)]), self.called[person.username])
            for person in people
            if person.username in self.called
        ]
        self._has_names = has_names
        self._others = ManyNames(()) if has_names else all_names

    def of(self, usernames: Iterable[str]) -> dict[str, str]:
        """Return the names of the file for all of these, who are letters unless they have names."""
        if self._has_names:
            return self.called
        free = (letter for letter in letters() if letter not in {*self.called.values()})
        return self.called | {name: next(free) for name in usernames if name not in self.called}

    def rename(self, text: str) -> str:
        """Return a text with the names of the file; a name that it does not have is `[…]`."""
        places = [(*gap, name) for names, name in self._found for gap in names.find(text)] or []
        places += [(*gap, SHOWN_HIDDEN) for gap in self._others.find(text)]
        renamed, end_before = list[str](), 0
        # Of two names at one place the longer one counts, and of equal ones the one with a letter.
        for start, end, name in sorted(places, key=lambda place: (place[0], -place[1])):
            if start >= end_before:
                renamed += [text[end_before:start], name]
                end_before = end
        return "".join([*renamed, text[end_before:]])
