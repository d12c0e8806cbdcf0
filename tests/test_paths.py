"""Addresses that several layers know are addresses of routes."""

import pytest
from quart import Quart

from app import create_app, paths
from tests.conftest import MakeConfig


@pytest.fixture
def routes(make_config: MakeConfig) -> set[tuple[str, str]]:
    """Method and address of each route of an app."""
    app: Quart = create_app(make_config())
    return {
        (method, rule.rule) for rule in app.url_map.iter_rules() for method in rule.methods or ()
    }


def test_large_bodies_and_calls_are_posted_to_routes(routes: set[tuple[str, str]]) -> None:
    for path in (*paths.UPLOADS, paths.DASH_CALLS):
        assert ("POST", path) in routes


def test_what_ends_an_address_ends_routes(routes: set[tuple[str, str]]) -> None:
    for end in paths.WITH_OWN_ADDRESS:
        assert any(method == "GET" and path.endswith(end) for method, path in routes)


def test_what_begins_an_address_begins_routes(routes: set[tuple[str, str]]) -> None:
    for start in (*paths.FOR_PROGRAMS, paths.STATIC + "/"):
        assert any(path.startswith(start) for _, path in routes)
