"""How packages are installed: by uv if it can be had, else by pip, from the mirrors set for pip."""

import os
import re
import shutil
import ssl
import subprocess
import sysconfig
import threading
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.certificates import make_certificate
from tests.installation import ROOT

PACKAGES = ROOT / ".ci" / "packages.py"
HAS_UV = find_spec("uv") is not None
NAME = "tiny_parcel"
NEEDS_UV = pytest.mark.skipif(not HAS_UV, reason="this environment was not set up by uv")
pytestmark = pytest.mark.skipif(find_spec("pip") is None, reason="this environment has no pip")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that finds the pip and the uv of this one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    shared = folder / "shared"
    shared.mkdir()
    for found in Path(sysconfig.get_path("purelib")).iterdir():
        if found.name.partition("-")[0] in ("pip", "uv"):
            (shared / found.name).symlink_to(found)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "shared.pth").write_text(f"{shared}\n")
    if HAS_UV:
        (folder / "bin" / "uv").symlink_to(Path(sysconfig.get_path("scripts"), "uv"))
    return folder


@pytest.fixture
def python(environment: Path) -> Iterator[Path]:
    """The Python of the environment, without what a test installs."""
    yield environment / "bin" / "python"
    (packages,) = environment.glob("lib/python*/site-packages")
    for found in packages.glob(f"{NAME}*"):
        shutil.rmtree(found) if found.is_dir() else found.unlink()


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """The folder of an index with one package; the lock file of a reader is beside it."""
    folder = tmp_path / "mirror"
    (folder / "nothing").mkdir(parents=True)
    pages = links(folder)
    pages.mkdir(parents=True)
    wheel = pages / f"{NAME}-1.0-py3-none-any.whl"
    about = f"{NAME}-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr(f"{NAME}.py", "WEIGHT = 3\n")
        file.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n")
        file.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        file.writestr(f"{about}/RECORD", "")
    (pages / "index.html").write_text(f"<a href={wheel.name}>{wheel.name}</a>")
    return folder


def links(mirror: Path) -> Path:
    """Return the folder of the package's files."""
    return mirror / "simple" / NAME.replace("_", "-")


@contextmanager
def served(folder: Path, certificate: tuple[str, str] | None = None) -> Iterator[str]:
    """Serve this folder as a mirror; the address is that of its index."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        scheme = "http" if certificate is None else "https"
        yield f"{scheme}://localhost:{server.server_port}/simple"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def install(python: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Install with no configuration of this machine, but with these variables."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PIP_", "UV_", "SSL_CERT", "REQUESTS_CA", "CURL_CA"))
    }
    kept |= {"PIP_CONFIG_FILE": os.devnull, "UV_NO_CACHE": "1", "UV_LINK_MODE": "copy"}
    return subprocess.run(
        [str(python), str(PACKAGES), *arguments],
        env={**kept, "PIP_RETRIES": "0", "UV_HTTP_RETRIES": "0", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def weight(python: Path) -> str:
    """Return what the installed package says."""
    command = [str(python), "-c", f"import {NAME}; print({NAME}.WEIGHT)"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


@NEEDS_UV
@pytest.mark.parametrize("place", ["file", "section", "variable", "extra", "links"])
def test_uv_installs_from_the_mirror_that_is_set_for_pip(
    python: Path, mirror: Path, tmp_path: Path, place: str
) -> None:
    with served(mirror) as index:
        found = links(mirror)
        nowhere = index.replace("simple", "nothing")
        settings = {
            "file": (f"[global]\nindex-url = {index}", {}),
            "section": (f"[install]\nindex-url = {index}\n[global]\nindex-url = {nowhere}", {}),
            "variable": (f"[global]\nindex-url = {nowhere}", {"PIP_INDEX_URL": index}),
            "extra": (f"[global]\nindex-url = {nowhere}", {"PIP_EXTRA_INDEX_URL": index}),
            "links": ("[global]\nno-index = yes", {"PIP_FIND_LINKS": f"{tmp_path} {found}"}),
        }
        written, variables = settings[place]
        (tmp_path / "pip.conf").write_text(written)
        done = install(python, NAME, PIP_CONFIG_FILE=f"{tmp_path}/pip.conf", **variables)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert weight(python) == "3"


@NEEDS_UV
def test_uv_trusts_the_certificate_that_is_set_for_pip(
    python: Path, mirror: Path, tmp_path: Path
) -> None:
    certificate = make_certificate(tmp_path)
    with served(mirror, certificate) as index:
        assert install(python, NAME, PIP_INDEX_URL=index).returncode != 0
        done = install(python, NAME, PIP_INDEX_URL=index, PIP_CERT=certificate[0])
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert weight(python) == "3"


def test_pip_installs_and_a_line_says_so_if_uv_cannot_be_had(
    environment: Path, python: Path, mirror: Path
) -> None:
    shared = environment / "shared"
    shared.rename(environment / "away")
    shared.mkdir()
    try:
        (shared / "pip").symlink_to(environment / "away" / "pip")
        with served(mirror) as index:
            done = install(python, NAME, PIP_INDEX_URL=index)
    finally:
        shutil.rmtree(shared)
        (environment / "away").rename(shared)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("uv: ")
    assert done.stdout.endswith("; pip installs the packages, which takes longer\n")
    assert done.stdout.count("\n") == 1
    assert weight(python) == "3"


@NEEDS_UV
def test_pip_installs_and_a_line_says_so_if_uv_fails(python: Path, mirror: Path) -> None:
    with served(mirror) as index:
        done = install(
            python, NAME, PIP_INDEX_URL=index, UV_INDEX_STRATEGY="no-such", UV_LINK_MODE="no-such"
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("uv: error: ")
    assert done.stdout.count("\n") == 1
    assert weight(python) == "3"


def test_the_status_is_that_of_pip_if_neither_can_install(python: Path, mirror: Path) -> None:
    with served(mirror) as index:
        done = install(python, "no-such-parcel", PIP_INDEX_URL=index)
    assert done.returncode == 1
    assert "no-such-parcel" in done.stderr


def test_uv_is_pinned_by_hash_alone_in_its_lock_file() -> None:
    lock = PACKAGES.with_name("requirements-uv.lock").read_text()
    first, *hashes = lock.replace("\\\n", "").split()
    assert first.startswith("uv==")
    assert hashes
    assert all(each.startswith("--hash=sha256:") for each in hashes)


def test_the_lock_of_an_image_has_nothing_that_the_program_does_not_need() -> None:
    """Such as tools that only build; packages of other systems are not installed here."""
    found = {canonicalize_name(each.metadata["Name"]): each for each in distributions()}
    needed, seen, open_ = set[str](), set[str](), [Requirement("saywho")]
    while open_:
        asked = open_.pop()
        name = canonicalize_name(asked.name)
        if str(asked) in seen:
            continue
        seen.add(str(asked))
        needed.add(name)
        for each in map(Requirement, found[name].requires or ()) if name in found else ():
            extras = [{"extra": extra} for extra in (*asked.extras, "")]
            if each.marker is None or any(map(each.marker.evaluate, extras)):
                open_.append(each)
    lock = PACKAGES.parent.with_name("requirements.lock").read_text()
    locked = [canonicalize_name(name) for name in re.findall(r"(?m)^([\w.-]+)==", lock)]
    assert [name for name in locked if name in found and name not in needed] == []
    assert len(needed) > 30
