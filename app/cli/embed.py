"""`saywho embed`: vectors for the posts that have none, or anew for all."""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final

import click

from app.cli.running import fail, json_option, print_json, reported, with_database
from app.config import Config
from app.db.engine import Database
from app.db.lease import Lease, Leased
from app.embedders import EmbedderError, open_embedder
from app.services.embeddings import VECTORS, Embeddings
from app.services.vector_sets import begin_set, count_missing

WAIT_S: Final = 1.0
LINE_EVERY_S: Final = 5.0


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
    """Make the vectors that are missing, as SAYWHO_EMBEDDER says; broken off, it goes on."""

    async def embed(db: Database, config: Config) -> int:
        async with opened_embeddings(db, config) as embeddings, _only_one(db) as leased:
            if is_all:
                await begin_set(leased, embeddings.embedder.name)
            async with db.read() as session:
                missing = await count_missing(session, embeddings.embedder.name)
            with _progress(missing) as show:
                await embeddings.embed_missing(leased, on_progress=show)
            return missing

    try:
        count = with_database(embed)
    except EmbedderError as error:
        fail(f"{error}; what is done stays, run it again to go on")
    if as_json:
        print_json({"embedded": count})
    else:
        click.echo(f"{count:,} posts have new vectors")


@contextlib.asynccontextmanager
async def _only_one(db: Database) -> AsyncIterator[Leased]:
    """Wait until no other process makes vectors, and keep it so."""
    lease = Lease(db, VECTORS)
    is_told = False
    while True:
        async with lease.held() as leased:
            if leased is not None:
                yield leased
                return
        if not is_told:
            click.echo("Another process is making vectors; waiting for it.", err=True)
            is_told = True
        await asyncio.sleep(WAIT_S)


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal, a line per 5 s elsewhere."""
    if sys.stderr.isatty():
        with click.progressbar(length=total, label="Embedding", file=sys.stderr) as bar:
            yield lambda done: bar.update(done - bar.pos)
        return
    last = time.monotonic()

    def show(done: int) -> None:
        nonlocal last
        if time.monotonic() - last >= LINE_EVERY_S:
            last = time.monotonic()
            click.echo(f"{done:,} of {total:,} posts", err=True)

    yield show
