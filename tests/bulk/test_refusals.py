"""What a bulk job cannot work with ends it with one line and status 2, before Java starts."""

from pathlib import Path

import pytest

pytest.importorskip("pyspark", reason="bulk jobs are tested by make test-spark")

from tests.installation import Installation, lines


def refused(installation: Installation, *arguments: str) -> str:
    result = installation.run("bulk", *arguments)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.output
    return result.stderr


def test_bad_places_are_refused(installation: Installation) -> None:
    lines(Path("posts.jsonl"), {"username": "mina", "text": "hello"})
    Path("notes.txt").write_text("nothing of the kind")
    Path("there").mkdir()
    prepared = ("prepare", "posts.jsonl", "-o")
    assert "there exists already" in refused(installation, *prepared, "there")
    assert "no.jsonl does not exist" in refused(installation, "prepare", "no.jsonl", "-o", "new")
    assert "notes.txt is not in any" in refused(installation, "prepare", "notes.txt", "-o", "new")
    assert "cannot be read" in refused(installation, "prepare", "nosuch://a/b", "-o", "new")
    assert "fills PostgreSQL" in refused(installation, "load", "there")
    assert not Path("new").exists()


def test_without_java_one_line_says_so(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines(Path("posts.jsonl"), {"username": "mina", "text": "hello"})
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    assert "Java" in refused(installation, "prepare", "posts.jsonl", "-o", "new")
