"""The JSON API, under /api/v1."""

from typing import Final

from quart import Quart

from app.views.api import compare, imports, live, rooms, search, service, sources, tweets, users

MODULES: Final = (service, users, tweets, rooms, search, compare, live, imports, sources)
BLUEPRINTS: Final = tuple(module.blueprint for module in MODULES)


def init_app(app: Quart) -> None:
    """Register the API's blueprints."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
