"""Chats that are a list of messages with a sender, a time and a text, described as data.

A path such as `content/parts/*` leads to a value: `*` stands for each item, `^` at its beginning
for values around the messages instead of in a message. Sources: files and readers of public
projects, and for Element, TwitchDownloader, QQChatExporter, SMS Backup & Restore and
WhatsApp-Chat-Exporter, the program that writes them.
"""

import posixpath
import re
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from html import unescape
from itertools import chain
from typing import ClassVar, Final, NamedTuple

from saywho.errors import BrokenFileError, FileError, Message
from saywho.formats.chats.chat_files import NONE, Attachments, attachments_of
from saywho.formats.chats.discord import time_of, written_out
from saywho.formats.chats.json_chat import ChatMessage, Found, JsonChat, Skip
from saywho.formats.chats.reactions import reactions_in, reactions_of, written_at
from saywho.formats.post import ReplyTarget
from saywho.formats.reading import BadRecord
from saywho.formats.records import FileRoom
from saywho.formats.source.file import Content, Source, bare_head
from saywho.formats.source.html import html_to_text
from saywho.formats.source.json import (
    Json,
    Window,
    as_object,
    as_word,
    listed,
    load,
    objects,
    unit_of,
    value_at,
    values_at,
)
from saywho.formats.source.xml import Fields, elements
from saywho.text import clean_title

_LONGEST_ABOUT: Final = 64 * 1024
"""Characters of a value beside the messages that is looked at."""
_MOST_VERSIONS: Final = 20_000
"""Number of edited messages of which the last version counts."""
Clean = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatShape:
    """Places of an app's chats in a file, and of the contents of their messages."""

    name: str
    label: Message
    marks: tuple[str, ...]
    """Parts that a file's beginning has without blanks, all of them."""
    lists: Collection[str] = ()
    """Keys with the file's list; `*` for each value of an object, none for lines or an array."""
    inner: tuple[str, ...] = ("",)
    """Paths from an item of that list to its messages."""
    branches: tuple[str, str, str] | None = None
    """Paths in an item to the last kept message's id, if any, and to all nodes, and in a node to
    its parent.

    Messages of nodes that do not lead to the last one are versions that were given up.
    """
    keys: tuple[str, ...] = ()
    """Paths that some of the first messages has; empty if the marks are enough."""
    sender: tuple[str, ...]
    called: Clean = str
    username: tuple[str, ...] = ()
    """Paths of the sender's account, if it is not the name."""
    account: str = ""
    """Path of the sender's lasting id."""
    people: tuple[str, str, str] | None = None
    """Path around the messages to people, and in each to the id and the name."""
    roles: Mapping[str, str] = field(default_factory=dict)
    """Names by sender, empty for who exported; messages of other senders are the app's."""
    is_own: Callable[[Json], bool] = lambda _: False
    """Whether who exported wrote a message."""
    time: tuple[str, ...] = ("timestamp",)
    moment: Callable[[object], object] = lambda stated: stated
    text: tuple[str, ...] | Callable[[Json], str] = ("text",)
    clean: Clean = str
    id: str = "id"
    reply: str = ""
    said: Mapping[str, Collection[object]] = field(default_factory=dict)
    """Values at paths that words of people have; messages with other values are the app's."""
    left_out: Mapping[str, Skip] = field(default_factory=dict)
    """Why a message is left out, by a path with anything but false, zero or nothing, or with the
    word behind its equals sign.
    """
    files: str = ""
    """Path of the names or addresses of attached files."""
    reactions: Callable[[Json], tuple[object, object]] | None = None
    """Sign and number of each of a message's `reactions`."""
    written: str = ""
    """Path of the time of the reactions."""
    title: tuple[str, ...] | Callable[[Json], str] = ("^title",)
    """Paths, or a function of what is around the messages."""
    chat_id: tuple[str, ...] = ()
    newer: tuple[str, str, str] | None = None
    """Key of a message's content, in which another version stands, and paths to that version and
    to the id of the message that it replaces.
    """
    began: int | None = None
    """First year of the service."""
    platform: str = ""
    """The app of the chats, if another format is called so."""
    has_unique_ids: bool = False
    """Whether the app has each id of a message once, in whatever chat."""
    beside: str = ""
    """Name of a file beside, which the path `^beside` leads into."""
    is_in_order: bool = True
    """Whether the oldest message comes first."""


class _Chat(NamedTuple):
    about: Json
    names: Mapping[str, str]
    file: str
    given_up: Collection[str] = ()
    """Ids of messages that another version replaces."""

    def word(self, message: Json, paths: Sequence[str]) -> str:
        """Return the first filled string or number at the paths."""
        for path in paths:
            is_around = path.startswith("^")
            for value in values_at(self.about if is_around else message, path.removeprefix("^")):
                if isinstance(value, str | int) and (word := str(value).strip()):
                    return word
        return ""


_NO_CHAT: Final = _Chat({}, {}, "")


class ShapedChats(JsonChat[_Chat]):
    """Reads the chats of one shape."""

    file_name = ".json"
    ends: ClassVar[tuple[str, ...]] = (".json", ".jsonl", ".ndjson")

    def __init__(self, shape: ChatShape) -> None:
        self.shape = shape
        self.name, self.label = shape.name, shape.label  # type: ignore[misc]
        self.is_in_order, self.began = shape.is_in_order, shape.began  # type: ignore[misc]
        self.reactions_key = "reactions" if shape.reactions else ""  # type: ignore[misc]
        text = () if callable(shape.text) else shape.text[:1]
        self._keys = shape.keys or (*shape.sender[:1], *shape.time[:1], *text)

    def recognises(self, content: Content) -> bool:
        with suppress(FileError):
            head = bare_head(content)
            has_marks = all(mark in head for mark in self.shape.marks)
            return has_marks and (not self.shape.keys or super().recognises(content))
        return False

    def parts(
        self, source: Source, contents: Sequence[Content]
    ) -> Iterator[Iterator[Found[_Chat]]]:
        for content in contents:
            name = posixpath.normpath(posixpath.join(content.name, "..", self.shape.beside))
            if self.shape.beside and source.has_members and name in source.members:
                source.expect([name])
                with suppress(FileError):
                    about: Json = {"beside": self._about(source.member(name))}
                    yield self.found(content, about, name.rpartition("/")[0])
                    continue
            yield self.found(content)

    def is_message(self, message: Json, _chat: _Chat) -> bool:
        return not self.shape.keys or self._has_keys(message)

    def _has_keys(self, message: Json) -> bool:
        return all(any(True for _ in values_at(message, key)) for key in self._keys)

    def found(
        self, content: Content, beside: Json | None = None, folder: str = ""
    ) -> Generator[Found[_Chat], None, None]:
        newer = self._newer(content)
        for around, whole, place in self._values(content):
            about, value = around | (beside or {}), self._newest(whole, newer)
            if self.shape.inner == ("",) or not isinstance(value, dict):
                chat = _Chat(about, {}, folder or content.name)
                yield Found(chat, value, place)
                continue
            around = about | value
            for path in self.shape.left_out:
                if path.startswith("^") and path[1:] in value:
                    content.notes.leave("column", path[1:])
            chat = _Chat(around, self._names(around), folder or content.name, self._given_up(value))
            for message in chain.from_iterable(values_at(value, path) for path in self.shape.inner):
                # DeepSeek's messages are in nodes, of which the root has none.
                is_node = self.shape.branches is not None and not self.shape.branches[0]
                if isinstance(message, dict) and not (is_node and not self._has_keys(message)):
                    yield Found(chat, message)

    def _newer(self, content: Content) -> Mapping[str, Json]:
        """Return the last version of each edited message, by its id; the file is read twice."""
        versions: dict[str, Json] = {}
        if self.shape.newer is None:
            return versions
        _, version, old = self.shape.newer
        with suppress(BrokenFileError):
            for _, value, _ in self._values(content.uncounted):
                number = value_at(value, old) if any(values_at(value, version)) else None
                if isinstance(value, dict) and isinstance(number, str):
                    known = versions.get(number, {})
                    if self._stated(known) <= self._stated(value) and (
                        known or len(versions) < _MOST_VERSIONS
                    ):
                        versions[number] = value
        return versions

    def _stated(self, message: Json) -> str:
        return str(next(chain.from_iterable(values_at(message, at) for at in self.shape.time), ""))

    def _newest(self, value: object, newer: Mapping[str, Json]) -> object:
        if self.shape.newer is None or not isinstance(value, dict):
            return value
        key, path, _ = self.shape.newer
        version = newer.get(str(value.get(self.shape.id)))
        words = as_object(value_at(version, path)) if version else {}
        names = {_NO_CHAT.word(as_object(each), self.shape.sender) for each in (version, value)}
        if not words or len(names) > 1:  # Nobody edits the words of another.
            return value
        return value | {key: as_object(value.get(key)) | words}

    def _names(self, around: Json) -> Mapping[str, str]:
        if self.shape.people is None:
            return {}
        people, number, name = self.shape.people
        pairs = (
            (value_at(person, number), value_at(person, name))
            for person in values_at(around, people)
        )
        return {
            str(number): name
            for number, name in pairs
            if isinstance(number, str | int) and isinstance(name, str) and name
        }

    def _given_up(self, item: Json) -> Collection[str]:
        if self.shape.branches is None:
            return ()
        last, nodes, parent = self.shape.branches
        key = self.shape.id or "id"
        known = [node for node in map(as_object, values_at(item, nodes)) if as_word(node.get(key))]
        parents = {str(node[key]): value_at(node, parent) for node in known}
        at = value_at(item, last) if last else None
        answered = [each for each in parents.values() if isinstance(each, str)]
        if not (isinstance(at, str) and at in parents) and len({*answered}) < len(answered):
            # Two answer one: without a word of the file, the newest end is the last one.
            ends = [node for node in known if node[key] not in parents.values()]
            at = max(ends, key=self._stated, default={}).get(key)
        given_up = {*parents} if isinstance(at, str) and at in parents else set()
        while isinstance(at, str) and at in given_up:
            given_up.remove(at)
            at = parents[at]
        return given_up

    def _values(self, content: Content) -> Iterator[tuple[Json, object, int]]:
        if "*" in self.shape.lists:
            window = Window(content)
            for key in window.each_key() if window.mark() == "{" else ():
                is_list = window.mark() == "["
                for value in window.items() if is_list else [window.value()]:
                    yield {"key": key}, value, 0
            return
        about = self._about(content) if self.shape.lists else {}
        is_line = unit_of(content) == "line"
        for item in objects(content, lists=self.shape.lists):
            if isinstance(item, BadRecord):
                yield about, item.value, item.place
            else:
                yield about, item[1], item[0] if is_line else 0

    def _about(self, content: Content) -> Json:
        about: Json = {}
        with suppress(BrokenFileError):
            window = Window(content.beginning)
            for key in window.each_key() if window.mark() == "{" else ():
                if key in self.shape.lists:
                    break
                raw = window.raw()
                about[key] = load(raw) if len(raw) < _LONGEST_ABOUT else None
        return about

    def said(self, message: Json, chat: _Chat) -> ChatMessage | Skip:
        shape = self.shape
        for path, values in shape.said.items():
            if any(value not in values for value in values_at(message, path)):
                return "system"
        for condition, reason in shape.left_out.items():
            path, _, word = condition.removeprefix("^").partition("=")
            found = values_at(chat.about if condition.startswith("^") else message, path)
            if any(value == word if word else value for value in found):
                return reason
        number = chat.word(message, (shape.id,)) if shape.id else ""
        if number in chat.given_up:
            return "older"
        name = chat.word(message, shape.sender)
        name = shape.called(chat.names.get(name, name))
        is_own = shape.is_own(message)
        if shape.roles and not is_own:
            if name not in shape.roles:
                return "system"
            name = shape.roles[name]
            is_own = not name
        if not (name or is_own):
            is_apps = shape.account and shape.account.partition("/")[0] not in message
            return "system" if is_apps else "deleted"
        answered = chat.word(message, (shape.reply,)) if shape.reply else ""
        room = self._room(message, chat)
        prefix = "" if shape.has_unique_ids else f"{room.external_id or room.name}:"
        times = chain.from_iterable(values_at(message, path) for path in shape.time)
        return ChatMessage(
            text=shape.clean(self._text(message)),
            name="You" if is_own else name,
            username=None if is_own else chat.word(message, shape.username),
            author_id=chat.word(message, (shape.account,)) or None if shape.account else None,
            time=shape.moment(next(filter(None, times), None)),
            source_id=f"{prefix}{number}" if number else None,
            reply_to=ReplyTarget(f"{prefix}{answered}") if answered else None,
            attached=self._attached(message, chat),
            counts=shape.reactions
            and reactions_of(
                map(shape.reactions, reactions_in(message)),
                written_at(value_at(chat.about, shape.written)),
            ),
            room=room,
        )

    def _attached(self, message: Json, chat: _Chat) -> Attachments:
        if not self.shape.files:
            return NONE
        names = (name for name in values_at(message, self.shape.files) if isinstance(name, str))
        return attachments_of(names, chat.file.rpartition("/")[0])

    def _text(self, message: Json) -> str:
        if callable(self.shape.text):
            return self.shape.text(message)
        for path in self.shape.text:
            if parts := [
                part for part in values_at(message, path) if isinstance(part, str) and part
            ]:
                return "".join(parts)
        return ""

    def _room(self, message: Json, chat: _Chat) -> FileRoom:
        shape, number = self.shape, clean_title(chat.word(message, self.shape.chat_id))
        stated = shape.title
        title = stated(chat.about) if callable(stated) else chat.word(message, stated)
        return FileRoom(
            platform=shape.platform or self.name,
            name=clean_title(title) or "",
            external_id=number,
            file="" if number else chat.file,
        )


_OF_OTHERS: Final = re.compile(
    r"(?m:^)(?:@_?\*\*[^*\n]{1,200}\*\*[^\n]*+\n)?(?P<fence>`{3,9}|~{3,9}) ?quote\n"
    r".*?(?:\n(?P=fence)[ \t]*(?:\n|\Z)|\Z)|"
    r"\A(?:\[[\s\u200b]{0,9}\]\([^()\s]{1,1000}\)\s*+)++|\AEdited previous message: |"
    r"<quote\b.*?(?:</quote>|\Z)|<legacyquote\b.*?(?:</legacyquote>|\Z)|<e_m\b[^<>]*>|"
    r"<blockquote\b[^<>]*Reply.*?(?:</blockquote>|\Z)|<attachment\b.*?(?:</attachment>|\Z)|"
    r'<p><span class="user-mention silent"[^<>]*>[^<>]*</span> <a [^<>]*>[^<>]*</a>:</p>',
    re.DOTALL,
)
"""Quotations and marks of edits of Skype, Teams, Zulip and Rocket.Chat, in Markdown and HTML.

An open quotation reaches to the end of the message: to look for an end from each beginning takes
long.
"""


def _own_html(text: str) -> str:
    own = _OF_OTHERS.sub("", text)
    return html_to_text(own) if "<" in own or "&" in own else own


_RECEIVED: Final = "1"
_SENDING: Final = ("__sender_address/__display_name", "__sender_address/address")


def _joined(texts: Iterable[object], between: str = "\n\n") -> str:
    return between.join(text for text in texts if isinstance(text, str) and text)


def _sms_text(message: Json) -> str:
    parts = map(as_object, listed(message, "__parts"))
    texts = (part.get("text") for part in parts if part.get("ct") == "text/plain")
    return _joined((message.get("body"), *texts), "\n")


def _chatgpt_text(message: Json) -> str:
    parts = values_at(message, "content/parts/*")
    return _joined((part.get("text") if isinstance(part, dict) else part for part in parts), "\n")


def _deepseek_text(message: Json) -> str:
    parts = [as_object(part) for part in listed(message, "fragments")]
    said = [part.get("content") for part in parts if part.get("type") in {"REQUEST", "RESPONSE"}]
    return _joined(said or [message.get("content")])


_CALLED: Final = ("nickname", "global_name", "name", "username")


def _discord_text(message: Json) -> str:
    people = map(as_object, listed(message, "mentions"))
    names = {str(person.get("id")): _NO_CHAT.word(person, _CALLED) for person in people}
    known = {number: name for number, name in names.items() if name}
    content = message.get("content")
    return written_out(content, known) if isinstance(content, str) else ""


def _discord_title(about: Json) -> str:
    name, server = _NO_CHAT.word(about, ("channel/name",)), _NO_CHAT.word(about, ("guild/name",))
    # The exporter writes the id 0 for a direct chat, which is on no server.
    return f"{server} #{name}" if server and value_at(about, "guild/id") != "0" else name


def _discord_sign(reaction: Json) -> tuple[object, object]:
    emoji = as_object(reaction.get("emoji"))
    name = as_word(emoji.get("name"))
    return f":{name}:" if name and as_word(emoji.get("id")) else name, reaction.get("count")


_FALLBACK: Final = re.compile(r"\A(?:> .*\n)+\n")


def _element_text(message: Json) -> str:
    text = str(next(values_at(message, "content/body"), ""))
    is_answer = any(values_at(message, "content/m.relates_to/m.in_reply_to/event_id"))
    return _FALLBACK.sub("", text) if is_answer else text


def _qq_text(message: Json) -> str:
    content = message.get("content")
    if not isinstance(content, dict):
        return content if isinstance(content, str) else ""
    elements = [as_object(element) for element in listed(content, "elements")]
    if not elements:
        return str(content.get("text") or "")
    signs = {"text": "text", "face": "name", "at": "name"}
    data = ((str(element.get("type")), as_object(element.get("data"))) for element in elements)
    return "".join(str(of.get(signs[kind]) or "") for kind, of in data if kind in signs)


def _youtube_text(message: Json) -> str:
    parts = []
    for run in map(as_object, values_at(message, "message/runs/*")):
        emoji = as_object(run.get("emoji"))
        name = next(values_at(emoji, "shortcuts/*"), "")
        sign = name if emoji.get("isCustomEmoji") else emoji.get("emojiId")
        parts.append(str(run.get("text") or sign or ""))
    return "".join(parts)


_LINE_BREAK: Final = re.compile(r"<br ?/?>")
_PREFIX: Final = re.compile(r"\A\d{1,2}:")

_QQ: Final = ChatShape(
    name="qq",
    label=Message("QQ (QQChatExporter)"),
    marks=('"name":"QQChatExporter', '"chatInfo":{'),
    lists=("messages",),
    keys=("sender", "content", "timestamp"),
    sender=("sender/groupCard", "sender/remark", "sender/name", "sender/uin"),
    account="sender/uin",
    text=_qq_text,
    left_out={"recalled": "deleted", "system": "system"},
    title=("^chatInfo/name",),
)
SHAPES: Final = (
    ChatShape(
        name="chatgpt",
        label=Message("ChatGPT"),
        marks=('"mapping":{', '"author":{"role":'),
        inner=("mapping/*/message",),
        branches=("current_node", "mapping/*", "parent"),
        keys=("author/role", "content"),
        sender=("author/role",),
        roles={"user": "", "assistant": "ChatGPT"},
        time=("create_time",),
        text=_chatgpt_text,
        said={"content/content_type": ("text", "multimodal_text")},
        left_out={"metadata/is_visually_hidden_from_conversation": "system"},
        chat_id=("^conversation_id", "^id"),
    ),
    ChatShape(
        name="claude",
        label=Message("Claude"),
        marks=('"chat_messages":[', '"uuid":'),
        inner=("chat_messages/*",),
        branches=("current_leaf_message_uuid", "chat_messages/*", "parent_message_uuid"),
        keys=("uuid", "sender"),
        sender=("sender",),
        roles={"human": "", "assistant": "Claude"},
        time=("created_at",),
        text=lambda said: _joined(values_at(said, "content/*/text")) or _joined([said.get("text")]),
        id="uuid",
        title=("^name",),
        chat_id=("^uuid",),
    ),
    ChatShape(
        name="open-webui",
        label=Message("Open WebUI"),
        marks=('"chat":{', '"history":{', '"childrenIds":['),
        inner=("chat/history/messages/*",),
        branches=("chat/history/currentId", "chat/history/messages/*", "parentId"),
        keys=("role", "content", "parentId"),
        sender=("role",),
        roles={"user": "", "assistant": "Assistant"},
        text=("content",),
        chat_id=("^id",),
    ),
    ChatShape(
        name="librechat",
        label=Message("LibreChat"),
        marks=('"conversationId":"', '"isCreatedByUser":'),
        lists=("messages",),
        keys=("messageId", "isCreatedByUser", "sender"),
        sender=("sender",),
        is_own=lambda message: message.get("isCreatedByUser") is True,
        time=("createdAt",),
        text=("text", "content/*/text"),
        id="messageId",
        chat_id=("conversationId", "^conversationId"),
    ),
    ChatShape(
        name="grok",
        label=Message("Grok"),
        marks=('"conversations":[', '"responses":[{"response":{', '"sender":"'),
        lists=("conversations",),
        inner=("responses/*/response",),
        keys=("sender", "message", "create_time"),
        sender=("sender",),
        called=str.casefold,
        roles={"human": "", "assistant": "Grok"},
        time=("create_time/$date/$numberLong", "create_time"),
        text=("message",),
        id="_id",
        title=("^conversation/title",),
        chat_id=("^conversation/id",),
    ),
    ChatShape(
        name="ai-studio",
        label=Message("Google AI Studio"),
        marks=('"runSettings":{', '"chunkedPrompt":{"chunks":['),
        inner=("chunkedPrompt/chunks/*",),
        keys=("role",),
        sender=("role",),
        roles={"user": "", "model": "Gemini"},
        time=("createTime",),
        left_out={"isThought": "system"},
    ),
    ChatShape(
        name="deepseek",
        label=Message("DeepSeek"),
        marks=('"inserted_at":"', '"mapping":{"root":{'),
        inner=("mapping/*",),
        branches=("", "mapping/*", "parent"),
        keys=("message/inserted_at", "message/model"),
        sender=("message/role", "message/fragments/*/type"),
        called=str.upper,
        roles={
            **dict.fromkeys(("USER", "REQUEST"), ""),
            **dict.fromkeys(("ASSISTANT", "THINK", "SEARCH", "RESPONSE"), "DeepSeek"),
        },
        time=("message/inserted_at",),
        text=lambda node: _deepseek_text(as_object(node.get("message"))),
        chat_id=("^id",),
    ),
    ChatShape(
        name="google-chat",
        label=Message("Google Chat"),
        marks=('"creator":{"name":', '"created_date":'),
        lists=("messages",),
        keys=("creator/name", "created_date"),
        sender=("creator/name",),
        account="creator/email",
        time=("created_date",),
        id="message_id",
        left_out={"deletion_metadata": "deleted"},
        said={"creator/user_type": ("Human",)},
        title=("^beside/name",),
        beside="group_info.json",
    ),
    ChatShape(
        name="google-chat-messages",
        label=Message("Google Chat"),
        marks=('"name":"spaces/', '"createTime":"', '"sender":{'),
        lists=("messages",),
        keys=("name", "sender/name", "createTime"),
        sender=("sender/displayName", "sender/name"),
        account="sender/name",
        time=("createTime",),
        id="name",
        reply="quotedMessageMetadata/name",
        said={"sender/type": ("HUMAN",)},
        left_out={"deleteTime": "deleted", "deletionMetadata": "deleted"},
        title=("space/displayName",),
        chat_id=("space/name",),
        is_in_order=False,
    ),
    ChatShape(
        name="discord",
        label=Message("Discord"),
        marks=('"channel":{', '"messages":['),
        lists=("messages",),
        keys=("id", "type", "timestamp", "author", "content"),
        sender=("author/nickname", "author/name"),
        username=("author/name",),
        account="author/id",
        moment=time_of,
        text=_discord_text,
        reply="reference/messageId",
        # 0 and 19 are the numbers of the other two types; the app writes messages of any other.
        said={"type": ("Default", "Reply", "0", "19")},
        left_out={
            "author/isBot": "system",
            "reference/type=Forward": "repost",
            "forwardedMessage": "repost",
            "author/name=Deleted User": "deleted",
        },
        files="attachments/*/url",
        reactions=_discord_sign,
        written="exportedAt",
        title=_discord_title,
        chat_id=("^channel/id",),
        began=2015,
        has_unique_ids=True,
    ),
    ChatShape(
        name="discord-messages",
        label=Message("Discord"),
        marks=('"channel_id":"', '"author":{', '"edited_timestamp":'),
        lists=("messages",),
        keys=("id", "type", "content", "channel_id", "author/id", "timestamp"),
        sender=("author/username",),
        account="author/id",
        text=_discord_text,
        reply="message_reference/message_id",
        said={"type": (0, 19)},
        left_out={"author/bot": "system", "webhook_id": "system", "message_snapshots": "repost"},
        chat_id=("channel_id",),
        platform="discord",
        has_unique_ids=True,
        is_in_order=False,
    ),
    ChatShape(
        name="groupme",
        label=Message("GroupMe"),
        marks=('"sender_type":"', '"source_guid":'),
        lists=("messages", "response"),
        inner=("", "messages/*", "direct_messages/*"),
        keys=("created_at", "sender_type", "name"),
        sender=("name",),
        account="user_id",
        time=("created_at",),
        reply="attachments/*/reply_id",
        said={"sender_type": ("user",), "system": (False,)},
        title=("^beside/name",),
        chat_id=("group_id", "chat_id", "conversation_id"),
        beside="conversation.json",
        is_in_order=False,
    ),
    ChatShape(
        name="hangouts",
        label=Message("Google Hangouts"),
        marks=('"conversations":[', '"conversation_id":{', '"participant_'),
        lists=("conversations",),
        inner=("events/*",),
        keys=("sender_id/gaia_id", "timestamp"),
        sender=("sender_id/gaia_id",),
        account="sender_id/gaia_id",
        people=("conversation/conversation/participant_data/*", "id/gaia_id", "fallback_name"),
        text=("chat_message/message_content/segment/*/text",),
        id="event_id",
        title=("^conversation/conversation/name",),
        chat_id=("^conversation/conversation_id/id",),
        is_in_order=False,
    ),
    ChatShape(
        name="teams",
        label=Message("Microsoft Teams"),
        marks=('"messageType":"', '"createdDateTime":', '"body":{"cont'),
        lists=("value", "messages"),
        inner=("", "replies/*"),
        keys=("messageType", "createdDateTime", "body/content"),
        sender=("from/user/displayName",),
        account="from/user/id",
        time=("createdDateTime",),
        text=("body/content",),
        clean=_own_html,
        reply="replyToId",
        said={"messageType": ("message",)},
        left_out={"deletedDateTime": "deleted", "from/application": "system"},
        title=("^topic",),
        chat_id=("chatId", "channelIdentity/channelId"),
        is_in_order=False,
    ),
    ChatShape(
        name="skype",
        label=Message("Skype"),
        marks=('"conversations":[', '"MessageList":['),
        lists=("conversations",),
        inner=("MessageList/*",),
        keys=("originalarrivaltime", "content", "from"),
        sender=("displayName", "from"),
        called=lambda name: _PREFIX.sub("", name),
        account="from",
        time=("originalarrivaltime",),
        text=("content",),
        clean=_own_html,
        said={"messagetype": ("RichText", "Text", "RichText/Html")},
        title=("^displayName", "^threadProperties/topic"),
        chat_id=("^id",),
        is_in_order=False,
    ),
    ChatShape(
        name="snapchat",
        label=Message("Snapchat"),
        marks=('"MediaType":"', '"Created":"'),
        lists=("*",),
        keys=("Media Type", "Created"),
        sender=("From",),
        is_own=lambda message: "From" not in message,
        time=("Created",),
        text=("Content", "Text"),
        clean=unescape,
        said={"Media Type": ("TEXT",)},
        title=("Conversation Title", "To", "^key"),
        chat_id=("^key",),
        is_in_order=False,
    ),
    ChatShape(
        name="element",
        label=Message("Element (Matrix)"),
        marks=('"type":"m.room.', '"sender":"@', '"content":{'),
        lists=("messages", "chunk"),
        keys=("type", "sender", "content"),
        sender=("sender",),
        account="sender",
        time=("origin_server_ts",),
        text=_element_text,
        id="event_id",
        reply="content/m.relates_to/m.in_reply_to/event_id",
        said={"type": ("m.room.message",), "content/msgtype": ("m.text", "m.emote")},
        left_out={"content/m.new_content": "older"},
        newer=("content", "content/m.new_content", "content/m.relates_to/event_id"),
        title=("^room_name",),
        chat_id=("room_id",),
    ),
    ChatShape(
        name="mattermost",
        label=Message("Mattermost"),
        marks=('"type":"version"', '"version":1'),
        inner=("post", "post/replies/*", "direct_post", "direct_post/replies/*"),
        sender=("user",),
        time=("create_at",),
        text=("message",),
        left_out={"^direct_post": "restricted"},
        title=("^post/channel",),
        chat_id=("^post/channel",),
    ),
    ChatShape(
        name="mattermost-posts",
        label=Message("Mattermost"),
        marks=('"order":[', '"posts":{'),
        inner=("posts/*",),
        keys=("user_id", "channel_id", "message", "create_at"),
        sender=("user_id",),
        account="user_id",
        people=("users/*", "id", "username"),
        time=("create_at",),
        text=("message",),
        reply="root_id",
        said={"type": ("",)},
        left_out={"delete_at": "deleted"},
        title=("^channel/display_name",),
        chat_id=("channel_id",),
        is_in_order=False,
    ),
    ChatShape(
        name="rocketchat",
        label=Message("Rocket.Chat"),
        marks=('"rid":"', '"msg":"', '"u":{"_id":'),
        lists=("messages",),
        keys=("rid", "msg", "u/_id"),
        sender=("u/name", "u/username"),
        account="u/_id",
        time=("ts/$date", "ts"),
        text=("msg",),
        clean=lambda text: _OF_OTHERS.sub("", text),
        id="_id",
        reply="tmid",
        left_out={"t": "system", "bot": "system"},
        title=("^name", "^channel/name"),
        chat_id=("rid",),
        is_in_order=False,
    ),
    ChatShape(
        name="zulip",
        label=Message("Zulip"),
        marks=('"sender_full_name":"', '"display_recipient":'),
        lists=("messages",),
        keys=("sender_full_name", "display_recipient", "content"),
        sender=("sender_full_name",),
        account="sender_id",
        text=("content",),
        clean=lambda text: _own_html(text.replace("blockquote>", "quote>")).strip(),
        title=("display_recipient",),
        chat_id=("recipient_id",),
    ),
    _QQ,
    replace(
        _QQ,
        name="qq-chunks",
        marks=('"sender":{', '"elements":[', '"recalled":'),
        lists=(),
        keys=("sender/uin", "content/elements", "timestamp"),
        title=("^beside/chatInfo/name",),
        platform="qq",
        beside="../manifest.json",
    ),
    ChatShape(
        name="twitch",
        label=Message("Twitch (TwitchDownloader)"),
        marks=('"comments":[', '"commenter":{', '"message":{"body":'),
        lists=("comments",),
        keys=("commenter", "message/body", "created_at"),
        sender=("commenter/display_name", "commenter/name"),
        account="commenter/_id",
        time=("created_at",),
        text=("message/body",),
        id="_id",
        title=("^video/title", "^streamer/name"),
        chat_id=("content_id",),
    ),
    ChatShape(
        name="youtube-live",
        label=Message("YouTube live chat (yt-dlp)"),
        marks=('"replayChatItemAction":{', '"actions":['),
        inner=("replayChatItemAction/actions/*/addChatItemAction/item/*",),
        keys=("authorExternalChannelId", "timestampUsec"),
        sender=("authorName/simpleText",),
        account="authorExternalChannelId",
        time=("timestampUsec",),
        text=_youtube_text,
    ),
    ChatShape(
        name="whatsapp-exporter",
        label=Message("WhatsApp (WhatsApp-Chat-Exporter)"),
        marks=('"messages":{', '"from_me":', '"key_id":'),
        lists=("*",),
        inner=("messages/*",),
        keys=("from_me", "timestamp", "data"),
        sender=("sender", "^name", "^key"),
        is_own=lambda message: message.get("from_me") is True,
        text=lambda message: str(message.get("caption" if message.get("media") else "data") or ""),
        clean=lambda text: unescape(_LINE_BREAK.sub("\n", text)),
        id="key_id",
        reply="reply",
        left_out={"meta": "system", "sticker": "media"},
        title=("^name",),
        chat_id=("^key",),
    ),
    ChatShape(
        name="sms-json",
        label=Message("SMS (SMS Import / Export)"),
        marks=('"__', '"address":"', '"date":"', '"read":"'),
        keys=("date", "read"),
        sender=(*_SENDING, "__display_name", "address"),
        is_own=lambda message: message.get("type", message.get("msg_box")) != _RECEIVED,
        time=("date",),
        text=_sms_text,
        said={"type": ("1", "2"), "msg_box": ("1", "2")},
        title=("__display_name", "address"),
        chat_id=("thread_id", "address"),
        is_in_order=False,
    ),
)
_DRAFT: Final = "3"
_UNKNOWN: Final = frozenset({"(Unknown)", "null", ""})
SMS: Final = ChatShape(
    name="sms",
    label=Message("SMS (SMS Backup & Restore)"),
    marks=("<smses",),
    sender=("from",),
    is_own=lambda message: message["kind"] != _RECEIVED,
    time=("@date",),
    text=("@body", "text"),
    left_out={"is_draft": "deleted"},
    title=("other",),
    chat_id=("@address",),
    is_in_order=False,
)


_WRITER: Final = "137"
"""Type of the address of who wrote a text message."""


def _said_by(name: str, attributes: Mapping[str, str]) -> Fields:
    if attributes.get("ct") == "text/plain":  # A part of a text message.
        return {"text": attributes.get("text", "")}
    if name == "addr" and attributes.get("type") == _WRITER:
        return {"from": attributes.get("address", "")}
    return {}


class TextMessages(ShapedChats):
    """Reads the elements of XML as messages."""

    file_name = ".xml"
    ends = (".xml",)

    def found(
        self, content: Content, _beside: Json | None = None, _folder: str = ""
    ) -> Generator[Found[_Chat], None, None]:
        chat = _Chat({}, {}, content.name)
        for element in elements(content, frozenset({"sms", "mms"}), _said_by):
            if isinstance(element, BadRecord):
                yield Found(chat, element.value or element.detail)
                continue
            fields = element[1]
            kind = fields.get("@type") or fields.get("@msg_box", "")
            named = fields.get("@contact_name", "")
            other = fields.get("@address", "") if named in _UNKNOWN else named
            # In a group, the name is of everybody; only the number tells who wrote.
            sender = fields.get("from", other) if "~" in fields.get("@address", "") else other
            known = {"kind": kind, "is_draft": kind == _DRAFT, "other": other, "from": sender}
            yield Found(chat, {**fields, **known})


FORMATS: Final = (*(ShapedChats(shape).format() for shape in SHAPES), TextMessages(SMS).format())
