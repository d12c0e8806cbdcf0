"""The package that brings a format: built, put beside saywho, and read by command and page."""

import subprocess
import sys
import zipfile
from pathlib import Path

import httpx
import pytest

from tests.browser.website import COOKIE, serve
from tests.formats.test_brought import install
from tests.installation import PROGRAM, ROOT, Installation

pytestmark = pytest.mark.full

EXAMPLE = ROOT / "examples" / "11_format"
DIARY = EXAMPLE / "week.diary"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example as it is installed, and with a package that is broken."""
    folder = tmp_path_factory.mktemp("packages")
    build = "from flit_core.buildapi import build_wheel; import sys; build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, str(folder)], check=True, cwd=EXAMPLE)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    install(folder, broken="print('x' * 20)\nraise RuntimeError('no luck')")
    return folder


def test_a_format_that_was_brought_along_is_imported_and_explained(
    packages: Path, tmp_path: Path
) -> None:
    installation = Installation(tmp_path / "data", {"PYTHONPATH": str(packages)})
    report = installation.process(PROGRAM, "import", DIARY, "--json")
    assert report.returncode == 0, report.stderr
    assert '"accepted":3,"duplicates":0,"rejected":1' in report.stdout
    assert report.stderr.count("the format broken of from-broken is left out") == 1
    explained = installation.process(PROGRAM, "import", DIARY, "--explain")
    assert "xxxx.xxxxx: Diary (diary)\n  recognised by: a first line that" in explained.stdout
    assert (
        "line 4: the time 'xxxxxxx,' cannot be read\n      xxxxxxx, xxxxxxx\n" in explained.stdout
    )


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
