"""The API's document says what the app does, all of it and nothing else."""

import re
from collections import Counter
from typing import Any

import pytest
from quart import Quart

from app import create_app
from app.views.site import api as openapi
from tests.conftest import NDJSON, Client, MakeConfig
from tests.views.conformance import ENDING, IDS, Api
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
        if rule.rule.startswith("/api/v1/") or rule.rule in {"/healthz", "/readyz"}
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )
    described = Counter((path, method) for path, method, _ in api.operations.values())
    assert described == routes


def test_nothing_is_declared_that_is_not_served(api: Api) -> None:
    assert sorted(api.operations) == IDS
    structs = api.document["components"]["schemas"].values()
    fields = {field for struct in structs for field in struct["properties"]}
    operations = [operation for _, _, operation in api.operations.values()]
    parameters = [api.resolve(each) for one in operations for each in one["parameters"]]
    names = {(parameter["in"], parameter["name"]) for parameter in parameters}
    queried = {name for place, name in names if place == "query"}
    assert not openapi.WRITTEN["fields"].keys() - fields - queried


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


@pytest.mark.databases("sqlite", pytest.param("postgresql", marks=pytest.mark.full))
async def test_the_examples_are_answered_as_declared(filled: Api, admin: Client) -> None:
    await _look_at_what_lists_hold(filled, admin)
    # What is read or added to is deleted last, a post before its author.
    for name in sorted(ENDING, key=lambda name: (name.startswith("remove"), name)):
        status, _ = await filled.send(admin, name)
        assert 200 <= status < 300 or name == "cancel_import", name


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
