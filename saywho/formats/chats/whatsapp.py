"""WhatsApp's text exports of iOS and Android; their shape depends on the phone's language."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache, partial
from itertools import takewhile
from typing import Any, Final, NamedTuple

from saywho.errors import Message, UnrecognisedFileError
from saywho.formats.assumptions import Order, ReadNotes
from saywho.formats.chats.chat_files import RoomFile
from saywho.formats.chats.sentence_tables import matcher, movement_in, sentences
from saywho.formats.chats.text_chat import Grammar, Opening, Spoken, TextChat, note_names, title_of
from saywho.formats.chats.whatsapp_dates import HeadReader, Shape, find_shape, heads_in
from saywho.formats.records import FileRoom, ReadOptions
from saywho.formats.source.written.clock import UnknownWordsError
from saywho.formats.source.written.dates import FileDates
from saywho.formats.source.written.order import DateUse

COLON: Final = ": "
_MOST_NAMES: Final = 20_000
_LONGEST: Final = 60
_DEEPEST: Final = 3
_BARE: Final = re.compile(r"(?P<name>[^:\n]{1,40}):(?![/\s])(?P<text>.+)", re.DOTALL)
"""A name, and words after a colon without a blank."""
_IN_TIME: Final = re.compile(r".*\d:\d\d")
_BLANKS: Final = " \u200e\u200f\u202a\u202c\u202f\u00a0"
_NO_NAME: Final = re.compile(r"$|[\u200e\u200f<\[‹]")
"""Nothing, or the beginning of the app's line, such as a file's."""
_QUOTES: Final = re.compile('["“”„«»「」『』＂]')


class Names:
    """Names of a file; `add` takes the text after each head before `settle` decides."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._common: dict[str, tuple[str, ...]] = {}
        """Beginnings that all texts after a name share, each up to a later colon."""
        self._bare: dict[str, int] = {}
        self._longer: dict[str, str] = {}
        self._without_blank: frozenset[str] = frozenset()
        self._apps: frozenset[str] = frozenset()

    def add(self, rest: str) -> None:
        name, colon, text = rest.partition(COLON)
        if not colon:
            if (
                (match := _BARE.match(rest))
                and not _IN_TIME.fullmatch(rest[: match.end("name") + 3])
                and not _lines().has(rest)
            ):
                bare = match["name"]
                if bare in self._bare or len(self._bare) < _MOST_NAMES:
                    self._bare[bare] = self._bare.get(bare, 0) + 1
            return
        count = self._counts.get(name)
        if count is None:
            if len(self._counts) < _MOST_NAMES:
                self._counts[name] = 1
                self._common[name] = _parts(text)
            return
        self._counts[name] = count + 1
        if common := self._common[name]:
            pairs = zip(common, _parts(text), strict=False)
            alike = takewhile(lambda pair: pair[0] == pair[1], pairs)
            self._common[name] = tuple(part for part, _ in alike)

    def settle(self) -> None:
        known = {name for name, count in self._counts.items() if count > 1 and not _is_cut(name)}
        self._longer = {
            name: COLON.join((name, *common))
            for name, common in self._common.items()
            if common
            and not _is_cut(name)
            and self._counts[name] > 1 + (not all(map(_is_called, common)))
        }
        known |= set(self._longer)
        for name, count in self._counts.items():
            if count == 1 and (match := _BARE.match(name)) and match["name"] in self._bare:
                self._bare[match["name"]] += 1
        bare = {name for name, count in self._bare.items() if count > 1 or name in self._counts}
        if bare or not self._counts:
            bare |= {name for name in self._bare if _is_called(name)}
        whole_names = [name for name in known if ":" in name]
        self._without_blank = frozenset(
            name for name in bare if not any(each.startswith(f"{name}:") for each in whole_names)
        )
        whole = sorted(self._longer.values())
        self._apps = frozenset(
            name
            for name, count in self._counts.items()
            if count < 3 and name not in self._longer and _is_of_app(name, known, whole)
        )

    def split(self, rest: str) -> tuple[str, str] | None:
        """Return a line's name and words, if it has an author."""
        name, colon, text = rest.partition(COLON)
        if self._without_blank or not colon:
            if (match := _BARE.match(rest)) and match["name"] in self._without_blank:
                return match["name"], match["text"]
            if not colon:
                name = rest.rstrip(_BLANKS)
                is_name = name[-1:] == ":" and name[:-1] in self._counts
                return (name[:-1], "") if is_name else None  # Words may begin below the name.
        longer = self._longer.get(name)
        if longer is not None and rest.startswith(longer + COLON):
            return longer, rest[len(longer) + len(COLON) :]
        return None if name in self._apps else (name, text)

    def note(self, notes: ReadNotes) -> None:
        note_names({longer: self._counts[name] for name, longer in self._longer.items()}, notes)
        for name in sorted(self._without_blank - self._counts.keys()):
            evidence = Message("there is no space after the colon")
            notes.assume("person", name, evidence=evidence)


def _parts(text: str) -> tuple[str, ...]:
    if COLON not in text[: _LONGEST + len(COLON)]:
        return ()
    *parts, _ = text[: _DEEPEST * _LONGEST].split(COLON, _DEEPEST)
    return tuple(
        takewhile(lambda part: len(part) <= _LONGEST and _NO_NAME.match(part) is None, parts)
    )


def _is_called(part: str) -> bool:
    words = part.split()
    return 0 < len(words) < 4 and not any(word[0].islower() for word in words)


def _is_cut(name: str) -> bool:
    return len(_QUOTES.findall(name)) % 2 == 1


def _is_of_app(name: str, known: set[str], whole: list[str]) -> bool:
    """Return whether a line is the app's, though it seems to begin with a name.

    A contact's name may contain a colon, or a known person begin a sentence.
    """
    if any(name.endswith(f" {longer.partition(COLON)[0]}") for longer in whole):
        return True
    words = name.split()
    if len(words) < 4:
        return False
    starts = (" ".join(words[:end]) for end in range(1, len(words) - 2))
    return any(start in known for start in starts)


_OTHER_MARKS: Final = re.compile("[\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_NAMES: Final = (
    re.compile(r"WhatsApp[ -]Chat (?:with|mit|-|–) (?P<title>.+?)(?: \(\d+\))?"),
    re.compile(r"(?P<title>.+?)님과의 WhatsApp (?:대화|채팅)(?: \(\d+\))?"),
    re.compile(r"WhatsApp (?:대화|채팅) ?[-:–] ?(?P<title>.+?)(?: \(\d+\))?"),
)
"""File names that name the room; a number in brackets marks a repeated download."""
_OWN_MARK: Final = "\u200e"
"""Mark before the app's words, on iOS also before lines of media."""
_RIGHT_TO_LEFT: Final = re.compile("\\A\u200f|(?<=[:\\]] )\u200f|\u200f(?=<)")
"""The app's mark in languages that are written from right to left."""
_ESCAPED: Final = re.compile(r"\\u200[ef]", re.IGNORECASE)
_ESCAPED_MARK: Final = re.compile(r"(?:\A|: )\\u200[ef]", re.IGNORECASE)
_OF_ELEMENT: Final = re.compile(
    r" - [^:]{1,200} created and configured the room\.|: <@[^:\s]+:\S+ \""
    r"| sent an image\. \(Media omitted\)"
)
_FILE: Final = re.compile(
    r"\u200e?(?P<file>\S[^\n]{0,200}?\.\w{0,5}) \((?P<words>[^()\n]{2,60})\)(?:\n|\Z)"
)
"""A file on Android: a message's first line, with its caption below."""
_ATTACHED: Final = re.compile(
    r"(?P<mark>\u200e?)<[^<>:：\n]{1,60}[:：] ?(?P<file>[^<>\n]{1,200}\.\w{1,5})>"
    r"|(?P<old>\d{4}-\d\d-\d\d-[A-Z]{3,9}-\d{1,9}\.\w{1,5}) ?\u200e?<[^<>:\n]{1,60}>"
)
_OWN_NAME: Final = re.compile(r"(?:[A-Z]{3}-\d{8}-WA\d+|\d{8}-.+)\.\w{0,5}")
_IN_ANGLES: Final = re.compile(r"<[^<>\n]{4,60}>\Z")
_LONGEST_LINE: Final = 300
_MARKED: Final = re.compile(r"\u200e<[^<>\n]{1,300}>")
_TITLE: Final = re.compile(r"[^\n]{1,200}\.\w{1,5}(?P<pages> • [^\n]{1,40})?")
_OPEN_QUOTE: Final = re.compile(
    r".*[“„«「『‘][^”“»」』’]*|[^\"]*(?:\"[^\"]*\"[^\"]*)*(?<![0-9A-Za-z])\"[^\"]*", re.DOTALL
)
"""An unclosed quote before a colon: the colon belongs to a group's name."""
_CLOSE_QUOTE: Final = re.compile('[”“»」』’"]')
_OPEN_APOSTROPHE: Final = re.compile(r"(?:\S+ ){2,}'[^']+")
_CLOSE_APOSTROPHE: Final = re.compile(r"\S'(?!\w)")
"""The same with plain apostrophes, which also occur in words."""


class Unmarked:
    """Finds the app's lines of an iPhone after their invisible marks were lost.

    They stand below the name of the chat, which says nothing else, or of the person they are about.
    """

    def __init__(self) -> None:
        self._has_marks = False
        self._speaking: set[str] = set()
        """Names under which something else than the app's sentences stands."""

    def add(self, name: str, text: str) -> None:
        if text.startswith(_OWN_MARK):
            self._has_marks = True
        elif name in self._speaking or len(self._speaking) >= _MOST_NAMES:
            return
        elif text.strip() and not _lines().has(text):
            self._speaking.add(name)

    def is_of_app(self, name: str, text: str) -> bool:
        if self._has_marks or not (name not in self._speaking or text.startswith(name)):
            return False
        return _lines().has(text)


_BEGAN: Final = 2009
_DATE_USE: Final = DateUse(is_chat=True, since=_BEGAN, usual="day-first")


class WhatsApp(Grammar):
    """One shape for a whole file, its first message's, and one order of day and month."""

    exporters = frozenset({"You", "you", "나"})

    def __init__(self, shape: Shape, beside: Collection[str], marks: "_Marks") -> None:
        self._shape, self._heads, self._marked = shape, HeadReader(shape), marks.usual
        self._choice: Order | None = None
        self.dates, self._names = FileDates(None, _DATE_USE), Names()
        self._notes = AppNotes(beside, has_marks=shape.is_of_iphone)
        self._unmarked: Unmarked | None = None

    def choose(self, options: ReadOptions) -> None:
        self._choice = options.dates

    def begin(self, lines: Iterable[str]) -> None:
        self.dates, self._names = FileDates(self._choice, _DATE_USE), Names()
        is_part_first = self._shape.place == "before"
        unmarked = Unmarked() if self._shape.is_of_iphone else None

        def texts() -> Iterator[str]:
            for line in map(self._marked, lines):
                if head := self._heads.read(line):
                    self.dates.add(head.day, head.clock, is_part_first=is_part_first)
                    self._names.add(head.rest)
                    name, _, text = head.rest.partition(COLON)
                    if unmarked is not None:
                        unmarked.add(name, text)
                    yield text

        self._notes.learn(texts())
        self._unmarked = unmarked
        self._names.settle()
        self.dates.settle()

    def note(self, notes: ReadNotes) -> None:
        self.dates.note(notes)
        self._names.note(notes)

    def read(self, line: str) -> Opening | None:
        line = self._marked(line)
        head = self._heads.read(line)
        if head is None:
            return None
        when = self.dates.moment(self.dates.day(head.day), head.clock)
        if when is None:
            return None
        spoken = self._names.split(head.rest)
        if spoken is None:
            return _noted(head.rest, when)
        name, message = (_OTHER_MARKS.sub("", part) for part in spoken)
        name = name.replace(_OWN_MARK, "")
        if _is_apps(name, message):
            return _noted(head.rest, when)
        if self._unmarked is not None and self._unmarked.is_of_app(name, message):
            return _noted(message, when)
        is_own = message.startswith(_OWN_MARK) and not line.startswith(_OWN_MARK)
        if is_own and self._shape.is_of_iphone and not self._notes.is_medium(message):
            return _noted(message, when)
        name = name.removeprefix("~").strip()
        return Opening(name, when, message) if name else None

    def said(self, text: str) -> Spoken:
        return self._notes.said(self._marked(text))

    def room(self, file: RoomFile[Any]) -> FileRoom:
        return FileRoom(platform=WHATSAPP.name, name=title_of(file.names, _NAMES))


class _Marks(NamedTuple):
    """How a file writes the app's mark, if not as the character U+200E."""

    is_right_to_left: bool
    is_escaped: bool

    @classmethod
    def of(cls, lines: Sequence[str], shape: Shape) -> "_Marks":
        read, is_escaped = HeadReader(shape).read, any(map(_ESCAPED_MARK.search, lines))
        heads = [(line, head.rest) for line in lines if (head := read(line))]
        texts = [rest.partition(COLON)[2] for _, rest in heads]
        is_right_to_left = not any(text.startswith(_OWN_MARK) for text in texts) and (
            any("\u200f" in line.removesuffix(rest) for line, rest in heads)
            or any(text.startswith("\u200f") and _is_apps_own(text) for text in texts)
        )
        return cls(is_right_to_left, is_escaped)

    def usual(self, text: str) -> str:
        if self.is_escaped and "\\u200" in text:
            text = _ESCAPED.sub(lambda match: chr(int(match[0][2:], 16)), text)
        return _RIGHT_TO_LEFT.sub(_OWN_MARK, text) if self.is_right_to_left else text


def _is_apps_own(text: str) -> bool:
    return _lines().has(text) or _whole().has(text)


def _noted(text: str, when: datetime) -> Opening:
    if not _is_apps_own(text):
        return Opening(text=text.replace(_OWN_MARK, "")[:_LONGEST_LINE])
    return Opening(when=when, moved=movement_in("whatsapp", text))


def _is_apps(name: str, text: str) -> bool:
    if _has_open_quote(name) and _CLOSE_QUOTE.search(text):
        return True
    if "'" in name and _OPEN_APOSTROPHE.fullmatch(name) and _CLOSE_APOSTROPHE.search(text):
        return True
    return _lines().may_begin(name) and _lines().has(f"{name}: {text}")


@lru_cache(maxsize=1_024)
def _has_open_quote(name: str) -> bool:
    return len(name) <= _LONGEST_LINE and _OPEN_QUOTE.fullmatch(name) is not None


def grammar_of(lines: Sequence[str], beside: Collection[str] = ()) -> WhatsApp | None:
    """Return the grammar of a file's first lines, if the first and another share a shape.

    `beside` are the names of the files next to it. Raises UnrecognisedFileError for a chat with
    unknown dates.
    """
    try:
        shape = find_shape(lines)
    except UnknownWordsError as error:
        if beside:
            return None
        raise UnrecognisedFileError(
            "this looks like a WhatsApp chat, but its dates contain unknown words: {words}",
            words=str(error),
        ) from None
    if shape is None:
        return None
    if shape.has_seconds and any(map(_OF_ELEMENT.search, lines)):
        if beside:
            return None
        raise UnrecognisedFileError(
            "this is text of Element (Matrix), which does not mark quoted words; "
            "export the room as JSON, which saywho reads"
        )
    grammar = WhatsApp(shape, beside, _Marks.of(lines, shape))
    grammar.begin(lines)
    if (year := grammar.dates.foreign_year) and not beside:
        raise UnrecognisedFileError(
            "this looks like a WhatsApp chat, but its dates have years such as {year}, in"
            " a calendar that saywho does not support",
            year=str(year),
        )
    openings = [opening for line in lines if (opening := grammar.read(line))]
    known = sum(not (opening.name or opening.text) for opening in openings)
    is_of_app = 2 * known > len(openings)  # Groups begin with hundreds of notices.
    return grammar if is_of_app or any(opening.name for opening in openings) else None


def read_copy(line: str) -> Opening | None:
    """Return the beginning that a line copied out of an export makes."""
    try:
        head = next(heads_in(line), None)
    except UnknownWordsError:
        return None
    if head is None or head.shape.closing not in {"]", "-"}:
        return None
    name, colon, text = head.rest.partition(COLON)
    if not colon or len(name) > _LONGEST:
        return Opening() if _lines().has(head.rest) else None
    name = _OTHER_MARKS.sub("", name).replace(_OWN_MARK, "").removeprefix("~").strip()
    return Opening(name, text=text) if name else None


def said_in_copy(text: str) -> str:
    """Return a copied message without the app's notes."""
    return AppNotes((), has_marks=_OWN_MARK in text).said(text).text


_lines: Final = partial(matcher, "whatsapp", "line", "joined", "left", "renamed")
_whole: Final = partial(matcher, "whatsapp", "omitted", "document", "note", "deleted")
_omitted: Final = partial(matcher, "whatsapp", "omitted", "document")
_documents: Final = partial(matcher, "whatsapp", "document")
_edits: Final = partial(matcher, "whatsapp", "edited")
_attached: Final = partial(matcher, "whatsapp", "attached")


class AppNotes:
    """The notes that the app puts into messages, in the language of the phone.

    Notes missing in its table are recognised by U+200E before them on iOS, a file name, words seen
    next to other file names, or a repeated `<…>`. `beside` are the names of the files next to the
    chat.
    """

    def __init__(self, beside: Collection[str], *, has_marks: bool) -> None:
        self._beside = beside
        self._has_marks = has_marks
        self._words: frozenset[str] = frozenset()
        self._alone: frozenset[str] = frozenset()
        """Frequent notes in angle brackets that replace a message."""
        self._behind: frozenset[str] = frozenset()

    def learn(self, texts: Iterable[str]) -> None:
        """Learn up to 1,000 notes from the first lines of messages."""
        counts: Counter[tuple[str, bool]] = Counter()
        words: set[str] = set()
        for text in texts:
            if text.endswith(")") and (match := _FILE.match(text)) and self._is_sure(match):
                if len(words) < 1_000:
                    words.add(match["words"])
            elif (note := self._note_at_end(text)) and (note in counts or len(counts) < 1_000):
                counts[note] += 1
        self._words = frozenset(words)
        notes = [n for n, count in counts.items() if count >= 3 and not _is_ascii_word(n[0])]
        self._alone = frozenset(text for text, is_alone in notes if is_alone)
        self._behind = frozenset(text for text, is_alone in notes if not is_alone)

    def _note_at_end(self, text: str) -> tuple[str, bool] | None:
        note = ""
        if text.endswith(">"):
            match = _IN_ANGLES.search(text)
            note = match[0] if match else ""
        elif self._has_marks and _OWN_MARK in text:
            note = text.rpartition(_OWN_MARK)[2]
            note = "" if any(map(str.isdigit, note)) else note  # Numbers of people have the mark.
        return (note, note == text) if 3 < len(note) <= 62 else None

    def is_medium(self, text: str) -> bool:
        return bool(self.said(text).files or _whole().has(text))

    def said(self, text: str) -> Spoken:
        """Return a text without the app's notes, and the file names in them."""
        files: list[str] = []
        taken = ""
        if match := _FILE.match(text):
            is_certain = self._is_sure(match) or _attached().has(match["words"])
            if is_certain or match["words"] in self._words:
                files.append(match["file"])
                taken = "" if is_certain else match["words"]
                text = text[match.end() :]
        if "<" in text:
            text = self._without_attached(text, files)
        if _OWN_MARK in text or text.startswith("<"):
            text = self._without_omitted(text)
        if text.startswith(_OWN_MARK) and self._has_marks:
            return Spoken("", tuple(files), taken)
        message, note = self._without_notes(text)
        title, bullet, _ = message.partition(" • ")
        is_title = bool(bullet and files and files[0].endswith(title))
        return Spoken("" if is_title else message, tuple(files), taken or note)

    def _without_notes(self, text: str) -> tuple[str, str]:
        """Return a text without the app's note, and the note if no table has it."""
        first, end, others = text.partition("\n")
        text = f"{first.replace(_OWN_MARK, '')}{end}{others}"
        if _whole().has(text):
            return "", ""
        if text.endswith(">"):
            words, angle, note = text.rpartition("<")
            if _edits().has(note := f"{angle}{note}"):
                return words.rstrip(), ""
            if note in self._behind:
                return words.rstrip(), note
            if not words and _speaks_of_media(note):
                return "", note
        return (others, first) if first in self._alone else (text, "")

    def _without_omitted(self, text: str) -> str:
        first, _, others = text.partition("\n")
        if first.startswith("<") and others and _omitted().has(first):
            return others
        words, mark, note = text.rpartition(_OWN_MARK)
        if not (mark and words.strip() and (_omitted().has(note) or note in self._behind)):
            return text
        words = words.rstrip()
        title = _TITLE.fullmatch(words.replace(_OWN_MARK, ""))
        return "" if title and (title["pages"] or _documents().has(note)) else words

    def _is_sure(self, match: re.Match[str]) -> bool:
        return match[0].startswith(_OWN_MARK) or self._is_file(match["file"])

    def _is_file(self, name: str) -> bool:
        return name in self._beside or _OWN_NAME.fullmatch(name) is not None

    def _without_attached(self, text: str, files: list[str]) -> str:
        def removed(match: re.Match[str]) -> str:
            name = match["old"] or match["file"]
            if match["old"] or match["mark"] or self._is_file(name):
                files.append(name)
                return ""
            return match[0]

        message = _MARKED.sub("", _ATTACHED.sub(removed, text))
        return text if message == text else message.strip()


def _speaks_of_media(note: str) -> bool:
    if _is_ascii_word(note) or _IN_ANGLES.match(note) is None:
        return False
    return any(map(note.casefold().__contains__, sentences("whatsapp", "medium")))


def _is_ascii_word(note: str) -> bool:
    return " " not in note and note.isascii()


WHATSAPP: Final = TextChat(
    "whatsapp",
    Message("WhatsApp"),
    grammar_of,
    began=_BEGAN,
    steps=(
        Message("Open the chat and its menu (⋮). On an iPhone, tap its name at the top."),
        Message("Choose “More”, then “Export chat”. On an iPhone, “More” is not needed."),
        Message("Choose the exported file here: a .txt file (on an iPhone, a .zip file)."),
    ),
)
