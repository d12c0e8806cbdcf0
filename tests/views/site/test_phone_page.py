"""How a phone opens a page: a link and a QR code, or how to let phones in."""

import re
from typing import Final

from app import create_app
from app.lifespan import note_hosts
from tests.browsing import Browser, signed_in
from tests.conftest import MakeConfig, client_with

HOW = "saywho serve --bind 0.0.0.0:8000"
HERE: Final = {"Host": "127.0.0.1:8000"}
NETWORK: Final = r"http://(?!127\.)\d+(\.\d+){3}:8000/quiz"


async def page_of(visitor: Browser, headers: dict[str, str], next_: str = "/quiz") -> str:
    answer = await visitor.get(f"/phone?next={next_}", headers=headers)
    assert answer.status_code == 200
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
    app = create_app(make_config())
    async with app.test_app():
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
    app = create_app(make_config(url="https://saywho.example", public=False))
    async with app.test_app():
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
    app = create_app(make_config())
    async with app.test_app():
        note_hosts(app, ["127.0.0.1"])
        browser = Browser(app, address="127.0.0.1")
        page = await page_of(browser, {"Host": "127.0.0.1:8312"})
        assert "<code>saywho serve --bind 0.0.0.0:8312</code>" in page
        assert "<code>HOST=0.0.0.0 PORT=8312 make run</code>" in page
        page = await page_of(browser, {"Host": "localhost"})
        assert "<code>saywho serve --bind 0.0.0.0</code>" in page
        assert "<code>HOST=0.0.0.0 make run</code>" in page
