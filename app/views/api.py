"""The JSON API, under /api/v1."""

from typing import Final

from quart import Quart

from app.views.authors import api as authors
from app.views.comparing import api as comparing
from app.views.imports import api as imports
from app.views.posts import api as posts
from app.views.posts import live, search_api
from app.views.rooms import api as rooms
from app.views.site import api as site

MODULES: Final = (site, authors, posts, rooms, search_api, comparing, live, imports)
BLUEPRINTS: Final = tuple(module.blueprint for module in MODULES)


def init_app(app: Quart) -> None:
    """Register the API's blueprints."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
