"""What a visitor may send, in queries, forms, JSON and headers, costs no more than its size.

Each field that a view declares or reads is sent once, twice and four times as large. Processor
time, memory and the answer may grow with the bytes that were sent, and not faster.
"""

import inspect
import json
import re
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from time import process_time
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import msgspec
import pytest
from quart import Quart

from app.views.policies import POLICY
from tests.conftest import NDJSON, Client, app_of, client_with, config_of
from tests.databases import Databases
from tests.loop_steps import ATTEMPTS, no_garbage_collected

pytestmark = pytest.mark.timeout(600)
VISITORS: Final = {"open", "read"}
SIZES: Final = (1, 2, 4)
QUERY: Final = 3_000
"""Bytes of a query or header at the smallest size; with 64 KB a request is refused."""
BODY: Final = 20_000
LEAST_S: Final = 0.02
"""Shorter times say nothing."""
MOST_TIME: Final = 3 * SIZES[-1]
"""What is quadratic grows 16 times."""
MOST_ANSWER: Final = 12
"""Bytes of an answer for each byte that was sent: a quotation mark becomes five, in two forms."""
MOST_OF_QUERY: Final = 60
"""Likewise for a query, which the dashboard has in each panel; no query is longer than 64 KB."""
MOST_MEMORY: Final = 60
"""Bytes of memory likewise: 32 for a short string, 8 for its place in a list."""
SPARE: Final = 300_000
"""Bytes of memory that caches of the first requests may take."""
BASE: Final = {"text": "the sea and its harbours", "username": "sailor", "q": "sea"}
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
READ_OF_FORM: Final = re.compile(
    r"(?:form|files|request\.form|\(await request\.files\))\.(?:get|getlist)\(\s*\"(\w+)\""
    r"|\"(\w+)\" (?:not )?in form"
)
HEADERS: Final = (
    *("Accept", "Accept-Encoding", "Accept-Language", "Cookie", "If-None-Match", "Range"),
    *("If-Match", "If-Modified-Since", "Authorization", "Saywho-After", "Last-Event-ID"),
    *("Forwarded", "X-Forwarded-For", "Referer", "Origin", "User-Agent", "HX-Request", "Prefer"),
    *("Access-Control-Request-Headers", "Sec-Fetch-Site", "X-Request-Id", "Expect"),
)


class Case(NamedTuple):
    """A request of a size in bytes."""

    name: str
    method: str
    path: str
    content: Callable[[int], tuple[str, dict[str, Any]]]
    """Returns the rest of the address, and the options of the request."""


@pytest.fixture(scope="module")
async def public(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Quart, Client]]:
    """A public site with authors, a chat, and a visitor."""
    folder = tmp_path_factory.mktemp("growing")
    async with app_of(config_of(databases, folder / "instance", public=True, cache_mb=0)) as app:
        writer = await client_with(app, "write")
        for name in ("sailor", "baker", "keeper"):
            texts = (f"{name} speaks of the sea, bread and lamps, day {n}" for n in range(40))
            await writer.add_author(name, *texts)
        room = {"name": "Pier"}
        said = (
            {"username": n, "text": f"said by {n} {i}"} for n in ("ada", "bo") for i in range(9)
        )
        await writer.add_posts(*(post | {"room": room} for post in said))
        yield app, Client(app, {})
    databases.drop(folder)


def long_values(size: int) -> Iterator[tuple[str, str]]:
    """Yield shapes of a value of so many bytes."""
    yield "word", "w" * size
    yield "list", "a,b," * (size // 4)
    yield "quotes", '"' * size
    yield "lines", "x\n" * (size // 2)


SHAPES: Final = [name for name, _ in long_values(10)]


def value(shape: str, size: int) -> str:
    return dict(long_values(size))[shape]


def views_of(app: Quart, method: str) -> Iterator[tuple[str, Any]]:
    """Yield addresses that visitors may request, and their views."""
    examples = {"room_id": "1", "tweet_id": "1", "username": "sailor", "name": "sailor"}
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if method in (rule.methods or ()) and getattr(view, POLICY, "") in VISITORS:
            path = re.sub(
                r"<(?:\w+:)?(\w+)>", lambda match: examples.get(match[1], "2024"), rule.rule
            )
            if "live" not in path and "events" not in path:  # They never end.
                yield path, inspect.unwrap(view)


def declared(view: Any, name: str) -> list[str]:
    kind = view.__annotations__.get(name)
    if isinstance(kind, str):
        kind = getattr(inspect.getmodule(view), kind, None)
    fields = getattr(kind, "__struct_fields__", ())
    return [field.encode_name for field in msgspec.structs.fields(kind)] if fields else []


def queries(app: Quart) -> Iterator[Case]:
    """Yield queries of each view of visitors, with each parameter that it declares."""
    for path, view in views_of(app, "GET"):
        names = declared(view, "args") or ["unknown"]
        for name in names:
            base = {key: text for key, text in BASE.items() if key in names and key != name}
            start = "?" + "".join(f"{key}={quote(text)}&" for key, text in base.items())
            for shape in SHAPES:
                whole = partial(_query, start + name, shape)
                yield Case(f"GET {path} {name} {shape}", "GET", path, whole)
            yield Case(f"GET {path} {name} repeated", "GET", path, partial(_repeated, start, name))


def _query(start: str, shape: str, size: int) -> tuple[str, dict[str, Any]]:
    return f"{start}={quote(value(shape, size))}", {}


def _repeated(start: str, name: str, size: int) -> tuple[str, dict[str, Any]]:
    pairs = (f"{name}=v{number}" for number in range(size // (len(name) + 6)))
    return start + "&".join(pairs), {}


def headers(_app: Quart) -> Iterator[Case]:
    for name in HEADERS:
        for shape in ("word", "list", "quotes"):
            yield Case(f"header {name} {shape}", "GET", "/", partial(_header, name, shape))


def _header(name: str, shape: str, size: int) -> tuple[str, dict[str, Any]]:
    return "", {"headers": {name: value(shape, size)}}


def forms(app: Quart) -> Iterator[Case]:
    """Yield forms of each action of visitors, with each field that its module reads."""
    for path, view in views_of(app, "POST"):
        if path.startswith("/api/"):
            continue
        source = inspect.getsource(inspect.getmodule(view) or view)
        for name in sorted({one or other for one, other in READ_OF_FORM.findall(source)}):
            for kind in ("csv", "") if '"kind"' in source and name == "lines" else ("",):
                base = {key: text for key, text in BASE.items() if key != name} | {"kind": kind}
                start = "".join(f"{key}={quote(text)}&" for key, text in base.items() if text)
                for shape in SHAPES:
                    sent = partial(_form, start + name, shape)
                    yield Case(f"POST {path} {name} {shape} {kind}", "POST", path, sent)
            yield Case(f"POST {path} {name} repeated", "POST", path, partial(_fields, name))


def _form(start: str, shape: str, size: int) -> tuple[str, dict[str, Any]]:
    data = f"{start}={quote(value(shape, size), safe=',')}".encode()
    return "", {"data": data, "headers": FORM}


def _fields(name: str, size: int) -> tuple[str, dict[str, Any]]:
    address, _ = _repeated("", name, size)
    return "", {"data": address.encode(), "headers": FORM}


def bodies(app: Quart) -> Iterator[Case]:
    """Yield bodies of JSON for each operation of visitors: long values, and long lists."""
    for path, view in views_of(app, "POST"):
        if not path.startswith("/api/"):
            continue
        for name in declared(view, "form"):
            for shape in (*SHAPES, "listed"):
                yield Case(f"POST {path} {name} {shape}", "POST", path, partial(_json, name, shape))
        for shape in SHAPES:
            yield Case(f"POST {path} lines {shape}", "POST", path, partial(_lines, shape))


def _json(name: str, shape: str, size: int) -> tuple[str, dict[str, Any]]:
    given: object = value(shape, size) if shape in SHAPES else [f"v{n}" for n in range(size // 9)]
    data = json.dumps(BASE | {name: given}).encode()
    return "", {"data": data, "headers": {"Content-Type": "application/json"}}


def _lines(shape: str, size: int) -> tuple[str, dict[str, Any]]:
    line = json.dumps({"text": value(shape, 60)}) + "\n"
    return "?username=sailor", {"data": (line * (size // len(line))).encode(), "headers": NDJSON}


async def measured(
    client: Client, case: Case, size: int, count: Callable[[], float]
) -> tuple[float, int]:
    """Return what a request takes, as `count` counts it, and the bytes of its answer."""
    address, options = case.content(size)
    with no_garbage_collected():
        before = count()
        answer = await client.send(case.method, case.path + address, **options)
        length = len(await answer.get_data())
        taken = count() - before
    assert answer.status_code < 500 or answer.status_code in {501, 503}, (case.name, size)
    return taken, length


async def check(client: Client, case: Case, unit: int) -> str:
    """Return what grows faster than the request; nothing if all is well."""
    sizes = [unit * size for size in SIZES]
    grown = sizes[-1] - sizes[0]
    for _ in range(ATTEMPTS):  # Another process may have held up some.
        found = [await measured(client, case, size, process_time) for size in sizes]
        times, lengths = zip(*found, strict=True)
        if times[-1] <= MOST_TIME * max(times[0], LEAST_S):
            break
    else:
        return f"{case.name}: {times} s"
    most_answer = MOST_OF_QUERY if case.method == "GET" else MOST_ANSWER
    if lengths[-1] - lengths[0] > most_answer * grown:
        return f"{case.name}: answers of {lengths} bytes"
    if unit != BODY or not case.name.endswith(("list csv", "repeated", "listed")):
        return ""
    for _ in range(ATTEMPTS):  # Work in the background takes memory, too.
        peaks = [await peak(client, case, size) for size in sizes]
        if peaks[-1] - peaks[0] <= MOST_MEMORY * grown + SPARE:
            return ""
    return f"{case.name}: {peaks} bytes of memory"


async def peak(client: Client, case: Case, size: int) -> int:
    """Return the most memory in bytes that a request takes."""
    address, options = case.content(size)
    tracemalloc.start()
    try:
        await (await client.send(case.method, case.path + address, **options)).get_data()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("cases", "unit"),
    [
        pytest.param(queries, QUERY, id="queries", marks=pytest.mark.full),
        pytest.param(headers, QUERY, id="headers"),
        pytest.param(forms, BODY, id="forms"),
        pytest.param(bodies, BODY, id="bodies"),
    ],
)
async def test_a_request_costs_no_more_than_its_size(
    public: tuple[Quart, Client], cases: Callable[[Quart], Iterator[Case]], unit: int
) -> None:
    app, client = public
    tried, faults = 0, list[str]()
    for case in cases(app):
        tried += 1
        if fault := await check(client, case, unit):
            faults.append(fault)
    assert tried > 20
    assert not faults, "\n".join(faults)
