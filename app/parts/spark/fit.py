"""`saywho spark fit`: a model of at most 300 authors, from a corpus of any size.

Executors count features; the driver fits as a process without Spark does.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from app.compute.fitting import ChainedPost, CorpusAuthor, fit_corpus
from app.compute.population import Shipped
from app.compute.profiles import AuthorProfile
from app.compute.text import username_key
from app.parts.spark.bad_rows import BadRows, Row
from app.parts.spark.compare import to_bytes
from app.parts.spark.corpus import AUTHORS, POSTS, authors_of, posts_of
from app.parts.spark.jobs import JobError, inputs_of, mapped, read_rows, session
from app.population import shipped_authors
from app.runtime.clock import now

MOST_AUTHORS: Final = 300
_FILLED: Final = ("created_at", "lang", "answered")
"""Columns that a repeated post fills if they are missing in the first."""


class FitResult(msgspec.Struct, frozen=True):
    authors: int
    accepted: int
    """The number of counted posts, by these authors and by everyone else."""
    duplicates: int
    rejected: int
    skipped: int
    errors: list[Row]


def run(
    inputs: Sequence[str],
    output: Path,
    *,
    usernames: Sequence[str] = (),
    master: str = "local[*]",
    has_population: bool = True,
) -> FitResult:
    """Fit a model to the posts of the inputs, and write it to a new file.

    has_population: whether the shipped authors count among everyone else. Raises JobError if the
    output exists or an author in `usernames` has no posts, and FailedJobError.
    """
    if output.exists():
        raise JobError("{name} already exists; choose another file", name=str(output))
    if not output.parent.is_dir():
        raise JobError("the folder {name} does not exist", name=str(output.parent))
    if len(set(map(username_key, usernames))) > MOST_AUTHORS:
        raise JobError("a model can have at most {most} authors; choose fewer", most=MOST_AUTHORS)
    files = inputs_of(inputs)
    with session(master, "saywho spark fit") as spark:
        bad_rows = spark.sparkContext.accumulator(BadRows(), BadRows())
        posts = mapped(read_rows(spark, files), partial(posts_of, bad_rows, now()), POSTS)
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
    posts = _each_once(read.where("fate = 'post'")).cache()
    duplicates = fates.get("post", 0) - posts.count()
    names = _chosen(posts, named)
    newest_first = (f.col("created_at").desc_nulls_last(), f.col("place").desc())
    texts = posts.where(f.col("user_key").isin(list(names))).repartition("user_key")
    texts = texts.sortWithinPartitions("user_key", *newest_first)
    authors = {
        names[row["user_key"]]: CorpusAuthor(
            AuthorProfile.from_bytes(bytes(row["counts"]), row["posts"], bytes(row["texts"])),
            [ChainedPost(*post) for post in row["newest"]],
            row["language"],
        )
        for row in mapped(texts, authors_of, AUTHORS).collect()
    }
    usernames = [names[key] for key in sorted(names) if key in named or not named]
    if not any(authors[name].profile.counts.keys.size for name in usernames):
        raise JobError(
            "These authors' posts contain only other people's words, so nothing can be compared"
        )
    corpus = fit_corpus(authors, shipped)
    result = FitResult(
        len(usernames),
        sum(author.profile.posts for author in authors.values()),
        duplicates,
        fates.get("rejected", 0),
        fates.get("skipped", 0),
        [],
    )
    return to_bytes(corpus, usernames, is_named=bool(named)), result


def _each_once(posts: Any) -> Any:
    """Return each post once, the first of an id filled by the others."""
    from pyspark.sql import functions as f

    place, has_id, keys = f.col("place"), f.col("source_id").isNotNull(), ("user_key", "source_id")
    first = {name: f.when(f.col(name).isNotNull(), place) for name in _FILLED}
    columns = [
        f.min_by(name, first.get(name, place)).alias(name)
        for name in posts.columns
        if name not in keys
    ]
    once = posts.where(has_id).groupBy(*keys).agg(*columns)
    return once.select(*posts.columns).union(posts.where(~has_id))


def _chosen(posts: Any, named: Sequence[str]) -> dict[str, str]:
    """Return the authors of the fit by key: the named, then those with most posts."""
    from pyspark.sql import functions as f

    authors = posts.groupBy("user_key").agg(
        f.min_by("username", "place").alias("username"), f.count("*").alias("posts")
    )
    is_named = f.col("user_key").isin(list(named)) if named else f.lit(False)
    order = (is_named.desc(), f.col("posts").desc(), f.col("user_key"))
    rows = authors.orderBy(*order).limit(MOST_AUTHORS).collect()
    chosen = {row["user_key"]: row["username"] for row in rows}
    if missing := [name for name in named if name not in chosen]:
        raise JobError("the inputs contain no posts by {name}", name=missing[0])
    if not chosen:
        raise JobError("the inputs contain no posts with a text and an author")
    return chosen
