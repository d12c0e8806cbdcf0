"""The pages of a website, and the links between them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from jinja2 import Environment
from msgspec import Struct

from app.config import Locale
from app.services.posts.tweets import PostMedium
from app.views.detached import NOWHERE
from app.views.page import with_links

_LEADS_NOWHERE: Final = re.compile(r'<a\b[^<>]*\bhref="[\x01/][^<>]*>(.*?)</a>', re.DOTALL)
"""A link to the server, or to nothing; markup cannot be in a text."""


@dataclass
class Links:
    """The addresses of a page, relative to it."""

    root: str = ""
    """The way up to the first page."""
    base: str = ""
    """The author's own folder."""
    posts: dict[int, str] = field(default_factory=dict)
    """Pages of the posts, by id."""
    media: frozenset[str] = frozenset()
    small: frozenset[str] = frozenset()
    """Pictures with a small version."""
    has_pictures: bool = False

    def url_for(self, endpoint: str, **values: Any) -> str:
        """Return the address of a page of the program; `NOWHERE` if it is not published."""
        if endpoint == "posts.show_tweet":
            return self.post(values["tweet_id"])
        if endpoint == "media.show_media":
            return f"{self.root}media/{values['name']}"
        if endpoint == "posts.show_posts" and values.get("has") == "media" and self.has_pictures:
            return self.page("pictures.html")
        if endpoint == "authors.show_author":
            return self.page("index.html")
        if endpoint == "static" and values["filename"] == ICON:
            return f"{self.root}{ICON}"
        return NOWHERE

    def url_of(self, endpoint: str, **values: Any) -> str:
        address = self.url_for(endpoint, **values)
        return "" if address == NOWHERE else address

    def author(self, _username: str) -> str:
        return self.page("index.html")

    def post(self, tweet_id: int) -> str:
        page = self.posts.get(tweet_id)
        return f"{self.root}{page}#p{tweet_id}" if page else NOWHERE

    def page(self, name: str) -> str:
        return f"{self.root}{quote(self.base)}{name}"

    def search(self, term: str) -> str:
        return f"{self.page('search.html')}#q={quote(term)}"

    def small_address(self, address: str, width: int) -> str:
        name = address.rpartition("/")[2]
        return (
            f"{self.root}media/{small_name(name)}"
            if width == SMALL and name in self.small
            else address
        )

    def medium(self, medium: PostMedium) -> str | None:
        """Return the address of a medium's file, None without one."""
        name = (medium.url or "").rpartition("/")[2]
        return f"{self.root}media/{name}" if name in self.media else None


SMALL: Final = 320
ICON: Final = "icon.svg"


def small_name(name: str) -> str:
    return f"{name.partition('.')[0]}-{SMALL}.webp"


class Rendering:
    """The program's templates, with addresses of a website."""

    def __init__(self, environment: Environment, links: Links, language: Locale) -> None:
        self.links = links
        self._environment = environment.overlay()
        self._environment.globals = {
            **environment.globals,
            "locale": language,
            "url_for": links.url_for,
            "url_of": links.url_of,
            "author_path": links.author,
            "small_address": links.small_address,
        }
        linked = partial(with_links, address_of=links.search)
        self._environment.filters = {**environment.filters, "with_links": linked}

    def page(self, template: str, values: Mapping[str, Any]) -> bytes:
        html = self._environment.get_template(template).render(values)
        return without_dead_links(html).encode()

    @cached_property
    def macros(self) -> Any:
        return self._environment.get_template("publish/_post.html").module


def without_dead_links(html: str) -> str:
    """Return a page with texts in place of links to pages that the website lacks."""
    return _LEADS_NOWHERE.sub(r"\1", html)


class MenuLink(NamedTuple):
    path: str
    label: str
    is_current: bool


class Frame(Struct, frozen=True, kw_only=True):
    """The frame of every page."""

    language: Locale
    root: str
    home: str
    brand: str
    menu: Sequence[MenuLink]
    told: str
    """The sentence at the foot."""
    up: str | None = None
    """Address of the page with all authors, if there are several."""
    address: str = ""
    """The page's own URL, if the website has a URL."""


class MonthDoor(NamedTuple):
    path: str
    name: str
    whole_name: str
    posts: str
    level: int


class YearDoor(NamedTuple):
    path: str
    year: int
    posts: str
    months: Sequence[MonthDoor | None]
    """All twelve; None for a month without posts."""


class Door(NamedTuple):
    path: str
    label: str


def steps(doors: Sequence[Door], place: int, up: Door | None = None) -> dict[str, Door | None]:
    """Return the doors before and after a page, and the one above, by their names in templates."""
    after = doors[place + 1] if place + 1 < len(doors) else None
    return {"before": doors[place - 1] if place else None, "after": after, "up": up}


class PartOfPosts(NamedTuple):
    id: str
    title: str
    posts: Sequence[str]
