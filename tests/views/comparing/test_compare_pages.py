"""The answer to "who would have said this?": verdict, marks, bars, evidence, limits."""

import random
import re
from html import unescape
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlencode, urlsplit

import pytest

from tests.browsing import body, found_in, in_one_line, missing_in
from tests.conftest import Client, MakeConfig, Shared, app_of
from tests.services.compare.test_other_languages import sentences
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
        await shared.writer.add_author(name, *posts_of(name))
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
        (TEXT, ("ann", "ben", "cho"), "Most like ann among these 3"),
        (TEXT, (), "Most like ann among the authors here"),
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
    assert "How well does saywho recognise" in page
    # Where nothing is known there are no numbers, or they are folded.
    is_folded = "Show the numbers anyway" in page
    assert (len(shares(page)) > 0) is (heading != "Too little to go on")
    assert ('<mark class="evidence' in page) is (
        heading not in ("Too little to go on", "Reads like none of them")
    )
    assert is_folded is (heading in ("Reads like none of them", "Does not read like ben"))
    assert ("Do not use this to find out" in page) is (heading != "Too little to go on")
    # What can be done about it comes first.
    is_box_first = page.index('id="tweet_text"') < page.index('id="limits"')
    assert is_box_first is (heading == "Too little to go on")


async def test_somebody_else_is_among_the_bars_and_belief_moves_them(site: Client) -> None:
    nones = []
    for sure in (0.05, 0.5, 0.95):
        page = await site.page(address(TEXT, "ann", "ben", sure=sure))
        assert "Someone else" in page
        assert len(shares(page)) == 3
        answer = await site.json("/api/v1" + address(TEXT, "ann", "ben", sure=sure))
        nones.append(answer["none"])
        assert f'value="{sure}"' in page
    assert nones == sorted(nones, reverse=True)
    assert (await site.get(address(TEXT, "ann", sure=7))).status_code == 400


async def test_numbers_that_were_asked_for_are_not_folded(site: Client) -> None:
    folded = '<details class="folded"><summary>Show the numbers'
    assert folded in await site.page(address(TEXT, "ben", "cho"))
    page = await site.page(address(TEXT, "ben", "cho", sure=0.4))
    assert folded not in page
    assert '<details class="folded" open>' in page
    form = {"tweet_text": TEXT, "private": "1", "username": "ben", "sure": "0.4"}
    assert '<details class="folded" open>' in await body(await site.post("/compare", form=form))


async def test_the_rate_of_strangers_is_said_of_a_hundred_texts(site: Client) -> None:
    for names in (("ann",), ("ann", "ben")):
        page = await site.page(address(TEXT, *names))
        answer = await site.json("/api/v1" + address(TEXT, *names))
        number = max(1, round(100 * answer["strangers"]))
        assert f"About {number} in 100 such texts by strangers would get this answer too." in page
        assert ("makes a false alarm more likely" in page) == (len(names) == 1)
    page = await site.page(address(TEXT, "ben", "cho"))
    assert "would get this answer too" not in page
    assert "would be attributed to an author named here" in page


async def test_who_is_asked_about_alone_is_soon_asked_about_among_all(site: Client) -> None:
    everybody = "Compare with all authors here</a>"
    for name in ("ann", "few"):
        page = await site.page(address(TEXT, name))
        (link,) = re.findall(rf'<a href="([^"]*)">{everybody}', page)
        assert parse_qs(urlsplit(unescape(link)).query) == {"text": [TEXT]}
    assert everybody not in await site.page(address("lol", "ann"))
    assert everybody not in await site.page(address(TEXT, "ann", "ben"))
    form = {"tweet_text": TEXT, "private": "1", "username": "ann"}
    assert everybody not in await body(await site.post("/compare", form=form))


async def test_an_empty_answer_has_a_reason_and_no_link_to_share(site: Client) -> None:
    for text, names, reasons in (
        ("lol", ("ann", "ben"), ["Please write more"]),
        (TEXT, ("ann", "few"), ["few has fewer than ten posts"]),
        ("lol", ("few",), ["Please write more", "few has fewer than ten posts"]),
    ):
        page = await site.page(address(text, *names))
        main = page.partition("<main")[2].partition("Try another text")[0]
        assert "Too little to go on" in main
        for reason in reasons:
            assert reason in main
        assert ("Please write more" in main) is (text == "lol")
        assert not found_in(main, 'class="ranking', "data-copy")
        assert "/compare/picture" not in page
        assert "data-print" not in main


async def test_limits_do_not_name_authors_whom_they_do_not_concern(site: Client) -> None:
    assert "ben" not in await limits(site, address(TEXT))


async def limits(site: Client, path: str) -> str:
    """Return what the page of an answer says that makes it weak."""
    page = await site.page(path)
    return page.partition('<div id="limits">')[2].partition("</div>")[0]


async def test_each_mark_says_how_often_it_is_used_and_where(site: Client) -> None:
    for names, compared in (
        (("ann", "ben"), "the other author compared"),
        (("ann", "ben", "cho"), "the other 2 authors compared"),
        (("ann",), "authors? here"),
    ):
        page = await site.page(address(TEXT, *names))
        marks = re.findall(r'<mark class="evidence[^"]*"><a href="#(use-\d+)"', page)
        assert marks
        for mark in marks:
            (told,) = re.findall(rf'<li id="{mark}">(.*?)</ul>', page, re.S)
            rate = (
                r"(?:about )?(?:once|never|[\d.]+ times) (?:a post|in (?:their newest )?\d+ posts)"
                r"(?: \(newest \d+\))?"
            )
            assert re.search(rf"</bdi>: {rate}<.*{compared}: {rate}</small></summary>", told)
            links = re.findall(r'href="(/tweet/\d+)"', told)
            assert 1 <= len(links) <= 3
            piece = re.findall(r"“<bdi>(.*?)</bdi>”", told)[0]
            marked = re.findall(r"<mark>(.*?)</mark>", told)
            assert [mark.casefold() for mark in marked] == [piece.casefold()] * len(links)


async def test_a_post_is_quoted_around_the_piece(site: Client, shared: Shared) -> None:
    far = "words before it " * 12
    for name, piece in (("gus", "the brass\nlantern"), ("hal", "a paper boat")):
        posts = [f"{far}{number} {piece} {far}" for number in range(30)]
        await shared.writer.add_author(name, *posts)
    await settle(shared.app)  # Else the shares of the tests after this one move.
    page = await site.page(address("I saw the brass lantern again", "gus", "hal"))
    quoted = re.findall(r'<a href="/tweet/\d+"><bdi[^>]*>(.*?)</bdi>', page, re.S)
    around = [text for text in quoted if "<mark>" in text and "lantern" in text]
    assert around
    for text in around:
        assert text.startswith("…")
        assert text.endswith("…")
        assert len(re.sub("<.*?>", "", text)) <= 125


async def test_a_text_that_is_too_long_is_refused_in_a_sentence(site: Client) -> None:
    assert "maxlength" not in re.findall("<textarea[^>]*>", await site.page("/"))[0]
    form = {"tweet_text": "lamp and fog. " * 2_000, "username": "ann"}
    answer = await site.post("/compare", form=form, status=422)
    assert "may have 25,000 characters at most; shorten it" in await body(answer)


@pytest.mark.parametrize("length", [200, 300, 320, 330, 400, 1_990, 2_001, 24_000])
@pytest.mark.parametrize("letters", ["밤 바다 ", 'fog "and" & ', "lamp and fog "])
async def test_no_answer_leads_to_an_address_that_proxies_refuse(
    site: Client, letters: str, length: int
) -> None:
    """nginx takes 4 KB of headers from a server, and a Korean letter nine signs in an address."""
    text = (letters * length)[: length - 1] + "x"
    answer = await site.post("/compare", form={"tweet_text": text, "username": "ann"})
    if answer.status_code == 303:
        assert len(answer.headers["Location"]) <= 3_000
        answer = await site.get(answer.headers["Location"])
    else:
        assert length > 300
    assert answer.status_code == 200
    assert text[:40] in unescape(await body(answer))


async def test_a_private_site_asks_a_visitor_with_a_long_link_to_sign_in(
    make_config: MakeConfig,
) -> None:
    async with app_of(make_config(public=False)) as app:
        visitor = Client(app, {})
        short = (await visitor.get(f"/compare?text={quote('밤 바다')}")).headers["Location"]
        assert unquote(unquote(short)) == "/login?next=/compare?text=밤 바다"
        far = (await visitor.get(f"/compare?text={quote('밤 바다 ' * 60)}")).headers["Location"]
        assert far == "/login?next=%2Fcompare"


async def test_a_name_that_nobody_has_is_ticked_first(site: Client) -> None:
    page = await body(await site.get(address(TEXT, "nobody")))
    boxes = re.findall(r'name="username" value="([^"]*)"( checked)?', page)
    assert boxes[0] == ("nobody", " checked")
    assert "<b data-chosen>nobody</b>" in page


async def test_several_messages_are_by_one_hand(site: Client) -> None:
    form = {"tweet_text": "lamp and fog\n\nbell and tide, oil", "each_line": "1", "username": "ann"}
    page = await site.page((await site.post("/compare", form=form)).headers["Location"])
    assert "Too little" not in page
    (shown,) = re.findall(r"<blockquote[^>]*>(.*?)</blockquote>", page, re.S)
    assert "\n\n" in shown
    (twin,) = re.findall(r'href="(/api/v1/compare\?[^"]+)">JSON', page)
    assert (await (await site.get(twin)).get_json())["text"] == "lamp and fog\n\nbell and tide, oil"
    assert '">\nlamp and fog\nbell and tide, oil</textarea>' in page
    assert re.search('name="each_line"[^>]* checked', page)


async def test_an_undecided_answer_offers_a_box_for_more_messages(site: Client) -> None:
    """The answer says how much more decides most cases; what is added counts as by one person."""
    undecided = address("lamp and oven and fog and rye tonight", "ann", "ben")
    more = (await site.json(f"/api/v1{undecided}"))["more"]
    assert set(more) == {"times", "messages"}
    page = unescape(await site.page(undecided))
    assert f"About {more['messages']} more posts by the same person would decide" in page
    assert "A decided answer can still be wrong." in page
    label = "Add more posts by the same person"
    assert f'<label for="more_text">{label}</label>' in page
    texts = [("tweet_text", text) for text in ("lamp and oven and fog", "bell and tide", "")]
    sent = await site.post(
        "/compare",
        data=urlencode([*texts, ("username", "ann")]),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    query = parse_qs(urlsplit(sent.headers["Location"]).query)
    assert query["text"] == ["lamp and oven and fog", "bell and tide"]
    # A decided answer needs no more.
    decided = address(TEXT, "ann", "ben")
    assert (await site.json(f"/api/v1{decided}"))["more"] is None
    assert label not in await site.page(decided)


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
    answer = await site.post("/compare", form=form, status=200)
    page = await body(answer)
    assert "too long for a link" in page
    assert "90%" in re.findall(r"<output[^>]*>([^<]+)", page)[0]
    private = await site.post("/compare", form={"tweet_text": TEXT, "private": "1"})
    assert "you kept the text out of it" in await body(private)
    short = await site.post("/compare", form={"tweet_text": TEXT, "user1": "ann", "user2": "ben"})
    assert short.headers["Location"] == address(TEXT, "ann", "ben")


async def test_without_a_text_the_form_stands_on_the_front_page(site: Client) -> None:
    answer = await site.get("/compare?username=ann")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/?username=ann")
    assert 'value="ann" checked' in await site.page("/?username=ann")


@pytest.mark.parametrize(
    ("names", "status"), [(("ann", "nobody"), 404), (("ann", "ann"), 422), (("ann",), 422)]
)
async def test_an_impossible_comparison_is_explained_above_the_form(
    site: Client, names: tuple[str, ...], status: int
) -> None:
    answer = await site.get(address("…" if len(names) == 1 else TEXT, *names), status=status)
    page = await body(answer)
    assert not missing_in(page, 'role="alert"', 'id="tweet_text"')


async def test_none_of_them_says_why(site: Client) -> None:
    text = "Kindly find the quarterly lamp figures attached, tonight"
    page = await site.page(address(text, "ben", "cho"))
    assert "Reads like none of them" in page
    (why,) = re.findall(r'<p class="why-nobody"[^>]*>(.*?)</p>', page)
    assert why == "These authors never write “quarterly”, “figures”, and “attached”."
    folded = page.partition('id="limits"')[2]
    assert re.search(r"The closest is (ben|cho), with a(.* chance| chance of under 1%)\.", folded)
    marked = re.findall(r'<mark class="strange">(.*?)</mark>', page)
    assert marked == ["quarterly", "figures", "attached"]
    assert "ben never writes “quarterly”" in await site.page(address(text, "ben"))
    assert "why-nobody" not in await site.page(address(TEXT, "ann", "ben", "cho"))
    answer = await site.json(f"/api/v1{address(text, 'ben', 'cho')}&reasons=1")
    assert answer["unwritten"] == ["quarterly", "figures", "attached"]


async def test_a_shared_answer_has_a_picture_of_its_own(site: Client) -> None:
    page = await site.page(address(TEXT, "ann", "ben"), headers=KOREAN)
    (shown,) = re.findall(r'property="og:image" content="(.*?)"', page)
    assert shown.startswith("http://localhost/compare/picture.png?lang=ko&tz=UTC&")
    picture = await site.get(unescape(shown.removeprefix("http://localhost")))
    assert (picture.status_code, picture.content_type) == (200, "image/png")
    preview = await picture.get_data()
    assert preview[:4] == b"\x89PNG"
    for end in ("", ".png"):
        await site.get(address("x", "nobody").replace("?", f"/picture{end}?"), status=404)
    # A page of its own has the same picture, and other looks of it.
    heading = page.partition("</h1>")[0].rpartition(">")[2]
    (link,) = re.findall('href="(/compare/picture\\?[^"]*)"[^>]* data-picture', page)
    maker = await site.page(unescape(link), headers=KOREAN)
    (saved,) = re.findall(f'href="([^"]*)" download="saywho – {heading}.png"', maker)
    assert await (await site.get(unescape(saved))).get_data() == preview
    asked = dict(parse_qsl(urlsplit(unescape(link)).query))
    assert f'<input type="hidden" name="text" value="{asked["text"]}">' in maker
    (back,) = re.findall('class="picture-back"><a href="([^"]*)"', maker)
    assert dict(parse_qsl(urlsplit(unescape(back)).query)) == asked
    for usual, chosen in (("1200x630", "1080x1920"), ("light", "dark"), ("=names", "=initials")):
        assert await (await site.get(unescape(saved).replace(usual, chosen))).get_data() != preview


POKED = (
    "Lamp and fog and bell tonight. No word of it from me. Tide and mast and oil. Wick and storm."
)


def struck_in(page: str) -> list[str]:
    return shown_in(page, '<s class="struck">.*?</s>')


def shown_in(page: str, pattern: str) -> list[str]:
    """Return the text of each such piece of a page."""
    return [re.sub("<.*?>", "", piece) for piece in re.findall(pattern, page, re.DOTALL)]


async def test_a_mark_is_struck_out_by_the_form_and_taken_back_by_a_link(site: Client) -> None:
    asked = address(POKED, "ann", "ben", "cho", sure=0.4)
    page = await site.page(asked)
    places = re.findall('form="poke" name="without" value="([^"]*)"', page)
    assert len(places) > 1
    assert (
        len(struck_in(await site.page(f"{asked}&{urlencode({'without': ' '.join(places)})}"))) > 1
    )
    struck = await site.page(f"{asked}&without={places[0]}")
    gone = struck_in(struck)
    assert set(gone) <= set(shown_in(page, "<mark class.*?</mark>"))
    assert not set(gone) & set(shown_in(struck, "<mark class.*?</mark>"))
    assert shown_in(struck, "<blockquote.*?</blockquote>") == [POKED]
    assert 'value="0.4"' in struck
    (back,) = re.findall(r'<s class="struck"><a href="([^"]*)"', struck)
    assert parse_qs(urlsplit(back).query) == parse_qs(urlsplit(asked).query)
    (twin,) = re.findall(r'href="(/api/v1/compare\?[^"]+)">JSON', struck)
    assert (await site.json(twin))["without"] == [list(map(int, places[0].split("-")))]
    pictures = [re.findall('href="(/compare/picture[^"]*)"', each) for each in (page, struck)]
    assert [len(picture) for picture in pictures] == [1, 1]
    drawn = [unescape(each).replace("/picture", "/picture.png") for (each,) in pictures]
    images = [await (await site.get(each)).get_data() for each in drawn]
    assert images[0] != images[1]


async def test_a_text_in_no_address_is_struck_by_the_form(site: Client) -> None:
    async def send(**fields: object) -> str:
        sent = {"text": POKED, "private": "1", "username": ["ann", "ben"]} | fields
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return await body(
            await site.post("/compare", data=urlencode(sent, doseq=True), headers=kind)
        )

    page = await send()
    assert "without=" not in page
    places = re.findall('<button[^>]*form="poke" name="without" value="([^"]*)"', page)[:2]
    assert len(places) == 2
    struck = await send(without=places)
    assert len(struck_in(struck)) == 2
    for place in places:
        assert re.search(f'type="checkbox" name="without" id="without-{place}"[^>]* chec', struck)
        assert f'<label for="without-{place}">' in struck


async def test_striking_everything_leaves_the_form_to_take_it_back(site: Client) -> None:
    page = await site.page(address(TEXT, "ann", "ben", without=f"0-{len(TEXT)}"))
    assert not missing_in(page, "Too little to go on", "Please write more")
    assert struck_in(page) == [TEXT]
    assert 'name="without"' in page
    assert 'class="ranking' not in page
    assert 'id="uses" aria-labelledby="uses-heading" hidden' in page


async def test_a_piece_beyond_the_text_is_refused_with_the_form(site: Client) -> None:
    for without, status in (("5-9999", 422), ("x", 400)):
        await site.get(address(TEXT, "ann", without=without), status=status)
    page = await body(await site.get(address(TEXT, "ann", without="5-9999")))
    assert "5-9999 is not inside the text" in page


async def test_of_few_posts_no_share_is_told(writer: Client) -> None:
    for name in ("ann", "ben"):
        await writer.add_author(name, *posts_of(name)[:16])
    await settle(writer.app)
    page = await writer.page("/compare/card?username=ann&username=ben")
    told = page.partition('id="measured-heading"')[2].partition("</section>")[0]
    assert "Only 8 of them have enough words" in told
    assert "named the right author" not in told
    assert "%" not in told.partition("For comparison")[0]


async def test_an_address_that_asks_about_years_is_that_of_the_comparison(site: Client) -> None:
    """The question was withdrawn; links that somebody kept still have an answer."""
    kept = await site.page(address(TEXT, years="ann", tz="Asia/Seoul"))
    assert "Most like ann among the authors here" in kept
    asked = await site.get("/compare?years=ann")
    assert (asked.status_code, asked.headers["Location"]) == (303, "/")
    assert (await site.get(f"/api/v1{address(TEXT, years='ann')}")).status_code == 400
    await site.post("/api/v1/compare", json={"text": TEXT, "years": "ann"}, status=422)
    assert (await site.post("/user/ann/2024", form={"text": TEXT})).status_code == 405


async def test_the_first_twenty_are_not_all_only_where_there_are_more(writer: Client) -> None:
    def posts_of(*names: str) -> list[dict[str, str]]:
        habits = [f"{name} sings {name} songs of {name} number" for name in names]
        return [
            {"username": name, "text": f"{habit} {number} at the {name} gate"}
            for name, habit in zip(names, habits, strict=True)
            for number in range(12)
        ]

    asked = {"text": "quince sings quince songs of quince at the quince gate"}
    names = [f"bird{chr(97 + number)}" for number in range(19)]
    await writer.add_posts(*posts_of("quince", *names))
    page = in_one_line(await writer.page(f"/compare?{urlencode(asked)}"))
    assert "Compared with all 20 authors here." in page
    await writer.add_posts(*posts_of("tern"))
    page = in_one_line(await writer.page(f"/compare?{urlencode(asked)}"))
    assert "The first 20 of all authors with posts are shown." in page
    assert re.search("Compared:.*</bdi> and 1 more</p>", page)


async def test_quoted_words_carry_their_own_language(shared: Shared) -> None:
    """Beside them, a page is of the reader's language."""
    texts = {"harin": "등대 불빛이 {}번 깜빡였어요, 오늘도 조용해요", "doyun": "기차가 {}분 늦었다"}
    for name, text in texts.items():
        await shared.writer.add_posts(
            *({"username": name, "text": text.format(n), "lang": "ko"} for n in range(30))
        )
    await settle(shared.app)
    text = "등대 불빛이 오늘도 깜빡였어요, 정말 조용해요"
    page = await shared.anybody.page(address(text, "harin", "doyun"))
    assert re.search(r'<blockquote class="judged[^>]* lang="ko"', page)
    assert '<bdi lang="ko">' in page.partition('class="used-in"')[2].partition("</ul>")[0]
    english = await shared.anybody.page(address("The lamp is lit again tonight", "harin", "doyun"))
    assert re.search(r'<blockquote class="judged[^>]* lang="en"', english)
    spanish = sentences("es")
    await shared.writer.add_posts(
        *({"username": f"es{n % 2}", "text": text} for n, text in enumerate(spanish[:60]))
    )
    await settle(shared.app)
    asked = address(spanish[0], "es0", "es1")
    page = await shared.anybody.page(asked)
    assert re.search(r'<blockquote class="judged[^>]* lang="es"', page)
    assert '<bdi lang="es">' in page.partition('class="used-in"')[2].partition("</ul>")[0]
    assert (await shared.anybody.json(f"/api/v1{asked}"))["lang"] == "es"
    # A text in Thai is in no language that the two write, so that saying theirs would be false.
    thai = await shared.anybody.page(
        address("วันนี้อากาศดีมาก เราไปเดินเล่นกัน ที่ตลาด กับเพื่อน", "es0", "es1")
    )
    assert not re.search(r'<blockquote class="judged[^>]* lang=', thai)
