"""Asking for figures as a browser does."""

import csv
import gzip
import io
import json
import re
from html import unescape
from typing import Any, Final

from tests.browsing import in_one_line
from tests.conftest import Client

PREFIX: Final = "/dashboard/"
UPDATE: Final = PREFIX + "_dash-update-component"

GZIP: Final = {"Accept-Encoding": "gzip"}


def call(figure: str, view: str = "", **changed: Any) -> dict[str, Any]:
    """Return what the browser sends to have a figure drawn."""
    return {
        "output": f"{figure}-drawing.data",
        "outputs": {"id": f"{figure}-drawing", "property": "data"},
        "inputs": [{"id": f"{figure}-ask", "property": "data", "value": {"view": view}}],
        "changedPropIds": [f"{figure}-ask.data"],
    } | changed


async def drawn(client: Client, figure: str, view: str = "", **ask: Any) -> dict[str, Any]:
    """Return what a figure says and shows; one that cannot be made has a problem instead."""
    body = call(figure, view)
    body["inputs"][0]["value"] |= ask
    answer = await client.post(UPDATE, json=body, headers=GZIP, status=200)
    response = json.loads(gzip.decompress(await answer.get_data()))["response"]
    sent = json.loads(response[f"{figure}-drawing"]["data"])
    assert sent["view"] == view
    drawing: dict[str, Any] = {"plot": None, "rows": ""} | sent["answer"]
    drawing |= words_in(drawing["words"])
    return {"problem": drawing["notes"]} if drawing.get("is_problem") else drawing


def words_in(html: str) -> dict[str, str]:
    """Return the title and the notes of a figure."""
    html = in_one_line(html)
    title = re.findall(r"<h2[^>]*>(.*?)</h2>", html, re.DOTALL)
    notes = re.findall(r'<(p|ul) class="figure-note[^>]*>(.*?)</\1>', html, re.DOTALL)
    told = " ".join(re.sub(r"</?li[^>]*>", " ", note) for _, note in notes)
    return {"title": unescape("".join(title)), "notes": " ".join(unescape(told).split())}


async def page_words(client: Client, query: str = "") -> dict[str, dict[str, str]]:
    """Return what the figures say in the page as it is sent, by their names."""
    page = await (await client.get(PREFIX + query, status=200)).get_data(as_text=True)
    sections = re.findall(
        r'<section class="card figure-card[^>]* id="(\w+)"(.*?)</section>', page, re.DOTALL
    )
    return {name: words_in(html) for name, html in sections}


async def csv_rows(client: Client, figure: str, query: str = "") -> list[list[str]]:
    """Return the rows of a figure's file, without the header."""
    answer = await client.get(f"{PREFIX}table/{figure}.csv{query}", status=200)
    assert answer.headers["Content-Type"].startswith("text/csv")
    return list(csv.reader(io.StringIO((await answer.get_data()).decode("utf-8-sig"))))[1:]


def bars(drawing: dict[str, Any]) -> dict[str, int]:
    """Return how many posts of whom a timeline shows."""
    plot = drawing["plot"] or {"data": []}
    return {trace["name"]: trace["meta"]["posts"] for trace in plot["data"] if "name" in trace}
