"""Edited posts of X: each version is a post with its own id; the newest of a file counts."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from app.formats.post import digits
from app.formats.records import BadRecord, Item, Record, Skipped, read_each
from app.formats.source.json import as_object, listed
from app.formats.source.window import Json

_MOST_HELD: Final = 10_000
"""Older versions that wait for a newer version."""
_EDITED: Final = frozenset({"edit_info", "edit_history_tweet_ids", "edit_history_post_ids"})
_HISTORIES: Final = ("edit_history_tweet_ids", "edit_history_post_ids")


def versions_of(status: Json) -> list[str]:
    """Return the ids of the versions of a post, the newest last; none where it was not edited."""
    if _EDITED.isdisjoint(status):  # Most posts, and it is asked of each.
        return []
    info = as_object(status.get("edit_info"))
    edit, initial = as_object(info.get("edit")), as_object(info.get("initial"))
    control = as_object(edit.get("editControlInitial")) or initial
    stated = listed(control, "editTweetIds")
    stated = stated or next(filter(None, (listed(status, name) for name in _HISTORIES)), [])
    values = [*stated, edit.get("initialTweetId"), status.get("id_str") or status.get("id")]
    ids = {*filter(None, map(digits, values))}
    return sorted(ids, key=int) if len(ids) > 1 else []


class Versions:
    """Sorts out the older versions of posts, which may come before or after the newest."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}
        """The newest version that came of each edited post, by the id of the first version."""
        self._held: dict[str, tuple[int, Record]] = {}
        """Of posts whose last version has not come the newest that did."""

    def sift(self, status: Json, item: Item) -> Sequence[Item]:
        """Return what is certain behind this version: nothing, the version, or older ones."""
        ids = versions_of(status) if isinstance(item, Record) else []
        own = digits(status.get("id_str") or status.get("id"))
        if not ids or own is None or not isinstance(item, Record):
            return (item,)
        number, first = int(own), ids[0]
        held = self._held.get(first)
        if number < self._seen.get(first, 0) or (held is not None and number < held[0]):
            return (Skipped(item.place, "deleted"),)
        older = [Skipped(held[1].place, "deleted")] if held is not None else []
        self._held.pop(first, None)
        if own != ids[-1] and len(self._held) < _MOST_HELD:
            self._held[first] = (number, item)
            return older
        self._seen[first] = number
        return (*older, item)

    def sifted(
        self, statuses: Iterable[tuple[int, Json] | BadRecord], read: Callable[[Json, int], Item]
    ) -> Iterator[Item]:
        """Yield what `read` returns for each status, without the older versions of a post."""
        status: Json = {}

        def read_one(value: Json, place: int) -> Item:
            nonlocal status
            status = value
            return read(value, place)

        for item in read_each(statuses, read_one):
            yield from self.sift(status, item)
        yield from self.held()

    def held(self) -> Iterable[Item]:
        """Return the newest versions that came of posts whose last version did not come."""
        return [record for _, record in self._held.values()]
