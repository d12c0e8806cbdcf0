"""The list of what is shipped, and the question for known faults of it."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.supply_chain import LOCKS, audit, locked, main


def test_the_list_holds_each_shipped_package_with_its_licence(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("first.json", "second.json")]
    for file in files:
        assert main(["sbom", str(file)]) == 0
    first, second = (file.read_bytes() for file in files)
    assert first == second
    bill = json.loads(first)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    found = {each["name"].lower(): each for each in bill["components"]}
    assert {"quart", "hypercorn", "sqlalchemy", "numpy"} <= found.keys()
    assert not {"pytest", "mypy", "saywho"} & found.keys()
    versions = locked(LOCKS[0])
    for component in bill["components"]:
        name = component["purl"].removeprefix("pkg:pypi/").partition("@")[0]
        assert component["version"] == versions[name]
        for licence in component["licenses"]:
            assert licence.get("expression") or licence["license"]["name"] != "not declared"
    known = {each["bom-ref"] for each in [bill["metadata"]["component"], *bill["components"]]}
    assert {each["ref"] for each in bill["dependencies"]} == known
    needs = {each["ref"]: set(each["dependsOn"]) for each in bill["dependencies"]}
    assert set().union(*needs.values()) <= known
    assert found["sqlalchemy"]["purl"] in needs[bill["metadata"]["component"]["purl"]]


class Osv(BaseHTTPRequestHandler):
    """A source that knows of one faulty package."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        results: list[dict[str, Any]] = []
        for query in body["queries"]:
            is_faulty = query["package"] == {"name": "quart", "ecosystem": "PyPI"}
            results.append({"vulns": [{"id": "GHSA-1"}, {"id": "PYSEC-2"}]} if is_faulty else {})
        answer = json.dumps({"results": results}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def osv() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Osv) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_known_faults_are_named(osv: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(osv) == 1
    first, last = capsys.readouterr().out.splitlines()
    assert first == f"quart {locked(LOCKS[0])['quart']}: GHSA-1, PYSEC-2"
    assert last.endswith(f" locked packages, 1 with known advisories ({osv})")


def test_a_source_that_cannot_be_asked_is_no_good_news(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    assert audit(nobody) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"audit: {nobody} could not be asked, so nothing is known")
