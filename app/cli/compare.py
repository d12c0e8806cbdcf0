"""`saywho compare`, `saywho search`: the questions."""

import sys

import click

from app.cli.running import json_option, print_json, reported, with_database
from app.config import Config
from app.db.engine import Database
from app.services.background import BackgroundStore
from app.services.compare import SHOWN_OF_ALL, Comparison, Models, gather_material, judge
from app.services.profiles import ProfileStore
from app.services.search import Filters, Hit, search

RESULTS = 20


@click.command("compare")
@click.argument("text")
@click.option("-u", "--username", "usernames", multiple=True, help="An author; two or more.")
@json_option
@reported
def compare_command(text: str, usernames: tuple[str, ...], as_json: bool) -> None:
    """Say who would rather have said TEXT, of the authors named or of all (- reads TEXT)."""
    if text == "-":
        text = sys.stdin.read()

    async def compare(db: Database, _: Config) -> Comparison:
        models = Models(ProfileStore(), BackgroundStore())
        async with db.read() as session:
            material = await gather_material(session, models, text=text, usernames=usernames)
        return await judge(material, shown=None if usernames else SHOWN_OF_ALL)

    comparison = with_database(compare)
    if as_json:
        print_json(comparison)
    else:
        _print_comparison(comparison)


def _print_comparison(comparison: Comparison) -> None:
    for ranked in comparison.ranking:
        posts = "post" if ranked.tweets == 1 else "posts"
        click.echo(f"{ranked.probability:7.1%}  {ranked.username}  ({ranked.tweets:,} {posts})")
    click.echo(f"verdict: {comparison.verdict}")
    for mark in comparison.evidence:
        click.echo(f"  {mark.weight:+5.2f}  {mark.username}: {mark.text!r}")


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

    async def find(db: Database, _: Config) -> list[Hit]:
        async with db.read() as session:
            hits, _following = await search(session, query, Filters(username=username), limit=limit)
            return hits

    hits = with_database(find)
    if as_json:
        print_json({"items": hits, "next": None, "method": "words"})
        return
    if mode != "words":
        click.echo("No embedder knows meaning here, so words were searched.", err=True)
    for hit in hits:
        when = f"{hit.created_at:%Y-%m-%d}" if hit.created_at else "no date   "
        click.echo(f"{hit.id:>8}  {when}  {hit.username}: {' '.join(hit.text.split())}")
