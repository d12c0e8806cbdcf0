"""Dash on this app: only the routes that are needed, each with a policy and checked input.

The private names of Dash that this rests on have tests; Dash is pinned by the lock file.
"""

import asyncio
import gzip
from typing import Any, Final, cast

from dash import Dash, _utils, dcc
from dash.exceptions import DependencyException, InvalidResourceError
from quart import Quart, Response, g, request

from app.dashboard.callbacks import declare, failed
from app.dashboard.calls import call_of
from app.dashboard.front import UPDATE
from app.dashboard.layout import layout
from app.dashboard.shared import Shared
from app.db.cache import keep
from app.errors import NotFoundError
from app.views.access import access
from app.views.parsing import request_bytes, require_type

PREFIX: Final = "/dashboard/"
SUITES: Final = PREFIX + "_dash-component-suites/<string:package_name>/<path:fingerprinted_path>"
GZIP_LEVEL: Final = 6
YEAR_S: Final = 365 * 24 * 3600
KEY: Final = "saywho.dashboard"
CONFIG: Final = frozenset(
    {
        *("url_base_pathname", "requests_pathname_prefix", "serve_locally", "children_props"),
        *("ui", "props_check", "show_undo_redo", "suppress_callback_exceptions", "update_title"),
        *("validate_callbacks", "csrf_token_name", "csrf_header_name"),
    }
)
"""What the browser must know; Dash would tell the versions of Python and of itself as well."""
to_json: Any = _utils.to_json


def mount(app: Quart) -> Any:
    """Register Dash on the app."""
    listed = len(dcc._js_dist)
    dash: Any = Dash(
        "app.dashboard",
        server=False,
        backend="quart",
        url_base_pathname=PREFIX,
        use_pages=False,
        serve_locally=True,
        compress=False,
        add_log_handler=False,
        include_assets_files=False,
        update_title="",
        on_error=failed,
    )
    _leave_out(dash)
    dash.init_app(app)
    # Dash lists the whole of plotly.js anew for each app of the process; a smaller one is used.
    del dcc._js_dist[listed:]
    declare(dash)
    dash.layout = layout
    # Else Dash would do that in the first request of anybody, and look again in each later one.
    dash._setup_server()
    app.before_request_funcs[None].remove(dash._setup_server)
    _guard(app, dash)
    return dash


def page_parts(dash: Any) -> dict[str, str]:
    """Return what the page holds of Dash: markup, and the hashes of its inline scripts."""
    config = {name: value for name, value in dash._config().items() if name in CONFIG}
    return {
        # As Dash writes it: nothing in it ends the element that it stands in.
        "config": to_json(config | {"disable_version_check": True}),
        "scripts": dash._generate_scripts_html(),
        "renderer": dash._generate_renderer(),
        "hashes": " ".join(dash.csp_hashes()),
    }


def _leave_out(dash: Any) -> None:
    """Keep Dash from registering what stands outside of every policy, or answers to anything."""
    backend = dash.backend
    backend.websocket_capability = False
    backend.register_assets_blueprint = lambda *_: None
    backend.setup_index = lambda _: None
    backend.setup_catchall = lambda _: None


def _guard(app: Quart, dash: Any) -> None:
    """Put a checked view in the place of each that Dash has registered."""
    views: dict[str, Any] = cast(dict[str, Any], app.view_functions)
    dispatch, serve_component = views[UPDATE], views[SUITES]

    async def make() -> bytes:
        response = await dispatch()
        body = cast(bytes, await response.get_data(as_text=False))
        return await asyncio.to_thread(gzip.compress, body, GZIP_LEVEL, mtime=0)

    @access("read")
    async def update() -> Response:
        require_type("application/json")
        call = call_of(await request_bytes())
        ask = call.ask
        figures: Shared = app.extensions[KEY]
        return _sent(await figures.get((g.locale, call.output, ask.view), make, after=ask.after))

    @access("read")
    async def component(package_name: str, fingerprinted_path: str) -> Response:
        keep()
        try:
            response: Response = await serve_component(package_name, fingerprinted_path)
        except (DependencyException, InvalidResourceError, OSError):
            raise NotFoundError("There is no such file") from None
        if "Cache-Control" in response.headers:
            response.headers["Cache-Control"] = f"private, max-age={YEAR_S}, immutable"
        return response

    @access("read")
    async def components() -> Response:
        keep()
        return cast(Response, dash.serve_layout())

    @access("read")
    async def dependencies() -> Response:
        keep()
        return cast(Response, dash.dependencies())

    @access("read")
    async def nothing() -> None:
        raise NotFoundError("There is no such page")

    views[UPDATE], views[SUITES] = update, component
    views[PREFIX + "_dash-layout"], views[PREFIX + "_dash-dependencies"] = components, dependencies
    views[PREFIX + "_reload-hash"] = views[PREFIX + "_favicon.ico"] = nothing


def _sent(body: bytes) -> Response:
    """Return a compressed answer as the client takes it."""
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
    if request.accept_encodings.quality("gzip"):
        headers["Content-Encoding"] = "gzip"
    else:
        body = gzip.decompress(body)
    return Response(body, 200, headers, content_type="application/json")
