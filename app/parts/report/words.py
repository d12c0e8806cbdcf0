"""Which words of messages a file may have: no rare one, and never three in a row."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from msgspec import structs
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.names import SHOWN_HIDDEN
from app.models import RoomPerson, User
from app.parts.report.names import Calling
from app.services.posts.selection import MOST_SCANNED, said_in
from app.services.rooms.sight import ChatSight, read_newest

FEWEST_MESSAGES: Final = 3
"""Messages that a word of the file has at least."""
MOST_TOGETHER: Final = 2
"""Words of a phrase at most: three in a row would be a piece of a message."""
_WORD: Final = re.compile(r"\w+")


class CommonWords:
    """The terms that enough messages have, as they are written in the file."""

    def __init__(self, terms: Iterable[str], texts: Iterable[str], calling: Calling) -> None:
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
    session: AsyncSession, sight: ChatSight, terms: Iterable[str], calling: Calling
) -> CommonWords:
    """Return which words of a chat's page, and which of these terms, its file may have."""
    typical = (word.text for person in sight.people for word in person.typical or ())
    gone = select(RoomPerson.user_id).join(User, User.id == RoomPerson.user_id)
    gone = gone.where(RoomPerson.room_id == sight.room.id, User.deleted_at.is_not(None))
    scans = await read_newest(
        session, sight.room.id, MOST_SCANNED, gone=[*await session.scalars(gone)]
    )

    def count() -> CommonWords:
        return CommonWords([*typical, *terms], (one.text for one in said_in(scans)), calling)

    return await asyncio.to_thread(count)


def without_rare_words(sight: ChatSight, words: CommonWords) -> ChatSight:
    """Return a chat at sight, of which a file may show everything."""
    people = [
        structs.replace(
            person,
            emoji=[emoji for emoji in person.emoji if emoji.messages >= FEWEST_MESSAGES],
            typical=None
            if person.typical is None
            else [
                structs.replace(word, text=text)
                for word in person.typical
                if (text := words.written(word.text))
            ],
        )
        for person in sight.people
    ]
    return structs.replace(sight, people=people)
