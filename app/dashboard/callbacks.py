"""What Dash asks the server for: the drawing of each figure, for a view."""

import asyncio
import logging
from dataclasses import asdict
from typing import Any

from dash import ClientsideFunction, Input, Output

from app.dashboard.figures import FIGURES
from app.dashboard.figures.base import Figure
from app.dashboard.view import view_of
from app.db.cache import keep
from app.errors import AppError
from app.i18n import gettext, translate_error
from app.lifespan import resources

logger = logging.getLogger(__name__)


def failed(error: Exception) -> dict[str, str]:
    """Return what is shown in place of a figure that could not be made."""
    if isinstance(error, AppError):
        return {"problem": translate_error(error)}
    logger.error("a figure could not be made", exc_info=error)
    return {"problem": gettext("Something went wrong on the server. Please try again.")}


def declare(dash: Any) -> None:
    """Declare the callbacks of all figures."""
    for figure in FIGURES.values():
        _declare(dash, figure)


def _declare(dash: Any, figure: Figure) -> None:
    name = figure.name

    async def draw(ask: dict[str, Any]) -> dict[str, Any]:
        view = view_of(ask["view"])
        async with resources().db.read() as session:
            data = await figure.load(session, view)
        drawing = await asyncio.to_thread(figure.draw, data)
        if not drawing.again_s:
            keep()
        return asdict(drawing) | {"view": ask["view"]}

    asked, drawn = Input(f"{name}-ask", "data"), Output(f"{name}-drawing", "data")
    dash.callback(drawn, asked, prevent_initial_call=True)(draw)
    dash.clientside_callback(
        ClientsideFunction("saywho", "paint"),
        [Output(f"{name}-graph-{place}", "figure") for place in range(len(figure.graphs))],
        Output(f"{name}-note", "children"),
        Input(f"{name}-drawing", "data"),
        Input("theme", "data"),
        prevent_initial_call=True,
    )
    for place in range(len(figure.graphs)):
        dash.clientside_callback(
            ClientsideFunction("saywho", "peek"),
            Output(f"{name}-graph-{place}", "hoverData"),
            Input(f"{name}-graph-{place}", "hoverData"),
            Input(f"{name}-drawing", "data"),
            prevent_initial_call=True,
        )
        dash.clientside_callback(
            ClientsideFunction("saywho", "follow"),
            Output(f"{name}-graph-{place}", "clickData"),
            Input(f"{name}-graph-{place}", "clickData"),
            Input(f"{name}-drawing", "data"),
            prevent_initial_call=True,
        )
