"""The platforms: how each is asked for a page of an account's posts, the newest first."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import BinaryIO, ClassVar, Final, NamedTuple
from urllib.parse import quote, urlencode

import msgspec

from app.formats.platform_pages import PageHead, read_author_feed, read_statuses
from app.formats.records import Item, Record
from app.formats.rss import read_feed
from app.sandbox import Sandbox
from app.services.sources.fetching import GONE, MIB, Answer, Web, unanswered
from app.services.sources.finding import MOST_FEED, MOST_JSON, account_id, mastodon_api

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
    history: str | None = None
    """Where reading older posts goes on; None once it has reached the oldest."""
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
    records: BinaryIO
    """Lines of JSON."""

    def portions(self) -> Iterator[tuple[list[Item], bool]]:
        """Yield the items in portions, and whether each is the last one.

        A feed may hold 2,000 posts, and counting them takes many times their size.
        """
        portion: list[Item] = []
        size = 0
        for line in self.records:
            if len(portion) >= PORTION or size + len(line) > PORTION_BYTES:
                yield portion, False
                portion, size = [], 0
            portion.append(_record_of(line))
            size += len(line)
        yield portion, True


@dataclass
class Publisher:
    """One source, as its platform serves it."""

    read: ClassVar[Callable[..., Iterator[object]]]
    """Reads a page."""
    most_bytes: ClassVar[int] = MOST_JSON
    confirms_deletions: ClassVar[bool] = True
    """Whether the platform says of a post that it is gone."""
    name: str
    bluesky_url: str
    web: Web
    sandbox: Sandbox
    files: ExitStack
    """Closes the answers."""

    async def page(self, mark: Mark, cursor: str | None) -> LivePage | None:
        """Return a page, by default the newest; None if it has not changed.

        Raises InvalidInputError, as `is_deleted` does.
        """
        address = await self._page_address(mark, cursor)
        known = {} if cursor else mark.validators
        answer = await self.web.fetch(address, known, most_bytes=self.most_bytes)
        self.files.enter_context(answer.body)
        if answer.status == 304 or (not cursor and answer.digest == mark.digest):
            return None
        records = self.files.enter_context(TemporaryFile())  # noqa: SIM115 - closed with the visit
        kind = answer.content_type
        await self.sandbox.read(self.read, answer.body, records, name=self.name, content_type=kind)
        head = _head_of(records.readline())
        mark.account = head.account_id or mark.account
        return LivePage(head, answer, records)

    async def is_deleted(self, mark: Mark, source_id: str) -> bool:
        """Return whether the platform confirms that it has no such post."""
        address = self._post_address(mark, source_id)
        answer = await self.web.get(address, most_bytes=self.most_bytes)
        with answer.body:
            if answer.status == 429 or answer.status >= 500:
                raise unanswered(answer)
            return answer.status in GONE or self._is_shown_gone(answer)

    async def _page_address(self, mark: Mark, cursor: str | None) -> str:
        raise NotImplementedError

    def _post_address(self, mark: Mark, source_id: str) -> str:
        raise NotImplementedError

    def _is_shown_gone(self, answer: Answer) -> bool:
        return False


class _Shown(msgspec.Struct, frozen=True):
    is_not_found: bool = msgspec.field(name="notFound", default=False)


class _Thread(msgspec.Struct):
    """What Bluesky answers about a post."""

    error: str = ""
    thread: _Shown = _Shown()


class BlueskyFeed(Publisher):
    """The posts and replies of one account, as the public service gives them without a key."""

    read = staticmethod(read_author_feed)

    async def _page_address(self, mark: Mark, cursor: str | None) -> str:
        query = {"actor": self.name, "limit": BLUESKY_PAGE, "filter": "posts_with_replies"}
        query |= {"includePins": "false"} | ({"cursor": cursor} if cursor else {})
        return f"{self.bluesky_url}/xrpc/app.bsky.feed.getAuthorFeed?{urlencode(query)}"

    def _post_address(self, mark: Mark, source_id: str) -> str:
        uri = f"at://{mark.account or self.name}/app.bsky.feed.post/{source_id}"
        query = urlencode({"uri": uri, "depth": 0, "parentHeight": 0})
        return f"{self.bluesky_url}/xrpc/app.bsky.feed.getPostThread?{query}"

    def _is_shown_gone(self, answer: Answer) -> bool:
        if answer.status in {200, 400}:
            with suppress(msgspec.DecodeError, UnicodeDecodeError):
                found = msgspec.json.decode(answer.body.read(), type=_Thread)
                return found.error == "NotFound" or found.thread.is_not_found
        return False


class MastodonFeed(Publisher):
    """The statuses of one account, asked from its own server, without a key."""

    read = staticmethod(read_statuses)

    async def _page_address(self, mark: Mark, cursor: str | None) -> str:
        user, _, host = self.name.rpartition("@")
        mark.account = mark.account or await account_id(self.web, user, host)
        query = urlencode({"limit": MASTODON_PAGE} | ({"max_id": cursor} if cursor else {}))
        return f"{mastodon_api(host)}/accounts/{quote(mark.account, safe='')}/statuses?{query}"

    def _post_address(self, mark: Mark, source_id: str) -> str:
        host = self.name.rpartition("@")[2]
        return f"{mastodon_api(host)}/statuses/{quote(source_id, safe='')}"


class SyndicatedFeed(Publisher):
    """A feed; it holds its newest entries alone."""

    read = staticmethod(read_feed)
    most_bytes = MOST_FEED
    confirms_deletions = False

    async def _page_address(self, mark: Mark, cursor: str | None) -> str:
        return self.name


PUBLISHERS: Final = {"bluesky": BlueskyFeed, "mastodon": MastodonFeed, "rss": SyndicatedFeed}
