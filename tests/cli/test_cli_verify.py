"""`saywho verify`: the answer in words and as JSON, and what it refuses."""

import hashlib
import re
from pathlib import Path

import pytest

from tests.installation import Installation

BAKER = "오늘도 굽습니다, 새벽 네 시 호밀빵 먼저… 오늘은 밤 식빵이 있어요 :)"


@pytest.fixture
def sample(installation: Installation) -> Installation:
    installation.done("demo")
    return installation


def test_one_author_is_verified_in_words_and_as_json(sample: Installation, tmp_path: Path) -> None:
    found = sample.json("verify", BAKER, "-u", "골목빵집")
    assert (found["verdict"], found["username"]) == ("for", "골목빵집")
    assert found["texts"] == [BAKER]
    said = sample.done("verify", BAKER, "-u", "골목빵집")
    assert said.startswith(found["statement"])
    assert "verdict: for, moderate" in said
    assert "more like 골목빵집 than the others here" in said
    assert "compared with 골목빵집's own newest posts" in said
    assert found["limits"][0] in said
    assert "must not be used to find out who stands behind" in said
    against = sample.done("verify", BAKER, "-u", "언덕천문대")
    assert "verdict: against" in against
    assert "against: “" in against
    # A file adds texts, one a line or as JSON lines; so does standard input.
    (tmp_path / "texts.jsonl").write_text('{"text": "밤 식빵이 나왔어요 :)"}\n')
    more = sample.json("verify", BAKER, "-u", "골목빵집", "--file", str(tmp_path / "texts.jsonl"))
    assert more["texts"] == [BAKER, "밤 식빵이 나왔어요 :)"]
    piped = sample.json("verify", "-u", "골목빵집", "--file", "-", stdin="\n".join(more["texts"]))
    assert piped == more
    assert "verdict: short" in sample.done("verify", "빵", "-u", "골목빵집")
    for arguments, reason in (
        (("verify", BAKER), "--username"),
        (("verify", "-u", "골목빵집"), "Give one TEXT"),
        (("verify", BAKER, "-u", "nobody"), "nobody"),
        (("verify", "Fog lifted at noon again", "-u", "골목빵집"), "different languages"),
        (("verify", "?!", "-u", "골목빵집"), "letters"),
        (("verify", "-u", "골목빵집", "--file", "missing.txt"), "missing.txt"),
    ):
        result = sample.run(*arguments)
        assert (result.exit_code, result.stdout) == (2, ""), arguments
        assert reason in result.stderr


def test_the_report_is_the_same_for_the_same_posts(sample: Installation, tmp_path: Path) -> None:
    text = f"{BAKER} @bakery https://t.co/abc #빵"

    def report(name: str, *more: str) -> bytes:
        sample.done("verify", text, "-u", "골목빵집", "--report", tmp_path / name, *more)
        return (tmp_path / name).read_bytes()

    english = report("a.html")
    assert report("b.html") == english
    page = english.decode()
    assert hashlib.sha256(text.encode()).hexdigest() in page
    assert "It is not the probability that the author wrote the texts." in page
    assert "<script" not in page
    assert not re.search(r"(src|href)=", page)
    # Nothing of the links, names and hashtags is in the masked text.
    assert page.count("@bakery") == page.count("#빵") == 1
    for author in ("12번버스", "느티나무도서관", "언덕천문대"):
        assert author in page
    korean = report("c.html", "--locale", "ko").decode()
    assert "보고서: 이 사람이 쓴 글일까?" in korean
    assert [
        line for line in korean.splitlines() if line.startswith("<h2>") and line.isascii()
    ] == []
    sample.done("export", "--username", "12번버스", "-o", tmp_path / "posts.jsonl")
    assert report("d.html") == english
    sample.done("user", "delete", "12번버스", "--yes")
    assert report("e.html") != english
    refused = sample.run("verify", text, "-u", "골목빵집", "--report", tmp_path / "no" / "a.html")
    assert (refused.exit_code, "cannot be written" in refused.stderr) == (1, True)
