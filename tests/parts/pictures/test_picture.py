"""The picture of an answer."""

import tracemalloc
from collections.abc import Sequence
from datetime import UTC, date, datetime
from io import BytesIO

import msgspec
import pytest
from PIL import Image, ImageColor
from quart import g

from app.drawing.drawings import NO_HUE, CardRow, CardRows
from app.drawing.png import MARGIN, ThemeName, theme_of
from app.drawing.poster import FORMATS, Format, Poster, draw_poster
from app.parts.pictures.answer import answer_poster
from app.parts.pictures.picture_page import cast_in_picture
from app.services.posts.users import NamedUser
from app.views.cast import Cast, bound, person_of
from app.views.comparing.verdicts import limits_of
from saywho.comparing.verdict import StoredPost
from tests.conftest import Shared
from tests.selection import first_of
from tests.views.comparing.test_verdicts import Facts

LIGHT = theme_of("light")
COLOURS = list(LIGHT.hues)
"""Their classes."""


def cast_with(*names: str) -> Cast:
    """Return people of these names, whose ids and colours are those from 1 on."""
    users = (
        NamedUser(number, name.replace(" ", "_"), name, False, 0)
        for number, name in enumerate(names, 1)
    )
    return Cast({user.username: person_of(user, f"author-{user.id}") for user in users})


TEXT = "Fog again, the bell rings, 안개 🎉 مرحبا and no end of it. " * 20
LARGEST_BYTES = 400_000
PAPER_RGB = ImageColor.getrgb(LIGHT.paper)


def poster_with(
    finding: str,
    text: str,
    bars: tuple[CardRow, ...] = (),
    premises: tuple[str, ...] = (),
    *,
    reason: str = "",
) -> Poster:
    """Return the poster of an answer."""
    rows = CardRows((CardRow(text, is_quote=True), *bars))
    return Poster("", finding, rows, ("", ""), reason=reason, premises=premises)


def bars_of(poster: Poster) -> Sequence[CardRow]:
    return [row for row in poster.drawing.rows if not row.is_quote] if poster.drawing else []


def bar(name: str, share: float, hue: str) -> CardRow:
    return CardRow(label=name, hue=hue, beside=f"{share:.0%}", share=share)


def drawn(poster: Poster, format_: Format = "1200x630", theme: ThemeName = "light") -> Image.Image:
    data = draw_poster(poster, format_, theme)
    assert len(data) < LARGEST_BYTES
    with Image.open(BytesIO(data)) as image:
        assert (image.format, image.size) == ("PNG", FORMATS[format_].size)
        return image.convert("RGB")


def is_blank(image: Image.Image, box: tuple[int, int, int, int]) -> bool:
    return image.crop(box).getcolors() == [((box[2] - box[0]) * (box[3] - box[1]), PAPER_RGB)]


def test_bars_have_their_authors_colours() -> None:
    bars = (
        bar("ann", 0.7, COLOURS[0]),
        bar("ben", 0.2, COLOURS[1]),
        bar("someone else", 0.1, NO_HUE),
    )
    image = drawn(poster_with("Most like ann among these 2", "Fog again", bars, ("premise",)))
    colours = {colour for _, colour in image.getcolors(2**20) or []}
    first, second, third = (ImageColor.getrgb(LIGHT.hues[hue]) for hue in COLOURS[:3])
    assert {first, second} <= colours
    assert third not in colours


def test_signs_that_no_font_has_leave_no_trace() -> None:
    def picture(text: str) -> bytes:
        return drawn(poster_with("Most like ann", text)).tobytes()

    assert picture("Tea Ꭶ️ now, Ꭶ and rain") == picture("Tea now, and rain")


def test_emoji_are_drawn_of_joined_ones_the_first() -> None:
    def picture(text: str) -> bytes:
        return drawn(poster_with("Most like ann", text)).tobytes()

    assert picture("Tea ☕️ now") != picture("Tea now")
    assert picture("Tea ☕️ now") == picture("Tea ☕ now")
    assert picture("🏃🏽‍♀️ on") == picture("🏃 on")


@pytest.mark.parametrize("text", ["", "\n\n\n", "가" * 25_000, "\u200b\ufe0f", "a b " * 9_000])
def test_any_text_is_drawn(text: str) -> None:
    drawn(poster_with("Too little to go on", text))


@pytest.mark.full
def test_the_signs_that_visitors_send_do_not_fill_the_memory() -> None:
    first, second = ("".join(map(chr, range(n, n + 10_000))) for n in (0x20000, 0x30000))
    drawn(poster_with("Most like ann among these 2", first))
    tracemalloc.start()
    try:
        drawn(poster_with("Most like ann among these 2", second))
        left_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert left_bytes < 2**20


@pytest.mark.parametrize("text", ["Fog.", "네.\n\n안개가 걷혔어요.\n\n" + TEXT])
@pytest.mark.parametrize("heading", ["Most like ann", "most like " + "ben" * 40])
@pytest.mark.parametrize("authors", first_of(range(6), 0, 5))
@pytest.mark.parametrize("format_", FORMATS)
def test_heading_text_bars_and_foot_keep_apart(
    format_: Format, text: str, heading: str, authors: int
) -> None:
    poster = answer(text, heading, authors)
    keeps_apart(drawn(poster, format_), poster)


def answer(text: str, heading: str, authors: int) -> Poster:
    warning = "About 21 in 100 such texts by strangers." if authors % 2 else ""
    bars = [bar(f"author{n}" + "e" * 30, 0.15, COLOURS[n]) for n in range(authors)]
    if bars:
        bars.append(bar("Someone else", 0.1, NO_HUE))
    premises = ("premise " * 12, "premise")
    return poster_with(heading, text, tuple(bars), premises, reason=warning)


def keeps_apart(image: Image.Image, poster: Poster) -> None:
    width, height = image.size
    for edge in ((0, MARGIN - 2), (width - MARGIN + 2, width)):
        assert is_blank(image, (edge[0], 0, edge[1], height))
    rows = [not is_blank(image, (0, top, width, top + 1)) for top in range(height)]
    blocks = [top for top in range(1, height) if rows[top] and not rows[top - 1]]
    # A heading in one or two rows, the reason, at least one row of text, the bars, and the foot.
    bars = len(bars_of(poster)) if height > width else min(1, len(bars_of(poster)))
    assert len(blocks) >= 1 + bool(poster.reason) + 1 + bars + 1
    assert not any(rows[:20] + rows[height - 20 :])


@pytest.mark.parametrize("format_", FORMATS)
def test_the_fullest_answer_is_drawn(format_: Format) -> None:
    """With no room for a row of the text, nothing was drawn; the end of a heading was cut off."""
    heading = f"Most like {'Bartholomew of the Isles ' * 3} among these 5 authors"
    poster = answer(TEXT, heading, 5)._replace(reason="A reason that is told at length. " * 4)
    image = drawn(poster, format_)
    assert drawn(poster._replace(drawing=None), format_).tobytes() != image.tobytes()
    assert drawn(poster._replace(finding=f"{poster.finding}!"), format_) != image


@pytest.mark.parametrize(
    ("samples", "names", "foot"),
    [
        ((), ["author0", "Someone else"], "3 authors compared"),
        (("author0",), ["author0 (sample)", "Someone else"], "3 authors compared"),
        (
            ("author0", "author1", "author2"),
            ["author0", "Someone else"],
            "3 sample authors compared",
        ),
    ],
    ids=["none invented", "one invented", "all invented"],
)
def test_a_picture_says_who_is_invented_how_many_and_when(
    samples: tuple[str, ...], names: list[str], foot: str
) -> None:
    comparison = Facts([0.99, 0.006, 0.004], [50] * 3, 0.05).comparison()
    with bound(cast_with(*(f"author{place}" for place in range(3)))):
        poster = answer_poster(
            comparison, TEXT, is_named=True, samples=samples, today=date(2026, 11, 23)
        )
    # Bars under one in a hundred leave the room to the text.
    assert [bar.label for bar in bars_of(poster)] == names
    assert bars_of(poster)[0].hue == "author-1"
    assert poster.premises == (foot, "Nov 23, 2026", "Style is evidence, not proof.")


@pytest.mark.usefixtures("without_people")
@pytest.mark.parametrize("strangers", [0.21, 0.05])
def test_the_chance_of_a_mistake_is_passed_on_with_an_answer(strangers: float) -> None:
    comparison = Facts([0.99, 0.01], [50] * 2, 0.05, strangers=strangers).comparison()
    poster = answer_poster(comparison, TEXT, is_named=True, samples=(), today=date(2026, 11, 23))
    assert poster.reason == "The chance that someone else wrote it is 5%."
    assert drawn(poster).tobytes() != drawn(poster._replace(reason="")).tobytes()


@pytest.mark.usefixtures("without_people")
def test_the_writer_of_a_known_text_is_the_first_line_of_its_picture() -> None:
    post = StoredPost("gull", 7, "the harbour", datetime(2024, 5, 2, 20, tzinfo=UTC), "Asia/Seoul")
    guess = Facts([0.6, 0.4], [50] * 2, 0.5).comparison()
    comparison = msgspec.structs.replace(guess, read_of=["gull"], read_in=[post])
    poster = answer_poster(comparison, TEXT, is_named=True, samples=(), today=date(2026, 11, 23))
    assert poster.finding == "gull wrote exactly this here. It is from May 3, 2024."
    # The guess is in no picture of what is known, and no picture has the colour of a guess.
    assert (poster.giant, poster.reason, bars_of(poster)) == ("gull", "", [])
    without = answer_poster(guess, TEXT, is_named=True, samples=(), today=date(2026, 11, 23))
    assert (without.giant, without.hue) == ("?", "")


@pytest.mark.usefixtures("without_people")
def test_only_an_answer_that_is_certain_enough_has_a_colour_and_a_number() -> None:
    for none, verdict in ((0.05, "likely"), (0.5, "close"), (0.95, "unfamiliar")):
        comparison = Facts([0.99, 0.01], [50] * 2, none).comparison()
        assert comparison.verdict == verdict
        with bound(cast_with("author0", "author1")):
            poster = answer_poster(
                comparison, TEXT, is_named=True, samples=(), today=date(2026, 11, 23)
            )
        is_likely = verdict == "likely"
        assert (poster.giant, poster.hue) == (("94%", "author-1") if is_likely else ("?", ""))


@pytest.mark.usefixtures("without_people")
def test_nobody_is_passed_on_with_the_reason() -> None:
    facts = Facts([0.6, 0.4], [50] * 2, 0.95, text="The quarterly figures are attached.")
    comparison = msgspec.structs.replace(facts.comparison(), unwritten=["quarterly", "figures"])
    poster = answer_poster(comparison, TEXT, is_named=True, samples=(), today=date(2026, 11, 23))
    words = "These authors never write “quarterly” and “figures”."
    assert poster.reason == f"{words} The closest is author0, with a 3% chance."
    assert bars_of(poster) == []
    everybody = msgspec.structs.replace(comparison, weak={"other_language": ["author0", "author1"]})
    foreign = answer_poster(everybody, TEXT, is_named=True, samples=(), today=date(2026, 11, 23))
    # Nobody is near it then.
    assert (
        foreign.reason == f"These authors do not seem to write the language of this text. {words}"
    )
    assert limits_of(everybody) == []


async def test_an_author_whose_name_the_fonts_lack_is_a_person(shared: Shared) -> None:
    names = ["Ꮳ민수", "Ann Kim 🌿", "ᏌᏊ"]
    usernames = [name.replace(" ", "_") for name in names]
    facts = Facts([0.45, 0.4, 0.15], [50] * 3, 0.05).comparison()
    ranking = [
        msgspec.structs.replace(ranked, username=username)
        for ranked, username in zip(facts.ranking, usernames, strict=True)
    ]
    comparison = msgspec.structs.replace(facts, ranking=ranking)
    async with shared.app.test_request_context("/"):
        g.locale = "en"
        cast = cast_with(*names)
        with bound(cast_in_picture(cast, usernames, has_names=True)):
            poster = answer_poster(
                comparison, TEXT, is_named=True, samples=(), today=date(2026, 11, 23)
            )
        with bound(cast_in_picture(cast, usernames, has_names=False)):
            brief = answer_poster(
                comparison, TEXT, is_named=True, samples=(), today=date(2026, 11, 23)
            )
    assert brief.finding == "Too close to call: P1 or A"
    assert {bar.label for bar in bars_of(brief)} == {"P1", "A", "P2", "Someone else"}
    assert poster.finding == "Too close to call: Person 1 or Ann Kim 🌿"
    assert {bar.label for bar in bars_of(poster)} == {
        *("Person 1", "Ann Kim 🌿", "Person 3", "Someone else")
    }
