"""Dash on this app: only the routes that are needed, each with a policy and checked input.

This depends on private names of Dash, which have tests; the lock file pins Dash.
"""

import gzip
from collections.abc import Callable
from typing import Any, Final, cast

from dash import Dash, dcc
from dash.exceptions import DependencyException, InvalidResourceError
from quart import Quart, Response, g, request

from app.dashboard.calls import SharedFigures, call_of, to_json
from app.dashboard.layout import declare_callbacks, layout
from app.errors import NotFoundError
from app.memo import cacheable
from app.paths import DASH_CALLS, DASHBOARD
from app.views.access import access
from app.views.parsing import request_bytes, require_type

PREFIX: Final = DASHBOARD + "/"
SUITES: Final = PREFIX + "_dash-component-suites/<string:package_name>/<path:fingerprinted_path>"
YEAR_S: Final = 365 * 24 * 3600
KEY: Final = "saywho.dashboard"
CONFIG: Final = frozenset(
    {
        *("url_base_pathname", "requests_pathname_prefix", "serve_locally", "children_props"),
        *("ui", "props_check", "show_undo_redo", "suppress_callback_exceptions", "update_title"),
        *("validate_callbacks", "csrf_token_name", "csrf_header_name"),
    }
)
"""What the browser needs; Dash would also send the versions of Python and of itself."""


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
    )
    # Dash would register routes without a policy, and one for every address.
    dash.backend.websocket_capability = False
    for part in ("register_assets_blueprint", "setup_index", "setup_catchall"):
        setattr(dash.backend, part, lambda *_: None)
    dash.init_app(app)
    # Each app adds the whole of plotly.js to the list of the process; a smaller one is used.
    del dcc._js_dist[listed:]
    declare_callbacks(dash)
    dash.layout = layout
    # Otherwise Dash would do that in the first request, and check it in each later one.
    dash._setup_server()
    app.before_request_funcs[None].remove(dash._setup_server)
    _guard(app, dash)
    return dash


def page_parts(dash: Any) -> dict[str, str]:
    """Return Dash's parts of the page: markup, and the hashes of its inline scripts."""
    config = {name: value for name, value in dash._config().items() if name in CONFIG}
    return {
        # As Dash writes it: nothing in it can close the element around it.
        "config": to_json(config | {"disable_version_check": True}),
        "scripts": dash._generate_scripts_html(),
        "renderer": dash._generate_renderer(),
        "hashes": " ".join(dash.csp_hashes()),
    }


def _guard(app: Quart, dash: Any) -> None:
    """Put a checked view in the place of each that Dash has registered."""
    views: dict[str, Any] = cast(dict[str, Any], app.view_functions)
    serve_component = views[SUITES]

    @access("read")
    async def update() -> Response:
        require_type("application/json")
        call = call_of(await request_bytes())
        figures: SharedFigures = app.extensions[KEY]
        body, _ = await figures.get(call, g.locale)
        return _sent(body)

    @access("read")
    async def component(package_name: str, fingerprinted_path: str) -> Response:
        cacheable()
        try:
            response: Response = await serve_component(package_name, fingerprinted_path)
        except (DependencyException, InvalidResourceError, OSError):
            raise NotFoundError("There is no such file") from None
        if "Cache-Control" in response.headers:
            response.headers["Cache-Control"] = f"private, max-age={YEAR_S}, immutable"
        return response

    def kept(serve: Callable[[], Any]) -> Any:
        @access("read")
        async def view() -> Any:
            cacheable()
            return serve()

        return view

    @access("read")
    async def nothing() -> None:
        raise NotFoundError("There is no such page")

    views[DASH_CALLS], views[SUITES] = update, component
    views[PREFIX + "_dash-layout"] = kept(dash.serve_layout)
    views[PREFIX + "_dash-dependencies"] = kept(dash.dependencies)
    views[PREFIX + "_reload-hash"] = views[PREFIX + "_favicon.ico"] = nothing


def _sent(body: bytes) -> Response:
    """Return a compressed answer, decompressed for a client that does not accept gzip."""
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
    if request.accept_encodings.quality("gzip"):
        headers["Content-Encoding"] = "gzip"
    else:
        body = gzip.decompress(body)
    return Response(body, 200, headers, content_type="application/json")
