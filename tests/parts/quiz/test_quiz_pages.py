"""The game as a plain form: the question tells nothing, the answer everything."""

import re
from html import unescape
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
from PIL import Image

from tests.browsing import body, found_in
from tests.conftest import Client

SOLVED = r'class="button" href="/tweet/(\d+)"'
FOLLOWING = r'<a class="button primary" href="([^"]+)"'


@pytest.fixture
async def site(writer: Client, anybody: Client) -> Client:
    await writer.add_posts(
        *(
            {"username": name, "text": f"{number}. {words}, again and again, of {name}"}
            for name, words in (("ferry", "tide and crossing"), ("museum", "stairs and a clock"))
            for number in range(25)
        )
    )
    return anybody


async def test_a_question_leads_to_its_answer(site: Client) -> None:
    page = await site.page(await new_set(site))
    assert re.findall(r'name="guess" value="(\w+)"', page) == ["ferry", "museum"]
    author = "ferry" if "tide" in page else "museum"
    quoted = page.partition("<blockquote")[2].partition("</blockquote")[0]
    assert author not in quoted
    assert "hidden" in quoted
    assert "/tweet/" not in page
    other = {"ferry": "museum", "museum": "ferry"}[author]
    for guess, heading in ((author, "Right, it is"), (other, "No, it was")):
        answered = await body(await guessed(site, page, guess))
        assert f"{heading} <bdi>{author}</bdi>" in answered
        # What the question hid is there again.
        assert f'<span class="was-hidden">{author}</span></blockquote>' in answered
        # What a mark rests on is said, and never by the post itself.
        (solved,) = re.findall(SOLVED, answered)
        marks = re.findall(r'<mark class="evidence[^"]*"><a href="#(use-\d+)" data-use', answered)
        assert marks
        for mark in marks:
            told = answered.partition(f'<li id="{mark}">')[2].partition("</ul>")[0]
            assert re.search(r"in \d+ posts|(times|once) a post", told)
            assert solved not in re.findall(r'href="/tweet/(\d+)"', told)
    for guess in ("", "somebody else"):
        answer = await guessed(site, page, guess)
        assert answer.status_code == 422
        again = await body(answer)
        assert "Choose an author" in again
        assert asked(again) == asked(page)


async def test_the_front_page_offers_a_post_to_guess_where_there_is_enough(
    anybody: Client, site: Client, admin: Client
) -> None:
    assert "Try a random post" in await anybody.page("/")
    address = await new_set(site)
    await admin.delete("/api/v1/users/ferry")
    assert "Try a random post" not in await anybody.page("/")
    assert 'id="quiz"' not in await anybody.page("/")
    assert "Not enough posts for a quiz yet" in await anybody.page("/quiz")
    assert (await anybody.get(address)).status_code == 404


async def new_set(site: Client) -> str:
    answer = await site.get("/quiz", status=303)
    address: str = answer.headers["Location"]
    return address


def asked(page: str) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))


async def guessed(site: Client, page: str, guess: str) -> Any:
    """Send the form of a question as a browser does without a script."""
    return await site.get("/quiz?" + urlencode(asked(page) | {"guess": guess}))


def score(page: str) -> tuple[int, ...]:
    """Return the player's right answers so far, and saywho's."""
    told = re.findall(r"You: (\d+), saywho: (\d+)", page)
    return tuple(map(int, told[0])) if told else (0, 0)


async def play(site: Client, address: str, guess: str) -> tuple[list[str], str]:
    """Play to the end without a script; return the quoted texts and the last page."""
    texts: list[str] = []
    while True:
        page = await site.page(address)
        if not asked(page):
            return texts, page
        texts.append(page.partition("<blockquote")[2].partition("</blockquote")[0])
        answered = await body(await guessed(site, page, guess))
        right = ("Right, it is" in answered) + score(page)[0]
        assert score(answered)[0] == right
        assert 0 <= score(answered)[1] - score(page)[1] <= 1
        (address,) = following = re.findall(FOLLOWING, answered)
        reloaded = await body(await guessed(site, page, guess))
        # The shares may move while maintenance makes the background of new posts.
        assert re.findall(FOLLOWING, reloaded) == following


async def test_a_set_is_the_same_for_all_and_ends_with_squares(site: Client) -> None:
    address = await new_set(site)
    assert len(address) < 60
    texts, page = await play(site, address, "ferry")
    right = sum("tide" in text for text in texts)
    assert (len(texts), len(set(texts))) == (10, 10)
    assert f"{right} of 10 right" in page
    squares = page.partition('id="squares">')[2].partition("</pre>")[0]
    told = "".join("✅" if "tide" in text else "❌" for text in texts)
    yours, saywhos = (
        ", ".join(re.findall(r'<span class="visually-hidden">(right|wrong)<', row))
        for row in page.partition('class="tiles">')[2].split("</p>")[:2]
    )
    model = "".join("✅" if each == "right" else "❌" for each in saywhos.split(", "))
    assert squares.splitlines() == [
        "Quiz: who wrote this?",
        f"Me {right}/10 {told}",
        f"saywho {model.count('✅')}/10 {model}",
        f"http://localhost{address}",
    ]
    assert yours == ", ".join("right" if "tide" in text else "wrong" for text in texts)
    assert f"saywho: {saywhos.count('right')} of 10." in page
    listed = re.findall(r'<p class="post-text"[^>]*>([^<]*)</p>.*?Player: (\w+)', page, re.S)
    for text, (whole, verdict), shown in zip(texts, listed, yours.split(", "), strict=True):
        author = "ferry" if "tide" in text else "museum"
        asked_text = re.sub("<[^>]*>", "", text.partition(">")[2])
        assert (asked_text.replace("hidden", author), shown) == (whole, verdict)
    assert "<h3>Player</h3>" in page
    again, page = await play(site, address, "museum")
    assert again == texts
    assert f"{10 - right} of 10 right" in page


async def test_deleted_posts_of_a_set_are_skipped(site: Client, admin: Client) -> None:
    address = await new_set(site)
    gone = re.findall(SOLVED, await body(await guessed(site, await site.page(address), "ferry")))
    assert (await admin.delete(f"/api/v1/tweets/{gone[0]}")).status_code == 204
    texts, page = await play(site, address, "ferry")
    assert len(texts) == 9
    assert f"\nMe {sum('tide' in text for text in texts)}/9 " in page


async def test_a_bad_set_is_400_and_a_set_without_posts_404(site: Client) -> None:
    many = "set=1.2-" + ".".join("3" * 11)
    for query in ("set=new", "set=1-2", many, "set=1.2.3.4.5.6.7-8", "set=1.2-3&so=7"):
        answer = await site.get(f"/quiz?{query}", headers={"Accept-Language": "ko"})
        assert answer.status_code == 400, query
        assert "값을 쓸 수 없어요" in await body(answer)
    page = await body(await site.get("/quiz?set=1.2-999999999999999", status=404))
    assert "The post of this question was deleted" in page
    assert 'href="/quiz" rel="nofollow"' in page


async def test_the_end_of_a_set_has_a_picture_that_tells_no_text(site: Client) -> None:
    address = (await new_set(site)).partition("set=")[2].partition("&")[0]
    total = len(address.partition("-")[2].split("."))
    so = "0312"[:total].ljust(total, "3")
    end = await site.page(f"/quiz?set={address}&so={so}")
    (choosing,) = re.findall(r'href="(/quiz/picture[^"]*)"[^>]* data-picture', end)
    page = await site.page(unescape(choosing) + "&format=1080x1350")
    right = sum(int(digit) & 1 for digit in so)
    model = sum(int(digit) >> 1 for digit in so)
    assert f'alt="{right} of {total} right. saywho: {model}."' in page
    assert not found_in(page, "tide", "ferry")
    (image,) = re.findall(r'<img src="([^"]*)"', page)
    drawn = [
        await (await site.get(unescape(image).replace(f"so={so}", f"so={other}"))).get_data()
        for other in (so, "2" * total)
    ]
    assert len({*drawn}) == 2
    with Image.open(BytesIO(drawn[0])) as picture:
        assert (picture.format, picture.size) == ("PNG", (1080, 1350))


@pytest.mark.parametrize("so", ["", "3", "x" * 10, "9" * 10])
@pytest.mark.parametrize("end", ["", ".png"])
async def test_a_set_that_is_not_over_has_no_picture(site: Client, so: str, end: str) -> None:
    status = 422 if so in {"3", "x" * 10} else 400
    await site.page(f"/quiz/picture{end}?set=1.2-1.2.3.4.5.6.7.8.9.10&so={so}", status=status)
    await site.page(f"/quiz/picture{end}?set=no&so=3", status=400)
