"""The open ChatLab format as JSON or JSON lines: rooms of many apps, converted by other programs.

Source: https://github.com/hellodigua/ChatLab, docs/en/standard/chatlab-format.md, version 0.0.1. A
line has a `_type` (`header`, `member` or `message`), or is a comment that begins with `#`.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import msgspec

from saywho.clock import now
from saywho.errors import BrokenFileError, Message
from saywho.formats.chats.chat_files import NONE, Attachments, attachments_of, find_rooms
from saywho.formats.chats.json_chat import ChatMessage, Found, JsonChat, Skip
from saywho.formats.post import MediumKind, ReplyTarget
from saywho.formats.records import ExportedPost, FileRoom, Writer
from saywho.formats.source.file import Content, Source
from saywho.formats.source.json import MAX_VALUE, Json, Window, as_object, as_word, load
from saywho.formats.source.text import first_lines, lines
from saywho.text import clean_title, json_lines, normalized

_GENERATOR: Final = "saywho"
_TEXT: Final = 0
_REPLY: Final = 25
_LINK: Final = 7
_KINDS: Final[dict[MediumKind, int]] = {"photo": 1, "audio": 2, "video": 3, "gif": 5, "link": _LINK}
_FILES: Final = frozenset({1, 2, 3, 4, 5})
"""Types that are pictures, sounds, videos, other files and stickers."""
_APP: Final = re.compile(r"[a-z][a-z0-9-]{0,15}")
_ME: Final = "Me"
_CAPTION: Final = re.compile(
    r"\[\w{1,20}\] [^\n]*? \u2014 (?!Transcription: )(?P<text>.+)", re.DOTALL
)
"""The words beside a file, as imessage-exporter writes them."""
_encoder: Final = msgspec.json.Encoder()


@dataclass(slots=True)
class ChatLabRoom:
    room: FileRoom
    folder: str = ""
    members: Collection[str] = ()
    is_own: bool = False
    """Whether this program wrote the file, with its posts' senders and ids."""
    names: dict[str, str] = field(default_factory=dict)

    def note_header(self, header: Json) -> None:
        self.is_own = as_object(header.get("chatlab")).get("generator") == _GENERATOR
        if "meta" in header:
            self.room = _room(as_object(header["meta"]))

    def note_member(self, member: Json) -> None:
        if (person := _id(member.get("platformId"))) and (name := _name(member)):
            self.names[person] = name

    def id_of(self, number: object) -> str | None:
        text = _id(number)
        if text is None or self.is_own:
            return text
        return f"{self.room.platform}:{self.room.external_id or self.room.name}:{text}"

    def attached(self, kind: object, content: object) -> Attachments:
        name = normalized(f"{self.folder}{content}") if isinstance(content, str) else ""
        is_file = isinstance(kind, int) and kind in _FILES
        return attachments_of([name]) if is_file and name in self.members else NONE


class ChatLab(JsonChat[ChatLabRoom]):
    name = "chatlab"
    label = Message("ChatLab")
    file_name = ".jsonl"
    reactions_key = ""

    def files(self, source: Source) -> list[Content]:
        return [file.content for file in find_rooms(source, (".json", ".jsonl"), _unit)]

    def unit(self, contents: Sequence[Content]) -> Literal["line", "record"]:
        return _unit(contents[0]) or "record"

    def parts(
        self, source: Source, contents: Sequence[Content]
    ) -> Iterator[Iterator[Found[ChatLabRoom]]]:
        for content in contents:
            folder = content.name[: content.name.rfind("/") + 1]
            room = ChatLabRoom(_room({}), folder, source.members)
            is_lines = _unit(content) == "line"
            yield _in_lines(content, room) if is_lines else _in_object(content, room)

    def said(self, message: Json, chat: ChatLabRoom) -> ChatMessage | Skip:
        person, kind = _id(message.get("sender")), message.get("type")
        if person == "system" and not chat.is_own:
            return "system"
        if kind == 26:
            return "repost"
        content = message.get("content")
        attached = chat.attached(kind, content)
        text = _words(content, kind)
        if not (text or attached.media):
            return _note(kind)
        name = _name(message) or chat.names.get(person or "") or person
        if not name:
            return "deleted"
        return ChatMessage(
            text="" if attached.media else text,
            name=name,
            username=person if chat.is_own else None if person == name == _ME else name,
            author_id=None if chat.is_own else person,
            time=message.get("timestamp"),
            source_id=chat.id_of(message.get("platformMessageId")),
            reply_to=ReplyTarget.of(chat.id_of(message.get("replyToMessageId")), None),
            attached=attached,
            room=chat.room,
        )


def _unit(content: Content) -> Literal["line", "record"] | None:
    for line in first_lines(content.uncounted)[:20]:
        if not line.lstrip("\ufeff").startswith("#"):
            value = load(line.lstrip("\ufeff"))
            if isinstance(value, dict) and value.get("_type") == "header" and _is_header(value):
                return "line"
            break
    try:
        window = Window(content.beginning)
        for key in window.each_key() if window.mark() == "{" else ():
            if key == "chatlab":
                return "record" if _is_header({key: load(window.raw())}) else None
            if window.mark() == "[":
                break  # It may be long, and the header stands before all lists.
            window.raw()
    except BrokenFileError:
        pass
    return None


def _is_header(value: Json) -> bool:
    return "version" in as_object(value.get("chatlab"))


def _in_lines(content: Content, room: ChatLabRoom) -> Iterator[Found[ChatLabRoom]]:
    for number, text, fault in lines(content, MAX_VALUE):
        line = text.lstrip("\ufeff").strip()
        if fault is None and (not line or line.startswith("#")):
            continue
        value = fault or load(line)
        if isinstance(value, dict) and value.get("_type") == "header":
            room.note_header(value)
        elif isinstance(value, dict) and value.get("_type") == "member":
            room.note_member(value)
        else:
            yield Found(room, value, number)


def _in_object(content: Content, room: ChatLabRoom) -> Iterator[Found[ChatLabRoom]]:
    window, about = Window(content), dict.fromkeys(("chatlab", "meta"))
    for key in window.each_list({"members", "messages"}, about):
        room.note_header(about)
        for value in window.items():
            if key == "messages":
                yield Found(room, value)
            else:
                room.note_member(as_object(value))


def _room(meta: Json) -> FileRoom:
    app = (as_word(meta.get("platform")) or "").lower()
    return FileRoom(
        platform=app if _APP.fullmatch(app) else ChatLab.name,
        name=clean_title(as_word(meta.get("name"))) or "",
        external_id=clean_title(_id(meta.get("groupId"))),
    )


def _words(text: object, kind: object) -> str:
    if not (isinstance(text, str) and text.strip() and isinstance(kind, int)):
        return ""
    if kind in _FILES and (caption := _CAPTION.fullmatch(text)):
        return caption["text"]
    is_address = "://" in text and len(text.split(maxsplit=1)) == 1
    return text if kind in {_TEXT, _REPLY} or (kind == _LINK and not is_address) else ""


def _note(kind: object) -> Skip:
    if not isinstance(kind, int):
        return "media"
    return "deleted" if kind == 81 else "system" if kind in {22, 23, 80} else "media"


def _name(value: Json) -> str | None:
    return as_word(value.get("groupNickname")) or as_word(value.get("accountName"))


def _id(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip() or None


FORMAT: Final = ChatLab().format()


def chatlab_writer(
    name: str, platform: str | None, people: Iterable[tuple[str, str | None]]
) -> Writer:
    names = {username: display_name or username for username, display_name in people}
    header = {
        "_type": "header",
        "chatlab": {
            "version": "0.0.1",
            "exportedAt": int(now().timestamp()),
            "generator": _GENERATOR,
        },
        "meta": {
            "name": name,
            "platform": platform or "unknown",
            "type": "private" if len(names) <= 2 else "group",
        },
    }
    members = (
        {"_type": "member", "platformId": username, "accountName": display_name}
        for username, display_name in names.items()
    )
    heading = json_lines(_encoder.encode_lines([header, *members]))

    def encode(posts: Mapping[int, ExportedPost]) -> bytes:
        return json_lines(_encoder.encode_lines(_message(post, names) for post in posts.values()))

    return Writer("jsonl", "application/x-ndjson", heading, encode)


def _message(post: ExportedPost, names: Mapping[str, str]) -> dict[str, object]:
    answered = post.reply_to.source_id if post.reply_to else None
    kind = _REPLY if answered else _TEXT
    if not post.text and post.media:
        kind = _KINDS[post.media[0].kind]
    message: dict[str, object] = {
        "_type": "message",
        "sender": post.username,
        "accountName": names.get(post.username, post.username),
        "timestamp": int(post.created_at.timestamp()) if post.created_at else None,
        "type": kind,
        "content": post.text or None,
    }
    ids = {"platformMessageId": post.source_id, "replyToMessageId": answered}
    return message | {key: value for key, value in ids.items() if value}
