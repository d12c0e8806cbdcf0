"""Parts of files of any shape give the rows that the whole file of lines gives."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyspark", reason="bulk jobs are tested by make test-spark")

import pyarrow
from pyarrow.parquet import write_table

from app.bulk.checked import Reading
from app.bulk.inputs import InputPart, JobError, cut, named_files, sliced
from tests.installation import lines

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
POSTS: list[dict[str, Any]] = [
    {
        "username": f"author{n % 3}",
        "id": str(n),
        "text": f"항구 {n} \\ the fog\n",
        "created_at": f"2024-05-{n % 28 + 1:02}T01:02:03+09:00",
        "in_reply_to_id": str(n // 2) if n % 5 == 0 else None,
        "media": [{"kind": "photo", "alt": f"a 'boat' {n}"}] if n % 7 == 0 else [],
        "favorite_count": n,
    }
    for n in range(60)
]


def rows(*parts: InputPart) -> list[dict[str, Any]]:
    """Return the rows of the parts, without their numbers and places."""
    found = Reading(parts, NOW)({"id": number} for number in range(len(parts)))
    return [{name: row[name] for name in row.keys() - {"part", "seq", "place"}} for row in found]


def parts_of(path: Path) -> list[InputPart]:
    return cut([str(path)], "auto")


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    return lines(tmp_path / "posts.jsonl", *POSTS)


def test_a_file_of_lines_is_the_same_in_any_parts(posts: Path) -> None:
    (whole,) = parts_of(posts)
    expected = rows(whole)
    assert [row["source_id"] for row in expected] == [post["id"] for post in POSTS]
    for step in (1, 150, 1_000, 100_000):
        assert rows(*sliced(whole, posts.stat().st_size, step)) == expected


def test_packed_files_arrays_and_parquet_hold_the_same(posts: Path, tmp_path: Path) -> None:
    expected = rows(*parts_of(posts))
    packed = tmp_path / "posts.jsonl.gz"
    packed.write_bytes(gzip.compress(posts.read_bytes()))
    columns = tmp_path / "posts.parquet"
    times = [post | {"created_at": datetime.fromisoformat(post["created_at"])} for post in POSTS]
    write_table(pyarrow.Table.from_pylist(times), columns, row_group_size=7)
    for path in (packed, columns):
        assert rows(*parts_of(path)) == expected
    assert len(parts_of(columns)) == 9
    assert rows(*cut([columns.as_uri()], "auto")) == expected


def test_a_file_that_breaks_off_is_named(posts: Path, tmp_path: Path) -> None:
    packed = tmp_path / "posts.jsonl.gz"
    packed.write_bytes(gzip.compress(posts.read_bytes())[:-20])
    *_, last = rows(*parts_of(packed))
    assert last["fate"] == "broken"
    assert str(packed) in last["reason"]


def test_documents_of_mongodb_and_statuses_are_cut_too(tmp_path: Path) -> None:
    documents = [
        {"_id": {"$oid": f"{n:024}"}, "username": "deng", "text": f"t {n}"} for n in range(40)
    ]
    user = {"screen_name": "mina", "id_str": "7", "name": "Mina"}
    statuses = [{"id_str": str(n), "full_text": f"s {n}", "user": user} for n in range(40)]
    for kind, records in (("mongo", documents), ("x-api", statuses)):
        path = lines(tmp_path / f"{kind}.json", *records)
        (whole,) = parts_of(path)
        assert whole.format == kind
        expected = rows(whole)
        assert len(expected) == 40
        assert rows(*sliced(whole, path.stat().st_size, 500)) == expected


def test_bad_lines_tell_their_byte(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    good = json.dumps(POSTS[0]).encode()
    path.write_bytes(b"\n".join([good, b"{half", good, b"\xff", b'{"username": "a"}', good]))
    (whole,) = parts_of(path)
    parts = list(sliced(whole, path.stat().st_size, 40))
    numbers = ({"id": number} for number in range(len(parts)))
    bad = [
        (row["reason"], path.read_bytes()[int(row["place"].split()[1]) :].split(b"\n")[0])
        for row in Reading(parts, NOW)(numbers)
        if row["fate"] == "rejected"
    ]
    assert bad == [
        ("not valid JSON", b"{half"),
        ("the line is {fault}", b"\xff"),
        ("no text", b'{"username": "a"}'),
    ]


def test_inputs_are_files_folders_and_patterns(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.jsonl", "c [1].csv", "_SUCCESS", ".a.crc"):
        (tmp_path / name).write_text("")
    (tmp_path / "folder").mkdir()
    a, b, c = (str(tmp_path / name) for name in ("a.jsonl", "b.jsonl", "c [1].csv"))
    assert named_files([str(tmp_path)]) == [a, b, c]
    assert named_files([f"{tmp_path}/*.jsonl", c]) == [a, b, c]
    assert named_files([tmp_path.as_uri() + "/*.jsonl"]) == [Path(a).as_uri(), Path(b).as_uri()]
    for none in (f"{tmp_path}/*.json", f"{tmp_path}/no", str(tmp_path / "folder")):
        with pytest.raises(JobError, match="does not exist, or holds no files"):
            named_files([none])
