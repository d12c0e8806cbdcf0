"""The people of a chat: who is an author under which name, and when it was for everybody."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from app.compute.text import MAX_USERNAME_LENGTH, clean_username, drop_controls, username_key
from app.formats.records import Item, ReadOptions, Record, Skipped

_LONGEST: Final = MAX_USERNAME_LENGTH - 20
"""Characters of a name, which leave room for a suffix."""
_NOBODY: Final = "somebody"
"""Name of who has no character in the own one that a username may have."""


def zone_of(name: str | None) -> tzinfo | None:
    """Return the zone of that name, None for the machine's. Raises ValueError."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        raise ValueError("there is no such time zone; one is Asia/Seoul") from None


def renaming(pairs: Iterable[str]) -> dict[str, str]:
    """Return the new names by the old ones, each pair `A=B`. Raises ValueError."""
    found = {}
    for pair in pairs:
        old, _, new = pair.rpartition("=")
        if not old.strip() or not new.strip():
            raise ValueError("a new name is given as A=B")
        found[old.strip()] = new.strip()
    return found


def zone_name(name: str) -> str:
    """Return the name of a zone that there is. Raises ValueError."""
    zone_of(name)
    return name


@dataclass(slots=True)
class People:
    """Gives each of a chat's people a username; who comes first has the plain one."""

    options: ReadOptions
    absent: set[str] = field(init=False)
    """Names in the options that nobody has had so far."""
    _zone: tzinfo | None = field(init=False)
    _usernames: dict[tuple[str, str | None], str] = field(default_factory=dict)
    _first: dict[str, str] = field(default_factory=dict)
    """Of several people of one name, who is meant by it: the username."""
    _taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._zone = zone_of(self.options.timezone)
        self.absent = {*self.options.only, *self.options.rename}

    def named(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items with usernames, and times in UTC; who exported may have none."""
        for item in items:
            yield self._named(item) if isinstance(item, Record) else item

    def _named(self, record: Record) -> Item:
        name = record.username
        username = self._username(name, record.author_id) if name else self.options.username
        shown = record.display_name or ""
        known = {username, shown} if self._first.get(shown, username) == username else {username}
        new = next((new for old, new in self.options.rename.items() if old in known), None)
        if new:
            username = as_username(new)
            known |= {new, username}
        self.absent.difference_update(known)
        if self.options.only and known.isdisjoint(self.options.only):
            return Skipped(record.place, "unwanted")
        return replace(
            record,
            username=username,
            author_id=None,
            display_name=new or (shown if name or not username else None),
            created_at=self._utc(record.created_at),
        )

    def _username(self, name: str, number: str | None) -> str:
        """Return a person's username: the name, or what it becomes where it can be none."""
        known = self._usernames.get((name, number))
        if known is None:
            known, suffix = as_username(name), 2
            while username_key(known) in self._taken:
                known, suffix = f"{as_username(name)}_{suffix}", suffix + 1
            self._taken.add(username_key(known))
            self._usernames[name, number] = known
            self._first.setdefault(name, known)
        return known

    def _utc(self, when: datetime | None) -> datetime | None:
        if when is None or when.tzinfo is not None:
            return when
        try:
            local = when.replace(tzinfo=self._zone) if self._zone else when
            return local.astimezone(UTC)
        except (OverflowError, ValueError, OSError):
            return None


@lru_cache(maxsize=1_000)
def as_username(name: str) -> str:
    """Return a name without what a username may not have, spaces as `_`."""
    shown = "_".join(drop_controls(name[:_LONGEST]).split())
    for candidate in (shown, "".join(c for c in shown if _is_possible(f"a{c}"))):
        if _is_possible(candidate):
            return clean_username(candidate)
    return _NOBODY


def _is_possible(name: str) -> bool:
    try:
        clean_username(name)
    except ValueError:
        return False
    return True
