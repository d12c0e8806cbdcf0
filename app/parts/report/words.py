"""Names and words of a file: names also inside of texts; no rare word, never three in a row."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, count
from typing import Final, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from app.services.compare.name_masking import Masker, Named as Named, letters_of
from app.services.posts.selection import MOST_SCANNED, Scan
from app.services.rooms.chat_portrait import read_newest
from app.services.rooms.timeline import deleted_people
from saywho.people.names import SHOWN_HIDDEN, ManyNames
from saywho.words import Written

LONGEST_NAME: Final = 40


def letters() -> Iterator[str]:
    return map(letters_of, count(1))


class Pseudonyms:
    """The names that a file has in the place of real names."""

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
        self._has_names = has_names
        others = ManyNames(()) if has_names else all_names
        self.rename = Masker("names", others, people, self.called).renamed

    def of(self, usernames: Iterable[str]) -> dict[str, str]:
        """Return the names of the file for all of these, who are letters unless they have names."""
        if self._has_names:
            return self.called
        free = (letter for letter in letters() if letter not in {*self.called.values()})
        return self.called | {name: next(free) for name in usernames if name not in self.called}


FEWEST_MESSAGES: Final = 3
"""Messages that a word of the file has at least."""
MOST_TOGETHER: Final = 2
"""Words of a phrase at most: three in a row would be a piece of a message."""
_WORD: Final = re.compile(r"\w+")


class CommonWords:
    """The terms that enough messages have, as they are written in the file."""

    def __init__(self, terms: Iterable[str], texts: Iterable[str], calling: Pseudonyms) -> None:
        """Read all texts, which may take a second: call it in a thread."""
        short = [term for term in terms if len(_WORD.findall(term)) <= MOST_TOGETHER]
        folded = {term: term.casefold() for term in short}
        words = {word for term in folded.values() for word in _WORD.findall(term)}
        with_term, with_word = Counter[str](), Counter[str]()
        for text in texts:
            own = text.casefold()
            with_term.update(term for term in folded.values() if term in own)
            with_word.update(words.intersection(_WORD.findall(own)))
        # A Korean word may never stand without an ending. But what stands alone is not rare.
        is_rare = {word for word in words if 0 < with_word[word] < FEWEST_MESSAGES}
        self._written = {
            term: calling.rename(term)
            for term, own in folded.items()
            if with_term[own] >= FEWEST_MESSAGES and is_rare.isdisjoint(_WORD.findall(own))
        }

    def written(self, term: str) -> str:
        """Return a term with the names of the file; empty if the file must not have it."""
        text = self._written.get(term, "")
        return "" if SHOWN_HIDDEN in text else text


async def read_common_words(
    scans: Sequence[Scan], terms: Iterable[str], calling: Pseudonyms
) -> CommonWords:
    """Return which of these terms a file of scanned messages may have."""

    def count() -> CommonWords:
        return CommonWords(terms, chain.from_iterable(scan.text for scan in scans), calling)

    return await asyncio.to_thread(count)


async def read_chat(
    session: AsyncSession, room_id: int, ends: Mapping[str, datetime] | None = None
) -> list[Scan]:
    """Return the messages of a chat, or from `since` until before `until`; of many the newest."""
    gone = await deleted_people(session, room_id)
    return await read_newest(session, room_id, MOST_SCANNED, gone=gone, ends=ends)


class HasWords(Protocol):
    def with_words(self, written: Written) -> object: ...


def terms_in(value: HasWords) -> list[str]:
    """Return all words of texts that an output may say of a value."""
    terms = list[str]()

    def note(term: str) -> str:
        terms.append(term)
        return term

    value.with_words(note)
    return terms
