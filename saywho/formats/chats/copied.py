"""Messages that were copied out of an app: the heads in front of them, and who said them.

Each app puts another head before a message, such as `[21:06, 1/15/2024] Mina: ` or a line with name
and time. A head that is written by people, too, must occur twice. The places are code points.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import pairwise
from typing import Final, NamedTuple

from saywho.formats.chats import kakaotalk, line, whatsapp
from saywho.formats.chats.text_chat import Grammar, Opening
from saywho.formats.source.written.clock import find_clock
from saywho.formats.source.written.days import MARKS, read_day
from saywho.text import clean_title


class CopiedPiece(NamedTuple):
    """A head, or the words of a message."""

    start: int
    end: int
    name: str | None
    """The speaker; None for lines of the app, and for words before the first head."""


class CopiedChat(NamedTuple):
    heads: list[CopiedPiece]
    messages: list[CopiedPiece]
    """Words without blanks around them; messages of media alone are heads."""


class _Begin(NamedTuple):
    name: str | None
    at: int
    """Place of the words in the head's last line."""
    lines: int = 1


_Begins = dict[int, _Begin]
"""Heads by the number of their first line."""
_SAME: Final = "\0"
"""Name in the head of a further message by the person before."""
_TIMED: Final = re.compile(r"\d[:.٫]\d\d")
"""A time, which each head has."""
_MAY_BEGIN: Final = re.compile(r"[^\w\[]*(?:\[|\d|[^\W\d_]{1,12}\.?\s?\d)")
"""The beginning of each head that is in front of the words."""
_CLOCK: Final = (
    r"(?:(?:오전|오후|午前|午後|上午|下午|[AaPp][Mm])\s?)?(?<!\d)(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d)?(?!\d)"
    r"(?:\s?[AaPp]\.?\s?[Mm]\b\.?)?"
)
_TIME: Final = re.compile(_CLOCK)
_DAY_WORD: Final = (
    r"(?:Today|Yesterday|Last [A-Z][a-z]+day|오늘|어제|그저께|지난\s?주? ?[월화수목금토일]요일)"
    r"(?: at)?"
)
_DAY_WORDS: Final = re.compile(rf"{_DAY_WORD},?(?=\s|$)")
_WORD: Final = re.compile(r"\w")
_MONTH_AND_DAY: Final = re.compile(r"[\s,]*\d{1,2}[./-]\s?\d{1,2}\.?[\s,]*")
_LONGEST_NAME: Final = 60
_LONGEST_HEAD: Final = 300
"""Beginning of a line that is searched for a head, so that no pattern takes long."""


def _has_time(text: str, *, has_day: bool) -> bool:
    before, clock, after = find_clock(text)
    if clock is None or clock.hour > 24 or not _TIMED.search(text):
        return False
    rest = f"{before} {after}"
    if word := _DAY_WORDS.search(rest):
        rest = f"{rest[: word.start()]} {rest[word.end() :]}"
        return not _WORD.search(rest)
    return _is_date(rest) if _WORD.search(rest) else not has_day


def _is_date(text: str) -> bool:
    for whole in (text, f"{text} 2000"):  # Slack writes no year.
        with suppress(ValueError):
            read_day(whole)
            return True
    return bool(_MONTH_AND_DAY.fullmatch(text))


# --- Heads of each app ---

_BRACKETED: Final = re.compile(
    rf"{MARKS}\[(?P<when>[^\[\]\n]{{4,40}})\]{MARKS}\s?"
    rf"(?P<name>[^:\n]{{1,{_LONGEST_NAME}}}?)\s?:(?:\s+|$)"
)
"""WhatsApp, Telegram on phones, and Discord's compact view: `[when] name: text`."""
_NAME_AND_BRACKETS: Final = re.compile(
    rf"(?P<name>[^\[\]\n]{{1,{_LONGEST_NAME}}}?)(?P<comma>,?)\s\[(?P<when>[^\[\]\n]{{4,40}})\]:?\s*"
)
"""Telegram's desktop and Slack: `name, [when]`, with the words in the next line."""
_DISCORD: Final = re.compile(
    rf"(?P<name>\S[^\n]{{0,{_LONGEST_NAME}}}?)\s?(?:\s—\s(?P<when>[^\n—]{{4,40}})"
    rf"|(?P<day>{_DAY_WORD} {_CLOCK}))\s*"
)
_SLACK: Final = re.compile(
    rf"(?P<name>\S[^\n]{{0,{_LONGEST_NAME}}}?)(?P<blanks>\s+)(?P<when>{_CLOCK})\s*"
)
_SLACK_TIME: Final = re.compile(
    rf"\s*(?:[A-Z][a-z]{{2,8}} \d{{1,2}}(?:st|nd|rd|th)?(?:, \d{{4}})? at |{_DAY_WORD} )?"
    rf"{_CLOCK}\s*"
)
_TIME_ALONE: Final = re.compile(rf"\s*(?:\[{_CLOCK}\]|{_CLOCK})\s*")
_TIME_BEFORE: Final = re.compile(rf"\[{_CLOCK}\]\s?")
_NOTES: Final = re.compile(
    r"\A\[(?:In reply to|Forwarded from|답장:|전달:) ?[^\[\]\n]+\]\s*"
    r"|(?<!\s)\s*\((?:edited|수정됨|편집됨)\)\Z"
    r"|\A\[ [^\[\]\n]{1,40} \]\Z"
)
"""Telegram's, Discord's and Slack's own words in a message."""


def _read(grammars: Callable[[], Sequence[Grammar]], text: str) -> Opening | None:
    """Return the beginning that a line makes in any grammar, preferably one with a name."""
    openings = [opening for grammar in grammars() if (opening := grammar.read(text))]
    return next((opening for opening in openings if opening.name), next(iter(openings), None))


def _said(grammars: Callable[[], Sequence[Grammar]], text: str) -> str:
    return grammars()[0].said(text).text


def _by_line(read: Callable[[str], Opening | None], lines: Sequence[str]) -> _Begins:
    """Return the heads of an app that writes them before the words, with its own lines."""

    def is_head(text: str) -> bool:
        is_possible = _MAY_BEGIN.match(text) and _TIMED.search(text)
        return bool(is_possible and (opening := read(text)) and opening.name)

    cut = [text[:_LONGEST_HEAD] for text in lines]
    if not any(map(is_head, cut)):
        return {}
    begins, days = _Begins(), list[int]()
    for number, text in enumerate(cut):
        opening = read(text)
        if opening is None or (not opening.name and (opening.text or text != lines[number])):
            continue  # A line of the app that no table has may be somebody's words.
        days += [number] if opening.is_day else []
        words = len(opening.text) if opening.name else 0
        begins[number] = _Begin(opening.name or None, len(text) - words)
    for number in reversed(days):  # A date that is not above a message is somebody's words.
        below = next((n for n in range(number + 1, len(lines)) if lines[n].strip()), None)
        if below not in begins and not lines[number].startswith("-----"):
            del begins[number]
    return begins


def _bracketed(lines: Sequence[str]) -> _Begins:
    begins, is_dated = _Begins(), False
    for number, text in enumerate(lines):
        match = _BRACKETED.match(text[:_LONGEST_HEAD]) if "]" in text else None
        if match and _has_time(match["when"], has_day=False):
            is_dated = is_dated or _has_time(match["when"], has_day=True)
            begins[number] = _Begin(_plain(match["name"]), match.end())
    return begins if is_dated or len(begins) > 1 else {}


def _line_of_computers(lines: Sequence[str]) -> _Begins:
    """Return the heads between single blanks, which timetables have, too.

    So they need a line with the day above, or names that come again in most of the lines.
    """
    filled = [text[:_LONGEST_HEAD] for text in lines if text.strip()]
    if not filled or not _MAY_BEGIN.match(filled[0]):
        return {}
    read = partial(_read, line.copied_on_computer)
    openings = list(filter(None, map(read, filled)))
    names = [opening.name for opening in openings if opening.name]
    is_headed = bool(openings) and openings[0].is_day
    is_whole = len(names) == len(filled) > 2 and 2 * len(set(names)) <= len(names) + 1
    return _by_line(read, lines) if is_headed or is_whole else {}


def _telegram(lines: Sequence[str]) -> _Begins:
    begins = _Begins()
    for number, text in enumerate(lines):
        match = _NAME_AND_BRACKETS.fullmatch(text) if _may_be_alone(text) else None
        if match and _has_time(match["when"], has_day=True):
            begins[number] = _Begin(_plain(match["name"]), len(text))
    return begins


def _discord(lines: Sequence[str]) -> _Begins:
    begins, is_dated = _Begins(), False
    for number, text in enumerate(lines):
        whole, size = text, 1
        below = [each.strip() for each in lines[number + 1 : number + 3]]
        if text.strip() and below[:1] and below[0].startswith("—"):
            size = 2 if len(below[0]) > 1 else 3
            whole = " ".join([text.strip(), *below[: size - 1]])
        if (match := _may_be_alone(whole) and _DISCORD.fullmatch(whole)) and (
            match["day"] or _has_time(match["when"], has_day=False)
        ):
            is_dated = is_dated or bool(match["day"]) or _has_time(match["when"], has_day=True)
            begins[number] = _Begin(_plain(match["name"]), len(lines[number + size - 1]), size)
        elif begins and (before := _TIME_BEFORE.match(text[:_LONGEST_HEAD])):
            begins[number] = _Begin(_SAME, before.end())
    is_certain = is_dated or sum(begin.name != _SAME for begin in begins.values()) > 1
    return begins if is_certain and _first(lines) in begins else {}


def _slack(lines: Sequence[str]) -> _Begins:
    begins, marked, names = _Begins(), 0, list[str]()
    for number, text in enumerate(lines):
        if number - 1 in begins and begins[number - 1].lines > 1:
            continue
        below = lines[number + 1][:_LONGEST_HEAD] if number + 1 < len(lines) else ""
        if not _may_be_alone(text):
            continue
        match = _NAME_AND_BRACKETS.fullmatch(text) or _SLACK.fullmatch(text)
        if begins and _TIME_ALONE.fullmatch(text):
            begins[number] = _Begin(_SAME, len(text))
            marked += "[" in text
        elif match and _TIME.fullmatch(match["when"]):
            begins[number] = _Begin(_plain(match["name"]), len(text))
            is_spaced = match.re is _SLACK and len(match["blanks"]) > 1
            marked += is_spaced or (match.re is not _SLACK and not match["when"][-1].isdigit())
            names.append(match["name"] if match.re is _SLACK else "")
        elif 0 < len(text.strip()) <= _LONGEST_NAME and _SLACK_TIME.fullmatch(below):
            is_indented = below[:1].isspace()
            if is_indented or not number or not lines[number - 1].strip():
                begins[number] = _Begin(_plain(text), len(below), 2)
                marked += is_indented
                names.append(text)
    is_certain = marked or len(names) > len(set(names))
    return begins if is_certain and _first(lines) in begins else {}


def _may_be_alone(text: str) -> bool:
    return len(text) <= _LONGEST_HEAD


def _plain(name: str) -> str:
    return re.sub(MARKS, "", name).strip().removeprefix("~").strip()


def _first(lines: Sequence[str]) -> int | None:
    return next((number for number, text in enumerate(lines) if text.strip()), None)


class _App(NamedTuple):
    begins: Callable[[Sequence[str]], _Begins]
    said: Callable[[str], str]
    """Return a message without the app's own words."""
    heading: re.Pattern[str] | None = None


def _noted(text: str) -> str:
    while (shorter := _NOTES.sub("", text)) != text:
        text = shorter
    return text


_APPS: Final = (
    _App(
        partial(_by_line, partial(_read, kakaotalk.copied)),
        partial(_said, kakaotalk.copied),
        kakaotalk.HEADING,
    ),
    _App(_bracketed, whatsapp.said_in_copy),
    _App(partial(_by_line, whatsapp.read_copy), whatsapp.said_in_copy),
    _App(partial(_by_line, partial(_read, line.copied)), partial(_said, line.copied), line.HEADING),
    _App(_line_of_computers, partial(_said, line.copied), line.HEADING),
    _App(_telegram, _noted),
    _App(_discord, _noted),
    _App(_slack, _noted),
)
"""The apps, the plainest heads first."""


def copied_chat(text: str) -> CopiedChat | None:
    """Return the heads and messages in a text with LF as line end; None without heads."""
    if not _TIMED.search(text):
        return None
    lines = text.split("\n")
    for app in _APPS:
        if begins := app.begins(lines):
            chat = _chat(app, lines, begins)
            if chat.messages:
                return chat
    return None


def _chat(app: _App, lines: Sequence[str], begins: _Begins) -> CopiedChat:
    chat, starts = CopiedChat([], []), [0]
    for text in lines:
        starts.append(starts[-1] + len(text) + 1)
    whole = "\n".join(lines)
    numbers, name = sorted(begins), None
    for number in range(numbers[0]):  # What is before the first head.
        piece = _stripped(whole, starts[number], starts[number] + len(lines[number]))
        is_heading = app.heading is not None and app.heading.fullmatch(whole[slice(*piece)])
        kind = chat.heads if is_heading else chat.messages
        kind += [CopiedPiece(*piece, None)] if piece[0] < piece[1] else []
    for number, below in pairwise([*numbers, len(lines)]):
        begin = begins[number]
        name = name if begin.name == _SAME else clean_title(begin.name)
        at = starts[number + begin.lines - 1] + begin.at
        first, last = _stripped(whole, at, starts[below] - 1)
        if name is None and first < last:  # Lines after one of the app's are nobody's.
            chat.heads.append(CopiedPiece(*_stripped(whole, starts[number], at), None))
            chat.messages.append(CopiedPiece(first, last, None))
            continue
        words = app.said(whole[first:last]).strip()
        place = whole.find(words, first, last) if words else last
        if place < 0:  # The app's words are inside.
            place, words = first, whole[first:last]
        chat.heads.append(CopiedPiece(*_stripped(whole, starts[number], place or at), name))
        if words:
            chat.messages.append(CopiedPiece(place, place + len(words), name))
            rest = _stripped(whole, place + len(words), last)
            chat.heads.extend([CopiedPiece(*rest, name)] if rest[0] < rest[1] else [])
    return chat


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    inner = text[start:end]
    left = len(inner) - len(inner.lstrip())
    return start + left, start + max(left, len(inner.rstrip()))
