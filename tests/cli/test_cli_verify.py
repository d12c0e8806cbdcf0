"""`saywho verify`: the answer in words and as JSON, and what it refuses."""

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
