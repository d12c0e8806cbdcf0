"""Reads a table and writes it again by a library, as its users do.

`convert.py LIBRARY KIND IN OUT`, with `LIBRARY:careful` for the line that makes it right.
It runs in the environment of the neighbours, without saywho.
"""

import sys
from pathlib import Path


def by_pandas(kind: str, source: str, target: str, *, careful: bool) -> None:
    import pandas

    if source.endswith("jsonl"):
        kinds = {"source_id": str, "username": str} if careful else None
        frame = pandas.read_json(source, lines=True, dtype=kinds, convert_dates=not careful)
    else:
        options = {"dtype": str, "keep_default_na": False} if careful else {}
        frame = pandas.read_csv(source, **options)
    if kind == "csv":
        frame.to_csv(target, index=False)
    elif kind == "jsonl":
        frame.to_json(target, orient="records", lines=True, force_ascii=False)
    else:
        frame.to_excel(target, index=False)


def by_polars(kind: str, source: str, target: str, *, careful: bool) -> None:
    import polars

    if source.endswith("jsonl"):
        length = {"infer_schema_length": None} if careful else {}
        frame = polars.read_ndjson(source, **length)
    else:
        frame = polars.read_csv(source, **({"infer_schema": False} if careful else {}))
    if kind == "csv":
        nested = [name for name, type_ in frame.schema.items() if type_.is_nested()]
        frame.with_columns(polars.lit("").alias(name) for name in nested).write_csv(target)
    else:
        frame.write_ndjson(target)


def by_duckdb(kind: str, source: str, target: str, *, careful: bool) -> None:
    import duckdb

    if careful:
        duckdb.execute("SET TimeZone='Asia/Seoul'")
    reader = "read_json_auto" if source.endswith("jsonl") else "read_csv_auto"
    options = ", all_varchar=true" if careful and reader == "read_csv_auto" else ""
    form = "(FORMAT csv, HEADER)" if kind == "csv" else "(FORMAT json)"
    duckdb.execute(f"COPY (SELECT * FROM {reader}('{source}'{options})) TO '{target}' {form}")


def by_pyarrow(kind: str, source: str, target: str, *, careful: bool) -> None:
    from pyarrow import csv

    options = csv.ParseOptions(newlines_in_values=True)
    kinds = {"username": "string"} if careful else None
    read = csv.read_csv(
        source, parse_options=options, convert_options=csv.ConvertOptions(column_types=kinds)
    )
    csv.write_csv(read, target)


def by_petl(kind: str, source: str, target: str, *, careful: bool) -> None:
    import petl

    petl.tocsv(petl.fromcsv(source, encoding="utf-8"), target, encoding="utf-8")


def by_tablib(kind: str, source: str, target: str, *, careful: bool) -> None:
    import tablib

    with open(source, encoding="utf-8", newline="") as file:
        read = tablib.Dataset().load(file, format="csv")
    written = read.export(kind)
    data = written if isinstance(written, bytes) else written.encode()
    with open(target, "wb") as file:
        file.write(data)


def by_frictionless(kind: str, source: str, target: str, *, careful: bool) -> None:
    from frictionless import Resource, system

    with system.use_context(trusted=True):
        Resource(source).write(target)


def by_orange3(kind: str, source: str, target: str, *, careful: bool) -> None:
    from Orange.data import Table

    Table.from_file(source).save(target)


def by_pyspark(kind: str, source: str, target: str, *, careful: bool) -> None:
    from pyspark.sql import SparkSession

    own = {"multiLine": True, "escape": '"'} if careful else {}
    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    session = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    if source.endswith("jsonl"):
        frame = session.read.json(source)
    else:
        frame = session.read.options(header=True, **own).csv(source)
    written = Path(f"{target}.parts")
    writer = frame.coalesce(1).write.mode("overwrite")
    if kind == "csv":
        blanks = {"ignoreLeadingWhiteSpace": False, "ignoreTrailingWhiteSpace": False}
        whole = {"escape": '"'} | blanks if careful else {}
        writer.options(header=True, **whole).csv(str(written))
    else:
        writer.json(str(written))
    (part,) = written.glob("part-*")
    part.rename(target)


def by_clevercsv(kind: str, source: str, target: str, *, careful: bool) -> None:
    import clevercsv

    rows = clevercsv.read_table(source)
    clevercsv.write_table(rows, target, dialect="excel")


if __name__ == "__main__":
    library, kind, source, target = sys.argv[1:]
    name, _, how = library.partition(":")
    globals()[f"by_{name.lower()}"](kind, source, target, careful=how == "careful")
