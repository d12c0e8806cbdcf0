"""Telegram: the pages `messages.html`, `messages2.html` … that Telegram Desktop writes by default.

Each message begins with one tag, and people's text is escaped. Source:
https://github.com/telegramdesktop/tdesktop, export_output_html.cpp.
"""

import posixpath
import re
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborHTMLParser, LexborNode

from saywho.errors import BrokenFileError, Message, RecordError, UnrecognisedFileError
from saywho.formats.assumptions import ReadNotes
from saywho.formats.chats.chat_files import NONE, Attachments, attachments_of, find_rooms
from saywho.formats.chats.json_chat import ChatMessage, Found, JsonChat, Skip
from saywho.formats.chats.people import zone_of
from saywho.formats.chats.reactions import reactions_of
from saywho.formats.post import Medium, MediumKind, Reactions, ReplyTarget
from saywho.formats.records import NO_OPTIONS, FileRoom, ReadOptions, RecordStream
from saywho.formats.source.file import Content, Source, head
from saywho.formats.source.html import MAX_TAGS, html_to_text
from saywho.formats.source.json import Json
from saywho.formats.source.members import damaged
from saywho.formats.source.text import pieces
from saywho.formats.source.times import SUMMER_ZONES, zone_of_offset
from saywho.text import clean_title, normalized, unescape_html

_MESSAGE: Final = '<div class="message '
_BEGINS: Final = re.compile(r'<div class="message (?:default|service)\b')
_TITLE: Final = re.compile(r'class="page_header".{0,2000}?class="text bold"[^>]*>(.*?)</div>', re.S)
_MOST_CHARACTERS: Final = 100_000
"""Maximum length of a message with tags; Telegram allows 4,096 characters of text."""
_NAMED: Final = re.compile(r"messages(\d{0,9})\.html")
_NUMBER: Final = re.compile(r"message(\d{1,18})")
_TARGET: Final = re.compile(r"go_?to_?message\(?(\d{1,18})", re.IGNORECASE)
_TIME: Final = re.compile(
    r"(\d\d)\.(\d\d)\.(\d{4}) (\d\d):(\d\d):(\d\d)"
    r"(?: UTC(?:(?P<sign>[+-])(?P<h>\d\d):?(?P<m>\d\d)(?::\d\d)?)?)?",
    re.ASCII,
)
_NAME: Final = re.compile(r'<div class="from_name">([^<]*)')
_INLINE: Final = re.compile(r"<(/?)(?:pre|blockquote)\b")
_VIA_BOT: Final = re.compile(r"(?<!\s)\s+via @\w+\Z", re.ASCII)
_OF_CHANNEL: Final = re.compile(
    r"Channel (?:(?:title|photo|theme was) (?:changed|removed|disabled)|«.*» created)", re.DOTALL
)
_KINDS: Final[dict[str, MediumKind]] = {
    **dict.fromkeys(("photo_wrap", "media_photo"), "photo"),
    **dict.fromkeys(("video_file_wrap", "media_video"), "video"),
    **dict.fromkeys(("media_voice_message", "media_audio_file"), "audio"),
    "animated_wrap": "gif",
}
"""Kinds of media by link class; names distinguish stickers and other files."""


class PageSpeaker(NamedTuple):
    """Author of the previous message: a joined message does not repeat the name."""

    name: str | None = None
    is_bot: bool = False


@dataclass(slots=True, eq=False)
class PagesChat:
    room: FileRoom
    folder: str
    key: str
    """Identity of the chat for its messages, because pages have no chat id."""
    clock: "PagesClock"
    speaker: PageSpeaker = field(default_factory=PageSpeaker)

    def id_of(self, number: str | None) -> str | None:
        return f"{self.key}:{number}" if number else None


class PagesClock:
    """Reads times of pages, which have the offset of standard time, in summer too.

    So a chosen zone applies if its standard time has that offset.
    """

    def __init__(self, options: ReadOptions, notes: ReadNotes) -> None:
        self._zone = zone_of(options.timezone)
        self._notes = notes

    def read(self, text: str) -> datetime | None:
        """Return a time, without a zone if the page names no zone or the chosen zone applies."""
        with suppress(OverflowError, ValueError):
            if match := _TIME.fullmatch(text.strip()):
                day, month, year, hour, minute, second = map(int, match.groups()[:6])
                wall = datetime(year, month, day, hour, minute, second)
                minutes = int(match["h"] or 0) * 60 + int(match["m"] or 0)
                minutes = -minutes if match["sign"] == "-" else minutes
                return self._zoned(wall, minutes) if "UTC" in text else wall
        self._notes.leave("time", "date")
        return None

    def _zoned(self, wall: datetime, minutes: int) -> datetime:
        if self._zone is not None and _standard_minutes(self._zone, wall) == minutes:
            return wall
        if self._notes.zone is None:
            self._notes.zone = zone_of_offset(timedelta(minutes=minutes))
        zone = None if minutes % 60 or self._zone else SUMMER_ZONES.get(minutes // 60)
        if zone is not None and ZoneInfo(zone).dst(wall):
            evidence = Message("the file uses the offset of standard time, even in summer")
            value = f"Etc/GMT{-minutes // 60:+}"
            self._notes.assume("timezone", value, alternatives=(zone,), evidence=evidence)
        return wall.replace(tzinfo=timezone(timedelta(minutes=minutes))).astimezone(UTC)


class TelegramPages(JsonChat[PagesChat]):
    name = "telegram-html"
    label = Message("Telegram (HTML)")
    file_name = ".html"

    def __init__(self, options: ReadOptions = NO_OPTIONS) -> None:
        self._options = options

    def files(self, source: Source) -> list[Content]:
        """Return the pages in each chat's order; no pages if the same chats are there as JSON.

        Raises UnrecognisedFileError for another page of an export.
        """
        names = {name.rpartition("/")[2] for name in source.members}
        is_export = any(map(_NAMED.fullmatch, names))
        if source.has_members and (not is_export or "result.json" in names):
            return []
        rooms = find_rooms(source, self.file_name, _page_of)
        if (
            not rooms
            and not source.has_members
            and "<title>Exported Data</title>" in _start_of(source)
        ):
            raise UnrecognisedFileError(
                "{name} is a page without messages; choose messages.html or its folder",
                name=source.name,
            )
        rooms.sort(key=lambda room: room.grammar)
        return [room.content for room in rooms]

    def parts(
        self, _source: Source, contents: Sequence[Content]
    ) -> Iterator[Iterator[Found[PagesChat]]]:
        chats: dict[str, PagesChat] = {}
        titles: Counter[str] = Counter()
        for content in contents:
            folder = content.name.rpartition("/")[0]
            if (chat := chats.get(folder)) is None:
                title = title_of(content)
                titles[title] += 1
                key = title if titles[title] == 1 else f"{title} ({titles[title]})"
                file = content.name if len(contents) == 1 else folder
                room = FileRoom(platform="telegram", name=title, file=file)
                clock = PagesClock(self._options, content.notes)
                chat = chats[folder] = PagesChat(room, folder, key, clock)
            yield _found(content, chat)

    def said(self, message: Json, chat: PagesChat) -> ChatMessage | Skip:
        return read_message(str(message["html"]), chat)


def _page_of(content: Content) -> tuple[str, int] | None:
    folder, _, name = content.name.rpartition("/")
    start = _start_of(content)
    if 'class="page_body chat_page"' not in start and not _BEGINS.search(start):
        return None
    match = _NAMED.fullmatch(name)
    return folder, int(match[1] or 1) if match else 0


def title_of(content: Content) -> str:
    match = _TITLE.search(_start_of(content))
    return (clean_title(unescape_html(match[1])) or "") if match else ""


def _start_of(content: Content) -> str:
    try:
        return head(content, 20_000).decode(errors="replace")
    except BrokenFileError:
        return ""


def _found(content: Content, chat: PagesChat) -> Generator[Found[PagesChat], None, None]:
    chat.speaker = PageSpeaker()
    for piece in message_pieces(content):
        size = Message("longer than {size} KB", size=_MOST_CHARACTERS // 1000)
        yield Found(chat, size if is_too_long(piece) else {"html": piece})


def is_too_long(piece: str) -> bool:
    return len(piece) > _MOST_CHARACTERS or piece.count("<") > MAX_TAGS


def message_pieces(content: Content) -> Iterator[str]:
    """Yield each message's HTML; only the beginning of too long a message.

    Raises BrokenFileError if the page is truncated, without the unclosed message.
    """
    text, at, end = "", 0, ""
    is_begun = False
    for piece in pieces(content):
        text += piece
        while match := _BEGINS.search(text, at):
            if is_begun:
                yield text[: match.start()]
            text, at, is_begun = text[match.start() :], len(_MESSAGE), True
        at = max(at, len(text) - 100)
        end = text[-100:]
        if len(text) > 2 * _MOST_CHARACTERS:
            text = text[: _MOST_CHARACTERS + 1] + text[-100:] if is_begun else text[-100:]
            at = max(0, len(text) - 100)
    is_whole, text = "</html>" in end, text[: text.rfind(">") + 1]
    if is_begun and (is_whole or text.count("<div") <= text.count("</div")):
        yield text
    if not is_whole:
        raise damaged(content.name)


def read_message(html: str, chat: PagesChat) -> ChatMessage | Skip:
    """Return the content of a message, or why it is left out. Raises RecordError."""
    root = LexborHTMLParser(html.encode(errors="ignore"), is_fragment=True).css_first("div.message")
    if root is None or "service" in classes_of(root):
        chat.speaker = PageSpeaker()
        return "system"
    parts = parts_of(root)
    chat.speaker = speaker_of(parts, chat.speaker)
    if chat.speaker.is_bot or "media_call" in parts:
        return "system"
    if "forwarded" in parts:
        return "repost"
    if chat.speaker.name is None:
        raise RecordError("the author is missing")
    if chat.speaker.name == "Deleted Account":  # Pages are in English everywhere.
        return "deleted"
    number, target = _NUMBER.fullmatch(root.attributes.get("id") or ""), target_of(parts)
    date = parts.get("date")
    return ChatMessage(
        text=text_of(parts),
        name=chat.speaker.name,
        time=chat.clock.read(date.attributes.get("title") or "") if date else None,
        source_id=chat.id_of(number[1] if number else None),
        reply_to=ReplyTarget.of(chat.id_of(target), None),
        attached=attached_to(root, chat.folder),
        counts=reactions_to(parts),
        room=chat.room,
    )


def parts_of(root: LexborNode) -> dict[str, LexborNode]:
    body = next((node for node in root.iter() if "body" in classes_of(node)), None)
    parts: dict[str, LexborNode] = {}
    for node in body.iter() if body else ():
        for name in classes_of(node):
            # Beside a forwarded message the picture of its author comes first.
            if not (name == "forwarded" and "userpic_wrap" in classes_of(node)):
                parts.setdefault(name, node)
    if (wrap := parts.get("media_wrap")) and wrap.css_first("div.media_call"):
        parts["media_call"] = wrap
    return parts


def classes_of(node: LexborNode) -> list[str]:
    return (node.attributes.get("class") or "").split()


def speaker_of(parts: dict[str, LexborNode], before: PageSpeaker) -> PageSpeaker:
    """Return a message's author: the previous author, unless it names another."""
    if (named := parts.get("from_name")) is None:
        return before
    name = " ".join(named.text(deep=False).split())
    is_bot = bool(_VIA_BOT.search(name)) and "forwarded" not in parts
    return PageSpeaker(name or None, is_bot)


def target_of(parts: dict[str, LexborNode]) -> str | None:
    link = parts["reply_to"].css_first("a") if "reply_to" in parts else None
    attributes = link.attributes if link else {}
    texts = (attributes.get("href") or "", attributes.get("onclick") or "")
    match = next(filter(None, map(_TARGET.search, texts)), None)
    return match[1] if match else None


def text_of(parts: dict[str, LexborNode]) -> str:
    """Return a message's words, only with line breaks that its author wrote; of a poll or checklist
    the question or title, and the choices.
    """
    node, media = parts.get("text"), parts.get("media_wrap")
    html = (node.inner_html or "") if node else ""
    if media and (asked := media.css("div.question, div.answer")):
        lines = (each.text(deep=False).strip().removeprefix("- ") for each in asked)
        return "\n".join(lines)
    if "<" in html.replace("<br>", ""):
        return html_to_text(_INLINE.sub(r"<\1span", html))
    return "\n".join(unescape_html(line).strip() for line in html.split("<br>")).strip()


def attached_to(root: LexborNode, folder: str) -> Attachments:
    media, files = [], []
    for node in root.css("div.media_wrap > *"):
        address = node.attributes.get("href") or ""
        file = posixpath.normpath(posixpath.join(folder, normalized(address)))
        is_file = address and "://" not in address and not file.startswith(("../", "/"))
        kind = next((_KINDS[name] for name in classes_of(node) if name in _KINDS), None)
        if kind is None and is_file:
            kind = next((medium.kind for medium in attachments_of([file]).media), None)
        if kind is not None:
            media.append(Medium(kind))
            files.append(file if is_file else None)
    return Attachments(tuple(media), tuple(files)) if media else NONE


def reactions_to(parts: dict[str, LexborNode]) -> Reactions | None:
    """Return the reactions to a message; a few are counted by people's pictures."""
    nodes = parts["reactions"].css("span.reaction") if "reactions" in parts else []
    return reactions_of(_sign(node) for node in nodes)


def _sign(node: LexborNode) -> tuple[object, object]:
    """Return a sign and its number. Telegram's own emoji are links to a picture, and no sign."""
    emoji, count = node.css_first("span.emoji"), node.css_first("span.count")
    is_sign = emoji is not None and emoji.css_first("a") is None
    number = count.text().strip() if count else len(node.css("span.userpics > div.userpic"))
    return emoji.text().strip() if emoji and is_sign else None, number


def _standard_minutes(zone: tzinfo, wall: datetime) -> int | None:
    offset, summer = zone.utcoffset(wall), zone.dst(wall) or timedelta()
    return None if offset is None else (offset - summer) // timedelta(minutes=1)


def is_channel(contents: Iterable[Content], title: str) -> bool:
    """Return whether only a channel speaks in pages, as its notes or reactions show.

    Pages name no kind of chat, and another chat with one writer lacks only these marks.
    """
    is_shown = False
    for content in contents:
        for piece in filter(None, message_pieces(content.uncounted)):
            if "service" in piece[: len(_MESSAGE) + 10]:
                is_shown = is_shown or bool(_OF_CHANNEL.search(unescape_html(piece)))
                continue
            own = piece.partition('class="forwarded body"')[0]
            name = _NAME.search(own)
            if name and " ".join(unescape_html(name[1]).split()) != title:
                return False
            is_shown = is_shown or '"signature details"' in own or _has_many_reactions(piece)
    return is_shown


def _has_many_reactions(piece: str) -> bool:
    if 'class="reactions"' not in piece or is_too_long(piece):
        return False
    root = LexborHTMLParser(piece, is_fragment=True).css_first("div.message")
    counts = reactions_to(parts_of(root)) if root else None
    # In a chat of two people a sign stands at most twice.
    return counts is not None and any(sign.count > 2 for sign in counts.signs)


def read(source: Source, options: ReadOptions) -> RecordStream | None:
    return TelegramPages(options).read(source, options)


FORMAT: Final = replace(TelegramPages().format(), read=read)
