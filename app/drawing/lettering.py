"""Text in pictures: signs and emoji that the fonts have, in rows of a width."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate, groupby, islice, pairwise, takewhile
from pathlib import Path
from types import MappingProxyType
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from app.language.i18n import MONTHS, UNIT

_FONTS: Final = Path(__file__).parents[1] / "fonts"
STROKED: Final = dict(zip("ĐđĦħıŁłŊŋŦŧƏə", "DdHhiLlNnTtEe", strict=True))
"""Replacements of Latin letters that are more than a letter with an accent."""
MOST_SIGNS: Final = 5_000
"""Number of cached signs, since visitors may send any sign of Unicode."""
JOINER: Final = "\u200d"
"""Character between emoji that form a sign, of which the first is drawn."""
_MONTH: Final = "|".join(f"(?<={name})" for name in MONTHS)
_BREAK: Final = re.compile(
    rf"(?!(?:(?<=\d[년월])|{_MONTH}|(?<=\d,)|(?<=\d of))\s\d|(?<=\d)\s(?:{UNIT}|of \d))\s"
)
"""White space at which a row may end: not within a date or "9 of 10", or before a unit."""
_QUOTED: Final = re.compile("“[^“”\n]{1,24}”")
"""Quoted words that a row does not break, as long as a row of a card has room for."""
_EMOJI: Final = "NotoColorEmoji.ttf"
_STRIKE: Final = 109


@dataclass(frozen=True, slots=True)
class Lettering:
    letters: ImageFont.FreeTypeFont

    @property
    def size(self) -> float:
        return self.letters.size

    def getlength(self, text: str) -> float:
        return sum(self._width(is_of_emoji, run) for is_of_emoji, run in _runs(text))

    def write(self, image: Image.Image, place: tuple[float, float], text: str, colour: str) -> None:
        left, top = place
        baseline = top + self.letters.getmetrics()[0]
        for is_of_emoji, run in _runs(text):
            if is_of_emoji:
                self._write_emoji(image, left, baseline, run)
            else:
                pen = ImageDraw.Draw(image)
                pen.text((left, baseline), run, colour, self.letters, anchor="ls")
            left += self._width(is_of_emoji, run)

    def _width(self, is_of_emoji: bool, run: str) -> float:
        if not is_of_emoji:
            return self.letters.getlength(run)
        return sum(_emoji(sign, self.size).width + 2 * self._side for sign in run)

    @property
    def _side(self) -> int:
        return round(self.size * 0.05)

    def _write_emoji(self, image: Image.Image, left: float, baseline: float, run: str) -> None:
        middle = baseline - self.size * 0.38
        for sign in run:
            emoji = _emoji(sign, self.size)
            place = round(left) + self._side, round(middle - emoji.height / 2)
            image.paste(emoji, place, emoji)
            left += emoji.width + 2 * self._side


def _runs(text: str) -> Iterator[tuple[bool, str]]:
    for is_of_emoji, signs in groupby(text, is_emoji):
        yield is_of_emoji, "".join(signs)


@lru_cache(maxsize=300)  # Of 20 KB each.
def _emoji(sign: str, size: float) -> Image.Image:
    """Return an emoji in colour, without the space at its sides."""
    whole = _whole_emoji(sign)
    left, _, right, _ = whole.getbbox() or (0, 0, 1, 1)
    height = round(size * 0.98)
    width = max(1, round((right - left) * height / whole.height))
    cut = whole.crop((left, 0, right, whole.height))
    return cut.resize((width, height), Image.Resampling.LANCZOS)


def _whole_emoji(sign: str) -> Image.Image:
    font = _font(_EMOJI, _STRIKE)
    left, top, right, bottom = map(int, font.getbbox(sign))
    image = Image.new("RGBA", (max(1, right - left), max(1, bottom - top)))
    ImageDraw.Draw(image).text((-left, -top), sign, font=font, embedded_color=True)
    return image


def _breaks(text: str) -> frozenset[int]:
    """Return the places of white space at which a row may end."""
    places = {found.start() for found in _BREAK.finditer(text)}
    for quoted in _QUOTED.finditer(text):
        places.difference_update(range(*quoted.span()))
    return frozenset(places)


def whole_parts(text: str) -> list[str]:
    """Return the parts of a text that rows do not break if they have room."""
    ends = [*sorted(_breaks(text)), len(text)]
    parts = [text[begin:end].strip() for begin, end in pairwise([0, *ends])]
    return [part for part in parts if part]


def rows_of(text: str, font: Lettering, width: float) -> Iterator[tuple[int, str]]:
    """Yield the start of each row of a text, and the stripped row."""
    breaks = _breaks(text)
    for line in re.finditer(r"\S[^\n]*", text):
        start = line.start()
        while start < line.end():
            end = _row_end(text, (start, line.end()), breaks, font, width)
            row = text[start:end].lstrip()
            if row:
                yield end - len(row), row.rstrip()
            start = end


def _row_end(
    text: str, line: tuple[int, int], breaks: frozenset[int], font: Lettering, width: float
) -> int:
    used, last_break, last_space = 0.0, None, None
    for place in range(*line):
        used += _sign_width(font, text[place])
        if text[place].isspace():
            last_space = place + 1
            last_break = last_space if place in breaks else last_break
        elif used > width:
            return last_break or last_space or max(place, line[0] + 1)
    return line[1]


@lru_cache(maxsize=MOST_SIGNS)
def _sign_width(font: Lettering, sign: str) -> float:
    return font.getlength(sign)


def first_rows(
    rows: list[tuple[int, str]], most: int, font: Lettering, width: float
) -> list[tuple[int, str]]:
    if len(rows) <= most:
        return rows
    start, row = rows[most - 1]
    return [*rows[: most - 1], (start, clipped(f"{row} …", font, width))]


def text_rows(text: str, font: Lettering, width: float, most: int) -> list[str]:
    rows = [*islice(rows_of(text, font, width), most + 1)]
    return [row for _, row in first_rows(rows, most, font, width)]


def even_rows(text: str, font: Lettering, width: float) -> list[str]:
    """Return the rows of a text, as few as fit, with similar lengths."""
    rows = [row for _, row in rows_of(text, font, width)]
    words = whole_parts(" ".join(text.split()))
    lengths = [font.getlength(f"{word} ") for word in words]
    narrow = max(sum(lengths) / max(len(rows), 1), *lengths, 0)
    while narrow < width:
        even = _filled_rows(words, lengths, narrow)
        if len(even) <= len(rows):
            return even
        narrow += width / 40
    return rows


def _filled_rows(words: Iterable[str], lengths: Iterable[float], width: float) -> list[str]:
    rows, used = list[str](), width
    for word, length in zip(words, lengths, strict=True):
        if used + length > width:
            rows.append(word)
            used = length
        else:
            rows[-1] += f" {word}"
            used += length
    return rows


def joined_rows(parts: Iterable[str], font: Lettering, width: float, most: int) -> list[str]:
    """Return parts with dots between them in up to `most` rows, without parts that lack room.

    Only a part wider than a row is broken.
    """
    rows: list[str] = []
    for part in parts:
        longer = f"{rows[-1]} · {part}" if rows else part
        if rows and font.getlength(longer) <= width:
            rows[-1] = longer
        elif len(rows) < most:
            rows += text_rows(part, font, width, most - len(rows))
    return rows


def clipped(text: str, font: Lettering, width: float) -> str:
    if font.getlength(text) <= width:
        return text
    ends = accumulate(map(font.getlength, text), initial=font.getlength("…"))
    fitting = sum(1 for _ in takewhile(lambda end: end <= width, ends)) - 1
    return f"{text[: max(fitting, 0)].rstrip()}…"


def drawable(
    text: str, colours: Mapping[int, str] = MappingProxyType({})
) -> list[tuple[str, str | None]]:
    """Return the signs of a text that the fonts have, and the colour of each.

    Letters that the fonts lack lose their accents, spaces become a blank. Other missing signs, and
    signs joined to an emoji, are left out with a surrounding space.
    """
    signs: list[tuple[str, str | None]] = []
    is_gap = False
    for place, written in enumerate(text):
        sign = _plain(written)
        is_joined = text[place - 1 : place] == JOINER and is_emoji(sign)
        is_lost = is_joined or (sign != "\n" and not has_sign(sign))
        is_second_space = is_gap and sign == " " and signs[-1:] and signs[-1][0] == " "
        if not is_lost and not is_second_space:
            signs.append((sign, colours.get(place)))
        is_gap = is_lost
    return signs


def _plain(sign: str) -> str:
    # A letter that the fonts lack is replaced, if possible.
    if sign == "\n" or (has_sign(sign) and not sign.isspace()):
        return sign
    return " " if sign.isspace() else STROKED.get(sign, unicodedata.normalize("NFD", sign)[0])


def drawn_text(text: str) -> str:
    return "".join(sign for sign, _ in drawable(text)).strip()


def drawn_name(name: str) -> str:
    """Return a name or word without signs that the fonts lack; empty if they lack a letter: without
    it, 金민수 would become 민수.
    """
    text = drawn_text(name)
    is_lost = any(sign.isalpha() and not has_sign(_plain(sign)) for sign in name)
    tells = any(sign.isalnum() or is_emoji(sign) for sign in text)
    return text if tells and not is_lost else ""


@cache
def font_of(*, bold: bool, size: int) -> Lettering:
    letters = "NotoSansKR-Bold.otf" if bold else "NotoSansKR-Regular.otf"
    return Lettering(_font(letters, size))


def has_sign(sign: str) -> bool:
    return sign.isspace() or _is_letter(sign) or is_emoji(sign)


@lru_cache(maxsize=MOST_SIGNS)
def is_emoji(sign: str) -> bool:
    """Return whether only the font of emoji has the sign."""
    if sign.isascii() or _is_letter(sign):
        return False
    _, top, _, bottom = _font(_EMOJI, _STRIKE).getbbox(sign)
    return bottom > top


@lru_cache(maxsize=MOST_SIGNS)
def _is_letter(sign: str) -> bool:
    return sign.isspace() or _has(font_of(bold=False, size=20).letters, sign)


@cache
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_FONTS / name, size, layout_engine=ImageFont.Layout.BASIC)


def _has(font: ImageFont.FreeTypeFont, sign: str) -> bool:
    # All signs that a font lacks have the same picture.
    return bytes(font.getmask(sign)) != bytes(font.getmask("\U0010fffe"))
