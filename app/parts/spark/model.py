"""`saywho spark fit` and `compare`: a model of at most 300 authors, from a corpus of any size.

Executors count features and judge texts; the driver fits as a process without Spark does.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow
from numpy.typing import NDArray

from app.errors import AppError, RecordError, message_of
from app.parts.spark import jobs
from app.security import write_durably
from app.services.posts.post_content import checked_language, checked_target, lenient, valid_post
from saywho import text as written
from saywho.clock import now
from saywho.comparing.copied_texts import undecided_verdict, without_ratios
from saywho.comparing.question import Question, comparable_texts, messages_of
from saywho.comparing.verdict import ranked_authors
from saywho.engine import fitting
from saywho.engine.attribution import scores_of_each
from saywho.engine.case import RATED, Case, best_of, query_of_texts
from saywho.engine.features import RECIPE
from saywho.engine.judgement import SURE, judge
from saywho.engine.population import Shipped
from saywho.engine.profiles import NO_POSTS, AuthorProfile, text_keys, with_posts
from saywho.formats.post import Medium
from saywho.formats.reading import BROKEN, is_broken
from saywho.formats.records import Record
from saywho.formats.tables.columns import file_columns_of
from saywho.formats.tables.rows import read_document
from saywho.population import shipped_authors

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


def posts_of(bad_rows: Any, arrived_at: datetime, rows: Iterator[jobs.Row]) -> Iterator[jobs.Row]:
    """Yield the posts of JSON objects, and rows without a post; bad rows are reported."""
    return jobs.answers(partial(_post_of, arrived_at), bad_rows, rows)


def _post_of(arrived_at: datetime, row: jobs.Row, number: int) -> jobs.Row:
    try:
        document = jobs.json_object(row["row"])
        item = read_document(document, number)
        if not isinstance(item, Record):
            return {"fate": "skipped"}
        place = {"input": row["input"], "file": row["file"], "start": row["start"]}
        return _checked(item, arrived_at) | {"place": place | {"number": number}}
    except (ValueError, RecursionError, AppError) as error:
        return {"fate": "rejected", "error": str(message_of(error))}


def _checked(record: Record, arrived_at: datetime) -> jobs.Row:
    """Return the post as an import would store it. Raises ValueError and AppError."""
    name = written.clean_username(record.username or "")
    target = lenient(checked_target, record.reply_to)
    content = msgspec.structs.replace(
        record,
        text=written.drop_controls(record.text),
        lang=lenient(checked_language, record.lang),
        url=None,
        reply_to=None,
        media=tuple(Medium(medium.kind) for medium in record.media[:1]),
        counts=None,
        room=None,
    )
    post = valid_post(content, arrived_at=arrived_at)
    if is_broken(post.source_id or ""):
        raise RecordError(BROKEN)
    is_own = target and written.username_key(target.username or name) == written.username_key(name)
    return {
        "fate": "post",
        "user_key": written.username_key(name),
        "username": name,
        "text": written.counted_text(post.text, post.handles or ""),
        "created_at": post.created_at,
        "lang": post.lang,
        "source_id": post.source_id,
        "answered": target.source_id if target and is_own else None,
    }


def authors_of(rows: Iterator[jobs.Row]) -> Iterator[jobs.Row]:
    """Yield the counts of each author; an author's posts are consecutive rows, newest first."""
    for key, posts in groupby(rows, itemgetter("user_key")):
        profile, links = NO_POSTS, _Links()
        newest, languages = list[tuple[int, str]](), Counter[str | None]()
        while portion := list(islice(posts, 1_000)):
            texts = [row["text"] for row in portion]
            worded = [post for post in enumerate(texts, profile.posts) if post[1]]
            profile = with_posts(profile, texts)
            links.add(portion)
            newest += worded[: fitting.ASKED_IN_ALL - len(newest)]
            languages.update(written.language_of(row["lang"] or "") for row in portion)
        yield {
            "user_key": key,
            "posts": profile.posts,
            "counts": profile.counts.to_bytes(),
            "texts": profile.texts.to_bytes(),
            "newest": [
                post._asdict() for post in fitting.chained(newest, fitting.chains_of(links.pairs()))
            ],
            "language": written.main_language(languages),
        }


class _Links:
    """An author's replies to themselves, numbered from 0; 8 bytes a post."""

    def __init__(self) -> None:
        self._ids = [np.empty(0, np.uint64)]
        self._answered: dict[int, str] = {}
        self._count = 0

    def add(self, posts: Sequence[jobs.Row]) -> None:
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
    errors: list[jobs.Row]


def fit(
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
        raise jobs.JobError("{name} already exists; choose another file", name=str(output))
    if not output.parent.is_dir():
        raise jobs.JobError("the folder {name} does not exist", name=str(output.parent))
    if len(set(map(written.username_key, usernames))) > MOST_AUTHORS:
        raise jobs.JobError(
            "a model can have at most {most} authors; choose fewer", most=MOST_AUTHORS
        )
    files = jobs.inputs_of(inputs)
    with jobs.session(master, "saywho spark fit") as spark:
        bad_rows = spark.sparkContext.accumulator(jobs.BadRows(), jobs.BadRows())
        posts = jobs.mapped(jobs.read_rows(spark, files), partial(posts_of, bad_rows, now()), POSTS)
        shipped = shipped_authors(is_wanted=has_population)
        content, result = _fitted(posts, [*map(written.username_key, usernames)], shipped)
        result = msgspec.structs.replace(result, errors=bad_rows.value.errors())
    try:
        write_durably(output, content, replaces=False)
    except OSError as error:
        raise jobs.JobError(
            "{name} cannot be written: {error}", name=str(output), error=str(error)
        ) from error
    return result


def _fitted(read: Any, named: Sequence[str], shipped: Shipped) -> tuple[bytes, FitResult]:
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
        names[row["user_key"]]: fitting.CorpusAuthor(
            AuthorProfile.from_bytes(bytes(row["counts"]), row["posts"], bytes(row["texts"])),
            [fitting.ChainedPost(*post) for post in row["newest"]],
            row["language"],
        )
        for row in jobs.mapped(texts, authors_of, AUTHORS).collect()
    }
    usernames = [names[key] for key in sorted(names) if key in named or not named]
    if not any(authors[name].profile.counts.keys.size for name in usernames):
        raise jobs.JobError(
            "These authors' posts contain only other people's words, so nothing can be compared"
        )
    corpus = fitting.fit_corpus(authors, shipped)
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
    from pyspark.sql import functions as f

    authors = posts.groupBy("user_key").agg(
        f.min_by("username", "place").alias("username"), f.count("*").alias("posts")
    )
    is_named = f.col("user_key").isin(list(named)) if named else f.lit(False)
    order = (is_named.desc(), f.col("posts").desc(), f.col("user_key"))
    rows = authors.orderBy(*order).limit(MOST_AUTHORS).collect()
    chosen = {row["user_key"]: row["username"] for row in rows}
    if missing := [name for name in named if name not in chosen]:
        raise jobs.JobError("the inputs contain no posts by {name}", name=missing[0])
    if not chosen:
        raise jobs.JobError("the inputs contain no posts with a text and an author")
    return chosen


_RANKED: Final = pyarrow.struct(
    [
        ("username", pyarrow.string()),
        ("probability", pyarrow.float64()),
        ("log10_lr", pyarrow.float64()),
        ("bound", pyarrow.string()),
        ("tweets", pyarrow.int64()),
    ]
)
_ANSWERS: Final = pyarrow.schema(
    [
        ("id", pyarrow.string()),
        ("text", pyarrow.string()),
        ("verdict", pyarrow.string()),
        ("none", pyarrow.float64()),
        ("ranking", pyarrow.list_(_RANKED)),
        ("error", pyarrow.string()),
    ]
)


class CompareResult(msgspec.Struct, frozen=True):
    texts: int
    verdicts: dict[str, int]
    """The number of texts by verdict; `error` counts unjudged texts."""
    errors: list[jobs.Row]


def compare(
    inputs: Sequence[str], model: Path, output: str, *, sure: float = SURE, master: str = "local[*]"
) -> CompareResult:
    """Judge the texts of the inputs, and write the answers to a new folder.

    Raises JobError for an invalid model or existing output, and FailedJobError.
    """
    if "://" not in output and Path(output).exists():
        raise jobs.JobError("{name} already exists; choose another folder", name=output)
    files = jobs.inputs_of(inputs)
    try:
        content = model.read_bytes()
        from_bytes(content)
    except (ValueError, SyntaxError) as error:  # NumPy raises SyntaxError for the name of a type.
        raise jobs.JobError(
            "{name} is not a model of this version; create one with saywho spark fit",
            name=str(model),
        ) from error
    except OSError as error:
        raise jobs.JobError("{name} cannot be read", name=str(model)) from error
    try:
        with jobs.session(master, "saywho spark compare") as spark:
            bad_rows = spark.sparkContext.accumulator(jobs.BadRows(), jobs.BadRows())
            judging = partial(_judged, spark.sparkContext.broadcast(content), sure, bad_rows)
            jobs.mapped(jobs.read_rows(spark, files), judging, _ANSWERS).write.parquet(output)
            counts = spark.read.parquet(output).groupBy("verdict").count().collect()
    except jobs.FailedJobError:
        with suppress(OSError):  # Spark leaves an empty folder, which the next run would refuse.
            Path(output).rmdir()
        raise
    verdicts = {row["verdict"] or "error": row["count"] for row in counts}
    return CompareResult(sum(verdicts.values()), verdicts, bad_rows.value.errors())


def _judged(
    content: Any, sure: float, bad_rows: Any, rows: Iterator[jobs.Row]
) -> Iterator[jobs.Row]:
    # `content` is a broadcast of the model's file.
    case = from_bytes(content.value)
    return jobs.answers(lambda row, _number: _answer(case, row["row"], sure), bad_rows, rows)


def _answer(case: Case, row: bytes, sure: float) -> jobs.Row:
    echo: jobs.Row = {}
    try:
        document = jobs.json_object(row)
        echo = {"id": None if document.get("id") is None else _storable(str(document["id"]))}
        text = document.get(file_columns_of(tuple(document)).text or "text")
        text = text if isinstance(text, str) else ""
        echo["text"] = _storable(text)
        if is_broken(text):
            raise RecordError(BROKEN)
        apart = messages_of(Question([echo["text"]]))
        texts = comparable_texts(apart.texts if apart else [echo["text"]])
    except AppError as error:
        return echo | {"error": str(error.detail)}
    case = _narrowed(replace(case, texts=texts))
    judgement = judge(case, sure)
    verdict, none, ranking = judgement.verdict, judgement.none, ranked_authors(case, judgement)
    if apart and apart.is_mixed:
        verdict, none = undecided_verdict(verdict, ranking), None
        ranking = without_ratios(ranking)
    shown = [msgspec.structs.asdict(ranked) for ranked in ranking]
    return echo | {"verdict": verdict, "none": none, "ranking": shown}


def _narrowed(case: Case) -> Case:
    if case.is_named or len(case.suspects) <= RATED:
        return case
    filled = [i for i, author in enumerate(case.suspects) if author.profile.counts.keys.size]
    profiles = [case.suspects[place].profile for place in filled]
    scores = np.full(len(case.suspects), -np.inf)
    query = query_of_texts(case.texts)
    (scores[filled],) = scores_of_each([query], profiles, case.fitted.background)
    best = best_of(scores)
    suspects = [case.suspects[place] for place in best]
    return replace(case, suspects=suspects, further=np.delete(scores, best))


def _storable(text: str) -> str:
    # Broken bytes are read as lone surrogates; each becomes `?`.
    return text.encode(errors="replace").decode()


_SIGNATURE: Final = "saywho corpus 6"


class _File(msgspec.Struct, frozen=True):
    signature: str
    recipe: int
    case: Case


def to_bytes(corpus: fitting.Corpus, names: Sequence[str], *, is_named: bool) -> bytes:
    """Return a corpus' model file; its answers name an author of `names`."""
    case = replace(corpus.case((), names), is_named=is_named)
    return msgspec.msgpack.encode(_File(_SIGNATURE, RECIPE, case), enc_hook=_parts_of)


def from_bytes(content: bytes) -> Case:
    """Return a model file's case, without texts. Raises ValueError for another version."""
    file = msgspec.msgpack.decode(content, type=_File, dec_hook=_array)
    if (file.signature, file.recipe) != (_SIGNATURE, RECIPE):
        raise ValueError("a model of another version")
    return file.case


def _parts_of(array: NDArray[Any]) -> tuple[str, tuple[int, ...], bytes]:
    return array.dtype.str, array.shape, array.tobytes()


def _array(_type: type, parts: tuple[str, list[int], bytes]) -> NDArray[Any]:
    dtype, shape, content = parts
    return np.frombuffer(content, dtype).reshape(shape)
