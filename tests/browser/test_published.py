"""A published website, from the disk and without a network: every link, and how each page looks."""

import json
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser

from tests.archives import picture, x_file, x_media, x_zip
from tests.installation import Installation, lines

from .conftest import TIMEOUT_MS
from .test_appearance import WIDTHS, faults_of

pytestmark = pytest.mark.browser

KINDS: Final = (
    *("index.html", "2016.html", "2016/05.html"),
    *("pictures.html", "liked.html", "numbers.html", "search.html", "status.html"),
)
"""One page of each kind."""
FIRST_SEEN: Final = ("index.html", "2016/05.html")
"""Pages that `make test-later` sees."""


@pytest.fixture
def published(installation: Installation, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The website of an archive with pictures, in a language."""
    times = ("Tue May 03 10:00:00 +0000 2016", "Wed May 03 11:00:00 +0000 2017")
    tweets = [
        {
            "id_str": str(number),
            "full_text": f"@jun 바다 #{number} and a long_word_{'x' * 60} https://example.org",
            "created_at": times[number % 2],
            "favorite_count": str(number),
            "in_reply_to_screen_name": "jun",
            "extended_entities": {"media": [x_media(f"https://example.org/P{number}.jpg")]},
        }
        for number in range(1, 13)
    ]
    account = {"username": "mina", "accountDisplayName": "미나"}
    files = {
        f"data/tweets_media/{number}-P{number}.jpg": picture(number * 20, 400, 300)
        for number in range(1, 13)
    }
    members = {
        "data/account.js": x_file("account", {"account": account}),
        "data/tweets.js": x_file("tweets", *({"tweet": tweet} for tweet in tweets)),
        **files,
    }
    installation.done("import", x_zip(tmp_path / "x.zip", members))
    folder = tmp_path / "website"
    options = ("--timezone", "Asia/Seoul", "--language", request.param, "--yes")
    installation.done("publish", folder, "-u", "mina", *options)
    return folder


TEXTS: Final = (
    *(
        "책을 읽고 바다에 갔어요",
        "책이 많은 도서관",
        "바다가 보이는 골목",
        "산책길에 빵을 샀다",
        "빵보다 책",
    ),
    *(
        "Coffee by the harbour",
        "harbours and coffees",
        "Café, naïve and STRASSE, Łódź, हिन्दी, Νίκος, সকাল, شُكرًا, 二〇二四年, ｶﾌｪ → 🏴󠁧󠁢󠁳󠁣󠁴󠁿",
        "no. 17일 아침 🍞",
    ),
    *("도서관에서 만난 고양이들", "고양이는 잔다", "the ferry left", "ferries leave"),
    "(https://example.org/a_(b)), #바다 (@jun.k: <https://example.org/<b>> a@b.example http://x/ …",
    *("확인해 봐", "할 수 있어요, 못 했어", "할수있다니 확인해봐"),
)
MARKED: Final = (
    "हिन्दी",
    "νίκος",
    "ΝΙΚΟΣ",
    "সকাল",
    "Łódź",
    "lodz",
    "شكرا",
    "二〇二四年",
    "ｶﾌｪ",
    "→",
    "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
)
"""Words with marks that are letters, with marks that are none, and of rare scripts and signs."""
WORDS: Final = (
    *(
        "책",
        "책을",
        "빵보다",
        "바다",
        "바다에서는",
        "도서관",
        "도서관에",
        "고양이",
        "산책길",
        "골목",
        *("읽다", "읽어요", "가다", "갔다", "샀어", "만나요", "자요", "보다"),
    ),
    *("Coffee", "café", "STRASSE", "ferry", "harbour", "17일", "🍞", '"the ferry"', "책 바다"),
    *("확인 해봐", "확인해봐", "확인 해 봐", "할수있어", "할 수 있다", "못했어", "할수 있다"),
    *MARKED,
    *("고양이 -잔다", "after:2016-05-08", "before:2016-05-03 책", '"책이 많은"', "nothinghere"),
    *(
        "-바다 -고양이 -책",
        "도서실",
        "is:reply",
        "-is:reply 책",
        "-has:media 책",
        "-after:2016-05-08",
    ),
    *("after:2016.5.8", "책 before:2016/5/3"),
)
LEFT_OUT: Final = "-바다 -고양이 -책"
ELSE: Final = ("Coffee", "harbour", "nothinghere", "도서실", LEFT_OUT)
"""Words for which the website and the server differ."""
NOT_SEARCHED: Final = {
    "?!": "No posts found.",
    "책 after:2016": "after:2016: use a day like 2026-01-31",
    "before:2016-02-30": "before:2016-02-30: use a day like 2026-01-31",
    "책 to:jun in:1": "Not searched here: to:jun, in:1",
}
"""Queries with a part that only the server has, or nobody, and what is said."""


@pytest.fixture
def searched(installation: Installation, tmp_path: Path) -> tuple[Path, dict[str, set[int]]]:
    """A website, and the posts that the program's own search finds for each word."""
    posts = [
        {"username": "mina", "text": text, "created_at": f"2016-05-{number:02}T10:00:00Z"}
        | {"id": str(number)}
        | ({"reply_to": {"id": "1"}} if number in {2, 7} else {})
        for number, text in enumerate(TEXTS, 1)
    ]
    installation.done("import", lines(tmp_path / "posts.jsonl", *posts))
    folder = tmp_path / "website"
    options = ("--timezone", "UTC", "--language", "en", "--yes")
    installation.done("publish", folder, "-u", "mina", *options)
    found = {
        word: {post["id"] for post in json.loads(answer)["items"]}
        for word in WORDS
        if word != LEFT_OUT and (answer := installation.done("search", "--json", "--", word))
    }
    return folder, found


async def test_the_search_finds_from_a_disk_what_the_server_finds(
    browser: Browser, searched: tuple[Path, dict[str, set[int]]]
) -> None:
    folder, expected = searched
    context = await browser.new_context(offline=True)
    context.set_default_timeout(TIMEOUT_MS)
    page = await context.new_page()
    await page.goto((folder / "search.html").as_uri())
    found = {}
    for word in WORDS:
        await page.fill("#q", word)
        await page.press("#q", "Enter")
        await page.wait_for_function("document.getElementById('found').textContent")
        links = await page.evaluate(
            "[...document.querySelectorAll('#results .when')].map(link => link.href)"
        )
        found[word] = {int(link.rpartition("#p")[2]) for link in links}
    # Here the beginning of a word is enough.
    assert found["Coffee"] == expected["Coffee"] | {7}
    assert found["harbour"] == expected["harbour"] | {7}
    # The server looks for similar words where there is none.
    same = [word for word in WORDS if word not in set(ELSE)]
    assert {word: found[word] for word in same} == {word: expected[word] for word in same}
    assert not found["nothinghere"]
    assert not found["도서실"]
    assert all(found[word] == {8} for word in MARKED)
    # Of a word that is nowhere, near words are named apart, with their own number.
    for typed, near in (("harbuor", "harbour"), ("harry bour", "harbour"), ("도서실", "도서관")):
        await page.fill("#q", typed)
        await page.press("#q", "Enter")
        await page.wait_for_function("document.getElementById('found').querySelector('a')")
        assert f"Near words: {near} (" in await page.inner_text("#found")
        assert not await page.query_selector("#results li")
    # The server looks for words alone.
    assert found[LEFT_OUT] == {6, 7, 8, 9, 12, 13, 15, 16, 17}
    for typed, told in NOT_SEARCHED.items():
        await page.fill("#q", typed)
        await page.press("#q", "Enter")
        await page.wait_for_function("document.getElementById('found').textContent")
        assert told in await page.inner_text("#found")
    links = "[...document.querySelectorAll('{} .post-text a')].map(a => [a.textContent, a.href])"
    await page.fill("#q", "example")
    await page.press("#q", "Enter")
    await page.wait_for_selector("#results a mark")
    in_results = await page.evaluate(links.format("#results"))
    await page.goto((folder / "2016" / "05.html").as_uri())
    assert len(in_results) >= 4
    assert in_results == await page.evaluate(links.format("#p14"))
    await page.goto((folder / "search.html").as_uri() + "#q=고양이")
    await page.wait_for_selector("#results mark")
    # A lone sign that no address has is what was typed.
    await page.goto((folder / "index.html").as_uri())
    await page.goto((folder / "search.html").as_uri() + "#q=100%")
    await page.wait_for_function("document.getElementById('found').textContent")
    assert await page.input_value("#q") == "100%"
    await page.goto((folder / "search.html").as_uri() + "#q=고양이")
    await page.wait_for_selector("#results mark")
    spoken = "document.querySelector('#results .post-text').lang"
    assert await page.evaluate(spoken) == "ko"
    await page.click("#results a")
    await page.wait_for_selector(".post:target")
    await page.goto((folder / "status.html").as_uri() + "#7")
    await page.wait_for_selector("#p7:target")
    await context.close()


def pages_in(folder: Path) -> set[str]:
    return {path.as_uri() for path in folder.rglob("*.html")}


@pytest.mark.parametrize(
    ("published", "kinds", "widths"),
    [
        pytest.param("ko", FIRST_SEEN, WIDTHS[:1], id="first"),
        pytest.param("ko", KINDS, WIDTHS, id="ko", marks=pytest.mark.full),
        pytest.param("en", KINDS, WIDTHS, id="en", marks=pytest.mark.full),
    ],
    indirect=["published"],
)
async def test_a_website_is_whole_from_the_disk(
    browser: Browser, published: Path, kinds: tuple[str, ...], widths: tuple[int, ...]
) -> None:
    context = await browser.new_context(offline=True)
    page = await context.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))
    context.set_default_timeout(TIMEOUT_MS)
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith(published.as_uri())
            else faults.append(f"asks for {request.url}")
        ),
    )
    start = (published / "index.html").as_uri()
    waiting, seen = [start], {start}
    while waiting:
        await page.goto(waiting.pop())
        links = await page.evaluate("[...document.links].map(link => link.href.split('#')[0])")
        for link in links:
            if link not in seen and not link.startswith("https://example.org"):
                seen.add(link)
                waiting.append(link)
    assert {(published / name).as_uri() for name in KINDS} <= seen
    assert pages_in(published) <= seen, "no link leads to a page"
    assert not faults, "\n".join(faults)
    # axe itself asks for the stylesheet, which a browser refuses from a disk.
    looked = {
        name: found
        for name in kinds
        if (found := await faults_of(page, (published / name).as_uri(), widths=widths))
    }
    await context.close()
    assert looked == {}
