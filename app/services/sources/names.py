"""What people write to follow somebody: `bluesky:NAME`, `mastodon:USER@HOST`, `rss:URL`."""

import re
from ipaddress import ip_address
from typing import Final, Literal, NamedTuple
from urllib.parse import urlsplit

from app.compute.text import clean_username
from app.errors import InvalidInputError, message_of
from app.services.posts.new_tweet import checked_url

LivePlatform = Literal["bluesky", "mastodon", "rss"]
MAX_LENGTH: Final = 2_000
_HOST: Final = r"(?:[a-z0-9\u0080-\U0010ffff](?:[a-z0-9\u0080-\U0010ffff.-]*)|\[[0-9a-f:.]+\])"
_BLUESKY: Final = re.compile(r"@?(did:[a-z]+:[\w.:-]+|[a-z0-9][a-z0-9.-]*)", re.ASCII | re.I)
_MASTODON: Final = re.compile(rf"@?(\w[\w.-]*)@({_HOST}(?::\d{{1,5}})?)", re.I)


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


def parse_source(source: str, username: str | None = None) -> SourceName:
    """Return the source, with its author's name. Raises InvalidInputError."""
    platform, _, name = source.strip().partition(":")
    parts = _parse(platform.strip().lower(), name.strip()) if len(source) <= MAX_LENGTH else None
    if parts is None:
        raise InvalidInputError(
            "A source is like bluesky:NAME, mastodon:USER@HOST or rss:URL", loc="source"
        )
    try:
        return parts._replace(username=clean_username(username or parts.username))
    except ValueError as error:
        raise InvalidInputError(str(message_of(error)), loc="username") from None


def _parse(platform: str, name: str) -> SourceName | None:
    if platform == "bluesky" and (match := _BLUESKY.fullmatch(name)):
        handle = match[1] if match[1].startswith("did:") else match[1].lower()
        return SourceName("bluesky", handle, "bluesky", handle)
    if platform == "mastodon" and (match := _MASTODON.fullmatch(name)):
        account = f"{match[1]}@{match[2].lower()}"
        return SourceName("mastodon", account, _split_port(match[2].lower()), account)
    if platform == "rss":
        return _feed(name)
    return None


def _feed(address: str) -> SourceName | None:
    try:
        address = (checked_url(address) or "").partition("#")[0]
        parts = urlsplit(address)
        has_secret, _ = parts.username is not None, parts.port
    except (InvalidInputError, ValueError):
        return None
    if has_secret:
        raise InvalidInputError("A feed's address must not hold a password", loc="source")
    return SourceName("rss", address, parts.hostname or "", parts.hostname or "")


def _split_port(host: str) -> str:
    return re.sub(r":\d+$", "", host) if not host.endswith("]") else host


def is_loopback(host: str) -> bool:
    """Return whether the host, perhaps with a port, names this machine."""
    name = _split_port(host).strip("[]")
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
