"""iMessage: the text that imessage-exporter or bagoup writes of each chat of a Mac or a backup.

A message begins with its time, then its sender on the next line. A reply appears twice: below the
answered message, and at its own place, where it is read. Source:
https://github.com/ReagentX/imessage-exporter, exporters/txt.rs.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, Final, NamedTuple

from saywho.errors import Message
from saywho.formats.chats import text_chat
from saywho.formats.chats.chat_files import RoomFile
from saywho.formats.chats.sentence_tables import matcher
from saywho.formats.reading import Skipped
from saywho.formats.records import FileRoom, Item
from saywho.formats.source.file import Content
from saywho.formats.source.text import lines
from saywho.formats.source.times import iso_time
from saywho.formats.source.written.clock import UnknownWordsError, read_clock
from saywho.formats.source.written.dates import FileDates
from saywho.formats.source.written.days import matched_day
from saywho.formats.source.written.order import DateUse

_DATE: Final = re.compile(
    r"(?P<month>[^\W\d_][^\s\d,:]{1,20}) {1,2}(?P<day>\d{1,2}), (?P<year>\d{4}) {1,3}"
    r"(?P<time>\d{1,2}:\d\d:\d\d[ \u202f]?[^\W\d_][^\s\d,:()]{0,12})(?P<rest>| .+)"
)
_READ: Final = re.compile(r" \((?:Read|Delivered|Sent) .{1,200}\)")
_ME: Final = "Me"
_reactions: Final = partial(matcher, "imessage", "reaction")
_alone: Final = partial(matcher, "imessage", "alone")
_LINK: Final = re.compile(r"https?://\S+")
_TITLES: Final = (re.compile(r"(?P<title>.+) - \d+"), re.compile(r"(?P<title>.+)"))
_FILE: Final = re.compile(
    r"(?:[~/].{0,500}?/)?(?P<path>(?:attachments|Attachments)/\S.{0,300}\.\w{1,5})"
)
_EDITED: Final = re.compile(
    r"Edited \d+ (?:day|hour|minute|second)s?(?:, \d+ (?:hour|minute|second)s?){0,3} later: ?"
)
_REACTED: Final = re.compile(r"\s*(?:.{1,40} by .{1,200}|(?:[A-Z][a-z]+ )?Sticker from .{1,400})")
_STICKER: Final = re.compile(
    r"(?:[A-Z][a-z]+ )?Sticker from .{1,200}?: (?P<path>[^\s:][^:]{1,300}?)(?: \([^()]{1,100}\))?"
    r"(?: from .{1,200})?"
)
_SPOKEN: Final = "Transcription: "
"""The words of a voice message, below its file."""
_DELETED: Final = re.compile(
    r"(?P<who>.{1,200}) (?:deleted a message\.|(?:deleted|unsent) this message(?: part)?\b.{0,100})"
)
_OF_BAGOUP: Final = re.compile(
    r"\ufeff?\[(?P<when>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\] (?P<name>[^:]{1,200}): ?(?P<text>.*)"
)
_ATTACHED: Final = re.compile(r"<attached: (?P<path>.{1,300})>")
_NOTES: Final = frozenset({"This message responded to an earlier message.", "Attachment missing!"})
_EFFECT: Final = re.compile(r"Sent with [A-Z][a-z]+(?: [A-Z][a-z]+)?")


class _Part(NamedTuple):
    place: int
    opening: text_chat.Opening
    """Its name is empty; a line of the app has no time either."""
    lines: list[str]


class _Room(text_chat.Grammar):
    exporters = frozenset({_ME})

    def room(self, file: RoomFile[Any]) -> FileRoom:
        return FileRoom(platform=IMESSAGE.name, name=text_chat.title_of(file.names[:1], _TITLES))


class MessagesRoom(_Room):
    def __init__(self) -> None:
        self._dates = FileDates(None, DateUse(is_chat=True))

    def read(self, line: str) -> text_chat.Opening | None:
        """Return the opening in a line; the sender is in the next line."""
        match = _DATE.fullmatch(line)
        if match is None:
            return None
        time, rest = match["time"], match["rest"]
        if rest and (read_clock(f"{time}{rest}") is not None):
            time, rest = f"{time}{rest}", ""
        if rest and not _READ.fullmatch(rest):
            return text_chat.Opening()
        try:
            day = self._dates.day(matched_day(match))
        except UnknownWordsError:
            return None
        return text_chat.Opening(_ME, self._dates.moment(day, read_clock(time)))

    def said(self, text: str) -> text_chat.Spoken:
        """Return the last version of the words, without reactions, effects and notes."""
        words: list[str] = []
        files: list[str] = []
        is_reactions = False
        written = text.split("\n")
        for place, line in enumerate(written):
            following = written[place + 1] if place + 1 < len(written) else ""
            is_reactions = (is_reactions and bool(_REACTED.fullmatch(line))) or (
                line.strip() in {"Reactions:", "Tapbacks:"} and bool(_REACTED.fullmatch(following))
            )
            if is_reactions or line in _NOTES or _EFFECT.fullmatch(line):
                continue
            if match := _FILE.fullmatch(line) or _STICKER.fullmatch(line):
                files.append(match["path"])
            elif files and line.startswith(_SPOKEN):
                words.append(line.removeprefix(_SPOKEN))
            elif match := _EDITED.match(line):
                words = [line[match.end() :]]
            elif (match := _DATE.fullmatch(line)) and any(map(_EDITED.match, written[place:])):
                words = [match["rest"].lstrip()]  # The first text of several, with its time.
            else:
                words.append(line)
        text = "\n".join(words).strip("\n")
        if _alone().has(text) or (not files and _reactions().has(text)):
            return text_chat.Spoken("", tuple(files))
        # A link's bubble has no words of a person; below are the title and summary of its page.
        link, _, page = text.partition("\n")
        if page and _LINK.fullmatch(link.strip()):
            return text_chat.Spoken(link, tuple(files), taken=page.partition("\n")[0])
        return text_chat.Spoken(text, tuple(files))

    def items(self, content: Content) -> Iterator[Item]:
        for part in _parts(content, self):
            name = " ".join(part.lines[0].split()) if part.lines else ""
            if part.opening.when is None:
                yield Skipped(part.place, "system")
            elif _is_deleted(part.lines[1:2], name):
                yield Skipped(part.place, "deleted")
            elif sum(len(line) + 1 for line in part.lines) > text_chat.LONGEST:
                yield text_chat.too_long(part.place)
            else:
                opening = text_chat.Opening(name, part.opening.when)
                yield text_chat.message(self, opening, part.place, part.lines[1:])


class BagoupRoom(_Room):
    """`[2026-01-13 10:00:00] name: text`, as bagoup writes it; WhatsApp has a comma in the time."""

    def read(self, line: str) -> text_chat.Opening | None:
        match = _OF_BAGOUP.fullmatch(line)
        when = iso_time(match["when"]) if match else None
        return text_chat.Opening(match["name"], when, match["text"]) if match and when else None

    def said(self, text: str) -> text_chat.Spoken:
        written = text.split("\n")
        files = [match["path"] for match in map(_ATTACHED.fullmatch, written) if match]
        words = "\n".join(line for line in written if not _ATTACHED.fullmatch(line)).strip("\n")
        return text_chat.Spoken(
            "" if not files and _reactions().has(words) else words, tuple(files)
        )


def _parts(content: Content, grammar: MessagesRoom) -> Iterator[_Part]:
    """Yield the messages and lines of the app, without the replies below a message.

    Only a reply's first lines are indented, so later lines are left out too.
    """
    part: _Part | None = None
    is_answer, size, before = False, 0, ""
    for number, text, _ in lines(content):
        line = text.rstrip("\r\n").lstrip("\ufeff")
        opening = None if before.strip() else grammar.read(line)
        before = line
        if opening is not None:
            if part is not None:
                yield part
            part, is_answer, size = _Part(number, opening, []), False, 0
            continue
        is_answer = is_answer or bool(
            line.startswith("    ") and grammar.read(line.removeprefix("    "))
        )
        size += len(line) + 1
        if part is not None and not is_answer and size - len(line) <= text_chat.LONGEST:
            part.lines.append(line)
    if part is not None:
        yield part


def _is_deleted(first: Sequence[str], name: str) -> bool:
    if [*first] == ["This message was deleted from the conversation!"]:
        return True
    match = _DELETED.fullmatch(first[0]) if first else None
    return bool(match and match["who"] in {name, "You", "They"})


def _grammar_of(head: Sequence[str], _beside: Collection[str]) -> text_chat.Grammar | None:
    bagoup = BagoupRoom()
    of_bagoup = [opening for line in head if (opening := bagoup.read(line))]
    if any(opening.name == _ME for opening in of_bagoup) and bagoup.read(head[0]):
        return bagoup
    grammar = MessagesRoom()
    openings = [grammar.read(line) for line in head[:50]]
    if not openings or openings[0] is None:
        return None
    for opening, following in pairwise(openings):
        if opening is not None and opening.when is not None:
            return grammar if following is None else None
    return None


IMESSAGE: Final = text_chat.TextChat(
    "imessage", Message("iMessage (imessage-exporter)"), _grammar_of
)
