"""`saywho publish`: an author's archive as a website."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from app import cli
from app.cli.outputs import ask, fail, json_option, print_result, say
from app.config import Config, Locale

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from app.db.engine import Database

DAY: Final = click.DateTime(["%Y-%m-%d"])


@click.command("publish", epilog="Example: saywho publish website -u mina --language ko")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("-u", "--username", metavar="NAME", required=True, help="The author.")
@cli.language_option("Language of the pages (default: en).")
@click.option("--since", type=DAY, metavar="DAY", help="Only posts from this day on.")
@click.option("--until", type=DAY, metavar="DAY", help="Only posts before this day.")
@click.option("--no-replies", is_flag=True, help="Leave out replies to other people.")
@click.option("--without-media", is_flag=True, help="Leave out pictures, videos and sounds.")
@click.option("--old-posts", type=click.Choice(["public"]), help="Add posts of unknown audience.")
@cli.timezone_option("Time zone of days and times (default: that of this machine).")
@cli.yes_option
@json_option
def publish_command(
    folder: Path,
    username: str,
    language: Locale | None,
    since: datetime | None,
    until: datetime | None,
    zone: ZoneInfo | None,
    yes: bool,
    **chosen: Any,
) -> None:
    """Write an author's pages as a website.

    It needs no server. FOLDER must be empty, absent, or a website of an earlier run.
    """
    from app.parts.publish import website
    from app.runtime.clock import first_instant, remembered_zone
    from saywho.formats.chats.people import machine_zone

    here = zone or remembered_zone(machine_zone())
    ends = [day and first_instant(day.date(), here) for day in (since, until)]
    website.check_folder(folder)

    async def run(db: Database, config: Config) -> dict[str, Any]:
        async with db.read() as session:
            own = await website.find_posts(session, username, ends, chosen)
        few = f"{own.limited:,} for a limited audience, {own.unknown:,} of unknown audience"
        say(f"{own.username}: {own.posts:,} posts; left out: {few} (see --old-posts)", err=True)
        if cli.is_asked(yes) and not ask(f"Publish them in {folder}?", err=True):
            fail("nothing was written")
        async with website.copied_site(db, config, own) as app:
            files = await website.Website(app, own.username, language or "en", here).read()
        website.write_website(folder, files)
        return {
            "folder": str(folder),
            "posts": own.posts,
            "pages": sum(name.endswith(".html") for name in files),
            "media": sum(name.startswith("media/") for name in files),
            "bytes": sum(map(len, files.values())),
            "left_out": own.limited + own.unknown,
            "unknown": own.unknown,
        }

    facts = cli.with_database(run, only_reads=True)
    counts = ", ".join(f"{facts[kind]:,} {kind}" for kind in ("pages", "posts", "media"))
    print_result(facts, f"{folder / 'index.html'}: {counts}")
