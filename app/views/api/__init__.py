"""The JSON API, under /api/v1."""

from quart import Quart

from app.views.api import compare, imports, live, rooms, search, service, sources, tweets, users


def init_app(app: Quart) -> None:
    """Register the API's blueprints."""
    for module in (service, users, tweets, rooms, search, compare, live, imports, sources):
        app.register_blueprint(module.blueprint)
