"""The pages of a website, and the links between them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from jinja2 import Environment
from markupsafe import Markup
from msgspec import Struct

from app.config import Locale
from app.drawing.drawings import Columns, WeekGrid
from app.services.archive.author_archive import AuthorArchive
from app.services.posts.tweets import PostMedium
from app.views.authors.figures import AuthorAtSight, MostNamed, PostingYear
from app.views.detached import NOWHERE
from app.views.figure import Figure
from app.views.page import WebPage, values_of, with_links

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

    def page(self, page: WebPage) -> bytes:
        template = self._environment.get_template(page.template)
        return without_dead_links(template.render(values_of(page))).encode()

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
    picture: str = ""
    """The URL of the picture that networks show of a link, likewise."""
    picture_told: str = ""


class Published(WebPage, frozen=True, kw_only=True):
    frame: Frame


class AuthorsOfWebsite(Published, frozen=True, kw_only=True):
    template = "publish/authors.html"

    doors: Sequence[tuple[str, str, Sequence[str]]]
    """Address, name and a few facts of each."""


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


class FirstPage(Published, frozen=True, kw_only=True, dict=True):
    template = "publish/index.html"

    at_sight: AuthorAtSight
    name: str
    username: str
    hue: str
    years: Sequence[YearDoor]
    undated: tuple[str, int] | None
    newest: Sequence[Markup]
    tiles: Sequence[Markup]
    liked: Sequence[Markup]
    pictures_path: str
    liked_path: str


class Door(NamedTuple):
    path: str
    label: str


class PartOfPosts(NamedTuple):
    id: str
    title: str
    posts: Sequence[str]


class PublishedPosts(Published, frozen=True, kw_only=True):
    """Posts under headings: a month by day, or a day of the year by year."""

    template = "publish/posts.html"

    title: str
    count: int
    parts: Sequence[PartOfPosts]
    before: Door | None
    after: Door | None
    up: Door | None


class PublishedYear(Published, frozen=True, kw_only=True):
    template = "publish/year.html"

    hue: str
    weeks: WeekGrid
    posting: PostingYear
    zone: str
    months: Sequence[Door]
    """The page of each month of `posting`."""
    before: Door | None
    after: Door | None


class DayDoor(NamedTuple):
    number: int
    path: str
    """Empty for a day without posts."""
    level: int
    label: str


class DaysPage(Published, frozen=True, kw_only=True):
    template = "publish/days.html"

    months: Sequence[tuple[str, Sequence[DayDoor]]]
    hue: str


class PicturesPage(Published, frozen=True, kw_only=True):
    template = "publish/pictures.html"

    months: Sequence[PartOfPosts]
    count: int


class SearchHerePage(Published, frozen=True, kw_only=True):
    template = "publish/search.html"


class OldAddressesPage(Published, frozen=True, kw_only=True):
    template = "publish/status.html"


class OldAddressPage(Published, frozen=True, kw_only=True):
    """A page at the number of a post on its platform, which leads to the post."""

    template = "publish/old.html"

    path: str


class LikedPage(Published, frozen=True, kw_only=True):
    template = "publish/liked.html"

    posts: Sequence[Markup]


class NumbersPage(Published, frozen=True, kw_only=True):
    template = "publish/numbers.html"

    archive: AuthorArchive
    columns: Sequence[Figure[Columns]]
    lists: Sequence[MostNamed]
    posts: int
