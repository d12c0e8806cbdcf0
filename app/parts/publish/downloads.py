"""The operator's page of an author's website, and its zip file."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final, Literal

from msgspec import Struct
from quart import Response

from app.language.i18n import language, show_period
from app.lifespan import resources
from app.parts.publish.choice import OwnPosts, PostChoice, check_posts, find_posts
from app.parts.publish.website import WebsiteOptions, site_url
from app.parts.publish.zipping import zipped
from app.runtime.work_pool import Slots
from app.services.posts.users import Author
from app.views.answers import streamed
from app.views.blueprints import PageBlueprint
from app.views.filters import InclusiveEnd, zone_of_page
from app.views.page import WebPage, render
from app.views.rooms.overview import read_period

blueprint = PageBlueprint("publish", "operator")

NAMES_SHOWN: Final = 30
LONGEST_NAME: Final = 80


@asynccontextmanager
async def open_slots(_here: object) -> AsyncIterator[Slots]:
    """Open a slot for one zip file at a time in a worker."""
    yield Slots(1)


class WebsiteArgs(InclusiveEnd, Struct):
    tz: str = ""
    """Default: the browser's zone."""
    no_replies: bool = False
    without_media: bool = False
    old_posts: Literal["", "public"] = ""
    since: str = ""
    until: str = ""
    through: str = ""
    url: str = ""
    """URL of the website, for a feed and a site map."""

    def choice(self) -> PostChoice:
        """Return which posts to publish. Raises MalformedError, also for an impossible URL."""
        site_url(self.url.strip())
        form = read_period(self.since, self.until)
        if form.error:
            raise form.error
        return PostChoice(
            zone_of_page(self.tz),
            *form.period,
            with_replies=not self.no_replies,
            with_media=not self.without_media,
            with_old=bool(self.old_posts),
        )


class WebsiteOfferPage(WebPage, frozen=True, kw_only=True):
    template = "publish/download.html"

    author: Author
    """The author, with the number and times of the published posts."""
    own: OwnPosts
    args: WebsiteArgs
    tz: str

    @property
    def period(self) -> str:
        dated = [day for day in self.own.days if day is not None]
        return show_period(dated[0], dated[-1] + timedelta(days=1)) if dated else ""

    @property
    def mentioned(self) -> Sequence[str]:
        """The first of the people that the posts name."""
        return self.own.names[:NAMES_SHOWN]


@blueprint.get("/user/<username>/website")
async def show_website(username: str, args: WebsiteArgs) -> str:
    choice = args.choice()
    async with resources().read_long() as session:
        own = await find_posts(session, username, choice)
    author = own.author
    page = WebsiteOfferPage(
        author=author, own=own, args=args, tz=choice.zone.key, about=[author.username]
    )
    return await render(page)


@blueprint.get("/user/<username>/website.zip")
async def send_website(username: str, args: WebsiteArgs) -> Response:
    choice = args.choice()
    async with resources().db.read() as session:
        author = await check_posts(session, username, choice)
    slots: Slots = resources().of_parts["publish"]
    slots.take()
    name = author.username
    options = WebsiteOptions((name,), choice, language(), site_url(args.url.strip()))
    response = streamed(
        zipped(resources().config, options),
        {"Content-Type": "application/zip", "Cache-Control": "no-store"},
    )
    file = f"{name[:LONGEST_NAME]}-website.zip"
    response.headers.set("Content-Disposition", "attachment", filename=file)
    return response
