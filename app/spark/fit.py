"""`saywho spark fit`: a corpus of any size becomes a model of at most 300 of its authors.

Executors read posts and count features; the driver fits the model, by the same functions as one
process would.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow

from app.clock import now
from app.compute.fitting import ASKED_IN_ALL, fit_profiles
from app.compute.languages import language_of, main_language
from app.compute.population import Shipped
from app.compute.profiles import NO_POSTS, AuthorProfile, with_posts
from app.compute.text import clean_username, drop_controls, username_key
from app.errors import AppError, RecordError, message_of
from app.formats.file_columns import FileColumns
from app.formats.records import BROKEN, Record, is_broken
from app.population import shipped_authors
from app.services.posts.new_tweet import checked, checked_language, lenient
from app.spark.bad_rows import BadRows, Row, answers, json_object
from app.spark.compare import to_bytes
from app.spark.jobs import JobError, mapped, read_rows, session

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
    errors: list[Row]
    """File, place and detail of the first rejected rows."""


def run(
    inputs: Sequence[str],
    output: Path,
    *,
    usernames: Sequence[str] = (),
    master: str = "local[*]",
    has_population: bool = True,
) -> FitResult:
    """Fit a model to the posts of the inputs, and write it to a new file.

    has_population: whether the authors who come with the program count among everybody else.
    Raises JobError: the output exists, an author named has no posts, or the job fails.
    """
    if output.exists():
        raise JobError("{name} exists already; name another file", name=str(output))
    if len(set(map(username_key, usernames))) > MOST_AUTHORS:
        raise JobError("a model has at most {most} authors; name fewer", most=MOST_AUTHORS)
    with session(master, "saywho spark fit") as spark:
        bad_rows = spark.sparkContext.accumulator(BadRows(), BadRows())
        posts = mapped(read_rows(spark, inputs), partial(posts_of, bad_rows), _POSTS)
        shipped = shipped_authors(is_wanted=has_population)
        content, result = _fit(posts, [username_key(name) for name in usernames], shipped)
        result = msgspec.structs.replace(result, errors=bad_rows.value.errors())
    try:
        output.write_bytes(content)
    except OSError as error:
        raise JobError(
            "{name} cannot be written: {error}", name=str(output), error=str(error)
        ) from error
    return result


def _fit(read: Any, named: Sequence[str], shipped: Shipped) -> tuple[bytes, FitResult]:
    from pyspark.sql import functions as f

    read = read.cache()
    fates = {row["fate"]: row["count"] for row in read.groupBy("fate").count().collect()}
    posts = read.where("fate = 'post'")
    with_id = posts.where("source_id IS NOT NULL").dropDuplicates(["user_key", "source_id"])
    posts = with_id.union(posts.where("source_id IS NULL")).cache()
    duplicates = fates.get("post", 0) - posts.count()
    names = _chosen(posts, named)
    newest_first = (f.col("created_at").desc_nulls_last(), f.col("source_id"), f.col("text"))
    texts = posts.where(f.col("user_key").isin(list(names))).repartition("user_key")
    texts = texts.sortWithinPartitions("user_key", *newest_first)
    author_rows = {
        names[row["user_key"]]: row for row in mapped(texts, authors_of, _AUTHORS).collect()
    }
    corpus = fit_profiles(
        {
            name: AuthorProfile.from_bytes(bytes(row["counts"]), row["posts"], bytes(row["texts"]))
            for name, row in author_rows.items()
        },
        {name: row["newest"] for name, row in author_rows.items()},
        {name: row["language"] for name, row in author_rows.items()},
        shipped=shipped,
    )
    usernames = [names[key] for key in sorted(names) if key in named or not named]
    result = FitResult(
        len(usernames),
        sum(corpus.suspects[name].profile.posts for name in usernames),
        duplicates,
        fates.get("rejected", 0),
        fates.get("skipped", 0),
        [],
    )
    return to_bytes(corpus, usernames, is_named=bool(named)), result


def _chosen(posts: Any, named: Sequence[str]) -> dict[str, str]:
    """Return the authors of the fit: those named, and those with the most posts."""
    from pyspark.sql import functions as f

    authors = posts.groupBy("user_key").agg(
        f.min("username").alias("username"), f.count("*").alias("posts")
    )
    is_named = f.col("user_key").isin(list(named)) if named else f.lit(False)
    order = (is_named.desc(), f.col("posts").desc(), f.col("user_key"))
    rows = authors.orderBy(*order).limit(MOST_AUTHORS).collect()
    chosen = {row["user_key"]: row["username"] for row in rows}
    if missing := [name for name in named if name not in chosen]:
        raise JobError("the inputs have no posts by {name}", name=missing[0])
    if not chosen:
        raise JobError("the inputs have no posts with text and an author")
    return chosen


def posts_of(bad_rows: Any, rows: Iterator[Row]) -> Iterator[Row]:
    """Yield the posts of JSON objects, and rows that are none; bad ones are reported."""
    return answers(_post_of, bad_rows, rows)


def _post_of(row: bytes, number: int) -> Row:
    try:
        document = json_object(row)
        item = FileColumns(document).read(document, number)
        return _checked(item) if isinstance(item, Record) else {"fate": "skipped"}
    except (ValueError, RecursionError, AppError) as error:
        return {"fate": "rejected", "error": str(message_of(error))}


def _checked(record: Record) -> Row:
    """Return the post as an import would store it. Raises ValueError and AppError."""
    name = clean_username(record.username or "")
    content = msgspec.structs.replace(
        record,
        text=drop_controls(record.text),
        lang=lenient(checked_language, record.lang),
        url=None,
        reply_to=None,
        counts=None,
    )
    post = checked(content, arrived_at=now())
    if not post.text:
        return {"fate": "skipped"}
    if is_broken(post.source_id or ""):
        raise RecordError(BROKEN)
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
    for key, posts in groupby(rows, itemgetter("user_key")):
        profile, newest, languages = NO_POSTS, list[str](), Counter[str | None]()
        while portion := list(islice(posts, COUNTED_TOGETHER)):
            texts = [row["text"] for row in portion]
            profile = with_posts(profile, texts)
            newest += texts[: ASKED_IN_ALL - len(newest)]
            languages.update(language_of(row["lang"] or "") for row in portion)
        yield {
            "user_key": key,
            "posts": profile.posts,
            "counts": profile.counts.to_bytes(),
            "texts": profile.texts.to_bytes(),
            "newest": newest[::-1],
            "language": main_language(languages),
        }
