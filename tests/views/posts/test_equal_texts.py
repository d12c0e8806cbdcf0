"""A text that somebody wrote again and again stands once in the results of a search."""

import re
from collections import Counter
from typing import Any

import pytest

from tests.conftest import Client, Shared
from tests.waiting import settle

AGAIN = "ferry leaves at nine"
TIMES = 45
HARBOUR = {"id": 1, "name": "harbour"}
PIER = {"id": 2, "name": "pier"}


def said(number: int, name: str, text: str, room: dict[str, Any], **fields: Any) -> dict[str, Any]:
    when = f"2024-{1 + number // 28:02}-{1 + number % 28:02}T10:00:00Z"
    source = f"{name}-{room['id']}-{number}-{len(text)}"
    post = {"username": name, "text": text, "room": room, "created_at": when, "source_id": source}
    return post | fields


@pytest.fixture(scope="module")
async def chats(shared: Shared) -> Client:
    """Read two chats in which one text is written often."""
    liked = {"likes": 1, "as_of": "2024-06-01T00:00:00Z"}
    await shared.writer.add_posts(
        *(said(number, "Mina", AGAIN, HARBOUR) for number in range(TIMES)),
        *(said(number, "Tom", AGAIN, HARBOUR) for number in range(2)),
        said(50, "Mina", AGAIN, PIER),
        said(51, "Mina", f"{AGAIN}!", HARBOUR),
        said(52, "Mina", AGAIN, HARBOUR, counts=liked),
    )
    await settle(shared.app)
    return shared.anybody


async def entries_of(site: Client, address: str) -> list[list[tuple[str, list[int]]]]:
    """Return for each page of a list the line and the posts of each entry."""
    pages = []
    while address:
        page = await site.page(address)
        listed = re.findall(r'<li class="post">(.*?)</article>', page, re.S)
        pages.append([entry_of(entry) for entry in listed])
        address = next(iter(re.findall(r'<a class="button" href="([^"]*cursor=[^"]*)"', page)), "")
    return pages


def entry_of(entry: str) -> tuple[str, list[int]]:
    (summary,) = re.findall(r"<summary>(.*?)</summary>", entry, re.S) or [""]
    ids = [int(number) for number in re.findall(r"/tweet/(\d+)|message=(\d+)", entry)[0] if number]
    same = entry.partition("</summary>")[2]
    ids += [int(a or b) for a, b in re.findall(r"/tweet/(\d+)|message=(\d+)", same)]
    return re.sub(r"<[^>]*>", "", summary), sorted({*ids})


@pytest.mark.parametrize(
    "path", ["/search?q=ferry", "/search?q=ferry&sort=newest", "/room/1?q=ferry"]
)
async def test_equal_texts_of_a_page_are_one_entry_that_leads_to_all(
    chats: Client, path: str
) -> None:
    pages = await entries_of(chats, path)
    listed = Counter(id_ for page in pages for _, ids in page for id_ in ids)
    found = await chats.walk("/api/v1/search?q=ferry", 20)
    in_room = [hit for hit in found if "/room/" not in path or hit["room"]["id"] == HARBOUR["id"]]
    assert listed == Counter(hit["id"] for hit in in_room)  # Each once.
    by_id = {hit["id"]: hit for hit in found}
    for page in pages:
        assert sum(len(ids) for _, ids in page) <= 20
        same = [
            {(by_id[id_]["username"], by_id[id_]["text"], by_id[id_]["room"]["id"]) for id_ in ids}
            for _, ids in page
        ]
        assert [len(each) for each in same] == [1] * len(page)
        for line, ids in page:
            # The list has several pages, and the next one may have more of the same.
            told = f"At least {len(ids)} times in this list, "
            assert (told in line) is (len(ids) > 1), (line, ids)
        # What is the same in two chats has their names.
        rooms = {by_id[id_]["room"]["name"] for _, ids in page for id_ in ids}
        named = {line.partition(": ")[0] for line, _ in page if ": " in line}
        assert named == (rooms & {"harbour"} if len(rooms) > 1 else set())
    assert max(len(ids) for page in pages for _, ids in page) >= 15
    liked = next(hit["id"] for hit in found if hit["counts"])
    assert [liked] in [ids for page in pages for _, ids in page]


async def test_an_entry_says_the_first_and_the_last_day(chats: Client) -> None:
    page = await chats.page("/room/1?q=ferry&tz=UTC")
    (mina,) = [
        line
        for line in re.findall(r"<summary>(.*?)</summary>", page)
        if "times in this list" in line
    ]
    days = re.findall(r'<time datetime="([^"]*)"', mina)
    assert days == ["2024-01-28", "2024-02-17"]  # Of the eighteen after the two newest.
    (tom,) = re.findall(
        r"<summary>(2 times in this list.*?)</summary>",
        await chats.page("/search?q=ferry&username=Tom"),
    )
    korean = {"Accept-Language": "ko"}
    assert "이 목록에 같은 글 2개," in await chats.page(
        "/search?q=ferry&username=Tom", headers=korean
    )
    assert "이 목록에 같은 글 18개 이상," in await chats.page(
        "/room/1?q=ferry&tz=UTC", headers=korean
    )
    assert re.findall(r'<time datetime="([^"]*)" data-day>', tom) == [
        "2024-01-01T10:00:00Z",
        "2024-01-02T10:00:00Z",
    ]
