"""Generated calls of the API, sound and hostile: no answer is an error of the server, all conform.

`python -m tests.trust.hostile 100000` sends so many; `… 1000 7` has seed 7.
"""

import itertools
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings, strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks

from app.views.blueprints import operations_of
from app.views.site.api import document
from tests.installation import Installation
from tests.server import SERVE, Server, serving
from tests.views.conformance import every_blueprint
from tests.waiting import DEADLINE_S

AT_ONCE: Final = 20
"""Cases of an operation before it is the next one's turn."""
CHECKS: Final = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
GUARD: Final = """
import socket
look_up = socket.getaddrinfo
def getaddrinfo(host, *args, **kwargs):
    if host not in {None, "localhost", "127.0.0.1", "::1"}:
        raise socket.gaierror(socket.EAI_NONAME, "no name but this machine's is known here")
    return look_up(host, *args, **kwargs)
socket.getaddrinfo = getaddrinfo
"""
"""What Python runs first in the server: it follows sources at addresses that are made up."""


@schemathesis.serializer("application/x-ndjson")
def as_lines(_context: object, value: Any) -> bytes:
    """Return the value as a line that comes twice."""
    return 2 * (json.dumps(value).encode() + b"\n")


@dataclass(slots=True)
class Report:
    statuses: Counter[int] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        said = f"{self.statuses.total()} requests, answered {dict(sorted(self.statuses.items()))}"
        faults = [f"{name}\n{fault}" for name, fault in self.faults.items()]
        return "\n".join([f"{said}; {len(self.faults)} faults", *faults])


@contextmanager
def hostile_site(folder: Path) -> Iterator[Server]:
    """Serve an installation with an author, jack, and posts; it reaches no other machine."""
    site = folder / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(GUARD)
    settings = {"PYTHONPATH": str(site), "SAYWHO_ACCESS_LOG": "0"}
    installation = Installation(folder / "instance", settings)
    with serving(installation, *SERVE, "--workers", "2", "--sample") as server:
        server.token = installation.json("token", "add", "test", "--scope", "admin")["token"]
        assert server.send("POST", "/api/v1/users", {"username": "jack"})[0] == 201
        yield server
        assert server.stop() == 0
        assert "Traceback" not in server.log(), server.log()


class Calls:
    """Calls of all operations of a document, with what conforms to it and what does not."""

    def __init__(self, server: Server) -> None:
        self.report = Report()
        schema = schemathesis.openapi.from_dict(
            document(operations_of(every_blueprint()), is_public=True)
        )
        self._operations: list[Any] = [each.ok() for each in list[Any](schema.get_all_operations())]
        self._base = f"http://127.0.0.1:{server.port}"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {server.token}"
        self._anybody = requests.Session()

    def run(self, count: int, first_seed: int) -> None:
        turns = itertools.cycle(itertools.product(self._operations, GenerationMode))
        sent = self.report.statuses
        end = sent.total() + count
        for number, (operation, mode) in enumerate(turns, first_seed * 1_000_000):
            if sent.total() >= end:
                return
            cases = st.tuples(operation.as_strategy(generation_mode=mode), st.booleans())
            with suppress(Unsatisfiable):  # What takes nothing can be called in one way only.
                many(cases, self.call, min(AT_ONCE, end - sent.total()), number)

    def call(self, drawn: tuple[Case[Any], bool]) -> None:
        """Send a case, to what is there or not, and compare the answer with the document."""
        case, is_known = drawn
        _bring_closer(case, is_known=is_known)
        sent = case.as_transport_kwargs(self._base)
        if case.method.upper() == "GET":
            self._read_as_anybody(case, sent)
        try:
            answering = self._session.request(**sent, stream=True, timeout=DEADLINE_S)
        except requests.ConnectionError as error:
            self.report.statuses[0] += 1
            self.report.faults[f"{case.operation.label}: {error}"] = case.as_curl_command()
            return
        with answering as answer:
            self.report.statuses[answer.status_code] += 1
            if answer.headers.get("Content-Type", "").startswith("text/event-stream"):
                return  # It has no end.
            try:
                case.validate_response(answer, checks=CHECKS)
            except FailureGroup as group:
                for failure in group.exceptions:
                    name = f"{case.operation.label}: {failure.title}"
                    self.report.faults.setdefault(name, f"{failure}\n{case.as_curl_command()}")

    def _read_as_anybody(self, case: Case[Any], sent: dict[str, Any]) -> None:
        """Send it without the token, and again, which may be answered from the cache at once."""
        without = {**sent, "headers": {**sent.get("headers", {})}}
        without["headers"].pop("Authorization", None)
        statuses = []
        for _ in range(2):
            with self._anybody.request(**without, stream=True, timeout=DEADLINE_S) as answer:
                statuses.append(answer.status_code)
                if not answer.headers.get("Content-Type", "").startswith("text/event-stream"):
                    answer.content  # noqa: B018 - reads it
        if max(statuses) in {500, 502} or statuses[0] != statuses[1]:
            name = f"{case.operation.label}: answered {statuses} without a token"
            self.report.faults[name] = case.as_curl_command()


def many(strategy: st.SearchStrategy[Any], use: Callable[[Any], None], count: int, of: int) -> None:
    """Use so many examples, which a seed decides."""

    @seed(of)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def each(example: Any) -> None:
        use(example)

    each()


def _bring_closer(case: Case[Any], *, is_known: bool) -> None:
    """Let some paths lead somewhere."""
    if is_known:
        case.headers.pop("Authorization", None)
        known = {"username": "jack", "tweet_id": case.path_parameters.get("tweet_id", 1)}
        known |= {"import_id": 1, "source_id": 1, "room_id": 1, "year": "2026"}
        case.path_parameters |= {
            name: known.get(name, value) for name, value in case.path_parameters.items()
        }


def main(arguments: list[str]) -> int:
    count, *first_seed = map(int, arguments)
    began = time.monotonic()
    folder = tempfile.TemporaryDirectory(prefix="saywho-trust-")
    with folder as name, hostile_site(Path(name)) as server:
        hostile = Calls(server)
        hostile.run(count, *(first_seed or [0]))
        if hostile.report.faults:
            print(server.log())
    print(hostile.report, f"{time.monotonic() - began:.0f} s", sep="\n")
    return 1 if hostile.report.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
