"""The two addresses of each picture: the PNG, and the page to choose its look."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import urlencode

from msgspec import Struct, structs
from quart import Response, g
from quart.typing import ResponseReturnValue

from app.drawing.drawings import CardRow, CardRows
from app.drawing.lettering import drawn_name, drawn_text
from app.drawing.png import OURS, ThemeName
from app.drawing.poster import FORMATS, Format, Poster, draw_poster
from app.language.i18n import gettext, speaking
from app.lifespan import resources
from app.paths import PICTURE_NAME
from app.services.compare.name_masking import NOBODY, read_names_around
from app.services.rooms.chats import names_in
from app.views.blueprints import PageBlueprint
from app.views.cast import Cast, numbered_initials
from app.views.filters import zone_of_page, zone_of_picture
from app.views.page import WebPage, render
from app.views.phone import ProgramHome, home_here
from app.views.policies import OfChat, here
from app.views.subjects import Chat, Figures, SubjectT, ZoneFor, read_shown
from saywho.people.names import ManyNames


class LookArgs(Struct):
    format: Format = "1200x630"
    theme: ThemeName = "light"
    lang: Literal["ko", "en"] | None = None
    """Language of the page with the link; programs that show links send none."""


class PeopleArgs(LookArgs):
    tz: str = ""
    """Time zone of its days (default: the chat's, otherwise UTC)."""
    names: Literal["names", "initials"] = "names"

    @property
    def has_names(self) -> bool:
        return self.names == "names"


Args = TypeVar("Args", bound=LookArgs)
Subject = TypeVar("Subject")


class PicturePage(WebPage, frozen=True, kw_only=True):
    template = "pictures/picture.html"

    args: LookArgs
    address: str
    """URL of this page; the picture's URL differs by its end."""
    back: str
    title: str
    finding: str
    subject: Sequence[tuple[str, str]] = ()
    """Parameters that both URLs have besides the visitor's choice."""
    tz: str = ""
    has_own_zone: bool = False

    @property
    def has_people(self) -> bool:
        return isinstance(self.args, PeopleArgs)

    @property
    def image(self) -> str:
        args = self.args
        chosen: list[tuple[str, str]] = [("format", args.format), ("theme", args.theme)]
        if isinstance(args, PeopleArgs):
            chosen.append(("names", args.names))
        query = [*self.subject, ("tz", self.tz), ("lang", g.locale), *chosen]
        parameters = [(name, value) for name, value in query if value]
        path = self.address.removesuffix(PICTURE_NAME.removesuffix(".png")) + PICTURE_NAME
        return f"{path}?{urlencode(parameters, safe='/')}"

    @property
    def formats(self) -> list[tuple[str, str]]:
        """Sizes, with the use of each."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures(Generic[Subject, Args]):
    args: type[Args]
    read: Callable[..., Awaitable[Subject]]
    """Gets the parameters, `zone_of_page` or `zone_of_picture`, and the path's values."""
    poster_of: Callable[[Subject, Args], Awaitable[Poster]]
    page_of: Callable[[Subject, Args, Poster], PicturePage]
    cached: Sequence[str] = ("page", "image")
    """The answers that are stored until something is written."""
    headers: Mapping[str, str] = field(default_factory=dict)

    def declare(
        self, blueprint: PageBlueprint, path: str, of_chat: OfChat | None = None
    ) -> PageBlueprint:
        """Declare the page at a path, and the PNG at the path with `.png`; return the blueprint."""
        name = blueprint.name.removesuffix("s")

        async def show_page(args: Args, **here: Any) -> ResponseReturnValue:
            subject = await self.read(args, zone_of_page, **here)
            poster = await self.poster_of(subject, args)
            return await render(self.page_of(subject, args, poster)), 200, {**self.headers}

        async def show_image(args: Args, **here: Any) -> ResponseReturnValue:
            subject = await self.read(args, zone_of_picture, **here)
            with speaking(args.lang):
                poster = await self.poster_of(subject, args)
            drawn = await resources().work_pool.run(draw_poster, poster, args.format, args.theme)
            return Response(drawn, content_type="image/png", headers={**self.headers})

        show_page.__name__, show_image.__name__ = f"show_{name}_page", f"show_{name}"
        for view, end, answer in ((show_page, "", "page"), (show_image, ".png", "image")):
            view.__annotations__["args"] = self.args
            is_cacheable = answer in self.cached
            blueprint.get(f"{path}{end}", keep=is_cacheable, of_chat=of_chat)(view)
        return blueprint


def pictures_of(
    kind: type[SubjectT],
    figures: Figures[SubjectT, Any],
    poster_of: Callable[[SubjectT, Any, PeopleArgs], Awaitable[Poster]],
    path: str = "/picture",
) -> PageBlueprint:
    """Declare the picture of a kind of subject."""
    name = f"{kind.name}_pictures"

    async def read(args: PeopleArgs, zone_for: ZoneFor, **address: Any) -> tuple[SubjectT, Any]:
        return await read_shown(kind, figures, address, args, zone_for)

    def page_of(found: tuple[SubjectT, Any], args: PeopleArgs, poster: Poster) -> PicturePage:
        subject, shown = found
        return PicturePage(
            args=args,
            address=subject.url(f"{name}.show_{kind.name}_picture_page"),
            back=subject.url(tz=args.tz),
            title=poster.title,
            finding=f"{poster.giant} {poster.finding} {poster.reason}".strip(),
            tz=shown.tz,
            has_own_zone=subject.own_zone is not None,
            in_chat=subject.in_chat,
            about=subject.about,
        )

    return Pictures(
        args=PeopleArgs,
        read=read,
        poster_of=lambda found, args: poster_of(*found, args),
        page_of=page_of,
    ).declare(PageBlueprint(name, policy="read"), kind.path + path)


def cast_in_picture(cast: Cast, usernames: Iterable[str | None], *, has_names: bool) -> Cast:
    """Return the cast with drawable names.

    A name that the fonts lack becomes "Person" with a number, in the order of these usernames.
    Without names, everyone has the first letter, numbered if shared: a second letter would be the
    whole of many Korean names.
    """
    numbered = gettext("Person {number}")
    names_in_order = dict.fromkeys([*filter(None, usernames), *cast.people])
    order = [name for name in names_in_order if name in cast.people]
    names = [
        drawn_name(cast.people[username].display_name)
        or drawn_name(username)
        or numbered.format(number=number)
        for number, username in enumerate(order, 1)
    ]
    calls = names if has_names else numbered_initials(names)
    return cast.with_names(dict(zip(order, calls, strict=True)))


async def names_hidden_in(cast: Cast, look: PeopleArgs) -> ManyNames:
    """Return the names that a picture must not quote: of the cast and their chats, or no names."""
    if look.has_names:
        return NOBODY
    async with here().db.read() as session:
        return await read_names_around(session, cast.people)


def left_by(names: ManyNames) -> Callable[[str], str]:
    """Return a function that gives each word back, and an empty word for a name."""
    return lambda word: "" if names.find(word) else word


def drawn_title(subject: Chat, look: PeopleArgs, *, is_over: bool = True) -> str:
    """Return a chat's title with drawable letters, without names of people shown by initials."""
    written = subject.room.name.casefold()
    is_hidden = not look.has_names and any(
        name.casefold() in written for name in names_in(subject.room)
    )
    name = "" if is_hidden else drawn_name(subject.room.name)
    if not name:
        return subject.title(gettext("A chat"), is_over=is_over)
    drawn = copy(subject)
    drawn.room = structs.replace(subject.room, name=name)
    return drawn.title(is_over=is_over)


def bars_of_players(players: Mapping[str, Iterable[int]]) -> CardRows:
    """Return how many answers of each player are right; the first is the visitor."""
    rows = list[CardRow]()
    for name, answers in players.items():
        right = [*map(bool, answers)]
        told, share = f"{sum(right)}/{len(right)}", sum(right) / len(right)
        rows.append(CardRow(label=name, hue="" if rows else OURS, beside=told, share=share))
    return CardRows(tuple(rows))


def foot_of(path: str, *, has_names: bool = True) -> ProgramHome:
    """Return the address and the link of a poster: of a page, or of the site without names or if
    the fonts lack a sign of it.
    """
    home = home_here(path if has_names else "")
    return home if drawn_text(home.address) == home.address else home_here()
