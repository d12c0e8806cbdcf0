"""The other steps in the executors: repeated posts, threads, profiles, and the rows of all tables.

Rows are written as lines of COPY, so that loading them takes no more than sending them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, Final

from app.bulk.checked import Row, new_tweet_of, seconds_of, time_of
from app.compute.features import RECIPE, features_of
from app.compute.profiles import NO_POSTS, AuthorProfile, joined, with_posts
from app.compute.text import username_key
from app.compute.threads import first_of_each
from app.db.indexes import IndexedPost
from app.db.postgresql.words import vector
from app.errors import ConflictError
from app.services.imports.authors import BulkAuthor
from app.services.imports.bulk import is_repeated
from app.services.posts.adding import missing_values
from app.services.posts.post_counts import slot_of

COUNTED_TOGETHER: Final = 1_000
"""Texts of several authors whose features are counted together."""
JOINED_TOGETHER: Final = 2**26
"""Bytes of an author's partial profiles that are kept until they are joined."""
TABLES: Final[dict[str, tuple[str, ...]]] = {
    "Users": (
        *("id", "username", "username_key", "display_name", "platform", "created_at"),
        *("tweet_count", "deletion_count"),
    ),
    "Event": ("id", "kind", "user_id", "count", "created_at"),
    "Tweet": (
        *("id", "text", "user_id", "event_id", "kind", "created_at", "dated_at", "lang"),
        *("source_id", "url", "reply_to_source_id", "reply_to_username", "reply_to_id"),
        *("thread_id", "media", "counts"),
    ),
    "TweetWords": ("id", "terms"),
    "PostCount": ("user_id", "slot", "lang", "posts"),
    "Profile": ("user_id", "recipe", "as_of_event", "posts", "counts", "texts"),
}
"""The columns of each table that are written; others keep their defaults."""
PROFILE_PART: Final = "user_id long, posts long, counts binary, texts binary"
AUTHOR: Final = (
    "user_key string, part int, seq long, username string, platform string, display_name string,"
    " refused string, reason string"
)
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def created_event(user_id: int) -> int:
    """Return the event that announces an author."""
    return 2 * user_id - 1


def imported_event(user_id: int) -> int:
    """Return the event that brings all posts of an author."""
    return 2 * user_id


def copy_line(values: Iterable[object]) -> str:
    """Return a row as COPY reads it."""
    return "\t".join(map(_cell, values)) + "\n"


def _cell(value: object) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, bytes):
        return f"\\\\x{value.hex()}"
    return str(value).translate(_ESCAPES)


def authors_of(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield the author of each name, and the platforms whose posts are refused.

    The names follow one another, those of one author in the order of the files.
    """
    for _, some in groupby(rows, itemgetter("user_key")):
        names = list(some)
        first = names[0]
        author = BulkAuthor(0, first["username"], first["platform"] or "local")
        refused, reason = [], None
        for name in names:
            try:
                author.complete(platform=name["platform"], display_name=name["display_name"])
            except ConflictError as error:
                refused.append(name["platform"])
                reason = error.message
        found = {name: getattr(author, name) for name in ("platform", "display_name")}
        yield first | found | {"refused": ",".join(refused), "reason": reason}


def merge_repeated(rows: Iterator[Row]) -> Iterator[Row]:
    """Merge posts of one source id, which follow one another: later ones fill the first."""
    for _, same in groupby(rows, itemgetter("user_id", "source_id")):
        first = next(same)
        for row in same:  # noqa: B031 # the rest of them
            first |= missing_values(first, new_tweet_of(row))
        yield _settled(first)


def _settled(row: Row) -> Row:
    time, answered = row["created_at"], row["reply_to_username"]
    if isinstance(time, datetime):  # It was filled.
        row |= {"created_at": seconds_of(time), "slot": slot_of(time)}
    return row | {"reply_key": username_key(answered) if answered else None}


def find_repeated(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield the ids of posts without a source id that earlier files hold, as imports tell them.

    Equal posts follow one another, in the order of the files.
    """
    for _, equal in groupby(rows, itemgetter("kind")):
        plain, with_ids = 0, set()
        for _, of_file in groupby(equal, itemgetter("file")):
            repeat = twins = 0
            for row in of_file:
                if row["source_id"] is not None:
                    twins += 1
                    with_ids.add(row["source_id"])
                    continue
                repeat += 1
                if is_repeated(repeat, twins, plain, len(with_ids)):
                    yield {"id": row["id"]}
                else:
                    plain += 1


def threads_of(links: Any) -> Any:
    """Return the thread of each post of an author that is in one, by what each goes on with."""
    import pyarrow

    above = dict(zip(links["id"].to_pylist(), links["parent"].to_pylist(), strict=True))
    first = first_of_each(above, above)
    return pyarrow.table({"id": list(first), "thread_id": list(first.values())})


def profile_parts(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield profiles of the texts of each part of an author, which follow one another."""
    waiting: list[tuple[int, Counter[str]]] = []
    texts = 0
    for (user_id, _), some in groupby(rows, itemgetter("user_id", "spread")):
        # A text that is posted a million times is kept once.
        waiting.append((user_id, Counter(row["text"] for row in some)))
        texts += len(waiting[-1][1])
        if texts >= COUNTED_TOGETHER:
            yield from _counted(waiting)
            waiting, texts = [], 0
    yield from _counted(waiting)


def _counted(parts: Sequence[tuple[int, Counter[str]]]) -> Iterator[Row]:
    counts = iter(features_of([text for _, texts in parts for text in texts]))
    for user_id, texts in parts:
        posted = [*texts, *(texts - Counter(texts.keys())).elements()]
        yield _part_row(user_id, with_posts(NO_POSTS, posted, list(islice(counts, len(texts)))))


def _part_row(user_id: int, profile: AuthorProfile) -> Row:
    blobs = {"counts": profile.counts.to_bytes(), "texts": profile.texts.to_bytes()}
    return {"user_id": user_id, "posts": profile.posts} | blobs


def profile_lines(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield the profile of each author, whose parts follow one another."""
    for _, some in groupby(rows, itemgetter("user_id")):
        parts: list[Row] = []
        for row in some:
            parts.append(row)
            if sum(len(part["counts"]) for part in parts) > JOINED_TOGETHER:
                parts = [_joined(parts)]
        yield {"profile": _profile_line(_joined(parts))}


def _joined(parts: Sequence[Row]) -> Row:
    if len(parts) == 1:
        return parts[0]
    profiles = (
        AuthorProfile.from_bytes(each["counts"], each["posts"], each["texts"]) for each in parts
    )
    return _part_row(parts[0]["user_id"], joined(list(profiles)))


def _profile_line(row: Row) -> str:
    event = imported_event(row["user_id"])
    return copy_line((row["user_id"], RECIPE, event, row["posts"], row["counts"], row["texts"]))


def post_lines(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield the rows of posts, and of the word index."""
    for row in rows:
        post = IndexedPost(row["id"], row["user_id"], row["text"], row["media"])
        row["event_id"] = imported_event(row["user_id"])
        for name in ("created_at", "dated_at"):
            row[name] = time_of(row[name])
        tweet = copy_line(row[name] for name in TABLES["Tweet"])
        yield {"tweet": tweet, "words": copy_line((row["id"], vector(post)))}


def author_lines(rows: Iterator[Row], *, arrived_at: datetime) -> Iterator[Row]:
    """Yield the rows of authors and of their events."""
    for row in rows:
        user_id, posts = row["user_id"], row["posts"]
        row |= {"id": user_id, "username_key": row["user_key"], "created_at": arrived_at}
        row |= {"tweet_count": posts, "deletion_count": 0}
        events = (
            (created_event(user_id), "user.created", user_id, 1, arrived_at),
            (imported_event(user_id), "tweets.imported", user_id, posts, arrived_at),
        )
        user = copy_line(row[name] for name in TABLES["Users"])
        yield {"user": user, "events": "".join(map(copy_line, events))}
