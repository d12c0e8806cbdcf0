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
    verify,
)


def init_app(app: Quart) -> None:
    """Register the API's blueprints."""
    modules = (service, users, tweets, search, stats, compare, verify, live, imports, export, docs)
    for module in modules:
        app.register_blueprint(module.blueprint)
