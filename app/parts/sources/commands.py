"""`saywho follow …`: live sources."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import click

from app.cli import reading, with_database, writing
from app.cli.outputs import FAILED, fail, json_option, print_list, print_result
from app.config import Config

if TYPE_CHECKING:
    from app.db.engine import Database
    from app.parts.sources.following import SourceFacts

EVERY = 2**31
"""Limit for a list of all sources."""


@click.group("follow")
def follow_command() -> None:
    """Follow accounts and feeds, and fetch their new posts."""


@follow_command.command("add", epilog="Example: saywho follow add mastodon:alice@example.social")
@click.argument("source")
@click.option(
    "--username", metavar="NAME", help="Name of the author here (default: the name of the source)."
)
@json_option
def add_command(source: str, username: str | None) -> None:
    """Follow SOURCE: bluesky:NAME, mastodon:USER@HOST or rss:URL.

    SOURCE may also be USER@HOST, or the URL of a profile, a feed, or a page that names a feed.
    """
    from app.parts.sources.following import add_source
    from app.parts.sources.platforms import find_source

    async def add(db: Database, config: Config) -> SourceFacts:
        name = await find_source(config, source, username)
        async with db.write() as session:
            return await add_source(session, name)

    added = with_database(add)
    note = "saywho checks that the source exists on the first visit; see saywho follow list."
    print_result(added, f"following {added.source} as {added.username}", notes=[note])


@follow_command.command("list", epilog="Example: saywho follow list")
@json_option
def list_command() -> None:
    """List the sources and their status."""
    from app.parts.sources.following import list_sources

    sources, _ = reading(lambda session: list_sources(session, limit=EVERY))
    _print(sources)


@follow_command.command("remove", epilog="Example: saywho follow remove 3")
@click.argument("source_id", type=int, metavar="ID")
@json_option
def remove_command(source_id: int) -> None:
    """Stop following the source ID; its posts are kept."""
    from app.parts.sources.following import remove_source

    writing(lambda session: remove_source(session, source_id))
    print_result({"id": source_id}, f"removed {source_id}")


@follow_command.command("now", epilog="Example: saywho follow now")
@json_option
def now_command() -> None:
    """Visit all sources now and wait until they are done.

    If a server is running, the server makes the visits.
    """
    sources = with_database(_visit_all)
    _print(sources)
    if any(source.last_error for source in sources):
        fail("some sources could not be read", FAILED)


async def _visit_all(db: Database, config: Config) -> list[SourceFacts]:
    import asyncio

    from app.parts.sources.following import (
        SOURCES,
        Follower,
        ask_for_visits,
        is_visit_missing,
        list_sources,
    )

    async with db.write() as session:
        source_ids = await ask_for_visits(session)
    async with contextlib.aclosing(Follower(config)) as follower:
        while True:
            async with db.exclusive(SOURCES) as grant:
                if grant is not None:
                    await follower.visit_due(grant, due_by=source_ids)
            async with db.read() as session:
                if not await is_visit_missing(session, source_ids):
                    return (await list_sources(session, limit=EVERY))[0]
            await asyncio.sleep(1.0)


def _print(sources: list[SourceFacts]) -> None:
    lines = [
        f"{source.id:>5}  {source.accepted:>7,}  {source.source}  ({source.username})"
        + (f"  {source.last_error}" if source.last_error else "")
        + "".join(f"  left out, since all entries have it: {said}" for said in source.left_out)
        for source in sources
    ]
    print_list(sources, lines, "No sources yet. To add one, run: saywho follow add SOURCE")
