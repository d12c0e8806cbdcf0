"""The files of an X archive: current and classic ones, zipped, unpacked, and lone files."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.errors import RecordError
from app.formats.post import digits
from app.formats.records import Account, as_username
from app.formats.source.file import Source, head
from app.formats.source.json import as_object, as_word, listed
from app.formats.source.times import read_time
from app.formats.source.window import Json, load

_FILES: Final = {
    kind: re.compile(rf"({stem})(?:-part(\d{{1,9}}))?\.js")
    for kind, stem in {
        "tweets": "tweets?|community-tweet",
        "notes": "note-tweet",
        "circle": "twitter-circle-tweet",
        "deleted": "deleted-tweets?",
        "likes": "like",
    }.items()
}
_MONTH = re.compile(r"(?:.*/)?tweets/\d{4}_\d\d\.js")
_LONE_NAMES: Final = ("tweets.js", "tweet.js")
# The variable that a file assigns tells its content, whatever its name.
_HEAD = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:(?:window\.)?YTD\.(\w{1,50})\.part\d+|(Grailbird\.data\.tweets)_\w+)\s*="
)
_HEAD_BYTES: Final = 512
_POSTS: Final = ("tweets", "tweet", "communityTweet")
"""The types of the manifest whose files hold posts."""
_LONGEST_COUNT: Final = 12
"""Digits of a number of posts."""
_KINDS: Final = {
    **dict.fromkeys((b"tweet", b"tweets", b"community_tweet", b"Grailbird.data.tweets"), "tweets"),
    b"note_tweet": "notes",
    b"twitter_circle_tweet": "circle",
}
"""The kind of a lone file, by its variable."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of an archive."""

    account: Account
    files: Mapping[str, tuple[str, ...]]
    """The members to read of each kind, in order; the empty name stands for the lone file."""
    made_at: datetime | None = None
    """When the archive was made, and its counts were so."""
    folder: str = ""
    """Beginning of the names of its files, with the slash at its end."""
    total: int | None = None
    """Number of posts and reposts, as the archive's manifest says."""


def find_layout(source: Source) -> Layout | None:
    """Return the files that hold the posts, or None if this is no X archive."""
    if not source.has_members:
        return _lone_file(source)
    home = source.only(_archive_folders(source))
    if home is None:
        return None
    inside = [name for name in source.members if _folder(name) == home]
    if months := tuple(sorted(filter(_MONTH.fullmatch, inside))):
        return _classic(source, _folder(home), months)
    folder = home and f"{home}/"
    return _current(source, [name.removeprefix(folder) for name in inside], folder)


def _lone_file(source: Source) -> Layout | None:
    start = head(source, _HEAD_BYTES)
    match = _HEAD.match(start)
    kind = _KINDS.get(match[1] or match[2]) if match else None
    name = source.path.name if source.path else ""
    is_own = not start or (kind == "tweets" and match and match[1])
    if name in _LONE_NAMES and is_own and source.look_beside():
        return _current(source, list(source.members))
    return Layout(Account(None, None, "x"), {kind: ("",)}) if kind else None


def _archive_folders(source: Source) -> set[str]:
    """Return the folders that hold an archive's posts, by name and content."""
    folders: set[str] = set()
    for name in source.members:
        folder = _folder(name)
        is_named = _MONTH.fullmatch(name) or _FILES["tweets"].fullmatch(name.rpartition("/")[2])
        if is_named and folder not in folders:
            # Of a damaged one the parts may be whole.
            start = source.start_of(name, _HEAD_BYTES)
            if _HEAD.match(start) or not start.strip():
                folders.add(folder)
    return folders


def _current(source: Source, names: list[str], folder: str = "") -> Layout:
    def of(kind: str) -> tuple[str, ...]:
        matches = filter(None, map(_FILES[kind].fullmatch, names))
        ordered = sorted(matches, key=lambda match: (match[1], int(match[2] or 0)))
        return tuple(f"{folder}{match[0]}" for match in ordered)

    manifest = _read_index(source, f"{folder}manifest.js")
    account = _account(source, as_object(manifest.get("userInfo")), f"{folder}account.js")
    made_at = None
    with suppress(RecordError):
        made_at = read_time(as_object(manifest.get("archiveInfo")).get("generationDate"))
    files = {kind: of(kind) for kind in _FILES}
    return Layout(account, files, made_at, folder, _total(manifest))


def _total(manifest: Json) -> int | None:
    """Return how many posts the manifest counts in its files; None if it does not count each."""
    types = as_object(manifest.get("dataTypes"))
    files = [file for kind in _POSTS for file in listed(as_object(types.get(kind)), "files")]
    counts = [digits(as_object(file).get("count")) or "" for file in files]
    are_numbers = all(0 < len(count) <= _LONGEST_COUNT for count in counts)
    return sum(map(int, counts)) if counts and are_numbers else None


def _classic(source: Source, folder: str, months: tuple[str, ...]) -> Layout:
    file = f"{folder}/user_details.js".removeprefix("/")
    data = _read_index(source, file)
    name, display_name = as_username(data.get("screen_name")), as_word(data.get("full_name"))
    unread = file if file in source.members and not name else None
    account = Account(name, display_name, "x", digits(data.get("id")), unread)
    return Layout(account, {"tweets": months})


def _read_index(source: Source, name: str) -> Json:
    """Return the object behind the `=` of a small file, or the first of a list; else nothing."""
    # A damaged name must not pass for one: none holds half a surrogate pair.
    text = source.start_of(name).decode(errors="surrogateescape")
    index = load(text.partition("=")[2].strip().removesuffix(";"))
    return as_object(index[0] if isinstance(index, list) and index else index)


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _account(source: Source, info: Json, file: str) -> Account:
    """Return the owner as their own file says, else as the manifest does."""
    # The e-mail address beside the name is ignored.
    owner = as_object(_read_index(source, file).get("account"))
    username = as_username(owner.get("username"))
    return Account(
        username or as_username(info.get("userName")),
        as_word(owner.get("accountDisplayName")) or as_word(info.get("displayName")),
        "x",
        digits(owner.get("accountId")) or digits(info.get("accountId")),
        file if file in source.members and not username else None,
    )
