"""The batch gives the naive app's answers; Flask and Quart serve one app side by side."""

import asyncio
import importlib
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.browser.website import COOKIE, serve
from tests.examples.test_examples import EXAMPLES, Answer, Server, both_started, started
from tests.formats.test_brought import install
from tests.installation import PROGRAM, ROOT, TIMEOUT_S, Installation

pytestmark = pytest.mark.full

BATCH: Final = EXAMPLES / "05_batch"
SIDE_BY_SIDE: Final = EXAMPLES / "06_side_by_side"


@pytest.fixture
async def batch_apps(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Any, Any]]:
    monkeypatch.syspath_prepend(BATCH)
    modules = [importlib.import_module(f"{name}_app") for name in ("naive", "batched")]
    yield modules[0].app, modules[1].app
    for module in modules:
        await sys.modules.pop(module.__name__).sessions.kw["bind"].dispose()
    sys.modules.pop("database").FOLDER.cleanup()


async def test_a_batch_answers_as_the_naive_app_does(batch_apps: tuple[Any, Any]) -> None:
    async def answers(app: Any) -> list[tuple[int, Any]]:
        client = app.test_client()
        # Without a batch, whoever is stored first of several is left to chance.
        found = [await client.post("/user", form={"username": "김철수"})]
        added = [client.post("/user", form={"username": "새"}) for _ in range(2)]
        found += await asyncio.gather(*added)
        paths = [f"/user/{name}" for name in ("user7", "user7", "nobody", "김철수", "새")]
        found += await asyncio.gather(*(client.get(path) for path in paths))
        return [(each.status_code, await each.get_data()) for each in found]

    naive, batched = [await answers(app) for app in batch_apps]
    assert [status for status, _ in naive] == [201, 201, 201, 200, 200, 404, 200, 200]
    assert batched == naive


def test_the_example_prints_the_gain_of_batching() -> None:
    done = subprocess.run(
        [sys.executable, BATCH / "measure.py", "70"],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=True,
    )
    head, *lines = done.stdout.splitlines()
    assert head.split()[-4:] == ["batched", "batched", ":", "naive"]
    for line in lines:
        naive, batched, ratio = (float(part.replace(",", "")) for part in line.split()[-3:])
        assert ratio == pytest.approx(batched / naive, rel=0.05, abs=0.1)
    assert len(lines) == 3
    assert done.stderr == ""


def test_quart_and_flask_blueprints_share_a_session() -> None:
    with started(SIDE_BY_SIDE / "both_apps.py") as server:
        try:
            server.wait_for()
            login = server.client.post("/user/login/김철수")
            assert login.headers["location"] == "/tweet/"
            server.client.cookies.update(login.cookies)
            assert server.client.get("/tweet/").text == "김철수의 글, 이제 비동기로"
            assert server.client.get("/tweet").status_code == 308
            assert server.client.get("/tweets").status_code == 404
            large = server.client.post("/user/login/jack", content=bytes(1024 * 1024))
            assert large.status_code == 302
        finally:
            server.log.unlink()


PREFIX: Final = "/dashboard/"
CALL: Final = PREFIX + "_dash-update-component"
SUITE: Final = re.compile(r'src="(/dashboard/_dash-component-suites/dash/deps/react@[^"]+)"')
_PROCESS: Final = re.compile(rb'"end_id":"[^"]*"')
"""What differs after each start."""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    with both_started("07_dash", tmp_path_factory.mktemp("dash")) as both:
        yield both


def call(author: object) -> dict[str, Any]:
    """Return what the browser posts when an author is chosen."""
    return {
        "output": "posts.figure",
        "outputs": {"id": "posts", "property": "figure"},
        "inputs": [{"id": "author", "property": "value", "value": author}],
        "changedPropIds": ["author.value"],
    }


def compared(answer: Answer) -> Answer:
    """Return an answer without what examples/README.md says is different."""
    content_type = (answer.content_type or "").removesuffix("; charset=utf-8")
    return replace(answer, body=_PROCESS.sub(b"", answer.body), content_type=content_type)


def test_both_dashboards_answer_alike(servers: tuple[Server, Server]) -> None:
    page = servers[0].send("GET", PREFIX).body.decode()
    (script,) = SUITE.findall(page)
    parts = [PREFIX + name for name in ("_dash-layout", "_dash-dependencies", "_favicon.ico")]
    requests: list[tuple[str, str, Any]] = [
        *(("GET", path, None) for path in ("/", PREFIX, "/dashboard", "/no", script, *parts)),
        *((method, path, None) for method in ("HEAD", "PUT", "OPTIONS") for path in ("/", PREFIX)),
        *(("POST", CALL, call(author)) for author in ("jack", "김철수", "nobody", None)),
    ]
    for method, path, content in requests:
        theirs, ours = (compared(server.send(method, path, json=content)) for server in servers)
        assert theirs == ours, f"{method} {path} {content}"


def test_the_callback_draws_the_posts_of_the_chosen_author(servers: tuple[Server, Server]) -> None:
    for server in servers:
        answer = server.send("POST", CALL, json=call("김철수"))
        figure = json.loads(answer.body)["response"]["posts"]["figure"]
        assert answer.status == 200
        assert figure["data"][0]["y"] == [2, 7, 1, 8, 2, 8, 1]
        assert figure["layout"]["title"]["text"] == "김철수"


EXAMPLE = ROOT / "examples" / "11_format"
DIARY = EXAMPLE / "week.diary"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example as it is installed, and with a package that is broken."""
    folder = tmp_path_factory.mktemp("packages")
    build = "from hatchling.build import build_wheel; import sys; build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, str(folder)], check=True, cwd=EXAMPLE)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    install(folder, broken="print('x' * 20)\nraise RuntimeError('no luck')")
    return folder


def test_a_format_that_was_brought_along_is_imported(packages: Path, tmp_path: Path) -> None:
    installation = Installation(tmp_path / "data", {"PYTHONPATH": str(packages)})
    report = installation.process(PROGRAM, "import", DIARY, "--json")
    assert report.returncode == 0, report.stderr
    assert '"accepted":3,"duplicates":0,"rejected":1' in report.stdout
    assert report.stderr.count("the format broken of from-broken is left out") == 1


def test_a_format_by_the_names_of_1_1_is_left_out_in_one_line(tmp_path: Path) -> None:
    former = (EXAMPLE / "saywho_diary.py").read_text()
    for name in ("errors", "formats"):
        former = former.replace(f"saywho.{name}", f"app.{name}")
    install(tmp_path, diary=former)
    installation = Installation(tmp_path / "data", {"PYTHONPATH": str(tmp_path)})
    report = installation.process(PROGRAM, "import", DIARY, "--json")
    assert (report.returncode, report.stderr.count("No module named 'app.formats'")) == (2, 1)


def test_the_page_and_the_api_know_it_too(packages: Path, tmp_path: Path) -> None:
    settings = {"PYTHONPATH": str(packages)}
    with serve(tmp_path, sample=False, has_operator=True, settings=settings) as site:
        cookie = site.session_cookie()["value"]
        headers = {"Cookie": f"{COOKIE}={cookie}", "Sec-Fetch-Site": "same-origin"}
        with httpx.Client(base_url=site.url, headers=headers, timeout=60) as browser:
            form = {"file": ("week.diary", DIARY.read_bytes())}
            address = browser.post("/imports", files=form).headers["Location"]
            page = browser.get(address).text
            assert "<dd>Diary</dd>" in page
            assert "I counted eleven boats." in page
            assert "Diary" in browser.get("/imports").text
            formats = browser.get("/api/v1/openapi.json").json()["paths"]["/api/v1/imports"]
            assert "diary" in str(formats["post"]["parameters"])
            browser.post(f"{address}/start", data={"username": "미나"})
            ended = (f"/api/v1{address}", '"state":"done"')
            Installation.wait_until(lambda: ended[1] in browser.get(ended[0]).text)
            assert '"accepted":3' in browser.get(ended[0]).text
        line = "the format broken of from-broken is left out: RuntimeError: no luck"
        assert site.log.read_text().count(line) == 1
