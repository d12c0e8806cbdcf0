"""The wheel: built, installed beside nothing but what it depends on, and served."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from app.serving.worker import FILE
from tests.installation import ROOT, Installation
from tests.server import serving

pytestmark = pytest.mark.full

BUILD = "from flit_core.buildapi import *; import sys; {make}(sys.argv[1])"


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    for make in ("build_wheel", "build_sdist"):
        command = [sys.executable, "-c", BUILD.format(make=make), str(folder)]
        subprocess.run(command, check=True, cwd=ROOT)
    return folder


@pytest.fixture(scope="module")
def program(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of an environment with the wheel; what it depends on comes from this one."""
    folder = tmp_path_factory.mktemp("clean")
    venv.create(folder, with_pip=False)
    (wheel,) = dist.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install"]
    subprocess.run([*pip, "--quiet", "--no-index", "--no-deps", str(wheel)], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin" / "saywho"


def test_the_installed_wheel_serves(program: Path, tmp_path: Path) -> None:
    environment = Installation(tmp_path / "data").environment()

    def output(*command: str | Path) -> str:
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        ).stdout

    assert output(program, "--version").startswith("saywho, version ")
    where = "import app; from app.serving.worker import load_server_config as load;"
    where += "print(app.__file__, load().backlog)"
    told = output(program.with_name("python"), "-c", where)
    assert told.startswith(str(program.parents[1]))
    assert told.endswith(" 2048\n"), f"{FILE} is not in the wheel"
    installation = Installation(tmp_path / "data", {"PATH": ""})
    with serving(installation, str(program), "serve", "--sample", "--workers", "1") as server:
        status, _, page = server.send("GET", "/", Accept_Language="ko")
        assert (status, "작성자" in page.decode()) == (200, True)
        for path in ("/static/style.css", "/dashboard/", "/api/v1/openapi.json"):
            assert server.send("GET", path)[0] == 200
        assert server.stop() == 0


def test_the_wheel_has_the_population_and_fonts_with_their_notices(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
        notice = file.read("app/population/NOTICE").decode()
    assert "app/population/counts.xz" in names
    assert any(name.endswith(".dist-info/licenses/app/population/NOTICE") for name in names)
    assert "Kummerfeld" in notice
    assert {"app/fonts/NotoColorEmoji.ttf", "app/fonts/OFL-NotoColorEmoji.txt"} <= {*names}


def test_the_source_distribution_holds_what_the_wheel_does(dist: Path) -> None:
    (source,) = dist.glob("*.tar.gz")
    with tarfile.open(source) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    tracked = subprocess.run(
        ["git", "ls-files", "app"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
    assert names >= {name for name in tracked if not name.startswith('"')}
    assert {"LICENSE", "README.md", "pyproject.toml"} <= names
    assert os.path.getsize(source) > 100_000
