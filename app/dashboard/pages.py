"""The dashboard's page, and its figures as tables."""

import asyncio
from typing import Any, Final

from quart import Quart, current_app, g, render_template

from app.dashboard.dash_app import FIGURES, mount
from app.dashboard.figures import Table
from app.errors import NotFoundError
from app.i18n import gettext
from app.lifespan import resources
from app.paths import DASHBOARD
from app.views.blueprints import PageBlueprint
from app.views.filters import View
from app.views.pages.parts import offered_authors

blueprint = PageBlueprint("dashboard", url_prefix=DASHBOARD)

PAGE_KEY: Final = "saywho.dashboard.page"
MOST_ROWS: Final = 1_000
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'self'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""Dash starts with an inline script, allowed by its hash; Dash and plotly create styles."""


def init_app(app: Quart) -> None:
    """Register the page and Dash."""
    app.register_blueprint(blueprint)
    app.extensions[PAGE_KEY] = mount(app)


@blueprint.page("/", is_cacheable=True)
async def show_dashboard(args: View) -> tuple[str, int, dict[str, str]]:
    async with resources().db.read() as session:
        authors, author_total = await offered_authors(session, args.names)
    parts = current_app.extensions[PAGE_KEY]
    page = await render_template(
        "dashboard.html",
        args=args,
        authors=authors,
        author_total=author_total,
        figures=[each for each in FIGURES.values() if g.owner is None or not each.needs_two],
        query=args.query(),
        dash=parts,
    )
    policy = CONTENT_SECURITY_POLICY.format(hashes=parts["hashes"])
    return page, 200, {"Content-Security-Policy": policy}


@blueprint.page("/table/<name>", is_cacheable=True)
async def show_table(name: str, args: View) -> str:
    if (figure := FIGURES.get(name)) is None:
        raise NotFoundError("There is no such figure")
    data: Any = await figure.load(resources().db, args)
    table: Table = await asyncio.to_thread(figure.table, data, args)
    return await render_template(
        "dashboard_table.html",
        figure=figure,
        title=gettext(figure.title),
        table=table,
        rows=list(zip(table.rows[:MOST_ROWS], table.links or [""] * MOST_ROWS, strict=False)),
        query=args.query(),
    )
