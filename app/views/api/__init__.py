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
    sources,
    stats,
    tweets,
    users,
    verify,
)


def init_app(app: Quart) -> None:
    """Register the API's blueprints."""
    answers = (service, users, tweets, search, stats, compare, verify, live)
    for module in (*answers, imports, sources, export, docs):
        app.register_blueprint(module.blueprint)
