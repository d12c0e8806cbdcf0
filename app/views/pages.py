"""The pages, rendered on the server and usable without JavaScript."""

from typing import Final

from jinja2 import StrictUndefined
from quart import Quart, g

from app.config import Config
from app.language.i18n import own_address
from app.views.access import account, content, login, readers, settings
from app.views.authors import pages as authors
from app.views.comparing import pages as comparing
from app.views.imports import pages as imports
from app.views.names import (
    chat_zone,
    display_name,
    has_chats,
    hue,
    is_speaker,
    platform_name,
    post_count,
    shown_name,
)
from app.views.own_chat import author_path, portrait_path
from app.views.posts import feeds, media, search
from app.views.posts import pages as posts
from app.views.reach import is_of_own_network, is_of_this_machine, is_site_private
from app.views.rooms import deletion as room_deletion
from app.views.rooms import pages as rooms
from app.views.site import home, phone
from app.views.texts import with_links

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
ASIDE: Final = frozenset({"tz", "cursor", "year", "before", "message", "on"})
"""Parameters that show another part of the same page."""


def init_app(app: Quart, config: Config) -> None:
    """Register the pages, and the facts about a page for search engines and link previews.

    Addresses come from the settings only: a cached page must not hold the host of one request.
    """
    app.jinja_env.filters |= {
        "display_name": display_name,
        "hue": hue,
        "platform_name": platform_name,
        "post_count": post_count,
        "chat_zone": chat_zone,
        "shown_name": shown_name,
        "with_links": with_links,
    }
    app.jinja_env.globals |= {
        "has_chats": has_chats,
        "author_path": author_path,
        "portrait_path": portrait_path,
        "is_site_private": is_site_private,
    }
    app.jinja_env.tests |= {
        "speaker": is_speaker,
        "of_this_machine": is_of_this_machine,
        "of_own_network": is_of_own_network,
    }
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.is_async = False  # Nothing in a page waits: a tenth of its time.
    for page in PAGES:
        app.register_blueprint(page.blueprint)

    @app.context_processor
    async def links() -> dict[str, str]:
        return {
            "site_url": config.url,
            "canonical": config.url + own_address(*ASIDE) if config.url and "locale" in g else "",
        }
