"""A chat that is here under other names: another phone has other contacts for the same people."""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import composed, drop_controls, username_key
from app.db.backend import backend_of
from app.formats.preview import Preview, PreviewedMessage
from app.formats.records import username_for
from app.models import ROOM_NAME, Room, Tweet, User
from app.services.posts.post_rooms import IS_KEPT

FEWEST: Final = 20
"""Equal messages of a file's chat and a stored one; a few greetings may be of the same minute."""


class OtherNames(NamedTuple):
    """A stored chat, half of whose messages in the file are here under other names."""

    room: str
    names: dict[str, str]
    """Usernames here by the different ones of the file."""


async def find_other_names(
    session: AsyncSession, preview: Preview, moved: Callable[[datetime | None], datetime | None]
) -> OtherNames | None:
    """Return the stored chat that a file of one chat repeats under other names, if there is one.

    moved: reads a time of the preview in the time zone of the import.
    """
    room = preview.rooms[0] if len(preview.rooms) == 1 else None
    if room is None or room.file is None:
        return None
    said: dict[tuple[datetime, str], set[str]] = defaultdict(set)
    for message in room.messages:
        if (key := _key(message, moved)) is not None:
            said[key].add(message.username)
    if len(said) < FEWEST:
        return None
    people: dict[int, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    titles: dict[int, str] = {}
    listed = backend_of(session).listed([*said], Tweet.created_at, Tweet.text)
    is_same = and_(Tweet.created_at == listed.c.created_at, Tweet.text == listed.c.text)
    query = (
        select(Tweet.created_at, Tweet.text, User.username, Room.id, ROOM_NAME)
        .join(listed, is_same)
        .join(User, User.id == Tweet.user_id)
        .join(Room, Room.id == Tweet.room_id)
        .where(IS_KEPT, Room.platform == room.file.platform, User.deleted_at.is_(None))
    )
    for time, text, username, room_id, title in await session.execute(query):
        titles[room_id] = title or ""
        for name in said[time, text] if time else ():
            people[room_id][name][username] += 1
    counts = {room_id: _repeated(by_name) for room_id, by_name in people.items()}
    best = max(counts, key=counts.__getitem__, default=None)
    if best is None or counts[best] < max(FEWEST, len(said) / 2):
        return None
    names = _different(people[best])
    return OtherNames(titles[best], names) if names else None


def _key(
    message: PreviewedMessage, moved: Callable[[datetime | None], datetime | None]
) -> tuple[datetime, str] | None:
    time, text = moved(message.created_at), composed(drop_controls(message.text))
    return (time, text) if time is not None and text else None


def _repeated(by_name: dict[str, Counter[str]]) -> int:
    """Return the number of messages that each person of the file has in common with one here."""
    return sum(counts.most_common(1)[0][1] for counts in by_name.values())


def _different(by_name: dict[str, Counter[str]]) -> dict[str, str]:
    """Return the people whose names differ, unless two of the file are one here."""
    pairs = {name: counts.most_common(1)[0][0] for name, counts in by_name.items()}
    if len({*pairs.values()}) < len(pairs):
        return {}
    return {
        name: here
        for name, here in pairs.items()
        if username_key(username_for(name)) != username_key(here)
    }
