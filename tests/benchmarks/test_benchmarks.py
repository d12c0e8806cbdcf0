"""A quick run of each benchmark: it ends well and prints its figures."""

import json
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from benchmarks import processors
from tests.engine.invented import KNOWN, posts_of

ROOT = Path(__file__).parents[2]


def run(
    name: str, *arguments: str | Path, timeout_s: float = 280
) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", f"benchmarks.{name}", *map(str, arguments)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            output, errors = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            process.terminate()  # It ends its servers.
            raise
    return subprocess.CompletedProcess(command, process.returncode, output, errors)


QUICK: Final = {
    "at_home": (["--quick", "--rounds", "1"], "| a poke |"),
    "bulk": (["--posts", "300", "--rounds", "1"], "\nsingle posts: p50 "),
    "chats": (["--messages", "100", "--rounds", "1"], "| line ja | 100 |"),
    "hot": (["--base", "HEAD", "--quick", "--alone", "--only", "500 browsers"], "\n500 browsers "),
    "paired": (["HEAD", "--quick", "--only", "hot"], "\nhot "),
}
"""Arguments of a quick run, and what it prints."""


def test_the_tests_that_are_run_as_on_other_processors_are_there() -> None:
    assert [path for path in processors.TESTS if not (ROOT / path).exists()] == []


@pytest.mark.full
@pytest.mark.timeout(300)
def test_answers_are_the_same_on_another_processor() -> None:
    with processors.site() as folder:
        usual = processors.answers(folder, {})
        assert len(usual) > 20
        assert {status for status, *_ in usual.values()} <= {0, 200}
        for setting in [*processors.settings()][-1:]:
            assert processors.answers(folder, setting) == usual


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", QUICK)
def test_a_quick_run_prints_its_figures(name: str) -> None:
    arguments, printed = QUICK[name]
    done = run(name, *arguments)
    assert done.returncode == 0, done.stderr
    assert printed in done.stdout


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="other versions count other calls")
@pytest.mark.timeout(300)
def test_requests_and_imports_make_no_more_calls_than_their_limits() -> None:
    done = run("calls")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.full
@pytest.mark.timeout(300)
def test_the_guide_shows_what_async_overhead_measures() -> None:
    done = run("async_overhead", "--rounds", "1", "--requests", "20")
    figures = re.compile(r"^  (\S.*?)  +[0-9.,]+(?: |$)", re.MULTILINE)
    measured = figures.findall(done.stdout)
    assert len(measured) == 9, done.stderr
    for guide in ("from-flask.md", "from-flask.ko.md"):
        assert figures.findall((ROOT / "docs" / guide).read_text()) == measured


def written(path: Path, posts: dict[str, list[str]], known: int) -> Path:
    """Write posts by author, of which the first ones are to learn from."""
    with path.open("w", encoding="utf-8") as file:
        for author, texts in posts.items():
            for number, text in enumerate(texts):
                split = "train" if number < known else "test"
                post = {"author": author, "text": text, "lang": "en", "split": split}
                file.write(json.dumps(post) + "\n")
    return path


@pytest.mark.full
def test_accuracy_is_printed_for_a_file_of_posts(tmp_path: Path) -> None:
    chance = random.Random(3)  # noqa: S311 - no secret
    words = {"a": ["harbour", "fog", "bell"], "b": ["bread", "oven", "dawn"]}
    posts = {
        name: [" ".join(chance.choices(own, k=8)) for _ in range(40)] for name, own in words.items()
    }
    done = run("accuracy", written(tmp_path / "posts.jsonl", posts, 30))
    assert done.returncode == 0, done.stderr
    assert "| en_2 | 1 | 20 | 100.0 |" in done.stdout


@pytest.mark.full
def test_published_methods_are_asked_about_the_same_posts(tmp_path: Path) -> None:
    posts = {
        f"a{author}": [post.replace(" ", " that they said and it was ", 1) for post in own]
        for author in range(6)
        if (own := posts_of(author))
    }
    path = written(tmp_path / "posts.jsonl", posts, KNOWN)
    done = run("peers_of_style", path, "--sets", "3", "--texts", "5")
    assert done.returncode == 0, done.stderr
    assert "LambdaG is left out: pip install lambdag\n" in done.stderr
    for table in ("| among, of 6 | 2 | 5 | texts |", "| one author | posts | EER | c@1 | C_llr |"):
        _, _, rows = done.stdout.partition(table)
        assert all(f"\n| {name} | " in rows for name in ("Cosine Delta", "TF-IDF + SVC", "saywho"))


@pytest.mark.full
def test_the_open_question_is_tabled(tmp_path: Path) -> None:
    # Of invented words alone nobody would take them for English.
    posts = {
        f"a{author}": [post.replace(" ", " that they said and it was ", 1) for post in own]
        for author in range(12)
        if (own := posts_of(author))
    }
    path = written(tmp_path / "posts.jsonl", posts, KNOWN)
    few = ("--every", "1", "--rounds", "1", "--draws", "1")
    done = run("open_question", path, *few)
    assert done.returncode == 0, done.stderr
    assert "| en | 5 posts as one text | 2 to 5 |" in done.stdout
    assert re.search(r"(?m)^\| en, 1 post \| .*\d ± \d", done.stdout)
    assert re.search(
        r"^large: 4 draws a row; .* need [\d,]+ for strangers", done.stdout, re.MULTILINE
    )
    assert "| EER | C_llr of one author | its minimum | c@1 | F0.5u |" in done.stdout
    short = run("open_question", path, *few, "--words", "8")
    assert "| en | 5 posts as one text | 2 to 5 |" in short.stdout
    assert "C_llr" not in short.stdout


@pytest.mark.parametrize("line", ["{}", '{"author": "a", "text": "x"}', "no JSON"])
def test_an_unusable_file_is_refused_in_one_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_text(line)
    done = run("accuracy", str(path))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
