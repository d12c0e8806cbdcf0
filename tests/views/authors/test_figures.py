"""The figures of an archive and of a year: each is whole, and drawn as it stands in its rows."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from app.drawing.drawings import Clock, NameList, WeekGrid
from app.parts.years.figures import days_of_author, hours_of_author, words_of_year
from app.parts.years.year import AuthorYear, read_year
from app.services.archive.author_archive import AuthorArchive, read_archive
from app.services.posts.users import get_author
from app.views.cast import bound
from app.views.figures.archives import AuthorHeadline, columns_of, lists_of, most_answered
from app.views.figures.figure import Figure
from app.views.page import cast_on
from saywho.people.times import longest_run
from tests.browsing import parts_of
from tests.conftest import Shared

WORDS = {2023: "lantern", 2024: "harbour"}
POSTS: list[dict[str, Any]] = [
    {
        "username": "hana",
        "text": f"today the quiet {word} #{word} 🏮 https://{word}.example/{day}",
        "created_at": f"{year}-05-{day + 1:02}T12:00:00Z",
        "reply_to": {"source_id": "1", "username": "Minjun"},
    }
    for year, word in WORDS.items()
    for day in range(25)
]


@pytest.fixture(scope="module")
async def read(shared: Shared) -> tuple[AuthorArchive, AuthorYear]:
    """Return the archive of an author, and the second of two years."""
    await shared.writer.add_posts(*POSTS)
    parts, zone = parts_of(shared.app), ZoneInfo("Asia/Seoul")
    async with parts.db.read() as session:
        author = await get_author(session, "hana")
        archive = await read_archive(session, parts, author, zone, None)
        return archive, await read_year(session, author, 2024, zone)


@pytest.fixture
async def told(shared: Shared, read: tuple[AuthorArchive, AuthorYear]) -> list[Figure[Any]]:
    archive, year = read
    async with shared.app.test_request_context("/"):
        with bound(await cast_on(archive)):
            sight = AuthorHeadline(archive)
            return [
                *columns_of(archive),
                *lists_of(archive),
                days_of_author(year),
                *(hours_of_author(year), words_of_year(year), most_answered(year.answered)),
                Figure(title=sight.title, plot=sight.plot()),
            ]


def test_every_figure_is_whole(told: list[Figure[Any]]) -> None:
    assert [parts.topic or parts.title for parts in told] == [
        *("By hour", "By weekday"),
        *("Most replied to", "Tags", "Emoji", "Links, by site"),
        "“today the quiet harbour” appears in 2024 only (25 posts). "
        "Posts on 25 days in a row, from May 1 to May 25. 25 posts on 25 days.",
        *("By hour", "Words of 2024", "Most replied to"),
        "Replied to @Minjun more than to anyone else (50 times).",
    ]
    for figure in told:
        assert len(figure.title) <= 140
        is_drawn = isinstance(figure.plot, WeekGrid) or figure.topic.startswith("Words of")
        assert figure.rows or is_drawn
        assert all(len(row) == len(figure.columns) for row in figure.rows)
        assert figure.plot or figure.topic == "By weekday"


def test_what_is_drawn_is_what_stands_in_rows(told: list[Figure[Any]]) -> None:
    for table in told:
        plot = table.plot
        if isinstance(plot, NameList):
            names = [plot.prefix + name.label for name in plot.names]
            assert [row[0] for row in table.rows] in (names, [])
        elif isinstance(plot, WeekGrid):
            with_posts = [day for day in plot.days if day.level]
            assert sum(day.is_marked for day in plot.days) in (0, len(with_posts))
            assert [day.told.partition(":")[0] for day in with_posts] == [
                f"May {day}" for day in range(1, 26)
            ]
        elif isinstance(plot, Clock):
            assert [row[0] for row in table.rows if row[1]] == ["21:00"]
            assert [hour for hour, height in enumerate(plot.heights) if height] == [21]


@given(st.sets(st.dates(date(2024, 1, 1), date(2024, 3, 1)), min_size=1))
def test_the_longest_run_is_what_one_counts_by_hand(days: set[date]) -> None:
    def runs_of(length: int) -> list[list[date]]:
        spans = ([day + timedelta(number) for number in range(length)] for day in sorted(days))
        return [span for span in spans if days.issuperset(span)]

    longest = runs_of(max(length for length in range(1, len(days) + 1) if runs_of(length)))
    assert longest_run(sorted(days)) == (longest[0] if len(longest) == 1 else [])
