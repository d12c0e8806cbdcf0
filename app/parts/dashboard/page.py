"""The dashboard's page: what its figures say at once, and their numbers as tables and files."""

import asyncio
from collections.abc import Mapping
from itertools import groupby
from typing import Final, NamedTuple

import msgspec
from markupsafe import Markup
from msgspec import Struct
from quart import Response, current_app, request

from app.errors import AppError, NotFoundError
from app.i18n import ngettext, show_number
from app.lifespan import resources
from app.parts.dashboard.apart import ToldApart
from app.parts.dashboard.figures import (
    AnyPanel,
    FigureAnswer,
    answer_of,
    kept_answer,
    load,
    problem_of,
)
from app.parts.dashboard.likeness import WhoLikeWhom
from app.parts.dashboard.timeline import Timeline
from app.parts.dashboard.week import Week
from app.result_cache import DERIVED, EVERYTHING, cacheable, depends_on
from app.services.posts.users import Author, count_users
from app.services.rooms.room_facts import zone_of_chats
from app.views.blueprints import PageBlueprint
from app.views.cast import bound
from app.views.figure import Finding, ShownRow, Table, show_rows
from app.views.filters import View, zone_of_page
from app.views.page import WebPage, render
from app.views.parts import csv_answer, offered_authors

DASHBOARD: Final = "/dashboard"

blueprint = PageBlueprint("dashboard", url_prefix=DASHBOARD, shows_days=True)

PANELS: Final[dict[str, AnyPanel]] = {
    panel.name: panel for panel in (Timeline(), Week(), WhoLikeWhom(), ToldApart())
}
"""All panels, in the order of the page."""
PAGE_KEY: Final = "saywho.dashboard.page"
MOST_ROWS: Final = 1_000
MOST_OPEN_ROWS: Final = 60
"""Of a longer table only the first rows stand open."""
FEWEST_OF_GROUP: Final = 4
"""Rows of a group, on average; fewer are not worth folding."""
MOST_WAITING_S: Final = 1.0
"""The page waits so long for what its figures say, which else comes with the figures."""
CROWD: Final = 12
"""Of more authors, a phone offers one at a time in figures of authors beside each other."""
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'self'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""Dash starts with an inline script, allowed by its hash; Dash and plotly create styles."""


class Section(Struct, frozen=True):
    """A panel on the page, and what its figure says, if that is known at once."""

    figure: AnyPanel
    answer: FigureAnswer | None

    @property
    def words(self) -> Markup:
        return Markup(self.answer.words if self.answer else "")  # noqa: S704 - of a template

    @property
    def height_px(self) -> int:
        """The height of its drawing, or what is kept for it until that is known."""
        plot = self.answer.plot if self.answer else None
        height: int = plot["layout"]["meta"]["height"] if plot else self.figure.height_px
        return height

    @property
    def rows(self) -> Markup:
        return Markup(self.answer.rows if self.answer else "")  # noqa: S704 - likewise


class DashboardPage(WebPage, frozen=True, kw_only=True):
    template = "dashboard/dashboard.html"

    args: View
    authors: list[Author]
    author_total: int
    sections: list[Section]
    own_zone: str | None
    """The time zone of the chats that it is about."""
    dash: Mapping[str, str]
    """What Dash puts into its page."""

    @property
    def is_crowd(self) -> bool:
        return self.author_total > CROWD

    @property
    def query(self) -> str:
        return self.args.query()


class RowGroup(NamedTuple):
    """Rows of a long table that stand together; all but the first ones are folded."""

    name: str
    rows: list[ShownRow]
    begin_alike: bool = False
    """Whether the name is their first cell, which is not told again in each."""


class TablePage(WebPage, frozen=True, kw_only=True):
    template = "dashboard/dashboard_table.html"

    figure: AnyPanel
    finding: Finding
    table: Table
    groups: list[RowGroup]
    is_empty: bool
    query: str


@blueprint.page("/")
async def show_dashboard(args: View) -> tuple[str, int, dict[str, str]]:
    depends_on(EVERYTHING)
    depends_on(DERIVED)
    async with resources().db.read() as session:
        authors, author_total = await offered_authors(session, args.names)
        own_zone = await zone_of_chats(session, args.names)
    args.tz = zone_of_page(request.args.get("tz", ""), own_zone).key
    panels = [panel for panel in PANELS.values() if author_total > 1 or not panel.needs_two]
    sections = (
        [Section(panel, await _first_answer(panel, args)) for panel in panels] if authors else []
    )
    if all(section.answer for section in sections):
        cacheable()
    dash = current_app.extensions[PAGE_KEY]
    page = await render(
        DashboardPage(
            args=args,
            authors=authors,
            author_total=author_total,
            sections=sections,
            own_zone=own_zone,
            dash=dash,
            about=args.names,
            of_platform=args.platform,
        )
    )
    policy = CONTENT_SECURITY_POLICY.format(hashes=dash["hashes"])
    return page, 200, {"Content-Security-Policy": policy}


async def _first_answer(panel: AnyPanel, view: View) -> FigureAnswer | None:
    """Return what stands in the page from the beginning; None for what comes later."""
    try:
        if panel.is_of_authors:
            body = kept_answer(panel, view)
        else:
            async with asyncio.timeout(MOST_WAITING_S):
                body = await answer_of(panel, view)
    except TimeoutError:
        return None
    except AppError as error:
        return await problem_of(panel, view, error)
    return msgspec.json.decode(body, type=FigureAnswer) if body else None


@blueprint.page("/zone", is_cacheable=True)
async def show_zone(args: View) -> dict[str, str | None]:
    """Name the time zone of the chats of these authors: their figures are in it."""
    async with resources().db.read() as session:
        return {"zone": await zone_of_chats(session, args.names)}


@blueprint.page("/table/<name>", is_cacheable=True)
async def show_table(name: str, args: View) -> str:
    panel = _panel(name)
    figure, cast = await load(panel, args)
    with bound(cast):
        parts = await resources().work_pool.run(figure.parts)
    table, is_empty = parts.table, False
    if not table.rows:
        async with resources().db.read() as session:
            is_empty = not await count_users(session)
    rows = await resources().work_pool.run(show_rows, table, MOST_ROWS)
    page = TablePage(
        figure=panel,
        finding=parts.finding,
        table=table,
        is_empty=is_empty,
        groups=_grouped(rows),
        query=args.query(),
    )
    return await render(page, cast)


def _grouped(rows: list[ShownRow]) -> list[RowGroup]:
    """Return the rows by what they begin with, or the first ones and the others."""
    if len(rows) <= MOST_OPEN_ROWS:
        return [RowGroup("", rows)] if rows else []
    groups = [
        RowGroup(name, [*of_name], begin_alike=True) for name, of_name in groupby(rows, _beginning)
    ]
    if FEWEST_OF_GROUP * len(groups) <= len(rows):
        return groups
    others = rows[MOST_OPEN_ROWS:]
    text = ngettext("{count} more row", "{count} more rows", len(others))
    return [
        RowGroup("", rows[:MOST_OPEN_ROWS]),
        RowGroup(text.format(count=show_number(len(others))), others),
    ]


def _beginning(row: ShownRow) -> str:
    return row.cells[0][0]


@blueprint.page("/table/<name>.csv", is_cacheable=True)
async def download_table(name: str, args: View) -> Response:
    figure, cast = await load(_panel(name), args)
    with bound(cast):
        table: Table = await resources().work_pool.run(figure.table)
    return await csv_answer([table.columns, *table.rows], name)


def _panel(name: str) -> AnyPanel:
    if (panel := PANELS.get(name)) is None:
        raise NotFoundError("There is no such figure")
    return panel
