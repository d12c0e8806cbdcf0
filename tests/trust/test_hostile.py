"""Requests at random, at a real server of two workers."""

import copy
from collections.abc import Iterator

import pytest

from app.views.openapi import document
from tests.serving.test_server import Server
from tests.trust.hostile import Calls, Hostile, hostile_site
from tests.trust.visitors import Visitor


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with hostile_site(tmp_path_factory.mktemp("hostile")) as server:
        yield server


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("kind", "count"), [(Calls, 1_320), (Visitor, 500)])
def test_no_request_is_an_error_of_the_server(
    server: Server, kind: type[Hostile], count: int
) -> None:
    hostile = kind(server)
    hostile.run(count, first_seed=0)
    assert not hostile.report.faults, hostile.report
    assert hostile.report.statuses[200] > count // 20


def test_an_answer_that_is_not_as_the_document_says_is_found(server: Server) -> None:
    described = copy.deepcopy(document(is_public=True))
    operation = described["paths"]["/api/v1/users/{username}"]["get"]
    described["paths"] = {"/api/v1/users/{username}": {"get": operation}}
    del operation["responses"]["default"]
    calls = Calls(server, described)
    calls.run(100, first_seed=0)
    assert "Received: 404" in str(calls.report)
