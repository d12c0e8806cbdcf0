"""`saywho search`, `saywho export`, and `saywho embed`, which searches by meaning need."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from app.cli import outputs, with_database
from app.config import Config

if TYPE_CHECKING:
    from app.db.engine import Database
    from app.services.search.embeddings import Embeddings
    from app.services.search.results import Mode, ResultPage
    from app.services.search.word_search import Sort

CHATLAB: Final = "chatlab"
"""Format of a single chat."""
RESUMABLE: Final = "finished vectors are kept; run the command again to resume"


@click.command("search", epilog="Example: saywho search 'summer holidays' --sort newest")
@click.argument("query")
@click.option(
    "--mode",
    type=click.Choice(["words", "meaning"]),
    default="words",
    show_default=True,
    help="Search by words, or by meaning (needs an embedder).",
)
@click.option("-u", "--username", metavar="NAME", help="Search only posts by this author.")
@click.option(
    "--sort",
    type=click.Choice(["best", "newest", "likes"]),
    default="best",
    show_default=True,
    help="Order of the results of a search by words.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, 200),
    default=20,
    show_default=True,
    help="Maximum number of results.",
)
@outputs.json_option
def search_command(query: str, mode: Mode, username: str | None, sort: Sort, limit: int) -> None:
    """Search the posts for QUERY.

    QUERY may contain filters: from:name, to:name, after:2024-01-31, before:2024-12-31, has:media,
    is:reply, in:"chat". Put - before a filter to leave posts out. Days are in the time zone of this
    machine.
    """
    from app.runtime.clock import remembered_zone
    from app.services.posts.selection import Selection
    from app.services.search.results import MAX_QUERY_LENGTH, SearchQuery, find
    from saywho.formats.chats.people import machine_zone

    if len(query) > MAX_QUERY_LENGTH:
        outputs.fail(
            f"the query may have at most {MAX_QUERY_LENGTH:,} characters", outputs.BAD_INPUT
        )

    async def run(db: Database, config: Config) -> ResultPage:
        async with opened_embeddings(db, config) as embeddings:
            selection = Selection(usernames=() if username is None else (username,))
            zone = remembered_zone(machine_zone())
            searched = SearchQuery(query, selection, mode, sort, zone=zone)
            page = await find(db, embeddings, searched, limit=limit)
            while not page.hits and page.next:
                page = await find(db, embeddings, searched, limit=limit, after=page.next)
            return page

    page = with_database(run, only_reads=True)
    facts: dict[str, Any] = {"items": page.hits, "next": None, "method": page.method}
    if page.corrections:
        facts["corrections"] = list(page.corrections)
    if page.compounds:
        facts["compounds"] = page.compounds
    if page.ignored:
        facts["ignored"] = list(page.ignored)
    if page.filters:
        facts["filters"] = [{"key": each.name, "value": each.value} for each in page.filters]
    outputs.print_result(facts, *_lines(page), notes=_notes(page, mode, sort))


def _lines(page: ResultPage) -> Iterator[str]:
    for hit in page.hits:
        when = f"{hit.created_at:%Y-%m-%d}" if hit.created_at else "no date   "
        words = " ".join(hit.text.split()) or " ".join(f"[{m.alt or m.kind}]" for m in hit.media)
        yield f"{hit.id:>8}  {when}  {hit.username}: {words}"


def _notes(page: ResultPage, mode: Mode, sort: Sort) -> Iterator[str]:
    from app.services.search.results import corrected_words

    if page.method == "words" and mode != "words":
        yield "No embedder responded, so the search was by words."
    if page.method != "words" and sort != "best":
        yield "--sort applies only to a search by words; here the closest posts come first."
    for typed, near in corrected_words(page.corrections).items():
        words = ", ".join(f"\u201c{each.used}\u201d ({each.posts:,})" for each in near)
        yield f"Nothing found for \u201c{typed}\u201d as typed. Near words: {words}."
    if page.compounds:
        count = "more than 10,000" if page.compounds.posts is None else f"{page.compounds.posts:,}"
        words = ", ".join(page.compounds.words)
        yield f"Inside of other words, behind the others: {count} ({words})."
    if page.ignored:
        yield f"Not searched: {' '.join(page.ignored)}"
    if page.is_any:
        yield "No post contains all the words; these contain some of them."
    if not page.hits:
        yield "Nothing found."


@contextlib.asynccontextmanager
async def opened_embeddings(db: Database, config: Config) -> AsyncIterator[Embeddings | None]:
    """Open the embedder of the settings; None for `builtin`. Raises StartError."""
    from app.embedders import open_embedder
    from app.services.search.embeddings import Embeddings

    embedder = open_embedder(config)
    async with contextlib.AsyncExitStack() as stack:
        if embedder:
            stack.push_async_callback(embedder.close)
        yield Embeddings(db, embedder) if embedder else None


@click.command("embed", epilog="Example: saywho embed")
@click.option(
    "--all", "is_all", is_flag=True, help="Delete all vectors first and compute them again."
)
@outputs.json_option
def embed_command(is_all: bool) -> None:
    """Compute the missing vectors for searches by meaning.

    SAYWHO_EMBEDDER names the model. The built-in embedder needs no vectors. If a run is
    interrupted, run the command again to resume.
    """
    from app.embedders import EmbedderError
    from app.services.search.embeddings import VECTORS

    async def embed(db: Database, config: Config) -> int:
        async with opened_embeddings(db, config) as embeddings:
            if embeddings is None:
                outputs.say("SAYWHO_EMBEDDER is builtin; no vectors are needed.", err=True)
                return 0
            async with db.exclusive_in_turn(VECTORS) as grant:
                if is_all:
                    await embeddings.remove_all(grant)
                async with grant.read() as session:
                    missing = await embeddings.count_missing(session)
                with outputs.progress("embedding posts") as show:
                    await embeddings.embed_missing(
                        grant,
                        on_progress=lambda done: show(done, missing, f"{done:,} of {missing:,}"),
                    )
                return missing

    try:
        count = with_database(embed)
    except EmbedderError as error:
        outputs.fail(f"{error}; {RESUMABLE}")
    except KeyboardInterrupt:
        outputs.fail(f"stopped; {RESUMABLE}", outputs.INTERRUPTED)
    outputs.print_result({"embedded": count}, f"{count:,} posts have new vectors")


@click.command("export", epilog="Example: saywho export --username alice --format csv -o alice.csv")
@click.option("--username", metavar="NAME", help="Export only the posts by this author.")
@click.option(
    "--room",
    "room_id",
    metavar="ID",
    type=click.IntRange(1),
    help="Export only the messages of this chat.",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["jsonl", "csv", "mongo", CHATLAB]),
    default="jsonl",
    show_default=True,
    help="Format of the export: mongo is for mongoimport, chatlab needs --room.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="File to write (replaces an existing one); - is standard output (default).",
)
@outputs.json_option
def export_command(
    username: str | None, room_id: int | None, format_name: str, output: Path | None
) -> None:
    """Export all posts, or the posts of one author or chat.

    saywho import can read the exported file.
    """
    import asyncio

    from app.services.posts.exporting import begin_export, count_posts_to_export, exported
    from app.services.posts.selection import Selection, field_conditions
    from app.services.rooms.chats import get_room
    from saywho.formats.chats.chatlab import chatlab_writer
    from saywho.formats.registry import WRITERS

    path = None if output is None or str(output) == "-" else output
    if path is None and outputs.wants_json():
        raise click.UsageError("--json needs -o FILE: the posts go to standard output.")
    if format_name == CHATLAB and room_id is None:
        raise click.UsageError("--format chatlab needs --room ID: a file contains one chat.")

    async def export(db: Database, _: Config) -> int:
        async with db.read() as session:
            room = None if room_id is None else await get_room(session, room_id)
            narrowed = field_conditions(Selection(room_id=room.id if room else None))
            begun = await begin_export(session, username, conditions=narrowed)
            total = room.messages if room else await count_posts_to_export(session, username)
        if room and format_name == CHATLAB:
            people = ((person.username, person.display_name) for person in room.people)
            writer = chatlab_writer(room.name, room.platform, people)
        else:
            writer = WRITERS[format_name]
        with outputs.opened_output(path) as file, outputs.progress("exporting posts") as show:
            async with contextlib.aclosing(exported(db, begun, writer)) as pieces:
                async for piece in pieces:
                    await asyncio.to_thread(file.write, piece)
                    # The posts go to a terminal themselves without a file.
                    if path:
                        show(begun.posts, total, f"{begun.posts:,} of {total:,}")
            await asyncio.to_thread(file.flush)
        return begun.posts

    posts = with_database(export, only_reads=True)
    if path:
        facts = {"file": str(path), "format": format_name, "posts": posts}
        outputs.print_result(facts, f"wrote {posts:,} posts to {path}")
