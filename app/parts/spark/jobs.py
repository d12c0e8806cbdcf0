"""A job on Spark: its session, the rows that it reads, and its failures as one line.

A row is one JSON object as bytes, so that one function reads all formats, in the executors.
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
from app.processes import python_path

SEPARATORS: Final = {"csv": ",", "tsv": "\t"}
AT_ONCE: Final = 2_000
"""Rows in a record batch of Arrow."""
SETTINGS: Final = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "2000",
    "spark.sql.execution.arrow.maxBytesPerBatch": "16m",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.unionOutputPartitioning": "false",
    "spark.sql.parquet.compression.codec": "zstd",
    # A partition is a minute of Python, however few bytes it has; its file is loaded in one go.
    "spark.sql.adaptive.coalescePartitions.enabled": "false",
    "spark.sql.files.maxPartitionBytes": "32m",
    # Else executors import modules from the folder that they run in.
    "spark.executorEnv.PYTHONSAFEPATH": "1",
}
_ONE_MACHINE: Final = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "2g",
}
_CAUSE: Final = re.compile(r"^(?:\w+\.)*\w*(?:Error|Exception): (.+)$", re.MULTILINE)


_FILE: Final = re.compile(r"Encountered error while reading file (.+?)\.\s")
_ROOT: Final = re.compile(r"^Caused by: [\w.$]+: (.+)$", re.MULTILINE)


class JobError(InvalidInputError):
    """A job cannot begin, or its input holds nothing for it."""


class FailedJobError(AppError):
    """A job that had begun failed, or a file could not be read to its end."""


@contextmanager
def session(master: str, name: str) -> Iterator[Any]:
    """Start Spark, and stop it at the end. Raises JobError where it cannot be had.

    Raises FailedJobError where a job fails.

    Under `spark-submit` its master counts.
    """
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    _check_java()
    is_submitted = "PYSPARK_GATEWAY_PORT" in os.environ
    settings = dict(SETTINGS)
    if master.startswith("local") and not is_submitted:
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        settings |= _ONE_MACHINE
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
        with suppress(Py4JError, ConnectionError):  # Java has ended already.
            spark.stop()


def _check_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = f"{home}/bin/java" if home else "java"
    try:
        subprocess.run([java, "-version"], capture_output=True, check=True)  # noqa: S603 # no shell
    except (OSError, subprocess.CalledProcessError) as error:
        raise JobError("Spark needs Java 17 or later, which was not found") from error


def _failure(text: str) -> FailedJobError:
    """Return the failure as one line: the file that breaks off, or else the cause."""
    if file := _FILE.search(text):
        return FailedJobError(
            "{name} cannot be read to its end: {error}",
            name=shown_name(file[1]),
            error=_last(_ROOT, text),
        )
    return FailedJobError("the job failed: {error}", error=_last(_CAUSE, text))


def _last(pattern: re.Pattern[str], text: str) -> str:
    """Return the last cause that a failure of many lines names, as one line."""
    causes = pattern.findall(text)
    return " ".join((causes[-1] if causes else text).split())[:300]


class Input(NamedTuple):
    """Files to be read, as a path or pattern."""

    name: str
    first: str
    """The first of them, whose ending says how all are read; of a store the name itself."""


def inputs_of(names: Sequence[str]) -> list[Input]:
    """Return the inputs with these names. Raises JobError where one on this machine is not there.

    Ask before Spark starts, which takes seconds.
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
    """Return the rows of files, folders and patterns, here or in a store.

    The columns are `row`, and where it stands: `input`, its number from 0, `file`, `start`, the
    byte at which the part of the file begins that one task reads, and `unit`.
    """
    tables = [_table(spark, number, *files) for number, files in enumerate(inputs)]
    return reduce(lambda one, other: one.union(other), tables)


def _table(spark: Any, number: int, name: str, first: str) -> Any:
    """Read Parquet, CSV, TSV, else JSON lines, as the first file tells."""
    from pyspark.sql import functions as f

    suffix = Path(first.removesuffix(".gz")).suffix.removeprefix(".").lower()
    if suffix == "parquet":
        table = spark.read.parquet(name)
        row, unit = f.to_json(f.struct("*")).cast("binary"), "record"
    elif suffix in SEPARATORS:
        # Each byte is a character of this encoding, and is itself again when it is written.
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
    """Return what a function makes of the rows of each partition; `schema` is Arrow's.

    Executors apply it to record batches; a missing column is null.
    """
    from pyspark.sql.pandas.types import from_arrow_schema

    def over_rows(batches: Iterable[Any]) -> Iterator[Any]:
        import pyarrow

        rows = function(row for batch in batches for row in batch.to_pylist())
        while portion := list(islice(rows, AT_ONCE)):
            yield pyarrow.RecordBatch.from_pylist(portion, schema)

    return table.mapInArrow(over_rows, from_arrow_schema(schema))
