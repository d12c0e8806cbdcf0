"""Cards of a subject, full-screen pictures to tap through: one thing each, and one way to share.

A thing without a finding has no card. Texts with letters that the fonts lack, or that are too long
for a card, are not quoted.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from quart import Response, g
from quart.typing import ResponseReturnValue

from app.drawing.drawings import CardRow, CardRows, NamedBar
from app.drawing.lettering import drawn_name
from app.drawing.poster import Format, Poster, draw_poster
from app.errors import NotFoundError
from app.language.i18n import speaking
from app.lifespan import resources
from app.parts.pictures.picture_page import PeopleArgs
from app.views.blueprints import PageBlueprint
from app.views.filters import zone_of_picture
from app.views.page import WebPage, render
from app.views.subjects import Address, Figures, SubjectT, read_shown

FORMAT: Final[Format] = "1080x1920"


class SubjectCard(NamedTuple):
    name: str
    """Part of its URL."""
    poster: Poster

    @property
    def told(self) -> str:
        """All texts, for people who do not see the card."""
        poster, rows = self.poster, self.poster.drawing
        giant = f"{poster.giant}. " if poster.giant else ""
        finding = " ".join(filter(None, [poster.finding, poster.reason]))
        return f"{giant}{finding}{f': {rows.told}' if rows else ''}"


class CardsPage(WebPage, frozen=True, kw_only=True):
    template = "pictures/cards.html"

    args: PeopleArgs
    address: str
    """URL of this page; the URLs of the pictures begin with it."""
    back: str
    title: str
    cards: Sequence[SubjectCard]
    tz: str
    has_own_zone: bool = False

    @property
    def query(self) -> str:
        args = self.args
        chosen = (("theme", args.theme), ("names", args.names))
        return urlencode([("tz", self.tz), ("lang", g.locale), *chosen], safe="/")


class TitledCards(NamedTuple):
    title: str
    cards: list[SubjectCard]


def cards_of(
    kind: type[SubjectT],
    figures: Figures[SubjectT, Any],
    titled_of: Callable[[SubjectT, Any, PeopleArgs], Awaitable[TitledCards]],
) -> PageBlueprint:
    """Declare the page of a subject's cards, and each card as PNG."""
    blueprint, path = PageBlueprint(f"{kind.name}_cards", policy="read"), f"{kind.path}/cards"

    @blueprint.get(path, keep=True, of_chat=kind.of_chat)
    async def show_cards(args: PeopleArgs, **address: Any) -> ResponseReturnValue:
        subject, shown = await read_shown(kind, figures, address, args)
        titled = await titled_of(subject, shown, args)
        return await render(
            CardsPage(
                args=args,
                address=subject.url(f"{kind.name}_cards.show_cards"),
                back=subject.url(tz=args.tz),
                title=titled.title,
                cards=titled.cards,
                tz=shown.tz,
                has_own_zone=subject.own_zone is not None,
                in_chat=subject.in_chat,
                about=subject.about,
            )
        )

    @blueprint.get(f"{path}/<card>.png", keep=True, of_chat=kind.of_chat)
    async def show_card(args: PeopleArgs, card: str, **address: Any) -> Response:
        found: Address = address
        subject, shown = await read_shown(kind, figures, found, args, zone_of_picture)
        with speaking(args.lang):
            titled = await titled_of(subject, shown, args)
        posters = {each.name: each.poster for each in titled.cards}
        if card not in posters:
            raise NotFoundError("There is no such card")
        drawn = await resources().work_pool.run(draw_poster, posters[card], FORMAT, args.theme)
        return Response(drawn, content_type="image/png")

    return blueprint


class CardContent(NamedTuple):
    name: str
    """The name of its card."""
    heading: str
    """The sentence."""
    drawing: CardRows | None = None
    giant: str = ""
    """The one number or word, which the sentence does not repeat."""
    hue: str = ""
    """Of whom it tells, if of one."""
    reason: str = ""


def drawn_cards(found: Iterable[CardContent], poster: Poster) -> list[SubjectCard]:
    """Return these as cards, each thing once, with the title and foot of a poster."""
    once = dict[tuple[str, str], CardContent]()
    for each in found:
        once.setdefault((each.giant, each.heading), each)
    return [
        SubjectCard(
            each.name,
            poster._replace(
                finding=each.heading,
                drawing=each.drawing,
                giant=drawn_name(each.giant),
                hue=each.hue or _only_hue(each.drawing) or poster.hue,
                reason=each.reason,
            ),
        )
        for each in once.values()
    ]


def _only_hue(drawing: CardRows | None) -> str:
    """Return the colour of all rows; several people have each their own, on paper."""
    hues = {row.hue for row in drawing.rows} if drawing else set[str]()
    return hues.pop() if len(hues) == 1 else ""


def rows_in(rows: Iterable[CardRow]) -> CardRows | None:
    """Return rows as a drawing, or None without any."""
    drawn = tuple(rows)
    return CardRows(drawn) if drawn else None


def bars_in(parts: Iterable[NamedBar]) -> CardRows | None:
    return rows_in(
        CardRow(label=bar.name, hue=bar.hue, beside=bar.label, share=bar.share) for bar in parts
    )
