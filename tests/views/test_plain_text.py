"""Pages as plain text, as text browsers show them, which many who read by braille use.

They know no style sheet, no `hidden` and no `aria-hidden`: whatever stands in the page is read.
"""

import asyncio
import io
import os
import re
import shutil
import subprocess
import warnings
from collections import Counter, deque
from collections.abc import Sequence
from itertools import pairwise
from typing import Final
from urllib.parse import quote, urlsplit

import pytest
from quart.datastructures import FileStorage
from selectolax.lexbor import LexborHTMLParser, LexborNode
from werkzeug.exceptions import HTTPException

from tests.browsing import Browser, parts_of, signed_in
from tests.chats import import_chat, kakaotalk
from tests.conftest import Client, Shared
from tests.made_chats import made_authors, made_chat
from tests.waiting import settle

OF_EACH: Final = 3
"""Pages of each kind that are read."""
CONTROLS: Final = {"input", "select", "textarea", "button", "progress", "svg"}
W3M: Final = shutil.which("w3m")


@pytest.fixture(scope="module")
async def site(shared: Shared) -> Client:
    for seed in (3, 8):
        chat = made_chat(seed)
        await import_chat(parts_of(shared.app).db, kakaotalk(chat.title, *chat.said))
    authors = made_authors(1, "en")
    rows = (
        {"username": name, "text": text, "created_at": f"{when}:00Z".replace(" ", "T")}
        for when, name, text in authors.said
    )
    await shared.writer.add_posts(*rows)
    await settle(shared.app)
    return shared.anybody


async def crawled(
    client: Client | Browser, language: str, further: Sequence[str] = ()
) -> dict[str, str]:
    """Return pages by their address, of each kind the first that links lead to."""
    words = quote("I will be at the harbour with the old boat")
    found, seen = dict[str, str](), Counter[str]()
    addresses = deque([*further, "/", "/about", "/login", f"/compare?text={words}"])
    known = {*addresses}
    places = client.app.url_map.bind("localhost")
    while addresses:
        address = addresses.popleft()
        try:
            kind, _ = places.match(urlsplit(address).path, "GET")
        except HTTPException:
            continue
        if seen[str(kind)] == OF_EACH:
            continue
        answer = await client.get(address, headers=client.headers | {"Accept-Language": language})
        if answer.mimetype != "text/html" or answer.status_code != 200:
            continue
        seen[str(kind)] += 1
        page = found[address] = await answer.get_data(as_text=True)
        for link in LexborHTMLParser(page).css("main a[href], header a[href]"):
            target = (link.attributes["href"] or "").partition("#")[0]
            # A link to the other language would be followed by all pages after it.
            if target.startswith("/") and target not in known and "locale=" not in target:
                known.add(target)
                addresses.append(target)
    return found


def is_sentence(element: LexborNode) -> bool:
    """Return whether an element has words, and nothing but words."""
    has_control = any(element.css_first(control) for control in CONTROLS)
    return not has_control and len(element.text().split()) >= 2


def as_text(w3m: str, page: str) -> str:
    options = ("-dump", "-T", "text/html", "-I", "utf-8", "-O", "utf-8", "-cols", "200")
    dumped = subprocess.run(
        [w3m, *options], input=page.encode(), capture_output=True, check=True, timeout=60
    )
    return dumped.stdout.decode()


@pytest.fixture(scope="module")
async def operator(shared: Shared, site: Client) -> tuple[Browser, list[str]]:
    """Whoever runs the site, and where to begin there: a chat and a table to look at before they
    are imported, and their list."""
    browser = await signed_in(shared.app)
    chat = made_chat(3)
    rows = "".join(f"ada,The kettle number {place} is on.\n" for place in range(9))
    starts = ["/imports", "/settings"]
    for name, content in (
        ("new.txt", kakaotalk("new", *chat.said)),
        ("table.csv", f"username,text\n{rows}".encode()),
    ):
        files = {"file": FileStorage(io.BytesIO(content), name)}
        answer = await browser.post("/imports", files=files)
        starts.append(answer.headers["Location"])
    await settle(shared.app)
    return browser, starts


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("who", ["visitor", "operator"])
async def test_nothing_is_read_twice_nor_before_it_happens(
    site: Client, operator: tuple[Browser, list[str]], language: str, who: str
) -> None:
    client, starts = operator if who == "operator" else (site, [])
    pages = await crawled(client, language, starts)
    assert len(pages) >= 20, sorted(pages)
    assert {*starts} <= {*pages}, sorted(pages)
    for address, page in pages.items():
        main = LexborHTMLParser(page)
        assert f'<html lang="{language}"' in page, address
        # Text browsers read what a list would offer, and what only a finger or only a mouse sees.
        offered = [one.text() for one in main.css("datalist, .with-touch") if one.text().strip()]
        assert not offered, (address, offered)
        counts = [one.text() for one in main.css(".chip .count") if one.text().strip().isdigit()]
        assert not counts, (address, counts)
        # A script makes the buttons that do nothing without it.
        idle = [one.html for one in main.css("button[type=button]") if one.text().strip()]
        assert not idle, (address, idle)
        waiting = [one.text() for one in main.css("main [hidden]") if is_sentence(one)]
        assert not waiting, (address, waiting)
        for short in main.css("[aria-hidden=true]"):
            whole = short.next
            if whole is not None and "visually-hidden" in (whole.attributes.get("class") or ""):
                assert not whole.text().startswith(short.text()[:1]), (address, whole.text())
        if W3M is None:
            continue
        dumped = await asyncio.to_thread(as_text, W3M, page)
        assert len(dumped) > 100, address
        assert not re.findall(r"(?<![/\w])\{\w+\}", dumped), address
        assert not re.findall(r"\b(\d{1,3}(?:,\d{3})+)\1", dumped), address
        lines = [line.strip(" •") for line in dumped.splitlines() if line.strip()]
        headings = {" ".join(one.text().split()) for one in main.css("h1, h2, h3")}
        twice = [line for line, after in pairwise(lines) if line == after and line in headings]
        assert not twice, (address, twice)
    if W3M is None:
        assert os.environ.get("CI") != "true", "w3m is missing: bash tests/install.sh w3m"
        warnings.warn("w3m is missing: pages were not read by a text browser", stacklevel=1)


KOREAN: Final = re.compile(r"[가-힣]+(?:[ .,!?~]+[가-힣]+){3}")


def language_of(element: LexborNode | None) -> str | None:
    while element is not None and "lang" not in element.attributes:
        element = element.parent
    return element.attributes["lang"] if element is not None else None


def assert_in_its_language(address: str, page: str) -> int:
    """Check the Korean texts of an English page; return their number."""
    count = 0
    for element in LexborHTMLParser(page).css("body *"):
        told = element.text(deep=False)
        is_read = element.tag not in {"script", "style"} and "hidden" not in element.attributes
        if is_read and KOREAN.search(told):
            assert language_of(element) == "ko", (address, element.tag, told)
            count += 1
    return count


async def test_what_somebody_wrote_is_read_in_its_language(
    site: Client, operator: tuple[Browser, list[str]]
) -> None:
    """Speech programs change their voice at `lang` (WCAG 3.1.2)."""
    chat = made_chat(3)
    text = max((text for _, _, text in chat.said if KOREAN.search(text)), key=len)
    browser, [*pages_of_all, import_path, _] = operator
    addresses = [f"/compare?text={quote(text)}", f"/posts?username={quote(chat.names[0])}"]
    for client, starts in ((browser, [import_path, *pages_of_all]), (site, addresses)):
        pages = await crawled(client, "en", starts)
        counts = {
            address: assert_in_its_language(address, page)
            for address, page in pages.items()
            if not address.startswith("/search")  # It repeats what the visitor asks for.
        }
        assert all(counts[start] for start in starts if start not in pages_of_all), counts
    table = FileStorage(io.BytesIO(f"text\n{text}\n".encode()), "table.csv")
    answer = await browser.post("/compare/table", files={"file": table})
    assert assert_in_its_language("/compare/table", await answer.get_data(as_text=True))
