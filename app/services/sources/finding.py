"""What people write to follow somebody: one of three prefixes, a profile, a feed or a page."""

import asyncio
import re
from contextlib import suppress
from typing import Final, Literal, NamedTuple
from urllib.parse import urlsplit

import httpx
import msgspec

from app.compute.text import clean_username
from app.config import Config
from app.errors import InvalidInputError, message_of
from app.formats.rss import read_feed_address
from app.sandbox import Sandbox
from app.services.posts.new_tweet import checked_url
from app.services.sources.fetching import FetchError, Web, allowed
from app.services.sources.platforms import MOST_FEED, account_id

LivePlatform = Literal["bluesky", "mastodon", "rss"]
MAX_LENGTH: Final = 2_000
FIND_TIMEOUT_S: Final = 30.0
"""Seconds to find out what an address stands for."""
_HOST: Final = r"(?:[a-z0-9\u0080-\U0010ffff](?:[a-z0-9\u0080-\U0010ffff.-]*)|\[[0-9a-f:.]+\])"
_BLUESKY: Final = re.compile(r"@?(did:[a-z]+:[\w.:-]+|[a-z0-9][a-z0-9.-]*)", re.ASCII | re.I)
_BLUESKY_PROFILE: Final = re.compile(r"https?://(?:www\.)?bsky\.app/profile/([^/?#]+)/?", re.I)
_HANDLE: Final = re.compile(r"@[a-z0-9-]+(\.[a-z0-9-]+)+|[a-z0-9-]+\.bsky\.social", re.I)
_MASTODON: Final = re.compile(rf"@?(\w[\w.-]*)@({_HOST}(?::\d{{1,5}})?)", re.I)
_MASTODON_PROFILE: Final = re.compile(r"/(?:@|users/)(\w[\w.-]*)/?")


class SourceName(NamedTuple):
    """A source that somebody names."""

    platform: LivePlatform
    name: str
    """Handle, USER@HOST, or address."""
    host: str
    """The host that is asked; of Bluesky's sources, the one service is asked for all."""
    username: str
    """The author here, unless another name is given."""

    def __str__(self) -> str:
        return f"{self.platform}:{self.name}"


async def find_source(config: Config, source: str, username: str | None = None) -> SourceName:
    """Return the source that is meant, with its author's name. Raises InvalidInputError.

    A host is asked what a web address stands for; else it is only resolved, so that none in the
    operator's own network is followed.
    """
    name = parse_source(source, username)
    web = Web(allowed(config))
    try:
        async with asyncio.timeout(FIND_TIMEOUT_S):
            if name.platform == "rss" and not source.strip().lower().startswith("rss:"):
                name = _with_author(await _behind(web, name.name), username)
            if name.platform != "bluesky":
                with suppress(OSError, UnicodeError):  # A visit will tell.
                    await web.addresses(name.host)
        return name
    except TimeoutError:
        late = "{host} does not answer in time"
        raise InvalidInputError(late, loc="source", host=name.host) from None
    except InvalidInputError as error:
        raise InvalidInputError(message_of(error), loc="source") from None
    finally:
        await web.close()


def parse_source(source: str, username: str | None = None) -> SourceName:
    """Return the source as it is written, a web address as a feed's. Raises InvalidInputError."""
    name = None
    if len(source) <= MAX_LENGTH:
        with suppress(httpx.InvalidURL, ValueError):
            name = _parse(source.strip())
    if name is None:
        raise InvalidInputError(
            "A source is like bluesky:NAME, mastodon:USER@HOST or rss:URL, or the address of a"
            " profile, a feed or a page that names one",
            loc="source",
        )
    return _with_author(name, username)


def _with_author(name: SourceName, username: str | None) -> SourceName:
    try:
        return name._replace(username=clean_username(username or name.username))
    except ValueError as error:
        raise InvalidInputError(str(message_of(error)), loc="username") from None


def _parse(source: str) -> SourceName | None:
    prefix, _, rest = (each.strip() for each in source.partition(":"))
    if prefix.lower() == "rss":
        return _feed(rest)
    if prefix.lower() == "bluesky" or _HANDLE.fullmatch(source):
        return _bluesky(rest or source)
    if profile := _BLUESKY_PROFILE.fullmatch(source):
        return _bluesky(profile[1])
    if match := _MASTODON.fullmatch(rest if prefix.lower() == "mastodon" else source):
        return _mastodon(match[1], match[2].lower())
    return _feed(source)


def _bluesky(name: str) -> SourceName | None:
    match = _BLUESKY.fullmatch(name)
    if match is None:
        return None
    handle = match[1] if match[1].startswith("did:") else match[1].lower()
    return SourceName("bluesky", handle, "bluesky", handle)


def _mastodon(user: str, host: str) -> SourceName:
    account = f"{user}@{host}"
    return SourceName("mastodon", account, httpx.URL(f"https://{host}").host, account)


def _feed(address: str) -> SourceName | None:
    try:
        address = (checked_url(address) or "").partition("#")[0]
    except InvalidInputError:
        return None
    url = httpx.URL(address)
    if url.userinfo:
        raise InvalidInputError("A feed's address must not hold a password", loc="source")
    return SourceName("rss", address, url.host, url.host)


async def _behind(web: Web, address: str) -> SourceName:
    """Return what an address leads to: an account of Mastodon, a feed, or the feed of a page."""
    parts = urlsplit(address)
    if profile := _MASTODON_PROFILE.fullmatch(parts.path):
        # Other sites have such addresses too; only Mastodon's interface knows the account.
        with suppress(FetchError):
            await account_id(web, profile[1], parts.netloc)
            return _mastodon(profile[1], parts.netloc.lower())
    answer = await web.fetch(address, most_bytes=MOST_FEED)
    options = {"name": answer.address, "content_type": answer.content_type}
    with answer.body as body:
        async with Sandbox().read(read_feed_address, body, **options) as lines:
            feed = msgspec.json.decode(lines.readline(), type=str)
    return parse_source(address if feed == answer.address else feed)
