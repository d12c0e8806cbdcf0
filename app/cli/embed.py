"""`saywho embed`: vectors for the posts that have none, or anew for all."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final

import click

from app.cli.progress import counted
from app.cli.running import fail, json_option, print_json, reported, with_database
from app.config import Config
from app.db.engine import Database
from app.db.lease import Grant, Lease
from app.embedders import EmbedderError, open_embedder
from app.services.search.embeddings import VECTORS, Embeddings
from app.services.search.vector_sets import (
    StoppedError,
    begin_set,
    count_missing,
    resume_set,
    stop_set,
)

WAIT_S: Final = 1.0
GOES_ON: Final = "what is done stays, run it again to go on"


@contextlib.asynccontextmanager
async def opened_embeddings(db: Database, config: Config) -> AsyncIterator[Embeddings]:
    """Open the embedder of the settings. Raises StartError."""
    embedder = open_embedder(config)
    embeddings = Embeddings(db, embedder)
    try:
        yield embeddings
    finally:
        await embeddings.close()
        await embedder.close()


@click.command("embed")
@click.option("--all", "is_all", is_flag=True, help="Make the vectors of all posts anew.")
@json_option
@reported
def embed_command(is_all: bool, as_json: bool) -> None:
    """Make the vectors that are missing; stopped, it goes on.

    SAYWHO_EMBEDDER says by what they are made.
    """

    async def embed(db: Database, config: Config) -> int:
        async with opened_embeddings(db, config) as embeddings, _only_one(db) as grant:
            model = embeddings.embedder.name
            if is_all:
                await begin_set(grant, model)
            async with grant.write() as session:
                await resume_set(session, model)
                missing = await count_missing(session, model)
            with counted("embedding posts", missing) as show:
                async with _stopping(grant, model):
                    await embeddings.embed_missing(grant, on_progress=show)
            return missing

    try:
        count = with_database(embed)
    except EmbedderError as error:
        fail(f"{error}; {GOES_ON}")
    except StoppedError:
        fail(f"stopped on the settings page; {GOES_ON}")
    except KeyboardInterrupt:
        fail(f"stopped; {GOES_ON}")
    if as_json:
        print_json({"embedded": count})
    else:
        click.echo(f"{count:,} posts have new vectors")


@contextlib.asynccontextmanager
async def _only_one(db: Database) -> AsyncIterator[Grant]:
    """Wait until no other process makes vectors, and keep it so."""
    lease = Lease(db, VECTORS)
    is_told = False
    while True:
        async with lease.held() as grant:
            if grant is not None:
                yield grant
                return
        if not is_told:
            click.echo("Another process is making vectors; waiting for it.", err=True)
            is_told = True
        await asyncio.sleep(WAIT_S)


@contextlib.asynccontextmanager
async def _stopping(db: Grant, model: str) -> AsyncIterator[None]:
    """Stop the set when the command is interrupted, so that no server goes on with it."""
    try:
        yield
    except asyncio.CancelledError:
        async with db.write() as session:
            await stop_set(session, model)
        raise
