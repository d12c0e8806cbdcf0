"""The dashboard's figures in Dash, with only the routes needed.

All that rests on private names of Dash stands here; the lock file pins Dash, and tests cover it.
"""

import gzip
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, cast

import dash
import msgspec
from dash import ClientsideFunction, Dash, Input, Output
from dash.exceptions import DependencyException, InvalidResourceError
from quart import Quart, Response, request

from app.asgi.cached import GZIP_LEVEL
from app.errors import NotFoundError
from app.lifespan import resources
from app.parts.dashboard.calls import FigureRequest, check_call
from app.parts.dashboard.figures import AnyPanel, draw
from app.parts.dashboard.page import DASHBOARD, PAGE_KEY, PANELS
from app.result_cache import cacheable
from app.static_files import YEAR_S
from app.views.policies import access

PREFIX: Final = DASHBOARD + "/"
DASH_CALLS: Final = PREFIX + "_dash-update-component"
"""Address to which Dash in the browser posts its callbacks."""
SUITES: Final = PREFIX + "_dash-component-suites/<string:package_name>/<path:fingerprinted_path>"
FINGERPRINT: Final = re.compile(r"\.(v\w+)(?=\.)")
"""The version and the time of a package, in the name of a file that Dash serves."""
KEPT_HERE: Final = f"private, max-age={YEAR_S}, immutable"
UNSENT: Final = ("dash_version", "python_version", "dash_version_url", "ddk_version", "end_id")
"""What Dash would tell the browser, and no page needs; each call would repeat the last one."""
# The types of Dash know no aria-… properties.
dcc: Any = dash.dcc
html: Any = dash.html


def init_app(app: Quart) -> None:
    """Register Dash, beside the page."""
    app.extensions[PAGE_KEY] = mount(app)


class Parts(Dash):
    """Dash without a page of its own: the app's page holds its parts."""

    parts: dict[str, str]

    def _config(self) -> dict[str, Any]:
        """Let the browser ask no other host for a newer version, nor know any."""
        sent: dict[str, Any] = super()._config()  # type: ignore[no-untyped-call]
        values = {name: value for name, value in sent.items() if name not in UNSENT}
        return values | {"disable_version_check": True}

    def _setup_plotlyjs(self) -> None:
        """Do not add the whole of plotly.js to the list of the process; a smaller one is used.

        Dash has no setting for that: each app lengthens a private list of the package.
        """

    def interpolate_index(self, **parts: Any) -> Any:  # type: ignore[override]
        """Keep the inline configuration, the scripts, and what starts them."""
        self.parts = {name: parts[name] for name in ("config", "scripts", "renderer")}
        return super().interpolate_index(**parts)  # type: ignore[no-untyped-call]


def mount(app: Quart) -> dict[str, str]:
    """Register Dash on the app; return its parts of the page, and the hashes of its scripts."""
    made: Any = Parts(
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
    # Dash would register routes without a policy, and one for every address.
    made.backend.websocket_capability = False
    for part in ("register_assets_blueprint", "setup_index", "setup_catchall"):
        setattr(made.backend, part, lambda *_: None)
    made.init_app(app)
    _declare_callbacks(made)
    made.layout = layout
    # Otherwise Dash would do this in the first request, and ask in each later one whether it did.
    set_up = app.before_request_funcs[None].pop()
    set_up()
    made.index()
    parts: dict[str, str] = made.parts
    _guard(app, made, frozenset(FINGERPRINT.findall(parts["scripts"])))
    return parts | {"hashes": " ".join(made.csp_hashes())}


def layout() -> Any:
    """Return the graphs, which the page's stylesheet lays over the sections of their figures."""
    # The theme counts up when the colours change, so that every figure is painted again.
    return html.Div([*map(_graph, PANELS), dcc.Store(id="theme", data=0)], className="drawings")


def _graph(name: str) -> Any:
    graph = dcc.Graph(
        id=f"{name}-graph",
        config={"displayModeBar": False, "responsive": True},
        responsive=True,
        # The page's script sets the properties of each figure, and leaves the elements alone.
        style={"height": "100%", "maxWidth": f"var(--{name}-width, none)"},
    )
    stores = [dcc.Store(id=f"{name}-ask"), dcc.Store(id=f"{name}-drawing")]
    style = {
        "display": f"var(--{name}-display, none)",
        "visibility": f"var(--{name}-visibility, hidden)",
        "gridRow": f"{name}-drawing",
    }
    return html.Div([graph, *stores], id=f"{name}-plot", className="drawing", style=style)


def _declare_callbacks(made: Any) -> None:
    """Declare the callbacks of all panels: to draw one, to paint it, to follow a click."""
    for name, panel in PANELS.items():
        request_id, drawing = Input(f"{name}-ask", "data"), Input(f"{name}-drawing", "data")
        drawn = Output(f"{name}-drawing", "data")

        async def draw_figure(request_id: object, panel: AnyPanel = panel) -> str:
            request = msgspec.convert(request_id, FigureRequest)
            return await draw(panel, request.view, is_live=request.live)

        made.callback(drawn, request_id, prevent_initial_call=True)(draw_figure)
        made.clientside_callback(
            ClientsideFunction("saywho", "paint"),
            Output(f"{name}-graph", "figure"),
            drawing,
            Input("theme", "data"),
            prevent_initial_call=True,
        )
        made.clientside_callback(
            ClientsideFunction("saywho", "follow"),
            Output(f"{name}-graph", "clickData"),
            Input(f"{name}-graph", "clickData"),
            drawing,
            prevent_initial_call=True,
        )


async def _called(dispatch: Callable[[], Awaitable[Response]]) -> Response:
    """Return Dash's answer to a callback, compressed where the request accepts that.

    Raises MalformedError for a callback that no browser sends.
    """
    await check_call(PANELS)
    response = await dispatch()
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept-Encoding")
    if request.accept_encodings.quality("gzip"):
        data = await response.get_data(as_text=False)
        pack = partial(gzip.compress, data, GZIP_LEVEL, mtime=0)
        response.set_data(await resources().work_pool.run(pack))
        response.headers["Content-Encoding"] = "gzip"
    return response


def _guard(app: Quart, made: Any, fingerprints: frozenset[str]) -> None:
    """Put a view with a policy in the place of each that Dash has registered.

    `fingerprints`: those of the installed packages. Dash would let browsers keep its present file
    under any other one, too.
    """
    views: dict[str, Any] = cast(dict[str, Any], app.view_functions)
    serve_component, dispatch = views[SUITES], views[DASH_CALLS]

    @access("read")
    async def call() -> Response:
        return await _called(dispatch)

    @access("read")
    async def component(package_name: str, fingerprinted_path: str) -> Response:
        cacheable()
        try:
            response: Response = await serve_component(package_name, fingerprinted_path)
        except (DependencyException, InvalidResourceError, OSError):
            raise NotFoundError("There is no such file") from None
        is_kept = fingerprints.intersection(FINGERPRINT.findall(fingerprinted_path))
        response.headers["Cache-Control"] = KEPT_HERE if is_kept else "no-cache"
        if "ETag" not in response.headers:
            await response.add_etag()
        return response

    @access("read")
    async def components() -> Any:
        cacheable()
        return made.serve_layout()

    @access("read")
    async def dependencies() -> Any:
        cacheable()
        return made.dependencies()

    @access("read")
    async def nothing() -> None:
        raise NotFoundError("There is no such page")

    views[DASH_CALLS], views[SUITES] = call, component
    views[PREFIX + "_dash-layout"] = components
    views[PREFIX + "_dash-dependencies"] = dependencies
    views[PREFIX + "_reload-hash"] = views[PREFIX + "_favicon.ico"] = nothing
