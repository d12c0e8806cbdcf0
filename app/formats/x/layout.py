"""The files of an X archive: current and classic ones, zipped, unpacked, and lone files."""

import codecs
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final

from app.errors import RecordError, UnrecognisedFileError
from app.formats.records import Account
from app.formats.source.file import Source, head
from app.formats.source.json import Json, as_object, as_word, listed
from app.formats.source.times import read_time
from app.formats.x.posts import digits

_TWEETS = re.compile(r"(?:tweets?|community-tweet)(?:-part(\d+))?\.js")
_NOTES = re.compile(r"note-tweet(?:-part(\d+))?\.js")
_CIRCLE = re.compile(r"twitter-circle-tweet(?:-part(\d+))?\.js")
_DELETED = re.compile(r"deleted-tweets?(?:-part(\d+))?\.js")
_LIKES = re.compile(r"like(?:-part(\d+))?\.js")
_MONTH = re.compile(r"\d{4}_\d\d\.js")
_INDEXES: Final = ("manifest.js", "account.js")
_LONE_NAMES: Final = ("tweets.js", "tweet.js")
# The variable that a file assigns tells its content, whatever its name.
_HEAD = re.compile(
    rb"\s*(?:(?:window\.)?(?:YTD\.(\w{1,50})\.part\d+|__THAR_CONFIG)|(Grailbird\.data\.tweets)_\w+)"
    rb"\s*="
)
_HEAD_BYTES: Final = 512
_INDEX_BYTES: Final = 8 * 2**20
_POST_KINDS: Final = frozenset({b"tweet", b"tweets", b"community_tweet"})


@dataclass(frozen=True, slots=True)
class Layout:
    """The members to read, in order; the empty name stands for the lone file itself."""

    account: Account
    tweets: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    circle: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    likes: tuple[str, ...] = ()
    made_at: datetime | None = None
    """When the archive was made, and its counts were so."""
    folder: str = ""
    """Beginning of the names of its files, with the slash at its end."""
    missing: tuple[str, ...] = ()
    """Files that the manifest of a whole archive names and the archive lacks."""

    @property
    def members(self) -> tuple[str, ...]:
        """All that are read in any case."""
        return self.notes + self.tweets + self.circle + self.deleted + self.likes


def find_layout(source: Source) -> Layout | None:
    """Return the files that hold the posts, or None if this is no X archive."""
    if not source.has_members:
        return _lone_file(source)
    folders = _archive_folders(source)
    if len(folders) > 1:
        names = ", ".join(folder or "." for folder in folders)
        raise UnrecognisedFileError(
            "{name} holds several X archives: {names}", name=source.name, names=names
        )
    if not folders:
        return None
    in_folder = {
        PurePosixPath(name).name: name for name in source.members() if _folder(name) == folders[0]
    }
    if any(_MONTH.fullmatch(name) for name in in_folder):
        return _classic(source, in_folder, folders[0])
    return _current(source, in_folder, folders[0] and f"{folders[0]}/")


def _lone_file(source: Source) -> Layout | None:
    start = head(source, _HEAD_BYTES).removeprefix(codecs.BOM_UTF8)
    match = _HEAD.match(start)
    kind = (match[1] or match[2]) if match else None
    name = source.path.name if source.path else ""
    if name in _LONE_NAMES and (kind in _POST_KINDS or not start):
        return _beside(source, name)
    if kind in _POST_KINDS or kind == b"Grailbird.data.tweets":
        return Layout(_UNKNOWN, tweets=("",))
    if kind == b"note_tweet":
        return Layout(_UNKNOWN, notes=("",))
    return Layout(_UNKNOWN, circle=("",)) if kind == b"twitter_circle_tweet" else None


def _beside(source: Source, name: str) -> Layout | None:
    """Return a lone `tweets.js` with its parts and long posts beside it, and no other files."""
    stem = name.removesuffix(".js")
    names = {
        other: other
        for other in source.members()
        if other == name
        or other.startswith(f"{stem}-part")
        or _NOTES.fullmatch(other)
        or _DELETED.fullmatch(other)
        or other in _INDEXES
    }
    return _current(source, {**names, "manifest.js": ""})


def _archive_folders(source: Source) -> list[str]:
    """Return the folders that hold an archive's posts or its index, by name and content."""
    found: set[str] = set()
    for name in source.members():
        path = PurePosixPath(name)
        is_month = _MONTH.fullmatch(path.name) and path.parent.name == "tweets"
        has_posts = is_month or _TWEETS.fullmatch(path.name)
        if (has_posts or path.name in _INDEXES) and _folder(name) not in found:
            start = head(source.member(name), _HEAD_BYTES).removeprefix(codecs.BOM_UTF8)
            if _HEAD.match(start) or (has_posts and not start.strip()):
                found.add(_folder(name))
    return sorted(found)


def _current(source: Source, names: dict[str, str], folder: str = "") -> Layout:
    manifest = _read_index(source, names.get("manifest.js", ""))
    listed, is_partial = _listed_files(manifest)
    if not any(_TWEETS.fullmatch(name) and name in names for name in listed):
        listed = []
    chosen = listed or list(names)

    def of(pattern: re.Pattern[str], among: Iterable[str]) -> tuple[str, ...]:
        matches = sorted(filter(None, map(pattern.fullmatch, among)), key=_part_number)
        return tuple(names[match[0]] for match in matches if match[0] in names)

    wanted = [name for name in listed if _TWEETS.fullmatch(name) or _NOTES.fullmatch(name)]
    return Layout(
        _account(source, names.get("account.js", ""), manifest),
        tweets=of(_TWEETS, chosen),
        notes=of(_NOTES, names),
        circle=of(_CIRCLE, names),
        deleted=of(_DELETED, names),
        likes=of(_LIKES, names),
        made_at=_made_at(manifest),
        folder=folder,
        missing=tuple(name for name in wanted if name not in names and not is_partial),
    )


def _classic(source: Source, names: dict[str, str], folder: str) -> Layout:
    details = str(PurePosixPath(folder).parent / "user_details.js")
    data = _read_index(source, details if details in source.members() else "")
    account_id = digits(as_object(data).get("id"))
    account = Account(_word(data, "screen_name"), _word(data, "full_name"), "x", account_id)
    months = sorted(name for name in names if _MONTH.fullmatch(name))
    return Layout(account, tweets=tuple(names[name] for name in months))


def _listed_files(manifest: object) -> tuple[list[str], bool]:
    """Return the names of the files that a manifest lists, and whether it is of a part only."""
    groups = map(as_object, _object(manifest, "dataTypes").values())
    names = [_word(file, "fileName") for group in groups for file in listed(group, "files")]
    is_partial = str(_object(manifest, "archiveInfo").get("isPartialArchive")).lower() == "true"
    return [PurePosixPath(name).name for name in dict.fromkeys(names) if name], is_partial


def _account(source: Source, name: str, manifest: object) -> Account:
    """Return the owner; the e-mail address beside the name is ignored."""
    entries = _read_index(source, name)
    entry = entries[0] if isinstance(entries, list) and entries else None
    owner, info = _object(entry, "account"), _object(manifest, "userInfo")
    username = _word(owner, "username") or _word(info, "userName")
    display_name = _word(owner, "accountDisplayName") or _word(info, "displayName")
    account_id = digits(owner.get("accountId")) or digits(info.get("accountId"))
    return Account(username, display_name, "x", account_id)


def _made_at(manifest: object) -> datetime | None:
    try:
        time = _word(_object(manifest, "archiveInfo"), "generationDate")
        return read_time(time) if time else None
    except RecordError:
        return None


def _read_index(source: Source, name: str) -> object:
    """Return the JSON behind the `=` of a small file; None if it is missing or unreadable."""
    if not name:
        return None
    try:
        text = head(source.member(name), _INDEX_BYTES).decode()
        found: object = json.loads(text.partition("=")[2].strip().removesuffix(";"))
    except (ValueError, RecursionError):
        return None
    return found


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _part_number(match: re.Match[str]) -> tuple[str, int]:
    return match[0].partition("-part")[0].removesuffix(".js"), int(match[1] or 0)


def _object(data: object, key: str) -> Json:
    return as_object(as_object(data).get(key))


def _word(data: object, key: str) -> str | None:
    return as_word(as_object(data).get(key))


_UNKNOWN: Final = Account(None, None, "x")
