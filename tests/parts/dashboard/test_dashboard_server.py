"""The dashboard's server side: what it answers, to whom, and what it refuses."""

import asyncio
import json
import random
import re
import sys
from collections import Counter
from html import unescape
from itertools import product
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl
from zoneinfo import available_timezones

import pytest
from dash import dcc
from quart.testing.connections import WebsocketDisconnectError

from app import create_app
from app.parts.dashboard import answers
from app.parts.dashboard.counts import count_posts
from app.parts.dashboard.panels import PANELS
from saywho.clock import now
from tests.browsing import Browser, missing_in, parts_of, signed_in
from tests.conftest import Client, MakeConfig, Outside, Shared, app_of, client_with
from tests.installation import Installation
from tests.parts.dashboard.viewing import GZIP, PREFIX, UPDATE, bars, call, csv_rows, drawn
from tests.posting import new_tweet, store
from tests.waiting import eventually, settle


@pytest.mark.parametrize("figure", PANELS)
async def test_every_figure_of_posts_is_drawn_and_listed(viewed: Client, figure: str) -> None:
    drawing = await drawn(viewed, figure)
    assert drawing["plot"]
    assert drawing["title"], "a figure says what it shows"
    points = drawing["plot"]["data"][0]["customdata"]
    assert (await drawn(viewed, "timeline", points[0]))["plot"], "a press chooses posts"
    table = await (await viewed.get(f"{PREFIX}table/{figure}")).get_data(as_text=True)
    (link, *_) = re.findall(r'href="(/posts[^"]+)"', table)
    assert (await viewed.get(unescape(link))).status_code == 200


async def test_a_figure_without_posts_has_none(anybody: Client) -> None:
    for figure in PANELS:
        drawing = await drawn(anybody, figure)
        assert drawing["plot"] is None, figure
        assert drawing["title"] == "Nothing here yet"
        page = await anybody.page(f"{PREFIX}table/{figure}")
        assert "saywho demo" in page, "what brings posts in is said"
        assert "filter" not in page
        narrowed = await drawn(anybody, figure, "platform=x")
        assert narrowed["title"] == "There are no posts here. Try another filter."


async def test_filters_narrow_what_is_drawn(viewed: Client) -> None:
    assert bars(await drawn(viewed, "timeline")) == {"ann": 3, "&lt;b&gt;ben&lt;b&gt;": 1}
    assert bars(await drawn(viewed, "timeline", "username=ANN")) == {"ann": 3}
    assert bars(await drawn(viewed, "timeline", "lang=ko&until=2026-05-02")) == {"ann": 1}
    # Half past three in the afternoon is the next day in Seoul.
    view = "since=2026-05-03&until=2026-05-04&tz=Asia/Seoul"
    assert bars(await drawn(viewed, "timeline", view)) == {"ann": 1}


LINKED: Final = [
    *product(("ann", "ben"), ("tea", "oven tea", "cofee"), (9, 21), ("2026-05-01", "2026-06-02"))
]
"""Posts: the author, the text, the hour and the day."""


def chosen(query: str) -> Counter[tuple[str, str, int, str]]:
    """Return the posts that a question chooses, found without the app."""
    asked = dict(parse_qsl(query))
    return Counter(
        post
        for post in LINKED
        for name, text, hour, day in [post]
        if set(asked.get("q", "").split()) <= set(text.split())
        and asked.get("who", asked.get("username", name)) == name
        and int(asked.get("at", hour)) == hour
        and asked.get("since", day) <= day < asked.get("until", "9999")
    )


@pytest.mark.parametrize(
    "query",
    [
        *("", "who=ann", "at=9", "since=2026-06-01", "q=tea", "q=tea&username=ben"),
        *("q=oven+tea&at=21", "q=oven&who=ann&at=9&until=2026-06-01", "who=ben&at=21"),
    ],
)
async def test_each_figure_has_the_posts_that_all_choices_leave(writer: Client, query: str) -> None:
    await writer.add_posts(
        *(
            {"username": name, "text": text, "created_at": f"{day}T{hour:02}:00:00Z"}
            for name, text, hour, day in LINKED
        )
    )
    await settle(writer.app)
    posts = chosen(query)
    by_author = Counter(name for name, *_ in posts)
    rows = await csv_rows(writer, "authors", f"?{query}")
    assert {name: int(count) for name, count in rows} == by_author
    rows = await csv_rows(writer, "timeline", f"?{query}")
    by_time = Counter((day, name) for name, *_, day in posts)
    assert sorted(int(count) for *_, count in rows) == sorted(by_time.values())
    title = (await drawn(writer, "posts", query))["title"]
    assert title.split() == [str(posts.total()), "post" if posts.total() == 1 else "posts"]
    # Hours can be changed for others, so all are there.
    at_all = chosen("&".join(part for part in query.split("&") if not part.startswith("at=")))
    rows = await csv_rows(writer, "hours", f"?{query}")
    assert {int(hour.split(":")[0]): int(count) for hour, count in rows} == Counter(
        hour for _, _, hour, _ in at_all
    )
    page = await writer.page(f"{PREFIX}?{query}")
    assert page.count('<li class="post"') == min(posts.total(), 10)


async def test_old_addresses_lead_to_the_hours(anybody: Client) -> None:
    for suffix in ("", ".csv"):
        answer = await anybody.get(f"{PREFIX}table/week{suffix}?tz=Asia/Seoul")
        there = f"/dashboard/table/hours{suffix}?tz=Asia/Seoul"
        assert (answer.status_code, answer.headers["Location"]) == (308, there)


async def test_a_question_that_cannot_be_searched_says_why(viewed: Client) -> None:
    for query, told in {
        "q=-tea": "Add a word to search for",
        "q=from:nobody": "nobody",
        "q=zebra": "",
    }.items():
        page = await viewed.page(f"{PREFIX}?{query}")
        assert told in page
        assert "There are no posts here." in page or told
    shown = await drawn(viewed, "timeline", "q=helo")
    assert "No post has “helo”: “hello” is counted." in shown["notes"]


async def test_figures_of_many_authors_say_how_many_they_show(writer: Client) -> None:
    chance = random.Random(1)  # noqa: S311 - no secret
    words = ["lamp", "fog", "bell", "tide", "mast", "oven", "rolls", "dawn", "rye", "salt"]
    posts = [
        {
            "username": f"author{author:03}",
            "text": " ".join(chance.choices(words, k=8)),
            "created_at": f"2026-0{1 + author % 6}-1{place}T08:00:00Z",
        }
        for author in range(45)
        for place in range(4)
    ]
    posts[-2] |= {"created_at": "2025-12-30T22:00:00Z"}
    await writer.add_posts(*posts)
    await store(parts_of(writer.app).db, "late", new_tweet("a lamp", arrived_at=now()))
    timeline = await drawn(writer, "timeline")
    # Seven have colours of their own, and all the others one; the table has the 40.
    shown = bars(timeline)
    assert [*shown] == [*(f"author{author:03}" for author in range(7)), "39 others"]
    assert sum(shown.values()) == 180
    assert len({name for _, name, _ in await csv_rows(writer, "timeline")}) == 40
    week = timeline["plot"]["data"][-1]["customdata"][1]
    told = sum(
        posts
        for trace in timeline["plot"]["data"]
        for query, posts in zip(trace["customdata"], trace["y"], strict=True)
        if query == week
    )
    assert (await drawn(writer, "posts", week))["title"] == f"{told} posts"
    # The first posts are those of an author who is not among the 40.
    assert timeline["title"].startswith("180 posts from December 30, 2025 to ")
    assert timeline["notes"].endswith(
        ". 1 more post has no time. The table has the 40 of 46 authors with the most posts."
    )
    in_seoul = await drawn(writer, "timeline", "tz=Asia/Seoul")
    assert in_seoul["title"].startswith("180 posts from December 31, 2025 to ")
    narrowed = await drawn(writer, "timeline", "until=2026-01-01")
    assert narrowed["title"] == "1 post, of December 30, 2025"
    texts = [text for trace in timeline["plot"]["data"] for text in trace["hovertext"]]
    assert any("Jan 5\u2009–\u200911, 2026: 2" in text for text in texts), texts
    address = "/posts?username=author000&since=2026-01-01&until=2026-02-01"
    page = await (await writer.get(address)).get_data(as_text=True)
    assert '<h1 class="quiet">Posts by author000 · January 2026</h1>' in page
    assert re.search(r'class="lead">\s*4 posts', page)
    page = await (await writer.get("/posts?hour=8&lang=en")).get_data(as_text=True)
    assert "<title>Posts by everyone · Monday, 8:00 to 9:00 ·" in page
    address = "/posts?username=author000&hour=17&tz=Asia/Seoul"
    page = await (await writer.get(address)).get_data(as_text=True)
    assert re.findall(r'datetime="([^"]+)"', page) == ["2026-01-12T08:00:00Z"]


async def test_a_long_name_has_room_in_a_label_on_a_phone(writer: Client) -> None:
    for name in ("harbour" * 20, "항구" * 40):
        await writer.add_user(name, "The ferry is late.", "No ferry at all.")
    traces = (await drawn(writer, "timeline"))["plot"]["data"]
    for line in re.sub("</?b>", "", traces[0]["hovertext"][0]).split("<br>"):
        assert sum(2 if letter > "가" else 1 for letter in line) <= 36, line


@pytest.mark.parametrize("figure", ["timeline", "hours"])
async def test_a_figure_that_is_made_anew_reads_in_one_session(
    viewed: Client, shared: Shared, figure: str
) -> None:
    await settle(viewed.app)

    async def sessions(**view: str) -> int:
        """Return how many are read in for a view, if any, and for the figures of operation."""
        before = await sessions_so_far(shared)
        if view:
            address = f"{PREFIX}table/{figure}.csv"
            answer = await shared.anybody.get(address, query_string={"username": "ann", **view})
            assert answer.headers["Cache-Status"].endswith("fwd=miss")
        return await sessions_so_far(shared) - before

    # What runs in the background may read in between, but not for ever; each zone is a new view.
    alone = min([await sessions() for _ in range(3)])
    zones = iter(sorted(available_timezones()))
    await eventually(lambda: sessions(tz=next(zones)), until=lambda read: read == alone + 1)


async def sessions_so_far(shared: Shared) -> int:
    """Return how many sessions were read in since the app began."""
    page = await (await shared.admin.get("/metrics")).get_data(as_text=True)
    (count,) = re.findall(r'^saywho_db_seconds_count{kind="read"} (.+)$', page, re.MULTILINE)
    return int(float(count))


async def test_bad_filters_are_explained_in_the_viewers_language(shared: Shared) -> None:
    korean = Client(shared.anybody.app, {"Accept-Language": "ko"})
    assert (await drawn(shared.anybody, "timeline", "username=no"))["problem"] == (
        "User 'no' doesn't exist"
    )
    assert re.search("[가-힣]", (await drawn(korean, "timeline", "username=no"))["problem"])
    assert "tz" in (await drawn(shared.anybody, "timeline", "tz=nowhere"))["problem"]


async def test_a_fault_in_a_callback_is_logged_and_is_500(
    filled: Client, outside: Outside, caplog: pytest.LogCaptureFixture
) -> None:
    await outside.execute('ALTER TABLE "PostCount" RENAME TO "Gone"')
    for name in PANELS:
        caplog.clear()
        answer = await filled.post(UPDATE, json=call(name), headers={"X-Request-ID": "it-was-me"})
        page = await answer.get_data(as_text=True)
        assert answer.status_code == 500
        assert "it-was-me" in page
        assert "PostCount" not in page
        assert "Traceback" in caplog.text
        assert "PostCount" in caplog.text
    await outside.execute('ALTER TABLE "Gone" RENAME TO "PostCount"')
    assert (await drawn(filled, "timeline"))["plot"], "a failure must not be kept"


MALFORMED: Final[dict[str, Any]] = {
    "null": None,
    "list": [],
    "empty": {},
    "unknown output": call("timeline", output="other.data"),
    "no string": call("timeline", output=7),
    "no inputs": call("timeline", inputs=[]),
    "two inputs": call("timeline", inputs=2 * call("timeline")["inputs"]),
    "number for a view": call(
        "timeline", inputs=[{"id": "timeline-ask", "property": "data", "value": 3}]
    ),
    "client's own": call("timeline", output="..timeline-graph.figure...timeline-note.children.."),
    "input of another figure": call("timeline", inputs=call("hours")["inputs"]),
    "other output": call("timeline", outputs={"id": "hours-drawing", "property": "data"}),
    "no properties": call("timeline", outputs=None),
    "bad changes": call("timeline", changedPropIds=[[]]),
    "changes that are no list": call("timeline", changedPropIds={"a": 1}),
    "state": call("timeline", state=[{"id": "a", "property": "b"}]),
    "nested": json.loads("[" * 400 + "]" * 400),
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_malformed_callbacks_are_refused(shared: Shared, name: str) -> None:
    for figure in ("timeline", "hours"):
        await drawn(shared.anybody, figure)  # What is known already must not answer either.
    for headers in ({}, GZIP):
        answer = await shared.anybody.post(UPDATE, json=MALFORMED[name], headers=headers)
        assert answer.status_code == 400, await answer.get_data()


@pytest.mark.parametrize("charset", ["", "; charset=utf-16", "; charset=none"])
@pytest.mark.parametrize(
    "body",
    [
        *(b"\xff\xfe", b"null", b"[]", b"1", b"", b"{", b'{"output": NaN}'),
        json.dumps(call("hours")).encode("utf-16"),
        json.dumps(call("hours", "한글"), ensure_ascii=False).encode("cp949"),
        json.dumps(call("hours", "username=\ud800")).encode(),
        json.dumps(call("hours") | {"x": "\xff"}, ensure_ascii=False).encode("latin-1"),
    ],
)
async def test_bodies_that_are_no_json_in_utf_8(shared: Shared, body: bytes, charset: str) -> None:
    content_type = {"Content-Type": f"application/json{charset}"}
    await shared.anybody.post(UPDATE, data=body, headers=content_type, status=400)


@pytest.mark.full
async def test_a_callback_of_any_depth_is_drawn_or_refused(shared: Shared) -> None:
    drawing = json.dumps(call("hours"))
    for depth in range(700, 1100):
        body = f'{{"deep": {"[" * depth + "]" * depth}, {drawing[1:]}'
        answer = await shared.anybody.post(
            UPDATE, data=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code in {200, 400}, depth


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'{"x": ' + b"[" * 20_000, "application/json", 400),
        (json.dumps(call("hours")).encode(), "text/plain", 415),
        (json.dumps(call("hours", "x" * 1_100_000)).encode(), "application/json", 413),
    ],
    ids=["deep", "type", "large"],
)
async def test_bodies_that_are_no_callback(
    shared: Shared, body: bytes, content_type: str, status: int
) -> None:
    answer = await shared.anybody.post(UPDATE, data=body, headers={"Content-Type": content_type})
    assert answer.status_code == status


@pytest.mark.parametrize(
    "path", ["anything", "assets/x.js", "os/path.py", "dash/../../x.js", "dash/dash.py"]
)
async def test_nothing_else_is_there(shared: Shared, path: str) -> None:
    for folder in (PREFIX, PREFIX + "_dash-component-suites/"):
        assert (await shared.anybody.get(folder + path)).status_code == 404


async def test_the_page_allows_no_foreign_script_or_style_of_another_host(shared: Shared) -> None:
    answer = await shared.anybody.get(PREFIX)
    page = await answer.get_data(as_text=True)
    policy = dict(
        part.strip().split(" ", 1)
        for part in answer.headers["Content-Security-Policy"].split(";")
        if " " in part.strip()
    )
    assert "unsafe" not in policy["script-src"]
    assert policy["style-src"] == "'self' 'unsafe-inline'"
    assert policy["default-src"] == policy["form-action"] == "'self'"
    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", page)
    for path in ("/", f"{PREFIX}table/hours", "/posts"):
        other = (await shared.anybody.get(path)).headers["Content-Security-Policy"]
        assert "unsafe-inline" not in other


async def test_scripts_are_compressed_and_kept_by_the_browser(shared: Shared) -> None:
    page = await (await shared.anybody.get(PREFIX)).get_data(as_text=True)
    scripts = re.findall(r'<script src="([^"]+)"', page)
    assert len(scripts) > 5
    for script in scripts:
        answer = await shared.anybody.get(script, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200, script
        assert answer.headers["Content-Encoding"] == "gzip"
        if "immutable" not in answer.headers["Cache-Control"]:
            known = {"Accept-Encoding": "gzip", "If-None-Match": answer.headers["ETag"]}
            await shared.anybody.get(script, headers=known, status=304)


async def test_the_page_works_as_a_form_without_scripts(viewed: Client) -> None:
    page = await (await viewed.get(PREFIX + "?username=ann&since=2026-01-01")).get_data(
        as_text=True
    )
    for figure in PANELS:
        for address in (figure, f"{figure}.csv"):
            assert f"/dashboard/table/{address}?username=ann&amp;since=2026-01-01" in page
    assert not missing_in(page, 'value="ann" checked', 'value="2026-01-01"')


async def test_unknown_filters_stay_chosen(viewed: Client) -> None:
    answer = await viewed.get(PREFIX + "?username=nobody&lang=xx&platform=y")
    page = await answer.get_data(as_text=True)
    assert not missing_in(page, 'value="nobody" checked', 'type="hidden" name="lang" value="xx"')
    assert 'type="hidden" name="platform" value="y"' in page


async def test_without_public_reading_a_callback_needs_a_right(make_config: MakeConfig) -> None:
    async with app_of(make_config(public=False)) as app:
        # Its browser sends JSON, so the answer is that of a program.
        assert (await Browser(app).post(UPDATE, json=call("hours"))).status_code == 401
        assert (await (await signed_in(app)).post(UPDATE, json=call("hours"))).status_code == 200
        async with app.test_client().websocket(PREFIX + "_dash-ws-callback") as socket:
            with pytest.raises(WebsocketDisconnectError):
                await socket.receive()


async def test_apps_of_one_process_have_dashboards_of_their_own(
    make_config: MakeConfig, tmp_path: Path
) -> None:
    listed = len(dcc._js_dist)  # noqa: SLF001 - it has no other name.
    apps = [create_app(make_config(data_dir=tmp_path / name)) for name in ("one", "two")]
    assert len(dcc._js_dist) == listed, "Dash's lists must not grow"  # noqa: SLF001
    async with apps[0].test_app(), apps[1].test_app():
        writer = await client_with(apps[0], "write")
        await writer.add_user("ann", "only in the first")
        assert bars(await drawn(writer, "timeline")) == {"ann": 1}
        other = Client(apps[1], {})
        assert (await drawn(other, "timeline"))["plot"] is None
        assert (await other.get(PREFIX)).status_code == 200


async def test_many_viewers_share_one_making(
    filled: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Three waves of viewers of all figures: before anybody has asked, and after each change.
    made = 0

    async def counting(*args: Any) -> Any:
        nonlocal made
        made += 1
        return await count_posts(*args)

    monkeypatch.setattr(answers, "count_posts", counting)
    for round_ in range(1, 4):
        drawings = await asyncio.gather(
            *(drawn(filled, name) for name in ("timeline", "authors") for _ in range(20))
        )
        assert made == round_
        assert all(bars(each)["ann"] == 2 + round_ for each in drawings)
        await filled.add_tweet("ann", f"more {round_}")


async def test_a_stream_of_posts_leaves_no_live_viewer_behind(filled: Client) -> None:
    path = "/api/v1/users/ann/tweets"

    async def view() -> int:
        await filled.post(path, json={"text": "one of many"}, status=201)
        shown = bars(await drawn(filled, "timeline", live=True))["ann"]
        listed = await (await filled.get("/api/v1/stats?username=ann")).get_json()
        assert 3 < shown <= listed["tweets"]
        return shown

    assert max(await asyncio.gather(*(view() for _ in range(30)))) == 33


async def test_a_viewer_who_leaves_cancels_no_other_figure(filled: Client) -> None:
    first = asyncio.create_task(drawn(filled, "hours"))
    await asyncio.sleep(0)
    second = asyncio.create_task(drawn(filled, "hours"))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second)["plot"]


STARTED: Final = """
import asyncio, sys
from app import create_app
from app.config import Config
async def main():
    app = create_app(Config.from_env())
    async with app.test_app():
        client = app.test_client()
        for path in ("/", "/dashboard/table/hours", "/dashboard/"):
            status = (await client.get(path)).status_code
            print(status, [name for name in ("dash", "alembic", "pyspark") if name in sys.modules])
asyncio.run(main())
"""


def test_the_first_page_with_figures_imports_dash(installation: Installation) -> None:
    started = installation.process(sys.executable, "-c", STARTED)
    assert started.stdout.splitlines() == ["200 []", "200 []", "200 ['dash']"]
