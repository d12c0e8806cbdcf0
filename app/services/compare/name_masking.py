"""Texts with the names in them hidden, and which of them can still be guessed."""

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from typing import Final, Protocol

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
NOBODY: Final = ManyNames(())


class Named(Protocol):
    @property
    def username(self) -> str: ...

    @property
    def display_name(self) -> str | None: ...


def hidden(text: str, *users: Named, chat_names: ManyNames = NOBODY) -> HiddenText:
    """Return the text with places of names, signature, links and tags.

    Words of `users`' display names stay if hardly anything else is readable; `chat_names` never do.
    """
    text = text.rstrip().replace(HIDDEN, "")
    shown = [user.display_name for user in users if user.display_name]
    names = find_names(text, [*(user.username for user in users), *shown])
    names += chat_names.find(text, without={user.username for user in users})
    beside = [*_LINK_OR_TAG.finditer(text), *_SIGNATURE.finditer(text)]
    always = [*names, *(match.span() for match in beside)]
    whole = HiddenText(text, joined_gaps([*always, *find_name_words(text, shown)]))
    return whole if _is_readable(whole) else HiddenText(text, joined_gaps(always))


async def hide(text: str, *users: Named, chat_names: ManyNames = NOBODY) -> HiddenText:
    """Return `hidden`, in a thread if it takes long."""
    look = partial(hidden, text, *users, chat_names=chat_names)
    # 1,000 characters take up to 3 ms with the names of six people; 200 other people 2 ms.
    most = 1_000 if len(chat_names) <= 200 else 0
    return await worked_on([text], look, inline_characters=most)


def can_be_guessed(text: str, *users: Named, chat_names: ManyNames = NOBODY) -> bool:
    """Return whether the text is readable without names, and has no contact."""
    if not has_words(text):  # This quick test refuses most of the refused texts.
        return False
    question = hidden(text, *users, chat_names=chat_names)
    readable = has_words(question.masked) and _is_readable(question)
    return readable and not tells_contact(text)


def _is_readable(question: HiddenText) -> bool:
    return word_count(question.masked) >= 2 * len(question.gaps)


class ChatNames:
    def __init__(self, by_room: dict[int, ManyNames]) -> None:
        self._by_room = by_room

    def of(self, room_id: int | None) -> ManyNames:
        return NOBODY if room_id is None else self._by_room.get(room_id, NOBODY)


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
    return ChatNames({room_id: ManyNames(names) for room_id, names in people.items()})


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
