"""Whom a page asks about where nobody is ticked, and how a form offers the people of chats."""

import re
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from quart import Quart

from app.services.imports.storing import load_samples
from app.services.posts.users import add_user
from tests.browsing import body, in_one_line, parts_of
from tests.chats import import_chat, kakaotalk, said
from tests.conftest import Client, Shared
from tests.waiting import settle

FAMILY = ("엄마", "아빠", "지호", "수빈")
CLUB = ("Tom", "Priya")
TEXT = "Fog again over the marsh. The ferry waits at the pier until the wind turns."
SAMPLE = "saltmarsh_light"
ASKED = "/api/v1/compare?"


@pytest.fixture(scope="module")
async def site(shared: Shared) -> Client:
    """Read the pages of a site of the samples, and of two chats."""
    db = parts_of(shared.app).db
    await load_samples(db)
    await import_chat(db, kakaotalk("우리가족", *said(FAMILY, times=12)))
    await import_chat(db, kakaotalk("club", *said(CLUB, times=40)))
    await settle(shared.app)
    return shared.anybody


def asked_in(page: str) -> set[str]:
    """Return whom a program asks about to get the answer of a page."""
    (link,) = re.findall(rf'href="({re.escape(ASKED)}[^"]*)"', page)
    return {*parse_qs(urlsplit(link.replace("&amp;", "&")).query).get("username", [])}


def line_of(page: str) -> str:
    """Return the line that says who was asked, which opens the list of all."""
    (line,) = re.findall(r'<details class="folded" id="whom"><summary>(.*?)</summary>', page, re.S)
    return " ".join(re.sub(r"<[^>]*>", "", line).split())


async def test_nobody_ticked_asks_about_ones_own_people(site: Client) -> None:
    page = await site.page(f"/compare?{urlencode({'text': TEXT})}")
    assert asked_in(page) == {*FAMILY, *CLUB}
    assert "Compared with all 6 people here." in page
    assert "Sample authors are compared only if you tick them." in page
    named = [("text", TEXT), ("username", SAMPLE), ("username", "Tom")]
    page = await site.page(f"/compare?{urlencode(named)}")
    assert asked_in(page) == {SAMPLE, "Tom"}
    assert "Compared with all" not in page


async def test_the_card_of_all_leaves_out_the_invented(site: Client) -> None:
    page = await site.page("/compare/card")
    assert {*re.findall(r'href="/user/([^"]*)"', page)} == {*map(quote, (*FAMILY, *CLUB))}
    assert "The sample authors are left out." in page
    named = await site.page(f"/compare/card?username={SAMPLE}&username=Tom")
    assert f"/user/{SAMPLE}" in named
    assert "left out" not in named
    card = await site.json("/api/v1/compare/card")
    assert SAMPLE in {author["username"] for author in card["authors"]}


async def test_who_has_no_post_outgrows_no_invented_author(app: Quart, admin: Client) -> None:
    db, written = parts_of(app).db, ("ann", "ben", "cleo")
    await load_samples(db)

    async def write(*names: str) -> None:
        enough = [(name, f"{TEXT} {number}") for name in names for number in range(10)]
        await admin.add_posts(*({"username": name, "text": text} for name, text in enough))

    await write(*written)
    async with db.write() as session:
        await add_user(session, "dora")
    for is_outgrown in (False, True):
        card = await admin.page("/compare/card")
        assert (f"/user/{SAMPLE}" in card) == (not is_outgrown)
        assert ("The sample authors are left out." in card) == is_outgrown
        assert (f'value="{SAMPLE}"' in await admin.page("/")) == (not is_outgrown)
        await write("dora")


async def test_the_api_asks_about_all(site: Client) -> None:
    answer = await site.get(f"{ASKED}{urlencode({'text': TEXT})}")
    ranking = (await answer.get_json())["ranking"]
    assert {SAMPLE, "엄마", "Tom"} <= {ranked["username"] for ranked in ranking}


async def test_one_tick_asks_about_a_chat(site: Client) -> None:
    front = await site.page("/")
    form = front[front.index("<fieldset") : front.index("</fieldset>")]
    # All chats together, and below them the chat with the most messages first, with its people.
    named = re.findall(r'name="(room|username)" value="([^"]*)"|All of <bdi>(\w+)', form)
    groups = [value for kind, value, _ in named if kind == "username"]
    assert [kind for kind, _, _ in named if kind][:3] == ["room", "room", "username"]
    assert {title for _, _, title in named if title} == {"club", "우리가족"}
    assert ({*groups[:2]}, {*groups[2:]}) == ({*CLUB}, {*FAMILY})
    (number,) = re.findall(r'name="room" value="(\d+)"[^<]*<span[^<]*All of <bdi>우리가족', form)
    form_sent = {"tweet_text": TEXT, "username": "Tom", "room": number}
    answer = await site.post("/compare", form=form_sent)
    assert answer.status_code == 303, await body(answer)
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["username"] == [*sorted(FAMILY, key=query["username"].index), "Tom"]


@pytest.mark.parametrize(
    ("names", "line"),
    [
        ((), "Compared with: all 6 people here"),
        (FAMILY, "Compared with: all 4 people in 우리가족"),
        ((*CLUB, "아빠"), "Compared with: Tom, Priya, 아빠"),
        ((*FAMILY, "Tom"), "Compared with: 엄마, 아빠 and 3 more"),
        (FAMILY[:2], "Compared with: 엄마, 아빠"),
        (CLUB[:1], "Compared with: Tom"),
    ],
)
async def test_below_an_answer_a_line_says_who_was_asked(
    site: Client, names: tuple[str, ...], line: str
) -> None:
    asked = [("text", TEXT), *(("username", name) for name in names)]
    page = await site.page(f"/compare?{urlencode(asked)}")
    assert line_of(page) == line
    form = page[page.index("tweet_text") :]
    form = form[: form.index("</form>")]
    assert f"{TEXT}</textarea>" in form
    rooms = {*re.findall(r'name="room" value="(\d+)" checked', form)}
    people = re.findall(r'name="username" value="([^"]*)"( checked)?(?: data-of="([\d ]+)")?', form)
    # The tick of a chat is that of its people: without a script, it is the only one to take away.
    within = {name for name, _, of in people if rooms & {*of.split()}}
    ticked = {name for name, is_ticked, _ in people if is_ticked}
    assert (within | ticked, within & ticked) == ({*names}, set())
    assert {"each_line", "private", "room"} <= {*re.findall(r'name="(\w+)"', form)}


async def test_the_line_says_how_it_was_asked(site: Client) -> None:
    form = {"tweet_text": f"{TEXT}\n{TEXT[:40]}", "each_line": "1", "private": "1"}
    assert (
        line_of(await body(await site.post("/compare", form=form)))
        == "Compared with: all 6 people here · each line a message · text kept out of the link"
    )


async def test_who_is_asked_about_is_in_sight_where_a_question_failed(site: Client) -> None:
    page = await site.page(
        f"/compare?{urlencode({'text': TEXT, 'username': 'nobody'})}", status=404
    )
    assert 'id="whom"' not in page
    assert re.search(r'name="username" value="nobody" checked', page)


async def test_chats_stay_to_be_ticked_where_authors_are_too_many(
    app: Quart, anybody: Client
) -> None:
    db = parts_of(app).db
    crowd = [f"neighbour{place:02}" for place in range(41)]
    await import_chat(db, kakaotalk("우리가족", *said(FAMILY, times=3, day="2024-01-14")))
    await import_chat(db, kakaotalk("club", *said((*CLUB, "엄마"), times=3)))
    await import_chat(db, kakaotalk("crowd", *said(crowd, day="2024-01-16")))
    front = await anybody.page("/")
    assert re.findall(r"All of <bdi>(\w+)", front) == ["club", "우리가족"]  # The newest first.
    number = re.findall(r'name="room" value="(\d+)"', front)[1]
    assert len(re.findall(r'name="username"[^>]* value=""', in_one_line(front))) == 3
    answer = await anybody.post("/compare", form={"tweet_text": " ", "room": number})
    path = answer.headers["Location"]
    assert {*parse_qs(urlsplit(path).query)["username"]} == {*FAMILY}
    for more, named in (("", []), ("&username=Tom", ["Tom"]), ("&username=nobody", ["nobody"])):
        page = in_one_line(await anybody.page(path + more, status=422))
        assert re.findall(r'name="room" value="(\d+)" checked', page) == [number]
        assert re.findall(r'name="username" value="([^"]+)"', page) == named
    answer = await anybody.post("/compare", form={"tweet_text": "", "username": "", "room": "x"})
    assert "checked" not in await anybody.page(answer.headers["Location"], status=422)


@pytest.mark.parametrize("room", ["0", "999", "x", "9" * 40])
async def test_a_chat_that_is_not_here_adds_nobody(site: Client, room: str) -> None:
    answer = await site.post("/compare", form={"tweet_text": TEXT, "username": "Tom", "room": room})
    assert parse_qs(urlsplit(answer.headers["Location"]).query)["username"] == ["Tom"]


async def test_the_invented_stay_to_be_ticked_beside_an_answer(site: Client) -> None:
    page = await site.page(f"/compare?{urlencode({'text': TEXT})}")
    folded = page[page.index("8 sample authors, compared only if ticked") :]
    assert f'value="{SAMPLE}"' in folded[: folded.index("</details>")]
    assert f'value="{SAMPLE}"' not in page[: page.index(folded)]
    assert f'value="{SAMPLE}"' not in await site.page("/")
    # Beside an answer about one's own people they are not.
    assert SAMPLE not in await site.page(f"/compare?{urlencode({'text': TEXT, 'username': 'Tom'})}")
