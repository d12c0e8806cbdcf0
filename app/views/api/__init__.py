"""The JSON API, under /api/v1."""

from quart import Quart

from app.views.api import compare, export, imports, live, search, service, sources, tweets, users


def init_app(app: Quart) -> None:
    """Register the API's blueprints."""
    answers = (service, users, tweets, search, compare, live)
    for module in (*answers, imports, sources, export):
        app.register_blueprint(module.blueprint)
