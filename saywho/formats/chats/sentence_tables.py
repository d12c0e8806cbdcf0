"""Tables of the sentences that apps write into chats; `sentences/README.md` explains their form."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from itertools import chain
from typing import Final, NamedTuple
from unicodedata import category

from saywho.text import DIRECTIONS

_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
_PLACEHOLDERS: Final = {
    "name": r"[^\n]{1,200}?",
    "who": r"(?P<who>[^\n]{1,200}?)",
    "new": r"(?P<new>[^\n]{1,200}?)",
    "text": r".*?",
    "n": r"\d[\d.,٫٬]{0,15}",
    "time": r"\d{1,3}:\d\d(?::\d\d)?",
    "file": r"(?P<file>[^\n]{1,200})",
    "url": r"https?://\S{1,2000}",
}
_HEADING: Final = re.compile(r"== (?P<kind>[a-z]+) (?P<language>[a-z]{2}(?:-[A-Z]{2})?) ==")
_SOURCE: Final = "source: "
_FULL_STOP: Final = re.compile(r"[.。](>?)\Z")
_BLANKS: Final = "\u00a0\u2007\u2009\u200a\u202f"
_QUOTES: Final = "“”„‟«»＂"
_APOSTROPHES: Final = "’‘"
_ODD: Final = re.compile(f"[{_BLANKS}{DIRECTIONS}{_QUOTES}{_APOSTROPHES}]")
_EVEN: Final = str.maketrans(
    dict.fromkeys(_BLANKS, " ")
    | dict.fromkeys(DIRECTIONS, "")
    | dict.fromkeys(_QUOTES, '"')
    | dict.fromkeys(_APOSTROPHES, "'")
)
"""Blanks, direction marks and quotes that differ between versions of an app."""
_BETWEEN_NAMES: Final = re.compile(
    r"님, |님과 |님 및 |, (?:and )?| (?:and|und|et|y|e|en|dan|ve|и) |、|さんと"
)
_NEVER_PLAIN: Final = frozenset(f"{_BLANKS}{DIRECTIONS}{_QUOTES}{_APOSTROPHES}<")
"""Characters at the ends of a text that comparison may change."""


class AppSentence(NamedTuple):
    kind: str
    language: str
    source: str
    pattern: str


def parse(text: str) -> Iterator[AppSentence]:
    """Yield a table's sentences. Raises ValueError for a line in the wrong place."""
    kind = language = source = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("# ") or line == "#":
            continue
        if match := _HEADING.fullmatch(line):
            kind, language, source = match["kind"], match["language"], ""
        elif line.startswith(_SOURCE):
            source = line.removeprefix(_SOURCE)
        elif not (kind and source):
            raise ValueError(f"line {number}: a heading and a source come before the sentences")
        else:
            yield AppSentence(kind, language, source, line.replace(r"\n", "\n"))


def text_of(app: str) -> str:
    return files(__package__).joinpath("sentences", f"{app}.txt").read_text("utf-8")


def has_table(app: str) -> bool:
    return files(__package__).joinpath("sentences", f"{app}.txt").is_file()


@cache
def _sentences_of(app: str) -> tuple[AppSentence, ...]:
    return tuple(parse(text_of(app)))


@cache
def sentences(app: str, kind: str) -> tuple[str, ...]:
    return tuple(s.pattern for s in _sentences_of(app) if s.kind == kind)


@cache
def matcher(app: str, *kinds: str) -> "Matcher":
    return Matcher(s.pattern for s in _sentences_of(app) if s.kind in kinds)


class Movement(NamedTuple):
    """Who came to a chat or left it, or changed name."""

    names: tuple[str, ...]
    """The whole that stands for people, then its parts if it may list several; empty for whoever
    exported the chat.
    """
    has_left: bool
    became: str = ""
    """The new name of the one person."""


def movement_in(app: str, text: str) -> Movement | None:
    """Return who came or left, or changed name, by a line of an app, if it says so."""
    for kind in ("joined", "left", "renamed"):
        found = _movements(app, kind).people(text)
        if found is not None:
            who, new = (_name(found.get(part, "")) for part in ("who", "new"))
            parts = [] if new else [*map(_name, _BETWEEN_NAMES.split(who))]
            names = (who, *parts) if len(parts) > 1 else (who,)
            return Movement(names, kind == "left", new)
    return None


def _name(written: str) -> str:
    return written.removeprefix("~").strip()


@cache
def _movements(app: str, kind: str) -> "Matcher":
    # The sentence that says most, since the start of a longer one may pass for a name.
    found = sentences(app, kind)
    return Matcher(sorted(found, key=lambda each: -len(_PLACEHOLDER.sub("", each))))


class _Expression:
    """A sentence with placeholders, compiled when a text first looks like it."""

    def __init__(self, literals: list[str], names: list[str]) -> None:
        self._literals, self._names = literals, names

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(self._expression(len(self._names)), re.DOTALL)

    def beginning(self, end: int) -> re.Pattern[str]:
        return re.compile(self._expression(end))

    def _expression(self, end: int) -> str:
        pairs = zip(self._literals, self._names[:end], strict=False)
        pieces = [f"{re.escape(literal)}{_PLACEHOLDERS[name]}" for literal, name in pairs]
        return "".join(pieces) + re.escape(self._literals[end])


class Matcher:
    """Recognises whole sentences, by first comparing how they begin and end."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._whole: set[str] = set()
        self._heads: set[str] = set()
        self._by_head: dict[str, list[_Expression]] = defaultdict(list)
        self._by_tail: dict[str, list[_Expression]] = defaultdict(list)
        self._by_word: dict[str, list[tuple[str, _Expression]]] = defaultdict(list)
        """More by a word between two blanks, with the longest fixed part, which has the word."""
        self._others: list[tuple[str, _Expression]] = []
        self._beginnings: list[tuple[str, _Expression, int]] = []
        for pattern in map(_plain, patterns):
            # The whole sentence first: without its full stop, this would belong to a name.
            for form in dict.fromkeys((pattern, _FULL_STOP.sub(r"\1", pattern))):
                self._add(form)
        self.may_begin = lru_cache(maxsize=1_024)(self._may_begin)
        """Return whether a text may begin a sentence, up to a name in it."""

    def has(self, text: str) -> bool:
        if not self._may_be(text := text.strip()):
            return False
        text = _plain(text)
        return text in self._whole or self._match(text) is not None

    def begins_with_name(self, text: str) -> bool:
        """Return whether a sentence that `has` recognises begins with a name or another value."""
        text = _plain(text)
        heads = self._by_head.get(text[:2], ())
        return text not in self._whole and not any(head.pattern.fullmatch(text) for head in heads)

    def _may_be(self, text: str) -> bool:
        head, tail = text[:2], text[-2:]
        return bool(
            head in self._heads
            or tail in self._by_tail
            or self._others
            or self._by_word
            or not _NEVER_PLAIN.isdisjoint(head + tail)
        )

    def file_in(self, text: str) -> str | None:
        match = self._match(_plain(text)) if self._may_be(text) else None
        return match["file"] if match else None

    def people(self, text: str) -> dict[str, str] | None:
        """Return a sentence's `{who}` and `{new}`, if it has them; None for another text."""
        text = _plain(text.strip())
        if text in self._whole:
            return {}
        match = self._match(text)
        return match and match.groupdict()

    def _match(self, text: str) -> re.Match[str] | None:
        head = self._by_head.get(text[:2], ())
        tail = self._by_tail.get(text[-2:], ())
        for expression in chain(head, tail):
            if match := expression.pattern.fullmatch(text):
                return match
        words = [word for word in text.split() if word in self._by_word] if self._by_word else ()
        for others in (*map(self._by_word.__getitem__, words), self._others):
            for part, expression in others:
                if part in text and (match := expression.pattern.fullmatch(text)):
                    return match
        return None

    def _may_begin(self, text: str) -> bool:
        text = _plain(text)
        return any(
            part in text and expression.beginning(end).match(text)
            for part, expression, end in self._beginnings
        )

    def _add(self, pattern: str) -> None:
        """Add a sentence. Raises ValueError if too little of it is fixed text."""
        pieces = _PLACEHOLDER.split(pattern)
        literals, names = pieces[::2], pieces[1::2]
        if unknown := set(names) - _PLACEHOLDERS.keys():
            raise ValueError(f"{pattern!r} has an unknown placeholder: {', '.join(unknown)}")
        longest = max(literals, key=len)
        is_symbol = any(category(letter) == "So" for letter in longest)
        if names and len(longest.strip()) < 2 and not is_symbol:
            raise ValueError(f"too little is certain in {pattern!r}")
        if not names:
            self._whole.add(pattern)
            self._heads.add(pattern[:2])
            return
        expression = _Expression(literals, names)
        for end in range(1, len(names)):
            if names[end] in {"name", "who", "new"} and len(literals[end].strip()) > 3:
                self._beginnings.append((literals[end], expression, end))
        if len(literals[0]) > 1:
            self._by_head[literals[0][:2]].append(expression)
            self._heads.add(literals[0][:2])
        elif len(literals[-1]) > 1:
            self._by_tail[literals[-1][-2:]].append(expression)
        elif words := [word for word in longest.split(" ")[1:-1] if len(word.split()) == 1]:
            self._by_word[max(words, key=len)].append((longest, expression))
        else:
            self._others.append((longest, expression))


def _plain(text: str) -> str:
    if _ODD.search(text):
        text = text.translate(_EVEN)
    text = text.strip()
    return text.casefold() if text.startswith("<") else text
