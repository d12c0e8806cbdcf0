"""WhatsApp's text exports of iOS and Android, whose shape depends on the phone's language."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import Any, Final, Literal

from app.errors import Message
from app.formats.chats.chat_files import RoomFile
from app.formats.chats.text_chat import Grammar, Opening, Spoken, TextChat, moment, title_of
from app.formats.records import FileRoom

Order = Literal["ymd", "dmy", "mdy"]
_ORDERS: Final[tuple[Order, ...]] = ("dmy", "mdy")
_DAY: Final = r"(?P<a>\d{1,4})(?P<cut>[./-]) ?(?P<b>\d{1,2})(?P=cut) ?(?P<c>\d{1,4})\.?"
_TIME: Final = (
    r"(?P<time>(?:(?P<before>[AP]M|오전|오후)\s)?\d{1,2}[:.]\d{2}(?P<s>[:.]\d{2})?"
    r"(?P<after>\s?[AaPp]\.?\s?[Mm]\.?)?)"
)
_SHAPES: Final = (
    re.compile(rf"\[{_DAY},? {_TIME}\] (?P<rest>.*)"),
    re.compile(rf"{_DAY},? {_TIME} - (?P<rest>.*)"),
)
"""Lines that begin a message, on iOS and on Android."""
_OTHER_MARKS: Final = re.compile("[\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_SYSTEM: Final = re.compile(
    r"end-to-end encrypted|created (?:this )?group|\badded\b|\bremoved\b|\bleft$|joined using"
    r"|joined from|changed (?:the|this) group|changed the subject|changed their phone number"
    r"|changed to \+|security code|[Mm]issed (?:voice|video|group)|disappearing messages"
    r"|now an admin|pinned a message|turned (?:on|off)|is a contact"
    r"|Ende-zu-Ende|Gruppe erstellt|hinzugefügt|entfernt|hat die Gruppe verlassen"
    r"|종단간 암호화|그룹에 추가되었습니다|그룹을 만들었습니다|나갔습니다|보안 코드|추가했습니다"
)
_NAMES: Final = (
    re.compile(r"WhatsApp[ -]Chat (?:with|mit|-|–) (?P<title>.+?)(?: \(\d+\))?"),
    re.compile(r"(?P<title>.+?)님과의 WhatsApp (?:대화|채팅)(?: \(\d+\))?"),
    re.compile(r"WhatsApp (?:대화|채팅) ?[-:–] ?(?P<title>.+?)(?: \(\d+\))?"),
)
"""Names of files that name the room; a number is one more download of it."""
_OWN_MARK: Final = "\u200e"
"""Stands before what the app wrote, on iOS also before lines of media."""
_FILE: Final = re.compile(
    r"\u200e?(?P<file>\S[^\n]{0,200}?\.\w{1,5}) \((?P<words>[^()\n]{2,60})\)(?:\n|\Z)"
)
"""A file on Android, the first line of a message; below it stands what was written to it."""
_ATTACHED: Final = re.compile(
    r"(?P<mark>\u200e?)<[^<>:：\n]{1,60}[:：] ?(?P<file>[^<>\n]{1,200}\.\w{1,5})>"
    r"|(?P<old>\d{4}-\d\d-\d\d-[A-Z]{3,9}-\d{1,9}\.\w{1,5}) ?\u200e?<[^<>:\n]{1,60}>"
)
"""Files on iOS, beside what was written to them."""
_OWN_NAME: Final = re.compile(r"(?:[A-Z]{3}-\d{8}-WA\d+|\d{8}-.+)\.\w{1,5}")
"""Names that the app gives to files."""
_IN_ANGLES: Final = re.compile(r"<[^<>\n]{4,60}>")
_MARKED: Final = re.compile(r"\u200e<[^<>\n]{1,300}>")
_KINDS: Final = r"(?:image|video|audio|GIF|sticker|document|Contact card|video note) omitted"
_OMITTED_BELOW: Final = re.compile(rf"[ \n]?\u200e{_KINDS}\Z")
_MEDIA: Final = re.compile(
    r"<(?:Media omitted|미디어 파일 제외됨|Medien ausgeschlossen|Multimedia omitido|Mídia oculta"
    r"|Médias omis|Media omessi|Media weggelaten|Media tidak disertakan|Medya dahil edilmedi"
    r"|Без медиафайлов|メディアなし|省略多媒体文件|略過多媒體檔)>"
    rf"|<attached: .+>|<첨부: .+>|null|{_KINDS}|(?:location|위치): https?://\S+|POLL:.*",
    re.DOTALL,
)
_DELETED: Final = re.compile(
    r"(?:This message was deleted|You deleted this message|이 메시지는 삭제되었습니다"
    r"|삭제된 메시지입니다|Diese Nachricht wurde gelöscht"
    r"|Se eliminó este mensaje|Eliminaste este mensaje|Mensagem apagada|Você apagou esta mensagem"
    r"|Ce message a été supprimé|Vous avez supprimé ce message"
    r"|Questo messaggio è stato eliminato|Hai eliminato questo messaggio"
    r"|このメッセージは削除されました|このメッセージを削除しました)[.。]?"
)
_WORDS: Final = frozenset(
    (
        *("file attached", "파일 첨부됨", "Datei angehängt", "archivo adjunto", "arquivo anexado"),
        *("fichier joint", "file allegato", "bestand bijgevoegd", "ファイル添付", "файл добавлен"),
    )
)
"""Words in brackets behind the name of a file, in known languages."""
_EDITS: Final = ("<This message was edited>", "<편집된 메시지입니다>")


class WhatsApp(Grammar):
    """One shape for a whole file, as its first message has it, and one order of day and month."""

    exporters = frozenset({"You", "you", "나"})

    def __init__(self, first: re.Match[str], beside: Collection[str]) -> None:
        self._pattern, self._clock = first.re, _clock(first)
        self._order: Order = "dmy"
        self._notes = AppNotes(beside)

    def begin(self, lines: Iterable[str]) -> None:
        """Decide on the order of day and month and on the language by all lines.

        The order rests on 20,000 days: more than fifty years.
        """
        dates: dict[tuple[str, ...], None] = {}

        def texts() -> Iterator[str]:
            for match in filter(None, map(self._match, lines)):
                if len(dates) < 20_000:
                    dates[match.group("a", "b", "c")] = None
                yield match["rest"].partition(": ")[2]

        self._notes.learn(texts())
        self._order = order_of(list(dates), self._clock[1])

    def read(self, line: str) -> Opening | None:
        """Return what the line begins: a message has a name before the first `: `."""
        match = self._match(line)
        if match is None:
            return None
        when = moment(_day(match, self._order), match["time"])
        name, colon, text = match["rest"].partition(": ")
        if when is None:
            return None
        name, message = (_OTHER_MARKS.sub("", part) for part in (name, text))
        name = name.replace(_OWN_MARK, "")
        if not colon or _SYSTEM.search(name):
            return Opening()
        is_own = message.startswith(_OWN_MARK) and not line.startswith(_OWN_MARK)
        if is_own and not self._notes.is_medium(message):
            return Opening()
        name = name.removeprefix("~").strip()
        return Opening(name, when, message) if name else None

    def said(self, text: str) -> Spoken:
        return self._notes.said(text)

    def room(self, file: RoomFile[Any]) -> FileRoom:
        """Return the room as the name of its file, its folder or its archive tells it."""
        return FileRoom(platform=WHATSAPP.name, name=title_of(file.names, _NAMES))

    def _match(self, line: str) -> re.Match[str] | None:
        match = self._pattern.match(_bare(line))
        return match if match and _clock(match) == self._clock else None


def grammar_of(lines: Sequence[str], beside: Collection[str] = ()) -> WhatsApp | None:
    """Return how a file is written whose first lines these are; None for no chat.

    Two lines of one shape are enough, of which one is the first. `beside` are the names of the
    files that lie beside it.
    """
    for pattern in _SHAPES:
        matches = [match for line in lines if (match := pattern.match(_bare(line)))]
        if len(matches) > 1 and pattern.match(_bare(lines[0])):
            grammar = WhatsApp(matches[0], beside)
            grammar.begin(lines)
            is_chat = any((opening := grammar.read(line)) and opening.name for line in lines)
            return grammar if is_chat else None
    return None


def order_of(dates: list[tuple[str, ...]], half: str) -> Order:
    """Return the order of year, month and day that all dates of a file agree with, each once.

    `half` says where AM and PM stand: `before` the time, `after` it or nowhere. Of several orders
    the one in which dates never go back counts, then the one in which the day changes most often,
    then what people with a clock of twelve hours write: the month first.
    """
    numbers = [tuple(map(int, day)) for day in dates]
    firsts, seconds, lasts = ({day[i] for day in numbers} for i in range(3))
    are_short = all(len(first) == 2 for first, *_ in dates)
    if half == "before" or any(len(first) == 4 for first, *_ in dates):
        return "ymd"
    if len(firsts) == 1 and len(lasts) > 1 and are_short:
        return "ymd"
    if max(firsts, default=0) > 12:
        return "dmy"
    if max(seconds, default=0) > 12:
        return "mdy"
    rising: list[Order] = [order for order in _ORDERS if _rises(numbers, order)]
    if len(rising) == 1:
        return rising[0]
    changes = [sum(a[i] != b[i] for a, b in pairwise(numbers)) for i in (0, 1)]
    if changes[0] != changes[1]:
        return "dmy" if changes[0] > changes[1] else "mdy"
    return "mdy" if half else "dmy"


def _rises(days: list[tuple[int, ...]], order: str) -> bool:
    keys = [tuple(day[order.index(part)] for part in "ymd") for day in days]
    return all(a <= b for a, b in pairwise(keys))


def _clock(match: re.Match[str]) -> tuple[bool, str]:
    """Return whether a time has seconds, and where AM or PM stands."""
    return bool(match["s"]), "before" if match["before"] else "after" if match["after"] else ""


def _day(match: re.Match[str], order: Order) -> date | None:
    parts = dict(zip(order, (match["a"], match["b"], match["c"]), strict=True))
    year = int(parts["y"])
    try:
        return date(year + 2000 if year < 100 else year, int(parts["m"]), int(parts["d"]))
    except ValueError:
        return None


def _bare(line: str) -> str:
    return line.lstrip("\u200e\u200f\ufeff")


class AppNotes:
    """What the app itself puts into the messages of a file, beside which lie files of these names.

    It writes in the language of the phone, so most is told by its shape: by U+200E before it, by
    the name of a file, by words that stand at such names elsewhere, or by `<…>` that comes back.
    """

    def __init__(self, beside: Collection[str]) -> None:
        self._beside = beside
        self._words = _WORDS
        self._omitted: frozenset[str] = frozenset()
        """Texts in place of media that were left out."""

    def learn(self, texts: Iterable[str]) -> None:
        """Take the language of the notes from the first lines of messages, up to 1,000 notes."""
        counts: Counter[str] = Counter()
        words: set[str] = set()
        for text in texts:
            if text.endswith(")") and (match := _FILE.match(text)) and self._is_sure(match):
                if len(words) < 1_000:
                    words.add(match["words"])
            elif (
                text.endswith(">")
                and _IN_ANGLES.fullmatch(text)
                and (text in counts or len(counts) < 1_000)
            ):
                counts[text] += 1
        self._words = _WORDS | words
        self._omitted = frozenset(text for text, count in counts.items() if _is_note(text, count))

    def is_medium(self, text: str) -> bool:
        """Return whether the first line of a message stands for a file."""
        return bool(self.said(text).files or _MEDIA.fullmatch(text.removeprefix(_OWN_MARK)))

    def said(self, text: str) -> Spoken:
        """Return a text without the app's notes, and the names of files in them."""
        files: list[str] = []
        if (match := _FILE.match(text)) and (self._is_sure(match) or match["words"] in self._words):
            files.append(match["file"])
            text = text[match.end() :]
        if "<" in text:
            text = self._without_attached(text, files)
        if text.startswith(_OWN_MARK) or self._is_left_out(text):
            return Spoken("", tuple(files))
        first, end, others = _OMITTED_BELOW.sub("", text).partition("\n")
        message = _without_edit(f"{first.replace(_OWN_MARK, '')}{end}{others}")
        return Spoken("" if _is_title(message, files) else message, tuple(files))

    def _is_left_out(self, text: str) -> bool:
        return bool(text in self._omitted or _MEDIA.fullmatch(text) or _DELETED.fullmatch(text))

    def _is_sure(self, match: re.Match[str]) -> bool:
        """Return whether a name is that of a file, whatever the words beside it say."""
        return match[0].startswith(_OWN_MARK) or self._is_file(match["file"])

    def _is_file(self, name: str) -> bool:
        return name in self._beside or _OWN_NAME.fullmatch(name) is not None

    def _without_attached(self, text: str, files: list[str]) -> str:
        """Return a text without marked notes and the names of files, which are added to `files`."""

        def removed(match: re.Match[str]) -> str:
            name = match["old"] or match["file"]
            if match["old"] or match["mark"] or self._is_file(name):
                files.append(name)
                return ""
            return match[0]

        message = _MARKED.sub("", _ATTACHED.sub(removed, text))
        return text if message == text else message.strip()


def _is_note(text: str, count: int) -> bool:
    """Return whether a message in angle brackets, which came so often, is the app's."""
    is_word = " " not in text and text.isascii()
    return count >= 3 and not is_word


def _is_title(text: str, files: list[str]) -> bool:
    """Return whether a text stands before a document: its name, and how many pages it has."""
    title, bullet, _ = text.partition(" • ")
    return bool(bullet and files and files[0].endswith(title))


def _without_edit(text: str) -> str:
    for edit in _EDITS:
        if text.endswith(edit):
            return text.removesuffix(edit).rstrip()
    return text


WHATSAPP: Final = TextChat(
    "whatsapp",
    Message("WhatsApp"),
    Message(
        "two messages of one shape, a date and a time before each, the first in the first line"
    ),
    grammar_of,
)
