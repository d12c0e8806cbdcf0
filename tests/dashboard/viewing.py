"""Asking for figures as a browser does."""

import gzip
import json
from typing import Any, Final

from tests.conftest import Client

PREFIX: Final = "/dashboard/"
UPDATE: Final = PREFIX + "_dash-update-component"

GZIP: Final = {"Accept-Encoding": "gzip"}
"""As all browsers say; without it no figure is given out in front of the app."""


def call(figure: str, view: str = "", **changed: Any) -> dict[str, Any]:
    """Return what the browser sends to have a figure drawn."""
    return {
        "output": f"{figure}-drawing.data",
        "outputs": {"id": f"{figure}-drawing", "property": "data"},
        "inputs": [{"id": f"{figure}-ask", "property": "data", "value": {"view": view}}],
        "changedPropIds": [f"{figure}-ask.data"],
    } | changed


async def drawn(client: Client, figure: str, view: str = "", **ask: Any) -> dict[str, Any]:
    body = call(figure, view)
    body["inputs"][0]["value"] |= ask
    # Whoever shows a token is answered by the app alone.
    plain = {name: value for name, value in client.headers.items() if name != "Authorization"}
    answer = await Client(client.app, plain | GZIP).post(UPDATE, json=body)
    assert answer.status_code == 200, await answer.get_data()
    response = json.loads(gzip.decompress(await answer.get_data()))["response"]
    found = response[f"{figure}-drawing"]["data"]
    assert isinstance(found, dict)
    return found


def bars(drawing: dict[str, Any]) -> dict[str, int]:
    """Return how many posts of whom a timeline shows."""
    return {
        trace["name"]: trace["meta"]["posts"] for plot in drawing["plots"] for trace in plot["data"]
    }
