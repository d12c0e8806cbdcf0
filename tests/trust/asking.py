"""Fills a data folder, and asks all that can be read of one: steps of `same_bytes.py`.

Each step is a process that takes the program, and what else this imports, from one commit. The
clock stands still in it and chance is none.
"""

import asyncio
import hashlib
import json
import random
import re
import sqlite3
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from html import unescape
from importlib import import_module
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from quart import Quart
from werkzeug.exceptions import HTTPException
from werkzeug.routing.exceptions import RequestRedirect

API: Final = "/api/v1"
ACCOUNT, PASSWORD = "mina", "a harbour, a lamp and 3 boats"
MOST_CRAWLED: Final = 12
"""Addresses of a route that are asked because pages lead to them."""
UNASKED: Final = re.compile(
    r"/static/|/favicon.ico|/metrics|/api/v1/live|/dashboard/_dash-component-suites/|.*[?&]locale="
)
"""Addresses of files, of figures of operation, of an answer without an end, and of languages."""
LANGUAGES: Final = ("en", "ko")
FIGURES: Final = ("timeline", "hours", "nothing")
PAIRS: Final = (
    ("민준_(회사)", "Anna_Kim"),
    ("골목빵집", "언덕천문대"),
    ("saltmarsh_light", "Anna_Kim"),
)
TEXTS: Final = (
    "오늘도 굽습니다, 새벽 네 시 호밀빵 먼저… 관측 가능한 하늘은 내일쯤요 :)",
    "Wind NW 4, backing. Lit 16:36, nothing to report.",
    "ㅋㅋ",
)
Asked = tuple[list[str], dict[str, bytes]]
"""Addresses, and by request status, headers and content, compressed."""


def fill(folder: Path, kind: str) -> None:
    """Fill a data folder by commands: with a chat, and if mixed, an archive and the samples; or
    with made chats of two years and authors who are in none.
    """
    from tests.archives import picture, x_media, x_media_members, x_zip
    from tests.chats import kakaotalk, said
    from tests.installation import Installation

    site = Installation(folder / "data")
    site.data_dir.mkdir(parents=True)
    if kind == "made":
        for file in _made_files(folder):
            site.done(
                "import", str(file), "--timezone", "Asia/Seoul", "--publish", "--accept-doubts"
            )
    if kind == "mixed":
        site.done("demo")
        media = {number: [x_media(f"https://p.example/{number}.png")] for number in (101, 102)}
        files = {f"{number}-{number}.png": picture(number) for number in media}
        site.done("import", str(x_zip(folder / "x.zip", x_media_members(media, files))))
    if kind != "made":
        chat, people = folder / "chat.txt", ("민준 (회사)", "하늘 🌿", "Anna Kim")
        chat.write_bytes(kakaotalk("우리 🏮", *said(people, times=20)))
        site.done("import", str(chat), "--timezone", "Asia/Seoul", "--publish")
    site.done("operator", "add", ACCOUNT, "--password-stdin", stdin=PASSWORD + "\n")
    asyncio.run(_settle(site.data_dir))


def _made_files(folder: Path) -> Iterator[Path]:
    from tests.chats import Said, kakaotalk, telegram
    from tests.made_chats import made_authors, made_chat

    def of_two_years(said: list[Said]) -> list[Said]:
        return sorted([*((f"2023{when[4:]}", name, text) for when, name, text in said[::2]), *said])

    korean, english, authors = made_chat(1), made_chat(2), made_authors(3, "en")
    for name, content in {
        "korean.txt": kakaotalk(korean.title, *of_two_years(korean.said)),
        "english.json": telegram(7, english.title, *of_two_years(english.said)),
        "authors.jsonl": b"".join(
            json.dumps({"username": name, "text": text, "created_at": f"{when}:00+09:00"}).encode()
            + b"\n"
            for when, name, text in of_two_years(authors.said)
        ),
    }.items():
        path = folder / name
        path.write_bytes(content)
        yield path


async def _settle(data_dir: Path) -> None:
    from tests.waiting import settle

    app = _app(data_dir)
    async with app.test_app():
        await settle(app)


def _app(data_dir: Path) -> Quart:
    from app import create_app
    from app.config import Config

    return create_app(Config(env="testing", data_dir=data_dir, access_log=False, public=True))


def stand_still(now: datetime) -> None:
    """Stop the clock and leave nothing to chance; before the program is imported."""
    # Commits before the library have the clock in the site.
    clock: Any = import_module("saywho.clock" if find_spec("saywho") else "app.runtime.clock")
    clock.now = lambda: now
    connect: Any = sqlite3.connect

    def connect_without_chance(*args: Any, **options: Any) -> Any:
        connection = connect(*args, **options)
        connection.create_function("random", 0, lambda: 0)
        return connection

    class Chance(random.Random):
        """Without a seed, draws what the shared one, seeded for each answer, leads to."""

        def __init__(self, seed: Any = None) -> None:
            super().__init__(random.random() if seed is None else seed)

    modules: tuple[Any, ...] = (sqlite3, sqlite3.dbapi2)
    for module in modules:
        module.connect = connect_without_chance
    vars(random)["Random"] = Chance


async def ask_site(folder: Path, addresses: list[str], only: str) -> Asked:
    """Return what a data folder answers, at these addresses or at all that are to be asked."""
    from tests.browsing import Browser

    app = _app(folder / "data")
    async with app.test_app():
        operator = Browser(app)
        assert (await operator.sign_in(ACCOUNT, PASSWORD)).status_code == 303
        asker = Asker(app, {"stranger": Browser(app), "operator": operator}, only)
        await asker.read(addresses)
        if not only:
            await asker.send_forms()
            await asker.preview(sorted(folder.glob("*.*")))  # noqa: ASYNC240 - nobody else waits
    return asker.addresses, asker.answers


class Asker:
    """Asks one app as everybody, in each language."""

    def __init__(self, app: Quart, browsers: dict[str, Any], only: str = "") -> None:
        """only: a pattern of the addresses that are asked."""
        self.app, self.browsers, self.only = app, browsers, re.compile(only)
        self.routes = app.url_map.bind("localhost")
        self.addresses: list[str] = []
        self.answers: dict[str, bytes] = {}

    async def ask(self, method: str, path: str, **request: Any) -> str:
        """Keep the answers; return the text of the last one."""
        text = ""
        for who, language in product(self.browsers, LANGUAGES):
            random.seed(0)
            browser = self.browsers[who]
            browser.cookies |= {"saywho_lang": language}
            answer = await browser.send(method, path, **request)
            data = await answer.get_data()
            is_text = re.match(r"text/|application/(.*json|.*xml)", answer.mimetype or "")
            text = data.decode() if is_text else hashlib.sha256(data).hexdigest()
            head = sorted(f"{name}: {value}" for name, value in answer.headers.items())
            lines = "\n".join([str(answer.status_code), *head, "", text])
            self.answers[f"{method} {path} {who} {language}"] = zlib.compress(lines.encode(), 1)
        return text

    async def read(self, addresses: list[str]) -> None:
        """Read these addresses; without any, those of all routes and what their answers lead to."""
        routed = addresses or [*self._routed(await self._values()), *queries()]
        self.addresses = [path for path in routed if self.only.search(path)]
        counts = Counter[str]()
        for path in self.addresses:
            text = await self.ask("GET", path)
            for address in () if addresses else links(text):
                endpoint = self._endpoint(address)
                is_new = self.only.search(address) and address not in self.addresses
                if endpoint and counts[endpoint] < MOST_CRAWLED and is_new:
                    counts[endpoint] += 1
                    self.addresses.append(address)  # The loop comes to it.

    def _endpoint(self, address: str) -> str | None:
        if UNASKED.match(address):
            return None
        try:
            endpoint, _ = self.routes.match(urlsplit(address).path, method="GET")
        except (HTTPException, RequestRedirect):
            return None
        return str(endpoint)

    async def _values(self) -> dict[str, list[Any]]:
        async def items(path: str) -> list[Any]:
            answer = await self.browsers["stranger"].get(API + path)
            return list((await answer.get_json())["items"])

        users, posts = await items("/users?limit=8"), await items("/search?q=%EB%A7%90&limit=3")
        return {
            "username": [*(user["username"] for user in users), "nobody"],
            "tweet_id": [1, 2, *(post["id"] for post in posts), 999_999],
            "room_id": [1, 2, 999],
            "year": [2023, 2024, 2025],
            "name": list(FIGURES),
            "import_id": [1, 999],
            "game_id": [999],
        }

    def _routed(self, values: dict[str, list[Any]]) -> Iterator[str]:
        """Yield addresses of all routes that are read."""
        for rule in self.app.url_map.iter_rules():
            if "GET" not in (rule.methods or ()) or UNASKED.match(rule.rule):
                continue
            names = sorted(rule.arguments)
            for chosen in product(*(values.get(name, ["nothing"]) for name in names)):
                yield self.routes.build(rule.endpoint, dict(zip(names, chosen, strict=True)))

    async def send_forms(self) -> None:
        """Send what changes nothing."""
        for figure, view in product(FIGURES, ("", "username=Anna_Kim&lang=xx", "username=nobody")):
            call = {
                "output": f"{figure}-drawing.data",
                "outputs": {"id": f"{figure}-drawing", "property": "data"},
                "inputs": [{"id": f"{figure}-ask", "property": "data", "value": {"view": view}}],
                "changedPropIds": [f"{figure}-ask.data"],
            }
            await self.ask("POST", f"/dashboard/_dash-update-component?{figure}&{view}", json=call)
        await self.ask("POST", "/compare", form={"text": TEXTS[0], "username": "Anna_Kim"})
        await self.ask("POST", f"{API}/compare", json={"text": TEXTS[1], "explain": True})
        await self.ask("POST", "/setup", form={"token": "no", "name": "a", "password": "b"})

    async def preview(self, files: list[Path]) -> None:
        """Upload files, and show what is in them."""
        operator = self.browsers["operator"]
        for number, path in enumerate(files, 1):
            head = f'Content-Disposition: form-data; name="file"; filename="{path.name}"'
            data = f"--B\r\n{head}\r\n\r\n".encode() + path.read_bytes() + b"\r\n--B--\r\n"
            headers = operator.headers | {"Content-Type": "multipart/form-data; boundary=B"}
            await operator.post("/imports", data=data, headers=headers)
            await self.ask("GET", f"/imports/{number}")
        await self.ask("GET", "/imports")


def written(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files that commands write of a data folder: exports, reports and a website."""
    from tests.installation import Installation

    site, file, website = Installation(folder / "data"), folder / "file", folder / "website"
    authors, rooms = (
        [item[key] for item in site.json(command)["items"]]
        for command, key in (("users", "username"), ("rooms", "id"))
    )
    subjects = [*(("--room", room) for room in rooms), *(("-u", name) for name in authors[:6])]
    commands: list[tuple[object, ...]] = [
        ("export", "--format", each) for each in ("jsonl", "csv", "mongo")
    ]
    commands += [("export", "--room", room, "--format", "chatlab") for room in rooms]
    for subject, year, names in product(subjects, ("", "2023", "2024"), ("", "--names")):
        command = ("report", *subject, *(("--year", year) if year else ()), names)
        commands.append((*filter(None, command),))
    for command in commands:
        file.write_bytes(b"")
        result = site.run(*map(str, command), "-o", str(file))
        yield " ".join(map(str, command)), file.read_bytes() or result.stderr.encode()
    options = ("--old-posts", "public", "--timezone", "Asia/Seoul", "--yes")
    for name in authors:
        result = site.run("publish", str(website / name), "-u", name, *options)
        yield f"publish {name}", result.stdout.replace(str(folder), "").encode()
    for path in sorted(website.rglob("*.*")):
        yield str(path.relative_to(folder)), path.read_bytes()


def queries() -> Iterator[str]:
    """Yield addresses with queries, about authors of either folder."""
    for pair, text in product([(), *PAIRS, ("nobody", "Anna_Kim")], TEXTS):
        named = urlencode({"text": text, "username": pair}, doseq=True)
        yield from (f"{path}?{named}" for path in ("/compare", f"{API}/compare", "/"))
        yield f"/compare/picture.png?{named}"
    for pair in PAIRS:
        named = urlencode({"username": pair}, doseq=True)
        for path in ("/compare/card", f"{API}/compare/card", f"{API}/stats", "/dashboard/"):
            yield f"{path}?{named}"
        for figure, more in product(FIGURES, ("", "&lang=xx", "&tz=Asia/Seoul&since=2024-01-01")):
            yield f"/dashboard/table/{figure}?{named}{more}"
            yield f"/dashboard/table/{figure}.csv?{named}{more}"
        yield from (f"/posts?{named}{more}" for more in ("", "&hour=30", "&lang=xx"))
        yield f"/dashboard/?{named}&lang=xx"
        yield f"/search?{urlencode({'q': '말', 'username': pair[0]})}"
    for path, word in product(("/search", f"{API}/search", "/authors"), ("말", "wind", "빵 호밀")):
        yield f"{path}?q={quote(word)}"
    yield from ("/posts?has=media", "/posts?platform=kakaotalk", "/search?platform=kakaotalk")
    yield from ("/authors?cursor=%21", "/posts?since=x", "/quiz?room=1", "/room/1?q=" + quote("말"))
    yield from ("/room/1?on=2024-01-15", "/dashboard/?username=nobody", "/nothing", "/api/nothing")


def links(page: str) -> Iterator[str]:
    """Yield the addresses of this site that a page leads to."""
    return map(unescape, re.findall(r'(?:href|src|action)="(/[^"#]*)', page))


def main(name: str, folder: Path, *arguments: str) -> None:
    """Do a step: `fill FOLDER KIND`, or `ask FOLDER TIME FILE ONLY`, which has `Asked` after it."""
    if name == "fill":
        fill(folder, *arguments)
        return
    file, only = Path(arguments[1]), arguments[2]
    stand_still(datetime.fromisoformat(arguments[0]))
    from tests.installation import Installation

    Installation(folder / "data").done("db", "upgrade")  # The base filled it.
    addresses = msgspec.msgpack.decode(file.read_bytes(), type=Asked)[0] if file.exists() else []
    asked = asyncio.run(ask_site(folder, addresses, only))
    for name, content in written(folder):
        is_text = b"\0" not in content
        text = content.decode() if is_text else hashlib.sha256(content).hexdigest()
        asked[1][name] = zlib.compress(f"\n\n{text}".encode(), 1)
    file.write_bytes(msgspec.msgpack.encode(asked))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
