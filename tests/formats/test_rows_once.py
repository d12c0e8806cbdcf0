"""Tables beside their parts, copies and cleaned copies: each post is read once, and told."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import saywho
from saywho.formats.tables.csv import written_table

Row = tuple[str, str, str]
FOG = "The fog over the pier was gone, and the ferry of the islands is late: number"
SHIP = "오늘도 부두에 안개가 짙고, 섬으로 가는 배는 늦는대요! 번호"


def made(seed: int, form: str = "%Y-%m-%d %H:%M:%S") -> list[Row]:
    """Return posts of two people, no two of one second."""
    times = [datetime(2024, 1, 1, 9) + n * timedelta(minutes=7 + 97 * seed) for n in range(22)]
    said = [(("mina", "jun")[n % 3 == 0], f"{(FOG, SHIP)[n % 2]} {n}") for n in range(22)]
    return [(*post, f"{time:{form}}") for post, time in zip(said, times, strict=True)]


def cleaned(row: Row) -> Row:
    words = re.findall(r"\w+", row[1].casefold())
    return row[0], " ".join(word for word in words if word not in {"the", "of", "is"}), row[2]


def read(folder: Path, tables: dict[str, list[Row]]) -> saywho.Chat:
    for name, rows in tables.items():
        (folder / name).write_bytes(written_table([("username", "text", "date"), *rows]))
    return saywho.read(folder if len(tables) > 1 else folder / next(iter(tables)))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d"])
@pytest.mark.parametrize("names", ["abc", "cba", "bac"])
def test_a_table_beside_its_parts_and_copies_is_read_once(
    names: str, form: str, seed: int, tmp_path: Path
) -> None:
    rows, (whole, part, copy) = made(seed, form), (f"{name}.csv" for name in names)
    clean = {f"{names[1]}_cleaned.csv": [*map(cleaned, rows)]} if ":" in form else {}
    chat = read(tmp_path, tables := {whole: rows, part: rows[seed:18], copy: rows} | clean)
    assert sorted(post.text for post in chat) == sorted(text for _, text, _ in rows)
    told = {*re.findall(r"count once \(see (\S+)\)", " ".join(chat.doubts))}
    assert (len(told), {whole, copy} <= told) == (len(tables) - 1, False)


def test_the_same_posts_in_other_words_stop_the_import(tmp_path: Path) -> None:
    other = [(row[0], "배 안개 저녁 부두 우산 지도 연필", row[2]) for row in made(1)]
    with pytest.raises(saywho.FileError, match=r"in other words \(see b\.csv\)"):
        read(tmp_path, {"a.csv": made(1), "b.csv": other})


@pytest.mark.parametrize(("form", "times"), [("%Y-%m-%d %H:%M:%S", 1), ("%Y-%m-%d", 2)])
def test_rows_that_stand_twice_in_a_table_are_told(form: str, times: int, tmp_path: Path) -> None:
    chat = read(tmp_path, {"a.csv": [each for row in made(2, form) for each in (row, row)]})
    assert (len(chat), "a.csv): 22" in " ".join(chat.doubts)) == (times * 22, True)


@pytest.mark.parametrize("seed", range(4))
def test_other_posts_of_the_same_people_all_stay(seed: int, tmp_path: Path) -> None:
    rows = made(seed)
    later = [(name, f"{text} later", f"2025{time[4:]}") for name, text, time in rows]
    apart = [("jun" if name == "mina" else "mina", text, time) for name, text, time in rows]
    thread = [(name, f"지도와 연필 {text[::-1]}", time) for name, text, time in rows[:4]]
    chat = read(tmp_path, {"a.csv": rows, "b.csv": later + thread, "c.csv": apart})
    assert (len(chat), chat.doubts) == (70, ())


def test_a_row_that_two_tables_begin_with_makes_neither_a_copy(tmp_path: Path) -> None:
    hello = ("mina", "Good morning, everyone!", "")
    tables = {f"{seed}.csv": [hello, *made(seed)[1:]] for seed in range(2)}
    assert len(read(tmp_path, tables)) == 44
