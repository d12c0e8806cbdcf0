"""Slack: its zip export, with a folder for each channel and in it a file for each day, and
messages as programs get them.

A folder has the name of its channel or the id of its direct chat. Files have the newest message
last. Guests of other workspaces are in no list.
"""

import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Final, NamedTuple

from msgspec import structs

from saywho.errors import FileError, Message
from saywho.formats.chats.chat_files import attachments_of, find_rooms
from saywho.formats.chats.json_chat import ChatMessage, Found, JsonChat, Skip
from saywho.formats.chats.reactions import reactions_in, reactions_of
from saywho.formats.post import ReplyTarget
from saywho.formats.reading import BadRecord, is_broken
from saywho.formats.records import FileRoom
from saywho.formats.source import json
from saywho.formats.source.file import Content, Source, bare_head
from saywho.formats.source.html import written_out

_PEOPLE: Final = "users.json"
_UNNAMED: Final = ("mpims.json", "dms.json")
_DAY: Final = re.compile(r"(?:(?P<folder>.*)/)?\d{4}-\d\d-\d\d\.json")
_TIME: Final = re.compile(r"\d{9,11}\.\d{6}")
_FILE: Final = re.compile(r"(?:.*/)?(?P<id>F[A-Z0-9]{8,16})[/-][^/]+")
"""A file that another program added: `__uploads/<id>/<name>` or `attachments/<id>-<name>`."""
_MARK: Final = re.compile(r"<((?:[@#!]|\w{2,20}:)[^<>\n]{1,4000})>")
_EMOJI: Final = dict(
    re.findall(
        r"(\S{1,40}) (\S+)",
        "+1 👍 -1 👎 100 💯 bow 🙇 clap 👏 cry 😢 exploding_head 🤯 eyes 👀 face_palm 🤦 fire 🔥"
        " grin 😁 grinning 😀 heart ❤️ heart_eyes 😍 heavy_check_mark ✔️ heavy_plus_sign ➕"
        " hugging_face 🤗 joy 😂 laughing 😆 muscle 💪 ok_hand 👌 open_mouth 😮 partying_face 🥳"
        " point_up ☝️ pray 🙏 raised_hands 🙌 rocket 🚀 rolling_on_the_floor_laughing 🤣"
        " scream 😱 simple_smile 🙂 slightly_smiling_face 🙂 smile 😄 smiley 😃 sob 😭"
        " sparkles ✨ star ⭐ sunglasses 😎 sweat_smile 😅 tada 🎉 thinking_face 🤔"
        " thumbsdown 👎 thumbsup 👍 wave 👋 white_check_mark ✅ wink 😉 x ❌",
    )
)
"""Emoji by their names at Slack."""


@dataclass(slots=True)
class Workspace:
    names: dict[str, str] = field(default_factory=dict)
    bots: set[str] = field(default_factory=lambda: {"USLACKBOT"})
    channels: dict[str, tuple[str, str]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def add_user(self, user: json.Json) -> None:
        if number := json.as_word(user.get("id")):
            name = _name(user) or number
            self.names[number] = number if is_broken(name) else name
            if user.get("is_bot") is True:
                self.bots.add(number)

    def add_channel(self, channel: json.Json, *, is_named: bool) -> None:
        """Add a channel, or a direct chat named after at most nine of its people."""
        number, name = json.as_word(channel.get("id")), json.as_word(channel.get("name"))
        if not number:
            return
        people = (self.names.get(str(member)) for member in json.listed(channel, "members"))
        called = ", ".join(list(filter(None, people))[:9])
        self.channels[name or number] = (f"#{name}" if is_named and name else called, number)
        if name and is_named:
            self.names[number] = name


class SlackChannel(NamedTuple):
    room: FileRoom
    workspace: Workspace


class _Slack(JsonChat[SlackChannel]):
    began = 2013
    label = Message("Slack")

    @classmethod
    def room(cls, name: str | None, external_id: str | None = None) -> FileRoom:
        return structs.replace(super().room(name, external_id), platform="slack")

    def said(self, message: json.Json, chat: SlackChannel) -> ChatMessage | Skip:
        room, workspace = chat
        message = _with_own_words(message)
        user, kind = json.as_word(message.get("user")), json.as_word(message.get("subtype"))
        if kind == "tombstone":
            return "deleted"
        is_bot = user in workspace.bots or json.as_word(message.get("bot_id"))
        is_said = kind in {None, "thread_broadcast", "me_message", "file_share"}
        if not user or not is_said or message.get("type") != "message" or is_bot:
            return "system"
        guest = _name({"profile": message.get("user_profile")})
        files = (
            _place_of(json.as_object(file), workspace) for file in json.listed(message, "files")
        )
        channel = room.external_id or room.name
        number, thread = (json.as_word(message.get(key)) for key in ("ts", "thread_ts"))
        return ChatMessage(
            text=_text(message, workspace.names),
            name=workspace.names.get(user) or guest or user,
            author_id=user,
            time=number,
            source_id=f"{channel}:{number}" if number else None,
            reply_to=ReplyTarget(f"{channel}:{thread}") if thread and thread != number else None,
            attached=attachments_of(files),
            counts=reactions_of(map(_sign, reactions_in(message))),
            room=room,
        )


class Slack(_Slack):
    name = "slack"
    file_name = _PEOPLE

    def files(self, source: Source) -> list[Content]:
        """Return message files by channel and day, if any of the first 20 has messages."""
        home = _home(source)
        if home is None:
            return []
        names = sorted(name for name in source.members if name.startswith(home))
        days = [source.member(name) for name in names if _DAY.fullmatch(name)]
        if not any(map(self.recognises, days[:20])):
            return []
        lists = (f"{home}{self.file_name}", *_lists(source, home))
        source.expect((*lists, *(content.name for content in days)))
        return days

    def recognises(self, content: Content) -> bool:
        messages = json.first_documents(content.uncounted)
        return any(_TIME.fullmatch(str(message.get("ts"))) for message in messages)

    def parts(
        self, source: Source, contents: Sequence[Content]
    ) -> Iterator[Iterator[Found[SlackChannel]]]:
        """Yield each file's messages, after reading the lists of people and channels."""
        home = _home(source) or ""
        matches = filter(None, map(_FILE.fullmatch, source.members))
        workspace = Workspace(files={match["id"]: match[0] for match in matches})
        yield _learned(source.member(f"{home}{self.file_name}"), workspace.add_user)
        for name in _lists(source, home):
            is_named = not name.endswith(_UNNAMED)
            yield _learned(source.member(name), partial(workspace.add_channel, is_named=is_named))
        for folder, of_folder in groupby(contents, key=lambda file: file.name.rpartition("/")[0]):
            name = folder.removeprefix(home)
            channel = SlackChannel(
                self.room(*workspace.channels.get(name, (name, None))), workspace
            )
            for content in of_folder:
                yield (Found(channel, value) for value in json.Window(content).values(()))


class SlackAnswers(_Slack):
    """Reads answers of Slack's interface, and messages alone, with people if they are beside."""

    name = "slack-messages"
    file_name = ".json"
    ends = (".json", ".jsonl", ".ndjson")
    is_in_order = False

    def files(self, source: Source) -> list[Content]:
        """Return files with messages, without the days of an export that has its lists."""
        has_lists = _home(source) is not None
        rooms = find_rooms(source, self.ends, lambda file: self._is_read(file, has_lists) or None)
        return [room.content for room in rooms]

    def _is_read(self, file: Content, has_lists: bool) -> bool:
        return not (has_lists and _DAY.fullmatch(file.name)) and self.recognises(file)

    def recognises(self, content: Content) -> bool:
        with suppress(FileError):
            may_be = any(mark in bare_head(content) for mark in ('"ts":"', '"ok":true'))
            return may_be and super().recognises(content)
        return False

    def is_message(self, message: json.Json, _chat: SlackChannel) -> bool:
        has_time = _TIME.fullmatch(str(message.get("ts"))) is not None
        return has_time and message.get("type") == "message"

    def found(self, content: Content) -> Generator[Found[SlackChannel], None, None]:
        workspace = Workspace()
        for page in json.objects(content):
            if isinstance(page, BadRecord):
                yield Found(self._channel({}, content, workspace), page.value, page.place)
                continue
            for user in (*json.listed(page[1], "users"), *json.listed(page[1], "members")):
                workspace.add_user(json.as_object(user))
            channel = self._channel(page[1], content, workspace)
            for message in json.listed(page[1], "messages") or [page[1]]:
                yield Found(channel, message)
                replies = json.listed(json.as_object(message), "slackdump_thread_replies")
                yield from (Found(channel, reply) for reply in replies)

    def _channel(self, page: json.Json, content: Content, workspace: Workspace) -> SlackChannel:
        about = json.as_object(page.get("channel"))
        number = json.as_word(about.get("id")) or json.as_word(
            page.get("channel_id", page.get("channel"))
        )
        name = json.as_word(about.get("name")) or json.as_word(page.get("name"))
        day = _DAY.fullmatch(content.name)
        place = (day and day["folder"]) or content.name
        room = self.room(f"#{name}" if name else None, number)
        return SlackChannel(structs.replace(room, file="" if number else place), workspace)


def _with_own_words(message: json.Json) -> json.Json:
    """Return a message without Slack's sentence about a file, as it was written until 2018."""
    kind, file = json.as_word(message.get("subtype")), json.as_object(message.get("file"))
    if kind == "file_share" and file:
        comment = json.as_object(file.get("initial_comment"))
        return message | {"text": comment.get("comment"), "files": [file]}
    if kind == "file_comment" and (comment := json.as_object(message.get("comment"))):
        own = {"user": comment.get("user"), "text": comment.get("comment"), "subtype": None}
        return message | own
    return message


def _home(source: Source) -> str | None:
    users = (name for name in source.members if f"/{name}".endswith(f"/{_PEOPLE}"))
    homes = (name.removesuffix(_PEOPLE) for name in users)
    return next((home for home in homes if _lists(source, home)), None)


def _lists(source: Source, home: str) -> list[str]:
    names = (f"{home}{name}" for name in ("channels.json", "groups.json", *_UNNAMED))
    return [name for name in names if name in source.members]


def _learned(content: Content, add: Callable[[json.Json], None]) -> Iterator[Found[SlackChannel]]:
    for value in json.Window(content).values(()):
        if isinstance(value, dict):
            add(value)
    yield from ()


def _place_of(file: json.Json, workspace: Workspace) -> str:
    if name := workspace.files.get(json.as_word(file.get("id")) or ""):
        return name
    # The token behind the address of a file opens it to anybody.
    return (json.as_word(file.get("url_private")) or "").partition("?")[0]


def _name(user: json.Json) -> str | None:
    profile = json.as_object(user.get("profile"))
    names = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"))
    return next(
        filter(None, map(json.as_word, (*names, user.get("name"), profile.get("name")))), None
    )


def _sign(reaction: json.Json) -> tuple[object, object]:
    name = json.as_word(reaction.get("name"))
    plain = name.partition("::")[0] if name else ""
    return name and _EMOJI.get(plain, f":{plain}:"), reaction.get("count")


def _text(message: json.Json, names: Mapping[str, str]) -> str:
    text = message.get("text")
    if not isinstance(text, str) or not text.strip():
        return "".join(_rich_texts(json.listed(message, "blocks"), names))
    if "<" in text:
        text = _MARK.sub(lambda match: _shown(match[1], names), text)
    # Slack writes no other entities; `&amp;` is the last, since it may stand before another.
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _shown(mark: str, names: Mapping[str, str]) -> str:
    target, _, label = mark.partition("|")
    match target[:1]:
        case "@":
            return f"@{names.get(target[1:]) or label or target[1:]}"
        case "#":
            return f"#{label or names.get(target[1:]) or target[1:]}"
        case "!":
            return label or f"@{target[1:]}"
    return written_out(label, target) if label else target


def _rich_texts(values: list[object], names: Mapping[str, str], depth: int = 0) -> Iterator[str]:
    for element in map(json.as_object, values if depth < 10 else ()):
        ids = map(json.as_word, (element.get("user_id"), element.get("channel_id")))
        match element.get("type"), next(filter(None, ids), None):
            case "user" | "channel" as kind, str() as number:
                yield _shown(f"{'@' if kind == 'user' else '#'}{number}", names)
            case "emoji", _:
                yield f":{element.get('name')}:"
            case "broadcast", _:
                yield f"@{element.get('range')}"
            case "link", _:
                target = json.as_word(element.get("url")) or ""
                yield written_out(json.as_word(element.get("text")) or target, target)
            case "text", _:
                yield str(element.get("text") or "")
        yield from _rich_texts(json.listed(element, "elements"), names, depth + 1)


FORMAT: Final = Slack().format()
ANSWERS_FORMAT: Final = SlackAnswers().format()
