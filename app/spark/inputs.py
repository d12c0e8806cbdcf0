"""What a job reads: rows of JSON lines, CSV, Parquet or plain lines, by Spark's own readers.

A row is one JSON object as text, so that one function reads all of them, in the executors.
"""

import glob
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from pathlib import Path
from typing import Any, Final

from app.spark.session import JobError

FORMATS: Final = ("auto", "jsonl", "csv", "tsv", "parquet", "txt")
AT_ONCE: Final = 2_000
"""Rows in a record batch of Arrow."""
Row = dict[str, Any]


def read_rows(spark: Any, inputs: Sequence[str], format_name: str = "auto") -> Any:
    """Return the rows of files, folders and patterns, here or in a store: one column, `row`.

    Raises JobError where an input is not there.
    """
    tables = [_table(spark, name, _format_of(name, format_name)) for name in inputs]
    return reduce(lambda one, other: one.union(other), tables)


def _format_of(name: str, format_name: str) -> str:
    """Return how the input is read: as it is said, by its ending, else as JSON lines.

    Of a folder on this machine the first file tells.
    """
    if "://" not in name and not _found(name):
        raise JobError("{name} does not exist, or holds no files", name=name)
    if format_name != "auto":
        return format_name
    first = _found(name)[0] if "://" not in name else name
    suffix = Path(first.removesuffix(".gz")).suffix.removeprefix(".").lower()
    return suffix if suffix in FORMATS else "jsonl"


def _found(name: str) -> list[str]:
    """Return the files of a path, a folder or a pattern on this machine, by name."""
    pattern = f"{name}/*" if Path(name).is_dir() else name
    paths = [name] if Path(name).is_file() else sorted(glob.glob(pattern))
    return [path for path in paths if Path(path).name[:1] not in {".", "_"}]


def _table(spark: Any, name: str, format_name: str) -> Any:
    from pyspark.sql import functions as f

    if format_name == "jsonl":
        return spark.read.text(name).select(f.col("value").alias("row"))
    if format_name == "txt":
        table = spark.read.text(name).select(f.col("value").alias("text"))
    elif format_name == "parquet":
        table = spark.read.parquet(name)
    else:
        separator = "\t" if format_name == "tsv" else ","
        table = spark.read.csv(name, header=True, sep=separator, multiLine=True, escape='"')
    return table.select(f.to_json(f.struct("*")).alias("row"))


@dataclass(frozen=True, slots=True)
class OverRows:
    """Applies a function of rows to record batches of Arrow, in an executor."""

    function: Callable[[Iterator[Row]], Iterator[Row]]
    schema: Any
    """The Arrow schema of what it returns; a missing column is null."""

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        import pyarrow

        rows = self.function(row for batch in batches for row in batch.to_pylist())
        while some := list(islice(rows, AT_ONCE)):
            yield pyarrow.RecordBatch.from_pylist(some, self.schema)


def mapped(table: Any, function: Callable[[Iterator[Row]], Iterator[Row]], schema: Any) -> Any:
    """Return what a function makes of the rows of each partition; `schema` is Arrow's."""
    from pyspark.sql.pandas.types import from_arrow_schema

    return table.mapInArrow(OverRows(function, schema), from_arrow_schema(schema))
