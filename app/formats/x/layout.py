"""The files of an X archive: current and classic ones, zipped, unpacked, and lone files."""

import codecs
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final

from app.errors import RecordError, UnrecognisedFileError
from app.formats.records import Account
from app.formats.source.file import Source, head
from app.formats.source.json import Json, as_object, as_word, listed, load
from app.formats.source.times import read_time
from app.formats.x.posts import digits

_FILES: Final = {
    kind: re.compile(rf"(?:{stem})(?:-part(\d+))?\.js")
    for kind, stem in {
        "tweets": "tweets?|community-tweet",
        "notes": "note-tweet",
        "circle": "twitter-circle-tweet",
        "deleted": "deleted-tweets?",
        "likes": "like",
    }.items()
}
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
    missing: tuple[str, ...] = ()
    """Files that the manifest of a whole archive names and the archive lacks."""

    @property
    def members(self) -> tuple[str, ...]:
        """All that are read in any case."""
        return tuple(name for names in self.files.values() for name in names)


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
    if months := sorted(filter(_MONTH.fullmatch, in_folder)):
        return _classic(source, folders[0], tuple(in_folder[name] for name in months))
    return _current(source, in_folder, folders[0] and f"{folders[0]}/")


def _lone_file(source: Source) -> Layout | None:
    start = head(source, _HEAD_BYTES).removeprefix(codecs.BOM_UTF8)
    match = _HEAD.match(start)
    kind = _KINDS.get(match[1] or match[2]) if match else None
    name = source.path.name if source.path else ""
    is_current = match is not None and match[1] is not None
    if name in _LONE_NAMES and ((kind == "tweets" and is_current) or not start):
        return _current(source, _beside(source, name))
    return Layout(Account(None, None, "x"), {kind: ("",)}) if kind else None


def _beside(source: Source, name: str) -> dict[str, str]:
    """Return a lone `tweets.js`, its parts and long posts beside it, and no other files."""
    stem = name.removesuffix(".js")
    kinds = (_FILES["notes"], _FILES["deleted"])
    return {
        other: other
        for other in source.members()
        if other in {name, "account.js"}
        or other.startswith(f"{stem}-part")
        or any(kind.fullmatch(other) for kind in kinds)
    }


def _archive_folders(source: Source) -> list[str]:
    """Return the folders that hold an archive's posts or its index, by name and content."""
    found: set[str] = set()
    for name in source.members():
        path = PurePosixPath(name)
        is_month = _MONTH.fullmatch(path.name) and path.parent.name == "tweets"
        has_posts = is_month or _FILES["tweets"].fullmatch(path.name)
        if (has_posts or path.name in _INDEXES) and _folder(name) not in found:
            start = head(source.member(name), _HEAD_BYTES).removeprefix(codecs.BOM_UTF8)
            if _HEAD.match(start) or (has_posts and not start.strip()):
                found.add(_folder(name))
    return sorted(found)


def _current(source: Source, names: dict[str, str], folder: str = "") -> Layout:
    manifest = _read_index(source, names.get("manifest.js"))
    about = as_object(manifest.get("archiveInfo"))
    named = _named_files(manifest)
    posts = [name for name in named if _FILES["tweets"].fullmatch(name)]
    wanted = posts + [name for name in named if _FILES["notes"].fullmatch(name)]
    is_known = any(name in names for name in posts)
    is_whole = is_known and str(about.get("isPartialArchive")).lower() != "true"

    def of(kind: str, among: Iterable[str]) -> tuple[str, ...]:
        matches = sorted(filter(None, map(_FILES[kind].fullmatch, among)), key=_part_number)
        return tuple(names[match[0]] for match in matches if match[0] in names)

    return Layout(
        _account(source, names.get("account.js"), as_object(manifest.get("userInfo"))),
        {kind: of(kind, posts if kind == "tweets" and is_known else names) for kind in _FILES},
        made_at=_made_at(as_word(about.get("generationDate"))),
        folder=folder,
        missing=tuple(name for name in wanted if name not in names and is_whole),
    )


def _classic(source: Source, folder: str, months: tuple[str, ...]) -> Layout:
    details = str(PurePosixPath(folder).parent / "user_details.js")
    data = _read_index(source, details if details in source.members() else None)
    name, display_name = as_word(data.get("screen_name")), as_word(data.get("full_name"))
    return Layout(Account(name, display_name, "x", digits(data.get("id"))), {"tweets": months})


def _named_files(manifest: Json) -> list[str]:
    """Return the names of the files that a manifest lists."""
    groups = map(as_object, as_object(manifest.get("dataTypes")).values())
    files = (as_object(file) for group in groups for file in listed(group, "files"))
    names = dict.fromkeys(as_word(file.get("fileName")) for file in files)
    return [PurePosixPath(name).name for name in names if name]


def _account(source: Source, name: str | None, info: Json) -> Account:
    """Return the owner; the e-mail address beside the name is ignored."""
    owner = as_object(_read_index(source, name).get("account"))
    return Account(
        as_word(owner.get("username")) or as_word(info.get("userName")),
        as_word(owner.get("accountDisplayName")) or as_word(info.get("displayName")),
        "x",
        digits(owner.get("accountId")) or digits(info.get("accountId")),
    )


def _made_at(time: str | None) -> datetime | None:
    try:
        return read_time(time) if time else None
    except RecordError:
        return None


def _read_index(source: Source, name: str | None) -> Json:
    """Return the object behind the `=` of a small file, or the first of a list.

    It is empty if the file is missing or unreadable.
    """
    if name is None:
        return {}
    text = head(source.member(name), _INDEX_BYTES).decode(errors="replace")
    found, _ = load(text.partition("=")[2].strip().removesuffix(";"))
    return as_object(found[0] if isinstance(found, list) and found else found)


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _part_number(match: re.Match[str]) -> tuple[str, int]:
    return match[0].partition("-part")[0].removesuffix(".js"), int(match[1] or 0)
