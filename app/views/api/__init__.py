"""The JSON API, under /api/v1."""

from quart import Quart

from app.views.api import (
    compare,
    docs,
    export,
    imports,
    live,
    search,
    service,
    stats,
    tweets,
    users,
)


def init_app(app: Quart) -> None:
    """Register the API's blueprints."""
    for module in (service, users, tweets, search, stats, compare, live, imports, export, docs):
        app.register_blueprint(module.blueprint)
