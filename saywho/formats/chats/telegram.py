"""Telegram: `result.json` of Telegram Desktop, of one chat or an account, and channels."""

import re
from collections.abc import Collection, Generator, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice
from typing import ClassVar, Final, NamedTuple

from msgspec import structs

from saywho.errors import BrokenFileError, Message, UnrecognisedFileError
from saywho.formats import records
from saywho.formats.assumptions import ReadNotes
from saywho.formats.chats.chat_files import NONE, Attachments, attachments_of, in_place, one_by_one
from saywho.formats.chats.json_chat import ChatMessage, Found, JsonChat, Skip
from saywho.formats.chats.people import zone_of
from saywho.formats.chats.reactions import as_told, reactions_in, reactions_of
from saywho.formats.chats.telegram_pages import TelegramPages, is_channel, title_of
from saywho.formats.post import Medium, MediumKind, ReplyTarget, as_count, audience
from saywho.formats.reading import TOO_DEEP, username_for
from saywho.formats.source.file import Content, Source, head
from saywho.formats.source.html import written_out
from saywho.formats.source.json import NOT_AN_OBJECT, Json, Window, as_object, as_word, listed, load
from saywho.text import normalized

_KINDS: Final[dict[str, MediumKind]] = {
    "animation": "gif",
    **dict.fromkeys(("video_file", "video_message"), "video"),
    **dict.fromkeys(("voice_message", "audio_file"), "audio"),
}
"""Kinds of media by `media_type`; other files' names tell their kinds."""


_MOVES: Final = frozenset(
    {"invite_members", "join_group_by_link", "join_group_by_request", "remove_members"}
)
"""The app's lines that people came or left: who leaves removes themselves."""
_QUARTER: Final = timedelta(minutes=15)
"""Unit of offsets from UTC; other differences are no offsets."""
_EXPORTER: Final = ("You", "user00000")
"""The exporting person of WhatsApp's chats that WhatsApp-Chat-Exporter writes as Telegram's."""


class TelegramChat(NamedTuple):
    room: records.FileRoom
    number: object
    kind: str | None
    folder: str
    days: set[str]
    """Days whose offset from UTC is read."""

    def id_of(self, number: object) -> str:
        return f"{self.number or ''}:{number}"


class Telegram(JsonChat[TelegramChat]):
    name = "telegram"
    began = 2013
    label = Message("Telegram")
    file_name = "result.json"
    steps = (
        Message("In Telegram Desktop, on a computer, open the chat and its menu (⋮)."),
        Message("Choose “Export chat history”. JSON creates one file, HTML a folder."),
        Message("Choose result.json here, or a zip of the folder."),
    )
    message_keys = frozenset({"id", "type", "date", "text"})
    about_keys = frozenset({"id", "name", "type"})
    kinds: ClassVar[Collection[str | None]] = (
        *(None, "personal_chat", "private_group", "private_supergroup", "public_supergroup"),
    )
    """Types of chats with people; other chats are of bots, of channels and with oneself."""

    def files(self, source: Source) -> list[Content]:
        """Return the message files. Raises UnrecognisedFileError without any author."""
        files = super().files(source)
        if files and not source.has_members and not self._names_authors(source):
            raise UnrecognisedFileError(
                "{name} does not say who wrote the messages: the field `from` is missing."
                " Export the chat again with Telegram Desktop, which includes the names",
                name=source.name,
            )
        return files

    def _names_authors(self, content: Content) -> bool:
        with suppress(BrokenFileError), closing(self.found(content.beginning)) as found:
            values = (value for _, value, _ in islice(found, 100) if isinstance(value, dict))
            said = [value for value in values if value.get("type") == "message"]
            return not said or any("from" in value or "from_id" in value for value in said)
        return True

    def found(self, content: Content) -> Generator[Found[TelegramChat], None, None]:
        window = Window(content)
        folder = content.name.rpartition("/")[0]
        if window.mark() == "{":
            yield from self._in_object(window, folder)
        elif window.mark() == "[":  # The messages alone, as other programs keep them.
            chat = self.chat({"id": None}, folder)
            yield from (Found(chat, value) for value in window.items())

    def is_message(self, message: Json, chat: TelegramChat) -> bool:
        is_exact = chat.number is not None or message.keys() >= {"date_unixtime", "from_id"}
        return is_exact and super().is_message(message, chat)

    def _in_object(
        self, window: Window, folder: str, depth: int = 0
    ) -> Iterator[Found[TelegramChat]]:
        """Yield the values in the object here: a chat, a list of chats, or an account.

        Raises BrokenFileError if more than 20 objects surround a chat; an export has two.
        """
        if depth > 20:
            raise window.broken(TOO_DEEP)
        about: Json = {}
        for key in window.each_key():
            mark = window.mark()
            if key == "messages" and mark == "[":
                chat = self.chat(about, folder)
                for value in window.items():
                    yield Found(chat, value)
            elif key in {"chats", "left_chats"} and mark == "{":
                yield from self._in_object(window, folder, depth + 1)
            elif key == "list" and mark == "[":
                for item in window.each_item():
                    if item != "{":
                        raise window.broken(NOT_AN_OBJECT)
                    yield from self._in_object(window, folder, depth + 1)
            elif key in self.about_keys:
                about[key] = load(window.raw())
            else:
                window.raw()

    def only_chat(self, content: Content) -> TelegramChat | None:
        """Return a file's single chat; None for an account."""
        about = dict.fromkeys(self.about_keys)
        for _ in Window(content.beginning).each_list({"messages"}, about):
            return self.chat(about, content.name.rpartition("/")[0])
        return None

    def chat(self, about: Json, folder: str) -> TelegramChat:
        name, number = about.get("name"), about.get("id")
        is_number = isinstance(number, int | str)
        room = self.room(
            name if isinstance(name, str) and not isinstance(name, Message) else None,
            str(number) if is_number else None,
        )
        return TelegramChat(room, about.get("id", ""), as_word(about.get("type")), folder, set())

    def is_nobodys(self, message: Json) -> bool:
        """Return whether a channel or a bot wrote; anonymous administrators are the channel."""
        person = message.get("from_id")
        is_of_channel = isinstance(person, str) and person.startswith("channel")
        return is_of_channel or "inline_bot_buttons" in message

    def said(self, message: Json, chat: TelegramChat) -> ChatMessage | records.Moved | Skip:
        if message.get("action") in _MOVES and chat.kind in self.kinds:
            return _moved(message, chat)
        is_said = message.get("type") == "message" and "via_bot" not in message
        if not is_said or chat.kind not in self.kinds or self.is_nobodys(message):
            return "system"
        if "forwarded_from" in message:
            return "repost"
        text = "\n".join(filter(None, map(_words, (message.get("text"), *_choices(message)))))
        attached = _attached(message, chat.folder)
        if not (text.strip() or attached.media):
            return "media"
        person, name = message.get("from_id"), message.get("from") or message.get("from_id")
        if not isinstance(name, str | int):
            return "deleted"  # So is the account.
        return ChatMessage(
            text=text,
            name=str(name),
            username=None if (name, person) == _EXPORTER else "",
            author_id=None if person is None else str(person),
            time=_time(message, chat),
            source_id=chat.id_of(message.get("id")),
            reply_to=_answered(message, chat),
            attached=attached,
            counts=reactions_of(map(_sign, reactions_in(message))),
            room=chat.room,
        )


def _moved(message: Json, chat: TelegramChat) -> records.Moved | Skip:
    action, members, time = message["action"], message.get("members"), _time(message, chat)
    listed = members if isinstance(members, list) else [message.get("actor")]
    names = [name for name in listed if isinstance(name, str)]
    if not (names and isinstance(time, datetime)):
        return "system"
    names = [", ".join(names), *names] if len(names) > 1 else names
    return records.Moved(0, "system", (*names,), action == "remove_members", time, chat.room)


def _answered(message: Json, chat: TelegramChat) -> ReplyTarget | None:
    number, other = message.get("reply_to_message_id"), as_word(message.get("reply_to_peer_id"))
    if not number:
        return None
    return ReplyTarget(f"{other}:{number}" if other else chat.id_of(number))


def _attached(message: Json, folder: str) -> Attachments:
    is_photo = "photo" in message
    name = as_word(message.get("photo" if is_photo else "file"))
    if name is None:
        return NONE
    kind = "photo" if is_photo else _KINDS.get(as_word(message.get("media_type")) or "")
    kind = kind or next((medium.kind for medium in attachments_of([name]).media), None)
    if kind is None:
        return NONE
    size = as_count(message.get("width")), as_count(message.get("height"))
    file = f"{folder}/{normalized(name)}".removeprefix("/")
    return Attachments((Medium(kind, None, None, *size),), (file,))


def _sign(reaction: Json) -> tuple[object, object]:
    """Return a sign and its number: a star for paid reactions, no sign for Telegram's own emoji."""
    is_paid = reaction.get("type") == "paid"
    sign = "\N{WHITE MEDIUM STAR}" if is_paid else reaction.get("emoji")
    return sign, reaction.get("count")


def _choices(message: Json) -> Iterator[object]:
    """Yield the words of a poll or checklist: question or title, and choices."""
    for asked in (as_object(message.get("poll")), as_object(message.get("todo_list"))):
        yield from (asked.get("question"), asked.get("title"))
        yield from (as_object(answer).get("text") for answer in listed(asked, "answers"))


def _words(parts: object) -> str:
    return "".join(map(_part, parts if isinstance(parts, list) else [parts]))


def _part(part: object) -> str:
    text = part.get("text") if isinstance(part, dict) else part
    address = part.get("href") if isinstance(part, dict) else None
    if isinstance(text, str) and isinstance(address, str):
        return written_out(text, address)
    return text if isinstance(text, str) else ""


def _time(message: Json, chat: TelegramChat) -> object:
    """Return the time in UTC; the first of each day with the offset of the exporting device."""
    seconds, local = message.get("date_unixtime"), message.get("date")
    try:
        if not isinstance(seconds, str | int):
            return datetime.fromisoformat(str(local))
        time = datetime.fromtimestamp(int(seconds), UTC)
        if not isinstance(local, str) or (day := local[:10]) in chat.days:
            return time
        chat.days.add(day)
        with suppress(TypeError, ValueError, OverflowError):
            east = datetime.fromisoformat(local) - time.replace(tzinfo=None)
            # By its name, a clock that shows UTC differs from moments without any clock.
            return time if east % _QUARTER else time.astimezone(timezone(east, "local"))
        return time
    except (ValueError, OverflowError, OSError):
        return local


TELEGRAM: Final = Telegram()
FORMAT: Final = TELEGRAM.format()


_PRIVATE: Final = "private_channel"
_IS_CHANNEL: Final = re.compile(rb'"type"\s*:\s*"(?:public|private)_channel"')


class _Posts(Telegram):
    kinds = ("public_channel", _PRIVATE)

    def is_nobodys(self, _message: Json) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class _Channel:
    account: records.Account
    options: records.ReadOptions
    notes: ReadNotes
    is_private: bool

    def stream(
        self, items: Iterator[records.Item], contents: list[Content], source: Source
    ) -> records.RecordStream:
        told = in_place(as_told(items, contents), source.members)
        posts = (self._post(item) if isinstance(item, records.Record) else item for item in told)
        files = source if source.has_members else None
        return records.RecordStream(CHANNEL_FORMAT.name, "record", self.account, posts, files)

    def _post(self, record: records.Record) -> records.Record:
        answered = _number(record.reply_to.source_id) if record.reply_to else None
        return structs.replace(
            record,
            visibility=audience(is_restricted=self.is_private),
            username=self.account.username,
            author_id=None,
            display_name=self.account.display_name,
            platform="telegram",
            kind="reply" if answered else "post",
            created_at=self._utc(record.created_at),
            source_id=_number(record.source_id),
            reply_to=ReplyTarget.of(answered, self.account.username) if answered else None,
            room=None,
        )

    def _utc(self, time: datetime | None) -> datetime | None:
        """Return a time in UTC; without a zone it is read in the chosen zone, else in UTC."""
        if time is None or time.tzinfo is not None:
            return time and time.astimezone(UTC)
        zone = zone_of(self.options.timezone) if self.options.timezone else UTC
        if self.options.timezone is None:
            evidence = Message("the file names no time zone")
            self.notes.assume("timezone", "UTC", evidence=evidence)
        try:
            return time.replace(tzinfo=zone).astimezone(UTC)
        except OverflowError:
            return None


def read_channel(source: Source, options: records.ReadOptions) -> records.RecordStream | None:
    """Return the posts of a lone channel, as JSON or pages; of a private channel only on request.

    Channels in an account's export are left out, because the account only reads most of them.
    """
    return _from_json(source, options) or _from_pages(source, options)


def _from_json(source: Source, options: records.ReadOptions) -> records.RecordStream | None:
    reader = _Posts()
    found = source.contents(lambda name: name.rpartition("/")[2] == reader.file_name)
    contents = list(islice(found, 2))
    content = contents[0] if len(contents) == 1 else None
    if content is None or not _IS_CHANNEL.search(head(content, 4_000)):
        return None
    chat = None
    with suppress(BrokenFileError):
        chat = reader.only_chat(content)
    is_channel = chat is not None and chat.kind in reader.kinds
    if chat is None or not is_channel or not reader.recognises(content):
        return None
    source.expect([content.name])
    account = _account(chat.room.name, chat.room.external_id)
    channel = _Channel(account, options, content.notes, chat.kind == _PRIVATE)
    return channel.stream(reader.items(reader.found(content)), [content], source)


def _from_pages(source: Source, options: records.ReadOptions) -> records.RecordStream | None:
    reader = TelegramPages(options)
    contents = reader.files(source)
    folders = {content.name.rpartition("/")[0] for content in contents}
    title = title_of(contents[0]) if len(folders) == 1 else ""
    try:
        if not title or not is_channel(contents, title):
            return None
    except BrokenFileError:  # The reader of chats names the damage.
        return None
    channel = _Channel(_account(title, None), options, contents[0].notes, is_private=False)
    items = one_by_one(map(reader.items, reader.parts(source, contents)))
    return channel.stream(items, contents, source)


def _account(title: str, number: str | None) -> records.Account:
    return records.Account(
        username_for(title) if title else None, title or None, "telegram", number
    )


def _number(source_id: str | None) -> str | None:
    return source_id.rpartition(":")[2] if source_id else None


CHANNEL_FORMAT: Final = records.Format(
    "telegram-channel", Message("Telegram channel"), read_channel, file_name="result.json"
)
