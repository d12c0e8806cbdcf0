"""The picture of how somebody writes: what its address says, and nothing that was not asked for."""

import re
from html import unescape
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from quart import g

from app.drawing.drawings import CardRows, Clock, Habits
from app.parts.pictures.picture_page import PictureArgs
from app.parts.pictures.portraits import poster_of_author
from app.parts.portraits.author import read_portrait_of_author
from app.parts.portraits.author_figures import hours_of
from app.views.cast import bound
from app.views.page import cast_on
from app.views.subjects import NothingKept, OneAuthor
from app.views.tell import giant_of
from tests.browsing import parts_of
from tests.conftest import Client, Shared
from tests.waiting import settle

SAID: Final = "Oh what a day we have had, my dears!"
AUTHOR: Final = "/user/Caroline"
UTC = ZoneInfo("UTC")
PATH: Final = f"{AUTHOR}/portrait"


@pytest.fixture(scope="module")
async def pair(shared: Shared) -> Client:
    texts = {"Caroline": SAID, "Ben": "the kettle is on again, and the bread is out"}
    await shared.writer.add_posts(
        *(
            {"username": name, "text": f"{text} {number}"}
            for name, text in texts.items()
            for number in range(120)
        )
    )
    await settle(shared.app)  # What it appends ends kept answers.
    return shared.anybody


async def picture(client: Client, query: str, **headers: str) -> bytes:
    answer = await client.get(f"{PATH}/picture.png?{query}", headers=headers)
    assert (answer.status_code, answer.content_type) == (200, "image/png")
    data: bytes = await answer.get_data()
    return data


async def test_what_somebody_wrote_is_in_the_picture_where_that_is_ticked(pair: Client) -> None:
    page = await pair.page(f"{PATH}/picture")
    assert 'name="words" value="1"' in page
    assert SAID not in unescape(page)
    (image,) = re.findall(r'<img src="[^?"]*\?([^"]*)"', page)
    assert "words" not in image
    plain = await picture(pair, "")
    assert await picture(pair, unescape(image)) == plain
    assert await picture(pair, "words=1") != plain


async def test_its_page_names_it_for_those_who_get_a_link(pair: Client) -> None:
    page = await pair.page(AUTHOR)
    (preview,) = re.findall(r'property="og:image" content="([^"]*)"', page)
    assert unescape(preview).startswith(f"{PATH}/picture.png?tz=")
    (alt,) = re.findall(r'<img [^>]*alt="([^"]*)"', await pair.page(f"{PATH}/picture"))
    assert f"<p>{alt}</p>" in page


async def test_initials_name_nobody(pair: Client) -> None:
    page = await pair.page(f"{PATH}/picture?names=initials")
    main = page.partition("<main")[2].partition("</main>")[0]
    assert "<bdi>How C writes</bdi>" in main
    # The addresses alone have the name.
    assert "Caroline" not in re.sub(
        r'(href|src|action|hx-get|data-share-picture)="[^"]*"', "", main
    )


@pytest.mark.parametrize(("rows", "drawings"), [(2, (Clock, Habits)), (3, (Habits, Clock))])
async def test_with_hardly_any_rows_the_hours_are_drawn_first(
    shared: Shared, pair: Client, rows: int, drawings: tuple[type, type]
) -> None:
    async with parts_of(shared.app).db.read() as session, shared.app.test_request_context("/"):
        g.locale = "en"
        author = await OneAuthor.find(session, {"username": "Caroline"})
        portrait = await read_portrait_of_author(session, NothingKept(), author, lambda _: UTC)
        portrait = replace(portrait, hours=[1] * 24, measures=(portrait.measures * 3)[:rows])
        with bound(await cast_on(portrait)):
            poster = poster_of_author(author, portrait, PictureArgs())
            hours = hours_of(portrait)
    # That none stand out is how it was counted, no finding.
    assert hours.nothing == "No single stretch of hours is clearly the busiest."
    assert poster.second
    assert (type(poster.drawing), type(poster.second.drawing)) == drawings
    # What the hours say stands above them, wherever they are.
    head = poster.head if rows == 2 else (poster.second.topic, *poster.second.about)
    assert [*filter(None, head)] == ["By hour · UTC", "The outline is Ben."]


async def test_clear_things_are_told_in_place_of_rows(shared: Shared, pair: Client) -> None:
    async with parts_of(shared.app).db.read() as session, shared.app.test_request_context("/"):
        g.locale = "en"
        author = await OneAuthor.find(session, {"username": "Caroline"})
        portrait = await read_portrait_of_author(session, NothingKept(), author, lambda _: UTC)
        first = replace(portrait.measures[0], own=0.5, beside=0.1, each=[0.1])
        clear, vague = (replace(first, errors=errors) for errors in (9, 0))
        posters = []
        for number in (1, 2, 3):
            told = replace(portrait, measures=[clear] * number + [vague] * 2)
            with bound(await cast_on(told)):
                posters.append(poster_of_author(author, told, PictureArgs()))
    # What is not clear is no thing to tell.
    one, *several = posters
    assert isinstance(one.drawing, Habits)
    for poster in posters:
        assert (poster.giant, poster.hue) == (giant_of(clear), "author-1")
        assert poster.finding[0].isupper()
        assert poster.reason.startswith("Ben: ")
    for number, poster in enumerate(several, 1):
        assert isinstance(poster.drawing, CardRows)
        assert len(poster.drawing.rows) == number
        assert all(row.text.startswith("Ben: ") for row in poster.drawing.rows)


async def test_somebody_without_others_has_three_things_too(shared: Shared, pair: Client) -> None:
    async with parts_of(shared.app).db.read() as session, shared.app.test_request_context("/"):
        g.locale = "en"
        author = await OneAuthor.find(session, {"username": "Caroline"})
        portrait = await read_portrait_of_author(session, NothingKept(), author, lambda _: UTC)
        first = replace(portrait.measures[0], name="questions", sign="", each=[])
        habits = [replace(first, own=share) for share in (0.1, 0.5, 0, 0.25)]
        alone = replace(portrait, others=[], others_total=0, phrases=None, measures=habits)
        with bound(await cast_on(alone)):
            poster = poster_of_author(author, alone, PictureArgs())
    assert (poster.giant, poster.reason) == ("50%", "in half of the posts")
    assert isinstance(poster.drawing, CardRows)
    told = ["in every fourth post", "in every tenth post"]
    assert [row.text for row in poster.drawing.rows] == told


async def test_a_kept_picture_has_the_address_by_which_it_was_asked(pair: Client) -> None:
    first, second = [await picture(pair, "", Host=host) for host in ("a.example", "localhost")]
    assert first != second
    assert await picture(pair, "", Host="a.example") == first
    here = {"Host": "localhost"}
    answer = await pair.get(f"{PATH}/picture.png?", headers=here)
    assert answer.headers["Cache-Status"] == "saywho; hit"
    known = here | {"If-None-Match": answer.headers["ETag"]}
    assert (await pair.get(f"{PATH}/picture.png?", headers=known)).status_code == 304
