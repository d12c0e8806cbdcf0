"""Power cuts: a site's folder is made again as a disk may have left it, and asked what it knows.

A server and commands play a story, whose writes are recorded (`disk.py`): a first start or an
upgrade, posts, accounts, tokens, settings, imports, replacements, undos, backups, restores,
websites. At each cut all that was acknowledged before must be there, and what was begun is there as
a whole or not at all.

`python -m tests.trust.power 2000` tries so many cuts, 200 in each story; `… 2000 7` begins with the
story of seed 7, and `… 2000 7 1234` repeats its cut at call 1234 alone.
"""

import asyncio
import json
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

import msgspec
import requests
from msgspec import Struct
from quart import Quart

from app.config import Config
from app.db.migrate import prepare
from app.db.sqlite.connection import open_connection
from app.db.sqlite.fts5 import register
from app.parts.publish.website import DRAFTS
from app.runtime.network import SWITCH
from app.services.checks import LAST_BACKUP
from tests import children, quick_start
from tests.archives import picture, x_media, x_media_members, zip_bytes
from tests.browsing import PASSWORD, SAME_ORIGIN, Browser
from tests.conftest import Client, app_of
from tests.installation import PROGRAM, Installation
from tests.server import SERVE, Server, serving
from tests.trust.disk import MARK, TRUNCATE, WRITE, Call, Disk, Recorder
from tests.uploading import jsonl
from tests.waiting import DEADLINE_S, eventually

CUTS_OF_A_STORY: Final = 200
HOW: Final = ("nothing", "all", "some", "some")
AT_ONCE: Final = 4
"""Posts that are sent at the same time."""
IMPORTED: Final = 60
PICTURED: Final = "mina"
KEPT: Final = Path(__file__).parents[1] / "db" / "kept" / "1.0.0.sqlite.sql"
KEPT_TOKEN: Final = "saywho_of-a-kept-site"
WEBSITE: Final = "website"
PUBLISH: Final = ("publish", "-u", PICTURED, "--yes")
SWITCHED: Final = """
import sys
from pathlib import Path
from app.runtime.network import switch_phones
switch_phones(Path(sys.argv[1]), is_on=sys.argv[2] == "1")
"""


def website_of(folder: Path) -> dict[str, str]:
    """Return a digest of each file of the website in the folder."""
    website = folder / WEBSITE
    files = (path for path in website.rglob("*") if path.is_file() and DRAFTS not in path.parts)
    return {f"{path.relative_to(website)}": sha256(path.read_bytes()).hexdigest() for path in files}


class Fact(Struct, frozen=True):
    """What a user has begun, and is told later: posts that come and go, or anything else."""

    number: int
    what: str
    is_told: bool = False
    adds: Sequence[str] = ()
    removes: Sequence[str] = ()
    value: Any = None


class Story:
    """A site in a recorded folder, and users who note what they begin, and what they are told."""

    def __init__(self, folder: Path, seed: int, *, is_old: bool, **settings: str) -> None:
        self.chance = Random(seed)
        self.recorder = Recorder.of(folder)
        self.installation = Installation(
            self.recorder.root / "instance",
            {"SAYWHO_ACCESS_LOG": "0", **settings, **self.recorder.settings()},
        )
        self._is_old = is_old
        self._stack = ExitStack()
        self._numbers = iter(range(10_000))
        self._posts: dict[str, int] = {}
        """Ids of posts that may be deleted, by their texts."""
        self._imports: list[tuple[int, list[str]]] = []
        """Ids of imports, and their texts."""
        self._backups: list[str] = []
        self._has_pictures = False
        self._cookies: dict[str, Any] = {}
        self.token = ""

    def play(self, actions: int) -> list[Call]:
        """Start the site, do so many things, and stop it; return the calls of the system."""
        with self._stack:
            if self._is_old:
                self._put_old_database()
            self._start()
            if self._is_old:
                self._tell(Fact(next(self._numbers), "token", value=KEPT_TOKEN))
                self._make_token_by_command()
            else:
                self._make_account()
                self._make_token()
            everything: list[Callable[[], None]] = [
                *(self._post_at_once, self._import, self._replace, self._import_pictures),
                *(self._back_up, self._undo, self._delete, self._switch_phones, self._restart),
                *(self._invite, self._switch_reading, self._restore, self._publish),
            ]
            self._author()
            for number in range(actions):
                if number % len(everything) == 0:
                    self.chance.shuffle(everything)
                everything[number % len(everything)]()
                self._post_at_once()
            self.server.stop()
        return self.recorder.calls()

    def _start(self, port: int = 0) -> None:
        starting = serving(self.installation, *SERVE, "--workers", "2", port=port)
        self.server: Server = self._stack.enter_context(starting)

    def _put_old_database(self) -> None:
        self.installation.data_dir.mkdir()
        path = self.installation.database
        with closing(open_connection(path)) as connection:
            register(connection)
            connection.executescript(KEPT.read_text())
            texts = [str(text) for (text,) in connection.execute('SELECT text FROM "Tweet"')]
            connection.execute("PRAGMA journal_mode = DELETE").close()
        self.recorder.keep(path.parent, path)
        self._tell(Fact(next(self._numbers), "posts", adds=texts))

    def _begin(self, what: str, **values: Any) -> Fact:
        fact = Fact(next(self._numbers), what, **values)
        self.recorder.mark(fact)
        return fact

    def _tell(self, fact: Fact, **values: Any) -> None:
        self.recorder.mark(msgspec.structs.replace(fact, is_told=True, **values))

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.port}{path}"

    def _send(self, method: str, path: str, status: int, **options: Any) -> requests.Response:
        answer = requests.request(
            method,
            self._url(f"/api/v1{path}"),
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=DEADLINE_S,
            **options,
        )
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        return answer

    def _form(self, path: str, status: int = 303, **form: str) -> requests.Response:
        answer = requests.post(
            self._url(path),
            data=form,
            cookies=self._cookies,
            headers=SAME_ORIGIN,
            allow_redirects=False,
            timeout=DEADLINE_S,
        )
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        return answer

    def _make_account(self) -> None:
        (link,) = re.findall(r"/setup\?token=(\S+)", self.server.log())
        self._tell(Fact(next(self._numbers), "link", value=link))
        fact = self._begin("account", value=link)
        answer = self._form("/setup", token=link, name="boss", password=PASSWORD)
        self._cookies = answer.cookies.get_dict()
        self._tell(fact)
        self._tell(self._begin("session", value=self._cookies))

    def _make_token(self) -> None:
        page = self._form("/settings/tokens", 200, name="all", scope="admin").text
        self.token = re.findall(r"saywho_[\w-]{20,}", page)[0]
        self._tell(self._begin("token", value=self.token))

    def _make_token_by_command(self) -> None:
        command = (PROGRAM, "token", "add", "all", "--scope", "admin", "--json")
        done = self.installation.process(*command)
        assert done.returncode == 0, done.stderr
        self.token = json.loads(done.stdout)["token"]
        self._tell(self._begin("token", value=self.token))

    def _invite(self) -> None:
        if not self._cookies:
            return
        page = self._form("/settings/invitations", 200, name="guest").text
        link = re.findall(r"/setup\?token=([\w-]+)", page)[0]
        self._tell(self._begin("link", value=link))
        fact, cookies = self._begin("account", value=link), self._cookies
        self._cookies = {}
        answer = self._form("/setup", token=link, name=f"guest {link[-6:]}", password=PASSWORD)
        self._tell(fact)
        self._tell(self._begin("session", value=answer.cookies.get_dict()))
        self._cookies = cookies

    def _switch_reading(self) -> None:
        if self._cookies:
            value = self.chance.choice("01")
            fact = self._begin("reading", value=value)
            self._form("/settings/reading", public=value)
            self._tell(fact)

    def _switch_phones(self) -> None:
        value = self.chance.choice("01")
        fact = self._begin("phones", value=value)
        place = self.installation.data_dir
        done = self.installation.process(sys.executable, "-c", SWITCHED, place, value)
        assert done.returncode == 0, done.stderr
        self._tell(fact)

    def _author(self) -> None:
        self._send("POST", "/users", 201, json={"username": "ann"})

    def _post_at_once(self) -> None:
        texts = [f"post {next(self._numbers)} of ann, a few words" for _ in range(AT_ONCE)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self._post, texts))

    def _post(self, text: str) -> None:
        fact = self._begin("post", adds=[text])
        answer = self._send("POST", "/users/ann/tweets", 201, json={"text": text})
        self._posts[text] = answer.json()["id"]
        self._tell(fact)

    def _delete(self) -> None:
        if not self._posts:
            self._post_at_once()
        text = self.chance.choice([*self._posts])
        fact = self._begin("deletion", removes=[text])
        self._send("DELETE", f"/tweets/{self._posts.pop(text)}", 204)
        self._tell(fact)

    def _import(self) -> None:
        author = f"author{next(self._numbers)}"
        texts = [f"line {n} of {author}" for n in range(IMPORTED)]
        job = self._queue(self._begin("import", adds=texts), _lines(author, texts), "format=jsonl")
        self._imports.append((job, texts))

    def _replace(self) -> None:
        if not self._imports:
            self._import()
        old, before = self._imports.pop(self.chance.randrange(len(self._imports)))
        author, number = before[0].rpartition(" ")[2], next(self._numbers)
        texts = [f"other {number} {n} of {author}" for n in range(IMPORTED)]
        fact = self._begin("replacement", adds=texts, removes=before)
        job = self._queue(fact, _lines(author, texts), f"format=jsonl&replace={old}")
        self._imports.append((job, texts))

    def _import_pictures(self) -> None:
        first = 10_000 + 10 * next(self._numbers)
        names = [f"{first + n}-{n}.png" for n in range(3)]
        posts = {first + n: [x_media(f"https://p.example/{n}.png")] for n in range(3)}
        files = {name: picture(first % 251 + n) for n, name in enumerate(names)}
        fact = self._begin(
            "pictures", adds=[f"post {number}" for number in posts], value=len(files)
        )
        self._queue(fact, zip_bytes(x_media_members(posts, files)), "publish=1")
        self._has_pictures = True

    def _queue(self, fact: Fact, body: bytes, query: str) -> int:
        """Queue an import, while others post, and wait until it has ended; return its id."""
        answer = self._send("POST", f"/imports?{query}", 202, data=body)
        self._tell(fact)
        self._post_at_once()
        job = int(answer.json()["id"])
        self.installation.wait_until(lambda: self._state(job) not in OPEN)
        assert self._state(job) == "done", self._send("GET", f"/imports/{job}", 200).text
        return job

    def _state(self, job: int) -> str:
        return str(self._send("GET", f"/imports/{job}", 200).json()["state"])

    def _undo(self) -> None:
        if not self._imports:
            self._import()
        job, texts = self._imports.pop()
        fact = self._begin("undo", removes=texts)
        self._send("POST", f"/imports/{job}/undo", 202)
        self._tell(fact)
        self._post_at_once()

    def _back_up(self) -> None:
        name = f"backup-{next(self._numbers)}.tar"
        fact = self._begin("backup", value=name)
        path = self.recorder.root / name
        done = self.installation.process(PROGRAM, "backup", path, "--with-secrets")
        assert done.returncode == 0, done.stderr
        self._backups.append(name)
        self._tell(fact)

    def _restore(self) -> None:
        """Restore the newest backup into another folder."""
        if not self._backups:
            self._back_up()
        name, place = self._backups[-1], f"restored-{next(self._numbers)}"
        fact = self._begin("restore", value=[name, place])
        settings = {"SAYWHO_DATA_DIR": str(self.recorder.root / place)}
        env = self.installation.environment() | settings
        done = self.installation.process(PROGRAM, "restore", self.recorder.root / name, env=env)
        assert done.returncode == 0, done.stderr
        self._tell(fact)

    def _publish(self) -> None:
        if not self._has_pictures:
            self._import_pictures()
        fact = self._begin("website")
        done = self.installation.process(PROGRAM, *PUBLISH, self.recorder.root / WEBSITE)
        assert done.returncode == 0, done.stderr
        self._tell(fact, value=website_of(self.recorder.root))

    def _restart(self) -> None:
        port = self.server.port
        assert self.server.stop() == 0
        self._stack.close()
        self._start(port)


OPEN: Final = frozenset({"uploaded", "waiting", "running", "queued"})


def _lines(author: str, texts: Iterable[str]) -> bytes:
    return jsonl(*({"username": author, "text": text} for text in texts))


class Expected:
    """What must be there by the facts of which users were told, and what may be."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self.told: list[Fact] = []
        begun: dict[int, Fact] = {}
        for fact in facts:
            if fact.is_told:
                self.told.append(fact)
                begun.pop(fact.number, None)
            else:
                begun[fact.number] = fact
        self.begun = [*begun.values()]
        self.texts: set[str] = set()
        for fact in self.told:
            self.texts = (self.texts | {*fact.adds}) - {*fact.removes}

    def values(self, what: str) -> list[Any]:
        return [fact.value for fact in self.told if fact.what == what]

    def allowed(self, what: str) -> set[Any]:
        """Return the values of a setting that may be there; empty if anything may."""
        told = self.values(what)[-1:]
        return {*told, *(fact.value for fact in self.begun if fact.what == what)} if told else set()

    def used(self) -> set[str]:
        """Return the links with which an account was made, or may have been."""
        return {fact.value for fact in (*self.told, *self.begun) if fact.what == "account"}

    def pictured(self) -> set[str]:
        """Return the texts of posts that have a picture."""
        return {text for fact in self.told if fact.what == "pictures" for text in fact.adds}

    def faults(self, found: Sequence[str]) -> Iterator[str]:
        """Yield what is wrong with the texts of all posts."""
        if twice := [text for text, count in Counter(found).items() if count > 1]:
            known = [text for text in twice if text.startswith(("post ", "line ", "other "))]
            yield from (f"stored twice: {text}" for text in known)
        there, unsure = {*found}, set[str]()
        for fact in self.begun:
            unsure |= {*fact.adds, *fact.removes}
            added, left = there & {*fact.adds}, there & {*fact.removes}
            if 0 < len(added) < len(fact.adds) or 0 < len(left) < len(fact.removes):
                yield f"half done: {fact.what} {fact.number}"
            elif fact.adds and fact.removes and bool(added) == bool(left):
                yield f"old and new posts: {fact.what} {fact.number}"
        yield from (f"lost: {text}" for text in sorted(self.texts - there - unsure))
        yield from (f"came back: {text}" for text in sorted(there - self.texts - unsure))


async def _ask(installation: Installation, expected: Expected) -> list[str]:
    """Open the site that is left, let its work end, and return what is wrong with it."""
    config = Config.from_env(installation.environment())
    await asyncio.to_thread(prepare, config, upgrade_old=True)
    async with app_of(config) as app:
        faults = [fault async for fault in _ask_for_access(app, expected)]
        if not faults and (tokens := expected.values("token")):
            client = Client(app, {"Authorization": f"Bearer {tokens[-1]}"})
            faults = [fault async for fault in _ask_for_posts(client, expected)]
    allowed = expected.allowed("phones")
    if allowed and str(int((config.data_dir / SWITCH).exists())) not in allowed:
        faults.append("the switch for phones is another")
    return faults


async def _ask_for_access(app: Quart, expected: Expected) -> AsyncIterator[str]:
    for token in expected.values("token"):
        client = Client(app, {"Authorization": f"Bearer {token}"})
        if (await client.get("/api/v1/imports?limit=1")).status_code != 200:
            yield "a token is gone"
    for cookies in expected.values("session"):
        if not await Browser(app, cookies=dict(cookies)).is_signed_in():
            yield "somebody is signed out"
    for link in {*expected.values("link")} - expected.used():
        if (await Browser(app).get(f"/setup?token={link}")).status_code != 200:
            yield "a link is gone"
    if len(allowed := expected.allowed("reading")) == 1:
        is_open = (await Browser(app).get("/")).status_code == 200
        if is_open != (allowed == {"1"}):
            yield "a setting is another"


async def _ask_for_posts(client: Client, expected: Expected) -> AsyncIterator[str]:
    async def open_work() -> list[Any]:
        jobs = (await client.json("/api/v1/imports?limit=200"))["items"]
        return [job for job in jobs if job["state"] in OPEN or job.get("undo") == "running"]

    await eventually(open_work, until=lambda jobs: not jobs)
    answer = await client.get("/api/v1/export")
    posts = [json.loads(line) for line in (await answer.get_data()).splitlines()]
    for fault in expected.faults([post["text"] for post in posts]):
        yield fault
    if wanted := expected.pictured():
        posts = await client.walk(f"/api/v1/users/{PICTURED}/tweets", 200)
        urls = {post["text"]: medium.get("url") for post in posts for medium in post["media"]}
        for text in wanted:
            if not (url := urls.get(text)) or (await client.get(url)).status_code != 200:
                yield f"a picture is gone: {text}"


class Cut(NamedTuple):
    """A place in a log, and what the disk had kept of what was not synced."""

    place: int
    how: str
    seed: int


def some_cuts(calls: Sequence[Call], number: int, chance: Random) -> list[Cut]:
    """Return cuts in the order of their places: half of them anywhere, half beside a sync, a name
    or a fact.
    """
    corners = [n for n, call in enumerate(calls) if call.kind not in {WRITE, TRUNCATE}]
    places = sorted(
        chance.randrange(len(calls) + 1)
        if chance.random() < 0.5
        else chance.choice(corners) + chance.randrange(2)
        for _ in range(number)
    )
    return [Cut(place, chance.choice(HOW), chance.randrange(2**32)) for place in places]


def try_cuts(
    calls: Sequence[Call], root: Path, cuts: Iterable[Cut], folder: Path
) -> Iterator[tuple[Cut, list[str]]]:
    """Yield each cut with what is wrong after it; the cuts are in the order of their places."""
    disk, played, facts = Disk(root), 0, list[Fact]()
    for cut in cuts:
        for call in calls[played : cut.place]:
            if call.kind == MARK:
                facts.append(msgspec.json.decode(call.data, type=Fact))
            else:
                disk.play(call)
        played = cut.place
        left = folder / "left"
        shutil.rmtree(left, ignore_errors=True)
        disk.leave(left, Random(cut.seed), cut.how)
        yield cut, _faults_of(left, facts, Random(cut.seed))


def _faults_of(left: Path, facts: Sequence[Fact], chance: Random) -> list[str]:
    installation = Installation(left / "instance", {"SAYWHO_ACCESS_LOG": "0"})
    expected = Expected(facts)
    try:
        faults = asyncio.run(_ask(installation, expected))
        checked = installation.run("check", "--json")
        if checked.exit_code:
            faults.append(f"check: {checked.output}")
        # A restore takes as long as all others; the newest backup has most.
        if (backups := expected.values("backup")) and chance.random() < 0.2:
            faults += _restored(left, backups[-1], "restored", facts)
            if not (installation.data_dir / LAST_BACKUP).exists():
                faults.append("the time of the last backup is gone")
        faults += _faults_of_website(left, installation, expected, chance)
        for fact in (*expected.told[-3:], *expected.begun):
            if fact.what == "restore":
                if fact.is_told and not any((left / fact.value[1]).glob("*.db")):
                    faults.append("a restored site is gone")
                name, place = fact.value
                faults += _restored(left, name, place, facts)
    except (Exception, SystemExit) as error:
        return [f"{type(error).__name__}: {error}"]
    return faults


def _faults_of_website(
    left: Path, installation: Installation, expected: Expected, chance: Random
) -> list[str]:
    """Return what is wrong with the website that is left, and with the next one in its place."""
    is_begun = any(fact.what == "website" for fact in expected.begun)
    told = expected.values("website")[-1:]
    if told and not is_begun and told[0] != website_of(left):
        return ["a file of the website is gone"]
    if not (is_begun or (told and chance.random() < 0.1)):
        return []
    for folder in (left, left / "anew"):
        published = installation.run(*PUBLISH, folder / WEBSITE)
        if published.exit_code:
            return [f"a website cannot be published: {published.output}"]
    return [] if website_of(left) == website_of(left / "anew") else ["a website is another"]


def _restored(left: Path, name: str, place: str, facts: Sequence[Fact]) -> list[str]:
    """Return what is wrong with the site that a backup makes, of what was told before it.

    place: the folder into which it may have been restored.
    """
    begun = next(n for n, fact in enumerate(facts) if fact.what == "backup" and fact.value == name)
    told = next(n for n, fact in enumerate(facts) if fact.is_told and fact.value == name)
    meanwhile = [fact for fact in facts[:told] if not fact.is_told]
    numbers = {fact.number for fact in facts[:begun] if fact.is_told}
    known = [*facts[:begun], *(fact for fact in meanwhile if fact.number not in numbers)]
    other = Installation(left / place, {"SAYWHO_ACCESS_LOG": "0"})
    restored = other.run("restore", left / name)
    if restored.exit_code and "is not empty" not in restored.output:
        return [f"a backup cannot be restored: {restored.output}"]
    expected = Expected(fact for fact in known if fact.what not in {"reading", "phones", "link"})
    return [f"of {name} in {place}: {fault}" for fault in asyncio.run(_ask(other, expected))]


def tell_story(
    folder: Path, seed: int, *, actions: int = 24, **settings: str
) -> tuple[list[Call], Path]:
    """Return the calls of a story by its seed, every fourth with an upgrade, and its folder."""
    story = Story(folder, seed, is_old=seed % 4 == 3, **settings)
    return story.play(actions), story.recorder.root


def main(arguments: list[str]) -> int:
    cuts, seed, place = (*map(int, arguments), *(0, 0, -1)[len(arguments) :])
    quick_start.install()
    children.install()
    tried = failed = 0
    while tried < cuts:
        with tempfile.TemporaryDirectory(prefix="saywho-power-") as name:
            folder = Path(name)
            calls, root = tell_story(folder / "story", seed)
            chosen = some_cuts(calls, min(CUTS_OF_A_STORY, cuts - tried), Random(seed))
            if place >= 0:
                chosen = [cut for cut in chosen if cut.place == place]
                cuts = 0
            for cut, faults in try_cuts(calls, root, chosen, folder):
                tried += 1
                failed += bool(faults)
                for fault in faults[:5]:
                    print(f"seed {seed}, {cut.how} at call {cut.place}: {fault}", flush=True)
            print(f"seed {seed}: {len(calls)} calls", flush=True)
        seed += 1
    print(f"{tried} cuts, {failed} with faults")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
