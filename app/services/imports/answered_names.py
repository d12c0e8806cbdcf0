"""Authors of answered posts, for replies that name only the post's id."""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import structs

from app.formats.post import ReplyTarget
from app.formats.records import Item, Record

MOST_POSTS: Final = 200_000
"""Maximum number of remembered posts of one file."""


class AnsweredNames:
    """Remembers who wrote the posts of one file of several authors."""

    def __init__(self) -> None:
        self._authors: dict[str, str | None] = {}
        """Author by id; None if posts of several authors have it."""

    def named(self, items: Sequence[Item]) -> list[Item]:
        """Return the next items of the file with the names of the answered authors.

        Only a post that is among these items or before them is found, and only if no other author
        has a post with its id.
        """
        self._remember(item for item in items if isinstance(item, Record))
        return [self._with_name(item) if isinstance(item, Record) else item for item in items]

    def _remember(self, records: Iterable[Record]) -> None:
        for record in records:
            if record.source_id is None or record.username is None or record.room is not None:
                continue
            if record.source_id in self._authors or len(self._authors) < MOST_POSTS:
                known = self._authors.setdefault(record.source_id, record.username)
                if known != record.username:
                    self._authors[record.source_id] = None

    def _with_name(self, record: Record) -> Record:
        target = record.reply_to
        if record.room is not None or target is None or target.username or not target.source_id:
            return record
        name = self._authors.get(target.source_id)
        if name is None or name == record.username:
            return record
        return structs.replace(record, reply_to=ReplyTarget(target.source_id, name))
