"""Messages of the protocol: revisions, errors of JSON-RPC, and their statuses."""

import json
from dataclasses import replace
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from app.parts.mcp.messages import MOST_BYTES
from app.parts.mcp.tools import TOOLS, Result
from tests.conftest import Shared
from tests.parts.mcp.assistants import META, NEWEST, Plain, switch


@pytest.fixture
async def plain(shared: Shared) -> Plain:
    await switch(shared.app, "letters")
    return Plain(shared.admin)


async def failure(plain: Plain, message: Any, status: int, **headers: str | None) -> dict[str, Any]:
    answer = await plain.send(message, **headers)
    assert answer.status_code == status, await answer.get_data()
    told = await answer.get_json()
    assert told.keys() <= {"jsonrpc", "id", "error"}
    error: dict[str, Any] = told["error"]
    assert len(error["message"].splitlines()) == 1
    assert "Traceback" not in error["message"]
    return error


NOTHING: Final = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
MALFORMED: Final[dict[str, tuple[Any, int]]] = {
    "no JSON": (b"{", -32700),
    "nothing": (b"", -32700),
    "not UTF-8": (b'{"jsonrpc": "\xff"}', -32700),
    "deep": (b"[" * 50_000 + b"]" * 50_000, -32700),
    "half a character": (
        b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":"\\ud800"}}',
        -32700,
    ),
    "a batch": ([NOTHING, NOTHING], -32600),
    "an empty batch": ([], -32600),
    "a text": ("ping", -32600),
    "another version of JSON-RPC": (NOTHING | {"jsonrpc": "1.0"}, -32600),
    "an answer": ({"jsonrpc": "2.0", "id": 1, "result": {}}, -32600),
    "a method that is no text": (NOTHING | {"method": 1}, -32600),
    "id null": (NOTHING | {"id": None}, -32600),
    "id true": (NOTHING | {"id": True}, -32600),
    "id with a fraction": (NOTHING | {"id": 1.5}, -32600),
    "params as a list": (NOTHING | {"params": [1]}, -32602),
    "params null": (NOTHING | {"params": None}, -32602),
}


@pytest.mark.parametrize("kind", MALFORMED)
async def test_malformed_messages_have_the_errors_of_json_rpc(plain: Plain, kind: str) -> None:
    message, code = MALFORMED[kind]
    assert (await failure(plain, message, 400))["code"] == code


async def test_huge_messages_and_arguments_are_refused(plain: Plain) -> None:
    huge = plain.message("tools/call", name="search", arguments={"words": "a" * MOST_BYTES})
    assert (await failure(plain, huge, 413))["code"] == -32600
    message = plain.message("tools/call", name="search", arguments={"words": "a" * 2_000})
    told = (await (await plain.send(message)).get_json())["result"]
    assert told["isError"] is True
    assert told["content"][0]["text"] == "words: must have at most 1000 characters"


@pytest.mark.parametrize(
    ("params", "code", "status"),
    [
        ({"name": "delete_everything", "arguments": {}}, -32602, 400),
        ({"arguments": {}}, -32602, 400),
        ({"name": "search", "arguments": ["words"]}, -32602, 400),
        ({"name": "search", "arguments": None}, -32602, 400),
        ({"name": ["search"]}, -32020, 400),
    ],
)
async def test_calls_that_are_no_calls_have_errors(
    plain: Plain, params: dict[str, Any], code: int, status: int
) -> None:
    named = {} if "name" in params else {"Mcp_Name": None}
    message = plain.message("tools/call", **params)
    assert (await failure(plain, message, status, **named))["code"] == code


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("search", {"words": 3}, 'words: must be text, like "words"'),
        ("search", {"limit": 500}, "limit: must be at most 20"),
        ("search", {"limit": True}, "limit: must be a whole number"),
        ("search", {"sort": "worst"}, "sort: must be one of best, likes, newest, oldest"),
        ("search", {"cursor": "abc"}, "`cursor` is not from this list"),
        ("search", {"since": "yesterday"}, "since must be a day like 2026-01-31"),
        ("search", {"colour": "red"}, "colour: is not known here"),
        ("around", {}, "message: is missing"),
        ("around", {"message": 10**30}, "message"),
        ("chat", {"chat": 7}, "There is no chat 7"),
        ("around", {"message": 7}, "no post 7"),
        ("person", {"person": "A7"}, "There is no person A7"),
        ("who_wrote", {"texts": []}, "texts: must have at least 1 items"),
        ("who_wrote", {"texts": ["?!"]}, "no letters"),
        ("who_wrote", {"texts": ["a lamp by the harbour"]}, "No author has posts yet"),
    ],
)
async def test_wrong_arguments_are_answers_that_a_model_can_mend(
    plain: Plain, tool: str, arguments: dict[str, Any], told: str
) -> None:
    answer = await plain.send(plain.message("tools/call", name=tool, arguments=arguments))
    assert answer.status_code == 200
    result = (await answer.get_json())["result"]
    assert result["isError"] is True
    assert told in result["content"][0]["text"]


async def test_the_newest_revision_has_its_version_in_each_request(plain: Plain) -> None:
    found = (await (await plain.send(plain.message("server/discover"))).get_json())["result"]
    assert found["resultType"] == "complete"
    assert found["supportedVersions"][0] == NEWEST
    assert found["capabilities"] == {"tools": {}}
    assert found["_meta"][META + "serverInfo"]["name"] == "saywho"
    listed = (await (await plain.send(plain.message("tools/list"))).get_json())["result"]
    assert [tool["name"] for tool in listed["tools"]] == [*TOOLS]
    assert (listed["ttlMs"], listed["cacheScope"]) == (60_000, "private")
    for tool in listed["tools"]:
        assert tool["inputSchema"]["type"] == "object"
        assert tool["annotations"]["readOnlyHint"] is True
        assert "$ref" not in json.dumps(tool["inputSchema"])


async def test_versions_and_headers_must_agree(plain: Plain) -> None:
    message = plain.message("tools/list")
    other: dict[str, Any] = json.loads(json.dumps(message))
    other["params"]["_meta"][(META + "protocolVersion")] = "1900-01-01"
    error = await failure(plain, other, 400, MCP_Protocol_Version="1900-01-01")
    assert error["code"] == -32022
    assert error["data"] == {
        "supported": [NEWEST, "2025-11-25", "2025-06-18"],
        "requested": "1900-01-01",
    }
    assert (await failure(plain, message, 400, MCP_Protocol_Version=None))["code"] == -32020
    assert (await failure(plain, message, 400, MCP_Protocol_Version="2025-11-25"))["code"] == -32020
    assert (await failure(plain, message, 400, Mcp_Method="tools/call"))["code"] == -32020
    assert (await failure(plain, message, 400, Mcp_Method=None))["code"] == -32020
    call = plain.message("tools/call", name="chat", arguments={})
    assert (await failure(plain, call, 400, Mcp_Name="search"))["code"] == -32020
    bare = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    assert (await failure(plain, bare, 400))["code"] == -32602
    del message["params"]["_meta"][META + "clientCapabilities"]
    assert (await failure(plain, message, 400))["code"] == -32602
    for wrong in (bare | {"params": {"_meta": []}}, bare | {"params": {"_meta": NEWEST}}):
        assert (await failure(plain, wrong, 400))["code"] == -32602


async def test_unknown_methods_do_not_exist(plain: Plain) -> None:
    for method in ("initialize", "resources/list", "tools/delete", "__init__"):
        assert (await failure(plain, plain.message(method), 404))["code"] == -32601


async def test_earlier_revisions_begin_with_a_handshake(shared: Shared, plain: Plain) -> None:
    old = Plain(shared.admin, "2025-06-18")
    for wanted, offered in (("2025-06-18",) * 2, ("2025-11-25",) * 2, ("2024-11-05", "2025-11-25")):
        message = old.message("initialize", protocolVersion=wanted, capabilities={}, clientInfo={})
        answer = await old.send(message, MCP_Protocol_Version=None)
        assert "Mcp-Session-Id" not in answer.headers
        result = (await answer.get_json())["result"]
        assert result["protocolVersion"] == offered
        assert "resultType" not in result
    answer = await old.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert (answer.status_code, await answer.get_data()) == (202, b"")
    assert (await (await old.send(old.message("ping"))).get_json())["result"] == {}
    modern = await (await plain.send(plain.message("ping"))).get_json()
    assert modern["result"].keys() == {"resultType", "_meta"}
    assert await old.ask("chat") == await plain.ask("chat")
    # Their clients take a status for the end of the session.
    assert (await failure(old, old.message("resources/list"), 200))["code"] == -32601
    assert (await failure(old, old.message("tools/call", name="x"), 200))["code"] == -32602


async def test_sessions_and_other_methods_of_http_are_none(shared: Shared, plain: Plain) -> None:
    message = plain.message("tools/list")
    answer = await plain.send(message, Mcp_Session_Id="abc", Last_Event_ID="7")
    assert answer.status_code == 200
    assert "Mcp-Session-Id" not in answer.headers
    for method in ("GET", "DELETE"):
        answer = await shared.admin.send(method, "/mcp")
        assert answer.status_code == 405
        assert "POST" in answer.headers["Allow"]
    assert (await plain.send(message, Content_Type="text/plain")).status_code == 415


async def test_each_tool_says_the_shape_of_its_answer(plain: Plain) -> None:
    listed = await (await plain.send(plain.message("tools/list"))).get_json()
    for tool in listed["result"]["tools"]:
        for schema in (tool["inputSchema"], tool["outputSchema"]):
            Draft202012Validator.check_schema(schema)
            # Models' programs refuse a schema that is no plain object.
            assert schema["type"] == "object"
            assert not schema.keys() & {"$ref", "anyOf", "oneOf", "allOf"}
    assert (
        await (
            await plain.send(plain.message("tools/call", name="around", arguments={}))
        ).get_json()
    )["result"].keys() == {"resultType", "_meta", "content", "isError"}


async def test_a_fault_of_a_tool_is_an_error_without_its_words(
    plain: Plain, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> Result:
        raise RuntimeError("a secret")

    broken = TOOLS | {"chat": replace(TOOLS["chat"], run=fail)}
    monkeypatch.setattr("app.parts.mcp.messages.TOOLS", broken)
    message = plain.message("tools/call", name="chat", arguments={})
    assert await failure(plain, message, 500) == {"code": -32603, "message": "Internal error"}
