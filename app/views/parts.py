"""What views share: redirects, tables as files, and the authors that a form offers."""

from collections.abc import Iterable
from typing import cast

from quart import Response, redirect
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import username_key
from app.formats.csv import written_table
from app.lifespan import resources
from app.services.posts.users import Author, count_users, list_authors

CHOICES = 40
"""Most authors offered as checkboxes; with more of them, names are typed."""


def see_other(address: str) -> Response:
    """Return a redirect from a form to a page."""
    return cast(Response, redirect(address, 303))


async def csv_answer(rows: Iterable[Iterable[object]], name: str) -> Response:
    """Return a table as a file that spreadsheets open, `saywho-NAME.csv`."""
    return Response(
        await resources().work_pool.run(written_table, rows),
        content_type="text/csv; charset=utf-8; header=present",
        headers={"Content-Disposition": f'attachment; filename="saywho-{name}.csv"'},
    )


async def offered_authors(session: AsyncSession, chosen: Iterable[str]) -> tuple[list[Author], int]:
    """Return the authors that a form offers, the chosen ones first, and the number of all."""
    authors, _ = await list_authors(session, limit=CHOICES)
    names = {name.casefold() for name in chosen}
    authors.sort(key=lambda author: author.username.casefold() not in names)
    return authors, await count_users(session)


def by_number_of_posts(authors: Iterable[Author]) -> list[str]:
    """Return the usernames of authors, those with the most posts first."""
    order = sorted(authors, key=lambda author: (-author.tweets, username_key(author.username)))
    return [author.username for author in order]


def given_names(values: Iterable[str]) -> list[str]:
    """Return the names that a form or an address gives, without empty fields."""
    return [name.strip() for name in values if name.strip()]
