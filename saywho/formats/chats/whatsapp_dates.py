"""Heads of WhatsApp's lines; their shape depends on the phone's language and settings."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final, NamedTuple

from saywho.formats.source.written.clock import Place, UnknownWordsError, WrittenClock, part_of_day
from saywho.formats.source.written.days import MARKS, WrittenDay, date_patterns, matched_day

_CLOSINGS: Final = {"]": r"\]\s?", "-": r"\s[-–—]\s", ":": r":\s", ";": r";\s", ",": r",\s"}


class HeadLayout(NamedTuple):
    pattern: re.Pattern[str]
    date: str
    is_time_first: bool
    is_cut: bool


class Shape(NamedTuple):
    layout: HeadLayout
    opening: str
    closing: str
    cut: str
    has_seconds: bool
    place: Place

    @property
    def is_of_iphone(self) -> bool:
        return self.opening == "[" or self.closing == ":"


class LineHead(NamedTuple):
    shape: Shape
    day: WrittenDay
    clock: WrittenClock
    rest: str


@cache
def layouts() -> tuple[HeadLayout, ...]:
    """Return the layouts of a line that begins a message, the most usual first."""
    seconds, closing = r"(?:[:.](?P<second>\d{2}))?", "|".join(_CLOSINGS.values())
    # Browsers copy the time first, and so did old phones.
    return tuple(
        HeadLayout(
            _pattern(date, r"\[?", seconds, closing, is_time_first=is_time_first),
            date,
            is_time_first,
            "?P<cut>" in date,
        )
        for is_time_first in (False, True)
        for date in date_patterns()
    )


def _pattern(
    date: str, opening: str, seconds: str, closing: str, *, is_time_first: bool
) -> re.Pattern[str]:
    head = f"{MARKS}(?P<open>{opening}){MARKS}"
    close = rf"(?P<close>{closing})(?P<rest>.*)"
    hour_and_minute = rf"(?P<hour>\d{{1,2}})(?:{MARKS}[:.٫]|\s?h\s?)(?P<minute>\d{{2}})"
    time = rf"{hour_and_minute}{seconds}(?!\d)"
    if is_time_first:
        after, before = r"(?P<after>[^\d:;\[\]\n]{1,24}?)", r"(?P<before>[^\w:;\[\]\n]{0,3}?)"
        return re.compile(f"{head}{time}{after}{date}{before}{close}")
    before, after = r"(?P<before>[^\d:;\[\]\n]{1,30}?)", r"(?P<after>[^\d:;\[\]\n]{0,24}?)"
    return re.compile(f"{head}{date}{before}{time}{after}{close}")


def exact(shape: Shape) -> re.Pattern[str]:
    seconds = r"[:.](?P<second>\d{2})" if shape.has_seconds else r"(?P<second>)(?![:.]\d\d)"
    date = shape.layout.date
    if shape.layout.is_cut:
        date = date.replace("[./-]", re.escape(shape.cut))
    closing = _CLOSINGS[shape.closing]
    is_time_first = shape.layout.is_time_first
    return _pattern(date, re.escape(shape.opening), seconds, closing, is_time_first=is_time_first)


def heads_in(line: str) -> Iterator[LineHead]:
    """Yield the ways to read a line's beginning. Raises UnknownWordsError without any way."""
    unknown: UnknownWordsError | None = None
    for layout in layouts():
        if match := layout.pattern.match(line):
            try:
                head = _head(layout, match)
            except UnknownWordsError as error:
                # Before a colon or a comma anything may stand, as in logs.
                if match["close"].strip() not in {":", ";", ","}:
                    unknown = unknown or error
                continue
            if head and _is_likely(head):
                unknown = None
                yield head
    if unknown is not None:
        raise unknown


class HeadReader:
    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        # The expression of the shape alone is faster than that of its layout.
        self._match = exact(shape).match

    def read(self, line: str) -> LineHead | None:
        match = self._match(line)
        if match is None:
            return None
        try:
            half, place = part_of_day(match["before"], match["after"])
            return _told_head(self._shape, match, half) if place == self._shape.place else None
        except UnknownWordsError:
            return None


def _head(layout: HeadLayout, match: re.Match[str]) -> LineHead | None:
    opening, closing = match["open"], match["close"].strip()
    if (opening == "[") != (closing == "]"):
        return None
    half, place = part_of_day(match["before"], match["after"])
    cut = match["cut"] if layout.is_cut else ""
    closing = "-" if closing in "–—" else closing
    shape = Shape(layout, opening, closing, cut, match["second"] is not None, place)
    return _told_head(shape, match, half)


def _told_head(shape: Shape, match: re.Match[str], half: str) -> LineHead:
    hour, minute, second, rest = match.group("hour", "minute", "second", "rest")
    clock = WrittenClock(int(hour), int(minute), int(second or 0), half)
    return LineHead(shape, matched_day(match), clock, rest)


def _is_likely(head: LineHead) -> bool:
    closing, cut = head.shape.closing, head.shape.cut
    if closing == ",":
        return head.shape.place == "before" and cut == "." and " : " not in head.rest
    return closing not in {":", ";"} or cut in {".", "/"}


def find_shape(lines: Sequence[str]) -> Shape | None:
    """Return a file's shape, which two of its first lines have.

    Raises UnknownWordsError if only unknown words in dates prevent a chat.
    """
    try:
        for head in heads_in(lines[0]) if lines else ():
            reader = HeadReader(head.shape)
            if sum(reader.read(line) is not None for line in lines) > 1:
                return head.shape
    except UnknownWordsError:
        if _looks_like_chat(lines):
            raise
    return None


def _looks_like_chat(lines: Sequence[str]) -> bool:
    firsts = (
        next(filter(None, (one.pattern.match(line) for one in layouts())), None) for line in lines
    )
    return sum(": " in match["rest"] for match in firsts if match) > 1
