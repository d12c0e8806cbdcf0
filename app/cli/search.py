"""`saywho search`: posts that fit a query."""

import click

from app.cli.embed import opened_embeddings
from app.cli.running import json_option, print_json, reported, with_database
from app.config import Config
from app.db.engine import Database
from app.services.search.search import Filters, Found, Mode, near_to, search

RESULTS = 20


def _only_one(
    _context: click.Context, _option: click.Parameter, names: tuple[str, ...]
) -> str | None:
    """Refuse a second name, which a comparison takes: all but the last would go unheard."""
    if len(names) > 1:
        raise click.BadParameter("a search is of one author, or of all")
    return names[0] if names else None


@click.command("search")
@click.argument("query")
@click.option(
    "--mode", type=click.Choice(["words", "meaning", "hybrid"]), default="words", show_default=True
)
@click.option(
    "-u", "--username", multiple=True, callback=_only_one, help="Only posts of this author."
)
@click.option("--limit", type=click.IntRange(1, 200), default=RESULTS, show_default=True)
@json_option
@reported
def search_command(query: str, mode: Mode, username: str | None, limit: int, as_json: bool) -> None:
    """Search the posts for QUERY, the best first."""

    async def find(db: Database, config: Config) -> Found:
        filters = Filters(username=username)
        async with opened_embeddings(db, config) as embeddings:
            if mode != "words":
                await embeddings.index.follow()
            near = await near_to(embeddings, query, filters, limit=limit, mode=mode)
            async with db.read() as session:
                return await search(session, query, filters, limit=limit, mode=mode, near=near)

    found = with_database(find)
    if as_json:
        corrections = [{"typed": typed, "used": used} for typed, used in found.corrections]
        more = {"corrections": corrections} if corrections else {}
        print_json({"items": found.hits, "next": None, "method": found.method} | more)
        return
    if found.method == "words" and mode != "words":
        click.echo("No embedder that knows meaning answers, so words were searched.", err=True)
    if found.method == "wording":
        click.echo("These posts are worded alike; the embedder does not know meaning.", err=True)
    for typed, used in found.corrections:
        click.echo(f"No post has \u201c{typed}\u201d; these have \u201c{used}\u201d.", err=True)
    if found.is_any:
        click.echo("No post has all the words; these have some of them.", err=True)
    if not found.hits:
        click.echo("No post was found.", err=True)
    for hit in found.hits:
        when = f"{hit.created_at:%Y-%m-%d}" if hit.created_at else "no date   "
        click.echo(f"{hit.id:>8}  {when}  {hit.username}: {' '.join(hit.text.split())}")
