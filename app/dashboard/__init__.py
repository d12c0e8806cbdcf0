"""The dashboard: Dash on this app, its page, and its figures."""

from collections.abc import AsyncGenerator

from quart import Quart

from app.dashboard.dash_app import mount
from app.dashboard.drawings import KEY, Drawings
from app.dashboard.pages import PAGE_KEY, blueprint
from app.lifespan import resources


def init_app(app: Quart) -> None:
    """Register the page and Dash; figures are shared once the app serves."""
    app.register_blueprint(blueprint)
    app.extensions[PAGE_KEY] = mount(app)

    @app.while_serving
    async def share() -> AsyncGenerator[None, None]:
        app.extensions[KEY] = Drawings(resources().feed)
        yield
