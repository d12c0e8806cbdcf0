"""Usernames of a chat's people, and times in UTC."""

import os
from collections.abc import Hashable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import count
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import structs

from saywho.clock import now
from saywho.errors import BrokenFileError, Message
from saywho.formats.assumptions import ReadNotes
from saywho.formats.chats.sentence_tables import matcher
from saywho.formats.post import RoomReference
from saywho.formats.reading import Skipped, username_for
from saywho.formats.records import (
    ChatMove,
    FileRoom,
    Item,
    Moved,
    ReadOptions,
    Record,
    RecordStream,
)
from saywho.formats.source.times import usual_zones, zone_of_offset
from saywho.text import username_key

_BOTS: Final[dict[str, frozenset[str]]] = {
    "kakaotalk": frozenset({"방장봇", "오픈채팅봇"}),
    **dict.fromkeys(("whatsapp", "messenger", "instagram"), frozenset({"Meta AI"})),
}
"""Bots of apps, by app, that speak like a person of a chat."""
_LATE: Final = timedelta(minutes=1)
"""Maximum step back in time within a file, because of late arrival."""


class LocalTimes:
    """Converts chats' local times; the messages' order decides when clocks go back."""

    def __init__(self, zone: tzinfo | None) -> None:
        self._zone = zone
        self._newest: dict[Hashable, datetime] = {}

    def utc(self, local: datetime, chat: Hashable) -> datetime | None:
        """Return the time in UTC; None if out of range."""
        try:
            time = self._converted(local)
            newest = self._newest.get(chat, time)
            if time < newest and time < newest - _LATE:
                repeated = self._converted(local.replace(fold=1))
                if repeated > time and repeated >= newest - _LATE:
                    time = repeated
        except (OverflowError, ValueError, OSError):
            return None
        if time >= newest:
            self._newest[chat] = time
        return time

    def _converted(self, local: datetime) -> datetime:
        return (local.replace(tzinfo=self._zone) if self._zone else local).astimezone(UTC)


UTC_OR_LOCAL: Final = timezone(timedelta(), "UTC or local")
"""Offset of a time in UTC, which is of a clock if other times of the file have other offsets."""
MOST_PEOPLE: Final = 100_000
"""Maximum number of people in a chat. Telegram's largest groups have 200,000 members; few speak."""
_MOST_MOVES: Final = 100_000
"""Lines of people who came or left that are kept of a file."""


def zone_of(name: str | None) -> tzinfo | None:
    """Return the zone of that name, None for the machine's. Raises ValueError."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        raise ValueError("unknown time zone; use a name such as Asia/Seoul") from None


def machine_zone() -> str:
    """Return the machine's time zone, or its clock's name for it."""
    place = os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
    for name in (os.environ.get("TZ", "").lstrip(":"), place):
        with suppress(ValueError):
            if zone_of(name) is not None:
                return name
    return now().astimezone().tzname() or "UTC"


def renaming(pairs: Iterable[str]) -> dict[str, str]:
    """Return new names by old from pairs `A=B`. Raises ValueError."""
    names = {}
    for pair in pairs:
        old, _, new = pair.rpartition("=")
        if not old.strip() or not new.strip():
            raise ValueError("write a new name as A=B")
        names[old.strip()] = new.strip()
    return names


def without_bots(items: Iterable[Item], options: ReadOptions, notes: ReadNotes) -> Iterator[Item]:
    """Yield the items, but skip messages of the app's bots, unless a bot was chosen."""
    bots = {app: names.difference(options.only, options.rename) for app, names in _BOTS.items()}
    for item in items:
        room = item.room if isinstance(item, Record) else None
        if (
            isinstance(item, Record)
            and isinstance(room, FileRoom)
            and item.username in bots.get(room.platform, ())
        ):
            notes.app_lines += 1
            yield Skipped(item.place, "system")
        else:
            yield item


def without_media_notes(items: Iterable[Item]) -> Iterator[Item]:
    """Yield the items, but skip WhatsApp's notes about media, which programs leave in tables."""
    omitted = matcher("whatsapp", "omitted")
    for item in items:
        if isinstance(item, Record) and item.text[:1] == "<" and omitted.has(item.text):
            yield Skipped(item.place, "media")
        else:
            yield item


def named_people(records: RecordStream, options: ReadOptions) -> RecordStream:
    """Return the records of a chat with the names of its people, and times in UTC."""
    people = People(options, records.notes)
    items = people.named(records.items)
    return replace(records, items=items, absent=people.absent, moves=people.moves)


class People:
    """Gives a chat's people usernames; the first of several namesakes gets the plain name."""

    def __init__(self, options: ReadOptions, notes: ReadNotes) -> None:
        self.options, self.notes = options, notes
        notes.zone = options.timezone
        zone = zone_of(options.timezone)
        self._chosen = LocalTimes(zone) if zone is not None else None
        self._clock: tzinfo | None = None
        self._clocks: Iterator[tuple[str, Message | None]] | None = None
        self._offsets: dict[tuple[tzinfo | None, int], datetime] = {}
        """The first time of each day with an offset."""
        self._assumed: dict[str, LocalTimes] = {}
        """By the usual zone of an app and language."""
        self.absent = {*options.only, *options.rename}
        self.moves: list[ChatMove] = []
        self._moved: list[Moved] = []
        self._called: dict[str, str | None] = {}
        """Usernames of those who wrote by the name in the file, empty for the exporting person."""
        self._usernames: dict[tuple[str, str | None], str] = {}
        self._first: dict[str, str] = {}
        self._taken: set[str] = set()
        self._suffixes: dict[str, Iterator[int]] = {}

    def named(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items with usernames, and times in UTC; the exporter may have no name."""
        for item in items:
            if isinstance(item, Moved) and item.at and len(self._moved) < _MOST_MOVES:
                self._moved.append(replace(item, at=self._utc(item.at, item.room)))
            yield self._named(item) if isinstance(item, Record) else item
        # Whoever comes has not written yet.
        self.moves += (move for item in self._moved for move in self._moves_in(item))
        self._moved.clear()

    def _moves_in(self, item: Moved) -> Iterator[ChatMove]:
        whole, *parts = item.names
        for name in [whole] if whole in self._called else parts:
            username, became = self._called.get(name), ""
            if item.became and (became := self._called.get(item.became) or "") in {"", username}:
                continue
            if username and item.at and item.room:
                yield ChatMove(username, item.has_left, item.at, item.room, became)

    def _named(self, record: Record) -> Item:
        name = record.username
        username = self._username(name, record.author_id) if name else self.options.username
        person = record.display_name or ""
        if not (self.options.rename or self.options.only):
            return self._with(record, username, person if name or not username else None)
        names = {username, person} if self._first.get(person, username) == username else {username}
        new = next((new for old, new in self.options.rename.items() if old in names), None)
        if new:
            username = username_for(new)
            names |= {new, username}
        self.absent.difference_update(names)
        if self.options.only and names.isdisjoint(self.options.only):
            return Skipped(record.place, "unwanted")
        return self._with(record, username, new or (person if name or not username else None))

    def _with(self, record: Record, username: str | None, display_name: str | None) -> Record:
        self._called[record.username or ""] = username
        return structs.replace(
            record,
            username=username,
            author_id=None,
            display_name=display_name or None,
            created_at=self._utc(record.created_at, record.room),
        )

    def _username(self, name: str, number: str | None) -> str:
        username = self._usernames.get((name, number))
        if username is None:
            if len(self._usernames) >= MOST_PEOPLE:
                raise BrokenFileError(
                    "this chat has more than {count} people", count=f"{MOST_PEOPLE:,}"
                )
            username = plain = username_for(name)
            suffixes = self._suffixes.setdefault(username_key(plain), count(2))
            while username_key(username) in self._taken:
                username = f"{plain}_{next(suffixes)}"
            self._taken.add(username_key(username))
            self._usernames[name, number] = username
            self._first.setdefault(name, username)
        return username

    def _utc(self, when: datetime | None, room: RoomReference | None) -> datetime | None:
        if when is None or when.tzinfo is UTC:
            return when
        if when.tzinfo is not None:
            if self._chosen is None:
                self._note_offset(when)
            return when.astimezone(UTC)
        if self._chosen is not None:
            return self._chosen.utc(when, room)
        usual = room.zone if isinstance(room, FileRoom) else ""
        if usual not in self._assumed:
            self._assumed[usual] = LocalTimes(zone_of(usual))
            self._assume_zone(usual, room.file if isinstance(room, FileRoom) else "")
        return self._assumed[usual].utc(when, room)

    def _note_offset(self, time: datetime) -> None:
        """Note the zone of the file's clock, by its offsets from UTC on all days so far."""
        day = time.tzinfo, time.toordinal()
        if day in self._offsets:
            return
        self._offsets[day] = time
        if time.tzinfo is UTC_OR_LOCAL and self._clock is None:
            return
        self._clocks = self._clocks or _zones_of_clock(
            time.utcoffset() or timedelta(), self.options.near
        )
        if self._clock is not None and _has_offset(self._clock, time):
            return
        for name, evidence in self._clocks:  # A zone that was wrong once stays wrong.
            zone = ZoneInfo(name)
            if evidence is _OF_NO_PLACE or all(
                _has_offset(zone, each) for each in self._offsets.values()
            ):
                self.notes.settle("timezone", str(self._clock))
                self._clock, self.notes.zone = zone, name
                if evidence is not None:
                    self.notes.assume("timezone", name, evidence=evidence)
                return

    def _assume_zone(self, usual: str, file: str) -> None:
        zone = usual or machine_zone()
        evidence = Message("this machine's time zone, because the chat names no time zone")
        if usual:
            evidence = Message(
                "chats of this app in this language, such as {file}, are usually written there",
                file=file,
            )
        self.notes.assume("timezone", zone, evidence=evidence)
        with suppress(ValueError):  # The clock may have no more than a short name.
            self.notes.zone = self.notes.zone or (zone if zone_of(zone) else None)


_OF_BROWSER: Final = Message("this browser's time zone, with which the times in the file agree")
_OF_NO_PLACE: Final = Message("the clock of the file had offsets from UTC of several places")


def _zones_of_clock(east: timedelta, near: str | None) -> Iterator[tuple[str, Message | None]]:
    """Yield zones for a clock, and why they are assumed; None for this machine's and fixed ones."""
    here, fixed = machine_zone(), zone_of_offset(east)
    if near and near != here and "/" in near and not near.startswith("Etc/"):
        yield near, _OF_BROWSER
    if "/" in here and not here.startswith("Etc/"):
        yield here, None
    if fixed is not None:
        yield fixed, None
    evidence = Message("the times in the file have the offsets from UTC of its clocks")
    yield from ((name, evidence) for name in usual_zones())
    yield fixed or "UTC", _OF_NO_PLACE


def _has_offset(zone: tzinfo, time: datetime) -> bool:
    with suppress(OverflowError):
        return time.astimezone(zone).utcoffset() == time.utcoffset()
    return False
