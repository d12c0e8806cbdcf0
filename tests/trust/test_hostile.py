"""Requests at random, at a real server of two workers."""

import copy
from collections.abc import Iterator

import pytest

from app.views.openapi import document
from tests.server import Server
from tests.trust.hostile import Calls, hostile_site


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with hostile_site(tmp_path_factory.mktemp("hostile")) as server:
        yield server


@pytest.mark.timeout(600)
def test_no_request_is_an_error_of_the_server(server: Server) -> None:
    calls = Calls(server)
    calls.run(1_320, first_seed=0)
    assert not calls.report.faults, calls.report
    assert calls.report.statuses[200] > 66


def test_an_answer_that_is_not_as_the_document_says_is_found(server: Server) -> None:
    described = copy.deepcopy(document(is_public=True))
    operation = described["paths"]["/api/v1/users/{username}"]["get"]
    described["paths"] = {"/api/v1/users/{username}": {"get": operation}}
    del operation["responses"]["default"]
    calls = Calls(server, described)
    calls.run(100, first_seed=0)
    assert "Received: 404" in str(calls.report)
