"""`saywho spark fit`: a corpus of any size becomes a model of at most 300 of its authors.

Executors read posts and count features; the driver fits the model, by the same functions as one
process would.
"""

from collections import Counter, defaultdict
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
from app.formats.records import BadRecord, Record, Skipped
from app.services.compare.habits import language_of
from app.services.posts.new_tweet import checked_language, lenient, new_tweet
from app.spark.jobs import JobError, Row, mapped, read_rows, session
from app.spark.model import CorpusModel, to_bytes

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
_PROFILES: Final = pyarrow.schema(
    [
        ("user_key", pyarrow.string()),
        ("posts", pyarrow.int64()),
        ("counts", pyarrow.binary()),
        ("texts", pyarrow.binary()),
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
        content, result = _Fit(rows, [username_key(name) for name in usernames]).run()
    try:
        output.write_bytes(content)
    except OSError as error:
        raise JobError(
            "{name} cannot be written: {error}", name=str(output), error=str(error)
        ) from error
    return result


class _Fit:
    """The steps; what several later ones read is kept by Spark."""

    def __init__(self, rows: Any, named: Sequence[str]) -> None:
        from pyspark.sql import functions

        self.f = functions
        self.rows = rows
        self.named = named

    def run(self) -> tuple[bytes, FitResult]:
        f = self.f
        read = mapped(self.rows, posts_of, _POSTS).cache()
        fates = {row["fate"]: row["count"] for row in read.groupBy("fate").count().collect()}
        posts = read.where("fate = 'post'")
        with_id = posts.where("source_id IS NOT NULL").dropDuplicates(["user_key", "source_id"])
        posts = with_id.union(posts.where("source_id IS NULL")).cache()
        duplicates = fates.get("post", 0) - posts.count()
        chosen = self._chosen(posts)
        posts = posts.join(f.broadcast(chosen.select("user_key")), "user_key")
        names = {row["user_key"]: row["username"] for row in chosen.collect()}
        profiles, newest = self._profiles(posts), self._newest(posts)
        corpus = fit_profiles(
            {names[key]: profile for key, profile in profiles.items()},
            {names[key]: texts for key, texts in newest.items()},
            {names[key]: language for key, language in self._languages(posts).items()},
        )
        known = [names[key] for key in sorted(names) if key in self.named or not self.named]
        model = CorpusModel(corpus, known, bool(self.named))
        result = FitResult(
            len(model.names),
            sum(corpus.profiles[name].posts for name in model.names),
            duplicates,
            fates.get("rejected", 0),
            fates.get("skipped", 0),
        )
        return to_bytes(model), result

    def _chosen(self, posts: Any) -> Any:
        """Return the authors of the fit: those named, and those with the most posts."""
        f = self.f
        authors = posts.groupBy("user_key").agg(
            f.min("username").alias("username"), f.count("*").alias("posts")
        )
        is_named = f.col("user_key").isin(list(self.named)) if self.named else f.lit(False)
        order = (is_named.desc(), f.col("posts").desc(), f.col("user_key"))
        chosen = authors.orderBy(*order).limit(MOST_AUTHORS).cache()
        found = {row["user_key"] for row in chosen.select("user_key").collect()}
        if missing := [name for name in self.named if name not in found]:
            raise JobError("the inputs have no posts by {name}", name=missing[0])
        if not found:
            raise JobError("the inputs have no posts with text and an author")
        return chosen

    def _profiles(self, posts: Any) -> dict[str, AuthorProfile]:
        texts = posts.select("user_key", "text").repartition("user_key")
        rows = mapped(texts.sortWithinPartitions("user_key"), profiles_of, _PROFILES).collect()
        return {
            row["user_key"]: AuthorProfile.from_bytes(
                bytes(row["counts"]), row["posts"], bytes(row["texts"])
            )
            for row in rows
        }

    def _newest(self, posts: Any) -> dict[str, list[str]]:
        """Return the newest texts of each author, the oldest of them first."""
        from pyspark.sql import Window

        f = self.f
        order = (f.col("created_at").desc_nulls_last(), f.col("source_id"), f.col("text"))
        place = f.row_number().over(Window.partitionBy("user_key").orderBy(*order))
        rows = posts.select("user_key", "text", place.alias("place"))
        found: dict[str, list[str]] = defaultdict(list)
        newest = rows.where(f.col("place") <= ASKED_IN_ALL)
        for row in newest.orderBy("user_key", f.col("place").desc()).collect():
            found[row["user_key"]].append(row["text"])
        return found

    def _languages(self, posts: Any) -> dict[str, str | None]:
        """Return the language of most posts of each author."""
        found: dict[str, Counter[str | None]] = defaultdict(Counter)
        for row in posts.groupBy("user_key", "lang").count().collect():
            found[row["user_key"]][language_of(row["lang"] or "")] += row["count"]
        return {
            key: max(sorted(own, key=str), key=lambda tag: own[tag]) for key, own in found.items()
        }


def posts_of(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield the posts of JSON objects, and how many rows are none."""
    for number, row in enumerate(rows, 1):
        yield _post_of(row["row"] or "", number)


def _post_of(line: str, number: int) -> Row:
    if not line.strip():
        return {"fate": "blank"}
    try:
        found = msgspec.json.decode(line)
        if not isinstance(found, dict):
            return {"fate": "rejected"}
        item = Columns(found).read(found, number)
        if isinstance(item, BadRecord):
            return {"fate": "rejected"}
        if isinstance(item, Skipped):
            return {"fate": "skipped"}
        return _checked(item)
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


def profiles_of(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield the profiles of authors' texts, which follow one another."""
    for key, own in groupby(rows, itemgetter("user_key")):
        profile = NO_POSTS
        while texts := [row["text"] for row in islice(own, COUNTED_TOGETHER)]:
            profile = with_posts(profile, texts)
        yield {
            "user_key": key,
            "posts": profile.posts,
            "counts": profile.counts.to_bytes(),
            "texts": profile.texts.to_bytes(),
        }
