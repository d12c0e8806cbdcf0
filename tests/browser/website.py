"""A real server with invented posts, a real browser, and the pages that both show."""

import asyncio
import contextlib
import functools
import json
import os
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import httpx
import pytest
from playwright.async_api import Browser, async_playwright

from app.config import Config
from tests.installation import Installation
from tests.server import SERVE, serving
from tests.waiting import until_at_rest

CHROMIUM: Final = Path("/usr/bin/chromium")
HEADLESS: Final = Path("/usr/bin/chromium-headless-shell")
"""The same engine without what surrounds a page: half the processor time."""
ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
START_TIMEOUT_S: Final = 50
OPERATOR: Final = "미나"
PASSWORD: Final = "invented for tests only"
COOKIE: Final = "saywho_session"

TEXT: Final = "오늘도 굽습니다, 새벽 네 시 호밀빵 먼저… 관측 가능한 하늘은 내일쯤요 :)"
KOREANS: Final = ("골목빵집", "언덕천문대")
LONG_NAME: Final = "긴이름" + "abcdefghij" * 31
ROOM: Final = "저녁마다 항구에서 만나 커피를 마시는 사람들 🏮 and whoever-comes-along-with-them"
RIGHT_TO_LEFT: Final = "مقهى_الميناء"
ODD_POSTS: Final = (
    (LONG_NAME, "https://example.org/" + "seite-ohne-ende-" * 20 + "?q=1"),
    (RIGHT_TO_LEFT, "القهوة جاهزة عند الميناء، والبحر هادئ هذا الصباح. 12:30"),
    (RIGHT_TO_LEFT, "<b>not bold</b> & \"quoted\" 'text'"),
    ("짧은말", "ㅋㅋㅋㅋㅋㅋ"),
)


def compare_path(text: str, *usernames: str) -> str:
    return "/compare?" + urlencode([("text", text), *(("username", name) for name in usernames)])


FOG: Final = "Fog lifted at noon. Wind NW 4, vis 12 miles, and the stairs are swept."
SEVERAL: Final = (*KOREANS, "12번버스", "느티나무도서관", "짧은말", LONG_NAME)
COPIED: Final = "[21:06, 1/15/2024] saltmarsh_light: Fog again.\n[21:08, 1/15/2024] Jun: Do stay"
QUOTED: Final = f"> Do you always stay until the end?\n{FOG}"
PAGES: Final = {
    "home": "/",
    "about": "/about",
    "phone": "/phone?next=/quiz",
    "compare-one": compare_path(TEXT, KOREANS[0]),
    "compare-short": compare_path("ㅋㅋ 네", *KOREANS),
    "compare-copied": compare_path(COPIED),
    "compare-quoted": compare_path(QUOTED, *KOREANS),
    "compare-nobody": compare_path(FOG, *KOREANS),
    "compare": compare_path(TEXT, *KOREANS),
    "compare-struck": compare_path(TEXT, *KOREANS) + "&without=4-9",
    "compare-several": compare_path(TEXT + " " + "길게" * 100, *SEVERAL),
    "compare-all": compare_path("Wind NW 4, backing. Lit 16:36, nothing to report, reported."),
    "compare-failure": compare_path(TEXT, KOREANS[0], "없는사람"),
    "card": "/compare/card?"
    + urlencode([("username", name) for name in (*KOREANS, "saltmarsh_light", LONG_NAME)]),
    "search-form": "/search",
    "search": "/search?" + urlencode({"q": "오늘 관측"}),
    "search-nothing": "/search?" + urlencode({"q": "x" * 200}),
    "search-unknown": "/search?" + urlencode({"q": "빵", "username": "없는사람"}),
    "authors": "/authors",
    "author": "/user/" + quote(KOREANS[0]),
    "author-long": "/user/" + quote(LONG_NAME),
    "author-rtl": "/user/" + quote(RIGHT_TO_LEFT),
    "year": f"/user/{quote(KOREANS[0])}/2026",
    "picture": "/room/1/portrait/picture?format=1080x1350&words=1",
    "wall": "/posts?has=media",
    "tweet": "/tweet/400",
    "room": "/room/1",
    "room-day": "/room/1?on=2026-10-02",
    "room-search": "/room/1?" + urlencode({"q": "القهوة"}),
    "message": "/tweet/482",
    "quiz-room-few": "/quiz?room=1",
    "posts": "/posts?" + urlencode({"username": KOREANS[0], "hour": 34, "tz": "Asia/Seoul"}),
    "posts-none": "/posts?" + urlencode({"lang": "xx", "since": "2026-01-01"}),
    "table": "/dashboard/table/timeline?" + urlencode({"username": KOREANS[0]}),
    "many-texts": "/compare/table",
    "table-none": "/dashboard/table/hours?lang=xx",
    "dashboard": "/dashboard/",
    "dashboard-none": "/dashboard/?lang=xx",
    "dashboard-failure": "/dashboard/?username=nobody",
    "quiz": "/quiz",
    "quiz-answered": "/quiz",
    "not-found": "/user/nobody",
    "malformed": "/authors?cursor=%21",
}
"""Every page, and those of its states that look different."""


@dataclass(frozen=True)
class Website:
    """A server that runs, where, and what it writes."""

    url: str
    log: Path
    command: Callable[..., str]
    """Runs `saywho` with arguments on the same installation, and waits until the server has done
    the maintenance that follows; returns what it prints.
    """

    def address(self, path: str) -> str:
        return self.url + path

    def setup_path(self) -> str:
        """Return where the first account is made, as the server says at its start."""
        link = re.search(r"http://\S+(/setup\?token=\S+)", self.log.read_text())
        assert link, "no set-up link was printed"
        return link[1]

    @functools.lru_cache(maxsize=1)  # noqa: B019 - there are few sites, and each lives to the end.
    def invitation_path(self, name: str) -> str:
        """Return where the account of that name is made."""
        link = urlsplit(self.command("operator", "add", name).strip())
        return f"{link.path}?{link.query}"

    @functools.lru_cache(maxsize=1)  # noqa: B019 - there are few sites, and each lives to the end.
    def session_cookie(self) -> Any:
        """Sign the operator in from two browsers, since one lists the other; return a cookie."""
        form = {"name": OPERATOR, "password": PASSWORD}
        for _ in range(2):
            answer = self._send("POST", "/login", data=form, headers={"Origin": self.url})
        return {"name": COOKIE, "value": answer.cookies[COOKIE], "url": self.url}

    def reader_path(self, name: str) -> str:
        """Return where somebody whom the operator invites makes a reader's account."""
        answer = self._signed_in("POST", "/settings/invitations", data={"name": name})
        link = re.search(r'id="new_link"[^>]*>http://[^/]+([^<]+)<', answer.text)
        assert link, "no link was shown"
        return link[1]

    @functools.lru_cache(maxsize=1)  # noqa: B019 - there are few sites, and each lives to the end.
    def reader_cookie(self) -> Any:
        """Return a cookie of a reader's session."""
        _, _, token = self.reader_path("두리").partition("token=")
        form = {"token": token, "name": "두리", "password": PASSWORD}
        answer = self._send("POST", "/setup", data=form, headers={"Origin": self.url})
        return {"name": COOKIE, "value": answer.cookies[COOKIE], "url": self.url}

    def send(self, method: str, path: str, **fields: Any) -> None:
        """Send a request to the API as the operator."""
        self._ask(method, path, json=fields)

    def add_posts(self, username: str, *texts: str) -> None:
        """Add posts in bulk, as an import would, but without a process of its own."""
        lines = json_lines({"username": username, "text": text} for text in texts)
        headers = {"Content-Type": "application/x-ndjson"}
        self._ask("POST", "/tweets", content=lines, headers=headers)

    def _ask(self, method: str, path: str, **request: Any) -> None:
        self._signed_in(method, f"/api/v1{path}", **request)

    def _signed_in(self, method: str, path: str, **request: Any) -> httpx.Response:
        cookie = f"{COOKIE}={self.session_cookie()['value']}"
        own = {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"}
        return self._send(method, path, headers=own | request.pop("headers", {}), **request)

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        answer = httpx.request(method, self.url + path, timeout=START_TIMEOUT_S, **request)
        assert answer.status_code < 400, answer.text
        return answer


def odd_records() -> Iterator[dict[str, Any]]:
    for place, (username, text) in enumerate(ODD_POSTS):
        time_ = f"2026-10-{place + 1:02}T12:00:00Z"
        post = {"username": username, "text": text, "created_at": time_}
        yield post | {"source_id": f"odd-{place}", "room": {"id": 1, "name": ROOM}}


def crowd_records(authors: int = 45) -> Iterator[dict[str, Any]]:
    """Posts of more authors than a form has boxes for."""
    for place in range(authors * 4):
        username = f"neighbour_{place % authors + 1:02}"
        text = (
            f"Post {place} of {username}: tea at {place % 24}, bread at {place % 7 + 5}, and rain."
        )
        yield {"username": username, "text": text, "source_id": str(place)}


def room_records() -> Iterator[dict[str, Any]]:
    """Messages of two people of the crowd, as many as the quiz of their room needs."""
    for place in range(40):
        username = f"neighbour_{place % 2 + 1:02}"
        text = f"물 올려 둘게, {place}번째로 오는 사람은 컵 좀… ☕ {username}: https://example.org/kettle"
        said = {"username": username, "text": text, "source_id": f"said-{place}"}
        yield said | {"room": {"id": 1, "name": ROOM}}


def json_lines(records: Iterable[dict[str, Any]]) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


@contextlib.contextmanager
def serve(
    folder: Path,
    *,
    sample: bool = True,
    records: Sequence[dict[str, Any]] = (),
    has_operator: bool = False,
    prepare: Callable[[Path], None] | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Website]:
    """Serve an installation in that folder until the block ends; `prepare` gets its data folder."""
    installation = Installation(folder / "data", {"SAYWHO_ACCESS_LOG": "0"} | dict(settings or {}))

    def run(*arguments: str, typed: str = "") -> str:
        # A thread, since a test's own has a loop that runs.
        return thread.submit(installation.done, *arguments, stdin=typed).result()

    def settle() -> None:
        # Else a page may change while a test looks at it.
        config = Config.from_env(installation.environment())
        thread.submit(asyncio.run, until_at_rest(config)).result()

    def command(*arguments: str) -> str:
        printed = run(*arguments)
        settle()
        return printed

    thread = ThreadPoolExecutor(1)
    if sample:
        run("demo")
    if records:
        file = folder / "posts.jsonl"
        file.write_text(json_lines(records))
        run("import", str(file), "--publish")
    if has_operator:
        run("operator", "add", OPERATOR, "--password-stdin", typed=PASSWORD + "\n")
    if prepare:
        prepare(folder / "data")
    with serving(installation, *SERVE, "--workers", "1") as server:
        settle()
        yield Website(f"http://127.0.0.1:{server.port}", server.log_file, command)


def find_chromium(*, whole: bool = False) -> Path:
    """Return the browser; skip the test, or fail where everything must be there, without one.

    whole: the one that people use, with a history of pages.
    """
    for program in (CHROMIUM,) if whole else (HEADLESS, CHROMIUM):
        if program.exists():
            return program
    reason = f"browser tests need Chromium at {CHROMIUM}; run: bash tests/install.sh chromium"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@contextlib.asynccontextmanager
async def chromium(program: Path, *, keeps_pages: bool = False) -> AsyncIterator[Browser]:
    """Run the browser without a window until the block ends.

    keeps_pages: whether pages stay in memory for those who go back, as outside of tests.
    """
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program,
            args=list(ARGUMENTS),
            headless=True,
            ignore_default_args=["--disable-back-forward-cache"] if keeps_pages else None,
        )
        try:
            yield browser
        finally:
            await browser.close()
