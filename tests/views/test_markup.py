"""Markup in every field that somebody writes: all answers show it as it was written."""

import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

import pytest
from quart import Quart
from quart.datastructures import FileStorage
from selectolax.lexbor import LexborHTMLParser

from app.parts.dashboard.panels import PANELS
from tests.browsing import Browser, make_operator, signed_in
from tests.conftest import MakeConfig, app_of, client_with
from tests.parts.dashboard.viewing import drawn
from tests.views.test_policies import routes
from tests.waiting import settle

TAG: Final = "xss-mark"
ANY: Final = (
    f"'\"></title></textarea></script><{TAG} src=x onpointerenter=alert(1)>{{{{1337*1337}}}}"
)
"""Ends whatever it stands in, and brings an element, a handler and an expression of templates."""
NAME: Final = f"'\"><{TAG}>{{{{1337*1337}}}}"
"""The same for names, which hold neither white space nor a slash."""
COMPUTED: Final = "1787569"
BINARY: Final = {"image/png", "image/vnd.microsoft.icon", "application/zip"}
SENT: Final = (
    *("q", "username", "room", "since", "until", "tz", "lang", "platform", "is", "has", "sort"),
    *("text", "without", "sure", "post", "cursor", "around", "on", "deleted", "changed"),
    *("next", "token", "locale", "kind", "hour", "window", "unknown"),
)
"""Parameters of pages."""
SHOWN: Final = {
    *("/", "/authors", "/user/<username>", "/user/<username>/<year:year>", "/posts"),
    *("/tweet/<id:tweet_id>", "/room/<id:room_id>"),
    *("/settings", "/sources", "/imports/<id:import_id>", "/dashboard/"),
    *("/feed.atom", "/user/<username>/feed.atom"),
}
"""Pages and feeds that show what somebody wrote."""
ALONE: Final = (
    *(("/search", "q"), ("/search", "username"), ("/posts", "username"), ("/posts", "tz")),
    *(("/authors", "q"), ("/authors", "deleted"), ("/compare", "text")),
    *(("/compare", "username"), ("/dashboard/", "username"), ("/login", "next"), ("/room/1", "q")),
)
"""Parameters that are shown again where no other one is refused before."""
PLACES: Final = {"username": NAME, "year": 2020, "name": NAME} | dict.fromkeys(
    ("tweet_id", "room_id", "import_id", "source_id"), 1
)


def assert_harmless(mimetype: str, text: str, path: str) -> None:
    """Check that an answer has nothing of the markup but its letters."""
    assert COMPUTED not in text, path
    if mimetype == "text/html":
        assert f"<{TAG}" not in text, path
        page = LexborHTMLParser(text)
        for element in page.css("*"):
            assert element.tag != TAG, path
            for name, value in element.attributes.items():
                is_address = name in {"href", "src", "action", "formaction", "data-live"}
                assert not name.startswith("on"), (path, name)
                assert not (is_address and (value or "").lstrip().startswith("javascript:")), path
    elif mimetype in {"application/atom+xml", "image/svg+xml"}:
        tags = {element.tag for element in ElementTree.fromstring(text).iter()}  # noqa: S314
        assert TAG not in str(tags), path
    else:  # No browser takes these for a page.
        safe = ("application/", "text/csv", "text/javascript", "text/plain")
        assert mimetype.startswith(safe), (path, mimetype)


async def check(browser: Browser, path: str, **headers: str) -> str:
    answer = await browser.get(path, headers=browser.headers | headers)
    assert answer.status_code < 500, path
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for name, value in answer.headers:
        assert "\n" not in value, (path, name)
    if answer.mimetype in BINARY:
        return ""
    text = str(await answer.get_data(as_text=True))
    assert_harmless(answer.mimetype, text, path)
    return text


@asynccontextmanager
async def marked_site(make_config: MakeConfig) -> AsyncIterator[tuple[Quart, Browser]]:
    """A site whose every field brings markup, and its operator."""
    async with app_of(make_config(public=False)) as app:
        await make_operator(app, ANY[:100])
        operator = await signed_in(app, ANY[:100], is_new=False)
        admin = await client_with(app, "admin")
        await admin.add_user(NAME, display_name=ANY)
        room = {"name": ANY}
        post = {"text": f"{ANY} javascript:alert(1)", "created_at": "2020-05-01T12:00:00Z"}
        posts: list[dict[str, Any]] = []
        media = [{"kind": "photo", "alt": ANY}]
        for number in range(10):
            fields = {"source_id": f"{ANY}{number}", "url": f"https://a.example/{quote(ANY)}"}
            target = {"username": NAME, "source_id": f"{ANY}0"} if number else None
            posts.append(
                {"username": NAME, "room": room, "media": media, "reply_to": target} | post | fields
            )
            posts.append({"username": f"{NAME}2", "room": room} | post | fields)
        await admin.add_posts(*posts)
        await fill_in(operator)
        await settle(app)
        yield app, operator


async def fill_in(operator: Browser) -> None:
    """Send the forms of the operator's pages."""
    for path, form in (
        ("/settings/invitations", {"name": ANY[:100]}),
        ("/settings/tokens", {"name": ANY[:100], "scope": "read"}),
        ("/settings/own", {"username": NAME}),
        ("/settings/rooms/1/name", {"name": ANY}),
        ("/sources", {"source": f"rss:https://93.184.216.34/{quote(ANY)}", "username": f"{NAME}3"}),
    ):
        answer = await operator.post(path, form=form)
        assert answer.status_code in {200, 303}, path
        assert_harmless("text/html", await answer.get_data(as_text=True), path)
    table = f"{ANY.replace(',', '')},text\n{NAME},{ANY}\n{NAME}".encode()
    files = {"file": FileStorage(io.BytesIO(table), f"{ANY}.csv")}
    answer = await operator.post("/imports", files=files, status=303)


FORMS: Final = (
    ("/login", {"name": ANY, "password": "x", "next": ANY}),
    ("/setup", {"name": ANY, "password": "x", "token": ANY}),
    ("/settings/invitations", {"name": f"{ANY}\n"}),
    ("/settings/tokens", {"name": ANY * 2, "scope": ANY}),
    ("/settings/own", {"username": ANY}),
    ("/settings/authors/delete", {"username": ANY, "confirm": "yes"}),
    ("/settings/password", {"old": ANY, "new": ANY}),
    ("/settings/reading", {"public": ANY}),
    ("/settings/rooms/1/join", {"into": ANY}),
    ("/settings/rooms/1/delete", {"confirm": ANY}),
    ("/sources", {"source": ANY, "username": ANY}),
    ("/sources", {"source": f"mastodon:{ANY}@{ANY}"}),
    ("/imports/1/start", {"column": ANY, "timezone": ANY, "username": ANY, "owner": ANY}),
    ("/compare", {"text": ANY, "username": [NAME, ANY], "without": ANY}),
    ("/user", {"user_name": ANY}),
    ("/logout", {"next": ANY}),
)
"""Forms that are refused, most of which say what was wrong."""


@pytest.mark.databases("sqlite")
async def test_no_page_takes_what_somebody_wrote_for_markup(make_config: MakeConfig) -> None:
    async with marked_site(make_config) as (app, operator):
        paths = {(rule, path) for method, rule, path in routes(app, PLACES) if method == "GET"}
        values = urlencode([(name, ANY) for name in SENT])
        shown = set[str]()
        for rule, path in sorted(paths):
            if TAG in await check(operator, path):
                shown.add(rule)
            if not path.startswith(("/api/", "/dashboard/_")):
                await check(operator, f"{path}?{values}")
        assert shown >= SHOWN, "the markup is not shown there, so nothing was tested"
        for path, name in ALONE:
            await check(operator, f"{path}?{urlencode({name: ANY})}")
        for path in (f"/{quote(ANY)}", f"/user/{quote(ANY)}", f"/api/v1/{quote(ANY)}"):
            await check(operator, path)
        cookies = f"saywho_lang={quote(ANY)}; saywho_zone={quote(ANY)}"
        odd = {"Accept-Language": ANY, "Cookie": cookies, "X-Request-ID": ANY, "Referer": ANY}
        for path in ("/login", "/nothing"):
            await check(Browser(app), path, **odd)
        for path, form in FORMS:
            answer = await operator.post(path, form=form)
            assert answer.status_code < 500, path
            assert_harmless(answer.mimetype, await answer.get_data(as_text=True), path)


@pytest.mark.databases("sqlite")
async def test_no_figure_takes_a_name_for_markup(make_config: MakeConfig) -> None:
    """Plotly reads some tags in labels, and Dash's answers are put into the page by scripts."""
    async with marked_site(make_config) as (app, operator):
        reader = await client_with(app, "read")
        view = urlencode({"username": [NAME, f"{NAME}2"]}, doseq=True)
        for figure in PANELS:
            for query in ("", view, urlencode({"username": NAME})):
                await check(operator, f"/dashboard/table/{figure}?{query}")
                drawing = await drawn(reader, figure, query)
                written = [drawing.get(part) for part in ("words", "rows", "plot")]
                assert f"<{TAG}" not in json.dumps(written), (figure, query)
        assert f"&lt;{TAG}" in await check(operator, f"/dashboard/?{view}")
