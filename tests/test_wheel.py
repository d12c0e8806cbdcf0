"""The package and the image."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped] # comes with schemathesis

from app.config import SERVER_FILE, Config
from tests.installation import PROGRAM, ROOT, Installation
from tests.ports import free_port
from tests.server import serving

BUILD = "from hatchling.build import *; import sys; {make}(sys.argv[1])"


def built(folder: Path, source: Path = ROOT) -> Path:
    """Build both distributions of this source into the folder, as of the same time."""
    environment = os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}
    for make in ("build_wheel", "build_sdist"):
        command = [sys.executable, "-c", BUILD.format(make=make), str(folder)]
        subprocess.run(command, check=True, cwd=source, env=environment)
    return folder


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("dist"))


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


@pytest.mark.full
def test_the_installed_wheel_serves(program: Path, tmp_path: Path) -> None:
    environment = Installation(tmp_path / "data").environment()

    def output(*command: str | Path) -> str:
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        ).stdout

    assert output(program, "--version").startswith("saywho, version ")
    where = "import app; from app.serving.settings import load_server_config as load;"
    where += "print(app.__file__, load().backlog)"
    told = output(program.with_name("python"), "-c", where)
    assert told.startswith(str(program.parents[1]))
    assert told.endswith(" 2048\n"), f"{SERVER_FILE} is not in the wheel"
    installation = Installation(tmp_path / "data", {"PATH": ""})
    with serving(installation, str(program), "serve", "--sample", "--workers", "1") as server:
        status, _, page = server.send("GET", "/", Accept_Language="ko")
        assert (status, "작성자" in page.decode()) == (200, True)
        for path in ("/static/style.css", "/dashboard/", "/api/v1/openapi.json"):
            assert server.send("GET", path)[0] == 200
        assert server.stop() == 0


@pytest.mark.full
def test_the_wheel_has_the_population_and_fonts_with_their_notices(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
        notice = file.read("saywho/population/NOTICE").decode()
    assert {"saywho/population/counts.xz", "saywho/population/chatters.xz"} <= set(names)
    assert any(name.endswith(".dist-info/licenses/saywho/population/NOTICE") for name in names)
    assert "Kummerfeld" in notice
    assert {"app/fonts/NotoColorEmoji.ttf", "app/fonts/OFL-NotoColorEmoji.txt"} <= {*names}


@pytest.mark.full
def test_the_source_distribution_holds_what_the_wheel_does(dist: Path) -> None:
    (source,) = dist.glob("*.tar.gz")
    with tarfile.open(source) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    tracked = subprocess.run(
        ["git", "ls-files", "app", "saywho", "tests"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    assert names >= {name for name in tracked if not name.startswith('"')}
    assert {"LICENSE", "README.md", "pyproject.toml", SERVER_FILE} <= names
    assert os.path.getsize(source) > 100_000


@pytest.mark.full
def test_an_equal_source_elsewhere_makes_an_equal_wheel(dist: Path, tmp_path: Path) -> None:
    """The second is made of the source distribution, with files of another time."""
    (source,) = dist.glob("*.tar.gz")
    with tarfile.open(source) as tar:
        tar.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    for file in unpacked.rglob("*"):
        os.utime(file)
    again = built(tmp_path, unpacked)
    (wheel,) = dist.glob("*.whl")
    assert (again / wheel.name).read_bytes() == wheel.read_bytes()


def test_what_the_library_needs_is_written_beside_the_wheel() -> None:
    recipe = subprocess.run(
        ["make", "--dry-run", "wheel"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    (line,) = [line for line in recipe.splitlines() if "requirements-library.txt" in line]
    command = line.partition(" > ")[0].split()[1:]
    ran = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=True
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    names = [re.match(r"[\w.-]+", line)[0] for line in ran.stdout.splitlines()]  # type: ignore[index]
    assert names == project["tool"]["saywho"]["library"]
    assert {*ran.stdout.splitlines()} <= {*project["project"]["dependencies"]}


@pytest.mark.full
def test_the_library_is_installed_without_the_web_as_documented(dist: Path, tmp_path: Path) -> None:
    shutil.copytree(dist, tmp_path / "dist")
    listed = subprocess.run(
        [sys.executable, ".ci/library.py"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    (tmp_path / "dist" / "requirements-library.txt").write_text(listed.stdout)
    venv.create(tmp_path / "clean", with_pip=True)
    (tmp_path / "texts.csv").write_text("author,text\nmina,a boat and a lamp\nana,salt and fog\n")
    page = (ROOT / "docs" / "library.md").read_text()
    (typed,) = re.findall(r"```sh\n(pip install --requirement .*?)```", page, re.DOTALL)
    code = "import saywho, sys; chat = saywho.read('texts.csv'); print(saywho.Judge(chat))"
    code += "; print(saywho.features(chat)); print('quart' in sys.modules)"
    typed += f'python -c "{code}" && pip list --format=freeze | wc -l\n'
    ended = subprocess.run(
        ["bash", "-ec", typed],
        cwd=tmp_path,
        env=os.environ | {"PATH": f"{tmp_path / 'clean' / 'bin'}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    *_, judge, table, has_site, packages = ended.stdout.splitlines()
    assert (judge, table) == ("<Judge: 2 posts, 2 people>", "<Table: 2 rows, 6 columns>")
    assert has_site == "False"
    assert int(packages) < 20


def git(*words: str, folder: Path = ROOT) -> str:
    command = ["git", *words]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.fixture
def history() -> None:
    if git("rev-parse", "--is-shallow-repository") == "true":
        pytest.skip("a shallow clone does not have the commits of earlier releases")


@pytest.mark.usefixtures("history")
def test_the_changelog_names_the_commit_of_each_release_since_0_2() -> None:
    released = re.findall(
        r"^## (\S+)\n\nCommit `(\w{40})`\.$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert [version for version, _ in released][-3:] == ["1.1.0", "1.0.0", "0.2.0"]
    for version, commit in released:
        package = "app" if version < "2" else "saywho"
        assert f'__version__ = "{version}"' in git("show", f"{commit}:{package}/__init__.py")
        git("merge-base", "--is-ancestor", commit, "HEAD")


@pytest.mark.full
@pytest.mark.usefixtures("history")
def test_the_wheel_of_an_earlier_release_is_made_as_documented(tmp_path: Path) -> None:
    section = (ROOT / "docs" / "operations.md").read_text().partition("### The wheel of an")[2]
    (typed,) = re.findall(r"```sh\n(.*?)```", section.partition("\n## ")[0], re.DOTALL)
    clone = tmp_path / "clone"
    git("clone", "--quiet", str(ROOT), str(clone))
    ended = subprocess.run(
        ["bash", "-ec", typed], cwd=clone, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    (wheel,) = tmp_path.glob("saywho-*/dist/*.whl")
    assert typed.rstrip().endswith(f"/dist/{wheel.name}")


IMAGE = (ROOT / "Containerfile").read_text()
SERVICE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["saywho"]


def instruction(name: str) -> str:
    """Return what the image's file says after this word."""
    return next(line for line in IMAGE.splitlines() if line.startswith(f"{name} ")).split(" ", 1)[1]


COMMAND: list[str] = json.loads(instruction("CMD"))
"""What the image runs after the name of the program."""


def variables(given: dict[str, str]) -> dict[str, str]:
    """Return what the image and the file set, where whoever starts it gives these variables."""
    values = dict(pair.split("=", 1) for pair in instruction("ENV").split())
    for name, value in SERVICE["environment"].items():
        default = re.fullmatch(r"\$\{(\w+):-(.*)\}", value)
        assert default, value
        assert default[1] == name
        values[name] = given.get(name) or default[2]
    return values


def test_the_names_in_the_image_and_the_file_are_those_of_the_program() -> None:
    values = variables({})
    config = Config.from_env(values)
    assert (config.env, config.url) == ("production", "http://localhost:8000")
    folder = str(config.data_dir)
    assert instruction("VOLUME") == folder
    assert [volume.partition(":")[2] for volume in SERVICE["volumes"]] == [folder]
    assert json.loads(instruction("ENTRYPOINT")) == [PROGRAM.name]
    port = COMMAND[-1].rpartition(":")[2]
    assert instruction("EXPOSE") == port
    assert [mapped.rpartition(":")[2] for mapped in SERVICE["ports"]] == [port]
    assert (ROOT / SERVICE["build"]["context"] / SERVICE["build"]["dockerfile"]).resolve() == (
        ROOT / "Containerfile"
    )
    assert f"127.0.0.1:{port}/readyz" in SERVICE["healthcheck"]["test"][-1]


def test_the_image_takes_what_make_wheel_leaves(tmp_path: Path) -> None:
    *copied, _ = instruction("COPY").split()
    recipe = subprocess.run(
        ["make", "--dry-run", "wheel"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    beside = next(line for line in recipe.splitlines() if line.startswith("cp ")).split(" dist/")[0]
    assert {Path(name).name for name in beside.split()[1:]} == set(copied) - {"saywho-*.whl"}
    # Not the wheels of earlier versions.
    (tmp_path / "dist").mkdir()
    for name in ("saywho-1.1.0-py3-none-any.whl", "saywho-1.1.0.tar.gz"):
        (tmp_path / "dist" / name).touch()
    before = recipe.partition("cp ")[0].splitlines()
    subprocess.run(["bash", "-ec", before[-1]], cwd=tmp_path, check=True)
    assert [*(tmp_path / "dist").iterdir()] == []


@pytest.mark.full
def test_what_the_image_runs_serves_and_its_health_check_tells_so(tmp_path: Path) -> None:
    values = variables({"SAYWHO_URL": "https://saywho.example"})
    settings = {name: value for name, value in values.items() if name.startswith("SAYWHO_")}
    installation = Installation(tmp_path / "data", settings | {"SAYWHO_DATA_DIR": str(tmp_path)})
    kind, *check = SERVICE["healthcheck"]["test"]
    assert (kind, check[0]) == ("CMD", "python3")
    port = free_port()

    def is_healthy() -> bool:
        asked = [sys.executable, *check[1:-1], check[-1].replace(":8000/", f":{port}/")]
        return installation.process(*asked).returncode == 0

    assert not is_healthy()
    assert COMMAND[:-1] == ["serve", "--bind"]
    with serving(installation, str(PROGRAM), COMMAND[0], port=port) as server:
        assert is_healthy()
        assert "https://saywho.example/setup?token=" in server.log()
        assert server.send("GET", "/", Host="saywho.example")[0] == 200
        assert server.send("GET", "/", Host="other.example")[0] == 421
        checked = installation.process(PROGRAM, "check", "--json")
        assert (checked.returncode, checked.stdout) == (0, '{"ok":true,"faults":[]}\n')
    assert not is_healthy()
