"""A job on Spark: session, failures, and rows as JSON bytes, so that one function reads any format.

The first bad rows are reported with file and place as in the report of an import. Spark reads a
large file in parts, and a task knows only a row's number in its part: the rows of each part give
the place.
"""

import glob
import os
import re
import subprocess
import sys
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import reduce
from itertools import accumulate, islice
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import unquote, urlsplit

import msgspec

from app.errors import InvalidInputError, Message, RecordError, StatusError
from saywho.formats.source.json import NOT_AN_OBJECT, load
from saywho.processes import python_path

Row = dict[str, Any]
MAX_ERRORS: Final = 100
_MARK: Final = b'{"' + BOM_UTF8
"""Start of a CSV file with a byte order mark."""


class FilePart(NamedTuple):
    file: str
    start: int
    unit: str
    """`line` or `record`."""


class RowNumber(NamedTuple):
    part: FilePart
    number: int
    """The row's number in the part, from 1."""


@dataclass(slots=True)
class BadRows:
    """The number of rows in each part, and the first errors; a repeated task changes nothing, since
    Spark may repeat tasks.
    """

    sizes: dict[FilePart, int] = field(default_factory=dict)
    details: dict[RowNumber, str] = field(default_factory=dict)

    def zero(self, _value: object) -> "BadRows":
        """Return a new task's empty report; Spark calls this and `addInPlace`."""
        return BadRows()

    def addInPlace(self, one: "BadRows", two: "BadRows") -> "BadRows":  # noqa: N802 # Spark's name
        one.sizes |= two.sizes
        details = one.details | two.details
        one.details = {place: details[place] for place in sorted(details)[:MAX_ERRORS]}
        return one

    def errors(self) -> list[Row]:
        """Return file, place and detail of the first bad rows."""
        before: dict[FilePart, int] = {}
        parts = sorted(self.sizes)
        for part, rows in zip(parts, accumulate(map(self.sizes.__getitem__, parts)), strict=True):
            before[part] = rows - self.sizes[part]
        first = {part.file: before[part] for part in reversed(parts)}
        return [
            {
                "file": shown_name(part.file),
                part.unit: before[part] - first[part.file] + number,
                "detail": detail,
            }
            for (part, number), detail in self.details.items()
        ]


def answers(
    read: Callable[[Row, int], Row], accumulator: Any, rows: Iterator[Row]
) -> Iterator[Row]:
    """Yield the answer of `read` to each numbered row that is not blank; those with an `error` go
    to the accumulator of `BadRows`.
    """
    bad_rows = BadRows()
    for row in rows:
        part = FilePart(row["file"], row["start"], row["unit"])
        number = bad_rows.sizes[part] = bad_rows.sizes.get(part, 0) + 1
        if row["row"] and row["row"].strip():
            answer = read(row, number)
            if (error := answer.get("error")) and len(bad_rows.details) < MAX_ERRORS:
                bad_rows.details[RowNumber(part, number)] = error
            yield answer
    accumulator.add(bad_rows)


def json_object(row: bytes) -> Row:
    """Return the object of a row, with lone surrogates for bytes that are not UTF-8.

    Raises RecordError.
    """
    if row.startswith(_MARK):
        row = b'{"' + row.removeprefix(_MARK)
    try:
        return msgspec.json.decode(row, type=Row)
    except (ValueError, RecursionError):
        value = load(row.decode(errors="surrogateescape"))  # An import reads damaged rows this way.
    if isinstance(value, dict):
        return value
    raise RecordError(value if isinstance(value, Message) else NOT_AN_OBJECT)


def shown_name(address: str) -> str:
    """Return a file's name for messages: a path on this machine, or a URL."""
    parts = urlsplit(address)
    return unquote(parts.path) if parts.scheme == "file" else address


SEPARATORS: Final = {"csv": ",", "tsv": "\t"}
AT_ONCE: Final = 2_000
SETTINGS: Final = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "2000",
    "spark.sql.execution.arrow.maxBytesPerBatch": "16m",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.unionOutputPartitioning": "false",
    "spark.sql.parquet.compression.codec": "zstd",
    # A partition of few bytes may take a minute of Python, and its file is loaded as a whole.
    "spark.sql.adaptive.coalescePartitions.enabled": "false",
    "spark.sql.files.maxPartitionBytes": "32m",
    # Otherwise executors import modules from their current folder.
    "spark.executorEnv.PYTHONSAFEPATH": "1",
}
_CAUSE: Final = re.compile(r"^(?:\w+\.)*\w*(?:Error|Exception): (.+)$", re.MULTILINE)


_FILE: Final = re.compile(r"Encountered error while reading file (.+?)\.\s")
_ROOT: Final = re.compile(r"^Caused by: [\w.$]+: (.+)$", re.MULTILINE)


class JobError(InvalidInputError):
    """A job that cannot start, or has no input."""


class FailedJobError(StatusError):
    """A job that failed after its start, or a file that is truncated."""


@contextmanager
def session(master: str, name: str) -> Iterator[Any]:
    """Start Spark, and stop it at the end; `spark-submit` decides the master.

    Raises JobError if Spark does not start, and FailedJobError for a failed job.
    """
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    _check_java()
    is_submitted = "PYSPARK_GATEWAY_PORT" in os.environ
    settings = dict(SETTINGS)
    if master.startswith("local") and not is_submitted:
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        settings |= {
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.memory": "2g",
        }
        settings |= {f"spark.executorEnv.{name}": value for name, value in python_path().items()}
    builder = SparkSession.builder.appName(name).config(map=settings)
    try:
        spark = (builder if is_submitted else builder.master(master)).getOrCreate()
    except (PySparkException, Py4JError, OSError) as error:
        raise JobError("Spark did not start: {error}", error=_last(_CAUSE, str(error))) from error
    try:
        spark.sparkContext.setLogLevel("OFF")
        yield spark
    except (PySparkException, Py4JError, ConnectionError) as error:
        raise _failure(str(error)) from error
    finally:
        with suppress(Py4JError, ConnectionError):  # Java may have ended already.
            spark.stop()


def _check_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = f"{home}/bin/java" if home else "java"
    try:
        subprocess.run([java, "-version"], capture_output=True, check=True)  # noqa: S603 # no shell
    except (OSError, subprocess.CalledProcessError) as error:
        raise JobError("Spark needs Java 17 or later, which was not found") from error


def _failure(text: str) -> FailedJobError:
    if file := _FILE.search(text):
        return FailedJobError(
            "{name} cannot be read to its end: {error}",
            name=shown_name(file[1]),
            error=_last(_ROOT, text),
        )
    return FailedJobError("the job failed: {error}", error=_last(_CAUSE, text))


def _last(pattern: re.Pattern[str], text: str) -> str:
    causes = pattern.findall(text)
    return " ".join((causes[-1] if causes else text).split())[:300]


class Input(NamedTuple):
    name: str
    first: str
    """The first file: its suffix decides all formats; in a store, the name."""


def inputs_of(names: Sequence[str]) -> list[Input]:
    """Return the inputs with these names. Raises JobError if one does not exist here.

    Call it before Spark starts, which takes seconds.
    """
    return [Input(name, name if "://" in name else _first_file(name)) for name in names]


def _first_file(name: str) -> str:
    paths = (
        [name]
        if Path(name).is_file()
        else sorted(glob.glob(f"{name}/*" if Path(name).is_dir() else name))
    )
    for path in paths:
        if Path(path).name[:1] not in {".", "_"}:
            return path
    raise JobError("{name} does not exist, or contains no files", name=name)


def read_rows(spark: Any, inputs: Sequence[Input]) -> Any:
    """Return the rows of files, folders and patterns, on this machine or in a store.

    Columns: `row`, `input` (its number from 0), `file`, `start` (position of a task's part in the
    file) and `unit`.
    """
    tables = [_table(spark, number, *files) for number, files in enumerate(inputs)]
    return reduce(lambda one, other: one.union(other), tables)


def _table(spark: Any, number: int, name: str, first: str) -> Any:
    """Read Parquet, CSV, TSV or otherwise JSON lines, by the suffix of the first file."""
    from pyspark.sql import functions as f

    suffix = Path(first.removesuffix(".gz")).suffix.removeprefix(".").lower()
    if suffix == "parquet":
        table = spark.read.parquet(name)
        row, unit = f.to_json(f.struct("*")).cast("binary"), "record"
    elif suffix in SEPARATORS:
        # In this encoding each byte is a character, and becomes the same byte when it is encoded.
        table = spark.read.csv(
            name,
            header=True,
            sep=SEPARATORS[suffix],
            multiLine=True,
            escape='"',
            encoding="ISO-8859-1",
        )
        row, unit = f.encode(f.to_json(f.struct("*")), "ISO-8859-1"), "record"
    else:
        table = spark.read.text(name)
        row, unit = f.col("value").cast("binary"), "line"
    metadata = table.metadataColumn("_metadata")
    return table.select(
        row.alias("row"),
        f.lit(number).alias("input"),
        metadata["file_path"].alias("file"),
        metadata["file_block_start"].alias("start"),
        f.lit(unit).alias("unit"),
    )


def mapped(table: Any, function: Callable[[Iterator[Row]], Iterator[Row]], schema: Any) -> Any:
    """Return the rows that a function yields for each partition, with an Arrow schema.

    Executors apply it to record batches; a missing column is null.
    """
    from pyspark.sql.pandas.types import from_arrow_schema

    def over_rows(batches: Iterable[Any]) -> Iterator[Any]:
        import pyarrow

        rows = function(row for batch in batches for row in batch.to_pylist())
        while portion := list(islice(rows, AT_ONCE)):
            yield pyarrow.RecordBatch.from_pylist(portion, schema)

    return table.mapInArrow(over_rows, from_arrow_schema(schema))
