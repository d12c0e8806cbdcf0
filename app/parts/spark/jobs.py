"""A job on Spark: session, rows as JSON bytes, so that one function reads all formats, and failures
in one line.
"""

import glob
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import reduce
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from app.errors import AppError, InvalidInputError
from app.parts.spark.bad_rows import Row, shown_name
from app.runtime.processes import python_path

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


class FailedJobError(AppError):
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
    """The first file, whose suffix decides all formats; in a store, the name."""


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
