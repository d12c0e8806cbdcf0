"""The executors' work: posts from rows of a corpus, and counts of authors."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow

from app.compute.fitting import ASKED_IN_ALL, chained, chains_of
from app.compute.profiles import NO_POSTS, text_keys, with_posts
from app.compute.text import clean_username, drop_controls, language_of, main_language, username_key
from app.errors import AppError, RecordError, message_of
from app.formats.file_columns import read_document
from app.formats.post import Medium
from app.formats.records import BROKEN, Record, is_broken
from app.parts.spark.bad_rows import Row, answers, json_object
from app.services.posts.new_tweet import checked, checked_language, checked_target, lenient

_PLACE: Final = pyarrow.struct(
    [
        ("input", pyarrow.int32()),
        ("file", pyarrow.string()),
        ("start", pyarrow.int64()),
        ("number", pyarrow.int64()),
    ]
)
"""A post's place among all; of equal times, a later place is newer."""
POSTS: Final = pyarrow.schema(
    [
        ("fate", pyarrow.string()),
        ("place", _PLACE),
        ("user_key", pyarrow.string()),
        ("username", pyarrow.string()),
        ("text", pyarrow.string()),
        ("created_at", pyarrow.timestamp("us", "UTC")),
        ("lang", pyarrow.string()),
        ("source_id", pyarrow.string()),
        ("answered", pyarrow.string()),
    ]
)
_NEWEST: Final = pyarrow.struct(
    [("text", pyarrow.string()), ("chain", pyarrow.int64()), ("length", pyarrow.int64())]
)
AUTHORS: Final = pyarrow.schema(
    [
        ("user_key", pyarrow.string()),
        ("posts", pyarrow.int64()),
        ("counts", pyarrow.binary()),
        ("texts", pyarrow.binary()),
        ("newest", pyarrow.list_(_NEWEST)),
        ("language", pyarrow.string()),
    ]
)


def posts_of(bad_rows: Any, arrived_at: datetime, rows: Iterator[Row]) -> Iterator[Row]:
    """Yield the posts of JSON objects, and rows without a post; bad rows are reported."""
    return answers(partial(_post_of, arrived_at), bad_rows, rows)


def _post_of(arrived_at: datetime, row: Row, number: int) -> Row:
    try:
        document = json_object(row["row"])
        item = read_document(document, number)
        if not isinstance(item, Record):
            return {"fate": "skipped"}
        place = {"input": row["input"], "file": row["file"], "start": row["start"]}
        return _checked(item, arrived_at) | {"place": place | {"number": number}}
    except (ValueError, RecursionError, AppError) as error:
        return {"fate": "rejected", "error": str(message_of(error))}


def _checked(record: Record, arrived_at: datetime) -> Row:
    """Return the post as an import would store it. Raises ValueError and AppError."""
    name = clean_username(record.username or "")
    target = lenient(checked_target, record.reply_to)
    content = msgspec.structs.replace(
        record,
        text=drop_controls(record.text),
        lang=lenient(checked_language, record.lang),
        url=None,
        reply_to=None,
        media=tuple(Medium(medium.kind) for medium in record.media[:1]),
        counts=None,
        room=None,
    )
    post = checked(content, arrived_at=arrived_at)
    if is_broken(post.source_id or ""):
        raise RecordError(BROKEN)
    is_own = target and username_key(target.username or name) == username_key(name)
    return {
        "fate": "post",
        "user_key": username_key(name),
        "username": name,
        "text": post.text,
        "created_at": post.created_at,
        "lang": post.lang,
        "source_id": post.source_id,
        "answered": target.source_id if target and is_own else None,
    }


def authors_of(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield the counts of each author, whose posts are consecutive rows, newest first."""
    for key, posts in groupby(rows, itemgetter("user_key")):
        profile, links = NO_POSTS, _Links()
        newest, languages = list[tuple[int, str]](), Counter[str | None]()
        while portion := list(islice(posts, 1_000)):
            texts = [row["text"] for row in portion]
            worded = [post for post in enumerate(texts, profile.posts) if post[1]]
            profile = with_posts(profile, texts)
            links.add(portion)
            newest += worded[: ASKED_IN_ALL - len(newest)]
            languages.update(language_of(row["lang"] or "") for row in portion)
        yield {
            "user_key": key,
            "posts": profile.posts,
            "counts": profile.counts.to_bytes(),
            "texts": profile.texts.to_bytes(),
            "newest": [post._asdict() for post in chained(newest, chains_of(links.pairs()))],
            "language": main_language(languages),
        }


class _Links:
    """An author's replies to themselves, numbered from 0; 8 bytes a post."""

    def __init__(self) -> None:
        self._ids = [np.empty(0, np.uint64)]
        self._answered: dict[int, str] = {}
        self._count = 0

    def add(self, posts: Sequence[Row]) -> None:
        self._ids.append(text_keys([post["source_id"] or "" for post in posts]))
        for number, post in enumerate(posts, self._count):
            if post["answered"]:
                self._answered[number] = post["answered"]
        self._count += len(posts)

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Yield the numbers of each post that answers another post, and of that post."""
        ids = np.concatenate(self._ids)
        order = np.argsort(ids, kind="stable")
        targets = text_keys(list(self._answered.values()))
        places = ids.searchsorted(targets, sorter=order)
        for number, target, place in zip(self._answered, targets, places, strict=True):
            if place < ids.size and ids[order[place]] == target:
                yield number, int(order[place])
