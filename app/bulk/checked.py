"""The first step of a job: parts of files become rows of checked posts, and of what was left out.

All functions here run in the executors. A row holds a post in the columns of `Tweet`, its place,
and its author; times are seconds since 1970, so that no time zone changes them on the way.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

import msgspec

from app.bulk.inputs import InputPart, Opened, close_reason, open_part
from app.compute.text import username_key
from app.errors import AppError, Message, message_of
from app.formats.records import Account, BadRecord, ImportFileError, Record, Skipped
from app.services.imports.bulk import BulkPost
from app.services.imports.checking import NamelessFileError, checked_post, named_account
from app.services.imports.media import ArchiveMedia
from app.services.posts.new_tweet import NewTweet
from app.services.posts.post_counts import slot_of
from app.services.posts.users import clean_display_name

AT_ONCE: Final = 2_000
"""Rows in a batch."""
POST: Final[dict[str, str]] = {
    "text": "string",
    "kind": "string",
    "created_at": "long",
    "dated_at": "long",
    "lang": "string",
    "source_id": "string",
    "url": "string",
    "reply_to_source_id": "string",
    "reply_to_username": "string",
    "media": "string",
    "counts": "string",
}
"""The fields of a `NewTweet`, and their types for Spark."""
COLUMNS: Final[dict[str, str]] = {
    "part": "int",
    "seq": "long",
    "file": "int",
    "user_key": "string",
    "username": "string",
    "platform": "string",
    "display_name": "string",
    "reply_key": "string",
    "slot": "int",
    **POST,
    "fate": "string",
    "reason": "string",
    "place": "string",
}
"""A row is a post where its fate is empty; else `rejected`, `broken`, or why it was skipped."""
SCHEMA: Final = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
RANKING: Final = "array<struct<username:string,probability:double,tweets:long>>"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
Row = dict[str, Any]
Batches = Iterable[Any]
"""Record batches of Arrow."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the parts are read, the same in every executor and at every attempt."""

    parts: Sequence[InputPart]
    arrived_at: datetime
    username: str | None = None
    options: tuple[tuple[str, bool], ...] = ()
    """Those of `open_archive`."""

    def __call__(self, numbers: Iterable[Row]) -> Iterator[Row]:
        """Yield the rows of the parts whose numbers come in."""
        for row in numbers:
            yield from self._rows(row["id"])

    def _rows(self, number: int) -> Iterator[Row]:
        part = self.parts[number]
        place: Row = {"part": number, "file": part.file}
        posts = left_out = 0
        try:
            with open_part(part, **dict(self.options)) as opened:
                owner = named_account(opened.archive.account, self.username)
                for item in opened.archive.items:
                    row = self._row(item, opened, owner)
                    is_post = row["fate"] is None
                    posts, left_out = posts + is_post, left_out + (not is_post)
                    yield row | place | {"seq": posts if is_post else left_out}
        except (ImportFileError, NamelessFileError, OSError) as error:
            reason = close_reason(error, part.name) if isinstance(error, AppError) else str(error)
            yield {"fate": "broken", "reason": reason, "place": part.name} | place

    def _row(self, item: object, opened: Opened, owner: Account | None) -> Row:
        if isinstance(item, Skipped):
            fate = item.reason if item.reason in {"repost", "restricted"} else "skipped"
            return {"fate": fate, "reason": item.reason, "place": opened.where(item.place)}
        if isinstance(item, BadRecord):
            return _rejected(item.detail, opened.where(item.place))
        assert isinstance(item, Record)  # noqa: S101 # for the type checker
        media = ArchiveMedia(None, None).of(item)
        try:
            post = checked_post(
                item,
                owner=owner,
                username=self.username,
                account=opened.archive.account,
                media=media,
                arrived_at=self.arrived_at,
            )
        except (ValueError, AppError) as error:
            return _rejected(message_of(error), opened.where(item.place))
        return _post_row(post) | {"fate": None, "place": opened.where(item.place)}


def _rejected(detail: str, place: str) -> Row:
    # By its template, so that the same fault of many lines is one reason.
    reason = detail.template if isinstance(detail, Message) and detail.values else str(detail)
    printable = reason.encode(errors="replace").decode()
    return {"fate": "rejected", "reason": printable, "place": place}


def _post_row(item: BulkPost) -> Row:
    post = msgspec.structs.asdict(item.post)
    answered = post["reply_to_username"]
    return post | {
        "created_at": seconds_of(post["created_at"]),
        "dated_at": seconds_of(post["dated_at"]),
        "slot": slot_of(post["created_at"]),
        "user_key": username_key(item.username),
        "username": item.username,
        "platform": item.platform,
        "display_name": clean_display_name(item.display_name),
        "reply_key": username_key(answered) if answered else None,
    }


def new_tweet_of(row: Row) -> NewTweet:
    """Return the post of a row."""
    times = {name: time_of(row[name]) for name in ("created_at", "dated_at")}
    return NewTweet(**({name: row[name] for name in POST} | times))


def seconds_of(time: datetime | None) -> int | None:
    return None if time is None else (time - _EPOCH) // _SECOND


def time_of(seconds: int | None) -> datetime | None:
    return None if seconds is None else _EPOCH + seconds * _SECOND


def in_batches(rows: Iterable[Row], schema: str) -> Iterator[Any]:
    """Yield the rows as record batches of a schema of Spark's; a missing column is null."""
    import pyarrow

    fields = [field.split() for field in schema.split(", ")]
    types = {"int": pyarrow.int32(), "long": pyarrow.int64(), "string": pyarrow.string()}
    types |= {"binary": pyarrow.binary(), "double": pyarrow.float64()}
    ranking = {"username": types["string"], "probability": types["double"], "tweets": types["long"]}
    types[RANKING] = pyarrow.list_(pyarrow.struct(ranking))
    arrow = pyarrow.schema([(name, types[kind]) for name, kind in fields])
    left = iter(rows)
    while batch := list(islice(left, AT_ONCE)):
        yield pyarrow.RecordBatch.from_pylist(batch, arrow)


@dataclass(frozen=True, slots=True)
class OverRows:
    """Applies a function of rows to record batches, in an executor."""

    function: Callable[[Iterator[Row]], Iterator[Row]]
    schema: str

    def __call__(self, batches: Batches) -> Iterator[Any]:
        return in_batches(self.function(rows_of(batches)), self.schema)


def rows_of(batches: Batches) -> Iterator[Row]:
    """Yield the rows of record batches, one at a time."""
    for batch in batches:
        yield from batch.to_pylist()
