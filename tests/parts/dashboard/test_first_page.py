"""What the dashboard says at once, without scripts: of one author, of few and of many."""

import re
from html import unescape

from quart import Quart

from app.parts.dashboard.panels import PANELS
from app.services.imports.storing import load_samples
from saywho.clock import now
from tests.browsing import parts_of
from tests.chats import import_chat, kakaotalk
from tests.conftest import Client
from tests.parts.dashboard.viewing import PREFIX, drawn, page_words
from tests.posting import new_tweet, store
from tests.waiting import settle


async def test_names_beside_a_drawing_are_told_apart(writer: Client) -> None:
    whole = {"The_harbour_friends_and_neighbours", "우리동네_항구_커피_모임_총무_김민수"}
    alike = {f"The_harbour_friends_on_{day}{'_walks' * 9}_in_the_rain" for day in (1, 2)}
    long = "The_long_name_of_the_friends_of_the_old_harbour"
    await writer.add_posts(
        *(
            {"username": name, "text": "tea", "created_at": f"2026-05-0{day}T07:00:00Z"}
            for name in (*whole, *alike, long)
            for day in range(1, 4)
        )
    )
    await settle(writer.app)
    axis = (await drawn(writer, "authors"))["plot"]["layout"]["yaxis"]["ticktext"]
    labels = {label.replace("<br>", ""): label.split("<br>") for label in axis}
    assert len(labels) == len(axis) == 5
    assert {*labels} > whole | alike
    (short,) = {*labels} - whole - alike
    beginning, end = short.split("…")
    assert (long.startswith(beginning), long.endswith(end)) == (True, True)
    assert all(len(labels[name]) == 2 for name in (*whole, short))


async def test_numbers_are_saved_as_a_file_without_scripts(writer: Client) -> None:
    await writer.add_user("=1+2", "kettle", platform="x")
    await writer.add_tweet("=1+2", "steam", created_at="2026-05-03T07:00:00Z")
    page = await writer.page(PREFIX)
    for name in PANELS:
        assert f'href="/dashboard/table/{name}.csv"' in page
    answer = await writer.get(f"{PREFIX}table/timeline.csv?until=2026-05-04")
    assert answer.headers["Content-Disposition"] == "attachment; filename=saywho-timeline.csv"
    assert "Select a bar to see its posts alone" in page
    content = (await answer.get_data()).decode("utf-8-sig")
    assert content == 'Period,Author,Posts\r\n"May 3, 2026",\'=1+2,1\r\n'
    assert (await writer.get(f"{PREFIX}table/nothing.csv")).status_code == 404


async def test_a_burst_is_drawn_as_high_as_it_is(writer: Client) -> None:
    posts = [(f"2026-04-{day:02}", "ann") for day in range(1, 29)]
    posts += [("2026-04-10", "ben")] * 40
    await writer.add_posts(
        *(
            {"username": name, "text": f"post {place}", "created_at": f"{day}T07:00:00Z"}
            for place, (day, name) in enumerate(posts)
        )
    )
    drawing = await drawn(writer, "timeline")
    ben, ann = drawing["plot"]["data"]
    assert ({*ann["y"]}, ben["y"]) == ({1}, [40])
    axis = drawing["plot"]["layout"]["yaxis"]
    assert (axis["rangemode"], "range" in axis) == ("tozero", False)
    assert drawing["plot"]["layout"]["barmode"] == "stack"
    assert drawing["title"] == "Busiest: April 10, 2026, with 41 of 68 posts"


async def test_posts_without_a_time_are_not_said_to_be_none(writer: Client) -> None:
    await store(parts_of(writer.app).db, "ann", new_tweet("whenever", arrived_at=now()))
    words = await page_words(writer)
    assert {words[name]["title"] for name in PANELS} == {"1 post, without a time"}
    assert "1 post, without a time" in await writer.page(f"{PREFIX}table/hours")


async def test_posts_of_sample_authors_are_named_next_to_those_of_others(writer: Client) -> None:
    await load_samples(parts_of(writer.app).db)
    assert "sample author" not in (await page_words(writer))["timeline"]["notes"]
    await writer.add_posts(
        *(
            {"username": name, "text": f"tea {day}", "created_at": f"2026-05-{day:02}T07:00:00Z"}
            for name in ("ann", "ben", "cem", "dua")
            for day in range(1, 31)
        )
    )
    notes = (await page_words(writer))["timeline"]["notes"]
    assert "480 of these posts are by sample authors." in notes
    assert "sample author" not in (await page_words(writer, "?username=ann"))["timeline"]["notes"]


async def test_several_chats_are_not_summed_at_first(app: Quart, anybody: Client) -> None:
    for name, people in (("harbour", ("ann", "ben")), ("hill", ("cem", "dua"))):
        said = [(f"2024-01-1{day} 10:00", who, "tea") for day in range(5) for who in people]
        await import_chat(parts_of(app).db, kakaotalk(name, *said))
        if name == "harbour":  # One chat is all there is.
            assert (await anybody.get(PREFIX)).status_code == 200
    page = await anybody.page((await anybody.get(PREFIX, status=303)).headers["Location"])
    links = re.findall(r'<a href="([^"]*)"( aria-current="true")?>', page.partition("picker")[2])
    assert [bool(shown) for _, shown in links[:3]] == [True, False, False]
    assert "10 messages" in page_text(page)
    assert "20 messages" not in page_text(page)
    assert "20 messages" in page_text(await anybody.page(unescape(links[2][0])))


def page_text(page: str) -> str:
    return re.sub(r"<[^>]*>", "", page)
