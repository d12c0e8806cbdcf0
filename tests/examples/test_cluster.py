"""The site of `examples/cluster`: a balancer, two servers, a primary and two standbys."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.examples.test_examples import EXAMPLES
from tests.installation import Installation
from tests.ports import free_port
from tests.postgresql import NoServerError, programs_in
from tests.waiting import DEADLINE_S

pytestmark = pytest.mark.full
PORTS = 7
POSTS = "/api/v1/users/ann/tweets"


@dataclass(frozen=True, slots=True)
class Site:
    """What `site.sh` runs."""

    environment: dict[str, str]

    def tell(self, *words: str, status: int = 0) -> str:
        """Run site.sh; return what it prints."""
        with tempfile.TemporaryFile("w+") as said:
            # A pipe would stay open with the programs that go on.
            done = subprocess.run(
                ["bash", EXAMPLES / "cluster" / "site.sh", *words],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                timeout=DEADLINE_S * 2,
                check=False,
            )
            said.seek(0)
            text = said.read()
        assert done.returncode == status, text
        return text

    def client(self, token: str = "") -> httpx.Client:
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.environment['PORT']}",
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=DEADLINE_S,
        )

    def databases(self) -> dict[str, str]:
        """Return the role of each database, as the check shows them."""
        shown = self.tell("saywho", "check", "--cluster")
        rows = (line.split() for line in shown.splitlines() if "127.0.0.1:" in line)
        names = {int(self.environment["PORT"]) + place: name for place, name in enumerate("abc", 3)}
        return {names[int(row[1].rpartition(":")[2])]: row[0] for row in rows if len(row) > 3}


@pytest.fixture
def site() -> Iterator[Site]:
    if shutil.which("haproxy") is None:
        pytest.skip("haproxy is not installed; the system's package manager has it")
    folder = Path(tempfile.mkdtemp(prefix="saywho-site-"))
    folder.chmod(0o711)
    try:
        programs = programs_in(folder)
    except NoServerError as error:
        shutil.rmtree(folder)
        pytest.skip(str(error))
    own = {"SITE": folder / "site", "PORT": free_port(PORTS), "PG_BIN": programs}
    own["SAYWHO"] = Path(sys.executable).with_name("saywho")
    rest = {key: value for key, value in os.environ.items() if not key.startswith("SAYWHO_")}
    site = Site(rest | {key: str(value) for key, value in own.items()})
    try:
        yield site
    finally:
        site.tell("stop")
        shutil.rmtree(folder)


def test_the_site_outlives_the_end_of_a_server_and_of_its_primary(site: Site) -> None:
    assert f":{site.environment['PORT']}" in site.tell("start")
    assert site.databases() == {"a": "primary", "b": "standby", "c": "standby"}
    token = site.tell("saywho", "token", "add", "t", "--scope", "write").split()[-1]
    with site.client(token) as writer, site.client() as reader:
        assert writer.post("/api/v1/users", json={"username": "ann"}).status_code == 201
        sent: list[str] = []

        def post() -> int:
            text = f"post {len(sent)}"
            answer = writer.post(POSTS, json={"text": text, "source_id": text})
            # 200: an answer before was 503, yet the post had been stored.
            sent.extend([text] * (answer.status_code in {200, 201}))
            return answer.status_code

        assert post() == 201
        site.tell("kill", "one")
        assert [post(), reader.get("/user/ann").status_code] == [201, 200]

        assert "runs" in site.tell("promote", status=2)
        site.tell("kill", "a")
        for path in ("/", "/user/ann", POSTS, "/search?q=post", "/dashboard/"):
            answer = reader.get(path)
            assert (path, answer.status_code) == (path, 200)
            assert "Saywho-As-Of" in answer.headers
        assert post() == 503

        for _ in range(2):
            primary = site.tell("promote").split()[0]
            Installation.wait_until(lambda: post() in {200, 201})
            site.tell("start")
            roles = site.databases()
            assert sorted(roles.values()) == ["primary", "standby", "standby"]
            assert roles[primary] == "primary"
            site.tell("kill", primary)
        site.tell("promote")
        site.tell("start")
        found = [each["text"] for each in reader.get(POSTS).json()["items"]]
        assert found == sent[::-1]

        site.tell("stop")
        with pytest.raises(httpx.ConnectError):
            reader.get("/")
        site.tell("start")
        assert len(reader.get(POSTS).json()["items"]) == len(sent)
