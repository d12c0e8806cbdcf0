"""`saywho spark compare`: who would have said each of very many texts, by the file of a model."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow
from numpy.typing import NDArray

from app.compute.case import Case
from app.compute.features import RECIPE
from app.compute.fitting import Corpus
from app.compute.judgement import SURE, judge
from app.errors import InvalidInputError
from app.formats.columns import columns_of
from app.services.compare.answering import ranked_authors
from app.services.compare.cases import comparable_texts
from app.spark.jobs import JobError, Row, mapped, read_rows, session

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
    except (ValueError, SyntaxError) as error:  # That is numpy's, for the name of a type.
        raise JobError(
            "{name} is no model that this version of saywho spark fit wrote", name=str(model)
        ) from error
    except OSError as error:
        raise JobError("{name} cannot be read", name=str(model)) from error
    with session(master, "saywho spark compare") as spark:
        judging = partial(_judged, spark.sparkContext.broadcast(content), sure)
        rows = read_rows(spark, inputs)
        mapped(rows, judging, _ANSWERS).write.parquet(output)
        counts = spark.read.parquet(output).groupBy("verdict").count().collect()
    return {row["verdict"] or "error": row["count"] for row in counts}


def _judged(content: Any, sure: float, rows: Iterator[Row]) -> Iterator[Row]:
    """Yield the answers to the texts of JSON objects; `content` is a broadcast of the model's file.

    Blank lines have none.
    """
    case = from_bytes(content.value)
    for row in rows:
        if (line := row["row"]) and line.strip():
            yield _answer(case, line, sure)


def _answer(case: Case, line: str, sure: float) -> Row:
    given: Row = {}
    try:
        found = msgspec.json.decode(line, type=Row)
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


_KIND: Final = "saywho corpus 3"


class _File(msgspec.Struct, frozen=True):
    kind: str
    recipe: int
    case: Case
    """For texts that follow."""


def to_bytes(corpus: Corpus, names: Sequence[str], *, is_named: bool) -> bytes:
    """Return the file of a corpus, of whose authors these may be the answer."""
    case = replace(corpus.case((), names), is_named=is_named)
    return msgspec.msgpack.encode(_File(_KIND, RECIPE, case), enc_hook=_parts_of)


def from_bytes(content: bytes) -> Case:
    """Return the case for texts that follow. Raises ValueError if it is none of this version."""
    file = msgspec.msgpack.decode(content, type=_File, dec_hook=_array)
    if (file.kind, file.recipe) != (_KIND, RECIPE):
        raise ValueError("a model of another version")
    return file.case


def _parts_of(array: NDArray[Any]) -> tuple[str, tuple[int, ...], bytes]:
    """Return what msgspec can write of an array."""
    return array.dtype.str, array.shape, array.tobytes()


def _array(_type: type, parts: tuple[str, list[int], bytes]) -> NDArray[Any]:
    kind, shape, content = parts
    return np.frombuffer(content, kind).reshape(shape)
