"""Generated requests for pages, their forms and the dashboard's callbacks, mostly hostile.

`python -m tests.trust.visitors 20000` sends so many; `… 1000 7` has seed 7.
"""

import json
import re
import sys
from typing import Any, Final
from urllib.parse import quote, urlencode

import requests
from hypothesis import strategies as st

from app import create_app
from app.config import Config
from tests.browsing import PASSWORD, SAME_ORIGIN
from tests.serving.test_server import Server
from tests.trust.hostile import Report, main, many
from tests.waiting import DEADLINE_S

NASTY: Final = (
    *("", "0", "-1", "1", str(2**53), "9" * 400, "1e999", "NaN", "null", "on", "jack", "_jack"),
    *("../../etc/passwd", "//evil.example/", "https://evil.example/", "javascript:alert(1)", "*"),
    *("%", "%00", "\0", "\r\nSet-Cookie: a=b", "\ud800", "\u202e", "<script>alert(1)</script>"),
    *('\'; DROP TABLE "Tweet"; --', '"a phrase', "-", "{{7*7}}", "${x}", "a" * 30_000),
    *("2024-02-30", "0000-00-00", "9999-12-31T23:59:60Z", "Asia/Seoul", "../UTC", "jsonl", "ko"),
    "\N{MAN}\N{ZERO WIDTH JOINER}\N{GIRL}" * 99,
)
VALUES: Final = st.sampled_from(NASTY) | st.text(max_size=30)
JSON: Final = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(VALUES, inner, max_size=3),
    max_leaves=6,
)
NAMES: Final = re.compile(r'\bname="(\w+)"')
ENDING: Final = ("/logout", "/settings/sessions/", "/settings/password", "/reset")
"""Where somebody who is signed in would be so no more."""
TYPES: Final = (
    "application/x-www-form-urlencoded",
    "application/json",
    "multipart/form-data; boundary=x",
    "text/plain",
)
MESSAGE: Final = "Traceback (most recent call last)"


class Visitor:
    """Sends requests as a browser does, with a session of an operator and without."""

    def __init__(self, server: Server) -> None:
        self.report = Report()
        self._base = f"http://127.0.0.1:{server.port}"
        server.installation.done("operator", "add", "ann", "--password-stdin", stdin=PASSWORD)
        self._session = requests.Session()
        self._session.headers.update(SAME_ORIGIN)
        form = {"name": "ann", "password": PASSWORD}
        assert self._session.post(f"{self._base}/login", form, timeout=DEADLINE_S).ok
        rules = create_app(Config(env="testing", data_dir=server.installation.data_dir)).url_map
        self.routes = sorted(
            (method, rule.rule)
            for rule in rules.iter_rules()
            for method in (rule.methods or set()) & {"GET", "POST"}
            if not rule.rule.startswith(("/api/", "/dashboard/_"))
        )
        self.callbacks = self._get("/dashboard/_dash-dependencies").json()
        pages = (path for method, path in self.routes if method == "GET" and "<" not in path)
        found = {name for path in pages for name in NAMES.findall(self._get(path).text)}
        self.names = sorted({*found, "cursor", "page", "next", "lang"})

    def run(self, count: int, first_seed: int) -> None:
        """Send so many requests, half of them callbacks."""
        many(st.data(), self.ask_page, count - count // 2, first_seed)
        many(st.data(), self.call_back, count // 2, first_seed)

    def _get(self, path: str) -> requests.Response:
        return self._session.get(self._base + path, timeout=DEADLINE_S)

    def send(self, method: str, path: str, *, is_signed: bool, **kwargs: Any) -> None:
        """Send a request, and look at what the answer must not be."""
        cookies = {} if is_signed else {"Cookie": ""}
        headers = cookies | kwargs.pop("headers", {})
        with self._session.request(
            *(method, self._base + path),
            headers=headers,
            timeout=DEADLINE_S,
            allow_redirects=False,
            **kwargs,
        ) as answer:
            self.report.statuses[answer.status_code] += 1
            where = answer.headers.get("Location", "/")
            faults = {
                "an error of the server": answer.status_code >= 500,
                "leads away": not re.match(r"/(?![/\\])", where.removeprefix(self._base)),
                "has no policy": "text/html" in answer.headers.get("Content-Type", "")
                and "default-src 'self'" not in answer.headers.get("Content-Security-Policy", ""),
                "shows its inside": MESSAGE in answer.text,
            }
        for fault in (name for name, is_so in faults.items() if is_so):
            said = f"{method} {path[:200]} {answer.status_code} {fault}\n{kwargs!r:.500}"
            self.report.faults.setdefault(f"{method} {path.partition('?')[0]} {fault}", said)

    def ask_page(self, data: st.DataObject) -> None:
        """Ask for a page, or send a form."""
        method, rule = data.draw(st.sampled_from(self.routes))
        path = re.sub(r"<[^>]+>", lambda _: quote(data.draw(VALUES), errors="replace"), rule)
        fields = data.draw(st.lists(st.tuples(st.sampled_from(self.names), VALUES), max_size=6))
        encoded = urlencode(fields, errors="replace")
        is_signed = data.draw(st.booleans()) and not rule.startswith(ENDING)
        if method == "GET":
            self.send(method, f"{path}?{encoded}"[:20_000], is_signed=is_signed)
            return
        kind = data.draw(st.sampled_from((TYPES[0], *TYPES)))
        body = encoded.encode() if kind == TYPES[0] else data.draw(st.binary(max_size=200))
        self.send(method, path, is_signed=is_signed, data=body, headers={"Content-Type": kind})

    def call_back(self, data: st.DataObject) -> None:
        """Ask for a figure, with values and sometimes a shape that no browser sends."""
        callback = data.draw(st.sampled_from(self.callbacks))
        ident, _, name = callback["output"].rpartition(".")
        body: dict[str, Any] = {
            "output": callback["output"],
            "outputs": {"id": ident, "property": name},
            "inputs": [each | {"value": data.draw(JSON)} for each in callback["inputs"]],
            "state": [each | {"value": data.draw(JSON)} for each in callback["state"]],
            "changedPropIds": [f"{each['id']}.{each['property']}" for each in callback["inputs"]],
        }
        if data.draw(st.integers(0, 3)) == 0:
            body[data.draw(st.sampled_from(sorted(body)))] = data.draw(JSON)
        self.send(
            "POST",
            "/dashboard/_dash-update-component",
            is_signed=data.draw(st.booleans()),
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Visitor))
