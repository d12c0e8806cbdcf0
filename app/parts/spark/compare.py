"""`saywho spark compare`: who would have said each text, and the model's file."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow
from numpy.typing import NDArray

from app.compute.attribution import scores_of_each
from app.compute.case import RATED, Case, best_of, query_of_texts
from app.compute.features import RECIPE
from app.compute.fitting import Corpus
from app.compute.judgement import SURE, judge
from app.errors import AppError, RecordError
from app.formats.file_columns import file_columns_of
from app.formats.records import BROKEN, is_broken
from app.parts.spark.bad_rows import BadRows, Row, answers, json_object
from app.parts.spark.jobs import FailedJobError, JobError, inputs_of, mapped, read_rows, session
from app.services.compare.comparing import comparable_texts
from app.services.compare.verdict import ranked_authors

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


class CompareResult(msgspec.Struct, frozen=True):
    texts: int
    verdicts: dict[str, int]
    """The number of texts by verdict; `error` counts unjudged texts."""
    errors: list[Row]


def run(
    inputs: Sequence[str], model: Path, output: str, *, sure: float = SURE, master: str = "local[*]"
) -> CompareResult:
    """Judge the texts of the inputs, and write the answers to a new folder.

    Raises JobError for an invalid model or existing output, and FailedJobError.
    """
    if "://" not in output and Path(output).exists():
        raise JobError("{name} already exists; choose another folder", name=output)
    files = inputs_of(inputs)
    try:
        content = model.read_bytes()
        from_bytes(content)
    except (ValueError, SyntaxError) as error:  # NumPy raises SyntaxError for the name of a type.
        raise JobError(
            "{name} is not a model of this version; create one with saywho spark fit",
            name=str(model),
        ) from error
    except OSError as error:
        raise JobError("{name} cannot be read", name=str(model)) from error
    try:
        with session(master, "saywho spark compare") as spark:
            bad_rows = spark.sparkContext.accumulator(BadRows(), BadRows())
            judging = partial(_judged, spark.sparkContext.broadcast(content), sure, bad_rows)
            mapped(read_rows(spark, files), judging, _ANSWERS).write.parquet(output)
            counts = spark.read.parquet(output).groupBy("verdict").count().collect()
    except FailedJobError:
        with suppress(OSError):  # Spark leaves an empty folder, which the next run would refuse.
            Path(output).rmdir()
        raise
    verdicts = {row["verdict"] or "error": row["count"] for row in counts}
    return CompareResult(sum(verdicts.values()), verdicts, bad_rows.value.errors())


def _judged(content: Any, sure: float, bad_rows: Any, rows: Iterator[Row]) -> Iterator[Row]:
    # `content` is a broadcast of the model's file.
    case = from_bytes(content.value)
    return answers(lambda row, _number: _answer(case, row["row"], sure), bad_rows, rows)


def _answer(case: Case, row: bytes, sure: float) -> Row:
    echo: Row = {}
    try:
        document = json_object(row)
        echo = {"id": None if document.get("id") is None else _storable(str(document["id"]))}
        text = document.get(file_columns_of(tuple(document)).text or "text")
        text = text if isinstance(text, str) else ""
        echo["text"] = _storable(text)
        if is_broken(text):
            raise RecordError(BROKEN)
        (text,) = comparable_texts([echo["text"]])
    except AppError as error:
        return echo | {"error": str(error.detail)}
    case = _narrowed(replace(case, texts=[text]))
    judgement = judge(case, sure)
    ranking = [msgspec.structs.asdict(ranked) for ranked in ranked_authors(case, judgement)]
    return echo | {"verdict": judgement.verdict, "none": judgement.none, "ranking": ranking}


def _narrowed(case: Case) -> Case:
    if case.is_named or len(case.suspects) <= RATED:
        return case
    filled = [i for i, author in enumerate(case.suspects) if author.profile.counts.keys.size]
    profiles = [case.suspects[place].profile for place in filled]
    scores = np.full(len(case.suspects), -np.inf)
    query = query_of_texts(case.texts)
    (scores[filled],) = scores_of_each([query], profiles, case.fitted.background)
    best = best_of(scores)
    suspects = [case.suspects[place] for place in best]
    return replace(case, suspects=suspects, further=np.delete(scores, best))


def _storable(text: str) -> str:
    # Broken bytes are read as lone surrogates; each becomes `?`.
    return text.encode(errors="replace").decode()


_SIGNATURE: Final = "saywho corpus 5"


class _File(msgspec.Struct, frozen=True):
    signature: str
    recipe: int
    case: Case


def to_bytes(corpus: Corpus, names: Sequence[str], *, is_named: bool) -> bytes:
    """Return a corpus' model file, whose answers name one of the authors `names`."""
    case = replace(corpus.case((), names), is_named=is_named)
    return msgspec.msgpack.encode(_File(_SIGNATURE, RECIPE, case), enc_hook=_parts_of)


def from_bytes(content: bytes) -> Case:
    """Return a model file's case, without texts. Raises ValueError for another version."""
    file = msgspec.msgpack.decode(content, type=_File, dec_hook=_array)
    if (file.signature, file.recipe) != (_SIGNATURE, RECIPE):
        raise ValueError("a model of another version")
    return file.case


def _parts_of(array: NDArray[Any]) -> tuple[str, tuple[int, ...], bytes]:
    return array.dtype.str, array.shape, array.tobytes()


def _array(_type: type, parts: tuple[str, list[int], bytes]) -> NDArray[Any]:
    dtype, shape, content = parts
    return np.frombuffer(content, dtype).reshape(shape)
