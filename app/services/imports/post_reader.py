"""Reading batches of checked posts from files, with media and numbers of equal posts."""

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from itertools import islice, zip_longest
from typing import Final

from msgspec import structs

from app.compute.text import clean_username, decode_entities, drop_controls, username_key
from app.errors import (
    AppError,
    ImportFileError,
    InvalidInputError,
    LimitReachedError,
    Message,
    message_of,
)
from app.formats.post import MOST_MEDIA, Medium, ReplyTarget, StoredMedium
from app.formats.records import (
    Account,
    BadRecord,
    Item,
    Record,
    RecordStream,
    Skipped,
    count_skipped,
)
from app.formats.registry import WITH_ENTITIES
from app.formats.source.file import Source
from app.runtime.clock import now
from app.services.imports.bulk import BATCH, BulkPost, count
from app.services.imports.report import ImportReport
from app.services.posts.media import MediaKeeper, NoRoomError
from app.services.posts.post_content import (
    NewTweet,
    checked,
    checked_language,
    checked_room,
    checked_target,
    checked_url,
    lenient,
)

_COUNT: Final = "INSERT INTO seen VALUES (?, 1) ON CONFLICT DO UPDATE SET n = n + 1 RETURNING n"


@dataclass(slots=True)
class PostReader:
    """Reads batches of valid posts; `owner` is the author of all, `username` of records without
    one.
    """

    records: RecordStream
    owner: Account | None
    username: str | None
    media: "RecordMedia"
    repeats: "RepeatCounter" = field(default_factory=lambda: RepeatCounter())
    _has_said: bool = False
    """Whether the report mentions skipped messages of a chat's exporter."""

    def read(self, report: ImportReport, is_stopped: Callable[[], bool]) -> list[BulkPost] | None:
        """Return the next posts, None at the end; report records left out."""
        items: list[Item] = []
        try:
            items.extend(islice(self.records.items, BATCH))
        except ImportFileError as error:
            report.broken = message_of(error)
        report.notes = self.records.notes.summary
        if not items:
            return None
        self.media.keep(items, report, is_stopped)
        batch: list[BulkPost] = []
        arrived_at = now()
        for item in items:
            if is_stopped():
                return None
            self._sort(item, batch, report, arrived_at)
        count(batch)
        return batch

    def close(self) -> None:
        self.media.close()
        self.repeats.close()

    def _sort(
        self, item: Item, batch: list[BulkPost], report: ImportReport, arrived_at: datetime
    ) -> None:
        if isinstance(item, BadRecord):
            report.reject(item.place, item.detail)
        elif isinstance(item, Skipped):
            count_skipped(report, item)
        elif self.records.is_chat and not (item.username or self.username):
            report.skipped += 1
            if not self._has_said:
                self._has_said = True
                template = "messages by {name} are skipped; add --username NAME to say who that is"
                report.note(item.place, Message(template, name=item.display_name))
        else:
            # The text may be HTML although the file is not.
            may_be_html = self.records.format in WITH_ENTITIES
            report.with_entities += may_be_html and decode_entities(item.text) != item.text
            try:
                batch.append(self._bulk_post(item, arrived_at))
            except (ValueError, AppError) as error:
                report.reject(item.place, message_of(error))

    def _bulk_post(self, record: Record, arrived_at: datetime) -> BulkPost:
        author = self.owner or Account(
            record.username or self.username or record.author_id,
            record.display_name,
            record.platform or "",
        )
        if author.username is None:
            raise InvalidInputError(_nameless(self.records))
        name = clean_username(author.username)
        content = structs.replace(
            record,
            text=drop_controls(record.text),
            lang=lenient(checked_language, record.lang),
            url=lenient(checked_url, record.url),
            reply_to=lenient(checked_target, self._target(record, name)),
            media=tuple(self.media.of(record)),
            room=lenient(checked_room, record.room),
        )
        post = checked(content, arrived_at=arrived_at)
        return BulkPost(
            place=record.place,
            username=name,
            platform=author.platform or None,
            # Half a surrogate pair could not be stored.
            display_name=author.display_name and drop_controls(author.display_name),
            post=post,
            repeat=self.repeats.number(name, post) if post.source_id is None else 0,
            # An export does not tell who is of a chat, but what was written in one.
            is_said=self.records.is_chat
            or (post.room is not None and author.platform in {"", "local"}),
        )

    def _target(self, record: Record, username: str) -> ReplyTarget | None:
        target, account = record.reply_to, self.records.account
        if target is None or target.username is None or account is None or not account.username:
            return target
        is_own = target.username.casefold() == account.username.casefold()
        return ReplyTarget(target.source_id, username) if is_own else target


def _nameless(records: RecordStream) -> Message:
    """Return the error of a post without an author, with one name if no record has one."""
    unused = (part.what for part in records.notes.unread if part.role == "author")
    if name := next(unused, ""):
        return Message(
            "the author is missing; to use the column {column}, add --column author={column}",
            column=name,
        )
    fields = [field for _, field in records.columns]
    if "username" in fields:
        return Message("the author is missing in this row")
    if fields and all(fields):
        return Message("the author is missing; add --username NAME")
    return Message("the author is missing; name the author column with --column author=NAME")


class RepeatCounter:
    """Counts equal records in a private database that spills to disk, to bound memory."""

    def __init__(self) -> None:
        # One thread at a time uses it, but not always the same one.
        self._connection = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._connection.execute("CREATE TABLE seen (digest BLOB PRIMARY KEY, n INT) WITHOUT ROWID")
        self._connection.execute("BEGIN")

    def number(self, username: str, post: NewTweet) -> int:
        """Return the number of posts so far with this author, room, time and text.

        The time of arrival differs at each import.
        """
        time = post.dated_at or post.created_at
        identity = (
            f"{username_key(username)}\n{time and time.timestamp()}\n{post.room}\n{post.text}"
        )
        digest = blake2b(identity.encode(), digest_size=16).digest()
        (n,) = self._connection.execute(_COUNT, (digest,)).fetchone()
        return int(n)

    def close(self) -> None:
        self._connection.close()


class RecordMedia:
    """The media of one file; without a keeper nothing is copied."""

    def __init__(self, files: Source | None, keeper: MediaKeeper | None) -> None:
        self._files = files
        self._keeper = keeper if files is not None else None
        self._is_full = False
        self._names: dict[str, str] = {}

    def keep(
        self, items: Iterable[Item], report: ImportReport, is_stopped: Callable[[], bool]
    ) -> None:
        self._names = {}
        if self._files is None or self._keeper is None:
            return
        place_by_name: dict[str, int] = {}
        for item in items:
            for name in item.files[:MOST_MEDIA] if isinstance(item, Record) else ():
                if name is not None and name in self._files.members:
                    place_by_name.setdefault(name, item.place)
        for name, record in place_by_name.items():
            if self._is_full or is_stopped():
                break
            try:
                content = self._files.medium(name)
                self._names[name] = self._keeper.keep(content.chunks(), name)
            except AppError as error:
                self._is_full = isinstance(error, NoRoomError | LimitReachedError)
                report.note(record, message_of(error))
        self._keeper.sync()

    def of(self, record: Record) -> list[Medium]:
        media = record.media[:MOST_MEDIA]
        pairs = zip_longest(media, record.files[: len(media)])
        return [_storable(medium, self._names.get(file or "")) for medium, file in pairs]

    def close(self) -> None:
        if self._keeper is not None:
            self._keeper.close()


def _storable(medium: Medium, file: str | None) -> Medium:
    alt = drop_controls(medium.alt)[:5_000] if medium.alt else None
    source_url = lenient(checked_url, medium.source_url)
    return StoredMedium(medium.kind, source_url, alt, medium.width, medium.height, file)
