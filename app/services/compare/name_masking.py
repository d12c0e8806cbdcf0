"""Texts with the names in them hidden, and which of them can still be guessed."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import partial
from string import ascii_uppercase
from typing import Final, Literal, Protocol

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.db.backend import chunks
from app.db.result_cache import EVERYTHING, depends_on
from app.models import RoomPerson, User
from app.runtime.work_pool import worked_on
from app.services.posts.users import HAS_KEY, rows_by_key
from saywho.people.names import (
    HIDDEN,
    SHOWN_HIDDEN,
    HiddenText,
    ManyNames,
    find_name_words,
    find_names,
    tells_contact,
)
from saywho.text import VISIBLE_LINK, has_words, joined_gaps, username_key, word_count

_LINK_OR_TAG: Final = re.compile(rf"{VISIBLE_LINK}|#\w+")
_SIGNATURE: Final = re.compile(r"[ \t\n][-–—~^*] ?\w{1,20}\Z")
"""A name or initials after a dash."""
_MENTION: Final = re.compile(r"@[\w.-]+")
_CLUES: Final = {
    "names": (),
    "clues": (_LINK_OR_TAG, _SIGNATURE),
    "mentions": (_LINK_OR_TAG, _SIGNATURE, _MENTION),
}
NOBODY: Final = ManyNames(())
ChatNames = Mapping[int | None, ManyNames]
"""The names in each chat."""


class Named(Protocol):
    @property
    def username(self) -> str: ...

    @property
    def display_name(self) -> str | None: ...


def letters_of(number: int) -> str:
    """Return the letters of a number from 1: A to Z, then AA, AB and so on."""
    letters = ""
    while number:
        number, place = divmod(number - 1, 26)
        letters = ascii_uppercase[place] + letters
    return letters


class Masker:
    """Hides names in texts, as strongly as their readers need.

    `names`: names alone, or what people are `called` stands in their place. `clues`: also links,
    tags and a signature, which tell whose a text is. `mentions`: these and everybody's @name.
    """

    def __init__(
        self,
        strength: Literal["names", "clues", "mentions"],
        names: ManyNames | None = None,
        people: Iterable[Named] = (),
        called: Mapping[str, str] | None = None,
    ) -> None:
        """names: which no text keeps. people: whose names no text keeps either, but words of their
        display names if hardly anything else is readable. called: by username.
        """
        self._strength, self._names, self._people = strength, names or NOBODY, [*people]
        self._called = [
            (ManyNames([(person.username, person.display_name)]), (called or {})[person.username])
            for person in self._people
            if person.username in (called or {})
        ]

    def hidden(self, text: str) -> HiddenText:
        """Return the text with the places of names, and of what else must go."""
        text = text.rstrip().replace(HIDDEN, "")
        usernames = {person.username for person in self._people}
        shown = [person.display_name for person in self._people if person.display_name]
        gaps = [*find_names(text, [*usernames, *shown]), *self._names.find(text, without=usernames)]
        gaps += (match.span() for clue in _CLUES[self._strength] for match in clue.finditer(text))
        whole = HiddenText(text, joined_gaps([*gaps, *find_name_words(text, shown)]))
        return whole if _is_readable(whole) else HiddenText(text, joined_gaps(gaps))

    async def hide(self, text: str) -> HiddenText:
        """Return `hidden`, in a thread if it takes long."""
        # 1,000 characters take up to 3 ms with the names of six people; 200 other people 2 ms.
        most = 1_000 if len(self._names) <= 200 else 0
        return await worked_on([text], partial(self.hidden, text), inline_characters=most)

    def renamed(self, text: str) -> str:
        """Return a text with what people are called; any other name is `[…]`."""
        places = [(*gap, name) for names, name in self._called for gap in names.find(text)]
        places += [(*gap, SHOWN_HIDDEN) for gap in self._names.find(text)]
        pieces, at = list[str](), 0
        # Of two names at one place the longer one counts, and of equal ones the one with a name.
        for start, end, name in sorted(places, key=lambda place: (place[0], -place[1])):
            pieces += [text[at:start], name] if start >= at else []
            at = max(at, end)
        return "".join([*pieces, text[at:]])

    def can_be_guessed(self, text: str) -> bool:
        """Return whether the text is readable without names, and has no contact."""
        if not has_words(text):  # This quick test refuses most of the refused texts.
            return False
        question = self.hidden(text)
        readable = has_words(question.masked) and _is_readable(question)
        return readable and not tells_contact(text)


def _is_readable(question: HiddenText) -> bool:
    return word_count(question.masked) >= 2 * len(question.gaps)


async def read_chat_names(session: AsyncSession, room_ids: Iterable[int | None]) -> ChatNames:
    ids = [*{room_id for room_id in room_ids if room_id is not None}]
    if ids:
        depends_on(EVERYTHING)
    people = defaultdict[int, list[tuple[str, str | None]]](list)
    for part in chunks(ids):
        query = (
            select(RoomPerson.room_id, User.username, User.display_name)
            .join(User, User.id == RoomPerson.user_id)
            .where(RoomPerson.room_id.in_(part))
        )
        for room_id, username, display_name in await session.execute(query):
            people[room_id].append((username, display_name))
    return {room_id: ManyNames(names) for room_id, names in people.items()}


async def read_names_around(session: AsyncSession, usernames: Iterable[str]) -> ManyNames:
    """Return names of these people and everyone in their chats."""
    depends_on(EVERYTHING)
    keys = {username_key(username) for username in usernames}
    names = select(User.username, User.display_name).where(HAS_KEY)
    neighbour, rooms, people = aliased(User), aliased(RoomPerson), aliased(RoomPerson)
    neighbours = (
        select(neighbour.username, neighbour.display_name)
        .distinct()
        .join(people, people.user_id == neighbour.id)
        .join(rooms, rooms.room_id == people.room_id)
        .join(User, User.id == rooms.user_id)
        .where(HAS_KEY)
    )
    named = [
        *await rows_by_key(session, names, keys),
        *await rows_by_key(session, neighbours, keys),
    ]
    return ManyNames({(username, display_name) for username, display_name in named})
