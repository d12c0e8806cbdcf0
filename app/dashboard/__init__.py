"""The dashboard: Dash on this app, its page, and the figures that it shows."""

from collections.abc import AsyncGenerator

from quart import Quart

from app.asgi.edge import AsgiApp
from app.config import MIB, Config
from app.lifespan import resources

FIGURES_MB = 32


def init_app(app: Quart) -> None:
    """Register the page and Dash; the figures are shared once the app serves."""
    # Dash takes longer to import than everything else, so only who makes an app does.
    from app.dashboard.mounting import KEY, mount, page_parts
    from app.dashboard.pages import PAGE_KEY, blueprint
    from app.dashboard.shared import Shared

    app.register_blueprint(blueprint)
    dash = mount(app)
    app.extensions[PAGE_KEY] = page_parts(dash)

    @app.while_serving
    async def share() -> AsyncGenerator[None, None]:
        shared = app.extensions[KEY] = Shared(resources().feed, FIGURES_MB * MIB)
        yield
        await shared.close()


def shared_in_front(app: Quart, config: Config) -> AsgiApp:
    """Return the app with a layer in front that gives out figures which are made already."""
    from app.dashboard.front import Front
    from app.dashboard.mounting import KEY

    return Front(app.asgi_app, config, lambda: app.extensions.get(KEY))
