"""Whether the API answers as its document says."""

import json
import re
from typing import Any, Final
from urllib.parse import urlencode

from jsonschema_rs import Draft202012Validator
from quart import Blueprint, Quart

from app.blueprints import API
from app.part_list import load_all
from app.views.blueprints import operations_of
from app.views.site.api import document
from tests.conftest import NDJSON, Client


def every_blueprint() -> list[Blueprint]:
    """Return the blueprints of the API, those of all parts too."""
    return [*API, *(blueprint for part in load_all().values() for blueprint in part.api)]


OPERATIONS: Final = operations_of(every_blueprint())
IDS: Final = sorted(declared.view.__name__ for declared in OPERATIONS)
OF_GAMES: Final = {declared.view.__name__ for declared in OPERATIONS if declared.tag == "games"}
"""Operations that need a game under way, and its players."""
ENDING: Final = [name for name in IDS if name != "live_stream" and name not in OF_GAMES]
"""The others whose answers can be read to their end."""
IN_PATH: Final = re.compile(r"{(\w+)}")
PATH_VALUES: Final = {"username": "jack", "year": "2024"}
PATHS: Final = {"show_person_portrait": {"username": "li"}}
"""Other values, by operation: a person of the chat."""
BOTH: Final = {"username": ["jack", "anna"]}
QUERIES: Final[dict[str, dict[str, Any]]] = {
    "list_users": {"q": "ja"},
    "search_tweets": {"q": "ferry", "username": "jack", "limit": 10, "tz": "Asia/Seoul"},
    "show_archive": {"tz": "Asia/Seoul"},
    "show_stats": BOTH | {"tz": "Asia/Seoul"},
    "compare_get": BOTH | {"text": "The ferry is late"},
    "compare_card": BOTH,
    "compare_batch": BOTH,
    "live_stream": {"after": 1},
    "export_posts": {"q": "ferry", "username": "jack", "format": "jsonl"},
}
BODIES: Final[dict[str, dict[str, Any]]] = {
    "create_user": {"json": {"username": "mina", "display_name": "Mina"}},
    "change_room": {"json": {"timezone": "Asia/Seoul"}},
    "change_user": {"json": {"display_name": "Jack of the harbour"}},
    "create_tweet": {"json": {"text": "The ferry is late again."}},
    "create_many": {
        "headers": NDJSON,
        "data": b'{"username": "anna", "text": "Night", "platform": "mastodon"}',
    },
    "compare_post": {"json": {"text": "The ferry is late", "usernames": ["jack", "anna"]}},
    "compare_batch": {
        "headers": NDJSON,
        "data": b'{"text": "The ferry is late"}\n{"text": "Bread", "id": 7}\n',
    },
    "create_import": {"data": b'{"text": "x", "username": "li"}\n'},
    "follow_source": {"json": {"source": "rss:https://blog.example/feed.xml"}},
}


class Api:
    """The running app beside its document: each answer is checked against what is declared."""

    def __init__(self, app: Quart) -> None:
        self.app = app
        self.document = document(OPERATIONS, is_public=True)
        self.operations = {
            operation["operationId"]: (path, method, operation)
            for path, methods in self.document["paths"].items()
            for method, operation in methods.items()
        }
        self._strict = {
            name: struct | {"additionalProperties": False}
            for name, struct in self.document["components"]["schemas"].items()
        }

    def resolve(self, part: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in part:
            node: Any = self.document
            for name in part["$ref"].removeprefix("#/").split("/"):
                node = node[name]
            part = node
        return part

    def sample(self, name: str) -> tuple[str, dict[str, Any]]:
        """Return the address and the content of a request that is answered."""
        path, _, _ = self.operations[name]
        values = PATH_VALUES | PATHS.get(name, {})
        path = IN_PATH.sub(lambda match: values.get(match[1], "1"), path)
        query = urlencode(QUERIES.get(name, {}), doseq=True)
        return f"{path}?{query}" if query else path, dict(BODIES.get(name, {}))

    async def send(
        self, client: Client, name: str, address: str | None = None, **kwargs: Any
    ) -> tuple[int, Any]:
        """Send a request, by default the sample; return status and value, found as declared."""
        _, method, operation = self.operations[name]
        sample_address, sample = self.sample(name)
        if not {"json", "data"} & kwargs.keys():
            headers = sample.pop("headers", {}) | kwargs.pop("headers", {})
            kwargs = sample | {"headers": headers} | kwargs
        answer = await client.send(method.upper(), address or sample_address, **kwargs)
        data = await answer.get_data()
        status = str(answer.status_code) if answer.status_code < 400 else "default"
        assert status in operation["responses"], (name, answer.status_code, data)
        declared = self.resolve(operation["responses"][status])
        sent = {name.lower() for name, _ in answer.headers}
        named = {name.lower() for name in declared["headers"]}
        assert sent & {name.lower() for name in self.document["components"]["headers"]} <= named
        if "content" not in declared:
            assert data == b""
            return answer.status_code, None
        content = declared["content"].get(answer.mimetype)
        assert content is not None, (name, answer.mimetype, data)
        if answer.mimetype == "application/x-ndjson":
            value = [json.loads(line) for line in data.splitlines()]
            line = content["schema"]["x-lines"]
            faults = [fault for each in value for fault in self.faults(each, line)]
        else:
            is_text = answer.mimetype.startswith("text/")
            value = data.decode() if is_text else await answer.get_json(force=True)
            faults = self.faults(value, content["schema"])
        assert not faults, (name, faults)
        return answer.status_code, value

    async def check_refused(self, client: Client, name: str, *bodies: dict[str, Any]) -> None:
        """Fail for a JSON body that the document or the server takes."""
        _, _, operation = self.operations[name]
        content = operation["requestBody"]["content"]["application/json"]
        for body in bodies:
            assert self.faults(body, content["schema"]), body
            assert (await self.send(client, name, json=body))[0] == 422, body

    def faults(self, value: Any, schema: dict[str, Any]) -> list[str]:
        """Return where a value is not of a schema, or has fields that the schema does not name."""
        if "$ref" in str(schema):
            schema = schema | {"components": {"schemas": self._strict}}
        validator = Draft202012Validator(schema, validate_formats=True)
        return [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(value)]
