"""The dashboard's page, and its figures' numbers as tables and CSV files."""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct
from quart import Response, request, url_for
from quart.typing import ResponseReturnValue

from app.db.result_cache import DERIVED, EVERYTHING, cacheable, depends_on
from app.errors import AppError, NotFoundError
from app.language.i18n import ngettext, show_number
from app.lifespan import resources
from app.parts.dashboard import answers
from app.parts.dashboard.counts import DashboardView
from app.parts.dashboard.dash_calls import made_dash
from app.parts.dashboard.figures import BarPanel, Plot
from app.parts.dashboard.panels import DASHBOARD, PANELS
from app.services.posts.users import Author, count_users, outgrown_samples
from app.services.rooms.chats import zone_of_chats
from app.views.answers import csv_answer, moved, see_other
from app.views.author_picker import OfferedChat, offered_authors, offered_chats, read_chats
from app.views.blueprints import PageBlueprint
from app.views.cast import Cast, bound
from app.views.figures.figure import Figure
from app.views.filters import zone_of_page
from app.views.page import WebPage, render

blueprint = PageBlueprint("dashboard", policy="read", url_prefix=DASHBOARD)

MOST_OPEN_ROWS: Final = 60
MOST_WAITING_S: Final = 1.0
"""Seconds that the page waits for findings; the rest come later."""
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'self'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""Allows Dash's inline script by its hash, and styles by Dash and plotly."""


class Section(Struct, frozen=True):
    """A panel on the page, with its figure's answer if known in time."""

    panel: BarPanel
    answer: answers.FigureAnswer | None

    @property
    def height_px(self) -> int:
        plot = self.answer.plot if self.answer else None
        height: int = plot["layout"]["meta"]["height"] if plot else self.panel.height_px
        return height


class PickedChat(NamedTuple):
    """A chat, or everybody, whom the page is about after a press."""

    name: str
    """Empty for everybody."""
    path: str
    is_shown: bool


class DashboardPage(WebPage, frozen=True, kw_only=True):
    template = "dashboard/dashboard.html"

    choices: list[PickedChat]
    """Chats, since the sum of unlike chats says little; empty without several."""

    args: DashboardView
    authors: list[Author]
    author_total: int
    sections: list[Section]
    posts: answers.FigureAnswer | None
    own_zone: str | None
    dash: Mapping[str, str]


class RowGroup(NamedTuple):
    name: str
    rows: list[answers.ShownRow]
    begin_alike: bool = False
    """Whether the name is the first cell of all rows, which leave it out."""


class TablePage(WebPage, frozen=True, kw_only=True):
    template = "dashboard/dashboard_table.html"

    panel: BarPanel
    figure: Figure[Plot]
    groups: list[RowGroup]
    is_empty: bool
    query: str


@blueprint.get("/")
async def show_dashboard(args: DashboardView) -> ResponseReturnValue:
    depends_on(EVERYTHING)
    depends_on(DERIVED)
    async with resources().db.read() as session:
        authors, author_total = await offered_authors(session, args.names)
        samples = {*await outgrown_samples(session)} - {*args.names}
        authors = [author for author in authors if author.username not in samples]
        chats = offered_chats(await read_chats(session), author_total)
        choices = _choices(chats, args)
        if chats and not request.args and (choices or samples):
            names = sorted(chats[0].members)
            return see_other(url_for("dashboard.show_dashboard", username=names))
        own_zone = await zone_of_chats(session, args.names)
    args.tz = zone_of_page(request.args.get("tz", ""), own_zone).key
    known = await _first_answers(args) if authors else {}
    sections = [Section(panel, known.get(panel.name)) for panel in PANELS.values() if authors]
    if all(section.answer for section in sections):
        cacheable()
    dash = (await made_dash()).parts
    page = await render(
        DashboardPage(
            args=args,
            choices=choices,
            authors=authors,
            author_total=author_total,
            sections=sections,
            posts=known.get(answers.POSTS),
            own_zone=own_zone,
            dash=dash,
            about=args.names,
            of_platform=args.platform,
        )
    )
    policy = CONTENT_SECURITY_POLICY.format(hashes=dash["hashes"])
    return page, 200, {"Content-Security-Policy": policy}


def _choices(chats: Sequence[OfferedChat], args: DashboardView) -> list[PickedChat]:
    if len(chats) < 2:
        return []
    shown = {*map(str.casefold, args.names)}
    of_all = PickedChat("", url_for("dashboard.show_dashboard", username=""), not shown)
    return [
        PickedChat(
            chat.name,
            url_for("dashboard.show_dashboard", username=sorted(chat.members)),
            {*map(str.casefold, chat.members)} == shown,
        )
        for chat in chats
    ] + [of_all]


async def _first_answers(asked: DashboardView) -> dict[str, answers.FigureAnswer]:
    """Return the answers by name; none if they take long."""
    try:
        async with asyncio.timeout(MOST_WAITING_S):
            made = await answers.answers_to(asked)
    except TimeoutError:
        return {}
    except AppError as error:
        return {name: await answers.problem_of(name, asked, error) for name in answers.SECTIONS}
    decode = msgspec.json.Decoder(answers.FigureAnswer).decode
    return {name: decode(answer) for name, answer in made.items()}


@blueprint.get("/zone", keep=True)
async def show_zone(args: DashboardView) -> dict[str, str | None]:
    """Return the time zone of these authors' chats, which their figures use."""
    async with resources().db.read() as session:
        return {"zone": await zone_of_chats(session, args.names)}


@blueprint.get("/table/<name>", keep=True)
async def show_table(name: str, args: DashboardView) -> ResponseReturnValue:
    if name == "week":  # Of version 2.0.
        return moved(_moved_to("dashboard.show_table"))
    figure, cast = await _figure_of(name, args)
    is_empty = False
    if not figure.rows:
        async with resources().db.read() as session:
            is_empty = not await count_users(session)
    rows = await resources().work_pool.run(answers.show_rows, figure, 1_000)
    page = TablePage(
        panel=_panel(name),
        figure=figure,
        is_empty=is_empty,
        groups=_grouped(rows),
        query=args.query(),
    )
    return await render(page, cast)


async def _figure_of(name: str, asked: DashboardView) -> tuple[Figure[Plot], Cast]:
    panel = _panel(name)
    counts, cast = await answers.load(asked)
    with bound(cast):
        return await resources().work_pool.run(panel.figure, counts), cast


def _grouped(rows: list[answers.ShownRow]) -> list[RowGroup]:
    if len(rows) <= MOST_OPEN_ROWS:
        return [RowGroup("", rows)] if rows else []
    groups = [
        RowGroup(name, [*of_name], begin_alike=True)
        for name, of_name in groupby(rows, lambda row: row.cells[0][0])
    ]
    if 4 * len(groups) <= len(rows):  # Smaller groups are not worth folding.
        return groups
    others = rows[MOST_OPEN_ROWS:]
    text = ngettext("{count} more row", "{count} more rows", len(others))
    return [
        RowGroup("", rows[:MOST_OPEN_ROWS]),
        RowGroup(text.format(count=show_number(len(others))), others),
    ]


@blueprint.get("/table/<name>.csv", keep=True)
async def download_table(name: str, args: DashboardView) -> Response:
    if name == "week":  # Of version 2.0.
        return moved(_moved_to("dashboard.download_table"))
    figure, _ = await _figure_of(name, args)
    return await csv_answer([figure.columns, *figure.rows], name)


def _moved_to(endpoint: str) -> str:
    query = request.query_string.decode()
    return url_for(endpoint, name="hours") + (f"?{query}" if query else "")


def _panel(name: str) -> BarPanel:
    if (panel := PANELS.get(name)) is None:
        raise NotFoundError("There is no such figure")
    return panel
