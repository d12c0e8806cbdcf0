"""`saywho spark fit`: a corpus of any size becomes a model of at most 300 of its authors.

Executors read posts and count features; the driver fits the model, by the same functions as one
process would.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow

from app.clock import now
from app.compute.fitting import ASKED_IN_ALL, fit_profiles
from app.compute.profiles import NO_POSTS, AuthorProfile, with_posts
from app.compute.text import clean_username, drop_controls, username_key
from app.errors import AppError
from app.formats.columns import Columns
from app.formats.records import Record, Skipped
from app.services.compare.habits import language_of
from app.services.posts.new_tweet import checked_language, lenient, new_tweet
from app.spark.compare import to_bytes
from app.spark.jobs import JobError, Row, mapped, read_rows, session

MOST_AUTHORS: Final = 300
COUNTED_TOGETHER: Final = 1_000
"""Texts whose features are counted at once."""
_POSTS: Final = pyarrow.schema(
    [
        ("fate", pyarrow.string()),
        ("user_key", pyarrow.string()),
        ("username", pyarrow.string()),
        ("text", pyarrow.string()),
        ("created_at", pyarrow.timestamp("us", "UTC")),
        ("lang", pyarrow.string()),
        ("source_id", pyarrow.string()),
    ]
)
_AUTHORS: Final = pyarrow.schema(
    [
        ("user_key", pyarrow.string()),
        ("posts", pyarrow.int64()),
        ("counts", pyarrow.binary()),
        ("texts", pyarrow.binary()),
        ("newest", pyarrow.list_(pyarrow.string())),
        ("language", pyarrow.string()),
    ]
)


class FitResult(msgspec.Struct, frozen=True):
    """What a fit read, and what came of it."""

    authors: int
    """Authors of the model."""
    posts: int
    duplicates: int
    rejected: int
    skipped: int


def run(
    inputs: Sequence[str], output: Path, *, usernames: Sequence[str] = (), master: str = "local[*]"
) -> FitResult:
    """Fit a model to the posts of the inputs, and write it to a new file.

    Raises JobError: the output exists, an author named has no posts, or the job fails.
    """
    if output.exists():
        raise JobError("{name} exists already; name another file", name=str(output))
    if len(set(map(username_key, usernames))) > MOST_AUTHORS:
        raise JobError("a model has at most {most} authors; name fewer", most=MOST_AUTHORS)
    with session(master, "saywho spark fit") as spark:
        rows = read_rows(spark, inputs)
        content, result = _fit(rows, [username_key(name) for name in usernames])
    try:
        output.write_bytes(content)
    except OSError as error:
        raise JobError(
            "{name} cannot be written: {error}", name=str(output), error=str(error)
        ) from error
    return result


def _fit(rows: Any, named: Sequence[str]) -> tuple[bytes, FitResult]:
    from pyspark.sql import functions as f

    read = mapped(rows, posts_of, _POSTS).cache()
    fates = {row["fate"]: row["count"] for row in read.groupBy("fate").count().collect()}
    posts = read.where("fate = 'post'")
    with_id = posts.where("source_id IS NOT NULL").dropDuplicates(["user_key", "source_id"])
    posts = with_id.union(posts.where("source_id IS NULL")).cache()
    duplicates = fates.get("post", 0) - posts.count()
    names = _chosen(posts, named)
    newest_first = (f.col("created_at").desc_nulls_last(), f.col("source_id"), f.col("text"))
    texts = posts.where(f.col("user_key").isin(list(names))).repartition("user_key")
    texts = texts.sortWithinPartitions("user_key", *newest_first)
    found = {names[row["user_key"]]: row for row in mapped(texts, authors_of, _AUTHORS).collect()}
    corpus = fit_profiles(
        {
            name: AuthorProfile.from_bytes(bytes(row["counts"]), row["posts"], bytes(row["texts"]))
            for name, row in found.items()
        },
        {name: row["newest"] for name, row in found.items()},
        {name: row["language"] for name, row in found.items()},
    )
    known = [names[key] for key in sorted(names) if key in named or not named]
    result = FitResult(
        len(known),
        sum(corpus.suspects[name].profile.posts for name in known),
        duplicates,
        fates.get("rejected", 0),
        fates.get("skipped", 0),
    )
    return to_bytes(corpus, known, is_named=bool(named)), result


def _chosen(posts: Any, named: Sequence[str]) -> dict[str, str]:
    """Return the authors of the fit: those named, and those with the most posts."""
    from pyspark.sql import functions as f

    authors = posts.groupBy("user_key").agg(
        f.min("username").alias("username"), f.count("*").alias("posts")
    )
    is_named = f.col("user_key").isin(list(named)) if named else f.lit(False)
    order = (is_named.desc(), f.col("posts").desc(), f.col("user_key"))
    rows = authors.orderBy(*order).limit(MOST_AUTHORS).collect()
    found = {row["user_key"]: row["username"] for row in rows}
    if missing := [name for name in named if name not in found]:
        raise JobError("the inputs have no posts by {name}", name=missing[0])
    if not found:
        raise JobError("the inputs have no posts with text and an author")
    return found


def posts_of(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield the posts of JSON objects, and how many rows are none."""
    for number, row in enumerate(rows, 1):
        yield _post_of(row["row"] or "", number)


def _post_of(line: str, number: int) -> Row:
    if not line.strip():
        return {"fate": "blank"}
    try:
        found = msgspec.json.decode(line, type=Row)
        item = Columns(found).read(found, number)
        if isinstance(item, Record):
            return _checked(item)
        return {"fate": "skipped" if isinstance(item, Skipped) else "rejected"}
    except (ValueError, RecursionError, AppError):
        return {"fate": "rejected"}


def _checked(record: Record) -> Row:
    """Return the post as an import would store it. Raises ValueError and AppError."""
    name = clean_username(record.username or "")
    post = new_tweet(
        drop_controls(record.text),
        arrived_at=now(),
        created_at=record.created_at,
        lang=lenient(checked_language, record.lang),
        source_id=record.source_id,
        media=list(record.media),
    )
    if not post.text:
        return {"fate": "skipped"}
    return {
        "fate": "post",
        "user_key": username_key(name),
        "username": name,
        "text": post.text,
        "created_at": post.created_at,
        "lang": post.lang,
        "source_id": post.source_id,
    }


def authors_of(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield what the model needs of each author, whose posts follow one another, newest first."""
    for key, own in groupby(rows, itemgetter("user_key")):
        profile, newest, languages = NO_POSTS, list[str](), Counter[str | None]()
        while some := list(islice(own, COUNTED_TOGETHER)):
            texts = [row["text"] for row in some]
            profile = with_posts(profile, texts)
            newest += texts[: ASKED_IN_ALL - len(newest)]
            languages.update(language_of(row["lang"] or "") for row in some)
        yield {
            "user_key": key,
            "posts": profile.posts,
            "counts": profile.counts.to_bytes(),
            "texts": profile.texts.to_bytes(),
            "newest": newest[::-1],
            "language": max(sorted(languages, key=str), key=languages.__getitem__),
        }
