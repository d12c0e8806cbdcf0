"""The dashboard: Dash on this app, its page, and its figures."""

from quart import Quart

from app.dashboard.dash_app import mount
from app.dashboard.pages import PAGE_KEY, blueprint


def init_app(app: Quart) -> None:
    """Register the page and Dash."""
    app.register_blueprint(blueprint)
    app.extensions[PAGE_KEY] = mount(app)
