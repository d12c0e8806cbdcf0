"""Mastodon and servers with its API: the public statuses of an account, without a key."""

from dataclasses import replace
from typing import Final
from urllib.parse import quote, urlencode

from app.formats.mastodon import PUBLIC, read_activity
from app.formats.records import Account, Item, Skipped, read_each
from app.formats.source.json import Json, as_object, as_word, listed
from app.services.sources.pages import LivePage, Mark, fetch, is_gone
from app.services.sources.registry import is_loopback
from app.services.sources.web import FetchError, Web

PAGE: Final = 40
MEDIA_TYPES: Final = {
    "image": "image/jpeg",
    "gifv": "video/mp4",
    "video": "video/mp4",
    "audio": "audio/mpeg",
}


class MastodonFeed:
    """The statuses of one account, asked from its own server."""

    can_confirm_deletion = True

    def __init__(self, name: str) -> None:
        self._user, _, self._host = name.rpartition("@")
        self._account = Account(name, None, "mastodon")
        scheme = "http" if is_loopback(self._host) else "https"
        self._api = f"{scheme}://{self._host}/api/v1"

    async def page(self, web: Web, mark: Mark, cursor: str | None) -> LivePage | None:
        if not mark.account:
            query = urlencode({"acct": self._user})
            answer = await fetch(web, f"{self._api}/accounts/lookup?{query}")
            mark.account = as_word(as_object(answer.json()).get("id")) or ""
            if not mark.account:
                raise FetchError("the answer is no account of Mastodon")
        query = urlencode({"limit": PAGE} | ({"max_id": cursor} if cursor else {}))
        address = f"{self._api}/accounts/{quote(mark.account, safe='')}/statuses?{query}"
        answer = await fetch(web, address, None if cursor else mark.validators)
        if answer.status == 304:
            return None
        value = answer.json()
        if not isinstance(value, list):
            raise FetchError("the answer is no list of statuses")
        found = [as_object(each) for each in value]
        own = [each for each in found if not _is_boost(each)]
        about = as_object(own[0].get("account")) if own else {}
        return LivePage(
            [str(each["id"]) for each in own if each.get("id")],
            read_each(enumerate(found, 1), self._read),
            as_word(found[-1].get("id")) if found else None,
            answer,
            replace(self._account, display_name=as_word(about.get("display_name"))),
        )

    async def is_deleted(self, web: Web, source_id: str) -> bool:
        return await is_gone(web, f"{self._api}/statuses/{quote(source_id, safe='')}")

    def _read(self, status: Json, place: int) -> Item | None:
        if _is_boost(status):
            return Skipped(place, "repost")
        activity = self._activity(status)
        return read_activity(activity, place, account=self._account, include_restricted=False)

    def _activity(self, status: Json) -> Json:
        """Return the status as the outbox of an archive would hold it."""
        content, language = status.get("content"), as_word(status.get("language"))
        owner = f"https://{self._host}/users/{self._user}"
        is_open = str(status.get("visibility")) in {"public", "unlisted"}
        quoted = as_object(as_object(status.get("quote")).get("quoted_status"))
        media = listed(status, "media_attachments")
        note = {
            "type": "Note",
            "id": f"{owner}/statuses/{status.get('id')}",
            "url": status.get("url") or status.get("uri"),
            "attributedTo": owner,
            "published": status.get("created_at"),
            "summary": status.get("spoiler_text"),
            "content": content,
            "contentMap": {language: content} if language else {},
            "inReplyTo": self._answered(status, owner),
            "quote": quoted.get("uri"),
            "to": [*PUBLIC] if is_open else [],
            "attachment": [_attachment(as_object(each)) for each in media],
            "oneOf": [
                {"type": "Note", "name": option.get("title")}
                for option in map(as_object, listed(as_object(status.get("poll")), "options"))
            ],
            "likes": {"totalItems": status.get("favourites_count")},
            "shares": {"totalItems": status.get("reblogs_count")},
            "replies": {"totalItems": status.get("replies_count")},
        }
        return {"type": "Create", "actor": owner, "object": note}

    def _answered(self, status: Json, owner: str) -> str | None:
        """Return the answered post's address, which names its author where one is known."""
        answered, author = status.get("in_reply_to_id"), status.get("in_reply_to_account_id")
        if not answered:
            return None
        if author == as_object(status.get("account")).get("id"):
            return f"{owner}/statuses/{answered}"
        for mention in map(as_object, listed(status, "mentions")):
            if mention.get("id") == author:
                name, _, host = str(mention.get("acct")).partition("@")
                return f"https://{host or self._host}/@{name}/{answered}"
        return f"https://{self._host}/statuses/{answered}"


def _is_boost(status: Json) -> bool:
    return isinstance(status.get("reblog"), dict)


def _attachment(media: Json) -> Json:
    size = as_object(as_object(media.get("meta")).get("original"))
    return {
        "type": "Document",
        "mediaType": MEDIA_TYPES.get(str(media.get("type")), "application/octet-stream"),
        "url": media.get("url") or media.get("remote_url"),
        "name": media.get("description"),
        "width": size.get("width"),
        "height": size.get("height"),
    }
