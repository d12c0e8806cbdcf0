"""Bodies as visitors send them: forms of any length, and none that fills the memory."""

import asyncio
import codecs
import itertools
import json
import tracemalloc
from typing import Any, Final

import pytest
from quart import Quart

from app.paths import UPLOADS
from app.views.requests import MOST_FIELDS
from saywho.sizes import MIB
from tests.browsing import SAME_ORIGIN, found_in, scope_of, signed_in
from tests.conftest import MakeConfig, Shared, app_of
from tests.views.test_policies import need_of, routes

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON_TYPE: Final = "application/json"
LINES_TYPE: Final = "application/x-ndjson"
PARTS_TYPE: Final = "multipart/form-data; boundary=b"
HEAD: Final = b'--b\r\nContent-Disposition: form-data; name="name"'
HOSTILE: Final[list[tuple[str, bytes]]] = [
    *(
        (JSON_TYPE, body)
        for body in (b"\xff", b"null", b"[]", b"[" * 20_000, b'{"text": "\\ud800"}')
    ),
    *(
        (f"{JSON_TYPE}; charset=utf-16", body)
        for body in ('{"text": "한"}'.encode("utf-16"), b"{}")
    ),
    *((LINES_TYPE, body) for body in (b"\xff\n", b"[]\nnull\n", b"[" * 20_000)),
    *((FORM["Content-Type"], body) for body in (b"a=%FF&b=%&%ZZ=%00&=&&", b"\xff=\xfe", b"\0")),
    (f"{FORM['Content-Type']}; charset=utf-16", "name=x".encode("utf-16")),
    *(
        (PARTS_TYPE, body)
        for body in (b"", b"--b", b"--b\r\n\r\nx\r\n--b--\r\n", HEAD, b"x" * 400_000)
    ),
    (
        PARTS_TYPE,
        HEAD + b"; x*=utf-16''%ff%fe\r\nContent-Type: x; charset=utf-16\r\n\r\n\xff\r\n--b--\r\n",
    ),
    (PARTS_TYPE, HEAD.replace(b'"name"', b'"\xff"') + b"\r\n\r\nx\r\n--b--\r\n"),
    *(
        (f"multipart/form-data{boundary}", HEAD)
        for boundary in ("", "; boundary=", '; boundary="ÿ"')
    ),
    *((content_type, b"{}") for content_type in ("", "ÿ", "text/plain; charset=none")),
]
"""Types and bodies that are not what they say, or what nobody would send."""
PIECE: Final = 512 * 1024
SENT: Final = 16 * MIB
MOST_HELD: Final = 8 * MIB
"""A body up to its limit of 1 MiB, or 4 of a file, and what the server holds on its way."""
OF_LENGTH: Final = {"Content-Length": str(SENT)}
IN_CHUNKS: Final = {"Transfer-Encoding": "chunked"}
PACKED: Final = {"Accept-Encoding": "gzip"}


@pytest.mark.parametrize(
    "content_type", ["application/x-url-encoded", "application/x-www-form-urlencoded"]
)
@pytest.mark.parametrize("path", ["/compare", "/login"])
async def test_a_form_of_too_many_fields_is_refused(
    shared: Shared, path: str, content_type: str
) -> None:
    form = {"Content-Type": content_type}
    await shared.anybody.post(path, data="a=1&" * MOST_FIELDS, headers=form, status=413)


async def test_a_byte_order_mark_before_json_is_passed_over(shared: Shared) -> None:
    post, by_author = {"username": "mark", "text": "the sea"}, "/api/v1/compare/batch?username=mark"
    requests: list[tuple[str, str, Any, str]] = [
        ("POST", "/api/v1/users", {"username": "mark"}, JSON_TYPE),
        ("PATCH", "/api/v1/users/mark", {"display_name": "Mark"}, JSON_TYPE),
        ("POST", "/api/v1/users/mark/tweets", {"text": "fog"}, JSON_TYPE),
        ("POST", "/api/v1/tweets", [post], JSON_TYPE),
        ("POST", "/api/v1/tweets", post, LINES_TYPE),
        ("POST", "/api/v1/compare", {"text": "the sea", "usernames": ["mark"]}, JSON_TYPE),
        ("POST", by_author, [{"text": "the sea"}], JSON_TYPE),
        ("POST", by_author, {"text": "the sea"}, LINES_TYPE),
    ]
    for method, path, content, kind in requests:
        body, headers = codecs.BOM_UTF8 + json.dumps(content).encode(), {"Content-Type": kind}
        answer = await shared.admin.send(method, path, data=body, headers=headers)
        told = await answer.get_data(as_text=True)
        assert answer.status_code < 300, told
        assert not found_in(told, 'error":"', '"rejected":1')


@pytest.mark.full
async def test_no_body_is_an_error_of_the_server(shared: Shared) -> None:
    operator = await signed_in(shared.app)
    for method, rule, path in routes(shared.app):
        if method in {"POST", "DELETE"} and rule != "/logout":
            for content_type, body in HOSTILE:
                headers = SAME_ORIGIN | {"Content-Type": content_type}
                answer = await operator.send(method, path, data=body, headers=headers)
                assert answer.status_code < 500, (method, path, content_type, body[:40])


@pytest.mark.parametrize("size", [1, 50_000])
async def test_a_form_is_read_whatever_its_length(shared: Shared, size: int) -> None:
    form = f"padding={'x' * size}&tweet_text=%ED%95%9C+a%FF&user1=a&user2=b"
    answer = await shared.anybody.post("/compare", data=form, headers=FORM, status=303)
    assert answer.headers["Location"].endswith("?text=%ED%95%9C+a%EF%BF%BD&username=a&username=b")


async def check_memory(
    make_config: MakeConfig, *heads: tuple[dict[str, str], dict[str, str]]
) -> None:
    """Send every address a large body below each pair of headers; look at what it holds."""
    async with app_of(make_config(max_import_mb=4)) as app:
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
        tracemalloc.start()
        try:
            for case in itertools.product(addresses, heads):
                path, head = case
                status, held = await send_large(app, path, addresses[path], *head)
                assert held < MOST_HELD, (case, f"{held / MIB:.1f} MiB")
                assert 300 <= status < 500, (case, status)
        finally:
            tracemalloc.stop()


@pytest.mark.full
@pytest.mark.timeout(300)
@pytest.mark.databases("sqlite")
async def test_no_address_takes_more_than_its_limit_into_memory(make_config: MakeConfig) -> None:
    await check_memory(make_config, (OF_LENGTH, {}), (IN_CHUNKS, PACKED))


@pytest.mark.full
@pytest.mark.timeout(300)
@pytest.mark.databases("sqlite")
async def test_no_address_holds_more_whichever_answer_it_is_asked_for(
    make_config: MakeConfig,
) -> None:
    await check_memory(make_config, (OF_LENGTH, PACKED), (IN_CHUNKS, {}))


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
