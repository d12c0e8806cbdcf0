"""The dashboard: Dash on this app, its page, and its figures."""

from collections.abc import AsyncGenerator

from quart import Quart

from app.asgi.edge import AsgiApp
from app.config import Config
from app.dashboard.app import KEY, mount, page_parts
from app.dashboard.calls import FigureLayer, SharedFigures
from app.dashboard.pages import PAGE_KEY, blueprint
from app.lifespan import resources


def init_app(app: Quart) -> None:
    """Register the page and Dash; the figures are shared once the app serves."""
    app.register_blueprint(blueprint)
    app.extensions[PAGE_KEY] = page_parts(mount(app))

    @app.while_serving
    async def share() -> AsyncGenerator[None, None]:
        app.extensions[KEY] = SharedFigures(app, resources().feed)
        yield


def figures_in_front(app: Quart, config: Config) -> AsgiApp:
    """Return the app with the layer in front that answers for figures."""
    return FigureLayer(app.asgi_app, config, lambda: app.extensions.get(KEY))
