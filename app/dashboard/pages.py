"""The dashboard's page, and its figures as tables and files."""

import asyncio
import csv
import io
from typing import Any, Final

from quart import Blueprint, Response, current_app, render_template

from app.dashboard.figures import FIGURES
from app.dashboard.figures.base import Figure, Table
from app.errors import AppError, NotFoundError
from app.formats.csv import guarded
from app.i18n import gettext, translate_error
from app.lifespan import resources
from app.memo import cacheable
from app.paths import DASHBOARD
from app.services.posts.statistics import kinds_of_posts
from app.views.access import access
from app.views.filters import View, ViewArgs, query_of, understood
from app.views.pages.parts import offered_authors
from app.views.parsing import parse_args

blueprint = Blueprint("dashboard", __name__, url_prefix=DASHBOARD)

PAGE_KEY: Final = "saywho.dashboard.page"
MOST_ROWS: Final = 1_000
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'self'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""Dash starts with an inline script, allowed by its hash; Dash and plotly create styles."""


@blueprint.get("/")
@access("read")
async def show_dashboard() -> Response:
    cacheable()
    args = parse_args(ViewArgs, strict=False)
    failure = None
    try:
        understood(args)
    except AppError as error:
        failure = error
    async with resources().db.read() as session:
        authors, author_total = await offered_authors(session, args.names)
        platforms, languages = await kinds_of_posts(session)
    parts = current_app.extensions[PAGE_KEY]
    page = await render_template(
        "dashboard.html",
        args=args,
        authors=authors,
        author_total=author_total,
        platforms=platforms,
        languages=languages,
        figures=FIGURES.values(),
        query=query_of(args),
        failure=translate_error(failure) if failure else None,
        dash=parts,
    )
    response = Response(
        page, failure.status if failure else 200, content_type="text/html; charset=utf-8"
    )
    policy = CONTENT_SECURITY_POLICY.format(hashes=parts["hashes"])
    response.headers["Content-Security-Policy"] = policy
    return response


@blueprint.get("/table/<name>")
@access("read")
async def show_table(name: str) -> str:
    cacheable()
    figure = _figure(name)
    args = parse_args(ViewArgs, strict=False)
    table = await _table(figure, understood(args))
    shown = list(zip(table.rows[:MOST_ROWS], table.links or [""] * MOST_ROWS, strict=False))
    return await render_template(
        "dashboard_table.html",
        figure=figure,
        title=gettext(figure.title),
        table=table,
        rows=shown,
        query=query_of(args, step=args.step),
    )


@blueprint.get("/table/<name>.csv")
@access("read")
async def download_table(name: str) -> Response:
    cacheable()
    figure = _figure(name)
    table = await _table(figure, understood(parse_args(ViewArgs, strict=False)))
    body = await asyncio.to_thread(_csv, table)
    headers = {"Content-Disposition": f'attachment; filename="saywho-{name}.csv"'}
    return Response(body, 200, headers, content_type="text/csv; charset=utf-8")


def _figure(name: str) -> Figure:
    if name not in FIGURES:
        raise NotFoundError("There is no such figure")
    return FIGURES[name]


async def _table(figure: Figure, view: View) -> Table:
    async with resources().db.read() as session:
        data: Any = await figure.load(session, view)
    return await asyncio.to_thread(figure.table, data, view)


def _csv(table: Table) -> bytes:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(table.columns)
    writer.writerows(
        [guarded(cell) if isinstance(cell, str) else cell for cell in row] for row in table.rows
    )
    # Without the byte order mark, spreadsheets read Korean in another encoding.
    return file.getvalue().encode("utf-8-sig")
