"""The files of a website, made of the posts that its authors publish."""

import re
from collections import Counter, defaultdict, deque
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import chain, count as count_from
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlsplit

from jinja2 import Environment
from markupsafe import Markup, escape
from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncSession

from app.config import Config, Locale
from app.db.engine import Database
from app.errors import MalformedError, UnavailableError
from app.language.i18n import (
    gettext,
    month_names,
    show_date,
    show_list,
    show_month,
    show_period,
    show_time,
    show_weekday,
    show_zone,
    speaking,
)
from app.part_list import Listed, Part
from app.parts.publish.choice import OwnPosts, PostChoice, find_posts, read_posts
from app.parts.publish.folder import WebsiteMark
from app.parts.publish.pages import (
    Door,
    Frame,
    Links,
    MenuLink,
    MonthDoor,
    PartOfPosts,
    Rendering,
    YearDoor,
    small_name,
    steps,
    without_dead_links,
)
from app.parts.publish.search import IndexedText, SearchIndex
from app.services.archive.author_archive import (
    AuthorArchive,
    CalendarYear,
    DayPosts,
    calendar_with,
    count_numbers,
)
from app.services.posts.media import SmallPictures, small_folder
from app.services.posts.selection import Scan, ScannedColumn, scan
from app.services.posts.tweets import Post, most_liked
from app.views.authors.figures import (
    AuthorAtSight,
    columns_of,
    lists_of,
    posting_year,
    posts_by_day,
    week_grid,
)
from app.views.cast import CLEAR_HUES, Cast, Person, bound, post_count
from app.views.detached import opened_environment
from app.views.page import language_tag, values_of
from app.views.posts.pages import FeedPage
from saywho import __version__
from saywho.text import username_key

NEWEST: Final = 10
"""Posts on the first page."""
TILES: Final = 12
MOST_LIKED: Final = 100
LIKED_AT_SIGHT: Final = 3
LEVELS: Final = 4
STATIC: Final = Path(__file__).parents[2] / "static"
RESERVED: Final = frozenset({"media", "search"})
"""Names of folders that no author has."""
LONGEST_FOLDER: Final = 200
"""Bytes of the name of an author's folder: file systems take 255."""
END: Final = date.max
"""The month of posts without a time, after all other months."""
_UNSAFE: Final = re.compile(r'[<>:"|*\x00-\x1f]')
"""Characters that some file systems refuse."""


class File(NamedTuple):
    name: str
    content: bytes | Path
    """Its content, or a file with the same content."""


@dataclass(frozen=True)
class WebsiteOptions:
    usernames: Sequence[str]
    choice: PostChoice
    language: Locale | None = None
    url: str = ""
    """The website's public URL without a slash at its end; empty if it has none."""

    @property
    def names(self) -> list[str]:
        return list({username_key(name): name for name in self.usernames}.values())


def site_url(url: str) -> str:
    """Return a website's public URL without a slash at its end. Raises MalformedError."""
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        is_good = False
    if url and not (is_good and re.fullmatch(r"[^\s?#@<>\"]+", url)):
        raise MalformedError("Write the website's URL like https://example.org/archive", loc="url")
    return url.rstrip("/")


class Website:
    """A website of some authors' posts, in one state of the database."""

    def __init__(
        self,
        environment: Environment,
        options: WebsiteOptions,
        authors: Sequence[OwnPosts],
        media_dir: Path,
    ) -> None:
        self.choice, self.url, self._authors = options.choice, options.url, authors
        self._media_dir, self._small_dir = media_dir, small_folder(media_dir)
        korean = sum(own.korean for own in authors)
        self.language: Locale = options.language or ("ko" if 2 * korean > self.posts else "en")
        files = sorted(frozenset[str]().union(*(own.files for own in authors)))
        self._files = [name for name in files if (media_dir / name).is_file()]
        small = [name for name in self._files if self._small(name).is_file()]
        # What takes the place of a small version that cannot be made has a byte.
        self._with_small = [name for name in small if self._small(name).stat().st_size > 1]
        self.links = Links(media=frozenset(self._files), small=frozenset(self._with_small))
        self.rendering = Rendering(environment, self.links, self.language)
        people = [_person(own, place) for place, own in enumerate(authors)]
        self.cast = Cast({person.username: person for person in people})
        self._bases = _folders([own.author.username for own in authors])

    @property
    def media(self) -> int:
        return len(self._files)

    @property
    def posts(self) -> int:
        return sum(len(own.ids) for own in self._authors)

    def mark(self) -> WebsiteMark:
        """Return the mark of the website, with the options as they were taken."""
        choice = self.choice
        options = {
            "authors": [own.author.username for own in self._authors],
            "language": self.language,
            "url": self.url or None,
            "timezone": choice.zone.key,
            "since": choice.since,
            "until": choice.until,
            "replies": choice.with_replies,
            "media": choice.with_media,
        }
        return WebsiteMark(__version__, options)

    async def files(
        self, session: AsyncSession, on_post: Callable[[], None]
    ) -> AsyncGenerator[File]:
        """Yield each file after the files that it links to, as far as links go one way."""
        for name in self._files:
            yield File(f"media/{name}", self._media_dir / name)
        for name in self._with_small:
            yield File(f"media/{small_name(name)}", self._small(name))
        style = (STATIC / "style.css", Path(__file__).with_name("website.css"))
        yield File("style.css", b"\n".join(path.read_bytes() for path in style))
        yield File("icon.svg", (STATIC / "icon.svg").read_bytes())
        map_line = f"Sitemap: {self.url}/sitemap.xml\n" if self.url else ""
        yield File("robots.txt", f"User-agent: *\nAllow: /\n{map_line}".encode())
        pages = list[str]()
        with bound(self.cast), speaking(self.language):
            for own, base in zip(self._authors, self._bases, strict=True):
                self.links.posts |= _places(own, base)
            for own, base in zip(self._authors, self._bases, strict=True):
                liked = await most_liked(session, *own.conditions, limit=MOST_LIKED)
                columns: tuple[ScannedColumn, ...] = ("text", "card", "answered")
                newest = await scan(session, *own.conditions, columns=columns)
                of_author = _PagesOfAuthor(self, own, base, liked)
                async for file in of_author.files(read_posts(session, own), newest, on_post):
                    if file.name.endswith(".html"):
                        pages.append(file.name)
                    yield file
            if len(self._authors) > 1:
                pages.append("index.html")
                for file in self._authors_page():
                    yield file
        if self.url:
            yield File("sitemap.xml", _site_map(map(self.address, sorted(pages))))

    def address(self, name: str) -> str:
        """Return the URL of a page; empty if the website has none."""
        path = quote(name.removesuffix("index.html") if name.endswith("index.html") else name)
        return f"{self.url}/{path}" if self.url else ""

    def _small(self, name: str) -> Path:
        return self._small_dir / small_name(name)

    def _authors_page(self) -> Iterator[File]:
        self.links.root = self.links.base = ""
        names = [self.cast.people[own.author.username].display_name for own in self._authors]
        listed = [
            (f"{quote(base)}index.html", name, facts_of([own]))
            for name, own, base in zip(names, self._authors, self._bases, strict=True)
        ]
        frame = Frame(
            language=self.language,
            root="",
            home="index.html",
            brand=show_list(names),
            menu=[],
            told=told_at_foot(names, self._authors, self.choice.zone.key),
            address=self.address("index.html"),
        )
        page = self.rendering.page("publish/authors.html", {"frame": frame, "doors": listed})
        yield File("index.html", page)


@asynccontextmanager
async def opened_website(
    db: Database, config: Config, options: WebsiteOptions
) -> AsyncIterator[tuple[Website, AsyncSession]]:
    """Open the website of these options, in one state of the database.

    Small versions of pictures that are missing are made, if the disk takes them. Raises
    NotFoundError, also for an author without posts to publish.
    """
    if options.choice.with_media and config.media_dir.is_dir():
        pictures = SmallPictures(config.media_dir)
        try:
            with suppress(UnavailableError):  # The originals stand in for them.
                await pictures.make_missing()
        finally:
            await pictures.close()
    parts = {Listed("publish"): Part()}
    async with opened_environment(config, parts) as environment, db.read() as session:
        authors = [await find_posts(session, name, options.choice) for name in options.names]
        yield Website(environment, options, authors, config.media_dir), session


class _PagesOfAuthor:
    def __init__(self, site: Website, own: OwnPosts, base: str, liked: Sequence[Post]) -> None:
        self._site, self._own, self._base, self._liked = site, own, base, liked
        self._zone = site.choice.zone
        self._language, self._links, self._rendering = site.language, site.links, site.rendering
        self._person = site.cast.people[own.author.username]
        self._is_alone = len(site.cast.people) == 1
        self._days = Counter(day for day in own.days if day is not None)
        self._months = Counter[tuple[int, int]]()
        for day, count in self._days.items():
            self._months[day.year, day.month] += count
        self._with_media = defaultdict[date, list[Post]](list)
        """Posts with pictures, by month."""
        self._index = SearchIndex()
        self._newest = deque[Post](maxlen=NEWEST)

    async def files(
        self, posts: AsyncIterator[Post], newest: Scan, on_post: Callable[[], None]
    ) -> AsyncIterator[File]:
        """Yield the pages of these posts; the texts of `newest` are counted."""
        self._links.base = self._base
        self._links.has_pictures = bool(self._own.files & self._links.media)
        self._at(1)
        async for file in self._month_pages(posts, on_post):
            yield file
        self._at(0)
        for name, content in self._index.files():
            yield File(self._base + name, content)
        yield self._file("search.html", "search")
        yield self._file("status.html", "status")
        for year in self._years:
            yield self._year_page(year)
        if self._with_media:
            yield self._pictures_page()
        if self._liked:
            posts_shown = [self._shown(post, likes=True) for post in self._liked]
            yield self._file("liked.html", "liked", posts=posts_shown, most=MOST_LIKED)
        archive = self._archive(newest)
        yield self._file(
            "numbers.html",
            "numbers",
            archive=archive,
            columns=columns_of(archive),
            lists=lists_of(archive),
            posts=len(self._own.ids),
        )
        if self._site.url:
            yield self._feed()
        yield self._first_page(archive)

    def _feed(self) -> File:
        root, self._links.root = self._links.root, "/"
        feed = FeedPage(
            author=self._own.author.username,
            query="",
            page=self._links.page("index.html"),
            entries=[*reversed(self._newest)],
            origin=self._site.url,
            self_address=self._links.page("feed.atom"),
        )
        content = self._rendering.page(feed.template, values_of(feed))
        self._links.root = root
        return File(f"{self._base}feed.atom", content)

    @cached_property
    def _years(self) -> list[int]:
        return sorted({year for year, _ in self._months})

    def _at(self, depth: int) -> None:
        self._links.root = "../" * (depth + bool(self._base))

    def _file(self, name: str, template: str, /, **values: Any) -> File:
        """Return a page of a template of this part, with its frame and these values."""
        shown = {"frame": self._frame(name), **values}
        return File(self._base + name, self._rendering.page(f"publish/{template}.html", shown))

    def _frame(self, name: str) -> Frame:
        entries = [
            ("index.html", gettext("Months"), True),
            ("pictures.html", gettext("Pictures"), self._links.has_pictures),
            ("liked.html", gettext("Popular"), self._liked),
            ("numbers.html", gettext("Numbers"), True),
            ("search.html", gettext("Search"), True),
        ]
        page, anchor = self._links.page, "#months"
        names, is_home = [self._person.display_name], name == "index.html"
        return Frame(
            language=self._language,
            root=self._links.root,
            home=page("index.html"),
            brand=self._person.display_name,
            menu=[
                MenuLink(page(path) + (anchor if path == "index.html" else ""), label, path == name)
                for path, label, is_there in entries
                if is_there
            ],
            # The day of the newest post on each page would change all of them with each post.
            told=told_at_foot(names, [self._own], self._zone.key, has_day=is_home),
            up=None if self._is_alone else f"{self._links.root}index.html",
            address=self._site.address(self._base + name),
        )

    def _shown(
        self,
        post: Post,
        *,
        likes: bool = False,
        is_named: bool = True,
        is_below: bool = False,
        later: int | None = None,
    ) -> Markup:
        """Return a post as it is on a page, of which it may be an anchor; is_below: whether what it
        answers stands right above; later: the post that goes on with it elsewhere.
        """
        if post.media:
            media = tuple(
                structs.replace(medium, url=self._links.medium(medium)) for medium in post.media
            )
            post = structs.replace(post, media=media)
        if is_below:  # It goes on with the post above, and answers nobody.
            post = structs.replace(post, kind="post")
        id_ = f"p{post.id}" if is_named else ""
        address = self._links.url_of("posts.show_tweet", tweet_id=later) if later else ""
        html = self._rendering.macros.post(post, self._zone.key, likes, id_, is_below, address)
        return Markup(without_dead_links(html))  # noqa: S704 - templates escape texts.

    async def _month_pages(
        self, posts: AsyncIterator[Post], on_post: Callable[[], None]
    ) -> AsyncIterator[File]:
        doors = {month: self._door(date(*month, 1)) for month in sorted(self._months)}
        parts, texts = list[PartOfPosts](), list[str]()
        days = iter([*self._own.days, END])
        day = next(days)
        above: int | None = None
        following = iter(self._own.ids[1:])
        async for post in posts:
            if day is None:
                self._at(0)  # Their page is in no folder.
            then, below = next(days), next(following, None)
            later = self._own.continued.get(post.id)
            is_below = bool(above and post.reply_to and post.reply_to.id == above)
            goes_on_below = later == below and then == day
            shown = self._shown(post, is_below=is_below, later=None if goes_on_below else later)
            texts.append(shown)
            above = post.id if then == day else None
            self._note(post, day)
            for file in self._searched(post, day):
                yield file
            on_post()
            if then == day:
                continue
            if day is not None:
                parts.append(PartOfPosts(f"d{day.day:02}", show_weekday(day), texts))
            else:
                parts.append(PartOfPosts("undated", gettext("At an unknown time"), texts))
            if day is None or then is None or (then.year, then.month) != (day.year, day.month):
                yield self._month_page(day, doors, parts)
                parts = []
            day, texts = then, []

    def _searched(self, post: Post, day: date | None) -> Iterator[File]:
        """Add a post to the index; yield a file that is full."""
        page = month_name(day) if day else "undated.html"
        time = show_time(post.created_at, self._zone.key).striptags() if post.created_at else ""
        shown = IndexedText(
            path=f"{page}#p{post.id}",
            time=time or gettext("at an unknown time"),
            text=post.text,
            described="\n".join(medium.alt for medium in post.media if medium.alt),
            lang=language_tag(post.text, post.lang),
        )
        full = self._index.add(
            post.id,
            shown,
            day,
            post.source_id,
            has_media=bool(post.media),
            is_reply=post.kind == "reply",
        )
        yield from (File(self._base + name, content) for name, content in full)

    def _note(self, post: Post, day: date | None) -> None:
        if day is not None:
            self._newest.append(post)
        if any(self._links.medium(medium) for medium in post.media):
            self._with_media[day.replace(day=1) if day else END].append(post)

    def _month_page(
        self, day: date | None, doors: Mapping[tuple[int, int], Door], parts: Sequence[PartOfPosts]
    ) -> File:
        name, title, beside = "undated.html", gettext("Posts without a date"), steps([], 0)
        if day is not None:
            name, title = month_name(day), show_month(day)
            up = Door(self._links.page(f"{day.year:04}.html"), str(day.year))
            beside = steps([*doors.values()], [*doors].index((day.year, day.month)), up)
        count = sum(len(part.posts) for part in parts)
        return self._file(name, "posts", title=title, count=count, parts=parts, **beside)

    def _door(self, month: date) -> Door:
        return Door(self._links.page(month_name(month)), show_month(month))

    def _year_page(self, year: int) -> File:
        calendar = self._calendar(year)
        by_day = posts_by_day(calendar)
        paths = {day: f"{self._links.page(month_name(day))}#d{day.day:02}" for day in by_day}
        doors = [Door(self._links.page(f"{each:04}.html"), str(each)) for each in self._years]
        return self._file(
            f"{year:04}.html",
            "year",
            hue=self._person.hue,
            weeks=week_grid(by_day, date(year, 12, 31), self._person.hue, "year-title"),
            posting=posting_year(calendar, paths),
            zone=self._zone.key,
            months=[self._door(date(year, month.month, 1)) for month in calendar.months],
            **steps(doors, self._years.index(year)),
        )

    def _calendar(self, year: int) -> CalendarYear:
        days = [DayPosts(day, posts, None) for day, posts in self._days.items() if day.year == year]
        return calendar_with(year, self._years, days)

    def _pictures_page(self) -> File:
        months = [
            PartOfPosts(
                f"m{month:%Y-%m}" if month != END else "undated",
                show_month(month) if month != END else gettext("At an unknown time"),
                [tile for post in self._with_media[month] for tile in self._tiles(post)],
            )
            for month in self._months_with_media
        ]
        count = sum(len(month.posts) for month in months)
        return self._file("pictures.html", "pictures", months=months, count=count)

    @property
    def _months_with_media(self) -> list[date]:
        """The newest first, without a time last."""
        return sorted(self._with_media, key=lambda month: (month != END, month), reverse=True)

    def _tiles(self, post: Post) -> Iterator[Markup]:
        for medium in post.media:
            if address := self._links.medium(medium):
                shown = structs.replace(medium, url=address)
                yield self._rendering.macros.tile(post, shown)

    def _archive(self, newest: Scan) -> AuthorArchive:
        own = self._own
        return AuthorArchive(
            user=own.author,
            tz=self._zone.key,
            today=max(self._days, default=date.min),
            on_this_day=[],
            calendar=self._calendar(self._years[-1]) if self._years else None,
            pictures=[],
            most_liked=[],
            typical=[],
            shipped_authors=0,
            numbers=count_numbers(own.author.username, own.by_hour, newest),
        )

    def _first_page(self, archive: AuthorArchive) -> File:
        tiles = list[Markup]()
        for month in self._months_with_media:
            for post in reversed(self._with_media[month]):
                tiles += self._tiles(post)
            if len(tiles) >= TILES:
                break
        undated = self._own.days.count(None)
        count = next((count for count in (12, 6, 4, 3, 2, 1) if count <= len(tiles)), 0)
        return self._file(
            "index.html",
            "index",
            at_sight=AuthorAtSight(archive),
            name=self._person.display_name,
            username=self._own.author.username,
            hue=self._person.hue,
            years=[self._year_door(year) for year in reversed(self._years)],
            undated=(self._links.page("undated.html"), undated) if undated else None,
            newest=[self._shown(post, is_named=False) for post in reversed(self._newest)],
            tiles=tiles[:count],
            liked=[
                self._shown(post, likes=True, is_named=False)
                for post in self._liked[:LIKED_AT_SIGHT]
            ],
            pictures_path=self._links.page("pictures.html"),
            liked_path=(
                self._links.page("liked.html") if len(self._liked) > LIKED_AT_SIGHT else ""
            ),
        )

    def _year_door(self, year: int) -> YearDoor:
        top = max(self._months.values())
        names = zip(range(1, 13), month_names(), strict=True)
        months = [
            MonthDoor(
                self._links.page(month_name(date(year, month, 1))),
                name,
                show_month(date(year, month, 1)),
                post_count(count),
                -(-LEVELS * count // top),
            )
            if (count := self._months[year, month])
            else None
            for month, name in names
        ]
        posts = sum(count for (of, _), count in self._months.items() if of == year)
        return YearDoor(self._links.page(f"{year:04}.html"), year, post_count(posts), months)


def _site_map(addresses: Iterable[str]) -> bytes:
    entries = "".join(f"<url><loc>{escape(address)}</loc></url>\n" for address in addresses)
    head = '<?xml version="1.0" encoding="utf-8"?>'
    namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return f'{head}\n<urlset xmlns="{namespace}">\n{entries}</urlset>\n'.encode()


def month_name(day: date) -> str:
    return f"{day.year:04}/{day.month:02}.html"


def told_at_foot(
    names: Sequence[str], authors: Sequence[OwnPosts], zone: str, *, has_day: bool = True
) -> str:
    """Return the authors of the posts, the last day, and the zone of all days and times."""
    newest = max((day for own in authors for day in own.days if day is not None), default=None)
    name = show_list(names)
    if newest is None:
        return gettext("Posts by {name}. This website was made with saywho.").format(name=name)
    text = gettext("Posts by {name} ({zone}). This website was made with saywho.")
    if has_day:
        text = gettext("Posts by {name} up to {day} ({zone}). This website was made with saywho.")
    return text.format(name=name, day=show_date(newest), zone=show_zone(zone))


def facts_of(authors: Sequence[OwnPosts]) -> list[str]:
    """Return in a few words how much these authors wrote, and when."""
    dated = [day for own in authors for day in own.days if day is not None]
    period = [show_period(min(dated), max(dated) + timedelta(days=1))] if dated else []
    return [post_count(sum(len(own.ids) for own in authors)), *period]


def _person(own: OwnPosts, place: int) -> Person:
    author = own.author
    name = author.display_name or author.username
    return Person(author.username, name, name, f"author-{place % CLEAR_HUES + 1}", False)


def _places(own: OwnPosts, base: str) -> dict[int, str]:
    folder = quote(base)
    return {
        number: f"{folder}{month_name(day) if day else 'undated.html'}"
        for number, day in zip(own.ids, own.days, strict=True)
    }


def _folders(usernames: Sequence[str]) -> list[str]:
    if len(usernames) == 1:
        return [""]
    folders = list[str]()
    for username in usernames:
        name = username.encode()[:LONGEST_FOLDER].decode(errors="ignore")
        name = _UNSAFE.sub("_", name).rstrip(". ") or "_"
        taken = {*RESERVED, *(folder.rstrip("/").casefold() for folder in folders)}
        tries = chain([name], (f"{name}-{number}" for number in count_from(2)))
        folders.append(next(each for each in tries if each.casefold() not in taken) + "/")
    return folders
