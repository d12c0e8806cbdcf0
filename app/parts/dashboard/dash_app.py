"""The dashboard's figures in Dash, which takes half a second to import.

Dash's private names are used in this module alone; the lock file pins Dash.
"""

import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, NamedTuple, cast

import dash
import msgspec
from dash import ClientsideFunction, Dash, Input, Output
from dash.exceptions import DependencyException, InvalidResourceError
from quart import Quart, Response

from app.errors import NotFoundError
from app.parts.dashboard.answers import POSTS, SECTIONS, FigureRequest, draw
from app.parts.dashboard.panels import DASHBOARD
from app.views.answers import YEAR_S

PREFIX: Final = DASHBOARD + "/"
SUITES: Final = PREFIX + "_dash-component-suites/<string:package_name>/<path:fingerprinted_path>"
FINGERPRINT: Final = re.compile(r"\.(v\w+)(?=\.)")
"""A package's version and time in the names of Dash's files."""
# The types of Dash know no aria-… properties.
dcc: Any = dash.dcc
html: Any = dash.html


class DashParts(Dash):
    """Dash without its own page; the app's page contains its parts."""

    parts: dict[str, str]

    def _config(self) -> dict[str, Any]:
        sent: dict[str, Any] = super()._config()  # type: ignore[no-untyped-call]
        # The browser needs no versions, and must not ask another host for a newer one. Every call
        # would repeat `end_id`.
        unsent = ("dash_version", "python_version", "dash_version_url", "ddk_version", "end_id")
        values = {name: value for name, value in sent.items() if name not in unsent}
        return values | {"disable_version_check": True}

    def _setup_plotlyjs(self) -> None:
        """Leave out plotly.js: the page uses a smaller build."""

    def interpolate_index(self, **parts: Any) -> Any:  # type: ignore[override]
        self.parts = {name: parts[name] for name in ("config", "scripts", "renderer")}
        return super().interpolate_index(**parts)  # type: ignore[no-untyped-call]


class DashViews(NamedTuple):
    parts: dict[str, str]
    """Parts of the app's page, with the hashes of its scripts."""
    call: Callable[[], Awaitable[Response]]
    component: Callable[..., Awaitable[Response]]
    layout: Callable[[], Response]
    dependencies: Callable[[], Response]


def make() -> DashViews:
    """Make Dash on an app that serves nothing, whose views are called by those with a policy."""
    made: Any = DashParts(
        "app.parts.dashboard",
        server=False,
        backend="quart",
        url_base_pathname=PREFIX,
        use_pages=False,
        serve_locally=True,
        compress=False,
        add_log_handler=False,
        include_assets_files=False,
        update_title="",
    )
    # Dash would register a route for every URL.
    made.backend.websocket_capability = False
    for part in ("register_assets_blueprint", "setup_index", "setup_catchall"):
        setattr(made.backend, part, lambda *_: None)
    app = Quart("dash")
    made.init_app(app)
    _declare_callbacks(made)
    # The theme is a number that grows when the colours change, so that all figures are repainted.
    drawings = [*map(_graph, SECTIONS), dcc.Store(id="theme", data=0)]
    made.layout = lambda: html.Div(drawings, className="drawings")
    # Otherwise Dash would do this in the first request, and check in each later request.
    set_up = app.before_request_funcs[None].pop()
    set_up()
    made.index()
    parts: dict[str, str] = made.parts
    views = cast(dict[str, Any], app.view_functions)
    return DashViews(
        parts | {"hashes": " ".join(made.csp_hashes())},
        views[PREFIX + "_dash-update-component"],
        partial(_component, views[SUITES], frozenset(FINGERPRINT.findall(parts["scripts"]))),
        made.serve_layout,
        made.dependencies,
    )


async def _component(
    serve: Callable[..., Awaitable[Response]],
    fingerprints: frozenset[str],
    package_name: str,
    fingerprinted_path: str,
) -> Response:
    """Return a file of a package. Raises NotFoundError.

    fingerprints: of the installed packages; Dash would let browsers keep files under any other.
    """
    try:
        response = await serve(package_name, fingerprinted_path)
    except (DependencyException, InvalidResourceError, OSError):
        raise NotFoundError("There is no such file") from None
    is_kept = fingerprints.intersection(FINGERPRINT.findall(fingerprinted_path))
    cached = f"private, max-age={YEAR_S}, immutable"
    response.headers["Cache-Control"] = cached if is_kept else "no-cache"
    if "ETag" not in response.headers:
        await response.add_etag()
    return response


def _graph(name: str) -> Any:
    stores = [dcc.Store(id=f"{name}-ask"), dcc.Store(id=f"{name}-drawing")]
    if name == POSTS:  # Nothing is drawn.
        return html.Div([dcc.Store(id=f"{name}-graph"), *stores])
    graph = dcc.Graph(
        id=f"{name}-graph",
        config={"displayModeBar": False, "responsive": True},
        responsive=True,
        style={"height": "100%"},
    )
    # The page's script sets these properties for each figure, and leaves the elements alone.
    style = {
        "display": f"var(--{name}-display, none)",
        "visibility": f"var(--{name}-visibility, hidden)",
        "gridRow": f"{name}-drawing",
    }
    return html.Div([graph, *stores], id=f"{name}-plot", className="drawing", style=style)


def _declare_callbacks(made: Any) -> None:
    for name in SECTIONS:
        drawing = Input(f"{name}-drawing", "data")

        async def draw_figure(value: object, name: str = name) -> str:
            asked = msgspec.convert(value, FigureRequest)
            return await draw(name, asked.view, is_live=asked.live)

        drawn, ask = Output(f"{name}-drawing", "data"), Input(f"{name}-ask", "data")
        made.callback(drawn, ask, prevent_initial_call=True)(draw_figure)
        made.clientside_callback(
            ClientsideFunction("saywho", "paint"),
            Output(f"{name}-graph", "data" if name == POSTS else "figure"),
            drawing,
            Input("theme", "data"),
            prevent_initial_call=True,
        )
        if name == POSTS:
            continue
        made.clientside_callback(
            ClientsideFunction("saywho", "follow"),
            Output(f"{name}-graph", "clickData"),
            Input(f"{name}-graph", "clickData"),
            drawing,
            prevent_initial_call=True,
        )
