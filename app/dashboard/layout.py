"""The components of the page, a section for each figure, and the callbacks that fill them."""

from typing import Any, Final

import dash
from dash import ClientsideFunction, Input, Output
from quart import g, has_request_context

from app.dashboard.callbacks import draw
from app.dashboard.figures import FIGURES
from app.dashboard.figures.base import Figure
from app.i18n import catalog, gettext_noop

# The types of Dash know no aria-… properties.
dcc: Any = dash.dcc
html: Any = dash.html

TABLE: Final = gettext_noop("Table")
GRAPH_CONFIG: Final = {"displayModeBar": False, "responsive": True}


def layout() -> Any:
    """Return the sections in the request's language."""
    translate = catalog(g.locale if has_request_context() else "en").gettext
    sections = [_section(figure, translate) for figure in FIGURES.values()]
    # The theme counts up when the colours change, so that every figure is painted again.
    return html.Div([*sections, dcc.Store(id="theme", data=0)], className="figure-grid")


def _section(figure: Figure, translate: Any) -> Any:
    name, waiting = figure.name, translate(figure.waiting)
    graph = dcc.Graph(
        id=f"{name}-graph", config=GRAPH_CONFIG, responsive=True, style={"height": "22rem"}
    )
    table = html.A(
        translate(TABLE),
        href=f"/dashboard/table/{name}",
        className="follows",
        **{"aria-describedby": f"{name}-heading"},
    )
    return html.Section(
        [
            html.H2(translate(figure.title), id=f"{name}-heading"),
            html.P(waiting, id=f"{name}-note", className="figure-note", role="status"),
            html.Div(graph, className="graph", **{"data-waiting": waiting}),
            html.P([translate(figure.about), " ", table], className="soft figure-about"),
            dcc.Store(id=f"{name}-ask"),
            dcc.Store(id=f"{name}-drawing"),
        ],
        id=name,
        hidden=figure.needs_two and has_request_context() and g.get("owner") is not None,
        className="card figure-card is-empty",
        **{"aria-labelledby": f"{name}-heading"},
    )


def declare_callbacks(dash: Any) -> None:
    """Declare the callbacks of all figures: to draw one, to paint it, to follow a click."""
    for name, figure in FIGURES.items():
        asked, drawing = Input(f"{name}-ask", "data"), Input(f"{name}-drawing", "data")
        drawn = Output(f"{name}-drawing", "data")

        async def draw_figure(asked: dict[str, Any], figure: Figure = figure) -> str:
            return await draw(figure, asked["view"])

        dash.callback(drawn, asked, prevent_initial_call=True)(draw_figure)
        dash.clientside_callback(
            ClientsideFunction("saywho", "paint"),
            Output(f"{name}-graph", "figure"),
            Output(f"{name}-note", "children"),
            drawing,
            Input("theme", "data"),
            prevent_initial_call=True,
        )
        dash.clientside_callback(
            ClientsideFunction("saywho", "follow"),
            Output(f"{name}-graph", "clickData"),
            Input(f"{name}-graph", "clickData"),
            drawing,
            prevent_initial_call=True,
        )
