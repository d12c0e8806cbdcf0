"""Which year of an author does a text sound like? The page, and its twin in the API."""

import random
import re
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from tests.browsing import body, parts_of
from tests.chats import ZONE, import_chat, kakaotalk
from tests.conftest import Client, Shared
from tests.waiting import settle

SEA, OVEN, YARD, STREET, OTHERS = (
    words.split()
    for words in (
        "lamp fog bell tide mast keeper oil wick storm glass rope stairs gull lens",
        "oven rolls dawn rye salt flour crumb crust yeast apron counter basket butter loaf",
        "seed soil compost beetle hedge rake bulbs greenhouse weeds shovel blossom prune",
        "tram corner bus stop crossing kiosk bridge lights kerb taxi market arcade",
        "goal pitch whistle match striker bench coach penalty league scarf violin stage bow",
    )
)
SEA_TEXT = "lamp and fog and bell and tide and mast and oil tonight, wick and storm and glass"
HEADING = re.compile(r'<h2 id="years-heading"[^>]*>(.*?)</h2>')
KOREAN = {"Accept-Language": "ko"}


def posts_of(name: str, words: list[str], year: int, count: int) -> list[dict[str, Any]]:
    chance = random.Random(f"{name}{year}")  # noqa: S311 - no secret
    return [
        {
            "username": name,
            "text": f"{' and '.join(chance.sample(words, 6))} tonight {number}",
            "created_at": f"{year}-{1 + number % 12:02}-{1 + number % 28:02}T12:00:00Z",
        }
        for number in range(count)
    ]


@pytest.fixture(scope="module")
async def site(shared: Shared) -> Client:
    """Read three authors: one whose years differ, one whose do not, one with too few posts."""
    await shared.writer.add_posts(
        *posts_of("mara", SEA, 2021, 110),
        *posts_of("mara", OVEN, 2022, 120),
        *posts_of("mara", OTHERS, 2023, 5),
        *posts_of("noor", YARD, 2021, 110),
        *posts_of("noor", YARD, 2022, 110),
        *posts_of("few", STREET, 2021, 30),
        *posts_of("few", STREET, 2022, 120),
        *(post for n in range(4) for post in posts_of(f"other{n}", OTHERS, 2022, 30)),
    )
    await shared.writer.add_user("empty")
    await settle(shared.app)
    return shared.anybody


def page_of(text: str, years: str, **more: str) -> str:
    return "/compare?" + urlencode({"text": text, "years": years, **more})


def heading(page: str) -> str:
    match = HEADING.search(page)
    assert match
    return match[1]


async def test_page_names_the_year_after_the_open_question(site: Client) -> None:
    page = await (await site.get(page_of(SEA_TEXT, "mara"))).get_data(as_text=True)
    assert 'id="result-heading" dir="auto">Reads like mara<' in page
    assert heading(page) == "Most like mara in 2021"
    assert "What speaks for 2021:" in page
    assert '/user/mara/2022?tz=UTC">2022</a>' in page
    assert '/user/mara/2023">2023</a>' not in page  # It has five posts.
    korean = await site.get(page_of(SEA_TEXT, "mara"), headers=KOREAN)
    assert heading(await korean.get_data(as_text=True)) == "mara\u2060의 2021년 글과 가장 닮았어요"


async def test_page_says_that_years_do_not_differ_or_are_too_few(site: Client) -> None:
    alike = await (await site.get(page_of(SEA_TEXT, "noor"))).get_data(as_text=True)
    assert heading(alike) == "noor’s years do not differ here"
    few = await (await site.get(page_of(SEA_TEXT, "few"))).get_data(as_text=True)
    assert heading(few) == "few has too few posts for a comparison of years"
    assert "100 posts with words are needed; here are 2021: 30 posts and 2022: 120 posts." in few
    short = await (await site.get(page_of("lamp and fog", "mara"))).get_data(as_text=True)
    assert heading(short) == "Too few words for a year"


async def test_years_of_another_authors_text_are_said_to_be_no_more_than_nearest(
    site: Client,
) -> None:
    text = " and ".join(OTHERS)
    page = await (await site.get(page_of(text, "mara"))).get_data(as_text=True)
    assert "Does not read like mara" in page
    assert "this says only which year it would be nearest to" in page


async def test_api_ranks_the_years_beside_the_open_question(site: Client) -> None:
    body = {"text": SEA_TEXT, "years": "MARA"}
    answer = await (await site.post("/api/v1/compare", json=body)).get_json()
    assert answer["verdict"] == "likely"
    assert [ranked["username"] for ranked in answer["ranking"]] == ["mara"]
    years = answer["years"]
    assert (years["username"], years["verdict"]) == ("mara", "year")
    assert [ranked["year"] for ranked in years["ranking"]] == [2021, 2022]
    assert [ranked["tweets"] for ranked in years["ranking"]] == [110, 120]
    first, second = (ranked["probability"] for ranked in years["ranking"])
    assert first + second == pytest.approx(1)
    assert first >= 2 * second
    assert years["posts"][-1] == {"year": 2023, "tweets": 5}
    for mark in years["evidence"]:
        assert isinstance(mark["weight"], float)
        assert answer["text"][mark["start"] : mark["end"]] == mark["text"]
        assert mark["year"] == 2021
    assert years["evidence"]
    bare = await site.json("/api/v1" + page_of(SEA_TEXT, "mara", username="mara", explain="0"))
    assert bare["years"]["evidence"] == []
    assert bare["years"]["ranking"] == years["ranking"]
    assert "years" not in await site.json("/api/v1/compare?" + urlencode({"text": SEA_TEXT}))


async def test_api_says_same_and_few(site: Client) -> None:
    same = (await site.json("/api/v1" + page_of(SEA_TEXT, "noor")))["years"]
    assert same["verdict"] == "same"
    brief = (await site.json("/api/v1" + page_of("lamp and fog", "mara")))["years"]
    assert brief["verdict"] == "same"
    few = (await site.json("/api/v1" + page_of(SEA_TEXT, "few")))["years"]
    assert (few["verdict"], few["ranking"]) == ("few", [])
    assert few["posts"] == [{"year": 2021, "tweets": 30}, {"year": 2022, "tweets": 120}]


@pytest.mark.parametrize(
    ("name", "more", "status"),
    [("nobody", {}, 404), ("empty", {}, 422), ("mara", {"username": "noor"}, 422)],
)
async def test_years_that_cannot_be_ranked_are_refused(
    site: Client, name: str, more: dict[str, str], status: int
) -> None:
    path = page_of(SEA_TEXT, name, **more)
    assert (await site.get(f"/api/v1{path}")).status_code == status
    assert (await site.get(path)).status_code == status


async def test_form_leads_to_the_years(site: Client) -> None:
    asking = await (await site.get("/compare?years=mara")).get_data(as_text=True)
    assert "Which year of mara does your text sound like?" in asking
    assert (await site.get("/compare?years=nobody")).status_code == 404
    sent = await site.post("/compare", form={"years": "mara", "tweet_text": SEA_TEXT})
    assert sent.status_code == 303
    page = await (await site.get(sent.headers["Location"])).get_data(as_text=True)
    assert heading(page) == "Most like mara in 2021"
    # The box below the answer asks about the years again, unless somebody else is ticked.
    again = page.partition('id="whom"')[2]
    assert "Asked: <bdi>mara</bdi>, by year</summary>" in again
    assert re.search(r'name="years"\s+value="mara" checked', again)
    mixed = {"years": "mara", "username": "noor", "tweet_text": SEA_TEXT}
    sent = await site.post("/compare", form=mixed)
    failed = await body(await site.get(sent.headers["Location"]))
    assert re.search(r'name="years"\s+value="mara">', failed)
    private = {"years": "mara", "tweet_text": SEA_TEXT, "private": "1"}
    kept = await (await site.post("/compare", form=private)).get_data(as_text=True)
    assert heading(kept) == "Most like mara in 2021"
    for path in ("/user/mara", "/user/mara/2021", "/compare?text=lamp+fog+bell+sea&username=mara"):
        linked = await (await site.get(path)).get_data(as_text=True)
        assert "/compare?" in linked
        assert "years=mara" in linked


async def test_new_posts_count_at_once(shared: Shared, site: Client) -> None:
    await shared.writer.add_posts(*posts_of("late", SEA, 2021, 100))
    await shared.writer.add_posts(*posts_of("late", OVEN, 2022, 99))
    before = await site.json("/api/v1" + page_of(SEA_TEXT, "late"))
    assert before["years"]["verdict"] == "few"
    hundredth = {"username": "late", "text": "one loaf more", "created_at": "2022-05-05T12:00:00Z"}
    await shared.writer.add_posts(hundredth)
    after = await site.json("/api/v1" + page_of(SEA_TEXT, "late"))
    assert [ranked["tweets"] for ranked in after["years"]["ranking"]] == [100, 100]


async def test_years_begin_in_the_time_zone_of_the_page(shared: Shared, site: Client) -> None:
    # In UTC all is of 2021; half of it was said in the morning of January 1 in Seoul.
    said = [
        (f"{time}:{n % 60:02}", "수미", post["text"])
        for words, time in ((SEA, "2021-12-31 19"), (OVEN, "2022-01-01 05"))
        for n, post in enumerate(posts_of("수미", words, 2021, 110))
    ]
    await import_chat(parts_of(shared.app).db, kakaotalk("등대", *said))
    await settle(shared.app)
    api = "/api/v1" + page_of(SEA_TEXT, "수미")
    utc = (await site.json(api))["years"]
    assert (utc["tz"], utc["verdict"]) == ("UTC", "few")
    assert utc["posts"] == [{"year": 2021, "tweets": 220}]
    seoul = (await site.json(f"{api}&tz={ZONE}"))["years"]
    assert (seoul["tz"], seoul["verdict"]) == (ZONE, "year")
    assert seoul["posts"] == [{"year": 2021, "tweets": 110}, {"year": 2022, "tweets": 110}]
    assert (await site.json(api))["years"] == utc
    await site.json(f"{api}&tz=Mars/Base", status=400)
    body = {"text": SEA_TEXT, "years": "수미", "tz": "Mars/Base"}
    refused = await site.post("/api/v1/compare", json=body)
    assert refused.status_code == 422  # An address is malformed; a body is JSON, and wrong.
    assert [fault["loc"] for fault in (await refused.get_json(force=True))["errors"]] == ["tz"]
    # The page of a year asks in its own zone, and what it leads to names that zone.
    address = f"/user/{quote('수미')}/2022"
    assert "(Asia/Seoul time)" in await site.page(address)
    answer = await site.post(address, form={"text": SEA_TEXT})
    sounds = (await answer.get_data(as_text=True)).split('id="sounds"')[1].split("</section>")[0]
    assert "Most like 수미 in 2021" in sounds
    assert f'href="/user/{quote("수미")}/2021?tz={ZONE}"' in sounds
    assert f"&amp;tz={ZONE}" in sounds
    assert "110 messages" in sounds
    asked_of = f'href="/compare?{urlencode({"years": "수미"})}&tz={ZONE}"'
    assert asked_of in await site.page(f"/user/{quote('수미')}")
    # So does the page of a comparison; an address that names another zone is obeyed.
    for tz, heading_there in (({}, "Most like 수미 in 2021"), ({"tz": "UTC"}, "수미 has too few")):
        page = await site.page(page_of(SEA_TEXT, "수미", **tz))
        assert heading(page).startswith(heading_there)
    picture = page_of(SEA_TEXT, "수미", tz=ZONE).replace("/compare?", "/compare/picture?")
    assert page_of(SEA_TEXT, "수미", tz=ZONE) in await site.page(picture)
    form = {"years": "수미", "tz": ZONE, "tweet_text": SEA_TEXT}
    asking = await site.page("/compare?" + urlencode({"years": "수미"}))
    assert f'name="tz" value="{ZONE}"' in asking
    sent = await site.post("/compare", form=form)
    assert urlencode({"tz": ZONE}) in sent.headers["Location"]


async def test_the_page_of_a_year_asks_and_answers_in_place(site: Client) -> None:
    page = await site.page("/user/mara/2021?tz=UTC")
    assert 'action="/user/mara/2021?tz=UTC#sounds"' in page
    assert 'id="sounds"' not in await site.page("/user/mara/2023?tz=UTC")  # It has 5 posts.

    async def asked(text: str, status: int = 200, language: str = "en") -> str:
        headers = {"Accept-Language": language}
        answer = await site.post("/user/mara/2021?tz=UTC", form={"text": text}, headers=headers)
        assert answer.status_code == status
        shown: str = await answer.get_data(as_text=True)
        return shown.split('id="sounds"')[1].split("</section>")[0]

    sounds = await asked(SEA_TEXT)
    assert "Most like mara in 2021" in sounds
    assert 'href="/user/mara/2022?tz=UTC"' in sounds
    assert f"\n{SEA_TEXT}</textarea>" in sounds  # To be changed.
    assert "mara\u2060의 2021년 글과 가장 닮았어요" in await asked(SEA_TEXT, language="ko")
    assert "Too few words for a year" in await asked("lamp")
    assert 'role="alert"' in await asked(" ", 422)
    assert 'role="alert"' in await asked("lamp " * 6_000, 422)
    assert (await site.post("/user/mara/1999", form={"text": SEA_TEXT})).status_code == 404
