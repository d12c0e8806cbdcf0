"""Pictures to pass on: nothing is cut off, and nothing lies upon something else."""

import re
from io import BytesIO
from itertools import cycle
from typing import Final

import numpy as np
import pytest
from PIL import Image, ImageColor

from app.drawing.drawings import (
    Bars,
    CardRow,
    CardRows,
    Clock,
    GridDay,
    Habits,
    MarkedText,
    NamedBar,
    PeriodColumn,
    PeriodColumns,
    Row,
    TileRow,
    Tiles,
    WeekGrid,
)
from app.drawing.lettering import even_rows, font_of, text_rows
from app.drawing.painting import Drawing
from app.drawing.png import MARGIN, Canvas, SmoothPen, ThemeName, theme_of
from app.drawing.poster import FORMATS, Format, Poster, PosterFigure, PosterLine, draw_poster
from app.views.tell import LONGEST_FINDING
from tests.selection import first_of

HUES: Final = theme_of("light").hues
FULL: Final = theme_of("light").on_ground_of("author-1")
"""The colours of a picture that is one person's."""
LARGEST_BYTES: Final = 400_000
LONG: Final = "began 3 times after a silence 🌊 " * 6
NAMES: Final = ("긴이름" * 90, "W" * 320, "ann")
MANY: Final = 30
"""Signs of a name of which a finding has the first ones."""


def bars(people: int, name: str) -> Bars:
    rows = (NamedBar(name, 1 / place, "14%", f"author-{place}") for place in range(1, people + 1))
    return Bars(tuple(rows))


def noted(drawing: Bars, *parts: str, is_wanted: bool = True) -> Bars:
    return Bars(tuple(bar._replace(note=parts) for bar in drawing.rows), is_wanted)


def habits(name: str) -> Habits:
    row = Row(name, "in every message", f"{name}: never", "", 96, 50, is_clear=True)
    return Habits("author-3", "finding", (row,) * 7)


WEEKS: Final = WeekGrid(
    "author-2",
    "finding",
    tuple(GridDay(day // 7, day % 7, day % 5, day % 50 == 0) for day in range(366)),
    tuple((round(month * 4.4), f"{month + 1}월") for month in range(12)),
    53,
)
TILES: Final = Tiles((TileRow("You", (True, False) * 5), TileRow("saywho", (True,) * 10)))
DRAWINGS: Final[dict[str, Drawing | None]] = {
    **{f"bars of {people}": bars(people, "W" * 99) for people in (1, 4, 7)},
    "habits": habits("wide" * 90),
    "rows": CardRows((CardRow("never" * 40, label="ends with “…” in every message " * 3),) * 3),
    "text": MarkedText("Fog again, 안개 🎉 and no end of it. " * 40, ((0, 9, "author-2"),)),
    "weeks": WEEKS,
    "tiles": TILES,
    "nothing": None,
}
MONTHS: Final = PeriodColumns(
    "Month by month",
    (("ann", "author-1"), ("ben", "author-2")),
    tuple(PeriodColumn("2024" if not month else "", (60, month % 40)) for month in range(40)),
)
CLOCK: Final = Clock("author-1", "By hour", (0, 50, 100) * 8, (80, 0, 20) * 8)
SECOND: Final[dict[str, PeriodColumns | Clock]] = dict(
    zip(DRAWINGS, cycle((MONTHS, CLOCK)), strict=False)
)
LONG_TOLD: Final = [kind for kind in DRAWINGS if kind not in {"text", "tiles", "nothing"}]
"""Drawings below a finding that may be long."""
NAME_BESIDE: Final = dict(zip(DRAWINGS, cycle(NAMES), strict=False))


def image_of(poster: Poster, format_: Format, theme: ThemeName) -> Image.Image:
    data = draw_poster(poster, format_, theme)
    assert len(data) < LARGEST_BYTES
    with Image.open(BytesIO(data)) as image:
        assert (image.format, image.size) == ("PNG", FORMATS[format_].size)
        return image.convert("RGB")


@pytest.mark.parametrize("kind", LONG_TOLD)
def test_the_longest_finding_leaves_the_words_that_were_ticked(kind: str) -> None:
    finding = ("종이 울리는밤배 " * LONGEST_FINDING)[: LONGEST_FINDING - 1]
    poster = Poster("Ferry", (LONG, LONG), f"{finding}.", DRAWINGS[kind], "", hue="author-1")
    poster = poster._replace(quote="차 마실래요? " * 99)
    image = image_of(poster, "1200x630", "light")
    assert image_of(poster._replace(finding=f"{finding}!"), "1200x630", "light") != image
    ground = ImageColor.getrgb(FULL.mixed(FULL.accent))
    # The ground of the words goes from edge to edge of the picture's inside, and nothing is on it.
    rows = np.flatnonzero((np.asarray(image)[:, MARGIN + 4] == ground).all(axis=1))
    assert 40 <= len(rows) < 60
    assert (np.diff(rows) == 1).all()
    assert rows[-1] < FORMATS["1200x630"].foot


@pytest.mark.parametrize("kind", DRAWINGS)
@pytest.mark.parametrize("finding", ["", ("W" * 9 + " ") * 14], ids=["none", "wide"])
def test_a_finding_of_any_length_is_drawn(kind: str, finding: str) -> None:
    """A drawing for which it leaves no room was an error."""
    poster = Poster("Ferry", (LONG, LONG), finding, DRAWINGS[kind], "", hue="author-1")
    assert image_of(poster, "1200x630", "light") != image_of(
        poster._replace(finding="Another one"), "1200x630", "light"
    )


@pytest.mark.parametrize("kind", first_of(DRAWINGS, "bars of 7", "weeks"))
@pytest.mark.parametrize(("format_", "theme"), [(name, "light") for name in FORMATS])
def test_title_finding_drawing_and_foot_keep_apart(
    format_: Format, theme: ThemeName, kind: str
) -> None:
    drawing, name = DRAWINGS[kind], NAME_BESIDE[kind]
    if isinstance(drawing, Bars):
        drawing = noted(drawing, LONG * 3, LONG, is_wanted=kind == "bars of 7")
    finding = f"{name[:MANY]} writes most (48%), and longest, more than all others."
    poster = Poster(
        name,
        (LONG, "Asia/Seoul"),
        finding,
        drawing,
        name,
        lines=(PosterLine("Came", (LONG, "tide")), PosterLine("", (LONG,))),
        quote=LONG * 20,
        hue="author-1",
        second=PosterFigure("Month by month", (LONG, "ann"), SECOND[kind]) if drawing else None,
    )
    image = image_of(poster, format_, theme)
    width, height = image.size
    paper = ImageColor.getrgb(theme_of(theme).on_ground_of("author-1").paper)

    inked = (np.asarray(image) != paper).any(axis=2)
    rows = inked.any(axis=1)
    assert not inked[:, : MARGIN - 2].any()
    assert not inked[:, width - MARGIN + 2 :].any()
    assert not rows[height - 16 :].any()
    assert not rows[: FORMATS[format_].top - 2].any()
    blocks = [top for top in range(1, height) if rows[top] and not rows[top - 1]]
    # The title, the facts, the finding, the drawing, the quotation, and the foot.
    assert len(blocks) >= 5 + (drawing is not None)
    # The foot stands alone, on its line.
    assert blocks[-1] >= FORMATS[format_].foot - 4
    assert not rows[FORMATS[format_].foot - 10 : FORMATS[format_].foot - 4].any()


@pytest.mark.parametrize("word", ["Hamburg", "H함부르크"])
@pytest.mark.parametrize("kind", first_of(LONG_TOLD, "bars of 7"))
@pytest.mark.parametrize("format_", FORMATS)
def test_a_finding_is_large_and_whole_however_long(format_: Format, kind: str, word: str) -> None:
    finding = f"{word} " * LONGEST_FINDING
    finding = f"{finding[: LONGEST_FINDING - 1]}."
    poster = Poster("Ferry friends", (), finding, DRAWINGS[kind], "", hue="author-1")
    image = image_of(poster, format_, "light")
    written = np.asarray(image)[:, MARGIN : MARGIN + 20] == ImageColor.getrgb(FULL.ink)
    inked = written.all(axis=2).any(axis=1)
    tops = np.flatnonzero(inked[1:] & ~inked[:-1])
    # The first letter is that of each row; rows stand 5 quarters of the size of letters apart.
    # Above them is the title.
    assert (tops[2] - tops[1]) / 1.25 >= (44 if format_ == "1200x630" else 56) - 0.5
    # Its last sign is there, and so is the drawing.
    changed = poster._replace(finding=poster.finding[:-1] + "!")
    assert image_of(changed, format_, "light") != image
    assert image_of(poster._replace(drawing=None), format_, "light") != image


@pytest.mark.parametrize("giant", ["1,266", "4 days", "348일", "🙏", "ليلى"])
@pytest.mark.parametrize("format_", FORMATS)
def test_a_giant_number_touches_nothing(format_: Format, giant: str) -> None:
    """A comma was drawn upon the sentence below it."""
    poster = Poster("HHH", (), "HHH HHH", None, "", giant=giant, hue="author-1")
    inked = [
        (np.asarray(image_of(each, format_, "light")) != ImageColor.getrgb(FULL.paper)).any(axis=2)
        for each in (poster, poster._replace(giant=""))
    ]
    if format_ == "1200x630":  # It stands at the right.
        columns = np.flatnonzero(inked[0][: FORMATS[format_].foot - 10].any(axis=0))
        assert np.diff(columns).max() >= MARGIN // 2 - 4
    else:
        edges = (np.flatnonzero(np.diff(ink.any(axis=1))).reshape(-1, 2) for ink in inked)
        # A smaller block is at the edge of an emoji, where its picture is resized.
        with_it, without = ((bottom - top > 4).sum() for top, bottom in map(np.transpose, edges))
        assert with_it == without + 1


@pytest.mark.parametrize("kind", first_of(LONG_TOLD, "habits"))
@pytest.mark.parametrize("format_", ["1080x1350", "1080x1920"])
def test_a_giant_number_leaves_a_long_title_whole(format_: Format, kind: str) -> None:
    title = "How Maximilian-Alexander von Hohenstein zu Bruchsal-Langenbrücken writes"
    poster = Poster(title, ("fact",), "HHH", DRAWINGS[kind], "", giant="100%", hue="author-1")
    other = poster._replace(title=f"{title[:-1]}t")
    assert image_of(poster, format_, "light") != image_of(other, format_, "light")


def test_a_word_too_long_for_giant_letters_is_left_out() -> None:
    poster = Poster("HHH", (), "HHH HHH", None, "", giant="긴이름" * 9)
    for format_ in FORMATS:
        assert image_of(poster, format_, "light") == image_of(
            poster._replace(giant=""), format_, "light"
        )


def test_a_short_finding_is_larger_still() -> None:
    heights = []
    for format_ in FORMATS:
        image = image_of(Poster("", (), "HHH", None, ""), format_, "light")
        letters = image.crop((0, 0, image.width, FORMATS[format_].foot - 10)).convert("L")
        _, top, _, bottom = letters.point(lambda grey: 255 * (grey < 128)).getbbox() or (0,) * 4
        heights.append(bottom - top)
    # Capital letters are some 73 hundredths of their size: 56, 72 and 80.
    assert heights == pytest.approx([41, 53, 59], abs=2)


@pytest.mark.parametrize("people", [2, 4, 7])
@pytest.mark.parametrize("finding", ["HHH HHH", "HHHHHH " * 9], ids=["a row", "two rows"])
@pytest.mark.parametrize("has_notes", [True, False])
def test_the_drawing_keeps_away_from_the_finding(
    people: int, finding: str, has_notes: bool
) -> None:
    drawing = bars(people, "HHH")
    drawing = noted(drawing, "laughs", is_wanted=False) if has_notes else drawing
    poster = Poster("", (), finding, drawing, "")
    image = image_of(poster, "1200x630", "light")
    ink = np.asarray(image.convert("L")) < 60  # Of the finding alone: names have colours.
    hued = (np.asarray(image) == ImageColor.getrgb(HUES["author-1"])).all(axis=2)
    last = np.flatnonzero(ink[:, MARGIN : image.width // 3].any(axis=1))
    first = np.flatnonzero(hued.any(axis=1))[0]
    assert first - last[last < first][-1] >= 40


def test_bars_of_people_and_others_have_one_scale() -> None:
    rows = [NamedBar("HHH", 0.2, "20%", f"author-{place}") for place in (1, 2)]
    together = NamedBar("HHH", 0.6, "60%", "author-0")
    image = image_of(Poster("", (), "HHH", Bars((*rows, together)), ""), "1200x630", "light")
    grounds = [ImageColor.getrgb(theme_of("light").mixed(HUES[f"author-{n}"])) for n in (1, 0)]
    # The grounds are seen from the ends of the bars on: four fifths and two fifths of the whole.
    (left, right), (left_of_others, right_of_others) = (
        np.flatnonzero((np.asarray(image) == ground).all(axis=2).any(axis=0))[[0, -1]]
        for ground in grounds
    )
    assert right == right_of_others
    assert right - left == pytest.approx(2 * (right - left_of_others), abs=4)


@pytest.mark.parametrize("kind", ["bars of 7", "weeks"])
def test_no_letters_are_too_small_for_a_phone(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[float] = []
    monkeypatch.setattr(
        Canvas, "write", lambda canvas, at, text, font, *_, **__: sizes.append(font.size)
    )
    drawing, second = DRAWINGS[kind], PosterFigure("By hour", ("Ann",), SECOND[kind])
    if isinstance(drawing, Bars):
        drawing = noted(drawing, "says “boiler”", "began 3 times")
    lines = (PosterLine("Words", ("tide",)),)
    poster = Poster(LONG, (LONG,), "Ann.", drawing, "foot", lines=lines, second=second)
    for format_ in FORMATS:
        draw_poster(poster, format_, "light")
        assert min(sizes) >= (40 if format_ == "1080x1920" else 22), format_
        sizes.clear()


@pytest.mark.parametrize("second", first_of([MONTHS, CLOCK], MONTHS))
def test_an_upright_picture_uses_its_height(second: PeriodColumns | Clock) -> None:
    poster = Poster(
        "Ferry friends", ("2 people",), "Ann writes most (53%).", bars(2, "Ann"), "foot"
    )
    both = poster._replace(second=PosterFigure("Month by month", (), second))
    assert image_of(both, "1200x630", "light") == image_of(poster, "1200x630", "light")
    for format_ in ("1080x1350", "1080x1920"):
        image = image_of(both, format_, "light")
        paper = ImageColor.getrgb(theme_of("light").paper)
        inked = np.flatnonzero((np.asarray(image) != paper).any(axis=(1, 2)))
        assert max(np.diff(inked)) < image.height / 10


def test_what_was_asked_for_is_told_in_any_size() -> None:
    drawing = bars(7, "Ann")
    poster = Poster("Ferry friends", (), "Ann writes most (53%).", drawing, "foot")
    for format_ in FORMATS:
        images = [
            image_of(poster._replace(drawing=noted(drawing, word)), format_, "dark")
            for word in ("tide", "bread")
        ]
        assert images[0] != images[1]


def test_what_was_asked_for_is_cut_only_where_nothing_of_it_is_whole() -> None:
    drawing = bars(7, "Ann")
    poster = Poster("Ferry friends", (), "Ann writes most (53%).", drawing, "foot")
    told = [("laughs",), ("laughs", LONG), ("laughs", "tide"), ("laughs", "tide", LONG)]
    short, cut, whole, with_more = [
        image_of(poster._replace(drawing=noted(drawing, *parts)), "1200x630", "light")
        for parts in told
    ]
    assert whole == with_more
    assert len({image.tobytes() for image in (short, cut, whole)}) == 3


@pytest.mark.parametrize("finding", ["Ann writes.", "Ann says “boiler” more than others. " * 4])
@pytest.mark.parametrize("name", ["Ann", "W" * 40])
def test_all_in_one_bar_are_named_below_it(finding: str, name: str) -> None:
    drawing = noted(bars(7, name), "says “boiler”, “see you”", "began 3 times")
    poster = Poster("Ferry friends", (), finding, drawing, "foot")
    image = np.asarray(image_of(poster, "1200x630", "light"))
    heights = {
        hue: int((image == ImageColor.getrgb(HUES[hue])).all(axis=2).any(axis=1).sum())
        for hue in (f"author-{place}" for place in range(1, 8))
    }
    assert min(heights.values()) > 50, heights  # The bar is 41 pixels high.


@pytest.mark.parametrize("format_", ["1080x1350", "1080x1920"])
def test_a_name_in_an_upright_picture_is_whole(
    format_: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names were cut at two fifths of the row, beside a bar that needs less."""
    written: list[str] = []
    monkeypatch.setattr(Canvas, "write", lambda canvas, at, text, *_, **__: written.append(text))
    people = [
        NamedBar("Ewan McGregor-Smith", 0.5, "50%", "author-1", ("Laughs in every message",)),
        NamedBar("Bo", 0.5, "50%", "author-2", ("6 messages",)),
    ]
    drawing = Bars(tuple(people * 4), are_notes_wanted=True)
    poster = Poster("Chat", (), "Bo writes most.", drawing, "")
    image_of(poster, format_, "light")
    assert written.count("Ewan McGregor-Smith") == 4


def test_a_very_long_name_in_a_story_leaves_its_note_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second row of the name was written over the note."""
    written: dict[str, float] = {}
    monkeypatch.setattr(
        Canvas, "write", lambda canvas, at, text, *_, **__: written.update({text: at[1]})
    )
    people = [
        NamedBar(
            "국립과천과학관시민천문대자원봉사단 김하늘별님이", 0.5, "50%", "author-1", ("Note 1",)
        ),
        NamedBar("Bo", 0.5, "50%", "author-2", ("Note 2",)),
    ]
    drawing = Bars(tuple(people), are_notes_wanted=True)
    image_of(Poster("Chat", (), "Bo writes most.", drawing, ""), "1080x1920", "light")
    (top,) = (top for text, top in written.items() if text.startswith("국립"))
    assert top + 40 < written["Note 1"]


@pytest.mark.parametrize("width", [220, 260, 300, 380, 460])
@pytest.mark.parametrize(
    ("text", "torn"),
    [
        ("수진이 2024년 3월 1일부터 더 자주 써요.", "3월|1일"),
        ("3,485 messages on 365 days. From March 1, 2025 on, as many.", r"messages|days|1,|2025"),
        ("Ended with “.” in 9 of 10 messages before 2024, now in all.", "of|10|messages"),
        ("다른 날보다: “회 먹자 회” “안 가 정말…” “그 숙소 앞”", "먹자|회”|가 |정말|숙소|앞"),
    ],
    ids=["Korean", "English", "share", "quotation"],
)
def test_no_row_ends_within_a_date_a_share_or_quoted_words(
    width: int, text: str, torn: str
) -> None:
    font = font_of(bold=True, size=20)
    for rows in (text_rows(text, font, width, 20), even_rows(text, font, width)):
        assert " ".join(rows) == text
        assert not any(re.match(torn, row) for row in rows)


PAPER, INK = (255, 255, 255), (0, 0, 0)


@pytest.mark.parametrize("shape", ["bar", "outlined", "dot", "check"])
def test_edges_of_round_shapes_are_smooth(shape: str) -> None:
    image = Image.new("RGB", (60, 40), PAPER)
    pen = SmoothPen(image)
    {
        "bar": lambda: pen.rounded_rectangle((10, 10, 50, 30), 8, "#000000"),
        "outlined": lambda: pen.rounded_rectangle((10, 10, 50, 30), 8, "#000000", "#000000", 3),
        "dot": lambda: pen.ellipse((10, 10, 50, 30), "#000000", "#000000", 3),
        "check": lambda: pen.stroke([(14, 20), (24, 27), (46, 13)], "#000000", 6),
    }[shape]()
    colours = {colour for _, colour in image.getcolors() or []}
    assert {PAPER, INK} < colours
    assert len(colours) > 4
    left, top, right, bottom = Image.eval(image, lambda value: 255 - value).getbbox() or (0,) * 4
    assert (left, top) >= (10, 10)
    assert (right, bottom) <= (51, 31)
