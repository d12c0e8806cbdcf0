"""Pages show days where the browser is, as a cookie tells, and what is kept varies by it."""

import inspect
import re
from typing import Final

import pytest
from msgspec.structs import fields
from quart import Quart
from werkzeug.routing import Rule

from app.language.i18n import show_zone, speaking
from tests.conftest import Client, Shared
from tests.waiting import settle

SEOUL: Final = {"Cookie": "saywho_lang=en; saywho_zone=Asia/Seoul"}
ELSEWHERE: Final = {"Cookie": "saywho_lang=en; saywho_zone=America/New_York"}
BAD: Final = ("Mars", "../../etc/passwd", "", "%00", "Asia", "x" * 5_000)
LATE: Final = ("2024-03-01T20:00:00Z", "2024-12-31T20:00:00Z", "2023-06-01T20:00:00Z")
"""Times of days that are over in Seoul."""
NAMED: Final = {
    "/": 'data-zone="{}"',
    "/user/hana": 'data-zone="{}"',
    "/user/hana/2024": 'data-zone="{}"',
    "/user/hana/2024/cards": 'data-zone="{}"',
    "/user/hana/cards": 'data-zone="{}"',
    "/user/hana/2024/picture": "tz={}",
    "/user/hana/portrait/picture": "tz={}",
    "/room/1/portrait/picture": "tz={}",
    "/room/1": 'data-zone="{}"',
    "/dashboard/": "Hours are in {}",
}


def named(path: str, zone: str) -> str:
    """Return what names a zone on a page: the dashboard has a sentence."""
    with speaking("en"):
        return NAMED[path].format(show_zone(zone) if path == "/dashboard/" else zone)


@pytest.fixture(scope="module")
async def shown(shared: Shared) -> Client:
    """Read the pages of an author and of a chat."""
    texts = [f"a post of a long evening, number {n}" for n in range(12)]
    await shared.writer.add_posts(
        *(
            {"username": "hana", "platform": "x", "text": text, "created_at": LATE[n % 3]}
            for n, text in enumerate(texts)
        )
    )
    # Nobody said in which zone these people wrote.
    await shared.writer.add_posts(
        *(
            {"username": name, "text": text, "created_at": LATE[0], "room": {"name": "pier"}}
            for name, text in (("ann", "hello"), ("bo", "hi"))
        )
    )
    await settle(shared.app)
    return shared.anybody


@pytest.mark.parametrize("path", NAMED)
async def test_the_first_answer_is_in_the_days_of_the_browser(shown: Client, path: str) -> None:
    utc, seoul = await shown.get(path), await shown.get(path, headers=SEOUL)
    for answer, zone in ((utc, "UTC"), (seoul, "Asia/Seoul")):
        assert named(path, zone) in await answer.get_data(as_text=True)
        assert "Cookie" in answer.headers["Vary"]
    # Each is kept beside the other.
    for headers, first in (({}, utc), (SEOUL, seoul)):
        again = await shown.get(path, headers=headers)
        assert again.headers["ETag"] == first.headers["ETag"] != ""
        if path != "/dashboard/":  # Without words about authors, which come later, it is not kept.
            assert again.headers["Cache-Status"] == "saywho; hit"
    assert utc.headers["ETag"] != seoul.headers["ETag"]


@pytest.mark.parametrize("path", NAMED)
async def test_an_address_names_its_own_zone(shown: Client, path: str) -> None:
    for zone in ("UTC", "America/St_Johns"):
        page = await shown.page(f"{path}?tz={zone}", headers=SEOUL)
        assert named(path, zone) in page
        assert "Asia/Seoul" not in page


@pytest.mark.parametrize("zone", BAD)
async def test_a_cookie_that_names_no_zone_changes_nothing(shown: Client, zone: str) -> None:
    for path, words in NAMED.items():
        answer = await shown.get(path, headers={"Cookie": f"saywho_zone={zone}"}, status=200)
        assert words.format("UTC") in await answer.get_data(as_text=True)


async def test_no_kept_page_shows_the_days_of_another_visitor(shown: Client) -> None:
    plain = [rule.rule for rule in shown.app.url_map.iter_rules() if not rule.arguments]
    differing = 0
    for path in sorted({*NAMED, *plain} - {"/api/v1/live", "/metrics"}):
        bodies = []
        for name in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
            zone = f"saywho_lang=en; saywho_zone={name}"
            kept = await shown.get(path, headers={"Cookie": zone})
            # An answer to somebody with a session is never out of memory.
            fresh = await shown.get(path, headers={"Cookie": f"{zone}; saywho_session=x"})
            bodies.append(await kept.get_data())
            assert bodies[-1] == await fresh.get_data(), path
        differing += bodies[0] != bodies[1]
    assert differing > len(NAMED) // 2


async def test_days_and_links_are_of_that_zone(shown: Client) -> None:
    page = await shown.page("/user/hana?year=2024", headers=SEOUL)
    days = re.findall(r'href="(/posts[^"]*)"><span[^>]*>[^:]*: (\d+)', page)
    assert [re.findall(r"since=([\d-]+)", address) for address, _ in days] == [["2024-03-02"]]
    # The address of a list names the zone of its days, so that whoever gets it sees the same posts.
    assert "tz=Asia/Seoul" in days[0][0].replace("%2F", "/")
    assert (await shown.page(days[0][0])).count('class="post"') == int(days[0][1])
    assert 'href="/user/hana/2024"' in page
    # One of the posts was written in the next year there.
    assert "<b>4</b>" not in page
    assert "4 posts in 2025" in await shown.page("/user/hana/2025", headers=SEOUL)
    assert "8 posts in 2024" in await shown.page("/user/hana/2024")
    await shown.page("/user/hana/2025", status=404)


async def test_a_year_with_posts_in_utc_alone_is_there_for_all(shared: Shared) -> None:
    evening = {"username": "eve", "text": "the last evening", "created_at": "2019-12-31T20:00:00Z"}
    await shared.writer.add_posts(evening)
    for headers in ({}, SEOUL):
        assert 'data-zone="UTC"' in await shared.anybody.page("/user/eve/2019", headers=headers)
    assert 'data-zone="Asia/Seoul"' in await shared.anybody.page("/user/eve/2020", headers=SEOUL)
    await shared.anybody.page("/user/eve/2019?tz=Asia/Seoul", status=404)
    await shared.anybody.page("/user/eve/2018", headers=SEOUL, status=404)


async def test_a_link_to_a_day_of_a_chat_shows_the_same_to_everybody(shown: Client) -> None:
    for path in ("/room/1", "/user/ann"):
        page = await shown.page(path, headers=SEOUL)
        (*_, link) = re.findall(r'href="(/room/\d+\?on=[^"]*)"', page)
        days = [await shown.page(link, headers=headers) for headers in (SEOUL, ELSEWHERE)]
        for day in days:
            assert "(Seoul time)" in day
            assert ">hello</p>" in day
        assert days[0] == days[1]


async def test_a_picture_is_the_same_for_all(shown: Client) -> None:
    page = await shown.page("/user/hana/2024", headers=SEOUL)
    assert {
        address.replace("%2F", "/") for address in re.findall(r'"([^"]*picture\.png[^"]*)"', page)
    } == {"/user/hana/2024/picture.png?tz=Asia/Seoul&lang=en"}
    plain = "/user/hana/2024/picture.png"
    tags = {(await shown.get(plain, headers=headers)).headers["ETag"] for headers in ({}, SEOUL)}
    assert len(tags) == 1


def addresses(app: Quart, **changed: str) -> dict[str, set[str]]:
    """Return the addresses of all views to GET that take parameters, and the names of these."""
    values = {"username": "hana", "year": "2024", "room_id": "1", "name": "hours"}
    values |= {"tweet_id": "1", "import_id": "1", "game_id": "1", "card": "day"} | changed
    return {
        re.sub(r"<(?:\w+:)?(\w+)>", lambda part: values[part[1]], rule.rule): names
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and (names := parameters(app, rule))
    }


def parameters(app: Quart, rule: Rule) -> set[str]:
    takes = getattr(inspect.unwrap(app.view_functions[rule.endpoint]), "__annotations__", {})
    return {field.encode_name for field in fields(takes["args"])} if "args" in takes else set()


async def test_no_other_answer_depends_on_the_cookie(shared: Shared, shown: Client) -> None:
    paths = {path for path, names in addresses(shown.app).items() if "tz" in names}
    assert {*NAMED, "/posts", "/search", "/api/v1/users/hana/archive"} <= paths
    for path in paths - {*NAMED}:
        # What a token asks for is made anew.
        pages = [await shared.writer.get(path, headers=headers) for headers in ({}, SEOUL)]
        bodies = [await page.get_data() for page in pages]
        assert bodies[0] == bodies[1], path
