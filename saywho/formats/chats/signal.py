"""Signal: `main.jsonl` of the export that phones make, and files of the program signal-export.

Phones: each line is an object with one key: an `account`, a `recipient` (a person or a group), a
`chat` with a recipient, or a `chatItem`, which follows the objects it names. Numbers are strings.
Source: https://github.com/signalapp/Signal-Desktop, protos/Backups.proto.

signal-export: `data.json` has a message on each line, and is preferred. In `chat.md` a message
begins with time and sender; quotes, reactions and files are among its words. Source:
https://github.com/carderne/signal-export, models.py and create.py.

sigtop: a text of fields, such as `From` and `Sent`, above the words of each message, or a line for
each message. Source: https://github.com/tbvdm/sigtop, fmt_text.go and fmt_text_short.go.
"""

import re
from base64 import b64encode
from collections import defaultdict
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from hashlib import sha256
from itertools import chain, pairwise
from typing import Any, Final, NamedTuple

from saywho.errors import BrokenFileError, Message, RecordError, UnrecognisedFileError
from saywho.formats.chats import json_chat
from saywho.formats.chats.chat_files import NONE, Attachments, RoomFile, attachments_of
from saywho.formats.chats.reactions import one_each, reactions_in, reactions_of, written_at
from saywho.formats.chats.text_chat import Grammar, Opening, Spoken, TextChat, messages, whole_lines
from saywho.formats.post import MIME_KINDS, Medium, ReplyTarget, as_count, digits
from saywho.formats.records import FileRoom, Item
from saywho.formats.source.file import Content, Source, head
from saywho.formats.source.json import Json, as_object, as_word, first_documents, listed, value_at
from saywho.formats.source.times import iso_time, time_or_field
from saywho.text import clean_title

_BACKUP: Final = re.compile(r"(?P<folder>(?:.*/)?signal-backup-[^/]+)/main")
_YOU: Final = "You"
_MENTION: Final = "\ufffc"
_NO_WORDS: Final = frozenset(
    ("stickerMessage", "contactMessage", "viewOnceMessage", "paymentNotification", "giftBadge")
)


class Contact(NamedTuple):
    name: str | None
    key: str
    room: FileRoom | None
    """The chat with them; None for a chat with oneself."""


_NOBODY: Final = Contact(None, "", None)


class AttachedFiles:
    """The files in the folder `files`, which messages name only by size and hash."""

    def __init__(self, source: Source) -> None:
        self._source, self.notes = source, source.notes
        self._names: dict[int, list[str]] = defaultdict(list)
        self._of_size = cache(self._hashes)
        for name, member in source.members.items():
            if "/files/" in f"/{name}":
                self._names[member.size].append(name)

    def name_of(self, pointer: Json) -> str | None:
        """Return a file's name, which may be missing; None for a pointer without a hash."""
        locator = as_object(pointer.get("locatorInfo"))
        digest, size = as_word(locator.get("plaintextHash")), digits(locator.get("size"))
        if not digest:
            return None
        names = self._of_size(int(size)) if size and len(size) <= 12 else {}
        return names.get(digest.rstrip("="), f"files/{digest}")

    def long_text(self, pointer: Json) -> str | None:
        """Return a long text, of which a message has the beginning; None if it is not here."""
        name = self.name_of(pointer) or ""
        if name not in self._source.members:
            return None
        self._source.expected.add(name)
        return head(self._source.medium(name).uncounted, 256 * 1024).decode(errors="replace")

    def _hashes(self, size: int) -> dict[str, str]:
        return {self._hash(name, size): name for name in self._names.get(size, ())}

    def _hash(self, name: str, size: int) -> str:
        """Return a file's hash as messages write it; empty for a damaged file.

        Reading stops soon after the stated size, because a file may be larger.
        """
        digest, read = sha256(), 0
        try:
            for chunk in self._source.medium(name).uncounted.chunks():
                digest.update(chunk)
                read += len(chunk)
                if read > size:
                    break
        except BrokenFileError:
            return ""
        return b64encode(digest.digest()).decode().rstrip("=")


@dataclass(slots=True)
class Book:
    """People and chats of the lines so far, by the numbers of this file."""

    files: AttachedFiles
    own_name: str | None = None
    written_at: datetime | None = None
    people: dict[str, Contact] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    rooms: dict[str, FileRoom | None] = field(default_factory=dict)

    def note(self, frame: Json) -> None:
        if "backupTimeMs" in frame:
            self.written_at = written_at(as_count(frame["backupTimeMs"]))
        elif account := as_object(frame.get("account")):
            self.own_name = _joined(account, "givenName", "familyName") or as_word(
                account.get("username")
            )
        elif recipient := as_object(frame.get("recipient")):
            number = str(recipient.get("id"))
            self.people[number] = person = self._person(recipient, number)
            if person.name:
                self.names[person.key] = person.name
        elif chat := as_object(frame.get("chat")):
            other = self.people.get(str(chat.get("recipientId")), _NOBODY)
            self.rooms[str(chat.get("id"))] = other.room

    def _person(self, recipient: Json, number: str) -> Contact:
        if "self" in recipient:
            return Contact(self.own_name or _YOU, "self", None)
        if group := as_object(recipient.get("group")):
            title = as_object(as_object(group.get("snapshot")).get("title")).get("title")
            return Contact(
                None, number, Signal.room(as_word(title), as_word(group.get("masterKey")))
            )
        contact = as_object(recipient.get("contact"))
        name, account = _contact_name(contact), as_word(contact.get("aci"))
        return Contact(name, account or number, Signal.room(name, account) if contact else None)

    def author(self, number: object) -> Contact:
        return self.people.get(str(number), _NOBODY)


class Signal(json_chat.JsonChat[Book]):
    name = "signal"
    label = Message("Signal")
    file_name = "main.jsonl"

    def files(self, source: Source) -> list[Content]:
        """Return the one file. Raises UnrecognisedFileError for an encrypted backup."""
        if backup := next(filter(None, map(_BACKUP.fullmatch, source.members)), None):
            raise UnrecognisedFileError(
                "{name} is an encrypted backup; in Signal's settings, export the chats instead",
                name=backup["folder"],
            )
        content = source.only_content(lambda name: name.rpartition("/")[2] == self.file_name)
        if content is None or not self.recognises(content):
            return []
        source.expect([content.name])
        return [content]

    def recognises(self, content: Content) -> bool:
        frames = {"recipient", "chat", "chatItem"}
        documents = first_documents(content.uncounted)
        return any(len(value) == 1 and not frames.isdisjoint(value) for value in documents)

    def parts(
        self, source: Source, contents: Sequence[Content]
    ) -> Iterator[Iterator[json_chat.Found[Book]]]:
        yield _chat_items(contents[0], Book(AttachedFiles(source)))

    def said(self, message: Json, chat: Book) -> json_chat.ChatMessage | json_chat.Skip:
        room = chat.rooms.get(str(message.get("chatId")))
        if room is None or "updateMessage" in message or "directionless" in message:
            return "system"
        # Whoever set a timer does not want the words to be kept.
        is_timed = (digits(message.get("expiresInMs")) or "0") != "0"
        if "remoteDeletedMessage" in message or is_timed:
            return "deleted"
        if not _NO_WORDS.isdisjoint(message):
            return "media"
        name, key, _ = chat.author(message.get("authorId"))
        if name is None:
            return "deleted"  # So is the account.
        standard = as_object(message.get("standardMessage"))
        story = as_object(message.get("directStoryReplyMessage"))
        text = standard.get("text") or as_object(story.get("textReply")).get("text")
        reactions = (*reactions_in(standard), *reactions_in(story))
        signs = (as_word(reaction.get("emoji")) for reaction in reactions)
        # An edited message has the time of its newest version, and its id of the first one.
        first = as_object(next(iter(listed(message, "revisions")), message))
        sent = as_count(first.get("dateSent"))
        return json_chat.ChatMessage(
            text=_text(as_object(text) | _long(standard, chat.files), chat),
            name=name,
            username=None if name == _YOU else name,
            author_id=key,
            time="None" if sent is None else sent,  # Without a time it is a bad record.
            source_id=f"{key}:{first.get('dateSent')}",
            reply_to=_answered(as_object(standard.get("quote")), chat),
            attached=_attached(standard, chat.files),
            counts=reactions_of(one_each(signs), chat.written_at),
            room=room,
        )


def _chat_items(content: Content, book: Book) -> Iterator[json_chat.Found[Book]]:
    for found in json_chat.found_lines(content, book):
        frame = found.value
        if not isinstance(frame, dict):
            yield found
        elif (item := frame.get("chatItem")) is None:
            book.note(frame)
        else:
            yield found._replace(value=as_object(item))


def _long(message: Json, files: AttachedFiles) -> Json:
    if not (pointer := as_object(message.get("longText"))):
        return {}
    if (whole := files.long_text(pointer)) is None:
        finding = Message("Long texts of which the file has only the beginning")
        files.notes.look_odd("words", finding, [str(value_at(message, "text/body"))])
        return {}
    return {"body": whole}


def _text(text: Json, book: Book) -> str:
    body = text.get("body")
    if not isinstance(body, str):
        return ""
    if _MENTION not in body:
        return body
    ranges = [as_object(part) for part in listed(text, "bodyRanges")]
    ranges.sort(key=lambda part: as_count(part.get("start")) or 0)
    accounts = (as_word(part.get("mentionAci")) for part in ranges if "mentionAci" in part)
    first, *parts = body.split(_MENTION)
    names = (book.names.get(account or "") for account in accounts)
    return first + "".join(f"@{next(names, None) or '?'}{part}" for part in parts)


def _attached(message: Json, files: AttachedFiles) -> Attachments:
    attached = []
    for attachment in map(as_object, listed(message, "attachments")):
        pointer = as_object(attachment.get("pointer"))
        type_ = as_word(pointer.get("contentType")) or ""
        if kind := MIME_KINDS.get(type_.partition("/")[0]):
            medium = Medium("gif" if type_ == "image/gif" else kind)
            attached.append((medium, files.name_of(pointer)))
    return Attachments(*map(tuple, zip(*attached, strict=True))) if attached else NONE


def _answered(quote: Json, book: Book) -> ReplyTarget | None:
    time = digits(quote.get("targetSentTimestamp"))
    if not time or time == "0":
        return None
    return ReplyTarget(f"{book.author(quote.get('authorId')).key}:{time}")


def _contact_name(contact: Json) -> str | None:
    nickname = as_object(contact.get("nickname"))
    return (
        _joined(nickname, "given", "family")
        or _joined(contact, "systemGivenName", "systemFamilyName")
        or _joined(contact, "profileGivenName", "profileFamilyName")
        or as_word(contact.get("username"))
        or digits(contact.get("e164"))
    )


def _joined(values: Json, *keys: str) -> str | None:
    return " ".join(filter(None, (as_word(values.get(key)) for key in keys))) or None


FORMAT: Final = Signal().format()


_ME: Final = "Me"
_NO_SENDER: Final = "No-Sender"


class SignalExport(json_chat.JsonChat[json_chat.ChatPlace]):
    name = "signal-export"
    label = Message("Signal (signal-export)")
    file_name = "data.json"
    message_keys = frozenset({"date", "sender", "body", "quote", "reactions", "attachments"})

    def chat(self, about: Json, folder: str) -> json_chat.ChatPlace:
        title = folder.rpartition("/")[2] or None
        name = self.room(title).name
        return json_chat.ChatPlace(FileRoom(platform="signal", name=name, file=folder), folder)

    def found(
        self, content: Content
    ) -> Generator[json_chat.Found[json_chat.ChatPlace], None, None]:
        return json_chat.found_lines(content, self.chat({}, content.name.rpartition("/")[0]))

    def said(
        self, message: Json, chat: json_chat.ChatPlace
    ) -> json_chat.ChatMessage | json_chat.Skip:
        if message.get("call") or chat.room.name == "Note to Self":
            return "system"
        if message.get("deleted"):
            return "deleted"
        body, attached = message.get("body"), _saved_files(message, chat.folder)
        text = body.strip() if isinstance(body, str) else ""
        if not (text or attached.media):
            return "media"
        name = as_word(message.get("sender"))
        if name is None or name == _NO_SENDER:
            return "deleted"
        return json_chat.ChatMessage(
            text=text,
            name=name,
            username=None if name == _ME else name,
            time=_time(message.get("date")),
            attached=attached,
            counts=reactions_of(one_each(map(_sign, listed(message, "reactions")))),
            room=chat.room,
        )


def _time(value: object) -> datetime:
    if (time := iso_time(str(value))) is None:
        raise RecordError("the time {time} cannot be read", time=repr(str(value)[:40]))
    return time.replace(microsecond=0)


def _saved_files(message: Json, folder: str) -> Attachments:
    paths = (as_word(as_object(each).get("path")) for each in listed(message, "attachments"))
    names = [path.removeprefix("./").replace("%20", " ") for path in paths if path]
    return attachments_of(names, folder) if names else NONE


def _sign(reaction: object) -> str | None:
    # A reaction is a pair of a name and a sign.
    return as_word(reaction[1]) if isinstance(reaction, list) and len(reaction) > 1 else None


EXPORT_FORMAT: Final = SignalExport().format()


_MESSAGE: Final = re.compile(
    r"\[(?P<time>\d{4}-\d\d-\d\d,? \d\d:\d\d(?::\d\d)?)\] (?P<name>[^:]{1,200}): ?(?P<text>.*)",
    re.ASCII,
)
"""A message; versions before 2024 write no seconds, the first ones a comma behind the day."""
_DELETED: Final = "(This message was deleted)"
_OWN: Final = "\x02"
"""Stands before a text whose first character would begin a quotation."""
_QUOTE: Final = re.compile(r"\A\s*\n> .*(?:\n> .*)*\n")
_REACTIONS: Final = re.compile(r"\n\(- .* -\)(?=\s*(?:!?\[|\Z))")
_STICKER: Final = re.compile(
    r"(?:\n\(\( .* \)\)|\[[^\]]{0,300}\]\(\.\./exported_stickers/[^)]*\))(?=\s*\Z)"
)
_FILE: Final = re.compile(r"!?\[[^\]\n]{0,300}\]\(\./(?P<path>media/[^)\n]{1,300})\)  ")
_NOT_EXPORTED: Final = re.compile(r"\((?:media|attachment) not exported\)  ")


class MarkdownRoom(Grammar):
    exporters = frozenset({_ME})

    def read(self, line: str) -> Opening | None:
        match = _MESSAGE.fullmatch(line)
        when = iso_time(match["time"].replace(",", "")) if match else None
        if match is None or when is None:
            return None
        name = "" if match["name"] == _NO_SENDER else match["name"].strip()
        # A quotation begins in a line of its own.
        own = _OWN if match["text"].startswith(">") else ""
        return Opening(name, when, f"{own}{match['text']}")

    def said(self, text: str) -> Spoken:
        if text.strip() == _DELETED:
            return Spoken("")
        words = _QUOTE.sub("", f"\n{text}" if text.startswith("> ") else text)
        words = words.removeprefix(_OWN)
        files = tuple(match["path"].replace("%20", " ") for match in _FILE.finditer(words))
        for mark in (_FILE, _NOT_EXPORTED, _REACTIONS, _STICKER):
            words = mark.sub("", words)
        return Spoken(words.strip(), files)

    def room(self, file: RoomFile[Any]) -> FileRoom:
        return FileRoom(platform="signal", name=clean_title(file.names[1]) or "")


def _grammar_of(head: Sequence[str], beside: Collection[str]) -> Grammar | None:
    """Return the grammar if most messages of one line end with the program's two blanks."""
    grammar = MarkdownRoom()
    begun = [place for place, line in enumerate(head) if _MESSAGE.fullmatch(line)]
    if "data.json" in beside or begun[:1] != [0]:
        return None
    alone = [head[place] for place in begun if place + 1 == len(head) or place + 1 in begun]
    ended = sum(line.endswith(("  ", _DELETED)) for line in alone)
    return grammar if ended and 2 * ended > len(alone) else None


SIGNAL_MARKDOWN: Final = TextChat(
    "signal-md", Message("Signal (signal-export, chat.md)"), _grammar_of, (".md",)
)


_FIELD: Final = re.compile(
    r"(?P<key>From|Type|Sent|Received|Attachment|Reaction|Edited): (?P<value>.*)"
)
_DETAIL: Final = re.compile(r" \([^()]*\)\Z")
"""The number or user name behind a name."""
_QUOTED: Final = re.compile(r"\A\s*> From: .*(?:\n>.*)*\n")
_VERSION: Final = re.compile(
    r"\A\s*\| Version: \d+\n(?:\| (?:Attachment|Sent): .*\n)*(?:\|\n(?:\| >.*\n)+)?"
)
_OLDER: Final = re.compile(r"(?:\A|\n)\|\n\| Version: .*", re.DOTALL)
_LINE: Final = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d[+-]\d\d:\d\d)?) (?P<name>[^:]{1,200}):"
    r"(?P<note> \[[a-z-]{1,40} message\])?"
    r"(?: \[(?!\])(?:(?:edited|\d+ attachments?)(?:, )?)*(?:reply to [^\]]{1,300})?\])?"
    r"(?: (?P<text>.*))?",
    re.ASCII,
)


class SigtopText(Grammar):
    exporters = frozenset({_YOU})

    def read(self, line: str) -> Opening | None:
        match = _LINE.fullmatch(line)
        if match is None or (when := iso_time(match["time"])) is None:
            return None
        return Opening("" if match["note"] else match["name"], when, match["text"] or "")

    def said(self, text: str) -> Spoken:
        """Return the newest words, without the message that they answer."""
        if version := _VERSION.match(text):
            newest = _OLDER.sub("", text[version.end() :])
            return Spoken("\n".join(line[2:] for line in newest.split("\n")).strip())
        return Spoken(_QUOTED.sub("", text).strip())

    def room(self, file: RoomFile[Any]) -> FileRoom:
        return FileRoom(platform="signal", name=clean_title(_DETAIL.sub("", file.names[0])) or "")


class SigtopFields(SigtopText):
    def is_heading(self, line: str) -> bool:
        return line.startswith("Conversation: ")

    def items(self, content: Content) -> Iterator[Item]:
        yield from messages(_of_one_line(whole_lines(content)), self, content.notes)


def _of_one_line(numbered: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield lines with the fields above each message as one line, as the short text has it."""
    fields, before = dict[str, str](), ""
    for (number, line), (_, following) in pairwise(chain(numbered, [(0, "")])):
        match = _FIELD.fullmatch(line)
        if match and (fields or (not before and "Type: " in {line[:6], following[:6]})):
            fields.setdefault(match["key"], match["value"])
            continue
        if fields:
            when, _ = time_or_field(fields.get("Sent") or fields.get("Received") or "", "")
            name = _DETAIL.sub("", fields.get("From", "")).replace(":", " ") or _NO_SENDER
            note = "" if fields["Type"] in {"incoming", "outgoing"} else " [system message]"
            stamp = when.isoformat(" ", "seconds") if when else ""
            yield number, f"{stamp} {name}:{note}"
            fields = {}
        yield number, line
        before = line


def _of_sigtop(head: Sequence[str], _beside: Collection[str]) -> Grammar | None:
    if (
        len(head) > 2
        and head[0].startswith("Conversation: ")
        and "Type: " in {head[1][:6], head[2][:6]}
    ):
        return SigtopFields()
    lines = [match for line in head if (match := _LINE.fullmatch(line))]
    is_own = any(match["name"] == _YOU or match["note"] for match in lines)
    return SigtopText() if is_own and _LINE.fullmatch(head[0]) else None


SIGTOP: Final = TextChat("sigtop", Message("Signal (sigtop)"), _of_sigtop)
