"""`saywho users`, `saywho user …`: authors."""

import asyncio
import sys
from typing import get_args

import click
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.running import counted, json_option, print_result, with_database, writing
from app.config import Config
from app.db.engine import Database
from app.services.posts.deletion import count_deleted, purge_deleted
from app.services.posts.media_uses import remove_unneeded
from app.services.posts.users import (
    Author,
    Platform,
    add_user,
    delete_user,
    find_author,
    list_authors,
)

PAGE = 200
LEFT_BEHIND = "{name} is deleted; the server or the next deletion clears the rest of the disk."


@click.command("users")
@json_option
def users_command() -> None:
    """List the authors."""
    authors = with_database(_all_authors)
    lines = [f"{author.tweets:>9,}  {author.platform:<9} {author.username}" for author in authors]
    note = "No authors yet; saywho import FILE adds some, saywho demo samples."
    print_result({"items": authors, "next": None}, *lines, notes=[] if authors else [note])


async def _all_authors(db: Database, _: Config) -> list[Author]:
    authors: list[Author] = []
    after = None
    while True:
        async with db.read() as session:
            page, after = await list_authors(session, after=after, limit=PAGE)
        authors += page
        if after is None:
            return authors


@click.group("user")
def user_command() -> None:
    """Add and delete authors."""


@user_command.command("add")
@click.argument("name")
@click.option("--display-name", help="The name as people read it.")
@click.option("--platform", type=click.Choice(get_args(Platform)), default="local")
@json_option
def add_command(name: str, display_name: str | None, platform: str) -> None:
    """Add the author NAME."""

    async def add(session: AsyncSession) -> Author | None:
        user, _event = await add_user(session, name, display_name=display_name, platform=platform)
        return await find_author(session, user.id)

    author = writing(add)
    print_result(author, f"added {author.username if author else name}")


@user_command.command("delete")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask, on a terminal either.")
@json_option
def delete_command(name: str, yes: bool) -> None:
    """Delete the author NAME and all posts, at once; this cannot be cancelled."""
    if not yes and sys.stdin.isatty():
        click.confirm(f"Delete {name} and all posts? This cannot be cancelled.", abort=True)

    async def delete(db: Database, config: Config) -> None:
        async with db.write() as session:
            await delete_user(session, name)
            left = await count_deleted(session)
        with counted("removing posts", left) as show:
            try:
                await purge_deleted(db, on_progress=show)
                await remove_unneeded(db, config.media_dir)
            except asyncio.CancelledError:
                click.echo(f"\n{LEFT_BEHIND.format(name=name)}", err=True)
                raise

    with_database(delete)
    print_result({"username": name}, f"deleted {name}")
