"""X (Twitter) archives, current and classic: zip, folder, or a lone `tweets.js`.

Long posts are in a separate file, without their posts' ids.
"""

import itertools
import re
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from msgspec import structs

from saywho.errors import BrokenFileError, LimitReachedError, Message, RecordError, message_of
from saywho.formats.post import audience, digits
from saywho.formats.reading import BadRecord, Skipped, as_username, required_text
from saywho.formats.records import Account, Format, Item, ReadOptions, Record, RecordStream
from saywho.formats.source.file import Content, Source, head
from saywho.formats.source.json import Json, Window, as_object, as_word, listed, load
from saywho.formats.source.times import read_time, time_or_field
from saywho.formats.x import posts
from saywho.text import unescape_html

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
# The variable that a file assigns tells its content, whatever its name.
_HEAD = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:(?:window\.)?YTD\.(\w{1,50})\.part\d+|(Grailbird\.data\.tweets)_\w+)\s*="
)
_HEAD_BYTES: Final = 512
_KINDS: Final = {
    **dict.fromkeys((b"tweet", b"tweets", b"community_tweet", b"Grailbird.data.tweets"), "tweets"),
    b"note_tweet": "notes",
    b"twitter_circle_tweet": "circle",
}
"""Kind of a lone file, by its variable."""


@dataclass(frozen=True, slots=True)
class Layout:
    account: Account
    files: Mapping[str, tuple[str, ...]]
    """Members of each kind, in order; the empty name means the lone file."""
    made_at: datetime | None = None
    """Time of the archive and its counts."""
    folder: str = ""
    total: int | None = None


def find_layout(source: Source) -> Layout | None:
    """Return the files with the posts; None if this is no X archive."""
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
    if name in {"tweets.js", "tweet.js"} and is_own and source.look_beside():
        return _current(source, list(source.members))
    return Layout(Account(None, None, "x"), {kind: ("",)}) if kind else None


def _archive_folders(source: Source) -> set[str]:
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
    types = as_object(manifest.get("dataTypes"))
    kinds = ("tweets", "tweet", "communityTweet")
    files = [file for kind in kinds for file in listed(as_object(types.get(kind)), "files")]
    counts = [digits(as_object(file).get("count")) or "" for file in files]
    are_numbers = all(0 < len(count) <= 12 for count in counts)
    return sum(map(int, counts)) if counts and are_numbers else None


def _classic(source: Source, folder: str, months: tuple[str, ...]) -> Layout:
    file = f"{folder}/user_details.js".removeprefix("/")
    data = _read_index(source, file)
    name, display_name = as_username(data.get("screen_name")), as_word(data.get("full_name"))
    unread = file if file in source.members and not name else None
    account = Account(name, display_name, "x", digits(data.get("id")), unread)
    return Layout(account, {"tweets": months})


def _read_index(source: Source, name: str) -> Json:
    # A damaged name must not pass for one: none holds half a surrogate pair.
    text = source.start_of(name).decode(errors="surrogateescape")
    index = load(text.partition("=")[2].strip().removesuffix(";"))
    return as_object(index[0] if isinstance(index, list) and index else index)


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _account(source: Source, info: Json, file: str) -> Account:
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


_MEDIA_FOLDERS: Final = (
    *("tweets_media", "tweet_media", "community_tweet_media", "twitter_circle_tweet_media"),
)
_PREFIX = re.compile(r"\s*(?:(?:window\.|var\s)?[\w.\s]{1,200}=\s*)?")
MAX_HELD_CHARACTERS: Final = 64_000_000
"""Maximum size of long posts in memory until their short forms come."""
_BEGINNING: Final = 40
_MENTION: Final = re.compile(r"@\w+\s+")
_CUT = re.compile(r"…(?:\s*https://t\.co/\w+)*\s*\Z")


def read(source: Source, options: ReadOptions) -> RecordStream | None:
    """Return the account's posts; posts to a circle only on request."""
    layout = find_layout(source)
    if layout is None:
        return None
    names = list(itertools.chain(*layout.files.values()))
    if all(names):
        source.expect(names)
    items = _Reader(source, layout).items(include_restricted=options.include_restricted)
    files = source if source.has_members else None
    return RecordStream(FORMAT.name, "record", layout.account, items, files, total=layout.total)


def array_items(content: Content) -> Iterator[Json | Message]:
    """Yield the items of `window.… = [ … ];`, if any; a Message replaces a bad item.

    Raises BrokenFileError if it is no array or is truncated.
    """
    window = Window(content)
    window.read_on()
    match = _PREFIX.match(window.text)
    window.at = match.end() if match else 0
    mark = window.mark()
    if not mark and match and match[0].strip():
        raise window.broken("a value is not closed")
    if mark and mark != "[":
        raise BrokenFileError("{name} does not contain a list of posts", name=content.name)
    for item in window.items() if mark else ():
        yield _unwrapped(item)
    if window.mark():
        raise window.broken("there is something after the last value")


def _unwrapped(item: object) -> Json | Message:
    if isinstance(item, dict):
        inner = next(iter(item.values())) if len(item) == 1 else None
        return inner if isinstance(inner, dict) else item
    return item if isinstance(item, Message) else Message("not a post")


class _Reader:
    """Reads an archive's files; a damaged one ends, and is named after the records."""

    def __init__(self, source: Source, layout: Layout) -> None:
        self._source = source
        self._layout = layout
        self._notes = Notes()
        self._broken: dict[str, BrokenFileError] = {}
        self._broken_notes = ""
        owner = layout.account
        user = {"screen_name": owner.username, "name": owner.display_name, "id_str": owner.id}
        self._around: Json = {"user": user}
        """Fields that the archive's posts do not repeat."""

    def items(self, *, include_restricted: bool) -> Iterator[Item]:
        """Yield all records. Raises BrokenFileError after them."""
        notes, places = self._notes, itertools.count(1)
        for item in self._entries("notes"):
            try:
                notes.add(item)
            except RecordError as error:
                yield BadRecord(next(places), message_of(error))
        before, self._broken_notes = len(self._broken), next(iter(self._broken), "")
        versions = posts.Versions()
        for kind in ("tweets", "circle"):
            is_left_out = kind == "circle" and not include_restricted
            for item in self._entries(kind):
                read = self._item(item, next(places), is_left_out=is_left_out)
                if isinstance(read, Record):
                    visibility = audience(is_restricted=kind == "circle")
                    read = structs.replace(read, visibility=visibility)
                yield from versions.sift(item, read) if isinstance(item, dict) else [read]
        yield from versions.held()
        for item in self._entries("deleted"):
            with suppress(RecordError):
                notes.join(item if isinstance(item, dict) else {})
            yield Skipped(next(places), "deleted")
        if len(self._broken) == before:
            # Else the post of a long text may stand behind the break, or have been deleted.
            yield from notes.leftovers(places, self._layout.account)
        faults = [*self._broken.values()]  # Those of the likes cost nothing.
        yield from (Skipped(next(places), "like") for _ in self._entries("likes"))
        yield from (BadRecord(next(places), message_of(error)) for error in faults[1:])
        if faults:
            raise faults[0]

    def _entries(self, kind: str) -> Iterator[Json | Message]:
        for name in self._layout.files.get(kind, ()):
            try:
                yield from array_items(self._source.member(name) if name else self._source)
            except LimitReachedError:
                raise
            except BrokenFileError as error:
                self._broken[name] = error

    def _item(self, item: Json | Message, place: int, *, is_left_out: bool) -> Item:
        try:
            if isinstance(item, Message):
                raise RecordError(item)
            raw = posts.raw_text(item)
            # A note is joined to its post even if that is left out, lest it become one of its own.
            whole_text = self._notes.join(item)
            if is_left_out:
                return Skipped(place, "restricted")
            if raw.startswith("RT @"):
                return Skipped(place, "repost")
            if self._broken_notes and whole_text is None and _CUT.search(raw):
                raise RecordError(
                    "the whole text is in {file}, which is damaged", file=self._broken_notes
                )
            record = posts.to_item(
                item | self._around, place, whole_text=whole_text, as_of=self._layout.made_at
            )
            if isinstance(record, Record) and record.media and self._source.has_members:
                record = structs.replace(record, files=self._files(item))
            return record
        except RecordError as error:
            restricted = Skipped(place, "restricted")
            return restricted if is_left_out else BadRecord(place, message_of(error), item)

    def _files(self, tweet: Json) -> tuple[str | None, ...]:
        """Return the file names of the post's archived media: `<post's id>…<end of an address>`."""
        post_id = digits(tweet.get("id_str")) or digits(tweet.get("id"))

        def find(addresses: list[str]) -> str | None:
            ends = (address.partition("?")[0].rpartition("/")[2] for address in addresses)
            names = (
                f"{self._layout.folder}{folder}/{post_id}-{end}"
                for end in dict.fromkeys(ends)
                for folder in _MEDIA_FOLDERS
            )
            return next((name for name in names if name in self._source.members), None)

        return tuple(map(find, posts.media_and_addresses(tweet).values()))


@dataclass(slots=True)
class Notes:
    """An archive's long posts, found by their second and the beginning of their text."""

    _found: dict[str, dict[datetime | None, deque[Record]]] = field(default_factory=dict)
    """By beginning and second, the notes not joined to a post; if all are joined, the last note."""
    _joined: set[int] = field(default_factory=set)
    _characters: int = 0

    def add(self, item: Json | Message) -> None:
        """Store an item of `note-tweet.js`. Raises RecordError, also after too many."""
        raw, note = _read_note(item)
        self._characters += len(raw) + 500  # The note takes more memory than its text.
        if self._characters > MAX_HELD_CHARACTERS:
            raise RecordError("the archive contains too many long posts")
        alike = self._found.setdefault(raw[:_BEGINNING], {})
        alike.setdefault(note.created_at, deque()).append(note)

    def join(self, tweet: Json) -> str | None:
        """Return a shortened post's whole text, if any; each note is joined once.

        Raises RecordError for an unreadable post.
        """
        if not self._found:
            return None
        text = unescape_html(posts.raw_text(tweet))
        for mentions in _leading_mentions(text):
            alike = self._found.get(text[len(mentions) :][:_BEGINNING])
            time = posts.time_of(tweet)["created_at"] if alike else None
            if alike and time and (notes := alike.get(time)):
                note = notes.popleft() if len(notes) > 1 else notes[0]
                self._joined.add(id(note))
                return f"{mentions}{note.text}"
        return None

    def leftovers(self, places: Iterator[int], account: Account) -> Iterator[Item]:
        alike = itertools.chain.from_iterable(map(dict.values, self._found.values()))
        for note in itertools.chain.from_iterable(alike):
            if id(note) not in self._joined:
                names = {"username": account.username, "display_name": account.display_name}
                yield structs.replace(note, place=next(places), **names)


def _read_note(item: Json | Message) -> tuple[str, Record]:
    if isinstance(item, Message):
        raise RecordError(item)
    core = as_object(item.get("core"))
    text = required_text(core.get("text") or None)
    time = item.get("createdAt")
    links = {
        str(url.get("shortUrl")): str(url["expandedUrl"])
        for url in map(as_object, listed(core, "urls"))
        if url.get("expandedUrl")
    }
    whole = posts.expanded(text, links, is_escaped=False)
    number, (when, _) = digits(item.get("noteTweetId")), time_or_field(time, "createdAt")
    return text, Record(place=0, text=whole, platform="x", created_at=when, source_id=number)


def _leading_mentions(text: str) -> Iterator[str]:
    """Yield the beginnings of a text that its note may lack: the answered people."""
    at = 0
    for _ in range(50):  # X allows no more.
        yield text[:at]
        if (match := _MENTION.match(text, at)) is None:
            break
        at = match.end()


FORMAT: Final = Format(
    "x",
    Message("X archive"),
    read,
    began=2006,
    steps=(
        Message("On x.com, open “Settings and privacy”, then “Your account”."),
        Message("Choose “Download an archive of your data”. X sends a link within some days."),
        Message("Choose the downloaded .zip file here as it is."),
    ),
)
