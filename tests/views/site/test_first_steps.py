"""The first minute: texts to try, invented authors that go with one button, what comes next."""

import re
from typing import Final
from urllib.parse import unquote, urlencode

from quart import Quart

from app import __version__, create_app
from app.lifespan import note_hosts
from app.services.access.accounts import add_setup_link
from app.services.imports.storing import load_samples
from saywho.engine.judgement import KOREAN_LIKELY, LIKELY
from tests.browsing import Browser, in_one_line, make_operator, parts_of, signed_in
from tests.conftest import Client, MakeConfig, app_of, client_with

KOREANS: Final = ("골목빵집", "언덕천문대", "느티나무도서관", "12번버스")
ENGLISH: Final = ("saltmarsh_light", "no9_kettle_cafe", "pier_street_museum", "the_night_ferry")
TEXT: Final = "Lit 17:12. Wind NW 6, rain. One gull, no remarks. Lamp polished."
EXAMPLE: Final = "/compare?" + urlencode({"text": TEXT})


async def test_each_page_of_an_empty_site_says_that_nothing_is_here_yet(
    anybody: Client, writer: Client
) -> None:
    pages = ("/authors", "/search", "/search?q=bread", "/posts", "/posts?lang=ko")
    for path in pages:
        page = await anybody.page(path)
        assert "Nothing here yet" in page, path
        assert "Try another filter" not in page
        assert "Try fewer" not in page
    label = "Choose a chat or an archive (KakaoTalk, WhatsApp, X …)"  # Fingers drop nothing.
    assert f'{label}<span class="with-mouse">, or drop it here</span>' in await anybody.page("/")
    await writer.add_user("ann", "butter")
    assert "or drop it here" not in await anybody.page("/")
    for path in pages:
        assert "Nothing here yet" not in await anybody.page(path), path


async def test_the_front_page_of_an_empty_site_is_the_form_for_whoever_has_the_link(
    app: Quart,
) -> None:
    stranger = Browser(app)
    assert "Open the link that saywho printed in the terminal" in await stranger.page("/")
    async with parts_of(app).db.write() as session:
        token = await add_setup_link(session, None)
    page = await stranger.page(f"/?token={token}")
    assert 'name="password"' in page
    assert "data-first-file" in page
    assert (await stranger.get("/?token=of-somebody-else")).status_code == 403
    await make_operator(app)
    assert 'name="password"' not in await stranger.page(f"/?token={token}")


async def test_two_workers_show_the_same_front_page(make_config: MakeConfig) -> None:
    config = make_config()
    one, other = create_app(config), create_app(config)
    async with one.test_app(), other.test_app():
        await load_samples(parts_of(one).db)
        for language in ("ko", "en"):
            answers = [
                await Client(worker, {}).get("/", headers={"Accept-Language": language})
                for worker in (one, other, one)
            ]
            assert len({await answer.get_data() for answer in answers}) == 1
            assert len({answer.headers["ETag"] for answer in answers}) == 1
            assert b'class="card shown"' in await answers[0].get_data()


async def test_samples_are_tried_explained_and_removed(app: Quart, anybody: Client) -> None:
    await load_samples(parts_of(app).db)
    for language, names in (("ko", KOREANS), ("en", ENGLISH)):
        page = await anybody.page("/", headers={"Accept-Language": language})
        shown = page.partition('class="card shown"')[2].partition("</section>")[0]
        # An answered example in the page's language, the author first, and the way to one's own.
        author = re.findall(r'class="name" href="/user/([^"]+)"', shown)[0]
        assert unquote(author) in names
        # It begins with the sentence that an answer begins with, and its marks can be opened.
        heading = re.findall(r'<h3 class="answer \w+" dir="auto">(.*?)</h3>', shown)
        assert unquote(author) in heading[0]
        marks = re.findall(r'<mark class="evidence[^"]*"><a href="#(use-\d+)"', shown)
        assert marks
        assert all(f'<li id="{mark}">' in shown for mark in marks)
        # All answers have a bar: the four authors, and somebody else.
        assert shown.count('<rect class="fill"') == 5
        assert ("다른 사람" if language == "ko" else "Someone else") in shown
        # The authors of this language are the first to choose from.
        assert {*re.findall(r'name="username" value="([^"]+)"', page)[:4]} == {*names}
        assert "76%" in page.partition('id="authors-heading"')[2].partition("</section>")[0]
        assert 'href="/compare/example"' in page
    page = await anybody.page("/")
    assert "8 sample authors: made-up places" in page
    assert "/settings/samples/delete" not in page
    assert "data-choose-file hidden" in page
    # Nobody can sign in yet.
    start = page.partition('id="start"')[2].partition("</section>")[0]
    assert "saywho operator add" in start
    assert "/login" not in start
    operator = await signed_in(app)
    assert 'id="upload"' in await operator.page("/")
    form = re.search(
        r'action="/settings/samples/delete">.*?</form>', await operator.page("/"), re.DOTALL
    )
    assert form
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0]))
    answer = await operator.post("/settings/samples/delete", form={}, status=422)
    answer = await operator.post("/settings/samples/delete", form=fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    page = await anybody.page("/")
    assert "invented" not in page
    assert "sign in</a>" in page.partition('id="start"')[2]
    answer = await anybody.get("/compare/example")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


async def test_an_empty_site_says_where_the_way_in_is(app: Quart, anybody: Client) -> None:
    for language, told in (
        ("en", "Make your saywho on this computer"),
        ("ko", "이 컴퓨터에 내 saywho 만들기"),
    ):
        page = await anybody.page("/", headers={"Accept-Language": language})
        start = page.partition('id="start"')[2].partition("</section>")[0]
        assert told in start
        assert "saywho operator add" in start
        assert "/login" not in start
    await make_operator(app)
    page = await anybody.page("/")
    assert "Make your saywho" not in page
    assert "sign in</a>" in page.partition('id="start"')[2]


async def test_the_method_names_both_thresholds_and_somebody_else(anybody: Client) -> None:
    page = await anybody.page("/about")
    assert f"saywho names the author of an English text only at {LIKELY:.0%} or more." in page
    assert f"For a Korean text it needs {KOREAN_LIKELY:.0%} if few" in page
    assert "92% if no one else does" in page
    assert "about a hundred authors who come with the program" in page


async def test_a_private_text_is_answered_at_once_and_in_no_address(
    app: Quart, anybody: Client
) -> None:
    await load_samples(parts_of(app).db)
    secret = "windows"
    text = f"come in for tea at three!! there's cake & the {secret} are steamy, bring a book"
    first, second = ENGLISH[:2]
    form = {"tweet_text": text, "user1": first, "user2": second, "private": "1"}
    for fields in (form, form | {"user2": ""}):
        answer = await anybody.post("/compare", form=fields)
        page = in_one_line(await answer.get_data(as_text=True))
        assert answer.status_code == 200
        assert re.search(r'name="private" value="1" checked', page)
        assert not [
            link for link in re.findall(r'(?:href|hx-get)="([^"]*)', page) if secret in link
        ]
    # Without the tick the address holds it, and leads to the same as JSON.
    page = await anybody.page(EXAMPLE)
    assert 'href="/about"' in page.partition("<main")[2]
    assert f"saywho {__version__}, model" in await anybody.page("/about")
    (address,) = re.findall(r'href="(/api/v1/compare\?[^"]+)"', page)
    assert (await anybody.json(address))["text"] == TEXT


HOW = "saywho serve --bind 0.0.0.0:8000"
HERE: Final = {"Host": "127.0.0.1:8000"}
NETWORK: Final = r"http://(?!127\.)\d+(\.\d+){3}:8000/quiz"


async def page_of(visitor: Browser, headers: dict[str, str], next_: str = "/quiz") -> str:
    answer = await visitor.get(f"/phone?next={next_}", headers=headers, status=200)
    return str(await answer.get_data(as_text=True))


Case = tuple[list[str], dict[str, str], str, str | None]
CASES: Final[tuple[Case, ...]] = (
    (["0.0.0.0"], HERE, "127.0.0.1", NETWORK),  # noqa: S104
    (["127.0.0.1", "10.1.2.3"], HERE, "127.0.0.1", "http://10.1.2.3:8000/quiz"),
    (["127.0.0.1"], HERE, "127.0.0.1", None),
    # Others are told of no address but that which they used; a proxy may be on this machine.
    (["10.1.2.3"], HERE, "192.0.2.9", None),
    (["10.1.2.3"], HERE | {"X-Forwarded-For": "192.0.2.9"}, "127.0.0.1", None),
    (["0.0.0.0"], {"Host": "192.168.7.5"}, "192.168.7.9", "http://192.168.7.5/quiz"),  # noqa: S104
    ([], {"Host": "192.168.7.5"}, "192.168.7.9", "http://192.168.7.5/quiz"),
)
"""Where the site listens, what the request says and whence it comes, and the link that is shown."""


async def test_page_shows_the_address_that_phones_reach(make_config: MakeConfig) -> None:
    async with app_of(make_config()) as app:
        for hosts, headers, address, link in CASES:
            note_hosts(app, hosts)
            page = await page_of(Browser(app, address=address), headers)
            links = re.findall(r'translate="no">([^<]*)<', page)
            assert (HOW in page) == (not links)
            assert ("QR code of the link" in page) == bool(links)
            if link == NETWORK:  # A machine may have none.
                assert all(re.fullmatch(link, found) for found in links)
            else:
                assert links == ([link] if link else [])


async def test_links_to_send_begin_with_the_address_of_the_site(make_config: MakeConfig) -> None:
    async with app_of(make_config(url="https://saywho.example", public=False)) as app:
        operator = await signed_in(app)
        page = await operator.page("/phone?next=//evil.example/")
        assert ">https://saywho.example/<" in page
        assert "Only people who sign in" not in page
        assert "This site is private" in page
        page = await operator.page(f"/phone?next=/search?q={'x' * 500}")
        assert "<svg" not in page
        assert "Open this link on the phone" in page
        posts = [f"{word} comes along the quay again" for word in ("fog", "wind", "rain")]
        await (await client_with(app, "admin")).add_user("ann", *posts * 10)
        answer = await operator.page("/compare?text=fog+along+the+quay&username=ann")
        assert "Only people who sign in here can open it." in answer
        assert 'href="/phone?next=/compare?text%3Dfog' in answer


async def test_the_command_for_phones_has_the_port_of_the_site(make_config: MakeConfig) -> None:
    async with app_of(make_config()) as app:
        note_hosts(app, ["127.0.0.1"])
        browser = Browser(app, address="127.0.0.1")
        page = await page_of(browser, {"Host": "127.0.0.1:8312"})
        assert "<code>saywho serve --bind 0.0.0.0:8312</code>" in page
        assert "<code>HOST=0.0.0.0 PORT=8312 make run</code>" in page
        page = await page_of(browser, {"Host": "localhost"})
        assert "<code>saywho serve --bind 0.0.0.0</code>" in page
        assert "<code>HOST=0.0.0.0 make run</code>" in page
