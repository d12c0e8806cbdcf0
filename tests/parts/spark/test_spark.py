"""Models fitted and texts judged on Spark: as by the same functions in one process."""

import csv
import gzip
import io
import json
import random
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyspark", reason="make test-full runs it, where Java is")

from pyarrow import Table
from pyarrow.parquet import read_table, write_table

from app.parts.spark.jobs import SETTINGS, JobError
from app.parts.spark.model import MOST_AUTHORS, compare, fit, from_bytes, to_bytes
from app.runtime.encoding import DIGITS
from saywho.engine.fitting import fit_corpus
from saywho.engine.judgement import judge
from saywho.population import shipped_authors
from tests.engine.invented import SYLLABLES, kept, posts_of
from tests.foreign_folder import ForeignFolder
from tests.installation import Installation
from tests.services.compare.test_other_languages import MANON, POLISH, sentences

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


@pytest.fixture
def few_partitions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a shuffle of twelve authors make two partitions; of 200, each starts a process's work."""
    monkeypatch.setitem(SETTINGS, "spark.sql.shuffle.partitions", "2")


@pytest.mark.usefixtures("few_partitions")
def test_answers_are_those_of_one_process(tmp_path: Path) -> None:
    model, folder, names = tmp_path / "a.model", tmp_path / "answers", ["author3", "AUTHOR7"]
    # Half of the corpus as Parquet: what Spark reads in another way is the same.
    half = ROWS[: len(ROWS) // 2]
    write_table(Table.from_pylist(half), tmp_path / "half.parquet")
    posts = lines(tmp_path / "posts.jsonl")
    done = fit([str(posts), str(tmp_path / "half.parquet")], model, usernames=names)
    assert (done.authors, done.accepted, done.duplicates) == (2, len(ROWS), 5 + len(half))
    assert (done.rejected, done.skipped) == (2, 1)
    texts = tmp_path / "texts.jsonl"
    texts.write_text("".join(json.dumps({"id": i, "text": t}) + "\n" for i, t in enumerate(TEXTS)))
    counts = compare([str(texts)], model, str(folder)).verdicts
    answers = sorted(read_table(folder).to_pylist(), key=lambda row: int(row["id"]))
    assert sum(counts.values()) == len(answers) == len(TEXTS)

    corpus = fit_corpus({name: kept(own) for name, own in AUTHORS.items()}, shipped_authors())
    known = sorted(map(str.lower, names))
    for text, answer in zip(TEXTS, answers, strict=True):
        case = corpus.case([text], known)
        expected = judge(case)
        assert (answer["text"], answer["error"]) == (text, None)
        assert answer["verdict"] == expected.verdict
        assert answer["none"] == pytest.approx(expected.none, abs=1e-9)
        for place, ranked in zip(expected.order, answer["ranking"], strict=True):
            assert ranked["username"] == known[place]
            share = case.ranking.probabilities[place]
            assert ranked["probability"] == pytest.approx(share, abs=1e-9)
            assert ranked["log10_lr"] == pytest.approx(expected.log10[place], abs=1e-9)
    content = model.read_bytes()
    of_before, changed = re.subn(rb"(?<=saywho corpus )\d", b"0", content, count=1)
    broken = content.replace(b"<f8", b",f8", 1)
    assert (changed, broken != content) == (1, True)
    for other, said in ((of_before, "saywho spark fit"), (broken, "not a model")):
        model.write_bytes(other)
        with pytest.raises(JobError, match=said):
            compare([str(texts)], model, str(tmp_path / "again"))


FEW = "cormorants quarrelled beneath our jetty again"


def strange_rows() -> list[dict[str, Any]]:
    """Return posts of which each is a case of its own of what a fit draws from: times that are
    equal, missing or to come, chains of own replies, repetitions, languages as often as others.
    """
    rows: list[dict[str, Any]] = []
    for number in range(36):
        texts = posts_of(number)[: 80 - number]
        for place, text in enumerate(texts):
            row: dict[str, Any] = {"username": f"Author{number}", "text": text}
            row["created_at"] = TIMES[place // 4].isoformat() if place % 7 else None
            row["id"] = f"{number}-{place}" if place % 5 else None
            row["lang"] = ("en", "de-AT", None, "und")[place % (2 + number % 3)]
            if place % 11 > 8:  # A chain of three; the first of some has no id.
                row["reply_to"] = {"source_id": f"{number}-{place - 1}"}
            rows.append(row)
        own = {"username": f"AUTHOR{number}"}
        rows += [
            own | {"text": texts[-1], "id": f"{number}-again", "created_at": TIMES[0]},
            own
            | {"text": "said otherwise", "id": f"{number}-7", "created_at": TIMES[9], "lang": "fr"},
            own | {"text": "answers nobody here", "reply_to": {"source_id": "gone"}},
            own | {"text": "", "media": [{"kind": "photo"}], "id": f"{number}-photo"},
            own | {"text": "RT @ann nothing of their own"},
            own | {"text": f"to come {texts[0]}", "created_at": "2999-01-01T00:00:00Z"},
        ]
    # Of the thirty whom their texts fit best none has enough posts to be named.
    rows += [
        {"username": f"few{number}", "text": f"{FEW} {place}"}
        for number in range(40)
        for place in range(3)
    ]
    chance = random.Random(4)  # noqa: S311 - no secret
    chance.shuffle(rows)
    hangul = dict(zip(SYLLABLES, "가로미렌스투베보디펜굴하", strict=True))
    korean = re.compile("|".join(hangul))
    for row in rows:
        if row["username"].endswith(("3", "4")):
            row["text"] = korean.sub(
                lambda syllable: hangul[syllable[0].lower()], row["text"].lower()
            )
    return rows


def shown(number: float | None) -> Any:
    """Return what the number is, in the digits that JSON has of it."""
    return None if number is None else pytest.approx(number, rel=10.0 ** (1 - DIGITS), abs=1e-9)


@pytest.mark.usefixtures("few_partitions")
def test_answers_are_those_of_an_installation_that_keeps_the_posts(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Several tasks read each file.
    monkeypatch.setitem(SETTINGS, "spark.sql.files.maxPartitionBytes", "100k")
    files, rows = [tmp_path / "b.jsonl", tmp_path / "a.jsonl"], strange_rows()
    for path, part in zip(files, (rows[: len(rows) // 2], rows[len(rows) // 2 :]), strict=True):
        path.write_text("".join(json.dumps(row, default=datetime.isoformat) + "\n" for row in part))
    asked = [FEW, *(row["text"] for row in rows if row["text"])][:1_000]
    asked += [text for number in range(30, 44) for text in posts_of(number)]
    copied = [f"[21:0{n}, 1/15/2024] {name}: {posts_of(n)[3]}" for n, name in enumerate("aab")]
    asked += [copied[0], "\n".join(copied[:2]), "\n".join(copied)]
    texts, model, folder = tmp_path / "texts.jsonl", tmp_path / "a.model", tmp_path / "answers"
    texts.write_text("".join(json.dumps({"id": i, "text": t}) + "\n" for i, t in enumerate(asked)))
    taken = installation.json("import", *files)
    done = fit(list(map(str, files)), model)
    assert (done.accepted, done.duplicates) == (taken["accepted"], taken["duplicates"])
    compare([str(texts)], model, str(folder))
    here = list(map(json.loads, installation.done("compare", "--file", texts).splitlines()))
    there = sorted(read_table(folder).to_pylist(), key=lambda row: int(row["id"]))
    assert len(here) == len(there) == len(asked) >= 2_000
    for one, other in zip(here, there, strict=True):
        assert (one.get("verdict"), one.get("error")) == (other["verdict"], other["error"])
        assert one.get("none") == shown(other["none"])
        for mine, its in zip(one["ranking"], other["ranking"], strict=True):
            assert (mine["username"], mine["tweets"]) == (its["username"], its["tweets"])
            assert mine["probability"] == shown(its["probability"])
            assert mine["log10_lr"] == shown(its["log10_lr"])


def test_without_the_population_a_model_has_none(
    installation: Installation, tmp_path: Path
) -> None:
    alone = replace(installation, settings=installation.settings | {"SAYWHO_POPULATION": "0"})
    alone.done("spark", "fit", lines(tmp_path / "posts.jsonl"), "-o", tmp_path / "a.model")
    fitted = from_bytes((tmp_path / "a.model").read_bytes()).fitted
    assert not fitted.shipped
    assert fitted.background.posts == len(ROWS)


def table() -> bytes:
    """Return the posts as CSV with a byte order mark."""
    written = io.StringIO(newline="")
    rows = csv.DictWriter(written, ["username", "text", "created_at", "id"])
    rows.writeheader()
    rows.writerows(ROWS)
    return written.getvalue().encode("utf-8-sig")


def spoiled(content: bytes, line: int) -> bytes:
    """Return the content with a byte that is no UTF-8 in a line, counted from 1."""
    lines = content.splitlines(keepends=True)
    lines[line - 1] = re.sub(rb"(?<=[a-z]) (?=[a-z])", b" \xff", lines[line - 1], count=1)
    return b"".join(lines)


@pytest.mark.usefixtures("few_partitions")
def test_a_byte_that_is_no_utf8_is_a_bad_row_with_file_and_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Several tasks read the lines.
    monkeypatch.setitem(SETTINGS, "spark.sql.files.maxPartitionBytes", "16k")
    posts = "".join(json.dumps(row, default=datetime.isoformat) + "\n" for row in ROWS).encode()
    files = {
        "posts.jsonl": spoiled(spoiled(posts, 7), 900),
        "posts.jsonl.gz": gzip.compress(spoiled(posts, 800)),
        "posts.csv": spoiled(table(), 500),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    inputs, model = [str(tmp_path / name) for name in files], tmp_path / "a.model"
    done = fit(inputs, model)
    assert (done.rejected, done.accepted, done.duplicates) == (4, len(ROWS), 2 * len(ROWS) - 4)
    faults = [("posts.csv", "record", 499), ("posts.jsonl", "line", 7)]
    faults += [("posts.jsonl", "line", 900), ("posts.jsonl.gz", "line", 800)]
    detail = "the text contains broken characters"
    expected = [
        {"file": str(tmp_path / name), unit: place, "detail": detail}
        for name, unit, place in faults
    ]
    assert done.errors == expected
    answers = compare(inputs, model, str(tmp_path / "answers"))
    assert (answers.texts, answers.verdicts["error"]) == (3 * len(ROWS), 4)
    assert answers.errors == expected
    rows = read_table(tmp_path / "answers").to_pylist()
    assert [row["error"] for row in rows if row["error"]] == [detail] * 4


def test_a_file_that_breaks_off_is_named_in_one_line(
    installation: Installation, tmp_path: Path
) -> None:
    model = tmp_path / "a.model"
    corpus = fit_corpus({name: kept(own) for name, own in AUTHORS.items()})
    model.write_bytes(to_bytes(corpus, sorted(AUTHORS), is_named=False))
    whole = lines(tmp_path / "posts.jsonl").read_bytes()
    for name, content in {"cut.jsonl.gz": whole, "cut.csv.gz": table()}.items():
        cut = tmp_path / name
        cut.write_bytes(gzip.compress(content)[:-20_000])
        for command in (
            ("fit", cut, "-o", tmp_path / "b.model"),
            ("compare", cut, "--model", model, "-o", tmp_path / f"{name}.out"),
        ):
            result = installation.run("spark", *command)
            assert (result.exit_code, result.stderr.count("\n")) == (1, 1), result.stderr
            reason = "cannot be read to its end: Unexpected end of input stream"
            assert result.stderr == f"saywho: {cut} {reason}\n"
        assert not (tmp_path / f"{name}.out").exists()


def test_a_job_runs_no_module_of_the_folder_it_is_called_in(
    installation: Installation, tmp_path: Path
) -> None:
    installation = installation.with_settings_files()
    folder = ForeignFolder.filled(tmp_path)
    posts = lines(tmp_path / "posts.jsonl")
    for command in (
        ("fit", posts, "-o", "a.model"),
        ("compare", posts, "--model", "a.model", "-o", "answers"),
    ):
        # A process of its own: Java stays in the folder in which it was started.
        ended = subprocess.run(
            (sys.executable, "-P", "-c", "from app.cli import main; main()", "spark", *command),
            cwd=tmp_path,
            env=installation.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended
        assert folder.imported == []


def test_bad_input_of_a_job_is_one_line(installation: Installation, tmp_path: Path) -> None:
    posts, model = lines(tmp_path / "posts.jsonl"), tmp_path / "a.model"
    many: list[str | Path] = [part for n in range(MOST_AUTHORS + 1) for part in ("-u", f"a{n}")]
    model.write_bytes(b"no model")
    nobody = ("fit", posts, "-o", tmp_path / "b.model", "-u", "nobody")
    refused: tuple[tuple[tuple[str | Path, ...], str], ...] = (
        (("fit", posts, "-o", posts), "already exists"),
        (("fit", posts, "-o", tmp_path / "none" / "b.model"), "does not exist"),
        (("fit", posts, "-o", tmp_path / "b.model", *many), "at most 300"),
        (("fit", posts, tmp_path / "none.jsonl", "-o", tmp_path / "b.model"), "none.jsonl"),
        (("compare", tmp_path / "none*.csv", "--model", model, "-o", tmp_path / "out"), "none*"),
        (("compare", posts, "--model", model, "-o", tmp_path / "out"), "not a model"),
        (("compare", posts, "--model", tmp_path / "no", "-o", tmp_path / "out"), "cannot be read"),
        (nobody, "Spark needs Java"),
    )
    # It is looked at before Spark starts, which takes seconds.
    without_java = replace(installation, settings={"JAVA_HOME": str(tmp_path / "none")})
    for arguments, said in refused:
        result = without_java.run("spark", *arguments)
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.stderr
        assert said in result.stderr
    result = installation.run("spark", *nobody)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.stderr
    assert "no posts by nobody" in result.stderr
    with pytest.raises(JobError, match="already exists"):
        compare([str(posts)], model, str(tmp_path))


def test_a_model_has_the_shipped_authors_of_languages_that_its_authors_write() -> None:
    corpus = fit_corpus({"manon": kept(MANON)}, shipped_authors())
    fitted = from_bytes(to_bytes(corpus, ["manon"], is_named=True)).fitted
    assert set(fitted.shipped) == {"en", "fr", "ko"}
    english = fit_corpus({"ann": kept(posts_of(1))}, shipped_authors())
    assert set(english.fitted.shipped) == {"en", "ko"}


def test_a_model_names_nobody_in_a_language_of_few() -> None:
    authors = {f"polish{number}": sentences("pl", 90)[number::3] for number in range(3)}
    authors |= {name: AUTHORS[name] for name in list(AUTHORS)[:6]}
    corpus = fit_corpus({name: kept(own) for name, own in authors.items()}, shipped_authors())
    case = from_bytes(to_bytes(corpus, list(authors)[:3], is_named=True))
    judgement = judge(replace(case, texts=[POLISH]))
    assert (judgement.verdict, judgement.none, judgement.strangers) == ("close", None, None)
    assert "unknown_language" in judgement.limits
