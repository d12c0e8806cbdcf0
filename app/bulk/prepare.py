"""`saywho bulk prepare`: an archive of any size becomes the rows of an empty database, as files.

This is the plan that Spark runs; the work of its executors is in `checked` and `written`. Most
steps move keys and numbers. Whole posts move once, to their links, and texts once, to profiles.
"""

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import msgspec

from app.bulk import checked, written
from app.bulk.checked import OverRows, Reading
from app.bulk.inputs import cut, named_files
from app.bulk.spark import session
from app.bulk.target import MANIFEST, WORK, LeftOut, Manifest, Target
from app.clock import now
from app.formats.records import BrokenFileError

PROFILE_CHARACTERS: Final = 2_000_000
"""Characters of an author that are counted at once, by one task."""
TASK_CHARACTERS: Final = 16_000_000
"""Characters whose features one task counts: a minute of work."""
_POST: Final = ("id", "user_id", "user_key", "reply_key", "slot", *checked.POST)
_POST_SCHEMA: Final = ", ".join(
    f"{name} {({'id': 'long', 'user_id': 'long'} | checked.COLUMNS)[name]}" for name in _POST
)


@dataclass(frozen=True, slots=True)
class PrepareJob:
    """What is prepared, and where."""

    inputs: Sequence[str]
    target: str
    format: str = "auto"
    username: str | None = None
    include_restricted: bool = False
    decode_entities: bool = False
    master: str = "local[*]"


def prepare(job: PrepareJob) -> Manifest:
    """Prepare the inputs, and return what they held. Raises JobError and ImportFileError."""
    target = Target(job.target)
    target.refuse_existing()
    files = named_files(job.inputs)
    parts = cut(files, job.format)
    options = {"include_restricted": job.include_restricted, "decode_entities": job.decode_entities}
    reading = Reading(parts, now(), job.username, tuple(options.items()))
    with session(job.master, "saywho bulk prepare") as spark:
        manifest = _Preparation(spark, target, files, reading).run()
    target.remove(WORK)
    target.write(MANIFEST, msgspec.json.encode(manifest))
    return manifest


class _Preparation:
    """The steps; a table that several later ones need is kept as files."""

    def __init__(self, spark: Any, target: Target, files: Sequence[str], reading: Reading) -> None:
        from pyspark.sql import functions

        self.f = functions
        self.spark = spark
        self.target = target
        self.files = files
        self.reading = reading
        self.tasks = max(spark.sparkContext.defaultParallelism, len(reading.parts))
        spark.conf.set("spark.sql.shuffle.partitions", self.tasks)

    def run(self) -> Manifest:
        f = self.f
        read = self._kept("read", self._read())
        left_out = self._left_out(read)
        posts = read.where(f.col("fate").isNull())
        named = self._kept("named", self._named(posts))
        authors = self._kept("authors", self._authors(named))
        conflicts = self._conflicts(named, authors)
        posts = self._of_authors(posts, authors)
        posts = self._without_repeated(self._merged(posts.select(*_POST, "file")))
        posts = self._kept("posts", self._linked(posts.select(*_POST)))
        texts = [f.count("*").alias("posts"), f.sum(f.length("text")).alias("characters")]
        authors = self._kept("sizes", authors.join(posts.groupBy("user_id").agg(*texts), "user_id"))
        self._write_posts(posts)
        self._write_authors(authors)
        self._write_profiles(posts, authors)
        stored, found = authors.agg(f.sum("posts"), f.count("*")).first()
        valid = (named.agg(f.sum("posts")).first()[0] or 0) - sum(
            each.records for each in conflicts
        )
        duplicates = valid - (stored or 0)
        return _manifest([*left_out, *conflicts], stored or 0, duplicates, found)

    def _kept(self, name: str, table: Any) -> Any:
        """Write a table, and return it as it is read again."""
        place = self.target.inside(f"{WORK}/{name}")
        table.write.parquet(place)
        return self.spark.read.schema(table.schema).parquet(place)

    def _read(self) -> Any:
        parts = len(self.reading.parts)
        numbers = self.spark.range(0, parts, 1, max(1, parts))
        return _mapped(numbers, self.reading, checked.SCHEMA)

    def _left_out(self, read: Any) -> list[LeftOut]:
        """Count the records that are no posts. Raises BrokenFileError where a file breaks off."""
        f = self.f
        rows = read.where(f.col("fate").isNotNull()).groupBy("file", "fate", "reason")
        found = rows.agg(f.count("*").alias("records"), self._first_place()).orderBy(
            "file", "place"
        )
        left_out = [self._reason(row) for row in found.collect()]
        for each in left_out:
            if each.fate == "broken":
                raise BrokenFileError(each.detail)
        return left_out

    def _first_place(self) -> Any:
        return self.f.min_by("place", self.f.struct("part", "seq")).alias("place")

    def _reason(self, row: Any) -> LeftOut:
        return LeftOut(self.files[row.file], row.fate, row.reason, row.records, row.place)

    def _named(self, posts: Any) -> Any:
        """Return the names of authors, as posts of each platform have them."""
        f = self.f
        first = f.min(f.struct("part", "seq", "file", "place", "username")).alias("first")
        shown = f.when(f.col("display_name").isNotNull(), f.struct("part", "seq", "display_name"))
        found = posts.groupBy("user_key", "platform").agg(
            first, f.min(shown)["display_name"].alias("display_name"), f.count("*").alias("posts")
        )
        return found.select("user_key", "platform", "first.*", "display_name", "posts")

    def _authors(self, named: Any) -> Any:
        """Return the authors, numbered in the order in which an import meets them."""
        from pyspark.sql import Window

        ordered = named.repartition("user_key").sortWithinPartitions("user_key", "part", "seq")
        authors = _mapped(ordered, written.authors_of, written.AUTHOR)
        number = self.f.row_number().over(Window.orderBy("part", "seq"))
        return authors.withColumn("user_id", number.cast("long"))

    def _conflicts(self, named: Any, authors: Any) -> list[LeftOut]:
        """Count the posts that are refused for their platform."""
        f = self.f
        refusing = authors.where("refused != ''").select("user_key", "refused", "reason")
        refused = named.join(refusing, "user_key").where("find_in_set(platform, refused) > 0")
        rows = refused.withColumn("fate", f.lit("rejected")).groupBy("file", "fate", "reason")
        found = rows.agg(f.sum("posts").alias("records"), self._first_place())
        return [self._reason(row) for row in found.collect()]

    def _of_authors(self, posts: Any, authors: Any) -> Any:
        """Return the posts with their ids, which are in the order of the files, and authors."""
        f = self.f
        sizes = {
            row.part: row.posts
            for row in posts.groupBy("part").agg(f.max("seq").alias("posts")).collect()
        }
        before, offsets = 0, []
        for part in range(len(self.reading.parts)):
            offsets.append((part, before))
            before += sizes.get(part, 0)
        offset = f.broadcast(
            self.spark.createDataFrame(offsets or [(0, 0)], "part int, before long")
        )
        posts = posts.join(offset, "part").withColumn("id", f.col("before") + f.col("seq"))
        known = authors.select("user_key", "user_id", "refused")
        is_refused = f.coalesce(f.expr("find_in_set(platform, refused)"), f.lit(0)) > 0
        return posts.drop("username", "display_name").join(known, "user_key").where(~is_refused)

    def _merged(self, posts: Any) -> Any:
        """Merge the posts of each source id of an author."""
        f, key = self.f, ["user_id", "source_id"]
        often = posts.where("source_id IS NOT NULL").groupBy(key).agg(f.count("*").alias("n"))
        often = self._kept("often", often.where("n > 1").drop("n"))
        if often.isEmpty():
            return posts
        schema = f"{_POST_SCHEMA}, file int"
        some = posts.join(often, key, "left_semi").repartition(*key)
        ordered = some.sortWithinPartitions(*key, "id")
        merged = _mapped(ordered, written.merge_repeated, schema)
        return posts.join(often, key, "left_anti").select(merged.columns).union(merged)

    def _without_repeated(self, posts: Any) -> Any:
        """Leave out posts without a source id that an earlier file holds too."""
        f = self.f
        if len(self.files) < 2:
            return posts
        time = f.coalesce("dated_at", "created_at").cast("string")
        kind = f.md5(f.concat_ws("\n", "user_key", f.coalesce(time, f.lit("")), "text"))
        # Kept: Spark 4.3 returns a union that is joined with itself unsorted, even if told to sort.
        keyed = self._kept("keyed", posts.select("id", "file", "source_id", kind.alias("kind")))
        several = keyed.groupBy("kind").agg(
            f.countDistinct("file").alias("files"),
            f.count("source_id").alias("ids"),
            f.count("*").alias("n"),
        )
        several = several.where("files > 1 AND ids < n").select("kind")
        some = keyed.join(several, "kind", "left_semi").repartition("kind")
        ordered = some.sortWithinPartitions("kind", "id")
        repeated = self._kept("repeated", _mapped(ordered, written.find_repeated, "id long"))
        return posts.join(repeated, "id", "left_anti")

    def _linked(self, posts: Any) -> Any:
        """Link replies to the posts that they answer, and name their threads."""
        f = self.f
        answered = f.coalesce("reply_key", "user_key").alias("key")
        keys = ("id", "user_id", "user_key", "reply_key", "source_id", "reply_to_source_id")
        linked = self._kept("keys", posts.select(*keys))
        replies = linked.where("reply_to_source_id IS NOT NULL").select(
            "id", "user_id", answered, f.col("reply_to_source_id").alias("source")
        )
        parents = linked.where("source_id IS NOT NULL").select(
            f.col("user_key").alias("key"),
            f.col("source_id").alias("source"),
            f.col("id").alias("parent"),
            f.col("user_id").alias("parent_user"),
        )
        links = self._kept("links", replies.join(parents, ["key", "source"]))
        own = links.where("user_id = parent_user AND id != parent").select(
            "user_id", "id", "parent"
        )
        threads = own.groupBy("user_id").applyInArrow(written.threads_of, "id long, thread_id long")
        answers = links.select("id", f.col("parent").alias("reply_to_id"))
        return posts.join(answers.join(threads, "id", "full_outer"), "id", "left")

    def _write_posts(self, posts: Any) -> None:
        f = self.f
        lines = posts.drop("user_key", "reply_key", "slot")
        lines = _mapped(lines, written.post_lines, "tweet string, words string")
        lines.write.parquet(self.target.inside("posts"))
        lang = f.coalesce("lang", f.lit(""))
        counts = posts.groupBy("user_id", "slot", lang.alias("lang")).agg(f.count("*").alias("n"))
        line = f.concat(
            f.concat_ws("\t", *(f.col(name).cast("string") for name in counts.columns)), f.lit("\n")
        )
        counts.select(line.alias("counts")).write.parquet(self.target.inside("counts"))

    def _write_authors(self, authors: Any) -> None:
        lines = partial(written.author_lines, arrived_at=self.reading.arrived_at)
        rows = _mapped(authors, lines, "user string, events string")
        rows.write.parquet(self.target.inside("authors"))

    def _write_profiles(self, posts: Any, authors: Any) -> None:
        """Count the features of each author's texts; those of an author with many, in parts."""
        f = self.f
        parts = f.ceil(f.col("characters") / PROFILE_CHARACTERS)
        many = authors.select("user_id", parts.alias("parts")).where("parts > 1")
        spread = f.expr("CASE WHEN parts > 1 THEN pmod(xxhash64(text), parts) ELSE 0 END")
        texts = posts.select("user_id", "text").join(f.broadcast(many), "user_id", "left")
        texts = texts.select("user_id", spread.alias("spread"), "text")
        total = authors.agg(f.sum("characters")).first()[0] or 0
        tasks = max(self.tasks, total // TASK_CHARACTERS)
        key = ("user_id", "spread")
        texts = texts.repartition(tasks, *key).sortWithinPartitions(*key)
        found = _mapped(texts, written.profile_parts, written.PROFILE_PART)
        found = self._kept("profiles", found)
        whole = found.repartition(tasks, "user_id").sortWithinPartitions("user_id")
        lines = _mapped(whole, written.profile_lines, "profile string")
        lines.write.parquet(self.target.inside("profiles"))


def _mapped(table: Any, function: Any, schema: str) -> Any:
    """Return what a function of rows makes of each partition."""
    return table.mapInArrow(OverRows(function, schema), schema)


def _manifest(left_out: list[LeftOut], stored: int, duplicates: int, authors: int) -> Manifest:
    records = Counter[str]()
    for each in left_out:
        records[each.fate] += each.records
    return Manifest(
        id=secrets.token_hex(8),
        authors=authors,
        accepted=stored,
        duplicates=duplicates,
        rejected=records["rejected"],
        reposts=records["repost"],
        restricted=records["restricted"],
        skipped=records["skipped"],
        left_out=left_out,
    )
