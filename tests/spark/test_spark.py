"""Models fitted and texts judged on Spark: as by the same functions in one process."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyspark", reason="make test-full runs it, where Java is")

from pyarrow import Table
from pyarrow.parquet import read_table, write_table

from app.compute.fitting import fit_profiles
from app.compute.judgement import judge
from app.compute.profiles import profile_of
from app.spark import compare
from app.spark.fit import MOST_AUTHORS, run
from app.spark.jobs import JobError
from tests.compute.invented import posts_of
from tests.installation import Installation

pytestmark = pytest.mark.timeout(900)  # A job takes half a minute, most of it Java's.
AUTHORS = {f"author{number}": posts_of(number)[:80] for number in range(12)}
TIMES = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in range(80)]
TEXTS = [posts_of(number)[-1] for number in range(14)] + ["lol", "https://example.org @ann"]


ROWS: list[dict[str, Any]] = [
    {"username": name, "text": text, "created_at": at, "id": f"{name}-{at}"}
    for name, texts in AUTHORS.items()
    for at, text in zip(TIMES, texts, strict=True)
]


def lines(path: Path) -> Path:
    """Write the posts, of which some are there twice, and rows that are none."""
    rows = [*ROWS, *ROWS[:5], {"username": "author1", "text": "rt", "is_retweet": True}]
    content = [json.dumps(row, default=datetime.isoformat) for row in rows]
    path.write_text("\n".join([*content, "{broken", "", '{"text": "no author"}']) + "\n")
    return path


@pytest.mark.parametrize("names", [["author3", "AUTHOR7"], []], ids=["named", "all"])
def test_answers_are_those_of_one_process(tmp_path: Path, names: list[str]) -> None:
    model, folder = tmp_path / "a.model", tmp_path / "answers"
    # Half of the corpus as Parquet: what Spark reads in another way is the same.
    half = ROWS[: len(ROWS) // 2]
    write_table(Table.from_pylist(half), tmp_path / "half.parquet")
    posts = lines(tmp_path / "posts.jsonl")
    done = run([str(posts), str(tmp_path / "half.parquet")], model, usernames=names)
    assert (done.rejected, done.skipped) == (2, 1)
    assert done.duplicates == 5 + len(half)
    texts = tmp_path / "texts.jsonl"
    texts.write_text("".join(json.dumps({"id": i, "text": t}) + "\n" for i, t in enumerate(TEXTS)))
    counts = compare.run([str(texts)], model, str(folder))
    answers = sorted(read_table(folder).to_pylist(), key=lambda row: int(row["id"]))
    assert sum(counts.values()) == len(answers) == len(TEXTS)

    profiles = {name: profile_of(own) for name, own in AUTHORS.items()}
    corpus = fit_profiles(profiles, AUTHORS, dict.fromkeys(AUTHORS))
    known = sorted(map(str.lower, names)) or sorted(AUTHORS)
    for text, answer in zip(TEXTS, answers, strict=True):
        case = replace(corpus.case([text], known), is_named=bool(names))
        expected = judge(case)
        assert (answer["text"], answer["error"]) == (text, None)
        assert answer["verdict"] == expected.verdict
        assert answer["none"] == pytest.approx(expected.none, abs=1e-9)
        for place, ranked in zip(expected.order, answer["ranking"], strict=True):
            assert ranked["username"] == known[place]
            share = case.ranking.probabilities[place]
            assert ranked["probability"] == pytest.approx(share, abs=1e-9)
            assert ranked["log10_lr"] == pytest.approx(expected.log10[place], abs=1e-9)
    model.write_bytes(model.read_bytes().replace(b"<f8", b",f8", 1))
    with pytest.raises(JobError, match="no model"):
        compare.run([str(texts)], model, str(tmp_path / "again"))


def test_what_cannot_be_fitted_or_judged_is_one_line(
    installation: Installation, tmp_path: Path
) -> None:
    posts, model = lines(tmp_path / "posts.jsonl"), tmp_path / "a.model"
    many: list[str | Path] = [part for n in range(MOST_AUTHORS + 1) for part in ("-u", f"a{n}")]
    model.write_bytes(b"no model")
    refused: tuple[tuple[tuple[str | Path, ...], str], ...] = (
        (("fit", posts, "-o", posts), "exists already"),
        (("fit", posts, "-o", tmp_path / "b.model", *many), "at most 300"),
        (("fit", tmp_path / "none.jsonl", "-o", tmp_path / "b.model"), "none.jsonl"),
        (("fit", posts, "-o", tmp_path / "b.model", "-u", "nobody"), "nobody"),
        (("compare", posts, "--model", model, "-o", tmp_path / "out"), "no model"),
        (("compare", posts, "--model", tmp_path / "no", "-o", tmp_path / "out"), "cannot be read"),
    )
    for arguments, said in refused:
        result = installation.run("spark", *arguments)
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.stderr
        assert said in result.stderr
    with pytest.raises(JobError, match="exists already"):
        compare.run([str(posts)], model, str(tmp_path))
