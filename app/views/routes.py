"""The routes: the API under /api/v1, and pages."""

from typing import Final

from quart import Quart

from app.views.access import account, content, login, readers, settings
from app.views.authors import api as authors_api
from app.views.authors import pages as authors
from app.views.comparing import api as comparing_api
from app.views.comparing import pages as comparing
from app.views.imports import api as imports_api
from app.views.imports import pages as imports
from app.views.posts import api as posts_api
from app.views.posts import feeds, live, media, search, search_api
from app.views.posts import pages as posts
from app.views.rooms import api as rooms_api
from app.views.rooms import deletion as room_deletion
from app.views.rooms import pages as rooms
from app.views.site import api as site_api
from app.views.site import course, home, phone

API_BLUEPRINTS: Final = tuple(
    module.blueprint
    for module in (
        site_api,
        authors_api,
        posts_api,
        rooms_api,
        search_api,
        comparing_api,
        live,
        imports_api,
    )
)
PAGES: Final = (
    home,
    phone,
    authors,
    rooms,
    room_deletion,
    comparing,
    search,
    posts,
    media,
    feeds,
    login,
    settings,
    account,
    content,
    readers,
    imports,
)


def init_app(app: Quart) -> None:
    for blueprint in (*API_BLUEPRINTS, *(page.blueprint for page in PAGES), course.blueprint):
        app.register_blueprint(blueprint)
