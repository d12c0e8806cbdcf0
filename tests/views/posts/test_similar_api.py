"""Similar posts, and search by vectors, as clients see them."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from quart import Quart

from tests.conftest import Client, MakeConfig, app_of, client_with
from tests.embedding_service import Service, embedding_service
from tests.waiting import eventually

pytestmark = pytest.mark.databases("sqlite", "postgresql")

API = "/api/v1"


async def test_similar_posts_come_with_score_and_method(writer: Client) -> None:
    await writer.add_user("ann")
    asked = await writer.add_tweet("ann", "the lamp of the lighthouse is lit")
    alike = await writer.add_tweet("ann", "a lighthouse and its lamp")
    await writer.add_tweet("ann", "bread from the oven at dawn")
    page = await writer.json(f"{API}/tweets/{asked['id']}/similar?limit=1")
    (first,) = page["items"]
    assert first == alike | {"score": first["score"]}
    assert 0.5 < first["score"] <= 1
    assert (page["next"], page["method"]) == (None, "wording")
    html = await writer.page(f"/tweet/{asked['id']}")
    assert "Posts closest in wording" in html
    assert "a lighthouse and its lamp" in html
    assert (await writer.get(f"{API}/tweets/999/similar")).status_code == 404


async def test_similar_posts_follow_every_write(admin: Client) -> None:
    await admin.add_user("ann")
    asked = await admin.add_tweet("ann", "the lamp of the lighthouse is lit")
    address = f"{API}/tweets/{asked['id']}/similar"
    for _ in range(2):
        alike = await admin.add_tweet("ann", "a lighthouse and its lamp")
        answer = await admin.get(address)
        assert [item["id"] for item in (await answer.get_json())["items"]] == [alike["id"]]
        await admin.delete(f"{API}/tweets/{alike['id']}")
        assert (await admin.json(address))["items"] == []


async def test_posts_without_a_word_in_common_are_not_similar(writer: Client) -> None:
    await writer.add_user("ann")
    await writer.add_tweet("ann", "등대에 불이 켜진다")
    for text in ("bread from the oven", "…", "오븐"):
        asked = await writer.add_tweet("ann", text)
        page = await writer.json(f"{API}/tweets/{asked['id']}/similar")
        assert page == {"items": [], "next": None, "method": "wording"}


async def test_without_an_embedder_words_are_searched_in_place_of_meaning(writer: Client) -> None:
    await writer.add_user("ann")
    lamp = await writer.add_tweet("ann", "the lamp of the lighthouse is lit")
    await writer.add_tweet("ann", "bread from the oven at dawn")
    page = await writer.json(f"{API}/search?q=lighthouse&mode=meaning")
    assert (page["method"], page["items"][0]["id"]) == ("words", lamp["id"])
    assert page["items"][0]["highlights"] == [[16, 26]]
    assert (await writer.get(f"{API}/search?q=lamp&mode=hybrid")).status_code == 400
    assert "saywho searched by keyword" in await writer.page("/search?q=lighthouse&mode=meaning")


@pytest.fixture
def service() -> Iterator[Service]:
    with embedding_service() as running:
        yield running


@pytest.fixture
async def remote(make_config: MakeConfig, service: Service) -> AsyncIterator[Quart]:
    async with app_of(make_config(embedder=f"http:{service.address}", embedder_key="k")) as app:
        yield app


async def test_a_service_finds_by_meaning(remote: Quart) -> None:
    client = await client_with(remote, "admin")
    await client.add_user("ann")
    await client.add_user("ben")
    puppy = await client.add_tweet("ann", "our puppy")
    tax = await client.add_tweet("ben", "my tax")

    async def ask() -> Any:
        return await client.json(f"{API}/search?q=a+dog&mode=meaning")

    page = await eventually(ask, until=lambda page: len(page["items"]) == 2)
    assert page["method"] == "meaning"
    assert page["items"][0]["id"] == puppy["id"]
    # Filters hold, and pages go on.
    page = await client.json(f"{API}/search?q=a+dog&mode=meaning&username=ben")
    assert [hit["id"] for hit in page["items"]] == [tax["id"]]
    seen = [hit["id"] for hit in await client.walk(f"{API}/search?q=dog&mode=meaning", 1)]
    assert sorted(seen) == sorted([puppy["id"], tax["id"]])
    page = await client.json(f"{API}/tweets/{tax['id']}/similar")
    assert page["method"] == "meaning"
    # What is deleted is found no more.
    await client.delete(f"{API}/tweets/{puppy['id']}")
    assert puppy["id"] not in [hit["id"] for hit in (await ask())["items"]]


async def test_posts_and_searches_go_on_while_the_service_is_down(
    remote: Quart, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    service.faults = [(503, b"")] * 1000
    client = await client_with(remote, "admin")
    await client.add_user("ann")
    tweet = await client.add_tweet("ann", "our puppy")
    page = await client.json(f"{API}/search?q=puppy&mode=meaning")
    assert (page["method"], len(page["items"])) == ("words", 1)
    page = await client.json(f"{API}/tweets/{tweet['id']}/similar")
    assert page == {"items": [], "next": None, "method": "meaning"}
    assert "The embedder is not responding" in await client.page("/search?q=puppy&mode=meaning")

    async def is_told() -> bool:
        return "vectors failed; trying again after the next write" in caplog.text

    await eventually(is_told)
    assert "Traceback" not in caplog.text
