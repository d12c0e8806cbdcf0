"""Tables of Parquet, which are read where pyarrow is installed."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyarrow", reason="make test-full has it")

from pyarrow import Table
from pyarrow.parquet import write_table

from tests.installation import Installation

LARGE_ID = 1_580_661_436_132_757_505
ROWS: list[dict[str, Any]] = [
    {
        "id": LARGE_ID + number,
        "user": {"username": ("mina", "jun")[number % 2]},
        "text": f"안개 낀 아침 {number} 🌫️\nline",
        "created_at": datetime(2024, 5, 1 + number % 28, 9, tzinfo=UTC),
        "likes": Decimal(number),
        "views": number * 2.0 if number % 3 else float("nan"),
    }
    for number in range(2_500)
]


def parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    write_table(Table.from_pylist(rows), path)
    return path


def test_each_row_is_a_post_with_whole_ids(installation: Installation, tmp_path: Path) -> None:
    report = installation.json("import", parquet(tmp_path / "posts.parquet", ROWS))
    assert (report["accepted"], report["rejected"]) == (2_500, 0)
    newest = {
        post["source_id"]: post
        for post in map(json.loads, installation.done("export").splitlines())
    }[str(LARGE_ID + 2_491)]
    assert newest["username"] == "jun"
    assert newest["text"] == ROWS[2_491]["text"]
    assert newest["created_at"].startswith("2024-05-28T09:00:00")


def test_a_damaged_table_is_refused_and_stores_nothing(
    installation: Installation, tmp_path: Path
) -> None:
    path = parquet(tmp_path / "posts.parquet", ROWS)
    path.write_bytes(path.read_bytes()[:-900])
    assert "the table is damaged" in installation.refused("import", path)
    assert installation.done("export") == ""
