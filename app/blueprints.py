"""The blueprints of the site; those of its parts are in their `part.py`."""

from typing import Final

from quart import Blueprint

from app.views import phone
from app.views.access import content, login, settings
from app.views.authors import api as authors_api, pages as authors
from app.views.comparing import api as comparing_api, pages as comparing
from app.views.imports import api as imports_api, pages as imports
from app.views.posts import api as posts_api, media, pages as posts, search, search_api
from app.views.rooms import api as rooms_api, pages as rooms
from app.views.site import api as site_api, home

API: Final[tuple[Blueprint, ...]] = (
    site_api.blueprint,
    authors_api.blueprint,
    posts_api.blueprint,
    posts_api.live,
    rooms_api.blueprint,
    search_api.blueprint,
    comparing_api.blueprint,
    imports_api.blueprint,
)
"""Under /api/v1."""
PAGES: Final[tuple[Blueprint, ...]] = (
    home.blueprint,
    phone.blueprint,
    authors.blueprint,
    rooms.blueprint,
    comparing.blueprint,
    search.blueprint,
    posts.blueprint,
    media.blueprint,
    login.blueprint,
    settings.blueprint,
    content.blueprint,
    imports.blueprint,
)
