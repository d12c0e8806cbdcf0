"""`saywho export`: posts as a file that can be imported again."""

import asyncio
import contextlib
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import click

from app.cli.running import counted, fail, json_option, print_result, wants_json, with_database
from app.config import Config
from app.db.engine import Database
from app.formats import WRITERS
from app.formats.records import Writer
from app.security import open_private
from app.services.posts.exporting import Export, begin_export, exported


@click.command("export")
@click.option("--username", help="Only the posts of this author.")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(list(WRITERS)),
    default="jsonl",
    show_default=True,
    help="JSON lines, CSV, or what mongoimport reads.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="The file to write, in the place of one that is there; - is standard output.",
)
@json_option
def export_command(username: str | None, format_name: str, output: Path | None) -> None:
    """Write all posts, or those of one author, as a file that `saywho import` reads again."""
    path = None if output is None or str(output) == "-" else output
    if path is None and wants_json():
        raise click.UsageError("--json goes with -o FILE; the posts go to standard output.")

    async def export(db: Database, _: Config) -> int:
        async with db.read() as session:
            begun = await begin_export(session, username)
        with _opened(path) as file, _progress(begun, path) as show:
            return await _write(db, begun, WRITERS[format_name], file, show)

    try:
        posts = with_database(export)
    except BrokenPipeError:
        raise
    except OSError as error:
        fail(f"{path or 'standard output'} cannot be written: {error.strerror}")
    if path:
        facts = {"file": str(path), "format": format_name, "posts": posts}
        print_result(facts, f"wrote {posts:,} posts to {path}")


async def _write(
    db: Database, begun: Export, writer: Writer, file: BinaryIO, show: Callable[[int], None]
) -> int:
    """Write the file; return the number of posts in it."""
    posts = 0
    async with contextlib.aclosing(exported(db, begun, writer)) as pieces:
        async for piece in pieces:
            await asyncio.to_thread(file.write, piece.data)
            posts += piece.posts
            show(posts)
    await asyncio.to_thread(file.flush)
    return posts


def _progress(
    begun: Export, path: Path | None
) -> contextlib.AbstractContextManager[Callable[[int], None]]:
    """Show the progress, unless the posts go to the same terminal."""
    if path is None and sys.stdout.isatty():
        return contextlib.nullcontext(lambda _: None)
    return counted("exporting posts", begun.posts)


@contextlib.contextmanager
def _opened(path: Path | None) -> Iterator[BinaryIO]:
    """Open the file, which gets its name only once it is whole."""
    if path is None:
        yield sys.stdout.buffer
        return
    path = path.resolve()  # The target of a link is replaced, not the link.
    if path.exists() and not path.is_file():  # A pipe or a device.
        with path.open("wb") as special:
            yield special
        return
    unfinished = path.with_name(f".saywho-{secrets.token_hex(8)}.part")
    try:
        with open(unfinished, "xb", opener=open_private) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
