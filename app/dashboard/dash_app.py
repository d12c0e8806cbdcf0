"""Dash on this app: only the routes that are needed, each with a policy and checked input.

All that rests on private names of Dash stands here; the lock file pins Dash, and tests cover it.
"""

import json
from typing import Any, Final, cast

from dash import Dash, dcc
from dash.exceptions import DependencyException, InvalidResourceError
from quart import Quart, Response, g

from app.dashboard.callbacks import answer
from app.dashboard.layout import declare_callbacks, layout
from app.errors import NotFoundError
from app.lifespan import resources
from app.memo import cacheable
from app.paths import DASH_CALLS, DASHBOARD
from app.views.access import access

PREFIX: Final = DASHBOARD + "/"
SUITES: Final = PREFIX + "_dash-component-suites/<string:package_name>/<path:fingerprinted_path>"
YEAR_S: Final = 365 * 24 * 3600
UNSENT: Final = ("dash_version", "python_version", "dash_version_url", "ddk_version", "end_id")
"""What Dash would tell the browser, and no page needs."""


class Parts(Dash):
    """Dash without a page of its own: the app's page holds its parts."""

    def __init__(self, **options: Any) -> None:
        super().__init__("app.dashboard", **options)
        self.parts: dict[str, str] = {}

    def interpolate_index(self, **parts: Any) -> Any:  # type: ignore[override]
        """Keep the parts: the inline configuration, the scripts, and what starts them."""
        before, _, config = parts["config"].partition(">")
        values = json.loads(config.removesuffix("</script>"))
        sent = {name: value for name, value in values.items() if name not in UNSENT}
        # As Dash writes it: nothing in it can close the element around it.
        config = f"{before}>{json.dumps(sent | {'disable_version_check': True})}</script>"
        self.parts = {"config": config, "scripts": parts["scripts"], "renderer": parts["renderer"]}
        return super().interpolate_index(**parts)  # type: ignore[no-untyped-call]


def mount(app: Quart) -> dict[str, str]:
    """Register Dash on the app; return its parts of the page, and the hashes of its scripts."""
    listed = len(dcc._js_dist)
    dash: Any = Parts(
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
    dash.index()
    parts: dict[str, str] = dash.parts
    return parts | {"hashes": " ".join(dash.csp_hashes())}


def _guard(app: Quart, dash: Any) -> None:
    """Put a view with a policy in the place of each that Dash has registered."""
    views: dict[str, Any] = cast(dict[str, Any], app.view_functions)
    serve_component, dispatch = views[SUITES], views[DASH_CALLS]

    @access("read")
    async def call() -> Response:
        return await answer(dispatch)

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

    @access("read")
    async def components() -> Any:
        cacheable()
        g.owner = await resources().owner.find()
        return dash.serve_layout()

    @access("read")
    async def dependencies() -> Any:
        cacheable()
        return dash.dependencies()

    @access("read")
    async def nothing() -> None:
        raise NotFoundError("There is no such page")

    views[DASH_CALLS], views[SUITES] = call, component
    views[PREFIX + "_dash-layout"] = components
    views[PREFIX + "_dash-dependencies"] = dependencies
    views[PREFIX + "_reload-hash"] = views[PREFIX + "_favicon.ico"] = nothing
