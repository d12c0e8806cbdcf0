"""Mail as mbox files, which Gmail (Google Takeout), Thunderbird and mailing lists write.

A folder with a file for each mail is one chat: Maildir, MH, and saved mails (`.eml`, `.emlx`).

A mail is a message of the chat in its file: the words of its sender, without quotations and
signatures. Addresses are never kept: a sender without a name is called by the part before the `@`.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message as Mail
from email.utils import parsedate_to_datetime
from hashlib import sha256
from itertools import islice
from pathlib import PurePosixPath
from typing import Final

from saywho.errors import BrokenFileError, Message, RecordError
from saywho.formats.chats.chat_files import find_rooms, one_by_one
from saywho.formats.chats.json_chat import ChatMessage, record_of
from saywho.formats.chats.text_chat import LONGEST, too_long
from saywho.formats.post import ReplyTarget
from saywho.formats.reading import Skipped
from saywho.formats.records import FileRoom, Format, Item, ReadOptions, RecordStream, read_each
from saywho.formats.source.file import Content, Source, head
from saywho.formats.source.html import html_to_text
from saywho.formats.tables.own_words import GONE, line_of_app, unquoted, without_marked
from saywho.text import clean_title

_MOST_BYTES: Final = 2**18
"""Bytes of a mail that are read; attachments stand behind the words."""
_MOST_BOUNDARIES: Final = 20
"""Each line of a mail is compared with the boundaries of all parts around it."""
_MOST_PARTS: Final = 100
_START: Final = re.compile(rb"From \S[^\r\n]{0,300}\d\d:\d\d[^\r\n]{0,60}\r?\n?\Z")
_MBOX: Final = re.compile(
    rb"\A(?:\xef\xbb\xbf)?From \S[^\r\n]{0,300}\d\d:\d\d[^\r\n]{0,60}\r?\n"
    rb"(?:>?From [^\r\n]*\r?\n)?[A-Za-z][\w-]{0,60}:"
)
_LONE: Final = re.compile(
    rb"\A(?:\d{1,9}[ \t]*\n)?(?=(?:[^\r\n]+\r?\n){0,200}?From:)(?=(?:[^\r\n]+\r?\n){0,200}?Date:)"
    rb"[A-Za-z][\w-]{0,60}:",
    re.IGNORECASE,
)
"""Headers of a mail in its own file. Apple Mail writes the length above them."""
_FILE_OF_MAIL: Final = re.compile(r"(?:.*/)?(?:cur|new)/[^/]+|(?:.*/)?\d+|.*\.emlx?", re.IGNORECASE)
_LABELS: Final = frozenset({"spam", "trash", "drafts", "스팸", "휴지통", "임시보관함", "초안"})
_ADDRESS: Final = re.compile(r"[<(\[]?([^\s<>()\[\]@]{1,100})@[^\s<>()\[\]@]{1,255}[>)\]]?")
_QUOTED: Final = re.compile(rf"^(?:{GONE}| {{0,3}}(?:>|\|(?= )))", re.MULTILINE)
_FROM: Final = r"(?:From|보낸 ?사람|Von|De|差出人)\s?:"
_DATE: Final = r"(?:Sent|Date|보낸 ?날짜|날짜|Gesendet|Envoyé|Enviado|送信日時)\s?:"
_TO: Final = r"(?:To|Cc|CC|받는 ?사람|참조|An|À|Para|宛先)\s?:"
_SUBJECT: Final = r"(?:Subject|제목|Betreff|Objet|Asunto|Assunto|件名)\s?:"
_REST_IS_OTHERS: Final = re.compile(
    r"^(?:-{2,} ?(?:Original|Forwarded|원본|전달된|Ursprüngliche|Message d'origine)[^\n]{0,60}-{2,}"
    # A line that somebody draws between own paragraphs has neither headers nor a list's end below.
    rf"|(?:_{{20,}}|#{{40,}})\s{{1,4}}(?:\*?{_FROM}"
    r"|(?=[^\n]{0,200}(?:\n[^\n]{0,200}){0,5}\Z)(?s:.){0,800}?(?:mailing list|@|https?://))"
    # "From: Busan, To: Jeju" are own words. Headers have an address, a time or a subject.
    rf"|{_FROM}(?:[^\n]{{0,200}}@[^\n]{{0,200}}\n(?:{_DATE}|{_TO}|{_SUBJECT})|[^\n]{{1,200}}\n"
    rf"(?:{_TO}[^\n]{{0,500}}\n){{0,2}}(?:{_SUBJECT}|{_DATE}[^\n]{{0,100}}\d|{_TO}[^\n]{{0,500}}@)))",
    re.MULTILINE,
)
_SIGNATURE: Final = re.compile(
    r"^(?:-- $|--\n(?:[^\n]*\n){0,9}[^\n]*\Z"
    r"|(?:(?:Sent from my |Get Outlook for |Von meinem )[^\n]{1,60}|나의 i[^\n]{1,30}에서 보냄)$)",
    re.MULTILINE,
)
"""A line of two hyphens and a blank, of two hyphens before few lines, or of a phone's program."""


def _add(mail: bytearray, line: bytes) -> None:
    if len(mail) < _MOST_BYTES:
        mail += line[1:] if line.startswith(b">From ") else line


def _lines(content: Content) -> Iterator[bytes]:
    rest = b""
    for chunk in content.chunks():
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line + b"\n" for line in whole)
        if len(rest) > _MOST_BYTES:
            yield rest
            rest = b""
    if rest:
        yield rest


def _mails(content: Content) -> Iterator[tuple[int, bytes]]:
    mail, place, is_after_blank = bytearray(), 0, True
    for line in _lines(content):
        if is_after_blank and _START.match(line.removeprefix(b"\xef\xbb\xbf")):
            if place:
                yield place, bytes(mail)
            mail, place = bytearray(), place + 1
        elif place:
            _add(mail, line)
        is_after_blank = not line.strip()
    if place:
        yield place, bytes(mail)


def _header(mail: Mail, name: str) -> str:
    value = mail.get(name)
    return str(value)[:2_000] if value is not None else ""


def _decoded_header(text: str) -> str:
    with suppress(LookupError, ValueError, MessageError):
        text = str(make_header(decode_header(text)))
    return " ".join(text.split())


def _sender_of(mail: Mail) -> str:
    written = _header(mail, "From")
    name = _ADDRESS.sub(" ", _decoded_header(_ADDRESS.sub(" ", written)))
    address = _ADDRESS.search(written)
    return " ".join(name.split()).strip(" '\"<>()[],;") or (address[1] if address else "")


def _time_of(mail: Mail) -> datetime | None:
    with suppress(TypeError, ValueError, IndexError, OverflowError):
        time = parsedate_to_datetime(_header(mail, "Date"))
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    return None


def _mark_of(value: str) -> str | None:
    """Return a mark for the id of a mail, which holds an address or a host."""
    ids = re.findall(r"<[^<>\s]{1,500}>", value)
    return sha256(ids[-1].encode("utf-8", "replace")).hexdigest()[:24] if ids else None


def _words_of(mail: Mail, *, is_cut: bool) -> str:
    """Return the own words of a mail; is_cut: whether its end was not read. Raises RecordError."""
    parts = list(islice(_parts_of(mail), _MOST_PARTS))
    shown = [
        part
        for part in parts
        if part.get_content_disposition() != "attachment" and not part.get_filename()
    ]
    plain = [part for part in shown if part.get_content_type() == "text/plain"]
    # Some programs write the words before and after a picture as two parts.
    texts = plain or [part for part in shown if part.get_content_type() == "text/html"]
    if is_cut and parts[-1] in texts:
        raise RecordError(Message("longer than {size} KB", size=_MOST_BYTES // 1_000))
    if plain:
        return own_words("\n".join(_flowed(_decoded(part), part).strip("\n") for part in plain))
    return own_words("\n".join(html_to_text(_decoded(part)) for part in texts))


def _parts_of(mail: Mail) -> Iterator[Mail]:
    """Yield the parts of a mail, but not those of mails that it forwards."""
    inner = mail.get_payload()
    if not isinstance(inner, list):
        yield mail
        return
    for part in inner:
        if isinstance(part, Mail) and part.get_content_maintype() != "message":
            yield from _parts_of(part)


def _decoded(part: Mail) -> str:
    data = part.get_payload(decode=True)
    codec = part.get_content_charset() or "utf-8"
    codec = {"ks_c_5601-1987": "cp949", "euc-kr": "cp949", "us-ascii": "utf-8"}.get(codec, codec)
    raw = data if isinstance(data, bytes) else b""
    try:
        return raw.decode(codec, "replace").replace("\r\n", "\n")
    except (LookupError, ValueError):
        return raw.decode("utf-8", "replace").replace("\r\n", "\n")


def _flowed(text: str, part: Mail) -> str:
    """Return a text with its paragraphs joined as its type says (RFC 3676)."""
    if str(part.get_param("format", "")).lower() != "flowed":
        return text
    return re.sub(r"(?<!^--) \n(?!>)", " ", text, flags=re.MULTILINE)


def own_words(text: str) -> str:
    """Return a mail's text without quotations, the lines that name them, and signatures."""
    text = without_marked(text)
    if match := _REST_IS_OTHERS.search(text):
        text = text[: match.start()]
    text = "\n" + unquoted(_without_signatures(text), _QUOTED)
    text = text.rstrip("\n")
    return text.removesuffix(line_of_app(text)).strip("\n")


def _without_signatures(text: str) -> str:
    """Return a text without its signatures, each up to a quotation, which may have answers."""
    parts: list[str] = []
    place = 0
    while match := _SIGNATURE.search(text, place):
        parts.append(text[place : match.start()])
        quotation = _QUOTED.search(text, match.start())
        place = quotation.start() if quotation else len(text)
    return "".join((*parts, text[place:]))


def _items_of(mails: Iterator[tuple[int, bytes]], name: str, file: str) -> Iterator[Item]:
    room = FileRoom(platform=MAIL.name, name=name, file=file, thread=file)

    def read(data: bytes, place: int) -> Item:
        if data.lower().count(b"boundary=") > _MOST_BOUNDARIES:
            raise RecordError("the mail has too many parts")
        try:
            return _item(message_from_bytes(data), place, room, is_cut=len(data) >= _MOST_BYTES)
        except (MessageError, LookupError, ValueError, TypeError, AttributeError) as error:
            raise RecordError("not a mail") from error

    return read_each(mails, read)


def _item(mail: Mail, place: int, room: FileRoom, *, is_cut: bool) -> Item:
    written = _decoded_header(_header(mail, "X-Gmail-Labels"))
    labels = {label.strip().lower() for label in written.split(",")}
    if labels & _LABELS or _header(mail, "Status") == "D":
        return Skipped(place, "deleted")
    name = _sender_of(mail)
    text = _words_of(mail, is_cut=is_cut)
    if len(text) > LONGEST:
        return too_long(place)
    if not name:
        raise RecordError("the sender is missing")
    target = _mark_of(_header(mail, "In-Reply-To"))
    said = ChatMessage(
        text=text,
        name=name,
        time=_time_of(mail) or _header(mail, "Date") or None,
        time_field="Date",
        source_id=_mark_of(_header(mail, "Message-ID")),
        reply_to=ReplyTarget(source_id=target) if target else None,
        room=room,
    )
    return record_of(said, place)


def _lone_mails(source: Source, names: list[str]) -> Iterator[tuple[int, bytes]]:
    for place, name in enumerate(names, start=1):
        mail = bytearray()
        for number, line in enumerate(_lines(source.member(name))):
            if number or not line.strip().isdigit():
                _add(mail, line)
        yield place, bytes(mail)


def _folder_of_mails(source: Source) -> RecordStream | None:
    names = sorted(filter(_FILE_OF_MAIL.fullmatch, source.members), key=_by_number)
    first = [head(source.member(name), 16 * 1024) for name in names[:20]]
    if len(names) < 2 or 2 * sum(map(bool, map(_LONE.match, first))) < len(first):
        return None
    source.expect(names)
    title = clean_title(PurePosixPath(source.name).stem) or ""
    items = _items_of(_lone_mails(source, names), title, source.name)
    return RecordStream(MAIL.name, "record", None, items)


def _by_number(name: str) -> tuple[str, int, str]:
    folder, _, base = name.rpartition("/")
    return folder, int(base) if base.isdecimal() else 0, base


def _read(source: Source, _options: ReadOptions) -> RecordStream | None:
    def is_mbox(content: Content) -> bool | None:
        with suppress(BrokenFileError):  # It is named beside the chats.
            return _MBOX.match(head(content, 4_096)) is not None or None
        return None

    ends = (".mbox", ".mbx", ".txt", ".mail") if source.has_members else ""
    rooms = find_rooms(source, ends, is_mbox)
    if source.has_members and not rooms:
        return _folder_of_mails(source)
    items = one_by_one(
        _items_of(_mails(room.content), room.names[0], room.content.name) for room in rooms
    )
    return RecordStream(MAIL.name, "record", None, items) if rooms else None


MAIL: Final = Format("mail", Message("Mail (mbox)"), _read, is_chat=True, is_in_order=False)
