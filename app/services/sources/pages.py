"""What every platform gives: pages of an account's posts, the newest first."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

import msgspec

from app.formats.records import Account, Item
from app.formats.source.json import as_object
from app.services.sources.web import Answer, FetchError, Web


class LivePage(NamedTuple):
    """A page of posts; reposts may stand among them."""

    ids: list[str]
    """Ids of the account's own posts, the newest first."""
    items: Iterator[Item]
    """Read when they are taken, in a thread."""
    older: str | None
    """The cursor of the next page; None at the end."""
    answer: Answer
    account: Account
    """As the platform names it."""
    is_cut: bool = False
    """Whether the answer broke off; the posts before the break are here."""

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.answer.body).hexdigest()


class Mark(msgspec.Struct, kw_only=True, omit_defaults=True):
    """How far a source was read."""

    account: str = ""
    """The platform's id of the account, where it is asked by that."""
    validators: dict[str, str] = {}
    """Headers that make the request for the newest page conditional."""
    digest: str = ""
    """Of the newest page, for platforms without such headers."""
    cut: str = ""
    """Digest of the last page that broke off."""
    known_to: int | None = None
    """Posts stored here up to this id were known before the newest were last looked for."""
    head: str | None = None
    """Where the search for the newest posts goes on, if it was broken off."""
    history: str | None = None
    """Where reading older posts goes on; None once it has reached the oldest."""
    swept_at: float = 0.0
    """When reading all posts last began or ended, in seconds since 1970."""
    listed: list[str] = []
    """Ids on the newest page."""
    missing: list[str] = []
    """Ids that left it and may be deleted."""


class Publisher(Protocol):
    """One source, as its platform serves it."""

    can_confirm_deletion: bool

    async def page(self, web: Web, mark: Mark, cursor: str | None) -> LivePage | None:
        """Return a page, by default the newest; None if it has not changed. Raises FetchError."""

    async def is_deleted(self, web: Web, source_id: str) -> bool:
        """Return whether the platform says that a post is gone. Raises FetchError."""


async def fetch(web: Web, address: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Return an answer of status 200 or 304. Raises FetchError."""
    answer = await web.get(address, headers)
    if answer.status in {200, 304}:
        return answer
    is_unknown = answer.status in {400, 404, 410}
    message = "the source answered {status}" + ("; is its name right?" if is_unknown else "")
    raise FetchError(message, not_before=answer.not_before, status=answer.status)


def validators_of(answer: Answer) -> dict[str, str]:
    """Return the headers that ask whether this answer has changed."""
    pairs = (("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since"))
    return {ours: answer.headers[theirs] for theirs, ours in pairs if theirs in answer.headers}


async def is_gone(web: Web, address: str) -> bool:
    """Return whether a platform confirms that it has no such post. Raises FetchError.

    Nothing but 404, 410 and the error of that name in Bluesky's API counts.
    """
    answer = await web.get(address)
    if answer.status == 429 or answer.status >= 500:
        raise FetchError(
            "the source answered {status}", not_before=answer.not_before, status=answer.status
        )
    is_named = answer.status == 400 and as_object(answer.json()).get("error") == "NotFound"
    return answer.status in {404, 410} or is_named
