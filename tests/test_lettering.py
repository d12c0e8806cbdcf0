"""Letters of other scripts in pictures: all there, shaped, and in their order."""

import os
import subprocess
import sys
import unicodedata
from io import BytesIO
from pathlib import Path
from typing import Final

import pytest
from PIL import Image, ImageChops, ImageStat

from app.drawing.lettering import CAN_SHAPE, drawn_name, drawn_text, font_of, rows_of
from app.drawing.png import Canvas

PLAIN: Final = (
    *(
        "שרה לוי",
        "王小明",
        "陳美麗",
        "田中さくら",
        "ラーメン",
        "ნინო",
        "Արամ",
        "አበበ",
        "Nguyễn Thị Ánh",
    ),
    *("Ελένη", "Łukasz", "Їжак"),
)
SHAPED: Final = (
    *("ليلى حسن", "प्रिया शर्मा", "অনিতা দাস", "สมชาย ใจดี", "செல்வி", "తెలుగు", "ಕನ್ನಡ", "മലയാളം", "සිංහල"),
    *("မြန်မာ", "ខ្មែរ", "ລາວ", "ਗੁਰਮੁਖੀ", "ગુજરાતી"),
)
needs_shapes: Final = pytest.mark.skipif(not CAN_SHAPE, reason="the system has no FriBidi")


def painted(text: str, *, bold: bool = False) -> Image.Image:
    image = Image.new("L", (900, 90))
    font_of(bold=bold, size=40).write(image, (20, 10), text, "#fff")
    return image


def same(one: Image.Image, other: Image.Image) -> bool:
    return ImageChops.difference(one, other).getbbox() is None


@pytest.mark.parametrize(
    "name", [*PLAIN, *(pytest.param(name, marks=needs_shapes) for name in SHAPED)]
)
def test_names_of_many_scripts_are_drawn_whole(name: str) -> None:
    assert drawn_name(name) == name
    plain, bold = painted(name), painted(name, bold=True)
    box = plain.getbbox()
    assert box
    assert box[2] <= 20 + font_of(bold=False, size=40).getlength(name) + 3
    assert ImageStat.Stat(bold).sum[0] > ImageStat.Stat(plain).sum[0]
    # Each letter has a picture of its own.
    assert all(
        not same(painted(name), painted(name.replace(letter, "")))
        for letter in name
        if unicodedata.category(letter)[0] == "L"
    )


def test_a_name_of_a_script_without_a_font_is_not_drawn() -> None:
    assert drawn_name("ᏣᎳᎩ") == ""


def test_without_fribidi_names_are_lost_only_where_letters_have_shapes(tmp_path: Path) -> None:
    # The loader takes the first file of the name, and this one is no library.
    for name in ("libfribidi.so", "libfribidi.so.0"):
        (tmp_path / name).touch()
    script = (
        "import sys; from app.drawing.lettering import drawn_name;"
        "print(*map(drawn_name, sys.argv[1:]), sep='|')"
    )
    assert subprocess.run(
        [sys.executable, "-c", script, *PLAIN, *SHAPED],
        env=os.environ | {"LD_LIBRARY_PATH": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=60,
    ).stdout.strip("\n").split("|") == [*PLAIN, *("" for _ in SHAPED)]


@needs_shapes
@pytest.mark.parametrize(
    ("word", "letters"), [("سلام", ["س", "ل", "ا", "م"]), ("क्षि", ["क", "्", "ष", "ि"])]
)
def test_letters_take_the_shape_that_their_neighbours_give_them(
    word: str, letters: list[str]
) -> None:
    font = font_of(bold=False, size=40)
    assert font.getlength(word) < 0.9 * sum(map(font.getlength, letters))
    # In Persian, a joiner of no width keeps two letters apart.
    assert drawn_text("می\u200cخواهم") == "می\u200cخواهم"
    assert not same(painted("می\u200cخواهم"), painted("میخواهم"))


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        # Each written from left to right, as it is seen.
        ("민아: שרה לוי 5 (רוני)!", ["민아: ", "(", "רוני", ")", " 5 ", "שרה לוי", "!"]),
        ("שרה Anna 2019 לוי", ["לוי", " Anna 2019 ", "שרה"]),
        ("שרה 2,957 רוני", ["רוני", " 2,957 ", "שרה"]),
        ("Anna שרה 🌸 Ben", ["Anna ", "שרה", " ", "🌸", " Ben"]),
        ("\u200eשרה\u200e: 1.6 words", ["שרה", ": 1.6 words"]),
    ],
)
def test_words_from_right_to_left_stand_in_their_order(written: str, seen: list[str]) -> None:
    font, left = font_of(bold=False, size=40), 20.0
    image = Image.new("L", (900, 90))
    for part in seen:
        font.write(image, (left, 10), part, "#fff")
        left += font.getlength(part)
    assert left - 20 == pytest.approx(font.getlength(written), abs=1)
    found, expected = (
        one.point(lambda value: 255 * (value > 96)) for one in (painted(written), image)
    )
    differing = ImageChops.difference(found, expected)
    assert ImageStat.Stat(differing).sum[0] < 0.15 * ImageStat.Stat(expected).sum[0]


@pytest.mark.parametrize(
    ("parts", "is_quoted"),
    [
        (["שרה", " writes most", " (51%)."], False),
        (["שרה", " 님이 가장 많이", " 써요."], False),
        (["!", "לוי", " Anna ", "שרה"], True),
        (["”", "לוי", "“", " ", "”", "שרה", "“"], None),  # Words of a person, without ours.
    ],
)
def test_a_name_turns_no_sentence_of_ours(parts: list[str], *, is_quoted: bool | None) -> None:
    font = font_of(bold=False, size=40)
    written = "".join(parts if is_quoted is False else parts[::-1])
    whole, in_parts = (Canvas((900, 90), "light") for _ in range(2))
    whole.write((20, 10), written, font, is_quoted=bool(is_quoted))
    left = 20.0
    for part in parts:
        in_parts.write((left, 10), part, font)
        left += font.getlength(part)
    found, expected = (
        ImageChops.invert(Image.open(BytesIO(canvas.as_png())).convert("L"))
        for canvas in (whole, in_parts)
    )
    differing = ImageChops.difference(found, expected)
    assert ImageStat.Stat(differing).sum[0] < 0.15 * ImageStat.Stat(expected).sum[0]


def test_a_row_never_begins_with_a_mark_of_the_letter_before() -> None:
    font = font_of(bold=False, size=40)
    for width in range(60, 200, 7):
        rows = [*rows_of("กำลังกินข้าวอยู่ที่บ้านเพื่อน" * 2, font, width)]
        assert not any(unicodedata.category(row[0])[0] == "M" for row in rows)
