"""The platforms, with their requests for pages of posts, newest first."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import BinaryIO, ClassVar, Final, NamedTuple
from urllib.parse import quote, urlencode

import httpx
import msgspec

from app.config import MIB
from app.formats.platform_pages import PageHead, read_author_posts, read_statuses
from app.formats.rss import read_rss
from app.parts.sources.fetching import GONE, Answer, FetchError, Headers, Web, unanswered
from app.runtime.sandbox import Sandbox

MOST_RSS: Final = 8 * MIB
"""Maximum bytes of a feed or a web page."""
MOST_JSON: Final = 2 * MIB
"""Maximum bytes of other responses; facts are decoded within 5 ms."""
SLOW_S: Final = 3.0
"""Seconds from which a reading is slow; most take 0.2 s, or 2 s on a busy machine."""
_head_of = msgspec.json.Decoder(PageHead).decode


class Mark(msgspec.Struct, kw_only=True, omit_defaults=True):
    account: str = ""
    validators: dict[str, str] = {}
    """Headers that make the request for the newest page conditional."""
    digest: str = ""
    """Digest of the newest page, for platforms without conditional requests."""
    is_whole: bool = False
    listed: list[str] = []
    """If deletions are followed: ids that have left the newest page, then on it."""


class LivePage(NamedTuple):
    """A page of posts, which may include reposts."""

    head: PageHead
    answer: Answer
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
    name: str
    mark: Mark
    bluesky_url: str
    web: Web
    sandbox: Sandbox
    slow_s: float = 0.0
    not_before: datetime | None = None

    @asynccontextmanager
    async def page(self, cursor: str | None = None) -> AsyncIterator[LivePage | None]:
        """Yield a page, by default the newest; None if unchanged. Raises InvalidInputError."""
        address = await self._page_address(cursor)
        validators = {} if cursor else self.mark.validators
        answer = await self.fetch(address, validators, most_bytes=self.most_bytes)
        with answer.body as body:
            if answer.status == 304 or (not cursor and answer.digest == self.mark.digest):
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
                raise unanswered(answer)
            if answer.status in GONE:
                return True
            with suppress(msgspec.DecodeError, UnicodeDecodeError):
                # Bluesky confirms a deletion with other statuses too.
                thread = msgspec.json.decode(body.read(), type=_Thread)
                return thread.error == "NotFound" or thread.thread.is_not_found
        return False

    async def fetch(
        self, address: str, headers: Headers | None = None, *, most_bytes: int
    ) -> Answer:
        """Return a response of the host. Raises FetchError for a failure or refusal."""
        if self.not_before is not None:
            raise FetchError(
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

    async def _page_address(self, cursor: str | None) -> str:
        return self.name


async def account_id(web: Web | Publisher, user: str, host: str) -> str:
    """Return Mastodon's id of an account on a host. Raises FetchError."""
    address = f"{_mastodon_api(host)}/accounts/lookup?{urlencode({'acct': user})}"
    answer = await web.fetch(address, most_bytes=MOST_JSON)
    with answer.body, suppress(msgspec.DecodeError, UnicodeDecodeError):
        return msgspec.json.decode(answer.body.read(), type=_Account).id
    raise FetchError("the response is not a Mastodon account")


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
