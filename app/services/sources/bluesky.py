"""Bluesky: the feed of an account, as the public service gives it without a key."""

from typing import Final
from urllib.parse import urlencode

from app.formats.bluesky import feed_item, read_post
from app.formats.records import Account, read_each
from app.formats.source.json import as_object, as_word, listed
from app.services.sources.pages import LivePage, Mark, fetch, is_gone
from app.services.sources.web import FetchError, Web

PAGE: Final = 100


class BlueskyFeed:
    """The posts and replies of one account."""

    can_confirm_deletion = True

    def __init__(self, service: str, handle: str) -> None:
        self._service = f"{service}/xrpc"
        self._handle = handle
        self._account = Account(handle, None, "bluesky")

    async def page(self, web: Web, mark: Mark, cursor: str | None) -> LivePage | None:
        query = {"actor": self._handle, "limit": PAGE, "filter": "posts_with_replies"}
        query |= {"includePins": "false"} | ({"cursor": cursor} if cursor else {})
        address = f"{self._service}/app.bsky.feed.getAuthorFeed?{urlencode(query)}"
        answer = await fetch(web, address, None if cursor else mark.validators)
        if answer.status == 304:
            return None
        value = as_object(answer.json())
        if not isinstance(value.get("feed"), list):
            raise FetchError("the answer is no feed of Bluesky")
        found = [as_object(each) for each in listed(value, "feed")]
        own = [item for item in map(feed_item, found) if item and not item.is_repost]
        return LivePage(
            [item.uri.rpartition("/")[2] for item in own],
            read_each(enumerate(found, 1), lambda each, place: read_post(each, place, None)),
            as_word(value.get("cursor")),
            answer,
            Account(own[0].username, own[0].display_name, "bluesky") if own else self._account,
        )

    async def is_deleted(self, web: Web, source_id: str) -> bool:
        uri = f"at://{self._handle}/app.bsky.feed.post/{source_id}"
        query = urlencode({"uri": uri, "depth": 0, "parentHeight": 0})
        return await is_gone(web, f"{self._service}/app.bsky.feed.getPostThread?{query}")
