"""Text in pictures: signs and emoji that the fonts have, in rows of a width."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate, groupby, islice, pairwise, takewhile
from pathlib import Path
from typing import Final, NamedTuple

from PIL import Image, ImageDraw, ImageFont, features

from app.language.i18n import MONTHS, UNIT

_FONTS: Final = Path(__file__).parents[1] / "fonts"
STROKED: Final = dict(zip("ĐđĦħıŁłŊŋŦŧƏə", "DdHhiLlNnTtEe", strict=True))
"""Replacements of Latin letters that are more than a letter with an accent."""
MOST_SIGNS: Final = 5_000
"""Number of cached signs, since visitors may send any sign of Unicode."""
JOINER: Final = "\u200d"
"""Character between emoji that form a sign. The first emoji is drawn."""
_MONTH: Final = "|".join(f"(?<={name})" for name in MONTHS)
_BREAK: Final = re.compile(
    rf"(?!(?:(?<=\d[년월])|{_MONTH}|(?<=\d,)|(?<=\d of))\s\d|(?<=\d)\s(?:{UNIT}|of \d)"
    r"|\s[–~]\s)\s"
)
"""White space at which a row may end: not within a date or "9 of 10", or before a unit or a
dash.
"""
_QUOTED: Final = re.compile(r"“[^“”\n]{1,24}”|\([^()\n]{1,16}\)")
"""Words in quotes or brackets that a row does not break, as long as a row of a card has room for.
"""
_EMOJI: Final = "NotoColorEmoji.ttf"
_STRIKE: Final = 109
_MIDDLE: Final = 0.38
"""Height of the middle of emoji above the baseline, by the size of the letters."""
_LARGEST_KEPT: Final = 112
"""Largest size of cached emoji."""
_OF_SCRIPT: Final = {
    **dict.fromkeys(("LATIN", "GREEK", "CYRILLIC", "COMBINING", "MODIFIER"), "Latin"),
    **dict.fromkeys(("CJK", "HIRAGANA", "KATAKANA", "BOPOMOFO", "IDEOGRAPHIC"), "Han"),
    **{
        name.upper(): name
        for name in (
            *("Arabic", "Armenian", "Bengali", "Devanagari", "Ethiopic", "Georgian", "Gujarati"),
            *("Gurmukhi", "Hebrew", "Kannada", "Khmer", "Lao", "Malayalam", "Myanmar", "Sinhala"),
            *("Tamil", "Telugu", "Thai"),
        )
    },
}
"""The file of a script, by the first word of its characters' names. Their shapes depend on their
neighbours (Raqm), and there is one weight.
"""
_BOLDER: Final = 0.022
"""How far the outline of a bold letter of another script is drawn outside, by its size."""
_WAYS: Final = {"L": "L", "R": "R", "AL": "R", "EN": "N", "AN": "N"}
"""Letters from left to right and from right to left, and numbers."""
_IN_NUMBER: Final = re.compile(r"(?<=\d)[.,:/،](?=\d)")
_MIRRORED: Final = str.maketrans("()[]{}<>«»", ")(][}{><»«")
CAN_SHAPE: Final = features.check("raqm")
"""Whether letters can be shaped: Pillow needs FriBidi of the system for it. Without, only names in
scripts that must be shaped are lost.
"""
_PLAIN_SCRIPTS: Final = frozenset({"Armenian", "Ethiopic", "Georgian", "Han", "Hebrew", "Latin"})
"""Scripts whose letters look alike beside every neighbour."""
_JOINERS: Final = frozenset("\u200c\u200d")
"""Characters that shape their neighbours, and have no picture."""
TO_RIGHT: Final = "\u200e"
"""Mark of direction beside names that run from right to left, which has no picture."""


class _Run(NamedTuple):
    font: str
    """File of a font; empty for the letters of Korean and Western languages."""
    text: str
    level: int
    """Odd from right to left, even from left to right, as in Unicode's Annex 9."""

    @property
    def direction(self) -> str | None:
        """The direction of a font that shapes letters; without it, the order of signs."""
        if self.is_plain:
            return None
        return "rtl" if self.level % 2 else "ltr"

    @property
    def is_plain(self) -> bool:
        return not CAN_SHAPE or self.font in {"", _EMOJI}


@dataclass(frozen=True, slots=True)
class Lettering:
    letters: ImageFont.FreeTypeFont
    is_bold: bool

    @property
    def size(self) -> float:
        return self.letters.size

    def getlength(self, text: str) -> float:
        return sum(map(self._width, _runs(text)))

    def ink(self, text: str) -> tuple[float, float]:
        """Return the top and bottom of what is drawn of a text, below the top of its row."""
        baseline = self.letters.getmetrics()[0]
        boxes = [
            self._font_of(run).getbbox(run.text, anchor="ls", direction=run.direction)
            for run in _runs(text)
            if run.font != _EMOJI
        ]
        emoji = self.size * 0.5 if any(is_emoji(sign) for sign in text) else 0.0
        middle = self.size * _MIDDLE if emoji else 0.0
        top = min([-middle - emoji, *(box[1] for box in boxes)])
        return baseline + top, baseline + max([emoji - middle, *(box[3] for box in boxes)])

    def write(
        self,
        image: Image.Image,
        place: tuple[float, float],
        text: str,
        colour: str,
        *,
        is_ours: bool = False,
    ) -> None:
        """Draw a text; ours runs from left to right, also if another script begins it."""
        left, top = place
        baseline = top + self.letters.getmetrics()[0]
        for run in _runs(text, is_ours=is_ours):
            if run.font == _EMOJI:
                self._write_emoji(image, left, baseline, run.text)
            else:
                ImageDraw.Draw(image).text(
                    (left, baseline),
                    run.text,
                    colour,
                    self._font_of(run),
                    anchor="ls",
                    direction=run.direction,
                    stroke_width=self.size * _BOLDER if run.font and self.is_bold else 0,
                )
            left += self._width(run)

    def _font_of(self, run: _Run) -> ImageFont.FreeTypeFont:
        return _font(run.font, int(self.size)) if run.font else self.letters

    def _width(self, run: _Run) -> float:
        if run.font == _EMOJI:
            return sum(_sized_emoji(sign, self.size).width + 2 * self._side for sign in run.text)
        return self._font_of(run).getlength(run.text, direction=run.direction)

    @property
    def _side(self) -> int:
        return round(self.size * 0.05)

    def _write_emoji(self, image: Image.Image, left: float, baseline: float, run: str) -> None:
        middle = baseline - self.size * _MIDDLE
        for sign in run:
            emoji = _sized_emoji(sign, self.size)
            place = round(left) + self._side, round(middle - emoji.height / 2)
            image.paste(emoji, place, emoji)
            left += emoji.width + 2 * self._side


def _runs(text: str, *, is_ours: bool = False) -> Sequence[_Run]:
    """Return the runs of a text from left to right.

    Source: Unicode's Annex 9, of marks of direction only with the one from left to right.
    """
    fonts = _fonts_of(text)
    is_plain = not is_from_right(text)
    levels = [0] * len(text) if is_plain else _levels_of(text, is_ours=is_ours)
    runs, start = list[_Run](), 0
    are_marks = map(TO_RIGHT.__eq__, text)
    for (font, level, is_mark), signs in groupby(zip(fonts, levels, are_marks, strict=True)):
        end = start + len([*signs])
        run = _Run(font, "" if is_mark else text[start:end], level)
        if level % 2 and run.is_plain:
            run = run._replace(text=run.text[::-1].translate(_MIRRORED))
        runs.append(run)
        start = end
    for lowest in (2, 1):
        turned = groupby(runs, lambda run: run.level >= lowest)  # noqa: B023 - used at once
        runs = [run for is_turned, some in turned for run in ([*some][::-1] if is_turned else some)]
    return runs


def _fonts_of(text: str) -> list[str]:
    """Return the font of each sign; signs between letters of a script are of its font."""
    fonts = [_font_name(sign) for sign in text]
    for place in range(1, len(fonts) - 1):
        script, own, after = fonts[place - 1 : place + 2]
        is_within = not own and script == after and script not in {"", _EMOJI}
        if is_within and not text[place].isalnum() and _has(_font(script, _STRIKE), text[place]):
            fonts[place] = script
    return fonts


def _levels_of(text: str, *, is_ours: bool) -> list[int]:
    ways = [_WAYS.get(unicodedata.bidirectional(sign), "") for sign in text]
    begins = next(filter(_is_strong, ways), "L")
    base = 0 if begins == "L" or (is_ours and "L" in ways) else 1
    own = "LR"[base]
    for found in _IN_NUMBER.finditer(text):
        ways[found.start()] = "N"
    for opening, closing in _brackets_in(text):
        inside = {*filter(_is_strong, ways[opening:closing])}
        if inside:
            earlier = next(filter(_is_strong, reversed(ways[:opening])), own)
            ways[opening] = ways[closing] = earlier if inside == {earlier} else own
    # A number after a letter from left to right is of its words, another stands between the rest.
    last = [*accumulate(ways, _newest_strong, initial=own)][:-1]
    ways = ["L" if pair == ("N", "L") else pair[0] for pair in zip(ways, last, strict=True)]
    sides = ["R" if way == "N" else way for way in ways]
    before = [*accumulate(sides, _newest_strong, initial=own)][1:]
    after = [*accumulate(reversed(sides), _newest_strong, initial=own)][:0:-1]
    contexts = (one if one == other else own for one, other in zip(before, after, strict=True))
    of_way = {"R": 1, "L": 2 * base, "N": 2}
    return [of_way[way or context] for way, context in zip(ways, contexts, strict=True)]


def _is_strong(way: str) -> bool:
    return way in {"L", "R"}


def _newest_strong(last: str, way: str) -> str:
    return way if _is_strong(way) else last


def _brackets_in(text: str) -> Iterator[tuple[int, int]]:
    opened: list[int] = []
    for place, sign in enumerate(text):
        if sign in "([{":
            opened.append(place)
        elif sign in ")]}" and opened and ord(sign) - ord(text[opened[-1]]) in {1, 2}:
            yield opened.pop(), place


def is_from_right(text: str) -> bool:
    """Return whether a text has letters that run from right to left."""
    if text.isascii():
        return False
    return any(_WAYS.get(unicodedata.bidirectional(sign)) == "R" for sign in text)


def _sized_emoji(sign: str, size: float) -> Image.Image:
    draw = _emoji if size <= _LARGEST_KEPT else _emoji.__wrapped__
    return draw(sign, size)


@lru_cache(maxsize=300)  # Of 20 KB each.
def _emoji(sign: str, size: float) -> Image.Image:
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
    places = {found.start() for found in _BREAK.finditer(text)}
    for quoted in _QUOTED.finditer(text):
        places.difference_update(range(*quoted.span()))
    return frozenset(places)


def whole_parts(text: str) -> list[str]:
    """Return the parts of a text that rows do not break if they have room."""
    ends = [*sorted(_breaks(text)), len(text)]
    parts = [text[begin:end].strip() for begin, end in pairwise([0, *ends])]
    return [part for part in parts if part]


def rows_of(text: str, font: Lettering, width: float) -> Iterator[str]:
    """Yield the stripped rows of a text."""
    breaks = _breaks(text)
    for line in re.finditer(r"\S[^\n]*", text):
        start = line.start()
        while start < line.end():
            end = _row_end(text, (start, line.end()), breaks, font, width)
            if row := text[start:end].strip():
                yield row
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
            return last_break or last_space or _whole_letter_end(text, line, place)
    return line[1]


def _whole_letter_end(text: str, line: tuple[int, int], place: int) -> int:
    starts = (at for at in range(place, line[0], -1) if not _is_mark(text[at]))
    later = (at for at in range(place + 1, line[1]) if not _is_mark(text[at]))
    return next(starts, None) or next(later, line[1])


def _is_mark(sign: str) -> bool:
    return unicodedata.category(sign)[0] == "M"


@lru_cache(maxsize=MOST_SIGNS)
def _sign_width(font: Lettering, sign: str) -> float:
    return font.getlength(sign)


def text_rows(text: str, font: Lettering, width: float, most: int) -> list[str]:
    rows = [*islice(rows_of(text, font, width), most + 1)]
    if len(rows) <= most:
        return rows
    return [*rows[: most - 1], clipped(f"{rows[most - 1]} …", font, width)]


def even_rows(text: str, font: Lettering, width: float) -> list[str]:
    """Return the rows of a text, as few as fit, with similar lengths."""
    rows = [*rows_of(text, font, width)]
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


def drawn_text(text: str) -> str:
    """Return the signs of a text that the fonts have.

    Letters that the fonts lack lose their accents, spaces become a blank. Other missing signs, and
    signs joined to an emoji, are left out with a surrounding space.
    """
    signs = list[str]()
    is_gap = False
    for place, written in enumerate(text):
        sign = _plain(written)
        is_joined = text[place - 1 : place] == JOINER and is_emoji(sign)
        is_shaping = sign in _JOINERS and _is_of_script(text[place - 1 : place])
        is_lost = is_joined or not (sign in f"\n{TO_RIGHT}" or is_shaping or has_sign(sign))
        is_second_space = is_gap and sign == " " and signs[-1:] == [" "]
        if not is_lost and not is_second_space:
            signs.append(sign)
        is_gap = is_lost
    return "".join(signs).strip()


def _plain(sign: str) -> str:
    # A letter that the fonts lack is replaced, if possible.
    if sign in f"\n{TO_RIGHT}" or (has_sign(sign) and not sign.isspace()):
        return sign
    return " " if sign.isspace() else STROKED.get(sign, unicodedata.normalize("NFD", sign)[0])


def drawn_name(name: str) -> str:
    """Return a name or word without signs that the fonts lack; empty if they lack a letter."""
    text = drawn_text(name)
    is_lost = any(sign.isalpha() and not has_sign(_plain(sign)) for sign in name)
    tells = any(sign.isalnum() or is_emoji(sign) for sign in text)
    return text if tells and not is_lost else ""


@cache
def font_of(*, bold: bool, size: int) -> Lettering:
    letters = "NotoSansKR-Bold.otf" if bold else "NotoSansKR-Regular.otf"
    return Lettering(_font(letters, size), bold)


def has_sign(sign: str) -> bool:
    return sign.isspace() or _is_letter(sign) or bool(_font_name(sign))


def is_emoji(sign: str) -> bool:
    """Return whether only the font of emoji has the sign."""
    return _font_name(sign) == _EMOJI


def _is_of_script(sign: str) -> bool:
    return bool(sign) and _font_name(sign) not in {"", _EMOJI}


@lru_cache(maxsize=MOST_SIGNS)
def _font_name(sign: str) -> str:
    if sign.isascii() or _is_letter(sign):
        return ""
    script = _OF_SCRIPT.get(unicodedata.name(sign, "").split(" ")[0].split("-")[0])
    if script and (CAN_SHAPE or script in _PLAIN_SCRIPTS):
        name = f"NotoSans{script}.otf"
        if _has(_font(name, _STRIKE), sign):
            return name
    _, top, _, bottom = _font(_EMOJI, _STRIKE).getbbox(sign)
    return _EMOJI if bottom > top else ""


@lru_cache(maxsize=MOST_SIGNS)
def _is_letter(sign: str) -> bool:
    return sign.isspace() or _has(font_of(bold=False, size=20).letters, sign)


@cache
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    is_plain = name == _EMOJI or name.startswith("NotoSansKR")
    layout = ImageFont.Layout.RAQM if CAN_SHAPE and not is_plain else ImageFont.Layout.BASIC
    return ImageFont.truetype(_FONTS / name, size, layout_engine=layout)


def _has(font: ImageFont.FreeTypeFont, sign: str) -> bool:
    # All signs that a font lacks have the same picture.
    return bytes(font.getmask(sign)) != bytes(font.getmask("\U0010fffe"))
