"""The platforms: how each is asked for a page of an account's posts, the newest first."""

from collections.abc import Iterator
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import BinaryIO, ClassVar, Final, NamedTuple
from urllib.parse import quote, urlencode

import msgspec

from app.formats.platform_pages import PageHead
from app.formats.records import Item, Record
from app.sandbox import Sandbox
from app.services.sources.registry import is_loopback
from app.services.sources.web import MIB, Answer, FetchError, Headers, Web

MOST_JSON: Final = 2 * MIB
"""Bytes of a page of posts."""
MOST_FEED: Final = 8 * MIB
MOST_TYPE: Final = 200
"""Characters of a content type."""
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
        portion: list[Item] = [*self.head.bad, *self.head.skipped]
        size = 0
        for line in self.records:
            if len(portion) >= PORTION or size + len(line) > PORTION_BYTES:
                yield portion, False
                portion, size = [], 0
            portion.append(_record_of(line))
            size += len(line)
        yield portion, True


class Publisher:
    """One source, as its platform serves it."""

    function: ClassVar[str]
    """What reads a page, in `app.formats`."""
    most_bytes: ClassVar[int] = MOST_JSON
    confirms_deletions: ClassVar[bool] = True
    """Whether the platform says of a post that it is gone."""

    def __init__(
        self, name: str, bluesky_url: str, web: Web, sandbox: Sandbox, files: ExitStack
    ) -> None:
        """Ask for the posts of `name`; `files` closes the answers."""
        self._name = name
        self._bluesky_url = bluesky_url
        self._web = web
        self._sandbox = sandbox
        self._files = files

    async def page(self, mark: Mark, cursor: str | None) -> LivePage | None:
        """Return a page, by default the newest; None if it has not changed.

        Raises InvalidInputError, as `is_deleted` does.
        """
        address = await self._page_address(mark, cursor)
        answer = await self._fetch(address, {} if cursor else mark.validators)
        if answer.status == 304 or (not cursor and answer.digest == mark.digest):
            return None
        content_type = answer.headers.get("Content-Type", "")[:MOST_TYPE]
        file = await self._read(self.function, answer, name=self._name, content_type=content_type)
        head = _head_of(file.readline())
        mark.account = head.account_id or mark.account
        return LivePage(head, answer, file)

    async def is_deleted(self, mark: Mark, source_id: str) -> bool:
        """Return whether the platform confirms that it has no such post."""
        answer = await self._get(self._post_address(mark, source_id))
        if answer.status == 429 or answer.status >= 500:
            raise _unanswered(answer)
        return answer.status in GONE or await self._is_shown_gone(answer)

    async def _page_address(self, mark: Mark, cursor: str | None) -> str:
        raise NotImplementedError

    def _post_address(self, mark: Mark, source_id: str) -> str:
        raise NotImplementedError

    async def _is_shown_gone(self, answer: Answer) -> bool:
        return False

    async def _get(self, address: str, headers: Headers | None = None) -> Answer:
        answer = await self._web.get(address, headers, most_bytes=self.most_bytes)
        self._files.enter_context(answer.body)
        return answer

    async def _fetch(self, address: str, headers: Headers | None = None) -> Answer:
        """Return an answer of status 200 or 304. Raises FetchError."""
        answer = await self._get(address, headers)
        if answer.status not in {200, 304}:
            is_unknown = answer.status in {400, *GONE}
            raise _unanswered(answer, "; is its name right?" if is_unknown else "")
        return answer

    async def _read(self, function: str, answer: Answer, **options: str) -> BinaryIO:
        """Return what a function of `app.formats` reads, as lines of JSON."""
        file = self._files.enter_context(TemporaryFile())  # noqa: SIM115 - closed with the visit
        await self._sandbox.read(f"app.formats.{function}", answer.body, file, **options)
        return file


def _unanswered(answer: Answer, hint: str = "") -> FetchError:
    message = "the source answered {status}" + hint
    return FetchError(message, not_before=answer.not_before, status=answer.status)


class BlueskyFeed(Publisher):
    """The posts and replies of one account, as the public service gives them without a key."""

    function = "platform_pages:read_author_feed"

    async def _page_address(self, mark: Mark, cursor: str | None) -> str:
        query = {"actor": self._name, "limit": BLUESKY_PAGE, "filter": "posts_with_replies"}
        query |= {"includePins": "false"} | ({"cursor": cursor} if cursor else {})
        return f"{self._bluesky_url}/xrpc/app.bsky.feed.getAuthorFeed?{urlencode(query)}"

    def _post_address(self, mark: Mark, source_id: str) -> str:
        uri = f"at://{mark.account or self._name}/app.bsky.feed.post/{source_id}"
        query = urlencode({"uri": uri, "depth": 0, "parentHeight": 0})
        return f"{self._bluesky_url}/xrpc/app.bsky.feed.getPostThread?{query}"

    async def _is_shown_gone(self, answer: Answer) -> bool:
        if answer.status not in {200, 400}:
            return False
        return (await self._read("platform_pages:read_whether_gone", answer)).read() == b"true\n"


class MastodonFeed(Publisher):
    """The statuses of one account, asked from its own server, without a key."""

    function = "platform_pages:read_statuses"

    @property
    def _api(self) -> str:
        host = self._name.rpartition("@")[2]
        return f"{'http' if is_loopback(host) else 'https'}://{host}/api/v1"

    async def _page_address(self, mark: Mark, cursor: str | None) -> str:
        if not mark.account:
            query = urlencode({"acct": self._name.rpartition("@")[0]})
            found = await self._fetch(f"{self._api}/accounts/lookup?{query}")
            file = await self._read("platform_pages:read_account", found)
            mark.account = msgspec.json.decode(file.read(), type=str)
        query = urlencode({"limit": MASTODON_PAGE} | ({"max_id": cursor} if cursor else {}))
        return f"{self._api}/accounts/{quote(mark.account, safe='')}/statuses?{query}"

    def _post_address(self, mark: Mark, source_id: str) -> str:
        return f"{self._api}/statuses/{quote(source_id, safe='')}"


class SyndicatedFeed(Publisher):
    """A feed; it holds its newest entries alone."""

    function = "rss:read_feed"
    most_bytes = MOST_FEED
    confirms_deletions = False

    async def _page_address(self, mark: Mark, cursor: str | None) -> str:
        return self._name


PUBLISHERS: Final = {"bluesky": BlueskyFeed, "mastodon": MastodonFeed, "rss": SyndicatedFeed}
