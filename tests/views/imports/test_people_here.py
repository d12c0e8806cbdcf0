"""A chat whose people have the names of people who are here already."""

import re

import pytest
from quart import Quart

from tests.browsing import Browser, signed_in
from tests.uploading import ended, jsonl, shown, start, upload

QUESTION = "If this is not the same person, enter a different name."


@pytest.fixture
async def browser(app: Quart) -> Browser:
    return await signed_in(app)


def chat(title: str, *names: str) -> bytes:
    """Return the export of a chat in which each of these says something, one after the other."""
    said = [
        f"January 15, 2024, 3:{minute:02} PM, {name} : at the harbour {minute}\n"
        for minute, name in enumerate(names)
    ]
    return f"KakaoTalk Chats with {title}\n\n{''.join(said)}".encode()


async def bring(browser: Browser, data: bytes, **renamed: str) -> None:
    """Import a chat, with other names for some of its people."""
    address = await upload(browser, data, "chat.txt")
    people = list(dict.fromkeys(re.findall(r"PM, (\w+) :", data.decode())))
    names = [renamed.get(name, name) for name in people]
    chosen = {"speaker": people, "only": people, "renamed": names, "publish": ["on"]}
    assert await start(browser, address, timezone="Asia/Seoul", **chosen) == 303
    await ended(browser, address)


async def told(browser: Browser, data: bytes) -> list[str]:
    """Return what the page of an upload says of each of those who are here."""
    page = await browser.page(await upload(browser, data, "next.txt"))
    rows = page.partition('class="rows speakers"')[2].partition("</fieldset>")[0].split("<li>")
    found = (
        (re.search(r"<bdi>(.+?)</bdi>", row), re.search(r'already-here">(.+?)</p>', row, re.DOTALL))
        for row in rows
    )
    return [f"{name[1]}: {shown(here[1])}" for name, here in found if name and here]


async def test_whose_name_is_here_is_asked_about_and_another_name_keeps_them_apart(
    browser: Browser,
) -> None:
    await bring(browser, chat("the family", "Mum", "Dad", "Mum"))
    other = chat("the choir", "Mum", "Eve")
    said = "Mum: Already here: 2 messages in the family ."
    assert await told(browser, other) == [f"{said} {QUESTION}"]
    browser.headers["Accept-Language"] = "ko"
    korean = "이미 있는 이름이에요: the family 에 메시지 2개."
    assert await told(browser, other) == [
        f"Mum: {korean} 같은 사람이 아니라면 다른 이름을 적어 주세요."
    ]
    del browser.headers["Accept-Language"]

    await bring(browser, other, Mum="Mum Kim")
    answer = await browser.get("/api/v1/users")
    tweets = {user["username"]: user["tweets"] for user in (await answer.get_json())["items"]}
    assert tweets == {"Dad": 1, "Eve": 1, "Mum": 2, "Mum_Kim": 1}


async def test_a_newer_export_of_a_known_chat_asks_only_about_who_is_new_in_it(
    browser: Browser,
) -> None:
    await bring(browser, chat("the family", "Mum", "Dad"))
    await bring(browser, chat("the choir", "Eve", "Zoe"))
    assert await told(browser, chat("the family", "Mum", "Dad", "Mum", "Bo")) == []
    eve = f"Eve: Already here: 1 message in the choir . {QUESTION}"
    assert await told(browser, chat("the family", "Mum", "Dad", "Eve")) == [eve]
    # A chat of the same title with other people is another one.
    assert len(await told(browser, chat("the choir", "Mum", "Dad", "Bo"))) == 2


async def test_the_names_that_are_proposed_are_those_that_are_looked_for(browser: Browser) -> None:
    for title, name in (("the family", "Dad"), ("the club", "Bo")):
        await bring(browser, chat(title, "Mum", name))
    both = f"Mum: Already here: 2 messages in 2 chats, most in the family . {QUESTION}"
    assert await told(browser, chat("the choir", "Mum", "Eve")) == [both]
    await bring(browser, chat("the choir", "Mum", "Eve"), Mum="Kim")
    # The newer export is known again, with the name that was given; another chat is offered it.
    assert await told(browser, chat("the choir", "Mum", "Eve", "Mum")) == []
    kim = f"Mum: Kim : Already here: 1 message in the choir . {QUESTION}"
    assert await told(browser, chat("the class", "Mum", "Ida")) == [kim]


async def test_authors_of_posts_are_named_and_those_of_a_platform_are_others(
    browser: Browser,
) -> None:
    posts = [{"username": "Mum", "text": f"tea {number}"} for number in range(3)]
    posts.append({"username": "Tom", "text": "coffee", "platform": "x"})
    address = await upload(browser, jsonl(*posts))
    assert await start(browser, address) == 303
    await ended(browser, address)
    mum, tom = await told(browser, chat("the family", "Mum", "Tom"))
    assert mum == f"Mum: Already here: 3 posts. {QUESTION}"
    assert tom.startswith("Tom: An author from X already has this name.")
    assert tom.endswith("Enter a different name.")


async def test_of_many_people_those_who_are_here_are_not_folded_away(browser: Browser) -> None:
    await bring(browser, chat("the family", "Mum", "Dad"))
    names = [f"p{place}" for place in range(9)]
    folded = await browser.page(await upload(browser, chat("the club", *names), "club.txt"))
    assert '<details class="folded">' in folded
    opened = await browser.page(await upload(browser, chat("the club", *names, "Mum"), "club.txt"))
    assert '<details class="folded" open>' in opened
