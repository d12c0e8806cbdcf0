"""The platforms: how each is asked for a page of an account's posts, the newest first."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, Final, NamedTuple, Protocol, cast
from urllib.parse import quote, urlencode

import msgspec

from app.child import MIB, Child, ReadError
from app.errors import message_of
from app.formats.live import PageHead
from app.formats.records import Item, Record
from app.services.sources.registry import is_loopback
from app.services.sources.web import MOST_IN_MEMORY, Answer, FetchError, Web

MOST_JSON: Final = 2 * MIB
"""Bytes of a page of posts."""
MOST_FEED: Final = 8 * MIB
GONE: Final = frozenset((404, 410))
"""Statuses by which a platform confirms that it has no such post."""
PORTION: Final = 100
PORTION_BYTES: Final = MIB // 2
"""Posts of a page that are stored at once, and their bytes."""
BLUESKY_PAGE: Final = 100
MASTODON_PAGE: Final = 40
_head_of = msgspec.json.Decoder(PageHead).decode
_record_of = msgspec.json.Decoder(Record).decode


class Mark(msgspec.Struct, kw_only=True, omit_defaults=True):
    """How far a source was read."""

    account: str = ""
    """The platform's id of the account."""
    validators: dict[str, str] = {}
    """Headers that make the request for the newest page conditional."""
    digest: str = ""
    """Of the newest page, for platforms without such headers."""
    cut: str = ""
    """Digest of the last page that broke off."""
    history: str | None = None
    """Where reading older posts goes on; None once it has reached the oldest."""
    swept_at: float = 0.0
    """When reading all posts last began or ended, in seconds since 1970."""
    is_gap: bool = False
    """Whether reading older posts ends at one that is known."""
    listed: list[str] = []
    """Ids on the newest page."""
    missing: list[str] = []
    """Ids that left it and may be deleted."""


class LivePage(NamedTuple):
    """A page of posts; reposts may stand among them."""

    head: PageHead
    answer: Answer
    file: BinaryIO
    """The records as JSON."""
    sizes: list[int]
    """Of each record."""

    def portions(self) -> Iterator[Iterator[Item]]:
        """Yield the items in portions, each read as its items are taken, in a thread.

        A feed may hold 2,000 posts, and counting them takes many times their size.
        """
        portion: list[int] = []
        for size in self.sizes:
            if len(portion) == PORTION or sum(portion) + size > PORTION_BYTES:
                yield self._read(portion)
                portion = []
            portion.append(size)
        yield chain(self.head.bad, self.head.skipped, self._read(portion))

    def _read(self, sizes: list[int]) -> Iterator[Item]:
        return (_record_of(self.file.read(size)) for size in sizes)


class Publisher(Protocol):
    """One source, as its platform serves it."""

    async def page(self, mark: Mark, cursor: str | None) -> LivePage | None:
        """Return a page, by default the newest; None if it has not changed. Raises FetchError."""

    async def is_deleted(self, mark: Mark, source_id: str) -> bool:
        """Return whether the platform confirms that it has no such post. Raises FetchError."""


class Reading:
    """Requests of one visit and the process that reads their answers; it closes their files."""

    def __init__(self, web: Web, child: Child, storing: asyncio.Lock, files: ExitStack) -> None:
        self.storing = storing
        """Held by the one visit that stores posts: counting them takes many times their size."""
        self._web = web
        self._child = child
        self._files = files

    async def _get(
        self, address: str, headers: dict[str, str], most_bytes: int = MOST_JSON
    ) -> Answer:
        answer = await self._web.get(address, headers, most_bytes=most_bytes)
        self._files.enter_context(answer.body)
        return answer

    async def fetch(
        self, address: str, mark: Mark | None = None, *, most_bytes: int = MOST_JSON
    ) -> Answer:
        """Return an answer of status 200, or 304 if it is as the mark says. Raises FetchError."""
        validators = mark.validators if mark else {}
        answer = await self._get(address, validators, most_bytes)
        if mark and answer.digest == mark.digest:
            return answer._replace(status=304)
        if answer.status not in {200, 304}:
            is_unknown = answer.status in {400, 404, 410}
            raise _unanswered(answer, "; is its name right?" if is_unknown else "")
        return answer

    async def page(self, function: str, answer: Answer, **options: str) -> LivePage:
        """Return the page that a function of `app.formats` reads. Raises FetchError."""
        file, (size, *sizes) = await self._read(function, answer, options)
        return LivePage(_head_of(file.read(size)), answer, file, sizes)

    async def value(self, function: str, answer: Answer) -> object:
        """Return the value that a function of `app.formats` reads. Raises FetchError."""
        file, _ = await self._read(function, answer, {})
        return msgspec.json.decode(file.read())

    async def _read(
        self, function: str, answer: Answer, options: dict[str, str]
    ) -> tuple[BinaryIO, list[int]]:
        values = SpooledTemporaryFile(MOST_IN_MEMORY)  # noqa: SIM115 - closed with the visit
        file = cast(BinaryIO, self._files.enter_context(values))
        try:
            sizes = await self._child.read(f"app.formats.{function}", answer.body, file, **options)
        except ReadError as error:
            raise FetchError(message_of(error)) from error
        file.seek(0)
        return file, sizes

    async def ask_about(self, address: str) -> Answer:
        """Return the answer about one post. Raises FetchError where it says nothing of it."""
        answer = await self._get(address, {})
        if answer.status == 429 or answer.status >= 500:
            raise _unanswered(answer)
        return answer


def _unanswered(answer: Answer, hint: str = "") -> FetchError:
    message = "the source answered {status}" + hint
    return FetchError(message, not_before=answer.not_before, status=answer.status)


class BlueskyFeed:
    """The posts and replies of one account, as the public service gives them without a key."""

    def __init__(self, reading: Reading, service: str, handle: str) -> None:
        self._reading = reading
        self._service = f"{service}/xrpc"
        self._handle = handle

    async def page(self, mark: Mark, cursor: str | None) -> LivePage | None:
        query = {"actor": self._handle, "limit": BLUESKY_PAGE, "filter": "posts_with_replies"}
        query |= {"includePins": "false"} | ({"cursor": cursor} if cursor else {})
        address = f"{self._service}/app.bsky.feed.getAuthorFeed?{urlencode(query)}"
        answer = await self._reading.fetch(address, None if cursor else mark)
        if answer.status == 304:
            return None
        page = await self._reading.page("live:read_author_feed", answer, handle=self._handle)
        mark.account = page.head.account_id or mark.account
        return page

    async def is_deleted(self, mark: Mark, source_id: str) -> bool:
        uri = f"at://{mark.account or self._handle}/app.bsky.feed.post/{source_id}"
        query = urlencode({"uri": uri, "depth": 0, "parentHeight": 0})
        address = f"{self._service}/app.bsky.feed.getPostThread?{query}"
        answer = await self._reading.ask_about(address)
        if answer.status not in {200, 400}:
            return answer.status in GONE
        return await self._reading.value("live:read_whether_gone", answer) is True


class MastodonFeed:
    """The statuses of one account, asked from its own server, without a key."""

    def __init__(self, reading: Reading, name: str) -> None:
        self._reading = reading
        self._name = name
        host = name.rpartition("@")[2]
        self._api = f"{'http' if is_loopback(host) else 'https'}://{host}/api/v1"

    async def page(self, mark: Mark, cursor: str | None) -> LivePage | None:
        if not mark.account:
            query = urlencode({"acct": self._name.rpartition("@")[0]})
            found = await self._reading.fetch(f"{self._api}/accounts/lookup?{query}")
            mark.account = str(await self._reading.value("live:read_account", found))
        query = urlencode({"limit": MASTODON_PAGE} | ({"max_id": cursor} if cursor else {}))
        address = f"{self._api}/accounts/{quote(mark.account, safe='')}/statuses?{query}"
        answer = await self._reading.fetch(address, None if cursor else mark)
        if answer.status == 304:
            return None
        return await self._reading.page("live:read_statuses", answer, name=self._name)

    async def is_deleted(self, mark: Mark, source_id: str) -> bool:
        address = f"{self._api}/statuses/{quote(source_id, safe='')}"
        return (await self._reading.ask_about(address)).status in GONE


class SyndicatedFeed:
    """A feed; it holds its newest entries alone, and never says that one was deleted."""

    def __init__(self, reading: Reading, address: str) -> None:
        self._reading = reading
        self._address = address

    async def page(self, mark: Mark, cursor: str | None) -> LivePage | None:
        answer = await self._reading.fetch(self._address, mark, most_bytes=MOST_FEED)
        if answer.status == 304:
            return None
        content_type = answer.headers.get("Content-Type", "")
        return await self._reading.page(
            "feed:read_feed", answer, content_type=content_type, address=self._address
        )

    async def is_deleted(self, mark: Mark, source_id: str) -> bool:
        return False


def publisher_of(reading: Reading, platform: str, name: str, bluesky_url: str) -> Publisher:
    """Return what asks the platform for the posts of the account or feed."""
    if platform == "bluesky":
        return BlueskyFeed(reading, bluesky_url, name)
    if platform == "mastodon":
        return MastodonFeed(reading, name)
    return SyndicatedFeed(reading, name)
