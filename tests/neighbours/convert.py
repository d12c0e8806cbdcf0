"""Reads a table and writes it again by a library, as its users do.

`convert.py LIBRARY KIND IN OUT`, with `LIBRARY:careful` for the line that makes it right.
It runs in the environment of the neighbours, without saywho.
"""

import sys


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

    reader = "read_json_auto" if source.endswith("jsonl") else "read_csv_auto"
    options = ", all_varchar=true" if careful and reader == "read_csv_auto" else ""
    form = "(FORMAT csv, HEADER)" if kind == "csv" else "(FORMAT json)"
    duckdb.execute(f"COPY (SELECT * FROM {reader}('{source}'{options})) TO '{target}' {form}")


if __name__ == "__main__":
    library, kind, source, target = sys.argv[1:]
    name, _, how = library.partition(":")
    {"pandas": by_pandas, "polars": by_polars, "duckdb": by_duckdb}[name](
        kind, source, target, careful=how == "careful"
    )
