"""`saywho bulk …` without what it needs: one line, and nothing else of the program needs it."""

import sys
from pathlib import Path

import pytest

from tests.installation import Installation, lines


@pytest.mark.parametrize(
    "arguments",
    [("prepare", "posts.jsonl"), ("compare", "posts.jsonl", "--model", "model")],
    ids=["prepare", "compare"],
)
def test_without_the_extra_one_line_says_what_to_install(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    lines(Path("posts.jsonl"), {"username": "mina", "text": "hello"})
    Path("model").write_bytes(b"")
    for package in ("pyarrow", "pyspark"):
        monkeypatch.setitem(sys.modules, package, None)
    result = installation.run("bulk", *arguments, "-o", "out")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "pip install 'saywho[spark]'" in result.stderr
    assert not Path("out").exists()


def test_a_model_is_exported_once(installation: Installation) -> None:
    installation.done("demo")
    assert installation.json("model", "export", "-o", "model")["bytes"] > 100_000
    for arguments in ((), ("-u", "nobody"), ("-u", "nobody", "-o", "other")):
        result = installation.run("model", "export", "-o", "model", *arguments)
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert not Path("other").exists()
    result = installation.run("model", "export", "-o", "no/such/folder")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)


def test_a_name_that_no_author_may_have_is_refused_at_once(installation: Installation) -> None:
    lines(Path("posts.jsonl"), {"text": "hello"})
    result = installation.run("bulk", "prepare", "posts.jsonl", "-o", "out", "--username", " ")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "pip install" not in result.stderr


def test_the_script_is_for_spark_submit(installation: Installation) -> None:
    script = Path("saywho_bulk.py")
    script.write_text(installation.done("bulk", "script"))
    result = installation.process(sys.executable, script, "prepare", "--help")
    assert result.returncode == 0
    assert "bulk prepare" in result.stdout
