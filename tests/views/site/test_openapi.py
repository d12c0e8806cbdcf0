"""The document of the API, and its page."""

import re
import shlex
from collections import Counter
from collections.abc import Iterator
from html import unescape
from typing import Any, cast

import pytest
from quart import Quart

from app import create_app
from app.services.imports.storing import load_samples
from app.views.site.schemas import WRITTEN
from tests.browsing import parts_of, signed_in
from tests.conftest import NDJSON, Client, MakeConfig, Shared
from tests.views.conformance import ENDING, IDS, OF_GAMES, Api
from tests.waiting import eventually


@pytest.fixture
async def filled(app: Quart, writer: Client) -> Api:
    """Two authors, jack and anna, their posts and an import.

    Of jack there are enough posts, and enough others, for a comparison.
    """
    await writer.add_user("jack", "The ferry is late again", "No ferry today, says the crew")
    await writer.add_user("anna", "Bread is best on the day", platform="mastodon")
    await writer.add_tweet("jack", "Late", source_id="1", created_at="2024-02-29T12:00:00Z")
    more = [{"text": f"Ferry {n}", "username": "jack"} for n in range(25)]
    message = {"text": "Bread", "username": "li", "room": {"name": "Crew"}}
    dated = message | {"created_at": "2024-02-29T12:00:00Z"}
    await writer.add_posts(*more, message, *[dated] * 100)
    queued = await writer.post("/api/v1/imports", data=b'{"text": "x", "username": "li"}\n')

    async def state() -> str:
        job = await (await writer.get(queued.headers["Location"])).get_json()
        return str(job["state"])

    # Its author would change what is asked of all.
    await eventually(state, until=lambda seen: seen == "done")
    return Api(app)


@pytest.fixture
def api(make_config: MakeConfig) -> Api:
    """An app that need not run to be looked at."""
    return Api(create_app(make_config()))


def test_every_route_is_in_the_document_and_nothing_else(api: Api) -> None:
    routes = Counter(
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in api.app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1") or rule.rule in {"/healthz", "/readyz"}
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )
    assert Counter((path, method) for path, method, _ in api.operations.values()) == routes


def test_nothing_is_declared_that_is_not_served(api: Api) -> None:
    assert sorted(api.operations) == IDS
    structs = api.document["components"]["schemas"].values()
    fields = {field for struct in structs for field in struct["properties"]}
    operations = [operation for _, _, operation in api.operations.values()]
    parameters = [api.resolve(each) for one in operations for each in one["parameters"]]
    names = {(parameter["in"], parameter["name"]) for parameter in parameters}
    queried = {name for place, name in names if place == "query"}
    assert not WRITTEN["fields"].keys() - fields - queried


def test_the_document_is_openapi_and_each_operation_is_whole(api: Api) -> None:
    assert api.document["openapi"].startswith("3.1.")
    for name, (path, _, operation) in api.operations.items():
        assert operation["summary"]
        parameters = operation["parameters"]
        names = Counter((parameter["name"], parameter["in"]) for parameter in parameters)
        assert set(names.values()) <= {1}, name
        assert not [
            parameter["name"] for parameter in parameters if "description" in parameter["schema"]
        ]
        in_path = {parameter["name"] for parameter in parameters if parameter["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path))
        assert any(status < "300" for status in operation["responses"])
        assert all(api.resolve(answer)["description"] for answer in operation["responses"].values())


def schemas_in(part: Any) -> Iterator[dict[str, Any]]:
    """Yield a schema, and all that it consists of."""
    yield part
    for key in ("anyOf", "oneOf", "prefixItems"):
        for option in part.get(key, []):
            yield from schemas_in(option)
    for field in part.get("properties", {}).values():
        yield from schemas_in(field)
    if "items" in part:
        yield from schemas_in(part["items"])


def check_schema(api: Api, schema: dict[str, Any]) -> None:
    """Check a schema by what openapi-python-client and openapi-typescript can read."""
    assert isinstance(schema, dict)
    api.resolve(schema)
    if schema.get("type") == "array":
        lengths = len(schema.get("prefixItems", [])), schema.get("minItems"), schema.get("maxItems")
        assert "items" in schema or len({*lengths}) == 1
    assert "type" in schema or not {"enum", "const"} & schema.keys()
    assert len(schema.get("enum", "ab")) > 1
    assert set(schema.get("required", ())) <= schema.get("properties", {}).keys()
    for field in schema.get("properties", {}).values():
        # They take a field with a default for one that is always there.
        assert "default" not in field


def test_generators_of_clients_can_read_the_document(api: Api) -> None:
    assert api.document["servers"] == [{"url": "/"}]
    tops = [*api.document["components"]["schemas"].values()]
    for name, (_, _, operation) in api.operations.items():
        assert name.isidentifier()
        tops += [parameter["schema"] for parameter in operation["parameters"]]
        tops += [content["schema"] for _, content in contents(operation)]
    for top in tops:
        for schema in schemas_in(top):
            check_schema(api, schema)


def parts_in(part: Any) -> Iterator[dict[str, Any]]:
    """Yield each object of the document but for examples, at whatever place it stands."""
    if isinstance(part, dict):
        yield part
    for key in part:
        inner = part[key] if isinstance(part, dict) else key
        if isinstance(inner, dict | list) and key not in ("example", "examples"):
            yield from parts_in(inner)


def test_clients_can_be_made_of_each_part_of_the_document(api: Api) -> None:
    for part in parts_in(api.document):
        # aiopenapi3 refuses the whole document, where a schema describes what a text contains.
        assert "contentSchema" not in part
        # openapi-generator makes no client of a value that can be nothing but null.
        inner = part["properties"].values() if "properties" in part else ()
        alone = [*inner, part.get("items"), part.get("schema")]
        assert not [each for each in alone if each and set(kinds_of(each)) == {"null"}], part
        # aiopenapi3 and swagger-typescript-api read no tuples.
        if "prefixItems" in part:
            length = len(part["prefixItems"])
            assert part["minItems"] == part["maxItems"] == length
            options = part["items"].get("anyOf", [part["items"]])
            assert all(place in options for place in part["prefixItems"])


def kinds_of(schema: dict[str, Any]) -> Iterator[str]:
    for option in schema.get("anyOf", schema.get("oneOf", [schema])):
        is_null = option.get("type") in ("null", ["null"]) or option.get("const", 0) is None
        yield "null" if is_null or option.get("enum") == [None] else "other"


async def test_the_document_refuses_what_the_server_refuses(app: Quart, admin: Client) -> None:
    api = Api(app)
    both = {"text": "Fog", "texts": ["Fog"]}
    await api.check_refused(admin, "compare_post", {}, both, {"texts": []}, {"texts": ["Fog"] * 51})
    assert {
        parameter["name"]
        for parameter in api.operations["compare_get"][2]["parameters"]
        if parameter.get("required")
    } == {"text"}
    assert (await admin.get("/api/v1/compare")).status_code == 422


async def test_facets_are_a_boolean_as_other_switches(shared: Shared) -> None:
    await shared.writer.add_user("facet", "a lighthouse of facets")
    for yes in ("1", "true"):
        found = await shared.anybody.json(f"/api/v1/search?q=facets&facets={yes}")
        assert found["facets"]["username"] == [["facet", 1]]
    for no in ("0", "false"):
        assert "facets" not in await shared.anybody.json(f"/api/v1/search?q=facets&facets={no}")


async def test_the_document_names_where_the_site_is(shared: Shared) -> None:
    answer = await shared.anybody.get("/app/api/v1/openapi.json", root_path="/app")
    assert (await answer.get_json())["servers"] == [{"url": "/app"}]


def contents(operation: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the types and descriptions of a request's body, and of each answer."""
    parts = [operation.get("requestBody", {}), *operation["responses"].values()]
    return [each for part in parts for each in part.get("content", {}).items()]


def test_examples_are_of_their_types(api: Api) -> None:
    for name, (_, _, operation) in api.operations.items():
        for content_type, content in contents(operation):
            if "json" in content_type:
                assert not api.faults(content["example"], content["schema"]), (name, content)
        for parameter in operation["parameters"]:
            if parameter["in"] == "path" or parameter.get("required"):
                assert not api.faults(parameter["example"], parameter["schema"]), (name, parameter)


@pytest.mark.parametrize("name", ["compare_get", "compare_post"])
def test_the_example_of_an_answer_does_not_contradict_itself(api: Api, name: str) -> None:
    operation = api.operations[name][2]
    example = operation["responses"]["200"]["content"]["application/json"]["example"]
    assert sum(ranked["probability"] for ranked in example["ranking"]) == pytest.approx(1)
    assert (1 - example["none"]) * example["ranking"][0]["probability"] >= example["needed"]
    for mark in example["evidence"]:
        assert example["text"][mark["start"] : mark["end"]] == mark["text"]


def test_the_example_of_an_address_asks_for_its_answer(api: Api) -> None:
    operation = api.operations["compare_get"][2]
    asked = {
        parameter["name"]: parameter["example"]
        for parameter in operation["parameters"]
        if "example" in parameter
    }
    answer = operation["responses"]["200"]["content"]["application/json"]["example"]
    names = [ranked["username"] for ranked in answer["ranking"]]
    assert (asked["text"], asked["username"]) == ([answer["text"]], names)


@pytest.mark.databases("sqlite", "postgresql")
async def test_the_examples_are_answered_as_declared(filled: Api, admin: Client) -> None:
    await _look_at_what_lists_hold(filled, admin)
    # What is read or added to is deleted last, a post before its author.
    for name in sorted(ENDING, key=lambda name: (name.startswith("remove"), name)):
        status, _ = await filled.send(admin, name)
        assert 200 <= status < 300 or (name, status) in EXCEPTIONS, name


async def _look_at_what_lists_hold(api: Api, admin: Client) -> None:
    for name, address in [
        ("list_users", "/api/v1/users?limit=1"),
        ("list_tweets", "/api/v1/users/jack/tweets?limit=1"),
        ("search_tweets", "/api/v1/search?q=late&limit=1&platform=local"),
        ("list_imports", "/api/v1/imports?limit=1"),
    ]:
        _, page = await api.send(admin, name, address)
        assert page["items"]
    _, comparison = await api.send(
        admin, "compare_post", json={"text": "The ferry is late again, says the crew"}
    )
    assert comparison["evidence"]
    lines = b'{"username": "jack", "text": ""}\n{}\n{"username": "jack", "text": "Hm"}\n'
    _, report = await api.send(admin, "create_many", data=lines, headers=NDJSON)
    assert (report["accepted"], report["rejected"]) == (1, 2)
    again = {"text": "Late", "source_id": "1"}
    assert (await api.send(admin, "create_tweet", json=again))[0] == 200
    assert (await api.send(admin, "create_user", json={"username": "Jack"}))[0] == 409


async def test_generators_can_read_each_schema(app: Quart) -> None:
    def walk(node: Any) -> Iterator[dict[str, Any]]:
        if isinstance(node, dict):
            yield node
        for part in node.values() if isinstance(node, dict) else node:
            if isinstance(part, dict | list):
                yield from walk(part)

    api = Api(app)
    for name, schema in api.document["components"]["schemas"].items():
        # A property that is null alone has no type in most languages.
        assert {"type": "null"} not in [*schema["properties"].values()], name
    used = {node["$ref"] for node in walk(api.document["paths"]) if "$ref" in node}
    assert "#/components/headers/Location" in used
    for node in walk(api.document["paths"]):
        if body := node.get("requestBody"):
            # Many generators know only the first type of a body.
            assert next(iter(body["content"].values()))["schema"], node["operationId"]


async def test_null_in_an_address_is_a_word_like_others(app: Quart, admin: Client) -> None:
    api, sent = Api(app), 0
    for name, (path, method, operation) in api.operations.items():
        for parameter in map(api.resolve, operation["parameters"]):
            schema = parameter["schema"]
            is_word = schema.get("type") == "array" or not api.faults("null", schema)
            if parameter["in"] == "query" and not is_word:
                address = f"{re.sub('{.+}', '1', path)}?{parameter['name']}=null"
                answer = await admin.send(method.upper(), address)
                assert answer.status_code == 400, (name, address)
                (error,) = (await answer.get_json())["errors"]
                assert error["loc"] == parameter["name"]
                sent += 1
    assert sent > 20


async def test_the_document_is_open_where_reading_is_not(make_config: MakeConfig) -> None:
    private, public = create_app(make_config(public=False)), create_app(make_config())
    async with private.test_app(), public.test_app():
        for path in ("/api/v1/openapi.json", "/api/v1/docs"):
            answers = [await Client(app, {}).get(path) for app in (private, public)]
            assert [answer.status_code for answer in answers] == [200, 200]
            assert answers[0].headers["ETag"] != answers[1].headers["ETag"]
        document = await (await Client(private, {}).get("/api/v1/openapi.json")).get_json()
    assert document["paths"]["/api/v1/users"]["get"]["security"] == [
        {"bearer": ["read"]},
        {"session": []},
    ]


EXCEPTIONS = {
    *(("cancel_import", 409), ("undo_import", 409), ("change_room", 409)),
    *(("join_name", 404), ("part_name", 404)),  # Nobody has the name of the example.
}
"""Operations that ask for what the samples do not have: the import has ended then, and does not
know what it brought; a chat that was sent has no zone in which it was read."""


async def test_the_page_shows_every_operation_without_scripts(shared: Shared) -> None:
    page = await (await shared.anybody.get("/api/v1/docs")).get_data(as_text=True)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert set(IDS) <= set(ids)
    assert max(Counter(ids).values()) == 1
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    assert page.count("<h1") == 1
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=\"/)", page)
    for address in re.findall(r'(?:src|href)="([^"]*)"', page):
        assert re.match(r"#|/(?!/)", address)


async def test_a_body_shows_types_and_what_it_needs(shared: Shared) -> None:
    page = await (await shared.anybody.get("/api/v1/docs")).get_data(as_text=True)
    (shown,) = re.findall(r'<article class="card" id="create_tweet">(.*?)</article>', page, re.S)
    assert re.search(r"<code>text</code> <span[^>]*><span[^>]*>string</span>, required", shown)
    assert re.search(r"<code>lang</code> <span[^>]*><span[^>]*>string or null</span></span>", shown)
    assert "<summary>Example</summary>" in shown


@pytest.mark.databases("sqlite")
async def test_the_requests_that_are_shown_are_answered(app: Quart, admin: Client) -> None:
    await load_samples(parts_of(app).db)
    message = {"username": "ann", "text": "Lanterns out!", "room": {"name": "Crew"}}
    dated = message | {"created_at": "2026-02-01T12:00:00Z"}
    # The person of the examples speaks there too.
    await admin.add_posts(message, message | {"username": "saltmarsh_light"}, *[dated] * 100)
    page = await (await admin.get("/api/v1/docs")).get_data(as_text=True)
    shown = re.findall(r'<article class="card" id="(\w+)">.*?<pre><code>(.*?)</code>', page, re.S)
    requests = {name: Shown(unescape(command)) for name, command in shown}
    assert sorted(requests) == IDS
    for name in (OF_GAMES - {"create_game"}) | {"live_stream"}:
        del requests[name]
    # What is read or added to is deleted last, a post before its author.
    order = ["POST", "GET", "PATCH", "DELETE"]
    for name in sorted(requests, key=lambda name: (order.index(requests[name].method), name)):
        status = await requests[name].send(admin)
        assert 200 <= status < 300 or (name, status) in EXCEPTIONS, (
            name,
            status,
            requests[name].path,
        )


class Shown:
    """A request that the page shows as a command for curl."""

    def __init__(self, command: str) -> None:
        program, *words = shlex.split(command.replace("\\\n", ""))
        *options, address = words
        pairs = list(zip(options[::2], options[1::2], strict=True))
        given = dict(pairs)
        assert program == "curl"
        self.headers = dict(value.split(": ", 1) for name, value in pairs if name == "-H")
        self.headers.pop("Authorization", None)  # The client's own token is sent.
        self.path = address.removeprefix("http://localhost")
        self.data = given.get("--data-binary")
        self.method = given.get("-X", "GET" if self.data is None else "POST")

    async def send(self, client: Client) -> int:
        """Return the status of the answer."""
        data = b'{"text": "x", "username": "li"}' if self.data == "@posts.jsonl" else self.data
        answer = await client.send(self.method, self.path, headers=self.headers, data=data)
        await answer.get_data()
        return int(answer.status_code)


async def test_the_page_is_in_the_visitors_language(shared: Shared) -> None:
    async def language(**headers: str) -> str:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        page = await (await shared.anybody.get("/api/v1/docs", headers=named)).get_data(
            as_text=True
        )
        return cast(str, page).partition('<html lang="')[2][:2]

    assert [await language(Accept_Language=each) for each in ("ko", "en")] == ["ko", "en"]
    chosen = await shared.anybody.get("/api/v1/docs?locale=ko")
    assert (chosen.status_code, chosen.headers["Location"]) == (303, "/api/v1/docs")
    cookie = chosen.headers["Set-Cookie"].partition(";")[0]
    assert await language(Accept_Language="en", Cookie=cookie) == "ko"


async def test_a_program_finds_the_document_and_what_its_token_may(shared: Shared) -> None:
    start = await shared.anybody.json("/api/v1")
    assert start == {"document": "/api/v1/openapi.json", "docs": "/api/v1/docs"}
    for client, scope in ((shared.writer, "write"), (shared.admin, "admin")):
        own = await client.json("/api/v1/token")
        assert (own["kind"], own["scope"]) == ("token", scope)
    assert (await shared.anybody.get("/api/v1/token")).status_code == 401
    browser = await signed_in(shared.app, "mina")
    own = await (await browser.get("/api/v1/token")).get_json()
    assert own == {"kind": "account", "name": "mina", "scope": "admin", "ends_at": None}


async def test_a_list_leads_to_its_next_page(writer: Client) -> None:
    for name in ("ann", "bo", "한 강"):
        await writer.add_user(name.replace(" ", "_"), "lamp & pier")
    seen, path = list[str](), "/api/v1/search?q=lamp+%26+pier&limit=2"
    while path:
        page = await writer.get(path)
        seen += [hit["username"] for hit in (await page.get_json())["items"]]
        found = re.fullmatch(r'<(/[^>]*)>; rel="next"', page.headers.get("Link", ""))
        path = found[1] if found else ""
    assert sorted(seen) == ["ann", "bo", "한_강"]


async def test_options_are_no_page(anybody: Client) -> None:
    for path in ("/api/v1/users", "/"):
        answer = await anybody.send("OPTIONS", path)
        assert (answer.status_code, await answer.get_data()) == (204, b"")
        assert "GET" in answer.headers["Allow"]
        assert not {"Content-Security-Policy", "Vary"} & set(answer.headers.keys())
