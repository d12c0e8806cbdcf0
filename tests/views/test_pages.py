"""The pages as they leave the server: statuses, languages, what is marked, what is told."""

import re
from html import unescape
from inspect import iscoroutinefunction
from typing import Any
from urllib.parse import quote, unquote, urlencode
from zoneinfo import available_timezones

import pytest
from babel.numbers import format_decimal
from quart import Quart, g
from selectolax.lexbor import LexborHTMLParser

from app.blueprints import PAGES
from app.config import Locale
from app.language import i18n
from app.views.highlighting import TextPiece, excerpt, marked_text
from tests.browsing import missing_in
from tests.conftest import Client, Shared
from tests.growth import MOST_GROWTH, growth

BAKER = [f"오늘도 굽습니다, 호밀빵 {n}개 먼저 :)" for n in range(30)]
STARGAZER = [f"관측은 {n}시에 시작합니다. 하늘은 맑습니다." for n in range(30)]
KOREAN = {"Accept-Language": "ko"}
INLINE = re.compile(r"""<style|<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=|javascript:""", re.I)


def texts(page: str, name: str) -> list[str]:
    """Return the texts of the elements of one name."""
    return [each.text() for each in LexborHTMLParser(page).css(name)]


async def body(answer: Any) -> str:
    return str(await answer.get_data(as_text=True))


@pytest.fixture(scope="module")
async def site(shared: Shared) -> Client:
    """Read the pages of two authors with posts, to which no test adds any."""
    posts = [("빵집", text) for text in BAKER] + [("천문대", text) for text in STARGAZER]
    await shared.writer.add_posts(*({"username": name, "text": text} for name, text in posts))
    return shared.anybody


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ((1 / 3, 1 / 3, 1 / 3), "34% 33% 33%"),
        ((0.445, 0.335, 0.22), "45% 33% 22%"),
        ((0.144, 0.144, 0.144, 0.144, 0.144, 0.28), "15% 15% 14% 14% 14% 28%"),
        ((0.996, 0.004), ">99% <1%"),
        ((0.6, 0.393, 0.007), "60% 39% <1%"),
        ((0.5, 0.25, *[0.005] * 50), " ".join(["50%", "25%", *["<1%"] * 50])),
        ((1.0, 0.0), "100% 0%"),
    ],
)
async def test_percentages_add_up_and_only_certainty_is_a_hundred(
    values: tuple[float, ...], shown: str
) -> None:
    async with Quart(__name__).test_request_context("/"):
        g.locale = "en"
        assert [i18n.show_percent(part) for part in i18n.rounded_parts(values)] == shown.split()


@pytest.mark.parametrize("language", i18n.LOCALES)
@pytest.mark.parametrize("number", [0, 7, 999, 1_000, 12_345_678, -1_234, 1_234.5, 0.25])
def test_numbers_are_written_as_the_language_has_them(language: Locale, number: float) -> None:
    with i18n.speaking(language):
        assert i18n.show_number(number) == format_decimal(number, locale=language)


@pytest.mark.parametrize(
    ("zone", "korean", "english"),
    [
        ("Asia/Seoul", "서울 시간", "Seoul time"),
        ("America/New_York", "뉴욕 시간", "New York time"),
        ("Asia/Kolkata", "Kolkata 시간", "Kolkata time"),
        ("UTC", "UTC", "UTC"),
    ],
)
def test_a_time_zone_is_called_by_its_city(zone: str, korean: str, english: str) -> None:
    with i18n.speaking("ko"):
        assert i18n.show_zone(zone) == korean
    with i18n.speaking("en"):
        assert i18n.show_zone(zone) == english


def test_a_zone_of_no_city_is_called_by_its_offset() -> None:
    assert [i18n.show_zone(f"Etc/GMT{turned}") for turned in ("+5", "-1", "-14")] == [
        "UTC-5",
        "UTC+1",
        "UTC+14",
    ]
    assert i18n.show_zone("Etc/UTC") == "UTC"


def test_each_time_zone_has_a_name() -> None:
    with i18n.speaking("ko"):
        assert all(
            zone == i18n.show_zone(zone) or "시간" in i18n.show_zone(zone)
            for zone in available_timezones()
            if not zone.startswith("Etc/")
        )


@pytest.mark.parametrize("page", [None, *(page.name for page in PAGES)])
def test_no_page_waits_for_a_thread_to_know_its_language(app: Quart, page: str | None) -> None:
    asked = app.template_context_processors.get(page, [])
    assert all(map(iscoroutinefunction, asked))
    assert page or len(asked) > 1


def test_excerpt_keeps_marks_and_their_surroundings() -> None:
    text = "a" * 500 + "MATCH" + "b" * 500 + "MATCH" + "c" * 500
    spans: list[tuple[int, int, None]] = [(500, 505, None), (1005, 1010, None)]
    pieces: list[TextPiece[None]] = excerpt(marked_text(text, spans), around=10)
    shown = "".join(piece.text for piece in pieces)
    assert shown == f"…{'a' * 10}MATCH{'b' * 10}…{'b' * 10}MATCH{'c' * 10}…"
    assert [piece.is_marked for piece in pieces] == [False, True, False, True, False]


@pytest.mark.parametrize(("language", "label"), [("ko", "사용자 이름: "), ("en", "Username: ")])
async def test_author_heading(writer: Client, language: str, label: str) -> None:
    await writer.add_user("빵집", "빵집")
    await writer.add_user("hana", display_name="Hana 하나")
    for username in ("빵집", "hana"):
        page = await writer.page("/user/" + quote(username), headers={"Accept-Language": language})
        assert texts(page, "h1") == [f"{label}{username}"]
        assert f">{label}{username}</h1>" in page
        assert page.count("big-name") == (username == "hana")
        assert f'<html lang="{language}">' in page


async def test_unknown_author_is_a_page_in_the_readers_language(shared: Shared) -> None:
    page = await shared.anybody.page("/user/nobody", status=404, headers=KOREAN)
    assert "작성자가 없어요" in page
    assert texts(page, "h1") == ["페이지를 찾을 수 없어요"]


async def test_no_page_has_anything_inline(site: Client) -> None:
    compare = "/compare?" + urlencode({"text": BAKER[0]})
    author, search = "/user/" + quote("빵집"), "/search?q=" + quote("하늘")
    for path in ("/", "/authors", author, "/tweet/1", compare, search, "/nothing"):
        answer = await site.get(path)
        page = await body(answer)
        assert not INLINE.search(page), path
        assert len(texts(page, "h1")) == 1, path
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", page), path


async def test_search_marks_matches_and_keeps_the_query(site: Client) -> None:
    page = await body(await site.get("/search?q=" + quote("호밀빵")))
    assert set(texts(page, "mark")) == {"호밀빵"}
    assert not missing_in(page, 'value="호밀빵"', "cursor=")


async def test_a_search_without_words_leads_to_the_list_of_what_fits(writer: Client) -> None:
    picture = {"media": [{"kind": "photo", "alt": "a lamp"}]}
    await writer.add_user("mina", *(f"word {number}" for number in range(3)))
    for number in range(25):
        json = picture | {"text": f"wave {number}"}
        await writer.post("/api/v1/users/mina/tweets", json=json)
    answer = await writer.get("/search?q=+&has=media&tz=Asia/Seoul")
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        "/posts?tz=Asia/Seoul&q=+&has=media",
    )
    page = await body(await writer.get(answer.headers["Location"]))
    assert page.index("wave 24") < page.index("wave 1<")
    assert "word 1" not in page
    (following,) = re.findall(r'href="(/posts[^"]*cursor=[^"]*)"', page)
    assert "wave 0<" in await body(await writer.get(following.replace("&amp;", "&")))
    assert "What are you looking for?" in await body(await writer.get("/search?tz=Asia/Seoul"))
    assert "No posts found." in await body(await writer.get("/search?is=reply&username=mina"))
    for wrong in ("username=nobody", "since=13.5.", "username=mina&tz=Nowhere/X"):
        assert 'id="failure"' in await body(await writer.get(f"/search?q=&{wrong}"))


async def test_addresses_in_results_are_links_unless_a_mark_or_a_cut_tears_them(
    anybody: Client, writer: Client
) -> None:
    whole = ["https://a.example/?b=1&c=%22", "http://b.example/x", "https://c.example/end"]
    torn = "https://d.example/lighthouse/y"
    text = f"{whole[0]} lighthouse: {whole[1]} <b> {torn} javascript:alert(1) {whole[2]}"
    await writer.add_user(
        "ann", text, f"lighthouse {'filler ' * 200} https://e.example/{'z' * 400} x"
    )
    page = await body(await anybody.get("/search?q=lighthouse"))
    links = re.findall(r'<a href="([^"]*)" rel="nofollow noreferrer">', page)
    assert [unescape(link) for link in links] == whole
    assert "&lt;b&gt;" in page


async def test_a_page_tells_a_date_that_is_none(site: Client) -> None:
    for name, said in (("since", "The first day"), ("until", "The end date")):
        page = await site.page(f"/posts?{name}=garbage", status=400)
        assert f"{said} cannot be read: write it like 2026-01-31" in page
    page = await site.page("/search?q=a&since=yesterday", status=400, headers=KOREAN)
    assert not missing_in(page, "시작일을 알아볼 수 없어요", 'value="a"')


async def test_the_last_day_of_a_form_is_included(site: Client) -> None:
    page = await site.page("/search?q=nothing&through=2024-03-11")
    assert 'name="through" type="date" value="2024-03-11"' in page
    await site.page("/search?q=nothing&through=9999-12-31")
    tables = [
        await body(await site.get(f"/dashboard/table/timeline.csv?{end}"))
        for end in ("until=2024-03-12", "through=2024-03-11")
    ]
    assert tables[0] == tables[1]


@pytest.mark.parametrize("query", ["me & you", "<3", '"', "가", "-", "%(x)s {y}", "\x00"])
async def test_search_takes_whatever_is_typed(site: Client, query: str) -> None:
    for asked in ({"q": query}, {"q": "하늘", "kind": query}):
        await site.page("/search?" + urlencode(asked))


async def test_language_switch_leads_back_to_this_site(site: Client) -> None:
    answer = await site.get("//evil.example/?locale=ko")
    assert (answer.status_code, answer.headers["Location"]) == (308, "/evil.example/?locale=ko")
    answer = await site.get(answer.headers["Location"])
    assert (answer.status_code, answer.headers["Location"]) == (303, "/evil.example/")


async def test_the_language_of_posts_is_a_filter_and_no_switch(
    anybody: Client, writer: Client
) -> None:
    await writer.add_user("ann")
    await writer.add_tweet("ann", "오늘의 글입니다", lang="ko")
    await writer.add_tweet("ann", "a post of today", lang="en")
    for path in ("/posts?lang=ko", "/search?q=%EC%98%A4%EB%8A%98&lang=ko", "/dashboard/?lang=ko"):
        page = await anybody.page(path)
        assert '<html lang="en"' in page
        assert "a post of today" not in page
        assert 'name="lang" value="ko"' in page or "글입니다" in page
        assert "lang=ko&locale=ko" in page


async def test_language_links_are_named_in_their_own_language(site: Client) -> None:
    page = await body(await site.get("/search?q=x", headers=KOREAN))
    assert '<a href="/search?q=x&amp;locale=en" lang="en" hreflang="en">English</a>' in page
    page = await body(await site.get("/search?q=x"))
    assert '<a href="/search?q=x&amp;locale=ko" lang="ko" hreflang="ko">한국어</a>' in page


async def test_time_is_shown_in_utc_for_those_without_a_script(writer: Client) -> None:
    await writer.add_user("old")
    await writer.add_tweet("old", "long ago", created_at="0800-01-02T03:04:05Z")
    page = await body(await writer.get("/user/old"))
    assert not missing_in(page, '<time datetime="0800-01-02T03:04:05Z">', "AM UTC</time>")
    assert "오전 3:04 UTC</time>" in await body(await writer.get("/user/old", headers=KOREAN))
    await writer.add_tweet("old", "of a bare day", created_at="2015-12-01T00:00:00Z")
    page = await body(await writer.get("/user/old"))
    assert '<time datetime="2015-12-01">Dec 1, 2015</time>' in page


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("3,059 messages on 365 days. From March 1 on", ["3,059 messages", "365 days", "March 1"]),
        (
            "May 2025; 5 of 10 posts by January 15, 2024",
            ["May 2025", "5 of 10 posts", "January 15, 2024"],
        ),
        ("엄마가 가장 길게 써요(한 번에 6단어).", ["(한 번에 6단어)"]),
        ("Busiest between 23:00 and 2:00, from 2024 to 2025", []),
        (
            "글 356개(쓴 날 300일), 2025년 3월 1일부터 9월 27일까지",
            ["(쓴 날 300일)", "2025년 3월 1일", "9월 27일"],
        ),
        ("2025년 8월 2일~25일에 “-음/-함/-됨”으로", ["2025년 8월 2일~25일", "“-음/-함/-됨”"]),
        ("26 days, Aug 2 – 27, 2025~", ["26 days", "Aug 2 – 27, 2025"]),
        ("<b> wrote 2 words", ["2 words"]),
    ],
)
def test_no_line_breaks_in_a_day_or_before_a_unit(text: str, whole: list[str]) -> None:
    html = i18n.unbroken(text)
    assert re.findall(r'<span class="unbroken">([^<]*)</span>', html) == whole
    assert unescape(re.sub("</?span[^>]*>", "", html)) == text


def test_keeping_days_whole_takes_linear_time_in_a_long_number() -> None:
    """A visitor may write any number into the dashboard, which shows it in a sentence."""
    assert (
        growth(lambda: i18n.unbroken("9" * 2_000), lambda: i18n.unbroken("9" * 16_000))
        < MOST_GROWTH
    )


async def test_results_can_be_sorted_and_narrowed(site: Client) -> None:
    assert "sort=newest" in await body(await site.get("/search?q=" + quote("먼저 OR 하늘은")))
    page = await body(await site.get("/search?sort=newest&q=" + quote("하늘은")))
    assert "30 posts" in page
    assert re.search(r'sort=newest[^>]*aria-current="true"', page)
    assert '<dl class="facets">' in page
    page = await body(await site.get("/search?q=x&lang=ko&has=media&platform=local"))
    assert "Filters: <bdi>pictures, videos or links</bdi>, <bdi>Korean</bdi>, <bdi>not" in page


async def test_addresses_in_a_post_are_links_that_tell_nothing(writer: Client) -> None:
    await writer.add_user("ann")
    text = (
        "See <b>, https://example.org/a?b=1&c=2.\n(http://example.org/빵) javascript:alert(1)"
        " mail@example.org (@ann, .@bo@sea.example: #빵집! @cy.bsky.social님 #차#tea @ann.See"
    )
    tweet = await writer.add_tweet("ann", text)
    for path in (f"/tweet/{tweet['id']}", "/user/ann"):
        page = await body(await writer.get(path))
        links = re.findall(r'<a href="(http[^"]+)" rel="([^"]+)"', page)
        assert [unescape(address) for address, _ in links] == [
            "https://example.org/a?b=1&c=2",
            "http://example.org/빵",
        ], path
        assert all({"nofollow", "noreferrer"} <= set(rel.split()) for _, rel in links)
        assert "&lt;b&gt;" in page
        assert [
            unquote(each) for each in re.findall(r'class="mention" href="/search\?q=([^"]+)"', page)
        ] == [*("@ann", "@bo@sea.example", "#빵집", "@cy.bsky.social", "#차", "#tea", "@ann")], path
    for typed in ("ann", "ann.see"):
        assert (await writer.get(f"/search?q=%40{typed}")).headers["Location"] == "/user/ann"
    assert (await writer.get("/search?q=%40ann+hello")).status_code == 200
    assert (await writer.get("/search?q=%40nobody")).status_code == 200
    assert 'aria-current="page"' not in await body(await writer.get("/nothing"))
