"""The address of a picture, which says all that was chosen, and the page where one chooses."""

from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import unquote, urlencode

from quart import Response, g

from app.asgi.hosts import is_loopback_host
from app.compute.names import HIDDEN, SHOWN_HIDDEN, ManyNames
from app.drawing.lettering import drawn_name, drawn_text
from app.drawing.poster import FORMATS, Poster, draw_poster
from app.language.i18n import gettext
from app.lifespan import resources
from app.paths import PICTURE_NAME
from app.services.compare.name_masking import NOBODY, hide, read_names_around
from app.views.cast import Cast
from app.views.initials import numbered_initials
from app.views.page import WebPage
from app.views.picture_args import LookArgs, PeopleArgs, PictureArgs
from app.views.policies import own_origin

PICTURE_PAGE: Final = PICTURE_NAME.removesuffix(".png")


class PicturePage(WebPage, frozen=True, kw_only=True):
    """Where the look of a picture is chosen, beside the picture."""

    template = "pictures/picture.html"

    args: LookArgs
    address: str
    """Of this page; that of the picture differs by its end."""
    back: str
    """The address of the page that the picture is of."""
    title: str
    finding: str
    """What the picture says."""
    subject: Sequence[tuple[str, str]] = ()
    """What the queries of both addresses say beside what is chosen here."""
    tz: str = ""
    """The time zone of the picture, which its address names."""
    has_own_zone: bool = False
    """Whether that is of the chat, and not of whoever looks at it."""
    words: str = ""
    """What of somebody's words it can have; empty for nothing."""

    @property
    def has_people(self) -> bool:
        return isinstance(self.args, PeopleArgs)

    @property
    def image(self) -> str:
        args = self.args
        chosen: list[tuple[str, str]] = [("format", args.format), ("theme", args.theme)]
        if isinstance(args, PeopleArgs):
            chosen.append(("names", args.names))
        if isinstance(args, PictureArgs):
            chosen.append(("words", args.words))
        query = [*self.subject, ("tz", self.tz), ("lang", g.locale), *chosen]
        parameters = [(name, value) for name, value in query if value]
        path = self.address.removesuffix(PICTURE_PAGE) + PICTURE_NAME
        return f"{path}?{urlencode(parameters, safe='/')}"

    @property
    def formats(self) -> list[tuple[str, str]]:
        """The sizes, and what each is for."""
        return [
            *zip(
                FORMATS,
                (gettext("Link preview"), gettext("Upright"), gettext("Story")),
                strict=True,
            )
        ]

    @property
    def size(self) -> tuple[int, int]:
        return FORMATS[self.args.format].size


def cast_in_picture(cast: Cast, usernames: Iterable[str], *, has_names: bool) -> Cast:
    """Return the cast with the names that a picture has: as far as they can be drawn.

    Whose name the fonts lack is a person of a number, in the order of these usernames. Without
    names everybody is called by the first letter, with a number where several have it: a second
    letter would be the whole of many Korean names.
    """
    numbered = gettext("Person {number}")
    order = [name for name in dict.fromkeys([*usernames, *cast.people]) if name in cast.people]
    names = [
        drawn_name(cast.people[username].display_name)
        or drawn_name(username)
        or numbered.format(number=number)
        for number, username in enumerate(order, 1)
    ]
    calls = names if has_names else numbered_initials(names)
    return cast.with_names(dict(zip(order, calls, strict=True)))


async def names_hidden_in(cast: Cast, look: PeopleArgs) -> ManyNames:
    """Return the names that must not stand in what a picture quotes.

    These are none, or those of everybody in the cast and in the chats where they write.
    """
    if look.has_names:
        return NOBODY
    async with resources().db.read() as session:
        return await read_names_around(session, cast.people)


async def quoted_without(text: str, names: ManyNames) -> str:
    """Return the text as a picture quotes it, with a mark in place of these names and of links."""
    return (await hide(text, chat_names=names)).masked.replace(HIDDEN, SHOWN_HIDDEN)


def short_address(path: str, *, has_names: bool = True) -> str:
    """Return the address of a page as people read it.

    It is that of the site without names, and where the fonts lack a sign of it. That of a site on
    one's own machine leads nobody else there, so it is empty.
    """
    site, address = own_origin().partition("://")[2], unquote(path)
    if is_loopback_host(site):
        return ""
    return site + address if has_names and drawn_text(address) == address else site


async def picture_of(poster: Poster, look: LookArgs) -> Response:
    """Return the picture as an answer."""
    drawn = await resources().work_pool.run(draw_poster, poster, look.format, look.theme)
    return Response(drawn, content_type="image/png")
