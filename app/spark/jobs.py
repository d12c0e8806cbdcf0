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
from typing import Any, Final

from app.errors import AppError, InvalidInputError
from app.spark.bad_rows import Row, shown_name

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
    builder = SparkSession.builder.appName(name).config(map=settings)
    try:
        spark = (builder if is_submitted else builder.master(master)).getOrCreate()
    except (PySparkException, Py4JError, OSError) as error:
        raise JobError("Spark does not start: {error}", error=_last(_CAUSE, str(error))) from error
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
        raise JobError("Spark needs Java 17 or later, and there is none here") from error


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


def read_rows(spark: Any, inputs: Sequence[str]) -> Any:
    """Return the rows of files, folders and patterns, here or in a store.

    The columns are `row`, and where it stands: `file`, `start`, the byte at which the part of the
    file begins that one task reads, and `unit`. Raises JobError where an input is not there.
    """
    return reduce(lambda one, other: one.union(other), [_table(spark, name) for name in inputs])


def _table(spark: Any, name: str) -> Any:
    """Read Parquet, CSV, TSV, else JSON lines; of a folder on this machine its first file tells."""
    from pyspark.sql import functions as f

    first = name
    if "://" not in name:
        paths = (
            [name]
            if Path(name).is_file()
            else sorted(glob.glob(f"{name}/*" if Path(name).is_dir() else name))
        )
        paths = [path for path in paths if Path(path).name[:1] not in {".", "_"}]
        if not paths:
            raise JobError("{name} does not exist, or holds no files", name=name)
        first = paths[0]
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
