"""`saywho follow …`: live sources."""

import asyncio

import click

from app.cli.running import FAILED, fail, json_option, print_result, reading, with_database, writing
from app.config import Config
from app.db.engine import Database
from app.parts.sources.following import SOURCES, Follower
from app.parts.sources.live_sources import (
    SourceFacts,
    add_source,
    ask_for_visits,
    find_source,
    is_visit_missing,
    list_sources,
    remove_source,
)

LOOK_EVERY_S = 1.0
EVERY = 2**31


@click.group("follow")
def follow_command() -> None:
    """Follow accounts and feeds, and fetch their new posts."""


@follow_command.command("add")
@click.argument("source")
@click.option("--username", help="The author here; by default as the source is called.")
@json_option
def add_command(source: str, username: str | None) -> None:
    """Follow SOURCE: bluesky:NAME, mastodon:USER@HOST or rss:URL.

    USER@HOST and the address of a profile, a feed or a page that names one are understood too.
    """

    async def add(db: Database, config: Config) -> SourceFacts:
        name = await find_source(config, source, username)
        async with db.write() as session:
            return await add_source(session, name)

    added = with_database(add)
    note = "Whether it is there, its first visit tells: saywho follow list shows that."
    print_result(added, f"following {added.source}, as {added.username}", notes=[note])


@follow_command.command("list")
@json_option
def list_command() -> None:
    """List the sources, and how they are."""
    sources, _ = reading(lambda session: list_sources(session, limit=EVERY))
    _print(sources)


@follow_command.command("remove")
@click.argument("source_id", type=int, metavar="ID")
@json_option
def remove_command(source_id: int) -> None:
    """Follow the source ID no longer; its posts stay."""
    writing(lambda session: remove_source(session, source_id))
    print_result({"id": source_id}, f"removed {source_id}")


@follow_command.command("now")
@json_option
def now_command() -> None:
    """Visit all sources now, and wait for the end.

    A server that runs does it in place of this command.
    """
    sources = with_database(_visit_all)
    _print(sources)
    if any(source.last_error for source in sources):
        fail("not all sources could be read", FAILED)


async def _visit_all(db: Database, config: Config) -> list[SourceFacts]:
    async with db.write() as session:
        source_ids = await ask_for_visits(session)
    follower = Follower(config)
    try:
        while True:
            async with db.exclusive(SOURCES) as grant:
                if grant is not None:
                    await follower.visit_due(grant, due_by=source_ids)
            async with db.read() as session:
                if not await is_visit_missing(session, source_ids):
                    return (await list_sources(session, limit=EVERY))[0]
            await asyncio.sleep(LOOK_EVERY_S)
    finally:
        await follower.close()


def _print(sources: list[SourceFacts]) -> None:
    lines = [
        f"{source.id:>5}  {source.accepted:>7,}  {source.source}  ({source.username})"
        + (f"  {source.last_error}" if source.last_error else "")
        for source in sources
    ]
    notes = [] if sources else ["No sources yet; saywho follow add SOURCE adds one."]
    print_result({"items": sources, "next": None}, *lines, notes=notes)
