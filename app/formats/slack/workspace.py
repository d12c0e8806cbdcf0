"""The export of a workspace: lists of people and channels, and a folder with a file for each day.

A folder has the name of its channel, that of a direct chat its id. Files have the newest message
last. People who read a channel only as guests of another workspace are in no list.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Final, Literal

from app.compute.text import clean_title
from app.errors import Message
from app.formats.chats.attachments import attachments_of
from app.formats.chats.chat_files import one_by_one
from app.formats.post import ReplyTarget
from app.formats.records import (
    BROKEN,
    BadRecord,
    FileRoom,
    Format,
    Item,
    ReadOptions,
    Record,
    RecordStream,
    Skipped,
    is_broken,
    read_each,
)
from app.formats.signs import as_told, reactions_in, reactions_of
from app.formats.slack.signs import sign_of
from app.formats.slack.texts import plain_text
from app.formats.source.file import Content, Source
from app.formats.source.json import as_object, as_word, first_documents, listed, no_object
from app.formats.source.times import read_time
from app.formats.source.window import Json, Window

_USERS: Final = "users.json"
_UNNAMED: Final = ("mpims.json", "dms.json")
"""Lists of direct chats."""
_CHANNELS: Final = ("channels.json", "groups.json", *_UNNAMED)
_DAY: Final = re.compile(r"(?:(?P<folder>.*)/)?\d{4}-\d\d-\d\d\.json")
_TIME: Final = re.compile(r"\d{9,11}\.\d{6}")
_FILE: Final = re.compile(r"(?:.*/)?(?P<id>F[A-Z0-9]{8,16})[/-][^/]+")
"""A file that another program added: `__uploads/<id>/<name>` or `attachments/<id>-<name>`."""
_LOOKED_AT: Final = 20
_SAID: Final = frozenset({None, "thread_broadcast", "me_message", "file_share"})
"""Kinds of messages that somebody wrote; the others are notes of the app."""
_SLACKBOT: Final = "USLACKBOT"
_MOST_NAMED: Final = 9
"""People after whom a direct chat is called."""


@dataclass(slots=True)
class Workspace:
    """Who and which channels there are."""

    names: dict[str, str] = field(default_factory=dict)
    """Of people and channels by their ids."""
    bots: set[str] = field(default_factory=set)
    rooms: dict[str, FileRoom] = field(default_factory=dict)
    """By the names of their folders."""
    files: dict[str, str] = field(default_factory=dict)
    """Names of files in the archive, by the ids that messages have for them."""

    def add_user(self, user: Json) -> None:
        if number := as_word(user.get("id")):
            name = _name(user) or number
            self.names[number] = number if is_broken(name) else name
            if user.get("is_bot") is True:
                self.bots.add(number)

    def add_channel(self, channel: Json, *, is_named: bool) -> None:
        """Add a channel, or a direct chat, which is called after its people."""
        number, name = as_word(channel.get("id")), as_word(channel.get("name"))
        if not number:
            return
        people = (self.names.get(str(member)) for member in listed(channel, "members"))
        called = ", ".join(list(filter(None, people))[:_MOST_NAMED])
        self.rooms[name or number] = _room(f"#{name}" if is_named and name else called, number)
        if name and is_named:
            self.names[number] = name


def read(source: Source, _options: ReadOptions) -> RecordStream | None:
    """Return what was said in the channels."""
    home = _home(source)
    days = _days(source, home) if home is not None else []
    if home is None or not any(map(_has_messages, days[:_LOOKED_AT])):
        return None
    lists = (f"{home}{_USERS}", *_lists(source, home))
    source.expect((*lists, *(content.name for content in days)))
    items = as_told(one_by_one(_parts(source, home, days)), days)
    return RecordStream(FORMAT.name, "record", None, items)


def _home(source: Source) -> str | None:
    """Return the beginning of the names of all files; None without lists of people and channels."""
    users = (name for name in source.members if f"/{name}".endswith(f"/{_USERS}"))
    homes = [name.removesuffix(_USERS) for name in users]
    return next((home for home in homes if _lists(source, home)), None)


def _lists(source: Source, home: str) -> list[str]:
    return [f"{home}{name}" for name in _CHANNELS if f"{home}{name}" in source.members]


def _days(source: Source, home: str) -> list[Content]:
    """Return the files of messages, by channel and day."""
    names = sorted(name for name in source.members if name.startswith(home))
    return [source.member(name) for name in names if _DAY.fullmatch(name)]


def _has_messages(content: Content) -> bool:
    messages = first_documents(content.uncounted)
    return any(_TIME.fullmatch(str(message.get("ts"))) for message in messages)


def _parts(source: Source, home: str, days: list[Content]) -> Iterator[Iterator[Item]]:
    """Yield the messages of each file; lists of people and channels come first, and have none."""
    matches = filter(None, map(_FILE.fullmatch, source.members))
    workspace = Workspace(files={match["id"]: match[0] for match in matches})
    yield _learned(source.member(f"{home}{_USERS}"), workspace.add_user)
    for name in _lists(source, home):
        is_named = not name.endswith(_UNNAMED)
        yield _learned(source.member(name), partial(workspace.add_channel, is_named=is_named))
    for folder, contents in groupby(days, key=lambda content: content.name.rpartition("/")[0]):
        name = folder.removeprefix(home)
        room = workspace.rooms.get(name) or _room(name, None)
        read_one = partial(_item, workspace=workspace, room=room)
        for content in contents:
            yield read_each(_numbered(content), read_one)


def _learned(content: Content, add: Callable[[Json], None]) -> Iterator[Item]:
    """Take each object of a list; there are no items in it."""
    for value in Window(content).values(()):
        if isinstance(value, dict):
            add(value)
    yield from ()


def _numbered(content: Content) -> Iterator[tuple[int, Json] | BadRecord]:
    for place, value in enumerate(Window(content).values(()), 1):
        if isinstance(value, dict):
            yield place, value
        else:
            yield no_object(place, value)


def _room(name: str, number: str | None) -> FileRoom:
    return FileRoom(platform=FORMAT.name, name=clean_title(name) or "", external_id=number)


def _item(message: Json, place: int, *, workspace: Workspace, room: FileRoom) -> Item:
    user = as_word(message.get("user"))
    if reason := _left_out(message, user, workspace):
        return Skipped(place, reason)
    name = workspace.names.get(user or "") or _name({"profile": message.get("user_profile")})
    name = name or user or ""
    text = plain_text(message, workspace.names)
    if is_broken(name + text):
        return BadRecord(place, BROKEN, message)
    files = map(as_object, listed(message, "files"))
    attached = attachments_of(filter(None, (_place_of(file, workspace) for file in files)))
    if not (text.strip() or attached.media):
        return Skipped(place, "media")
    channel = room.external_id or room.name
    number, thread = (as_word(message.get(key)) for key in ("ts", "thread_ts"))
    return Record(
        place=place,
        text=text,
        username=name,
        author_id=user,
        display_name=name,
        platform="local",
        created_at=read_time(number) if number else None,
        source_id=f"{channel}:{number}" if number else None,
        reply_to=ReplyTarget(f"{channel}:{thread}") if thread and thread != number else None,
        media=attached.media,
        files=attached.files,
        counts=reactions_of(_reactions(message)),
        room=room,
    )


def _place_of(file: Json, workspace: Workspace) -> str | None:
    """Return where a file is: in the archive, where another program added it, else at Slack."""
    if name := workspace.files.get(as_word(file.get("id")) or ""):
        return name
    # The token behind the address of a file opens it to anybody.
    return (as_word(file.get("url_private")) or "").partition("?")[0] or None


def _reactions(message: Json) -> Iterator[tuple[object, object]]:
    """Yield each sign and how often it was given."""
    for reaction in reactions_in(message):
        name = as_word(reaction.get("name"))
        yield name and sign_of(name), reaction.get("count")


def _left_out(
    message: Json, user: str | None, workspace: Workspace
) -> Literal["system", "deleted"] | None:
    """Return why a message has no words of a person."""
    kind = as_word(message.get("subtype"))
    if kind == "tombstone":
        return "deleted"
    is_bot = user in workspace.bots or user == _SLACKBOT or as_word(message.get("bot_id"))
    is_said = message.get("type") == "message" and kind in _SAID
    return None if user and is_said and not is_bot else "system"


def _name(user: Json) -> str | None:
    """Return how somebody is called: as they chose, else by their whole name."""
    profile = as_object(user.get("profile"))
    names = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"))
    return next(filter(None, map(as_word, (*names, user.get("name"), profile.get("name")))), None)


FORMAT: Final = Format(
    "slack",
    Message("Slack"),
    read,
    is_chat=True,
    file_name=_USERS,
    mark=Message(
        "users.json and channels.json, and beside them folders with a file for each day, whose"
        " messages have a ts"
    ),
)
