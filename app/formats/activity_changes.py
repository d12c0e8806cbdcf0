"""Posts of an ActivityPub outbox that a later activity changed or deleted."""

from contextlib import closing, suppress
from typing import Final

from app.errors import ImportFileError
from app.formats.source.file import Content
from app.formats.source.json import as_object, objects
from app.formats.source.window import Json

_UPDATE: Final = "Update"
_DELETE: Final = "Delete"
_MARKS: Final = (b'"Update"', b'"Delete"')
_MOST_CHARACTERS: Final = 64_000_000
"""Of the newer versions, which are in memory while the outbox is read."""
_OVERHEAD: Final = 2_000
_LONGEST_MARK: Final = max(map(len, _MARKS))


class Changes:
    """The newest version of each changed post, and the deleted posts, by their ids."""

    def __init__(self) -> None:
        self._newest: dict[str, Json] = {}
        self._deleted: set[str] = set()
        self._given: set[str] = set()
        """Changed posts of which a version was given already."""
        self._characters = 0

    def add(self, activity: Json) -> None:
        """Keep what an activity changes."""
        changed, type_ = activity.get("object"), activity.get("type")
        id_ = _id(activity)
        if id_ is None or self._characters > _MOST_CHARACTERS:
            return
        if type_ == _DELETE:
            self._deleted.add(id_)
            self._characters += _OVERHEAD
        elif type_ == _UPDATE and isinstance(changed, dict) and "content" in changed:
            self._newest[id_] = changed
            self._characters += len(str(changed.get("content"))) + _OVERHEAD

    def newest(self, activity: Json) -> Json | None:
        """Return an activity with the newest version of its post; None if that is not to be read.

        The first activity of a changed post stands for all of them.
        """
        id_, type_ = _id(activity), activity.get("type")
        if type_ == _DELETE or id_ is None or not (self._newest or self._deleted):
            return activity
        if id_ in self._deleted:
            return None
        if (changed := self._newest.get(id_)) is None or type_ not in {"Create", _UPDATE}:
            return activity
        if id_ in self._given:
            return None
        self._given.add(id_)
        return activity | {"type": "Create", "object": as_object(activity.get("object")) | changed}


def changes_in(outbox: Content, name: str) -> Changes:
    """Return what the activities of an outbox, listed under `name`, change of its posts."""
    changes = Changes()
    if _has_changes(outbox):
        with suppress(ImportFileError):
            for numbered in objects(outbox.uncounted, lists=(name,)):
                if isinstance(numbered, tuple):
                    changes.add(numbered[1])
    return changes


def _has_changes(outbox: Content) -> bool:
    """Return whether the name of such an activity stands anywhere in the file."""
    rest = b""
    with suppress(ImportFileError), closing(outbox.uncounted.chunks()) as chunks:
        for chunk in chunks:
            if any(mark in rest + chunk for mark in _MARKS):
                return True
            rest = chunk[-_LONGEST_MARK:]
    return False


def _id(activity: Json) -> str | None:
    """Return the id of the post that an activity is about."""
    about = activity.get("object")
    value = about.get("id") if isinstance(about, dict) else about
    return value if isinstance(value, str) else None
