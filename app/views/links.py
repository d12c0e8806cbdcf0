"""What pages say of themselves to search engines and link previews."""

from typing import Final

from quart import Quart, g, request

from app.config import Config
from app.i18n import own_address

LISTED: Final = frozenset(
    {"home.show_home", "authors.show_authors", "authors.show_author", "posts.show_tweet"}
)
"""Pages that search engines may list; there are endless many of the others, or they are nobody
else's business."""
ASIDE: Final = frozenset({"tz", "cursor", "day", "year"})
"""Parameters that show another part of the same page."""


def init_app(app: Quart, config: Config) -> None:
    """Give the templates the page's address, where the settings say what the site's is.

    A cached page must not hold the address by which somebody happened to ask for it.
    """

    @app.context_processor
    def links() -> dict[str, object]:
        return {
            "site_url": config.url,
            "canonical": config.url + own_address(*ASIDE) if config.url and "locale" in g else "",
            "is_listed": request.endpoint in LISTED,
        }
