"""Media and counts by the API, in search and on pages."""

from typing import Any

import pytest

from tests.conftest import Client

pytestmark = pytest.mark.databases("sqlite")
MEDIA = [
    {"kind": "photo", "source_url": "https://p.example/1.jpg", "alt": "a lamp in the fog"},
    {"kind": "video", "source_url": "https://p.example/2.mp4"},
]
SHOWN = [
    {"url": None, "alt": None, "source_url": None, "width": None, "height": None} | each
    for each in MEDIA
]


async def send(client: Client, **fields: Any) -> Any:
    return await client.post("/api/v1/users/mina/tweets", json=fields)


async def test_a_post_of_media_alone_is_like_others(writer: Client, anybody: Client) -> None:
    await writer.add_user("mina")
    answer = await send(writer, text="", media=MEDIA, counts={"likes": 3}, source_id="1")
    assert answer.status_code == 201
    post = await answer.get_json()
    assert (post["text"], post["media"]) == ("", SHOWN)
    counts = post["counts"]
    assert (counts["likes"], counts["quotes"]) == (3, None)
    assert counts["as_of"].endswith("Z")
    page = await (await anybody.get(f"/tweet/{post['id']}")).get_data(as_text=True)
    assert "a lamp in the fog" in page
    assert 'href="https://p.example/1.jpg"' in page
    home = await (await anybody.get("/")).get_data(as_text=True)
    assert "a lamp in the fog" in home


async def test_a_known_post_gets_its_media_and_newer_counts(writer: Client) -> None:
    await writer.add_user("mina")
    counts = {"likes": 3, "as_of": "2024-05-01T00:00:00Z"}
    await send(writer, text="fog", counts=counts, source_id="1")
    cases: list[tuple[dict[str, Any], int]] = [
        ({"media": MEDIA, "counts": {"likes": 2, "as_of": "2024-04-01T00:00:00Z"}}, 3),
        ({"counts": {"likes": 5, "as_of": "2024-06-01T00:00:00Z"}}, 5),
        ({"media": MEDIA[:1]}, 5),
    ]
    for fields, likes in cases:
        answer = await send(writer, text="other words", source_id="1", **fields)
        assert answer.status_code == 200
        post = await answer.get_json()
        assert (post["text"], post["media"], post["counts"]["likes"]) == ("fog", SHOWN, likes)
