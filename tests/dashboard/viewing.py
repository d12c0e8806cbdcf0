"""Asking for figures as a browser does."""

import gzip
import json
from typing import Any, Final

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
    """Return a drawing; one that cannot be made has a problem instead of a note."""
    body = call(figure, view)
    body["inputs"][0]["value"] |= ask
    answer = await client.post(UPDATE, json=body, headers=GZIP)
    assert answer.status_code == 200, await answer.get_data()
    response = json.loads(gzip.decompress(await answer.get_data()))["response"]
    found = json.loads(response[f"{figure}-drawing"]["data"])
    assert found["view"] == view
    drawing: dict[str, Any] = found.get("drawing") or {"problem": found["problem"]}
    return drawing


def bars(drawing: dict[str, Any]) -> dict[str, int]:
    """Return how many posts of whom a timeline shows."""
    plot = drawing["plot"] or {"data": []}
    return {trace["name"]: trace["meta"]["posts"] for trace in plot["data"]}
