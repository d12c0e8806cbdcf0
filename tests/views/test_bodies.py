"""Bodies as visitors send them: forms of any length, and none that fills the memory."""

import asyncio
import itertools
import tracemalloc
from typing import Any, Final

import pytest
from quart import Quart

from app import create_app
from app.config import MIB
from app.paths import UPLOADS
from app.views.bodies import INLINE_CHARACTERS, MOST_FIELDS
from tests.browsing import SAME_ORIGIN, scope_of, signed_in
from tests.conftest import Client, MakeConfig
from tests.views.test_policies import need_of, routes

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PIECE: Final = 512 * 1024
SENT: Final = 16 * MIB
MOST_HELD: Final = 8 * MIB
"""A body up to its limit of 1 MiB, or 4 of a file, and what the server holds on its way."""


@pytest.mark.parametrize("path", ["/compare", "/login"])
async def test_a_form_of_too_many_fields_is_refused(anybody: Client, path: str) -> None:
    answer = await anybody.post(path, data="a=1&" * MOST_FIELDS, headers=FORM)
    assert answer.status_code == 413


@pytest.mark.parametrize("size", [1, INLINE_CHARACTERS])
async def test_a_form_is_read_whatever_its_length(anybody: Client, size: int) -> None:
    form = f"padding={'x' * size}&tweet_text=%ED%95%9C+a%FF&user1=a&user2=b"
    answer = await anybody.post("/compare", data=form, headers=FORM)
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("?text=%ED%95%9C+a%EF%BF%BD&username=a&username=b")


@pytest.mark.timeout(120)
@pytest.mark.databases("sqlite")
async def test_no_address_takes_more_than_its_limit_into_memory(make_config: MakeConfig) -> None:
    app = create_app(make_config(max_import_mb=4))
    async with app.test_app():
        operator = await signed_in(app)
        cookie = "; ".join(f"{name}={value}" for name, value in operator.cookies.items())
        posted = [(rule, path) for method, rule, path in routes(app) if method == "POST"]
        addresses = {
            path: {}
            if need_of("POST", rule) in {"open", "read"}
            else SAME_ORIGIN | {"Cookie": cookie}
            for rule, path in posted
        }
        assert {"/dashboard/_dash-update-component", "/user", *UPLOADS} <= addresses.keys()
        lengths = ({"Content-Length": str(SENT)}, {"Transfer-Encoding": "chunked"})
        encodings: tuple[dict[str, str], ...] = ({}, {"Accept-Encoding": "gzip"})
        tracemalloc.start()
        try:
            for case in itertools.product(addresses, lengths, encodings):
                path, *headers = case
                status, held = await send_large(app, path, addresses[path], *headers)
                assert held < MOST_HELD, (case, f"{held / MIB:.1f} MiB")
                assert 300 <= status < 500, (case, status)
        finally:
            tracemalloc.stop()


async def send_large(app: Quart, path: str, *headers: dict[str, str]) -> tuple[int, int]:
    """Post a large body in pieces; return the status and the most bytes held meanwhile."""
    left = SENT
    status = 0

    async def receive() -> Any:
        nonlocal left
        if left <= 0:
            await asyncio.Event().wait()
        left -= PIECE
        return {"type": "http.request", "body": bytes(PIECE), "more_body": left > 0}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    is_json = path.startswith(("/api/", "/dashboard/"))
    fields = {"Host": "localhost"} | ({"Content-Type": "application/json"} if is_json else FORM)
    for given in headers:
        fields |= given
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    await app(scope_of("POST", path, fields), receive, send)
    return status, tracemalloc.get_traced_memory()[1] - before
