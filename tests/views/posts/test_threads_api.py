"""Replies and conversations by the API, in search and on pages."""

from typing import Any

import pytest

from tests.conftest import Client

pytestmark = pytest.mark.databases("sqlite")


async def add_thread(writer: Client) -> list[dict[str, Any]]:
    """Add a thread of three ferry posts, an answer by somebody else, and a post of its own."""
    await writer.add_user("mina")
    await writer.add_user("jiho")
    first = await writer.add_tweet("mina", "the ferry is late", source_id="1")
    second = await writer.add_tweet(
        "mina", "the ferry is here", source_id="2", reply_to={"source_id": "1", "username": ""}
    )
    third = await writer.add_tweet(
        "mina", "the ferry left", source_id="3", reply_to={"source_id": "2", "username": "Mina"}
    )
    answer = await writer.add_tweet(
        "jiho", "which ferry", source_id="7", reply_to={"source_id": "2", "username": "mina"}
    )
    nothing = {"source_id": None, "username": ""}
    lone = await writer.add_tweet("jiho", "a ferry of paper", reply_to=nothing)
    return [first, second, third, answer, lone]


async def test_replies_are_in_answers(writer: Client, anybody: Client) -> None:
    first, second, third, answer, lone = await add_thread(writer)
    assert first["reply_to"] is None
    assert second["kind"] == "reply"
    assert second["reply_to"] == {"source_id": "1", "username": "mina", "id": first["id"]}
    assert third["reply_to"] == {"source_id": "2", "username": "Mina", "id": second["id"]}
    assert answer["reply_to"]["id"] == second["id"]
    assert (lone["reply_to"], lone["kind"]) == (None, "post")
    assert (await anybody.json("/api/v1/users/mina/tweets"))["items"] == [third, second, first]
    for each in (first, third, answer):
        thread = await anybody.json(f"/api/v1/tweets/{each['id']}/thread")
        ids = [post["id"] for post in thread["items"]]
        assert ids == [first["id"], second["id"], answer["id"], third["id"]]
        assert thread["missing"] == []


async def test_no_kept_answer_leads_to_a_deleted_post(
    writer: Client, admin: Client, anybody: Client
) -> None:
    _, second, *_ = await add_thread(writer)
    path = "/api/v1/users/jiho/tweets"
    await anybody.get(path)
    kept = await anybody.get(path)
    assert kept.headers["Cache-Status"] == "saywho; hit"
    assert (await kept.get_json())["items"][-1]["reply_to"]["id"] == second["id"]
    assert (await admin.delete(f"/api/v1/tweets/{second['id']}")).status_code == 204
    *_, answer = (await anybody.json(path))["items"]
    assert answer["reply_to"] == {"source_id": "2", "username": "mina", "id": None}


async def test_a_gap_is_named_until_it_is_filled(writer: Client, admin: Client) -> None:
    await writer.add_user("mina")
    target = {"source_id": "9", "username": "jiho"}
    post = await writer.add_tweet("mina", "yes, at noon", reply_to=target)
    path = f"/api/v1/tweets/{post['id']}/thread"
    assert (await writer.json(path))["missing"] == [target]
    page = await writer.page(f"/tweet/{post['id']}", headers={"Accept-Language": "ko"})
    assert "여기에 없는" in page
    await writer.add_user("jiho")
    late = await writer.add_tweet("jiho", "at noon?", source_id="9")
    thread = await writer.json(path)
    assert [item["id"] for item in thread["items"]] == [late["id"], post["id"]]
    assert thread["missing"] == []
    assert (await admin.delete(f"/api/v1/tweets/{late['id']}")).status_code == 204
    assert (await writer.json(path))["missing"] == [target]
    await writer.add_tweet("jiho", "at noon?", source_id="9")
    assert (await writer.json(path))["missing"] == []
    assert (await admin.delete("/api/v1/users/jiho")).status_code == 204
    assert (await writer.json(path))["missing"] == [target]
    listed = (await writer.json("/api/v1/users/mina/tweets"))["items"]
    assert listed[0]["reply_to"] == target | {"id": None}


async def test_search_narrows_to_replies(writer: Client, anybody: Client) -> None:
    _, second, third, answer, _ = await add_thread(writer)
    results = await anybody.json("/api/v1/search?q=ferry&is=reply")
    found_ids = sorted(hit["id"] for hit in results["items"])
    assert found_ids == [each["id"] for each in (second, third, answer)]
    assert (await anybody.get("/api/v1/search?q=ferry&is_=reply")).status_code == 400


async def test_a_page_shows_the_conversation(writer: Client, anybody: Client) -> None:
    first, second, third, answer, lone = await add_thread(writer)
    for post in (first, second, third, answer):
        text = await anybody.page(f"/tweet/{post['id']}")
        conversation = text.partition('id="conversation"')[2].partition("</section>")[0]
        assert conversation.count('<li class="post') == 4
        assert conversation.count('aria-current="true"') == 1
        assert "depth-1" in conversation
    assert 'id="conversation"' not in await anybody.page(f"/tweet/{lone['id']}")
