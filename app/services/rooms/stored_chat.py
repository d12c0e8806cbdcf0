"""A stored chat beside the chat of a file that it is: its messages in order, and the times that the
file's messages have in it.
"""

import asyncio
from collections.abc import Callable, Container, Iterable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import backend_of
from app.models import ROOM_NAME, Room, Tweet, User
from app.models.base import UtcDateTime
from app.services.posts.local_time import unix_seconds
from app.services.rooms.times import Steps, moved, read_in, steps_between
from saywho.formats.chats.people import zone_of
from saywho.formats.file_chats import NO_TEXT, FileChat, text_hashes
from saywho.people.same_chat import MINUTE_S, UNKNOWN, Agreement, Messages, Numbers

_PAGE: Final = 5_000
"""Stored messages in memory together."""
_MOST_EQUAL: Final = 0.95
"""Share of common messages whose times two time zones must explain."""


class StoredChat(NamedTuple):
    id: int
    name: str
    tz: str | None
    messages: Messages
    """The people are ids of authors."""
    ids: NDArray[np.uint64]
    """As of `FileChat`."""


class Same(NamedTuple):
    """A chat of a file, and the stored chat that has its messages."""

    chat: FileChat
    stored: StoredChat
    found: Agreement
    names: dict[str, str]
    """Usernames here of people who have other names in the file."""

    @property
    def is_moved(self) -> bool:
        """Whether the chat here has other names or times, so that somebody may call it another."""
        return bool(self.names) or self.found.shifted is not None

    @property
    def is_changed(self) -> bool:
        """Whether the file's messages have other names, times or ids than here."""
        common = np.flatnonzero(self.found.places >= 0)
        times = self.stored.messages.times[self.found.places[common]]
        is_equal = np.array_equal(times, self.chat.messages.times[common])
        ids = np.frombuffer(self.chat.ids, np.uint64)[common]
        is_other = (ids != NO_TEXT) & (ids != self.stored.ids[self.found.places[common]])
        return bool(self.names) or bool(is_other.any()) or not is_equal

    def steps(self, zone: str | None) -> Steps:
        """Return what gives the messages here the times of the file.

        zone: the time zone in which the file was read, if known. The times here are read in it if
        that makes the common ones equal; else those of the nearest common message are added.
        """
        return self._steps_of_zones(zone) or self._steps_of_messages()

    def times(self, zone: str | None, *, is_file_right: bool) -> list[int]:
        """Return the times that the file's messages have here, after `steps` if the file's are
        right.
        """
        times = self.chat.messages.times.copy()
        common = np.flatnonzero(self.found.places >= 0)
        stored = self.stored.messages.times[self.found.places[common]]
        if self.found.shifted is not None and is_file_right:
            stored = moved(stored, self.steps(zone))
        elif self._steps_of_zones(zone):
            times = read_in(times, zone_of(zone), zone_of(self.stored.tz))
        else:
            times[times != UNKNOWN] -= (self.found.shifts * MINUTE_S)[times != UNKNOWN]
        times[common] = stored
        new = set(np.flatnonzero(self.found.places < 0).tolist())
        listed: list[int] = times.tolist()
        _keep_order(listed, range(len(listed)), new, later=True)
        _keep_order(listed, range(len(listed) - 1, -1, -1), new, later=False)
        return listed

    def _common(self) -> tuple[Numbers, Numbers]:
        """Return the times here of the common messages, ascending, and their shifts in seconds."""
        at = np.flatnonzero(self.found.places >= 0)
        times, shifts = self.stored.messages.times[self.found.places[at]], self.found.shifts[at]
        order = np.argsort(times, kind="stable")
        return times[order], shifts[order] * MINUTE_S

    def _steps_of_messages(self) -> Steps:
        times, shifts = self._common()
        is_step = np.diff(shifts, prepend=UNKNOWN) != 0
        return list(zip(times[is_step].tolist(), shifts[is_step].tolist(), strict=True))

    def _steps_of_zones(self, zone: str | None) -> Steps:
        """Return the difference of the two zones, if it explains the shifts."""
        if self.found.shifted is None or not (zone and self.stored.tz):
            return []
        first, last = (int(self.stored.messages.times[n]) for n in (0, -1))
        steps = steps_between(zone_of(self.stored.tz), zone_of(zone), first, last)
        times, shifts = self._common()
        is_equal = moved(times, steps) == times + shifts
        return steps if is_equal.mean() >= _MOST_EQUAL else []


def _keep_order(
    times: list[int], order: Iterable[int], new: Container[int], *, later: bool
) -> None:
    """Let no new message stand on the wrong side of its neighbour because one of them has no
    seconds.
    """
    before = UNKNOWN
    for place in order:
        time = times[place]
        is_of_minute = time // MINUTE_S == before // MINUTE_S
        if place in new and is_of_minute and (time < before if later else time > before):
            times[place] = before
        before = times[place]


async def read_stored(
    session: AsyncSession, room_id: int, is_replaced: sa.ColumnElement[bool]
) -> StoredChat:
    """Return a chat without the messages on which `is_replaced` holds."""
    pages = [_messages("[]", [], [], "[]")]
    for is_timed in (False, True):
        query = _page(backend_of(session).collected, is_replaced, is_timed=is_timed)
        last: dict[str, Any] = {"time": datetime(1, 1, 1, tzinfo=UTC), "place": -(2**31), "id": 0}
        while True:
            values = {"room": room_id} | last
            row = (await session.execute(query, values)).one()
            ids, places, times, users = (
                msgspec.json.decode(part or "[]", type=list[int]) for part in row[:4]
            )
            if not ids:
                break
            pages.append(await asyncio.to_thread(_messages, row[4], times, users, row[5]))
            time = datetime.fromtimestamp(times[-1], UTC) if is_timed else last["time"]
            last = {"time": time, "place": places[-1], "id": ids[-1]}
    query_of_room = sa.select(ROOM_NAME, Room.tz).where(Room.id == room_id)
    name, tz = (await session.execute(query_of_room)).one()
    parts, of_ids = zip(*pages, strict=True)
    messages = Messages(*map(np.concatenate, zip(*parts, strict=True)))
    return StoredChat(room_id, name or "", tz, messages, np.concatenate(of_ids))


def _messages(
    texts: str, times: list[int], people: list[int], ids: str
) -> tuple[Messages, NDArray[np.uint64]]:
    """Return arrays: numbers of Python would take four times the memory."""
    hashes = text_hashes(msgspec.json.decode(texts, type=list[str]))
    stated = msgspec.json.decode(ids, type=list[str | None])
    is_written = hashes != NO_TEXT
    numbers = (np.array(values, np.int64)[is_written] for values in (times, people))
    of_ids = text_hashes([number or "" for number in stated])
    return Messages(hashes[is_written], *numbers), of_ids[is_written]


def _page(
    collected: Callable[[Any], Any], is_replaced: sa.ColumnElement[bool], *, is_timed: bool
) -> sa.Select[*tuple[Any, ...]]:
    key: list[Any] = [Tweet.place, Tweet.id]
    before: list[Any] = [sa.bindparam("place"), sa.bindparam("id")]
    if is_timed:
        key.insert(0, Tweet.created_at)
        before.insert(0, sa.bindparam("time", type_=UtcDateTime))
    time = unix_seconds(Tweet.created_at) if is_timed else sa.literal(UNKNOWN, sa.BigInteger)
    is_dated = Tweet.created_at.is_not(None) if is_timed else Tweet.created_at.is_(None)
    is_left = sa.not_(sa.func.coalesce(is_replaced, sa.false()))
    is_alive = Tweet.user_id.not_in(sa.select(User.id).where(User.deleted_at.is_not(None)))
    listed = (
        sa.select(Tweet.id, Tweet.place, time.label("time"), Tweet.user_id)
        .add_columns(Tweet.text, Tweet.source_id)
        .where(
            Tweet.room_id == sa.bindparam("room"),
            sa.tuple_(*key) > sa.tuple_(*before),
            is_left,
            is_alive,
        )
        .where(is_dated)
        .order_by(*key)
        .limit(_PAGE)
        .subquery()
    )
    return sa.select(*map(collected, listed.c))
