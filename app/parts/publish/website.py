"""An author's pages in a folder: those of a site for the moment that has only the chosen posts."""

import asyncio
import io
import os
import pkgutil
import shutil
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import replace
from datetime import date, datetime
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit
from zoneinfo import ZoneInfo

import msgspec
from msgspec import structs
from quart import Quart
from selectolax.lexbor import LexborHTMLParser
from sqlalchemy import and_, exists, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.config import Config, Locale
from app.db.engine import Database
from app.errors import InvalidInputError, NotFoundError
from app.language.i18n import show_time
from app.lifespan import KEY
from app.models import MAX_ID, Tweet
from app.paths import MEDIA
from app.runtime.clock import ZONE_COOKIE
from app.security import make_folder, sync_file, sync_folder
from app.services.imports.storing import import_records
from app.services.posts.exporting import begin_export, exported
from app.services.posts.media import keeper_of
from app.services.posts.post_content import decoded_media
from app.services.posts.selection import IS_PUBLIC, Conditions, Selection, field_conditions
from app.services.posts.users import get_author
from app.views.requests import cursor_of
from saywho.formats.records import ExportedPost, Item, Record
from saywho.formats.registry import WRITERS, open_records
from saywho.formats.source.file import Source

MARK: Final = "saywho-website.json"
DRAFTS: Final = ".saywho-draft"
_LEFT_OUT: Final = (
    "script, details:has(form), form, button, input, .site-header, .site-footer a, .skip, .actions,"
    " #more, #today, meta[property], meta[name^=twitter], meta[name^=htmx], link:not([rel$=sheet])"
)
"""What does nothing without the server."""


class OwnPosts(NamedTuple):
    username: str
    posts: int
    conditions: Conditions
    files: Mapping[int, Sequence[str | None]]
    limited: int
    unknown: int


async def find_posts(
    session: AsyncSession, username: str, ends: Sequence[datetime | None], chosen: dict[str, Any]
) -> OwnPosts:
    """Return what an anonymous reader of a public site would see of an author, without chats.

    chosen: the options of the command. Raises NotFoundError for nobody, or nothing of the kind.
    """
    author = await get_author(session, username)
    span = field_conditions(Selection(since=ends[0], until=ends[1]))
    meant = [Tweet.user_id == author.id, Tweet.room_id.is_(None), *span]
    if chosen["no_replies"]:
        answered = aliased(Tweet)
        is_own = exists().where(answered.id == Tweet.reply_to_id, answered.user_id == author.id)
        is_answer = Tweet.reply_to_source_id.is_not(None), Tweet.reply_to_username.is_not(None)
        # An answer to oneself goes on with a post.
        meant.append(or_(and_(Tweet.kind != "reply", not_(or_(*is_answer))), is_own))
    audiences = select(Tweet.visibility, func.count()).where(*meant).group_by(Tweet.visibility)
    counts = {audience: count or 0 for audience, count in await session.execute(audiences)}
    limited, unknown = counts.get("restricted", 0), counts.get(None, 0) * (not chosen["old_posts"])
    if not (posts := sum(counts.values()) - limited - unknown):
        few = f"{limited + unknown:,} posts, {limited:,} of them for a limited audience"
        raise NotFoundError(f"{username} has nothing to publish; not known to be public: {few}")
    meant.append(or_(IS_PUBLIC, Tweet.visibility.is_(None)) if chosen["old_posts"] else IS_PUBLIC)
    query = select(Tweet.id, Tweet.media).where(*meant, Tweet.media.is_not(None))
    rows = () if chosen["without_media"] else await session.execute(query)
    files = {id_: [medium.file for medium in decoded_media(media)] for id_, media in rows}
    return OwnPosts(author.username, posts, meant, files, limited, unknown)


@asynccontextmanager
async def copied_site(db: Database, config: Config, own: OwnPosts) -> AsyncIterator[Quart]:
    """Open a site with these posts alone: an export of them, imported into a new folder."""
    ids, writer = list[int](), WRITERS["jsonl"]

    def encode(posts: Mapping[int, ExportedPost]) -> bytes:
        ids.extend(posts)
        return writer.encode(posts)

    def with_files(item: Item) -> Item:
        files = tuple(own.files.get(ids[item.place - 1], ()))
        return structs.replace(item, files=files) if isinstance(item, Record) else item

    async with db.read() as session:
        export = await begin_export(session, own.username, conditions=own.conditions)
    parts = [part async for part in exported(db, export, replace(writer, encode=encode))]
    # A thread of the site may still open its database, of which an empty file is left then.
    with TemporaryDirectory(prefix="saywho-publish-", ignore_cleanup_errors=True) as folder:
        # Without the population, nothing is told beside other people.
        here = Config(env="testing", data_dir=Path(folder), public=True, population=False)
        here = replace(here, access_log=False, without=config.without)
        kept = Source(config.media_dir) if any(map(any, own.files.values())) else nullcontext()
        app = pkgutil.resolve_name("app:create_app")(here)
        async with app.test_app():
            with Source(io.BytesIO(b"".join(parts))) as posts, kept as files:
                records = open_records(posts, format="jsonl")
                records = replace(records, items=map(with_files, records.items), files=files)
                copied, keeper = app.extensions[KEY].db, keeper_of(here)
                await import_records(copied, records, username=None, keeper=keeper)
            yield app


class Website:
    def __init__(self, app: Quart, username: str, language: Locale, zone: ZoneInfo) -> None:
        self._app, self._username, self._zone = app, username, zone
        self._client, self._headers = app.test_client(), {"Accept-Language": language}
        self._client.set_cookie("localhost", ZONE_COOKIE, zone.key)
        app.jinja_env.filters["time"] = lambda time, *_, **__: show_time(
            time, zone.key if time.hour or time.minute else None
        )
        self._pages, self._files = dict[str, str](), dict[str, bytes]()
        self._places = dict[str, str]()  # Of each post, by its address in the site.

    async def read(self) -> dict[str, bytes]:
        """Return the files of an author's pages, by name."""
        home, tz = f"/user/{quote(self._username, safe='')}", urlencode({"tz": self._zone.key})
        await self._add("index.html", f"{home}?{tz}")
        async with self._app.extensions[KEY].db.read() as session:
            times = (await session.scalars(select(Tweet.created_at))).all()
        days = sorted({time.astimezone(self._zone).date().replace(day=1) for time in times if time})
        for year in dict.fromkeys(day.year for day in days):
            await self._add(f"{year}.html", f"{home}/{year}?{tz}")
        for day in days:
            end = date(day.year + day.month // 12, day.month % 12 + 1, 1)
            posts = urlencode({"username": self._username, "since": day, "until": end})
            await self._add(f"{day:%Y-%m}.html", f"/posts?{posts}&{tz}", many=True)
        if None in times:
            await self._add("undated.html", f"{home}?cursor={cursor_of((None, MAX_ID))}", many=True)
        for name, html in self._pages.items():
            page = LexborHTMLParser(html)
            await self._finish(page, [*self._pages][1:] if name == "index.html" else ["index.html"])
            self._files[name] = (page.html or "").encode()
        return self._files

    async def _get(self, address: str) -> bytes:
        answer = await self._client.get(address, headers=self._headers)
        if answer.status_code == HTTPStatus.ACCEPTED:  # It is still being counted.
            await asyncio.sleep(0.1)
            return await self._get(address)
        return await answer.get_data(as_text=False) if answer.status_code == HTTPStatus.OK else b""

    async def _add(self, name: str, address: str, *, many: bool = False) -> None:
        if not (content := await self._get(address)):
            return
        page = following = LexborHTMLParser(content)
        while many:
            for item in following.css("#list > li"):
                address = item.css("a.when")[0].attributes["href"] or ""
                item.attrs["id"] = place = f"p{address.rpartition('/')[2]}"
                self._places[address] = f"{name}#{place}"
                if following is not page:
                    page.css("#list")[0].insert_child(item)
            if not (more := following.css("#more a")):
                break
            following = LexborHTMLParser(await self._get(more[0].attributes["href"] or ""))
        self._pages[name] = page.html or ""

    async def _finish(self, page: LexborHTMLParser, others: list[str]) -> None:
        """Leave out what needs the server, and let the rest lead to files, or nowhere."""
        while (node := page.css_first(_LEFT_OUT)) is not None:
            node.decompose()
        for node in page.css("link, body, body *"):
            for name, value in node.attributes.items():
                if name in {"href", "src"} and (target := await self._target(value or "")):
                    node.attrs[name] = target
                elif node.tag == "body" or (value or "").startswith("/"):
                    del node.attrs[name]
        for node in page.css("a.button:not([href])"):
            node.decompose()
        for node in page.css("a:not([href])"):
            node.unwrap()
        labels = {"index.html": "←", "undated.html": "?"}
        links = "\n".join(f'<a href="{each}">{labels.get(each, each[:-5])}</a>' for each in others)
        page.css("h1")[0].insert_before(LexborHTMLParser(f"<p>{links}</p>").css("p")[0])

    async def _target(self, address: str) -> str:
        """Return where an address of the site leads in the website; empty for nowhere."""
        url, home = urlsplit(address), f"/user/{self._username}"
        path, since = unquote(url.path), parse_qs(url.query).get("since", [""])[0]
        file = path.rpartition("/")[2]
        if url.scheme or url.netloc or not path:
            return address
        if path.startswith(f"{MEDIA}/") or path.endswith(".css"):
            name = f"media/{file}" if path.startswith(MEDIA) else file
            self._files[name] = self._files.get(name) or await self._get(address)
            return name
        name = {"/posts": since[:7], home: "index", f"{home}/{file}": file}.get(path, "") + ".html"
        return self._places.get(path) or (name if name in self._pages else "")


def check_folder(root: Path) -> set[str]:
    """Return the files of an earlier run. Raises InvalidInputError for another's folder."""
    if (root / MARK).is_file():
        with suppress(msgspec.DecodeError, KeyError, TypeError):
            return {*map(str, msgspec.json.decode((root / MARK).read_bytes())["files"])}
    names = os.listdir(root) if root.is_dir() else [root.name] if os.path.lexists(root) else []
    if {*names} <= {DRAFTS}:
        return set()
    raise InvalidInputError(f"{root} has other files: name a folder that is empty or absent")


def write_website(root: Path, files: Mapping[str, bytes]) -> None:
    """Write a website, and remove files of the run before that it does not have.

    On a full disk it stays as it was. Raises InvalidInputError before it replaces a foreign file.
    """
    earlier = check_folder(root)
    for name in {*files, *earlier}:
        is_foreign = name not in earlier and os.path.lexists(root / name)
        if is_foreign or not (root / name).parent.resolve().is_relative_to(root.resolve()):
            raise InvalidInputError(f"{root / name} is not of the website; move it away")
    drafts = root / DRAFTS
    try:
        make_folder(drafts)
        for name, content in files.items():
            _write(drafts / name, content)
        _mark(root, {*files, *earlier})  # Broken off, the next run knows the files of both.
        for name in files:
            (root / name).parent.mkdir(exist_ok=True)
            (drafts / name).replace(root / name)
        for folder in {(root / name).parent for name in files}:
            sync_folder(folder)
        for name in earlier - {*files}:
            (root / name).unlink(missing_ok=True)
            with suppress(OSError):  # A folder has other files.
                os.removedirs((root / name).parent)
        _mark(root, files)
    finally:
        shutil.rmtree(drafts, ignore_errors=True)


def _mark(root: Path, files: Iterable[str]) -> None:
    _write(root / DRAFTS / MARK, msgspec.json.encode({"files": sorted(files)}))
    (root / DRAFTS / MARK).replace(root / MARK)
    sync_folder(root)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        file.write(content)
        sync_file(file)
