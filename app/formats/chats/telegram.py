"""Telegram: `result.json` of Telegram Desktop, of one chat or of a whole account."""

from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Final, Literal

from app.compute.text import clean_title, normalized
from app.errors import BrokenFileError, Message, UnrecognisedFileError
from app.formats.chats.attachments import attachments_of
from app.formats.chats.chat_files import find_rooms
from app.formats.post import Medium, MediumKind, ReplyTarget, as_count
from app.formats.records import FileRoom, Format, Item, ReadOptions, Record, RecordStream, Skipped
from app.formats.signs import as_told, reactions_in, reactions_of
from app.formats.source.file import Content, Source, head
from app.formats.source.json import NOT_AN_OBJECT, as_word, no_object
from app.formats.source.window import TOO_DEEP, Json, Window, load

_ROOMS: Final = frozenset(
    {None, "personal_chat", "private_group", "private_supergroup", "public_supergroup"}
)
"""Kinds of chats that are read; the others are of bots, channels and notes to oneself."""
_HTML: Final = b"<title>Exported Data</title>"
_LOOKED_AT: Final = 100
_DEEPEST: Final = 20
"""Objects around a chat; there are two."""
_ABOUT: Final = frozenset({"id", "name", "type"})
"""What is kept of what is said of a chat."""
_KINDS: Final[dict[str, MediumKind]] = {
    "animation": "gif",
    **dict.fromkeys(("video_file", "video_message"), "video"),
    **dict.fromkeys(("voice_message", "audio_file"), "audio"),
}
"""Of files that are no `photo`; those of others are told by their names."""
_PAID: Final = "\N{WHITE MEDIUM STAR}"
"""What is shown for a reaction that costs Telegram's stars."""
_MESSAGE: Final = frozenset({"id", "type", "date", "text"})
"""What every message has."""


def read(source: Source, _options: ReadOptions) -> RecordStream | None:
    """Return what was said in the chats. Raises UnrecognisedFileError for an export as pages."""
    if files := find_rooms(source, FORMAT.file_name, _has_messages):
        contents = [file.content for file in files]
        items = as_told(chain.from_iterable(map(_read, contents)), contents)
        return RecordStream(FORMAT.name, "record", None, items)
    if not source.has_members and _HTML in head(source, 1000):
        raise UnrecognisedFileError(
            "{name} is a page; export the chat from Telegram as JSON", name=source.name
        )
    return None


def _has_messages(content: Content) -> bool | None:
    with suppress(BrokenFileError), closing(_found(content.beginning)) as rooms:
        for _, value in islice(rooms, _LOOKED_AT):
            if isinstance(value, dict) and value.keys() >= _MESSAGE:
                return True
    return None


def _read(content: Content) -> Iterator[Item]:
    folder = content.name.rpartition("/")[0]
    for place, (chat, value) in enumerate(_found(content), 1):
        if isinstance(value, dict):
            yield _item(value, chat, place, folder)
        else:
            yield no_object(place, value)


def _found(content: Content) -> Generator[tuple[Json, object], None, None]:
    """Yield the values among the messages, each with what was said of its chat before."""
    window = Window(content)
    if window.mark() == "{":
        yield from _in_object(window)


def _in_object(window: Window, depth: int = 0) -> Iterator[tuple[Json, object]]:
    """Yield the messages of the object here: a chat, a list of chats, or a whole account.

    Raises BrokenFileError for chats in chats.
    """
    if depth > _DEEPEST:
        raise window.broken(TOO_DEEP)
    chat: Json = {}
    for key in window.each_key():
        mark = window.mark()
        if key == "messages" and mark == "[":
            for value in window.items():
                yield chat, value
        elif key in {"chats", "left_chats"} and mark == "{":
            yield from _in_object(window, depth + 1)
        elif key == "list" and mark == "[":
            for item in window.each_item():
                if item != "{":
                    raise window.broken(NOT_AN_OBJECT)
                yield from _in_object(window, depth + 1)
        elif key in _ABOUT:
            chat[key] = load(window.raw())
        else:
            window.raw()


def _left_out(message: Json, chat: Json) -> Literal["system", "repost"] | None:
    """Return why a line is no message that somebody in a chat wrote; None for one."""
    is_message = message.get("type") == "message" and "via_bot" not in message
    if not is_message or as_word(chat.get("type")) not in _ROOMS:
        return "system"
    return "repost" if "forwarded_from" in message else None


def _item(message: Json, chat: Json, place: int, folder: str) -> Item:
    if reason := _left_out(message, chat):
        return Skipped(place, reason)
    text = _text(message.get("text"))
    attached = _attached(message, folder)
    if not (text.strip() or attached):
        return Skipped(place, "media")
    person, name = message.get("from_id"), message.get("from") or message.get("from_id")
    if not isinstance(name, str | int):
        return Skipped(place, "deleted")  # So is the account.
    answered = message.get("reply_to_message_id")
    return Record(
        place=place,
        text=text,
        username=str(name),
        author_id=None if person is None else str(person),
        display_name=str(name),
        platform="local",
        created_at=_time(message),
        source_id=_id(chat, message.get("id")),
        reply_to=ReplyTarget(_id(chat, answered)) if answered else None,
        media=attached[:1] if attached else (),
        files=attached[1:] if attached else (),
        counts=reactions_of(_reactions(message)),
        room=_room(chat),
    )


def _room(chat: Json) -> FileRoom:
    name, number = chat.get("name"), chat.get("id")
    return FileRoom(
        platform=FORMAT.name,
        name=clean_title(name if isinstance(name, str) else None) or "",
        external_id=clean_title(str(number)) if isinstance(number, int | str) else None,
    )


def _id(chat: Json, number: object) -> str:
    """Return an id that is one for all chats, where those of messages begin anew in each."""
    return f"{chat.get('id', '')}:{number}"


def _attached(message: Json, folder: str) -> tuple[Medium, str] | None:
    """Return the picture, video or sound of a message, and the name of its file.

    Where the file was not saved, a sentence in brackets stands in place of its name.
    """
    is_photo = "photo" in message
    name = as_word(message.get("photo" if is_photo else "file"))
    if name is None:
        return None
    kind = "photo" if is_photo else _KINDS.get(as_word(message.get("media_type")) or "")
    kind = kind or next((medium.kind for medium in attachments_of([name]).media), None)
    if kind is None:
        return None
    size = as_count(message.get("width")), as_count(message.get("height"))
    return Medium(kind, None, None, *size), f"{folder}/{normalized(name)}".removeprefix("/")


def _reactions(message: Json) -> Iterator[tuple[object, object]]:
    """Yield each sign and how often it was given; own emoji of Telegram have none."""
    for reaction in reactions_in(message):
        is_paid = reaction.get("type") == "paid"
        yield _PAID if is_paid else reaction.get("emoji"), reaction.get("count")


def _text(text: object) -> str:
    parts = text if isinstance(text, list) else [text]
    texts = (part.get("text") if isinstance(part, dict) else part for part in parts)
    return "".join(part for part in texts if isinstance(part, str))


def _time(message: Json) -> datetime | None:
    """Return the time in UTC; without a zone, as older files have it alone."""
    try:
        seconds = message.get("date_unixtime")
        if isinstance(seconds, str | int):
            return datetime.fromtimestamp(int(seconds), UTC)
        return datetime.fromisoformat(str(message.get("date")))
    except (ValueError, OverflowError, OSError):
        return None


FORMAT: Final = Format(
    "telegram",
    Message("Telegram"),
    read,
    is_chat=True,
    file_name="result.json",
    mark=Message("JSON with a list messages, of which one has id, type, date and text"),
)
