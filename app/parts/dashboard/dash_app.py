"""The dashboard's figures in Dash, with only the necessary routes.

Dash's private names are used in this module alone; the lock file pins Dash.
"""

import gzip
import re
from functools import partial
from typing import Annotated, Any, Final, cast

import dash
import msgspec
from dash import ClientsideFunction, Dash, Input, Output
from dash.exceptions import DependencyException, InvalidResourceError
from msgspec import Meta, Struct, field
from quart import Quart, Response, request

from app.asgi.cached import GZIP_LEVEL
from app.db.result_cache import cacheable
from app.errors import InvalidInputError, MalformedError, NotFoundError
from app.lifespan import resources
from app.parts.dashboard.figures import AnyPanel, draw
from app.parts.dashboard.page import DASHBOARD, PAGE_KEY, PANELS
from app.views.answers import YEAR_S
from app.views.policies import access
from app.views.requests import decode_json, require_type

PREFIX: Final = DASHBOARD + "/"
DASH_CALLS: Final = PREFIX + "_dash-update-component"
SUITES: Final = PREFIX + "_dash-component-suites/<string:package_name>/<path:fingerprinted_path>"
FINGERPRINT: Final = re.compile(r"\.(v\w+)(?=\.)")
"""A package's version and time in the names of Dash's files."""
# The types of Dash know no aria-… properties.
dcc: Any = dash.dcc
html: Any = dash.html


class FigureRequest(Struct):
    view: Annotated[str, Meta(max_length=8_000)]
    live: bool = False


class Property(Struct):
    id: str
    property: str


class FigureInput(Property):
    value: FigureRequest


class FigureCall(Struct):
    output: str
    outputs: Property
    inputs: Annotated[list[FigureInput], Meta(min_length=1, max_length=1)]
    """One input: Dash would compare each of several with all properties."""
    changed: list[str] = field(name="changedPropIds", default_factory=list)
    state: Annotated[list[object], Meta(max_length=0)] = []


class Parts(Dash):
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


def init_app(app: Quart) -> None:
    """Register Dash on the app, with its parts of the page and its scripts' hashes for the page."""
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
    # Dash would register routes without a policy, and a route for every URL.
    made.backend.websocket_capability = False
    for part in ("register_assets_blueprint", "setup_index", "setup_catchall"):
        setattr(made.backend, part, lambda *_: None)
    made.init_app(app)
    _declare_callbacks(made)
    # The theme is a number that grows when the colours change, so that all figures are repainted.
    drawings = [*map(_graph, PANELS), dcc.Store(id="theme", data=0)]
    made.layout = lambda: html.Div(drawings, className="drawings")
    # Otherwise Dash would do this in the first request, and check in each later request.
    set_up = app.before_request_funcs[None].pop()
    set_up()
    made.index()
    parts: dict[str, str] = made.parts
    _guard(app, made, frozenset(FINGERPRINT.findall(parts["scripts"])))
    app.extensions[PAGE_KEY] = parts | {"hashes": " ".join(made.csp_hashes())}


def _graph(name: str) -> Any:
    graph = dcc.Graph(
        id=f"{name}-graph",
        config={"displayModeBar": False, "responsive": True},
        responsive=True,
        # The page's script sets these properties for each figure, and leaves the elements alone.
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
    for name, panel in PANELS.items():
        drawing = Input(f"{name}-drawing", "data")

        async def draw_figure(value: object, panel: AnyPanel = panel) -> str:
            asked = msgspec.convert(value, FigureRequest)
            return await draw(panel, asked.view, is_live=asked.live)

        drawn, ask = Output(f"{name}-drawing", "data"), Input(f"{name}-ask", "data")
        made.callback(drawn, ask, prevent_initial_call=True)(draw_figure)
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


async def check_call() -> None:
    """Raise MalformedError for a callback that no browser sends, since Dash validates nothing."""
    require_type("application/json")
    try:
        call = decode_json(await request.data, FigureCall)
        # Dash parses it this way, including fields that `FigureCall` skips.
        await request.get_json()
    except (InvalidInputError, UnicodeDecodeError, RecursionError):
        raise MalformedError("There is no such callback") from None
    name = call.outputs.id.removesuffix("-drawing")
    sent = (call.output, call.outputs.property, call.inputs[0].id, call.inputs[0].property)
    if name not in PANELS or sent != (f"{name}-drawing.data", "data", f"{name}-ask", "data"):
        raise MalformedError("There is no such callback")


def _guard(app: Quart, made: Any, fingerprints: frozenset[str]) -> None:
    """Replace the views that Dash has registered by views with a policy.

    fingerprints: of the installed packages; Dash would let browsers keep files under any other.
    """
    views: dict[str, Any] = cast(dict[str, Any], app.view_functions)
    serve_component, dispatch = views[SUITES], views[DASH_CALLS]

    @access("read")
    async def call() -> Response:
        await check_call()
        response: Response = await dispatch()
        response.headers["Cache-Control"] = "no-store"
        response.vary.add("Accept-Encoding")
        if request.accept_encodings.quality("gzip"):
            data = await response.get_data(as_text=False)
            pack = partial(gzip.compress, data, GZIP_LEVEL, mtime=0)
            response.set_data(await resources().work_pool.run(pack))
            response.headers["Content-Encoding"] = "gzip"
        return response

    @access("read")
    async def component(package_name: str, fingerprinted_path: str) -> Response:
        cacheable()
        try:
            response: Response = await serve_component(package_name, fingerprinted_path)
        except (DependencyException, InvalidResourceError, OSError):
            raise NotFoundError("There is no such file") from None
        is_kept = fingerprints.intersection(FINGERPRINT.findall(fingerprinted_path))
        cached = f"private, max-age={YEAR_S}, immutable"
        response.headers["Cache-Control"] = cached if is_kept else "no-cache"
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
