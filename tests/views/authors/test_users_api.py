"""Authors in the API."""

import asyncio
from urllib.parse import quote

import pytest

from tests.conftest import Client, Shared

USERS = "/api/v1/users"


async def names(client: Client, limit: int = 3) -> list[str]:
    return [user["username"] for user in await client.walk(USERS, limit)]


async def test_new_author_has_every_field_and_a_location(writer: Client, anybody: Client) -> None:
    answer = await writer.post(
        USERS, json={"username": "새벽배", "display_name": "새벽 배 🚢", "platform": "mastodon"}
    )
    assert answer.status_code == 201
    user = await answer.get_json()
    assert user | {"id": 0, "created_at": ""} == {
        "id": 0,
        "username": "새벽배",
        "display_name": "새벽 배 🚢",
        "platform": "mastodon",
        "tweets": 0,
        "first_tweet_at": None,
        "newest_tweet_at": None,
        "created_at": "",
    }
    assert user["created_at"].endswith("Z")
    assert await (await anybody.get(answer.headers["Location"], status=200)).get_json() == user


@pytest.mark.parametrize(
    "name",
    ["jack", "user@host", "name.bsky.social", "선장", "a" * 320, "été", "ab:c+d&e=f", "🚢", "…"],
    ids=["plain", "host", "dots", "korean", "longest", "accents", "signs", "emoji", "ellipsis"],
)
async def test_author_is_found_under_the_address_of_the_name(shared: Shared, name: str) -> None:
    await shared.writer.add_user(name)
    answer = await shared.writer.get(f"{USERS}/{quote(name, safe='')}", status=200)
    assert (await answer.get_json())["username"] == name


async def test_a_name_is_found_that_was_copied_with_marks_of_direction(writer: Client) -> None:
    await writer.add_user("محمد")
    await writer.add_tweet("محمد", "مرحبا بكم في بيتنا")
    copied = quote("\u200eمحمد\u200e")
    assert (await writer.json(f"{USERS}/{copied}"))["username"] == "محمد"
    assert (await writer.json(f"/api/v1/search?q=from:{copied}"))["items"]
    assert (await writer.json(f"{USERS}/{copied}/tweets"))["items"]


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "a/b", "a\\b", "a?b", "a#b", "a%b", "a b", "a\tb", "a\u00a0b"),
        *("a\u0000b", "a\u200bb", "a\u202eb", "\u2066a", "a\u3000b", "b" * 321, "가" * 321),
        # Letters, marks and symbols without a shape: alone, and where they hide in another name.
        *("\u3164", "\u115f", "\u2800", "\ufe0f", "ann\ufe0f", "a\u034fnn", "ann\uffa0", "\u0301"),
    ],
    ids=ascii,
)
async def test_bad_name_is_422(shared: Shared, name: str) -> None:
    before = await names(shared.writer, limit=200)
    answer = await shared.writer.post(USERS, json={"username": name}, status=422)
    assert (await answer.get_json())["errors"][0]["loc"] == "username"
    assert await names(shared.writer, limit=200) == before


@pytest.mark.parametrize(
    ("first", "second"),
    [("Jill", "jILL"), ("straße", "STRASSE"), ("é", "e\u0301"), ("Σίσυφος", "ΣΊΣΥΦΟΣ")],
    ids=["ascii", "sharp s", "composition", "greek"],
)
async def test_name_is_unique_without_regard_to_case(
    shared: Shared, first: str, second: str
) -> None:
    await shared.writer.add_user(first)
    answer = await shared.writer.post(USERS, json={"username": second}, status=409)
    assert first in (await answer.get_json())["detail"]
    found = await shared.writer.get(f"{USERS}/{quote(second)}")
    assert (await found.get_json())["username"] == first


async def test_two_equal_authors_at_once_make_one(writer: Client) -> None:
    answers = await asyncio.gather(
        *(writer.post(USERS, json={"username": "twin"}) for _ in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    assert await names(writer) == ["twin"]


async def test_list_is_in_case_folded_order_on_every_page_size(writer: Client) -> None:
    for name in ["b", "A", "가", "c", "B2", "🚢", "é", "나"]:
        await writer.add_user(name)
    expected = ["A", "b", "B2", "c", "é", "가", "나", "🚢"]
    for limit in (1, 3, 8, 200):
        assert await names(writer, limit=limit) == expected


async def test_figures_follow_the_posts(admin: Client) -> None:
    await admin.add_user("ann")
    times = ["2021-05-01T00:00:00Z", "2019-01-31T23:59:59Z", "2020-02-29T12:00:00Z"]
    tweets = [await admin.add_tweet("ann", f"text {time}", created_at=time) for time in times]
    user = await admin.json(f"{USERS}/ann")
    assert (user["tweets"], user["first_tweet_at"], user["newest_tweet_at"]) == (
        3,
        times[1],
        times[0],
    )
    await admin.delete(f"/api/v1/tweets/{tweets[1]['id']}")
    user = await admin.json(f"{USERS}/ann")
    assert (user["tweets"], user["first_tweet_at"]) == (2, times[2])


async def test_display_name_loses_what_cannot_be_shown(writer: Client) -> None:
    user = await writer.add_user("a", display_name="  Harbour\u0000\u202e \nmaster ⚓ ")
    assert user["display_name"] == "Harbour master ⚓"
    assert (await writer.add_user("b", display_name="\u200b"))["display_name"] is None
    # Joiners are seen in Persian words and in emoji, and hide in others.
    for name, shown in [
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("👩\u200d🚀 An\u200cn\u200d", "👩\u200d🚀 Ann"),
    ]:
        assert (await writer.add_user(shown[-1], display_name=name))["display_name"] == shown
