"""The answer to "who would have said this?": verdict, marks, bars, evidence, limits."""

import random
import re
from urllib.parse import urlencode

import pytest

from tests.browsing import body
from tests.conftest import Client, Shared
from tests.waiting import settle

KOREAN = {"Accept-Language": "ko"}
WORDS = {
    "ann": "lamp fog bell tide mast keeper oil wick storm glass rope stairs gull lens",
    "ben": "oven rolls dawn rye salt flour crumb crust yeast apron counter basket butter loaf",
    "cho": "goal pitch whistle keeper corner match striker bench coach penalty league scarf",
    "dee": "violin stage bow tuning concert score rehearsal string encore hall cello conductor",
    "eva": "seed soil compost beetle hedge rake bulbs greenhouse weeds shovel blossom prune",
}
"""What each of the authors writes about."""
TEXT = "lamp and fog and bell and tide and mast and oil tonight, wick and storm and glass and rope"


def posts_of(name: str) -> list[str]:
    chance = random.Random(name)  # noqa: S311 - no secret
    words = WORDS[name].split()
    return [f"{' and '.join(chance.sample(words, 6))} tonight {n}" for n in range(40)]


@pytest.fixture(scope="module")
async def site(shared: Shared) -> Client:
    for name in WORDS:
        await shared.writer.add_user(name, *posts_of(name))
    await shared.writer.add_user("few", "only one post by this author here")

    await settle(shared.app)  # What answers rest on is drawn in the background.
    return shared.anybody


def address(text: str, *names: str, **more: object) -> str:
    return "/compare?" + urlencode(
        [("text", text), *(("username", name) for name in names), *more.items()]
    )


def shares(page: str) -> list[str]:
    return re.findall(r'class="share"><b>(.*?)</b>', page)


@pytest.mark.parametrize(
    ("text", "names", "heading"),
    [
        (TEXT, ("ann", "ben", "cho"), "Of these 3, most like ann"),
        (TEXT, (), "Of the authors here, most like ann"),
        (TEXT, ("ann",), "Reads like ann"),
        (TEXT, ("ben",), "Does not read like ben"),
        (TEXT, ("ben", "cho"), "Reads like none of them"),
        ("lamp fog bell", ("ann", "ben"), "Too little to go on"),
        (TEXT, ("ann", "few"), "Too little to go on"),
    ],
)
async def test_the_verdict_is_the_heading_and_the_title(
    site: Client, text: str, names: tuple[str, ...], heading: str
) -> None:
    page = await site.page(address(text, *names))
    (shown,) = re.findall(r"<h1[^>]*>(.*?)</h1>", page)
    assert shown == heading
    assert f"<title>{heading} · saywho</title>" in page
    assert f'<meta property="og:title" content="{heading}' in page
    korean = await site.page(address(text, *names), headers=KOREAN)
    (shown,) = re.findall(r"<h1[^>]*>(.*?)</h1>", korean)
    assert re.search("[가-힣]", shown)
    assert "be told apart?" in page
    # Where nothing is known there are no numbers, or they are folded.
    is_folded = "Show the numbers all the same" in page
    assert (len(shares(page)) > 0) is (heading != "Too little to go on")
    assert ("<mark" in page) is (heading not in ("Too little to go on", "Reads like none of them"))
    assert is_folded is (heading in ("Reads like none of them", "Does not read like ben"))
    assert ("must not be used" in page) is (heading != "Too little to go on")


async def test_somebody_else_is_among_the_bars_and_belief_moves_them(site: Client) -> None:
    before = None
    for sure in (0.05, 0.5, 0.95):
        page = await site.page(address(TEXT, "ann", "ben", sure=sure))
        assert "Somebody else" in page
        assert len(shares(page)) == 3
        none = float(re.findall(r'data-odds="([^"]+)"', page)[0])
        assert before is None or none == pytest.approx(before, rel=1e-6), "of the text alone"
        before = none
        assert f'value="{sure}"' in page
    assert (await site.get(address(TEXT, "ann", sure=7))).status_code == 400


async def test_the_rate_of_strangers_is_said_with_the_belief_it_was_measured_with(
    site: Client,
) -> None:
    for names, said in ((("ann",), "this author’s"), (("ann", "ben"), "one of so many")):
        page = await site.page(address(TEXT, *names, sure=0.8))
        assert re.search(rf"about \d+% pass for {said}.* one was 50% sure beforehand", page)
        assert ("one by one adds a chance of a false alarm" in page) == (len(names) == 1)


async def test_each_mark_says_how_often_it_is_used_and_where(site: Client) -> None:
    page = await site.page(address(TEXT, "ann", "ben"))
    marks = re.findall(r'<mark class="evidence[^"]*"><a href="#(use-\d+)"', page)
    assert marks
    for mark in marks:
        (told,) = re.findall(rf'<li id="{mark}">(.*?)</ul>', page, re.S)
        assert re.search(r"[\d.]+ times per 100 posts\. The others: [\d.]+\.", told)
        links = re.findall(r'href="(/tweet/\d+)"', told)
        assert 1 <= len(links) <= 3
        post = await site.page(links[0])
        piece = re.findall(r"“<bdi>(.*?)</bdi>”", told)[0]
        assert piece.casefold() in post.casefold()


@pytest.mark.parametrize(
    "typed",
    [
        "lamp and fog\n\nbell and tide, oil",
        "[Ann] [오후 3:12] lamp and fog\n[Ann] [3:13 PM] bell and tide, oil",
    ],
    ids=["lines", "a chat"],
)
async def test_several_messages_are_by_one_hand(site: Client, typed: str) -> None:
    form = {"tweet_text": typed, "each_line": "1", "username": "ann"}
    page = await site.page((await site.post("/compare", form=form)).headers["Location"])
    assert "Too little" not in page
    (shown,) = re.findall(r"<blockquote[^>]*>(.*?)</blockquote>", page, re.S)
    assert "\n\n" in shown
    (twin,) = re.findall(r'href="(/api/v1/compare\?[^"]+)">JSON', page)
    answer = await (await site.get(twin)).get_json()
    assert answer["text"] == "lamp and fog\n\nbell and tide, oil"
    assert '">\nlamp and fog\nbell and tide, oil</textarea>' in page
    assert re.search('name="each_line"[^>]* checked', page)
    assert ("names and times of the chat" in page) == ("Ann" in typed)


async def test_a_chat_is_judged_without_its_heads_and_names_who_speaks(site: Client) -> None:
    chat = "[Ann] [오후 3:12] lamp\nand fog\n[Bo 2] [오후 3:13] 사진\n[Bo 2] [오후 3:14] <oil>"
    page = await site.page("/compare?" + urlencode({"text": chat, "username": "ann"}))
    (twin,) = re.findall(r'href="(/api/v1/compare\?[^"]+)">JSON', page)
    assert (await (await site.get(twin)).get_json())["text"] == "lamp\nand fog\n\n<oil>"
    assert "were taken for one: <bdi>Ann, Bo 2</bdi>" in page
    many = "\n".join(f"[Ann] [오후 3:12] lamp and fog {number}" for number in range(60))
    page = await site.page("/compare?" + urlencode({"text": many, "username": "ann"}))
    assert "lamp and fog 0\nlamp and fog 1" in page


async def test_a_kept_post_is_hidden_from_the_model(site: Client) -> None:
    listed = await (await site.get("/api/v1/users/ann/tweets?limit=1")).get_json()
    post = listed["items"][0]
    page = await site.page(f"/tweet/{post['id']}")
    (link,) = re.findall(r'href="(/compare\?[^"]+)">Compare this text', page)
    assert "favour" not in page
    page = await site.page(link)
    assert "The real author: <b><bdi>ann</bdi></b>. This post was hidden" in page
    # It is no evidence for itself.
    assert page.count(f'href="/tweet/{post["id"]}"') == 1
    example = (await site.get("/compare/example")).headers["Location"]
    drawn = await site.json("/api/v1/tweets/" + example.rpartition("post=")[2])
    assert f"The real author: <b><bdi>{drawn['username']}</bdi></b>" in await site.page(example)


async def test_a_text_too_long_for_a_link_says_so(site: Client) -> None:
    form = {"tweet_text": f"{TEXT}\n" * 40, "user1": "ann", "user2": "ben", "sure": "0.9"}
    answer = await site.post("/compare", form=form)
    assert answer.status_code == 200
    page = await body(answer)
    assert "too long for a link" in page
    assert "90%" in re.findall(r"<output[^>]*>([^<]+)", page)[0]
    private = await site.post("/compare", form={"tweet_text": TEXT, "private": "1"})
    assert "not in the address" in await body(private)
    short = await site.post("/compare", form={"tweet_text": TEXT, "user1": "ann", "user2": "ben"})
    assert short.headers["Location"] == address(TEXT, "ann", "ben")


async def test_without_a_text_the_form_stands_on_the_front_page(site: Client) -> None:
    answer = await site.get("/compare?username=ann")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/?username=ann")
    assert 'value="ann" checked' in await site.page("/?username=ann")


@pytest.mark.parametrize(
    ("names", "status"), [(("ann", "nobody"), 404), (("ann", "ann"), 422), (("ann",), 422)]
)
async def test_what_cannot_be_compared_is_said_with_the_form(
    site: Client, names: tuple[str, ...], status: int
) -> None:
    answer = await site.get(address("…" if len(names) == 1 else TEXT, *names))
    assert answer.status_code == status
    page = await body(answer)
    assert 'role="alert"' in page
    assert 'id="tweet_text"' in page


async def test_a_shared_answer_has_a_picture_of_its_own(site: Client) -> None:
    page = await site.page(address(TEXT, "ann", "ben"), headers=KOREAN)
    (shown,) = re.findall(r'property="og:image" content="(.*?)"', page)
    assert shown.startswith("http://localhost/compare/picture.png?lang=ko&")
    heading = page.partition("</h1>")[0].rpartition(">")[2]
    assert (
        f'href="{shown.removeprefix("http://localhost")}" download="saywho – {heading}.png"' in page
    )
    picture = await site.get(shown.removeprefix("http://localhost"))
    assert (picture.status_code, picture.content_type) == (200, "image/png")
    assert (await picture.get_data())[:4] == b"\x89PNG"
    assert (await site.get(address("x", "nobody").replace("?", "/picture.png?"))).status_code == 404
