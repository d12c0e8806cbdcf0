"""The dashboards on Flask and on Quart answer the same requests alike, and both draw the figure."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest

from tests.examples.test_examples import Answer, Server, both_started

pytestmark = pytest.mark.full

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
