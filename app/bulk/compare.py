"""`saywho bulk compare`: who would have said each of very many texts, by an exported model."""

import gzip
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from app.bulk.checked import RANKING, OverRows, Row
from app.bulk.inputs import (
    PARQUET,
    InputPart,
    LinePart,
    named_files,
    open_file,
    parquet_file,
    parquet_rows,
    sliced,
)
from app.bulk.spark import session
from app.bulk.target import Target
from app.errors import AppError
from app.formats.records import BrokenFileError
from app.formats.source.json import Json
from app.services.compare.batch_compare import (
    NAMES,
    BatchLine,
    GivenText,
    JudgedText,
    csv_texts,
    json_texts,
    plain_texts,
    text_or_error,
)
from app.services.compare.judging import judge_now
from app.services.compare.materials import Material
from app.services.compare.model_file import read_model

JSON: Final = frozenset({".jsonl", ".ndjson"})
SCHEMA: Final = (
    f"file string, place string, id string, verdict string, ranking {RANKING}, error string"
)
TEXT_BYTES: Final = 4 * 2**20
"""Bytes of a file that one task judges: some 15,000 texts, a minute of work."""


@dataclass(frozen=True)
class Judging:
    """How parts of files are judged, the same in every executor."""

    parts: Sequence[InputPart]
    model: Any
    """A broadcast of the model's file."""

    def __call__(self, numbers: Iterator[Row]) -> Iterator[Row]:
        """Yield the answers for the texts of the parts whose numbers come in."""
        material = read_model(self.model.value)
        for row in numbers:
            yield from _judged(self.parts[row["id"]], material)


def _judged(part: InputPart, material: Material) -> Iterator[Row]:
    """Yield the answers for the texts of a part. Raises BrokenFileError."""
    try:
        for place, line in _texts(part):
            given = line.given.id if line.given else None
            row: Row = {
                "file": part.name,
                "place": place,
                "id": None if given is None else str(given),
            }
            text = text_or_error(line)
            if isinstance(text, JudgedText):
                yield row | {"error": text.error}
                continue
            answer = judge_now(replace(material, text=text), explain=False)
            yield row | {
                "verdict": answer.verdict,
                "ranking": [msgspec.structs.asdict(each) for each in answer.ranking],
            }
    except (AppError, OSError, UnicodeDecodeError, EOFError) as error:
        reason = error.detail if isinstance(error, AppError) else "it is damaged, or not UTF-8"
        raise BrokenFileError("{name}: {reason}", name=part.name, reason=reason) from error


def _texts(part: InputPart) -> Iterator[tuple[str, BatchLine]]:
    """Yield the texts of a part as `saywho compare --file` reads them, and where each stands."""
    with open_file(part.name) as file:
        if part.format == PARQUET:
            yield from _texts_of_rows(parquet_rows(parquet_file(file, part.name), part))
            return
        lines = None if part.end is None else LinePart(file, part.start, part.end)
        stream: Any = io.BufferedReader(lines, 2**16) if lines else file
        if part.name.endswith(".gz"):
            stream = gzip.GzipFile(fileobj=stream)
        if part.format in JSON:
            found = json_texts(stream)
        else:
            is_csv = part.format == ".csv"
            text = io.TextIOWrapper(stream, "utf-8-sig", newline="" if is_csv else None)
            found = csv_texts(text) if is_csv else plain_texts(text)
        for line in found:
            yield f"byte {lines.offset_of(line.line)}" if lines else f"line {line.line}", line


def _texts_of_rows(rows: Iterator[tuple[int, Json]]) -> Iterator[tuple[str, BatchLine]]:
    for place, row in rows:
        text = next((row[name] for name in NAMES if isinstance(row.get(name), str)), "")
        given = GivenText(str(text), cast("str | int | None", row.get("id")))
        yield f"record {place}", BatchLine(place, given)


def _cut(number: int, name: str) -> Iterator[InputPart]:
    suffix = Path(name.removesuffix(".gz")).suffix
    with open_file(name) as file:
        if suffix == ".parquet":
            groups = parquet_file(file, name).num_row_groups
            yield from sliced(InputPart(number, name, PARQUET), groups, 1)
        elif suffix == ".csv" or name.endswith(".gz"):
            yield InputPart(number, name, suffix)
        else:
            yield from sliced(
                InputPart(number, name, suffix), file.seek(0, io.SEEK_END), TEXT_BYTES
            )


def compare(inputs: Sequence[str], model: str, folder: str, master: str) -> dict[str, int]:
    """Judge the texts of the inputs; return how many got each verdict, or none.

    Raises JobError, ModelFileError, and JobError for a file that cannot be read to its end.
    """
    target = Target(folder)
    target.refuse_existing()
    files = named_files(inputs)
    with open_file(model) as file:
        content = file.read()
    read_model(content)
    parts = [part for number, name in enumerate(files) for part in _cut(number, name)]
    with session(master, "saywho bulk compare") as spark:
        judging = Judging(parts, spark.sparkContext.broadcast(content))
        numbers = spark.range(0, len(parts), 1, max(1, len(parts)))
        numbers.mapInArrow(OverRows(judging, SCHEMA), SCHEMA).write.parquet(target.place)
        judged = spark.read.schema(SCHEMA).parquet(target.place)
        counts = judged.groupBy("verdict").count().collect()
    return {row["verdict"] or "none": row["count"] for row in counts}
