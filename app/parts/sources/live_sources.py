"""The followed sources: naming, adding, listing, removing, and visits."""

import asyncio
import re
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Final, Literal, NamedTuple
from urllib.parse import urlsplit

import httpx
import msgspec
from msgspec import Meta
from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import clean_username, username_key
from app.config import Config
from app.errors import ConflictError, InvalidInputError, NotFoundError, message_of, unpacked
from app.formats.rss import read_rss_address
from app.models import LiveSource
from app.parts.sources.fetching import FetchError, Web, allowed, check_port
from app.parts.sources.platforms import MOST_RSS, account_id
from app.runtime.clock import LATEST, now
from app.runtime.sandbox import Sandbox
from app.services.posts.new_tweet import checked_url
from app.services.posts.users import check_platform, find_user

LivePlatform = Literal["bluesky", "mastodon", "rss"]
MAX_LENGTH: Final = 2_000
_HOST: Final = r"(?:[a-z0-9\u0080-\U0010ffff](?:[a-z0-9\u0080-\U0010ffff.-]*)|\[[0-9a-f:.]+\])"
_BLUESKY: Final = re.compile(
    r"@?(did:[a-z]+:[\w.:-]+|[a-z0-9-]+(?:\.[a-z0-9-]+)+)", re.ASCII | re.I
)
_DOTLESS: Final = re.compile(r"@?([a-z0-9-]+)", re.ASCII | re.I)
_BLUESKY_PROFILE: Final = re.compile(r"https?://(?:www\.)?bsky\.app/profile/([^/?#]+)/?", re.I)
_HANDLE: Final = re.compile(r"@[a-z0-9-]+(\.[a-z0-9-]+)+|[a-z0-9-]+\.bsky\.social", re.I)
_MASTODON: Final = re.compile(rf"@?(\w[\w.-]*)@({_HOST}(?::\d{{1,5}})?)", re.I)
_MASTODON_PROFILE: Final = re.compile(r"/(?:@|users/)(\w[\w.-]*)/?")


class SourceName(NamedTuple):
    platform: LivePlatform
    name: str
    """A handle, USER@HOST, or a URL."""
    host: str
    """The visited host; `bluesky` for all sources of its one service."""
    username: str

    def __str__(self) -> str:
        return f"{self.platform}:{self.name}"


async def find_source(config: Config, source: str, username: str | None = None) -> SourceName:
    """Return the source that a person means, with its author's name. Raises InvalidInputError.

    A URL is fetched to recognise the platform, other hosts only resolved: no source in the
    operator's network is followed.
    """
    name = parse_source(source, username)
    web = Web(allowed(config))
    try:
        async with asyncio.timeout(30.0):
            if name.platform == "rss" and not source.strip().lower().startswith("rss:"):
                name = parse_source(await _behind(web, name.name), username)
            if name.platform != "bluesky":
                with suppress(OSError, UnicodeError):  # A visit will report the error.
                    await web.addresses(name.host)
        return name
    except TimeoutError:
        late = "{host} did not respond in time"
        raise InvalidInputError(late, loc="source", host=name.host) from None
    except InvalidInputError as error:
        raise InvalidInputError(message_of(error), loc="source") from None
    finally:
        await web.close()


def parse_source(source: str, username: str | None = None) -> SourceName:
    """Return the source as written, a URL as a feed. Raises InvalidInputError."""
    name = None
    if len(source) <= MAX_LENGTH:
        with suppress(httpx.InvalidURL, ValueError):
            name = _parse(source.strip())
    if name is None:
        raise InvalidInputError(
            "Enter a source as bluesky:NAME, mastodon:USER@HOST or rss:URL, or the URL of"
            " a profile, a feed or a page that links to a feed",
            loc="source",
        )
    try:
        return name._replace(username=clean_username(username or name.username))
    except ValueError as error:
        raise InvalidInputError(str(message_of(error)), loc="username") from None


def _parse(source: str) -> SourceName | None:
    prefix, _, name = (part.strip() for part in source.partition(":"))
    if prefix.lower() == "rss":
        return _rss(name)
    if prefix.lower() == "bluesky" or _HANDLE.fullmatch(source):
        return _bluesky(name or source)
    if profile := _BLUESKY_PROFILE.fullmatch(source):
        return _bluesky(profile[1])
    if match := _MASTODON.fullmatch(name if prefix.lower() == "mastodon" else source):
        return _mastodon(match[1], match[2].lower())
    return _rss(source)


def _bluesky(name: str) -> SourceName | None:
    match = _BLUESKY.fullmatch(name)
    if dotless := _DOTLESS.fullmatch(name):
        raise InvalidInputError(
            "A Bluesky name contains dots: try {name}.bsky.social, or the domain used as the name",
            loc="source",
            name=dotless[1].lower(),
        )
    if match is None:
        return None
    handle = match[1] if match[1].startswith("did:") else match[1].lower()
    return SourceName("bluesky", handle, "bluesky", handle)


def _mastodon(user: str, host: str) -> SourceName:
    account, url = f"{user}@{host}", httpx.URL(f"https://{host}")
    check_port(url)
    return SourceName("mastodon", account, url.host, account)


def _rss(address: str) -> SourceName | None:
    try:
        address = (checked_url(address) or "").partition("#")[0]
    except InvalidInputError:
        return None
    url = httpx.URL(address)
    if url.userinfo:
        raise InvalidInputError("The URL of a feed must not contain a password", loc="source")
    check_port(url)
    return SourceName("rss", address, url.host, url.host)


async def _behind(web: Web, address: str) -> str:
    """Return the source at a URL: a Mastodon account, a feed, or a page's feed."""
    parts = urlsplit(address)
    if profile := _MASTODON_PROFILE.fullmatch(parts.path):
        # Other sites have such URLs too, but only Mastodon's API knows the account.
        with suppress(FetchError):
            await account_id(web, profile[1], parts.netloc)
            return f"mastodon:{profile[1]}@{parts.netloc}"
    answer = await web.fetch(address, most_bytes=MOST_RSS)
    options = {"name": answer.address, "content_type": answer.content_type}
    with answer.body as body:
        async with Sandbox().read(read_rss_address, body, **options) as lines:
            named = msgspec.json.decode(lines.readline(), type=str)
    return address if named == answer.address else named


class SourceFacts(msgspec.Struct, frozen=True):
    """A live source in responses of the API."""

    id: int
    source: Annotated[str, Meta(description="bluesky:NAME, mastodon:USER@HOST or rss:URL.")]
    platform: str
    username: str
    accepted: Annotated[int, Meta(description="Number of posts stored from this source.")]
    added_at: datetime
    visited_at: datetime | None
    success_at: Annotated[
        datetime | None, Meta(description="Time of the last visit without an error.")
    ]
    posts_at: Annotated[datetime | None, Meta(description="Time of the last new posts.")]
    next_visit_at: datetime
    not_before: Annotated[
        datetime | None, Meta(description="The host asks for no requests before this time.")
    ]
    last_error: str | None


async def add_source(session: AsyncSession, name: SourceName) -> SourceFacts:
    """Follow a source from now on. Raises ConflictError."""
    query = select(LiveSource.id).where(LiveSource.source == str(name))
    if await session.scalar(query) is not None:
        raise ConflictError("'{source}' is already followed", source=str(name))
    if user := await find_user(session, name.username):
        check_platform(user.username, user.platform, name.platform, is_of_chat=user.is_of_chat)
    source = LiveSource(
        source=str(name),
        platform=name.platform,
        host=name.host,
        username=name.username,
        username_key=username_key(name.username),
        added_at=now(),
        next_visit_at=now(),
    )
    session.add(source)
    await session.flush()
    return _facts(source)


async def list_sources(
    session: AsyncSession, *, after: int | None = None, limit: int
) -> tuple[list[SourceFacts], int | None]:
    """Return up to `limit` sources in the order of adding, and the next cursor."""
    query = select(LiveSource).where(LiveSource.id > (after or 0)).order_by(LiveSource.id)
    sources = list(await session.scalars(query.limit(limit + 1)))
    next_id = sources[limit - 1].id if len(sources) > limit else None
    return [_facts(source) for source in sources[:limit]], next_id


async def remove_source(session: AsyncSession, source_id: int) -> None:
    """Stop following a source; its posts are kept. Raises NotFoundError."""
    gone = delete(LiveSource).where(LiveSource.id == source_id).returning(LiveSource.id)
    if await session.scalar(gone) is None:
        raise unknown_source(source_id)


async def ask_for_visit(session: AsyncSession, source_id: int) -> SourceFacts:
    source = await session.get(LiveSource, source_id)
    if source is None:
        raise unknown_source(source_id)
    source.next_visit_at = now()
    return _facts(source)


async def ask_for_visits(session: AsyncSession) -> datetime:
    """Request visits of all sources as soon as hosts allow; return the time now."""
    asked_at = now()
    await session.execute(update(LiveSource).values(next_visit_at=asked_at))
    return asked_at


async def is_visit_missing(session: AsyncSession, asked_at: datetime) -> bool:
    """Return whether a source is visited, or waits for a visit its host allows."""
    # A visit in progress is stored as a failure without a reason.
    is_in_progress = and_(LiveSource.failures > 0, LiveSource.last_error.is_(None))
    is_waiting = or_(_is_due(asked_at), is_in_progress)
    query = select(LiveSource.id).where(_is_allowed(), is_waiting).limit(1)
    return await session.scalar(query) is not None


async def due_sources(session: AsyncSession, by: datetime | None = None) -> list[LiveSource]:
    """Return the sources due by a time, now by default, the longest due first."""
    query = select(LiveSource).where(_is_due(by), _is_allowed())
    return list(await session.scalars(query.order_by(LiveSource.next_visit_at, LiveSource.id)))


def _is_due(by: datetime | None) -> ColumnElement[bool]:
    # `now`, since after the clock is set back a time may stay in the future for long.
    return LiveSource.next_visit_at <= min(by or LATEST, now())


def _is_allowed() -> ColumnElement[bool]:
    return or_(LiveSource.not_before.is_(None), LiveSource.not_before <= now())


def _facts(source: LiveSource) -> SourceFacts:
    values = {name: getattr(source, name) for name in SourceFacts.__struct_fields__}
    if source.last_error:  # A Message, which pages translate.
        values["last_error"] = unpacked(msgspec.json.decode(source.last_error))
    return SourceFacts(**values)


def unknown_source(source_id: int) -> NotFoundError:
    return NotFoundError("There is no source {source_id}", source_id=source_id)
