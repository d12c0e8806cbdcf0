"""The components of the page, a section for each figure, and the callbacks that fill them."""

from typing import Any, Final

import dash
from dash import ClientsideFunction, Input, Output
from quart import g, has_request_context

from app.dashboard.figures import FIGURES
from app.dashboard.figures.base import Figure
from app.i18n import catalog, gettext_noop

# The types of Dash know no aria-… properties.
dcc: Any = dash.dcc
html: Any = dash.html

TABLE: Final = gettext_noop("Table")
WAITING: Final = gettext_noop("Being drawn…")
UNPAINTED: Final = {
    "data": [],
    "layout": {
        "xaxis": {"visible": False},
        "yaxis": {"visible": False},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    },
}
GRAPH_CONFIG: Final = {
    "displayModeBar": False,
    "displaylogo": False,
    "responsive": True,
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "scrollZoom": False,
    "doubleClick": "reset",
}


def layout() -> Any:
    """Return the sections in the request's language."""
    translate = catalog(g.locale if has_request_context() else "en").gettext
    sections = [_section(figure, translate) for figure in FIGURES.values()]
    # The theme counts up when the colours change, so that every figure is painted again.
    return html.Div([*sections, dcc.Store(id="theme", data=0)], className="figure-grid")


def _section(figure: Figure, translate: Any) -> Any:
    name = figure.name
    graphs = [_graph(figure, place, translate) for place in range(len(figure.graphs))]
    return html.Section(
        [
            html.H2(translate(figure.title), id=f"{name}-heading"),
            html.P(translate(figure.about), className="soft figure-about"),
            html.P(
                id=f"{name}-note",
                className="figure-note",
                role="status",
                **{"data-waiting": translate(WAITING)},
            ),
            html.Div(graphs, className="graphs", id=f"{name}-graphs"),
            html.Ul(className="figure-rows"),
            html.P(
                html.A(
                    translate(TABLE),
                    href=f"/dashboard/table/{name}",
                    className="follows",
                    **{"aria-describedby": f"{name}-heading"},
                ),
                className="figure-links",
            ),
            dcc.Store(id=f"{name}-ask"),
            dcc.Store(id=f"{name}-drawing"),
        ],
        id=name,
        className=f"card figure-card figure-of-{name}",
        **{"aria-labelledby": f"{name}-heading", "data-rest-s": str(figure.rest_s)},
    )


def _graph(figure: Figure, place: int, translate: Any) -> Any:
    graph = dcc.Graph(
        id=f"{figure.name}-graph-{place}",
        figure=UNPAINTED,
        config=GRAPH_CONFIG,
        responsive=True,
        clear_on_unhover=True,
        style={"height": figure.height},
    )
    title = figure.graphs[place]
    return html.Div([html.H3(translate(title)), graph] if title else [graph], className="graph")


def declare_callbacks(dash: Any) -> None:
    """Declare the callbacks of all figures."""
    for figure in FIGURES.values():
        _declare_drawing(dash, figure)
        for place in range(len(figure.graphs)):
            _declare_pointer(dash, figure, place, "peek", "hoverData")
            _declare_pointer(dash, figure, place, "follow", "clickData")


def _declare_drawing(dash: Any, figure: Figure) -> None:
    name = figure.name

    async def draw(_: dict[str, Any]) -> None:
        """The app answers these calls itself; the browser only has to know of them."""

    request, drawing = Input(f"{name}-ask", "data"), Output(f"{name}-drawing", "data")
    dash.callback(drawing, request, prevent_initial_call=True)(draw)
    dash.clientside_callback(
        ClientsideFunction("saywho", "paint"),
        [Output(f"{name}-graph-{place}", "figure") for place in range(len(figure.graphs))],
        Output(f"{name}-note", "children"),
        Input(f"{name}-drawing", "data"),
        Input("theme", "data"),
        prevent_initial_call=True,
    )


def _declare_pointer(dash: Any, figure: Figure, place: int, function: str, data: str) -> None:
    """Declare what the browser does where the pointer is over a graph, or clicks on it."""
    graph = f"{figure.name}-graph-{place}"
    dash.clientside_callback(
        ClientsideFunction("saywho", function),
        Output(graph, data),
        Input(graph, data),
        Input(f"{figure.name}-drawing", "data"),
        prevent_initial_call=True,
    )
