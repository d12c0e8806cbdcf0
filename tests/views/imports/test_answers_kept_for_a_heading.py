"""Answers about columns are kept for files with the same heading, told, and forgotten."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from quart import Quart

from tests.browsing import Browser
from tests.conftest import Client, client_with
from tests.installation import Installation
from tests.uploading import ended as ended_page, jsonl, shown, start, upload
from tests.views.imports.test_imports_api import ended, send

ANSWERS = {"column": ["text=한마디", "author=누가"]}
NAMES = ["누가", "한마디"]
Rows = list[list[str]]


def written(kind: str, rows: Rows, names: list[str] = NAMES) -> bytes:
    if kind == "csv":
        return "\n".join(map(",".join, [names, *rows])).encode()
    return jsonl(*(dict(zip(names, row, strict=True)) for row in rows))


def sea(day: int) -> Rows:
    return [[f"미나{n % 2}", f"{day}일 안개가 {n}번 왔다"] for n in range(4)]


async def brought(client: Client, kind: str, data: bytes, **query: Any) -> dict[str, Any]:
    sent = f"?{urlencode({'format': kind, **query}, doseq=True)}"
    return await ended(client, await send(client, data, sent))


def said(job: dict[str, Any]) -> list[str]:
    return [part["value"] for part in job["assumptions"] if part["kind"] == "answers"]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
async def test_an_answer_is_used_told_and_forgotten(
    writer: Client, browser: Browser, kind: str
) -> None:
    asks = await brought(writer, kind, written(kind, sea(1)))
    assert (asks["state"], len(asks["questions"])) == ("failed", 2)
    first = await brought(writer, kind, written(kind, sea(1)), **ANSWERS)
    assert (first["accepted"], said(first)) == (4, [])
    again = await brought(writer, kind, written(kind, sea(2)))
    assert (again["accepted"], said(again)) == (4, ["text=한마디, author=누가"])
    (told,) = (part for part in again["assumptions"] if part["kind"] == "answers")
    assert re.fullmatch(r"as you answered on \d{4}-\d\d-\d\d for upload\S*", told["evidence"])
    # Another order, another name, or another format is another heading.
    for names in (NAMES[::-1], [*NAMES, "언제"], ["누가 ", "한마디"]):
        rows = [[*row, "x"][: len(names)] for row in sea(3)]
        assert (await brought(writer, kind, written(kind, rows, names)))["state"] == "failed"
    other = "jsonl" if kind == "csv" else "csv"
    assert (await brought(writer, other, written(other, sea(3))))["state"] == "failed"
    # The preview reads as the import will, and a choice of its own counts.
    address = await upload(browser, written(kind, sea(4)), f"four.{kind}")
    assert "as you answered on" in shown(await browser.page(address))
    assert await start(browser, address) == 303
    assert "4 new posts" in shown(await ended_page(browser, address))
    none = await brought(writer, kind, written(kind, sea(5)), column="author=none", username="ada")
    assert (none["accepted"], said(none)) == (4, ["text=한마디"])
    page = await browser.page("/settings")
    assert "author=none, text=한마디" in page
    (forget,) = re.findall(r'action="(/settings/answers/\d+/delete)"', page)
    assert [(await browser.post(forget)).status_code for _ in "12"] == [303, 404]
    assert "Answers about tables" not in await browser.page("/settings")
    assert (await brought(writer, kind, written(kind, sea(6))))["state"] == "failed"


async def test_what_was_undone_or_has_one_column_is_no_answer(app: Quart, writer: Client) -> None:
    admin = await client_with(app, "admin")
    job = await brought(writer, "csv", written("csv", sea(1)), **ANSWERS)
    assert (await admin.post(f"/api/v1/imports/{job['id']}/undo")).status_code == 202
    assert (await brought(writer, "csv", written("csv", sea(1))))["state"] == "failed"
    one = "한마디\n안개가 왔다\n배가 온다\n".encode()
    chosen = {"column": ["author=none", "text=한마디"], "username": "ada"}
    assert (await brought(writer, "csv", one, **chosen))["state"] == "done"
    assert (await brought(writer, "csv", one))["state"] == "failed"


async def test_a_value_that_no_answer_named_is_asked_again(writer: Client) -> None:
    for day, values, public, stored in (
        (1, "01", ["1"], (1, 1)),
        (2, "0122", [], (1, 3)),
        (3, "02", ["1", "2"], (1, 1)),
        (4, "021", [], (2, 1)),
    ):
        rows = [["mina", f"fog {day} {n}", value] for n, value in enumerate(values)]
        data = written("csv", rows, ["username", "text", "post_state"])
        chosen = {"column": "audience=post_state", "public_values": public} if public else {}
        job = await brought(writer, "csv", data, **chosen)
        assert (job["accepted"], job["restricted"]) == stored
        (asked,) = (part for part in job["assumptions"] if part["kind"] == "audience")
        assert ("until you answer: 2" in asked["evidence"]) == (day == 2)


def test_a_command_uses_answers_and_a_dry_run_does_not(
    installation: Installation, tmp_path: Path
) -> None:
    paths = tmp_path / "first.csv", tmp_path / "second.csv"
    for day, path in enumerate(paths):
        path.write_bytes(written("csv", sea(day)))
    chosen = [part for each in ANSWERS["column"] for part in ("--column", each)]
    assert installation.run("import", paths[0], "--dry-run", *chosen).exit_code == 0
    assert installation.run("import", paths[1]).exit_code == 2
    installation.done("import", paths[0], *chosen)
    assert installation.run("import", paths[1], "--dry-run").exit_code == 2
    told = installation.run("import", paths[1])
    assert "Columns: text=한마디, author=누가 (as you answered on 20" in told.stdout
    assert "for first.csv" in told.stdout
    assert "stored 4 posts" in told.stdout
