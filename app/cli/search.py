"""`saywho search`: posts that fit a query."""

import click

from app.cli.running import json_option, print_json, reported, with_database
from app.config import Config
from app.db.engine import Database
from app.services.search import Filters, Found, search

RESULTS = 20


@click.command("search")
@click.argument("query")
@click.option(
    "--mode", type=click.Choice(["words", "meaning", "hybrid"]), default="words", show_default=True
)
@click.option("-u", "--username", help="Only posts of this author.")
@click.option("--limit", type=click.IntRange(1, 200), default=RESULTS, show_default=True)
@json_option
@reported
def search_command(query: str, mode: str, username: str | None, limit: int, as_json: bool) -> None:
    """Search the posts for QUERY, the best first."""

    async def find(db: Database, _: Config) -> Found:
        async with db.read() as session:
            return await search(session, query, Filters(username=username), limit=limit)

    found = with_database(find)
    if as_json:
        print_json({"items": found.hits, "next": None, "method": found.method})
        return
    if mode != "words":
        click.echo("No embedder knows meaning here, so words were searched.", err=True)
    for typed, used in found.corrections:
        click.echo(f"No post has \u201c{typed}\u201d; these have \u201c{used}\u201d.", err=True)
    if found.is_any:
        click.echo("No post has all the words; these have some of them.", err=True)
    for hit in found.hits:
        when = f"{hit.created_at:%Y-%m-%d}" if hit.created_at else "no date   "
        click.echo(f"{hit.id:>8}  {when}  {hit.username}: {' '.join(hit.text.split())}")
