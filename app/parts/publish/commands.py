"""`saywho publish`: an author's archive as a website."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from app.cli import (
    authors_option,
    is_asked,
    language_option,
    timezone_option,
    with_database,
    yes_option,
)
from app.cli.outputs import BAD_INPUT, ask, fail, json_option, print_result, progress, say
from app.config import Config, Locale
from app.errors import MalformedError, NotFoundError

if TYPE_CHECKING:
    from app.db.engine import Database
    from app.parts.publish.choice import OwnPosts
    from app.parts.publish.folder import WebsiteFolder
    from app.parts.publish.website import WebsiteOptions

NAMES_SHOWN: Final = 10
day_type: Final = click.DateTime(["%Y-%m-%d"])


def _url(_context: click.Context, _option: click.Parameter, url: str) -> str:
    from app.parts.publish.website import site_url

    try:
        return site_url(url)
    except MalformedError as error:
        raise click.BadParameter(error.detail) from None


@click.command("publish", epilog="Example: saywho publish website -u mina --language ko")
@click.argument("folder", type=click.Path(path_type=Path))
@authors_option("Author whose posts to publish; repeatable.", is_required=True)
@click.option(
    "--url",
    metavar="URL",
    default="",
    callback=_url,
    help="Public URL of the website, for a feed and a site map.",
)
@language_option("Language of the pages (default: the language of most posts).")
@click.option("--since", type=day_type, metavar="DAY", help="Only posts from this day on.")
@click.option("--until", type=day_type, metavar="DAY", help="Only posts before this day.")
@click.option("--no-replies", is_flag=True, help="Leave out replies to other people.")
@click.option("--without-media", is_flag=True, help="Leave out pictures, videos and sounds.")
@click.option(
    "--old-posts",
    type=click.Choice(["public"]),
    help="Treat posts as public if it is not known who could see them.",
)
@timezone_option("Time zone of days and times, such as Asia/Seoul (default: that of this machine).")
@yes_option
@json_option
def publish_command(
    folder: Path, usernames: tuple[str, ...], language: Locale | None, yes: bool, **chosen: Any
) -> None:
    """Write an author's posts as a website.

    It needs no server. It has only posts of the named authors themselves, and no messages of chats.
    FOLDER must be empty, absent, or a website of an earlier run, of which only changed files are
    written.
    """
    from app.parts.publish.choice import PostChoice
    from app.parts.publish.folder import FolderError, check_folder, opened_folder
    from app.parts.publish.website import WebsiteOptions
    from app.runtime.clock import remembered_zone
    from saywho.formats.chats.people import machine_zone

    since, until = (chosen[name] and chosen[name].date() for name in ("since", "until"))
    choice = PostChoice(
        chosen["zone"] or remembered_zone(machine_zone()),
        since,
        until,
        with_replies=not chosen["no_replies"],
        with_media=not chosen["without_media"],
        with_old=chosen["old_posts"] is not None,
    )
    options = WebsiteOptions(usernames, choice, language, chosen["url"])
    try:
        check_folder(folder)
        authors = with_database(lambda db, _: _find(db, options), only_reads=True)
        for line in _lines(authors):
            say(line, err=True)
        if is_asked(yes) and not ask(f"Publish them in {folder}?", err=True):
            fail("nothing was written")
        with opened_folder(folder) as opened:
            facts = with_database(
                lambda db, config: _write(db, config, options, opened), only_reads=True
            )
    except FolderError as error:
        fail(str(error), BAD_INPUT)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            fail(f"{folder}: the disk is full; the website is as it was before")
        raise
    posts, pages = facts["posts"], facts["pages"]
    lines = [
        f"{folder} has {pages:,} pages, {posts:,} posts and {facts['media']:,} media files",
        f"{facts['written']:,} files are new or changed, {facts['unchanged']:,} are as before,"
        f" {facts['removed']:,} are gone",
        f"open {folder / 'index.html'}",
    ]
    print_result({"folder": str(folder), **facts, "authors": [*map(_facts, authors)]}, *lines)


async def _find(db: Database, options: WebsiteOptions) -> list[OwnPosts]:
    from app.parts.publish.choice import OwnPosts, find_posts

    async with db.read() as session:
        found = list[OwnPosts]()
        for name in options.names:
            try:
                found.append(await find_posts(session, name, options.choice))
            except NotFoundError as error:
                fail(f"{name}: {error.detail}", BAD_INPUT)
        return found


async def _write(
    db: Database, config: Config, options: WebsiteOptions, folder: WebsiteFolder
) -> dict[str, Any]:
    from app.parts.publish.website import opened_website

    done = pages = 0
    async with opened_website(db, config, options) as (site, session):
        posts = site.posts
        with progress("writing pages") as show:

            def note() -> None:
                nonlocal done
                done += 1
                if done % 100 == 0 or done == posts:
                    show(done, posts, f"{done:,} of {posts:,} posts")

            # On a full disk it is not read to its end, but has to end in this task.
            async with aclosing(site.files(session, note)) as files:
                async for file in files:
                    pages += file.name.endswith(".html")
                    if isinstance(file.content, Path):
                        folder.add_copy(file.name, file.content)
                    else:
                        folder.add(file.name, file.content)
        folder.finish(site.mark())
    return {
        "pages": pages,
        "posts": posts,
        "media": site.media,
        "bytes": folder.size_bytes,
        "written": folder.written,
        "unchanged": folder.unchanged,
        "removed": folder.removed,
    }


def _facts(own: OwnPosts) -> dict[str, Any]:
    dated = [day for day in own.days if day is not None]
    return {
        "username": own.author.username,
        "posts": len(own.ids),
        "replies": own.replies,
        "media": len(own.files),
        "first_day": dated[0] if dated else None,
        "last_day": dated[-1] if dated else None,
        "names": own.names,
        "left_out": sum(own.left_out),
        "unknown": own.left_out.unknown,
    }


def _lines(authors: Sequence[OwnPosts]) -> Iterator[str]:
    for own in authors:
        facts = _facts(own)
        days = f", {facts['first_day']} to {facts['last_day']}" if facts["first_day"] else ""
        yield (
            f"{own.author.username}: {len(own.ids):,} posts{days}, of which {own.replies:,} are"
            f" replies; {len(own.files):,} pictures, videos and sounds"
        )
        if own.names:
            more = "; --json lists all" if len(own.names) > NAMES_SHOWN else ""
            yield (
                f"  names of {len(own.names):,} other people appear in them:"
                f" {', '.join(own.names[:NAMES_SHOWN])}{more}"
            )
        limited, unknown = own.left_out
        if limited:
            yield f"  {limited:,} posts for a limited audience are left out"
        if unknown:
            yield (
                f"  {unknown:,} posts are left out because it is not known who could see them; if"
                " everyone could, add --old-posts public"
            )
