"""The platforms: how their sources are named, and their pages of posts, newest first."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import BinaryIO, ClassVar, Final, Literal, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

import httpx
import msgspec

from app.config import Config
from app.errors import InvalidInputError, message_of
from app.parts.sources import fetching
from app.runtime.sandbox import Sandbox
from app.services.posts.post_content import checked_url
from saywho.formats.posts.platform_pages import PageHead, read_author_posts, read_statuses
from saywho.formats.posts.rss import read_rss, read_rss_address
from saywho.sizes import MIB
from saywho.text import clean_username

MOST_RSS: Final = 8 * MIB
"""Maximum bytes of a feed or a web page."""
MOST_JSON: Final = 2 * MIB
"""Maximum bytes of other responses; facts are decoded within 5 ms."""
SLOW_S: Final = 3.0
"""Smallest number of seconds of a slow reading; most take 0.2 s, or 2 s on a busy machine."""
_head_of = msgspec.json.Decoder(PageHead).decode


class Bookmark(msgspec.Struct, kw_only=True, omit_defaults=True):
    account: str = ""
    validators: dict[str, str] = {}
    """Headers that make the request for the newest page conditional."""
    digest: str = ""
    """Digest of the newest page, for platforms without conditional requests."""
    is_whole: bool = False
    listed: list[str] = []
    """If deletions are followed: ids that have left the newest page, then on it."""
    reader: int = 0
    """Version of the reader that has read the newest page."""
    left_out: dict[str, str] = {}
    """As in `PageHead`."""


class LivePage(NamedTuple):
    """A page of posts, which may include reposts."""

    head: PageHead
    answer: fetching.Answer
    records: BinaryIO


class _Shown(msgspec.Struct, frozen=True):
    is_not_found: bool = msgspec.field(name="notFound", default=False)


class _Thread(msgspec.Struct):
    error: str = ""
    thread: _Shown = _Shown()


@dataclass
class Publisher:
    read: ClassVar[Callable[..., Iterator[object]]]
    most_bytes: ClassVar[int] = MOST_JSON
    confirms_deletions: ClassVar[bool] = True
    reader: ClassVar[int] = 0
    """Version: with a higher one, a source is read again, and its stored posts are mended."""
    name: str
    mark: Bookmark
    bluesky_url: str
    web: fetching.Fetcher
    sandbox: Sandbox
    slow_s: float = 0.0
    not_before: datetime | None = None

    @asynccontextmanager
    async def page(self, cursor: str | None = None) -> AsyncIterator[LivePage | None]:
        """Yield a page, by default the newest; None if unchanged. Raises InvalidInputError."""
        address = await self._page_address(cursor)
        is_known = not cursor and self.mark.reader == self.reader
        validators = self.mark.validators if is_known else {}
        answer = await self.fetch(address, validators, most_bytes=self.most_bytes)
        with answer.body as body:
            if answer.status == 304 or (is_known and answer.digest == self.mark.digest):
                yield None
                return
            options = {"name": self.name, "content_type": answer.content_type}
            async with self.sandbox.read(self.read, body, self._count, **options) as records:
                head = _head_of(records.readline())
                self.mark.account = head.account_id or self.mark.account
                yield LivePage(head, answer, records)

    async def is_deleted(self, source_id: str) -> bool:
        """Return whether the platform confirms a deletion. Raises InvalidInputError."""
        address = self._post_address(source_id)
        answer = await self.web.get(address, most_bytes=self.most_bytes)
        self.not_before = answer.not_before
        with answer.body as body:
            if answer.status == 429 or answer.status >= 500:
                raise fetching.unanswered(answer)
            if answer.status in fetching.GONE:
                return True
            with suppress(msgspec.DecodeError, UnicodeDecodeError):
                # Bluesky confirms a deletion with other statuses too.
                thread = msgspec.json.decode(body.read(), type=_Thread)
                return thread.error == "NotFound" or thread.thread.is_not_found
        return False

    async def fetch(
        self, address: str, headers: fetching.Headers | None = None, *, most_bytes: int
    ) -> fetching.Answer:
        """Return a response of the host. Raises FetchError for a failure or refusal."""
        if self.not_before is not None:
            raise fetching.FetchError(
                "the source asks for no more requests for now", not_before=self.not_before
            )
        answer = await self.web.fetch(address, headers, most_bytes=most_bytes)
        self.not_before = answer.not_before
        return answer

    def _count(self, reading_s: float) -> None:
        self.slow_s += reading_s if reading_s > SLOW_S else 0.0

    async def _page_address(self, cursor: str | None) -> str:
        raise NotImplementedError

    def _post_address(self, source_id: str) -> str:
        raise NotImplementedError


class BlueskyPublisher(Publisher):
    """The posts and replies of an account, from Bluesky's public service."""

    read = staticmethod(read_author_posts)

    async def _page_address(self, cursor: str | None) -> str:
        query = {"actor": self.name, "limit": 100, "filter": "posts_with_replies"}
        query |= {"includePins": "false"} | ({"cursor": cursor} if cursor else {})
        return f"{self.bluesky_url}/xrpc/app.bsky.feed.getAuthorFeed?{urlencode(query)}"

    def _post_address(self, source_id: str) -> str:
        uri = f"at://{self.mark.account or self.name}/app.bsky.feed.post/{source_id}"
        query = urlencode({"uri": uri, "depth": 0, "parentHeight": 0})
        return f"{self.bluesky_url}/xrpc/app.bsky.feed.getPostThread?{query}"


class _Account(msgspec.Struct):
    id: str


class MastodonPublisher(Publisher):
    """The statuses of an account, from its own server."""

    read = staticmethod(read_statuses)

    async def _page_address(self, cursor: str | None) -> str:
        user, _, host = self.name.rpartition("@")
        account = self.mark.account = self.mark.account or await account_id(self, user, host)
        query = urlencode({"limit": 40} | ({"max_id": cursor} if cursor else {}))
        return f"{_mastodon_api(host)}/accounts/{quote(account, safe='')}/statuses?{query}"

    def _post_address(self, source_id: str) -> str:
        host = self.name.rpartition("@")[2]
        return f"{_mastodon_api(host)}/statuses/{quote(source_id, safe='')}"


class RssPublisher(Publisher):
    """A feed, which contains only its newest entries."""

    read = staticmethod(read_rss)
    most_bytes = MOST_RSS
    confirms_deletions = False
    reader = 2

    async def _page_address(self, cursor: str | None) -> str:
        return self.name


async def account_id(web: fetching.Fetcher | Publisher, user: str, host: str) -> str:
    """Return Mastodon's id of an account on a host. Raises FetchError."""
    address = f"{_mastodon_api(host)}/accounts/lookup?{urlencode({'acct': user})}"
    answer = await web.fetch(address, most_bytes=MOST_JSON)
    with answer.body, suppress(msgspec.DecodeError, UnicodeDecodeError):
        return msgspec.json.decode(answer.body.read(), type=_Account).id
    raise fetching.FetchError("the response is not a Mastodon account")


def _mastodon_api(host: str) -> str:
    name = httpx.URL(f"https://{host}").host
    try:
        is_loopback = ip_address(name).is_loopback
    except ValueError:
        is_loopback = name == "localhost"
    return f"{'http' if is_loopback else 'https'}://{host}/api/v1"


PUBLISHERS: Final = {
    "bluesky": BlueskyPublisher,
    "mastodon": MastodonPublisher,
    "rss": RssPublisher,
}


LivePlatform = Literal["bluesky", "mastodon", "rss"]
MAX_LENGTH: Final = 2_000
# Of ASCII a-z, 0-9, . and -: a range up to the end of Unicode takes 11 ms to compile.
_HOST: Final = r"(?:[^\x00-/:-@\[-`{-\x7f][^\x00-,/:-@\[-`{-\x7f]*|\[[0-9a-f:.]+\])"
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
    async with aclosing(fetching.Fetcher(fetching.allowed(config))) as web:
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
        account, url = f"{match[1]}@{match[2].lower()}", httpx.URL(f"https://{match[2].lower()}")
        fetching.check_port(url)
        return SourceName("mastodon", account, url.host, account)
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


def _rss(address: str) -> SourceName | None:
    try:
        address = (checked_url(address) or "").partition("#")[0]
    except InvalidInputError:
        return None
    url = httpx.URL(address)
    if url.userinfo:
        raise InvalidInputError("The URL of a feed must not contain a password", loc="source")
    fetching.check_port(url)
    return SourceName("rss", address, url.host, url.host)


async def _behind(web: fetching.Fetcher, address: str) -> str:
    parts = urlsplit(address)
    if profile := _MASTODON_PROFILE.fullmatch(parts.path):
        # Other sites have such URLs too, but only Mastodon's API knows the account.
        with suppress(fetching.FetchError):
            await account_id(web, profile[1], parts.netloc)
            return f"mastodon:{profile[1]}@{parts.netloc}"
    answer = await web.fetch(address, most_bytes=MOST_RSS)
    options = {"name": answer.address, "content_type": answer.content_type}
    with answer.body as body:
        async with Sandbox().read(read_rss_address, body, **options) as lines:
            named = msgspec.json.decode(lines.readline(), type=str)
    return address if named == answer.address else named
