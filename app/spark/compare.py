"""`saywho spark compare`: who would have said each of very many texts, by a fitted model."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow

from app.compute.case import Case
from app.compute.judgement import SURE, judge
from app.errors import InvalidInputError
from app.formats.columns import columns_of
from app.services.compare.answering import ranked_authors
from app.services.compare.contenders import comparable_texts
from app.spark.jobs import JobError, Row, mapped, read_rows, session
from app.spark.model import from_bytes

_RANKED: Final = pyarrow.struct(
    [
        ("username", pyarrow.string()),
        ("probability", pyarrow.float64()),
        ("log10_lr", pyarrow.float64()),
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


def run(
    inputs: Sequence[str], model: Path, output: str, *, sure: float = SURE, master: str = "local[*]"
) -> dict[str, int]:
    """Judge the texts of the inputs into a new folder; return how many got each verdict.

    Raises JobError: the model is none, the output exists, or the job fails.
    """
    if "://" not in output and Path(output).exists():
        raise JobError("{name} exists already; name another folder", name=output)
    try:
        content = model.read_bytes()
        from_bytes(content)
    except ValueError as error:
        raise JobError(
            "{name} is no model that this version of saywho spark fit wrote", name=str(model)
        ) from error
    except OSError as error:
        raise JobError("{name} cannot be read", name=str(model)) from error
    with session(master, "saywho spark compare") as spark:
        judging = Judging(spark.sparkContext.broadcast(content), sure)
        rows = read_rows(spark, inputs)
        mapped(rows, judging, _ANSWERS).write.parquet(output)
        counts = spark.read.parquet(output).groupBy("verdict").count().collect()
    return {row["verdict"] or "error": row["count"] for row in counts}


@dataclass(frozen=True)
class Judging:
    """How texts are judged, the same in every executor."""

    content: Any
    """A broadcast of the model's file."""
    sure: float

    def __call__(self, rows: Iterator[Row]) -> Iterator[Row]:
        """Yield the answers to the texts of JSON objects, without blank lines."""
        case = from_bytes(self.content.value)
        for row in rows:
            if (line := row["row"]) and line.strip():
                yield _answer(case, line, self.sure)


def _answer(case: Case, line: str, sure: float) -> Row:
    given: Row = {}
    try:
        found = msgspec.json.decode(line)
        if not isinstance(found, dict):
            return {"error": "not a text: it is no object"}
        given = {"id": None if found.get("id") is None else str(found["id"])}
        text = found.get(columns_of(tuple(found)).text or "text")
        given["text"] = text if isinstance(text, str) else ""
        (text,) = comparable_texts([given["text"]])
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        return given | {"error": f"not a text: {error}"}
    except InvalidInputError as error:
        return given | {"error": str(error.detail)}
    case = replace(case, texts=[text])
    judgement = judge(case, sure)
    ranking = [msgspec.structs.asdict(each) for each in ranked_authors(case, judgement)]
    return given | {"verdict": judgement.verdict, "none": judgement.none, "ranking": ranking}
