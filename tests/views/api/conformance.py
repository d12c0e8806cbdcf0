"""Whether the API answers as its document says."""

import json
from typing import Any, Final
from urllib.parse import quote, urlencode

from jsonschema_rs import Draft202012Validator
from quart import Quart

import app.views.api  # noqa: F401 - declares the operations
from app.views.blueprints import OPERATIONS
from app.views.openapi import document
from tests.conftest import Client

IDS: Final = sorted(OPERATIONS)
ENDING: Final = [name for name in IDS if name != "live_stream"]
"""Operations whose answers can be read to their end."""


class Api:
    """The running app beside its document: each answer is checked against what is declared."""

    def __init__(self, app: Quart) -> None:
        self.app = app
        self.document = document(is_public=True)
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
            found: Any = self.document
            for name in part["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            part = found
        return part

    def sample(self, name: str, **other: Any) -> tuple[str, dict[str, Any]]:
        """Return address and content of the request that the document gives as an example."""
        path, _, operation = self.operations[name]
        query = {}
        for parameter in map(self.resolve, operation["parameters"]):
            if parameter["in"] == "path":
                value = other.get(parameter["name"], parameter["example"])
                path = path.replace(f"{{{parameter['name']}}}", quote(str(value)))
            elif parameter["in"] == "query" and "example" in parameter:
                query[parameter["name"]] = parameter["example"]
        address = f"{path}?{urlencode(query, doseq=True)}" if query else path
        for content_type, content in operation.get("requestBody", {"content": {}})[
            "content"
        ].items():
            if content_type == "application/json":
                return address, {"json": content["example"]}
            sent = content["example"].encode()
            return address, {"data": sent, "headers": {"Content-Type": content_type}}
        return address, {}

    async def send(
        self, client: Client, name: str, address: str | None = None, **kwargs: Any
    ) -> tuple[int, Any]:
        """Send a request, by default the example; return status and value, found as declared."""
        _, method, operation = self.operations[name]
        example_address, example = self.sample(name)
        if method != "get" and not {"json", "data"} & kwargs.keys():
            headers = example.pop("headers", {}) | kwargs.pop("headers", {})
            kwargs = example | {"headers": headers} | kwargs
        answer = await client.send(method.upper(), address or example_address, **kwargs)
        data = await answer.get_data()
        status = str(answer.status_code) if answer.status_code < 400 else "default"
        assert status in operation["responses"], (name, answer.status_code, data)
        declared = self.resolve(operation["responses"][status])
        if "content" not in declared:
            assert data == b""
            return answer.status_code, None
        content = declared["content"].get(answer.mimetype)
        assert content is not None, (name, answer.mimetype, data)
        if answer.mimetype == "application/x-ndjson":
            value = [json.loads(line) for line in data.splitlines()]
            faults = [fault for each in value for fault in self.faults(each, content["schema"])]
        else:
            is_text = answer.mimetype.startswith("text/")
            value = data.decode() if is_text else await answer.get_json(force=True)
            faults = self.faults(value, content["schema"])
        assert not faults, (name, faults)
        return answer.status_code, value

    def faults(self, value: Any, schema: dict[str, Any]) -> list[str]:
        """Return where a value is not of a schema, or has fields that the schema does not name."""
        if "$ref" in str(schema):
            schema = schema | {"components": {"schemas": self._strict}}
        validator = Draft202012Validator(schema, validate_formats=True)
        return [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(value)]
