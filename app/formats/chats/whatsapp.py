"""WhatsApp's text exports: of iOS and Android, in the shape that the phone's language gives."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final, Literal, Self

from app.formats.chats.rooms import (
    Fate,
    Opening,
    find_rooms,
    has_crlf,
    head_of,
    is_text,
    items_of,
    messages,
    moment,
    read_messages,
    whole_lines,
)
from app.formats.records import Archive, Format, Item, ReadOptions
from app.formats.source.file import Content, Source

EXPORTERS: Final = frozenset({"You", "you", "나"})
"""What stands for the person who exported the room."""
Order = Literal["ymd", "dmy", "mdy"]
_DAY: Final = r"(?P<a>\d{1,4})(?P<cut>[./-]) ?(?P<b>\d{1,2})(?P=cut) ?(?P<c>\d{1,4})\.?"
_TIME: Final = (
    r"(?P<time>(?:(?P<before>[AP]M|오전|오후)\s)?\d{1,2}[:.]\d{2}(?P<s>[:.]\d{2})?"
    r"(?P<after>\s?[AaPp]\.?\s?[Mm]\.?)?)"
)
_SHAPES: Final = {
    "ios": re.compile(rf"\[{_DAY},? {_TIME}\] (?P<rest>.*)"),
    "android": re.compile(rf"{_DAY},? {_TIME} - (?P<rest>.*)"),
}
_MARKS: Final = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_OWN_MARK: Final = "\u200e"
"""Stands on iOS before what the app wrote."""
_SYSTEM: Final = re.compile(
    r"end-to-end encrypted|created (?:this )?group|\badded\b|\bremoved\b|\bleft$|joined using"
    r"|joined from|changed (?:the|this) group|changed the subject|changed their phone number"
    r"|changed to \+|security code|[Mm]issed (?:voice|video|group)|disappearing messages"
    r"|now an admin|pinned a message|turned (?:on|off)|is a contact"
    r"|Ende-zu-Ende|Gruppe erstellt|hinzugefügt|entfernt|hat die Gruppe verlassen"
    r"|종단간 암호화|그룹에 추가되었습니다|그룹을 만들었습니다|나갔습니다|보안 코드|추가했습니다"
)
_MEDIA: Final = re.compile(
    r"<Media omitted>|<미디어 파일 제외됨>|<Medien ausgeschlossen>|<attached: .+>|<첨부: .+>|null"
    r"|(?:image|video|audio|GIF|sticker|document|Contact card|video note) omitted"
    r"|(?:location|위치): https?://\S+|POLL:.*",
    re.DOTALL,
)
_ATTACHED: Final = re.compile(r"\S.{0,200} \((?:file attached|파일 첨부됨|Datei angehängt)\)\n?")
_DELETED: Final = re.compile(
    r"(?:This message was deleted|You deleted this message|이 메시지는 삭제되었습니다"
    r"|삭제된 메시지입니다|Diese Nachricht wurde gelöscht)\.?"
)
_EDITS: Final = ("<This message was edited>", "<편집된 메시지입니다>")


@dataclass(frozen=True, slots=True)
class Stamp:
    """The first three numbers of a message, and whether its time stands after AM or PM."""

    numbers: tuple[int, int, int]
    widths: tuple[int, int, int]
    has_half_before: bool
    has_half: bool


@dataclass(slots=True)
class WhatsApp:
    """One shape and one order of day and month for a whole file, decided once."""

    shape: str
    has_seconds: bool
    has_half: bool
    order: Order

    def read(self, line: str) -> Opening | None:
        """Return what the line begins: a message has a name before the first `: `."""
        found = self._match(line)
        if found is None:
            return None
        when = moment(_day(found, self.order), found["time"])
        name, colon, text = found["rest"].partition(": ")
        if when is None:
            return None
        bare = _MARKS.sub("", found["rest"])
        if not colon or _SYSTEM.search(_MARKS.sub("", name)):
            return Opening("", None, "", "system")
        if text.startswith(_OWN_MARK) and not _ATTACHED.match(_MARKS.sub("", text)):
            return Opening("", None, "", "system" if _SYSTEM.search(bare) else "media")
        name = _MARKS.sub("", name).removeprefix("~").strip()
        return Opening(name, when, _MARKS.sub("", text)) if name else None

    def classify(self, text: str) -> tuple[Fate, str]:
        """Return what became of a text, without an attached file's name and the note of an edit."""
        if _MEDIA.fullmatch(text):
            return "media", text
        if _DELETED.fullmatch(text):
            return "deleted", text
        attached = _ATTACHED.match(text)
        said = text[attached.end() :] if attached else text
        for edit in _EDITS:
            if said.endswith(edit):
                said = said.removesuffix(edit).rstrip()
        return ("said" if said else "media"), said

    def _match(self, line: str) -> re.Match[str] | None:
        found = _SHAPES[self.shape].match(_bare(line))
        if found is None or bool(found["s"]) != self.has_seconds:
            return None
        return found if bool(found["before"] or found["after"]) == self.has_half else None

    def decide(self, lines: Iterable[str]) -> Self:
        """Decide on the order of day and month by all lines of the file."""
        self.order = order_of(_stamp(found) for line in lines if (found := self._match(line)))
        return self


def grammar_of(lines: Sequence[str]) -> WhatsApp | None:
    """Return how a file is written whose first lines these are; None for no chat.

    Two lines of one shape are enough, of which one is the first.
    """
    for shape, pattern in _SHAPES.items():
        found = [match for line in lines if (match := pattern.match(_bare(line)))]
        if len(found) < 2 or not pattern.match(_bare(lines[0])):
            continue
        has_half = bool(found[0]["before"] or found[0]["after"])
        grammar = WhatsApp(shape, bool(found[0]["s"]), has_half, "dmy").decide(lines)
        names = [opening for line in lines if (opening := grammar.read(line)) and opening.name]
        return grammar if names else None
    return None


def order_of(stamps: Iterable[Stamp]) -> Order:
    """Return the order of year, month and day that all dates of a file agree with.

    Of several the one in which dates never go back counts, then the one in which the day changes
    most often, then what people with a clock of twelve hours write: the month first.
    """
    known = list(dict.fromkeys(stamps))
    if not known:
        return "dmy"
    if any(each.widths[0] == 4 or each.has_half_before for each in known):
        return "ymd"
    firsts, lasts = ({each.numbers[i] for each in known} for i in (0, 2))
    if len(firsts) == 1 and len(lasts) > 1 and all(each.widths[0] == 2 for each in known):
        return "ymd"
    if any(each.numbers[0] > 12 for each in known):
        return "dmy"
    if any(each.numbers[1] > 12 for each in known):
        return "mdy"
    rising = [order for order in ("dmy", "mdy") if _rises(known, order)]
    if len(rising) == 1:
        return "dmy" if rising[0] == "dmy" else "mdy"
    changes = [sum(a.numbers[i] != b.numbers[i] for a, b in pairwise(known)) for i in (0, 1)]
    if changes[0] != changes[1]:
        return "dmy" if changes[0] > changes[1] else "mdy"
    return "mdy" if known[0].has_half else "dmy"


def _rises(stamps: list[Stamp], order: str) -> bool:
    keys = [tuple(each.numbers[order.index(part)] for part in "ymd") for each in stamps]
    return all(a <= b for a, b in pairwise(keys))


def _stamp(found: re.Match[str]) -> Stamp:
    parts = found["a"], found["b"], found["c"]
    return Stamp(
        (int(parts[0]), int(parts[1]), int(parts[2])),
        (len(parts[0]), len(parts[1]), len(parts[2])),
        bool(found["before"]),
        bool(found["before"] or found["after"]),
    )


def _day(found: re.Match[str], order: Order) -> date | None:
    parts = dict(zip(order, (found["a"], found["b"], found["c"]), strict=True))
    year = int(parts["y"])
    try:
        return date(year + 2000 if year < 100 else year, int(parts["m"]), int(parts["d"]))
    except ValueError:
        return None


def _bare(line: str) -> str:
    return line.lstrip("\u200e\u200f\ufeff")


def read(source: Source, _options: ReadOptions) -> Archive | None:
    """Return what was said in the room, in one of the shapes."""
    rooms = find_rooms(source, is_text, lambda content: grammar_of(head_of(content)))
    if not rooms:
        return None
    return Archive(FORMAT.name, "line", None, items_of(rooms, _read), is_chat=True)


def _read(content: Content, grammar: WhatsApp) -> Iterator[Item]:
    is_crlf = has_crlf(content, grammar)
    grammar.decide(line for _, line in whole_lines(content.uncounted, is_crlf=is_crlf))
    return read_messages(messages(whole_lines(content, is_crlf=is_crlf), grammar), EXPORTERS)


FORMAT: Final = Format("whatsapp", read)
