"""The JSON API, under /api/v1."""

from quart import Quart

PREFIX = "/api/v1"


def init_app(app: Quart) -> None:
    """Register the API's blueprints."""
    from app.views.api import compare, docs, export, imports, live, search, stats, tweets, users

    for module in (users, tweets, search, stats, compare, imports, export, live, docs):
        app.register_blueprint(module.blueprint, url_prefix=PREFIX)
