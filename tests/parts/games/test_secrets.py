"""Nobody learns anything before a question has ended: pages, answers, streams, what is kept."""

import asyncio
import re

import pytest

from tests.browsing import Browser, in_one_line, signed_in
from tests.conftest import Client
from tests.listening import listening
from tests.parts.games.playing import AUTHORS, Host, host_game, join

pytestmark = pytest.mark.databases("sqlite", "postgresql")


async def test_while_it_is_asked_all_is_the_same_whoever_wrote_it(
    host: Host, anybody: Client
) -> None:
    """Options stand in the order of names everywhere, and nothing else names an author."""
    app = anybody.app
    operator, phone = await signed_in(app), Browser(app)
    await phone.post("/play", form={"code": host.code, "name": "Mina"})
    (jun,) = await join(app, host, "Jun")
    await host.does("next")
    pages = [await operator.page(f"/games/{host.game}"), await phone.page(f"/play/{host.game}")]
    for page in pages:
        main = page.partition("<main")[2].partition("</main>")[0]
        counts = {name: main.count(name) for name in AUTHORS}
        assert len(set(counts.values())) == 1, counts
        assert "/tweet/" not in main
    view, seen = await host.see(), await jun.see()
    for field in ("truth", "saywho", "tally"):
        assert view[field] is None
    for field in ("truth", "saywho", "right", "points", "answer"):
        assert seen[field] is None
    assert not any(name in view["text"] for name in AUTHORS)
    path = f"/api/v1/play/{host.game}/live"
    async with listening(app, headers=jun.client.headers, path=path) as (listener,):
        ((_, _, document),) = await listener.next()
    assert document["truth"] is document["saywho"] is None
    await host.client.get(f"{host.address}/results.csv", status=409)


async def test_another_players_answer_is_read_by_nobody(host: Host, anybody: Client) -> None:
    app, browsers = anybody.app, [Browser(anybody.app) for _ in range(3)]
    for number, browser in enumerate(browsers):
        await browser.post("/play", form={"code": host.code, "name": f"Player {number}"})
    await host.does("next")
    page, answers = f"/play/{host.game}", f"/api/v1/play/{host.game}/answers"
    chosen = list(AUTHORS)[:2]
    for browser, name in zip(browsers, chosen, strict=False):
        await browser.post(answers, json={"question": 1, "username": name}, status=201)
    for _ in range(3):
        views = await asyncio.gather(
            *(browser.get(f"/api/v1{page}") for browser in browsers for _ in range(3))
        )
        seen = [(await view.get_json())["answer"] for view in views]
        assert seen == [name for name in (*chosen, None) for _ in range(3)]
        shown = await asyncio.gather(*(browser.page(page) for browser in browsers))
        assert [f"Player {number}" in text for number, text in enumerate(shown)] == [True] * 3
        assert ["is-chosen" in text for text in shown] == [True, True, False]
    for address in (page, f"/api/v1{page}"):
        answer = await browsers[0].get(address)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "ETag" not in answer.headers
    await Browser(app).get(f"/api/v1{page}", status=401)


async def test_kept_answers_give_nothing_away(host: Host, anybody: Client) -> None:
    """Nothing of a player is kept, and an ETag of the host opens nothing."""
    app = anybody.app
    operator, phone, stranger = await signed_in(app), Browser(app), Browser(app)
    await phone.post("/play", form={"code": host.code, "name": "Xanthippe"})
    await host.does("next")
    entrances = await asyncio.gather(
        *(browser.page("/play") for browser in (phone, stranger) for _ in range(3))
    )
    assert ["Xanthippe" in page for page in entrances] == [True] * 3 + [False] * 3
    screen = f"/play/{host.game}"
    for address in ("/play", screen, f"/api/v1{screen}"):
        for _ in range(2):
            answer = await phone.get(address)
            assert "hit" not in answer.headers["Cache-Status"]
            assert answer.headers["Cache-Control"], "ETag" in answer.headers == ("no-store", False)
    shown = (await operator.get(f"/games/{host.game}")).headers
    assert shown["Cache-Control"] == "private, no-cache"  # Until the sign-out.
    tag = {"If-None-Match": shown["ETag"]}
    for browser in (phone, stranger):
        for address, status in ((f"{host.address}/live", 401), (f"/games/{host.game}", 303)):
            refused = await browser.get(address, headers=tag)
            assert (refused.status_code, "ETag" in refused.headers) == (status, False)


async def test_points_of_a_question_are_nobodys_before_it_has_ended(
    host: Host, anybody: Client
) -> None:
    """A sum that grows, or a place that changes, would say who was right."""
    mina, jun = await join(anybody.app, host, "Mina", "Jun")
    await host.does("next")
    await mina.chooses(1, await host.truth())
    # Who comes now has the standing read anew.
    await join(anybody.app, host, "Late")
    for player in (mina, jun):
        seen = await player.see()
        assert (seen["total"], seen["place"], seen["points"]) == (0, None, None)
    ranking = (await host.see())["ranking"]
    assert [(ranked["points"], ranked["place"]) for ranked in ranking] == [(0, 1)] * 3
    operator, phone = await signed_in(anybody.app), Browser(anybody.app)
    assert "points" not in await operator.page(f"/games/{host.game}")
    await phone.post("/play", form={"code": host.code, "name": "Ida"})
    assert "data-score hidden" in in_one_line(await phone.page(f"/play/{host.game}"))
    await host.does("next")
    assert (await mina.see())["total"] > 500


async def test_a_player_of_another_game_is_nobody_here(host: Host, anybody: Client) -> None:
    (mina,) = await join(anybody.app, await host_game(host.client), "Mina")
    await host.does("next")
    await mina.client.json(f"/api/v1/play/{host.game}", status=401)
    body = {"question": 1, "username": "ferry"}
    await mina.client.post(f"/api/v1/play/{host.game}/answers", json=body, status=401)
    await mina.client.get(f"/api/v1/play/{host.game}/live", status=401)


async def test_what_was_deleted_is_asked_and_shown_no_more(
    host: Host, admin: Client, anybody: Client
) -> None:
    (mina,) = await join(anybody.app, host, "Mina")
    await host.does("next")
    number = (await mina.see())["text"].partition(":")[0]
    truth = await host.truth()
    posts = (await admin.json(f"/api/v1/users/{truth}/tweets?limit=50"))["items"]
    (post,) = [post["id"] for post in posts if post["text"].startswith(f"{number}:")]
    await admin.delete(f"/api/v1/tweets/{post}")
    assert (await mina.see())["text"] is None
    operator = await signed_in(anybody.app)
    assert "This text was deleted" in await operator.page(f"/games/{host.game}")
    await host.does("next")
    assert "It was" in await operator.page(f"/games/{host.game}")
    await admin.delete("/api/v1/users/museum")
    await mina.client.json(f"/api/v1/play/{host.game}", status=404)
    assert (await operator.get(f"/games/{host.game}")).status_code == 404


async def test_a_game_goes_on_where_an_author_has_no_posts_any_more(
    host: Host, admin: Client, anybody: Client
) -> None:
    await host.does("next")
    wrong = await host.wrong()
    told = await host.does("next")
    for post in (await admin.json(f"/api/v1/users/{wrong}/tweets?limit=50"))["items"]:
        await admin.delete(f"/api/v1/tweets/{post['id']}")
    page = await (await signed_in(anybody.app)).page(f"/games/{host.game}")
    assert told["text"][:12] in re.sub("<[^>]*>", "", page)  # Marks divide it.
    assert "Next question" in page
