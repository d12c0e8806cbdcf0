"""The JSON API, under /api/v1."""

from quart import Quart

from app.views.api import compare, imports, live, search, service, sources, tweets, users


def init_app(app: Quart) -> None:
    """Register the API's blueprints."""
    for module in (service, users, tweets, search, compare, live, imports, sources):
        app.register_blueprint(module.blueprint)
