"""Whether the API answers as its document says."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from quart import Quart

import app.views.api  # noqa: F401 - declares the operations
from app.views.openapi import document
from app.views.operation import OPERATIONS
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

    def resolve(self, part: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in part:
            found: Any = self.document
            for name in part["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            part = found
        return part

    def declaring(self, status: str) -> list[str]:
        """Return the operations that can give this status."""
        found = [name for name in IDS if status in self.operations[name][2]["responses"]]
        assert found
        return found

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
        assert str(answer.status_code) in operation["responses"], (name, answer.status_code, data)
        declared = self.resolve(operation["responses"][str(answer.status_code)])
        missing = [header for header in declared["headers"] if header not in answer.headers]
        assert not missing, (name, missing)
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
            faults = list(self.faults(value, content["schema"]))
        assert not faults, (name, faults)
        return answer.status_code, value

    def faults(self, value: Any, schema: dict[str, Any], place: str = "$") -> Iterator[str]:
        """Yield where a value is not of a schema, or has fields that the schema does not name."""
        schema = self.resolve(schema)
        if "anyOf" in schema:
            if all(list(self.faults(value, option, place)) for option in schema["anyOf"]):
                yield f"{place} is none of the options"
        elif "enum" in schema:
            if value not in schema["enum"]:
                yield f"{place} is not one of the values"
        elif "type" not in schema:
            assert not schema, f"{schema} cannot be checked"
        elif not isinstance(value, TYPES[schema["type"]]) or (
            isinstance(value, bool) and schema["type"] != "boolean"
        ):
            yield f"{place} is not of type {schema['type']}"
        elif isinstance(value, dict):
            yield from self._faults_of_object(value, schema, place)
        elif isinstance(value, list):
            yield from self._faults_of_list(value, schema, place)
        else:
            yield from _faults_of_scalar(value, schema, place)

    def _faults_of_object(
        self, value: dict[str, Any], schema: dict[str, Any], place: str
    ) -> Iterator[str]:
        if "properties" not in schema:
            return
        for name in set(schema["required"]) - value.keys():
            yield f"{place}.{name} is missing"
        for name in value.keys() - schema["properties"].keys():
            yield f"{place}.{name} is not declared"
        for name in value.keys() & schema["properties"].keys():
            yield from self.faults(value[name], schema["properties"][name], f"{place}.{name}")

    def _faults_of_list(
        self, value: list[Any], schema: dict[str, Any], place: str
    ) -> Iterator[str]:
        items = schema.get("prefixItems") or [schema["items"]] * len(value)
        if len(items) != len(value):
            yield f"{place} has {len(value)} items"
        for number, (item, of) in enumerate(zip(value, items, strict=False)):
            yield from self.faults(item, of, f"{place}[{number}]")


TYPES: Final[dict[str, Any]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}
KNOWN_WORDS: Final = {
    *("$ref", "anyOf", "enum", "type", "properties", "required", "items", "prefixItems"),
    *("minItems", "maxItems", "minimum", "maximum", "minLength", "maxLength", "format"),
    *("default", "description", "examples", "title", "additionalProperties", "contentMediaType"),
}


def _faults_of_scalar(value: Any, schema: dict[str, Any], place: str) -> Iterator[str]:
    size = len(value) if isinstance(value, str) else value or 0
    low = schema.get("minimum", schema.get("minLength", size))
    high = schema.get("maximum", schema.get("maxLength", size))
    if not low <= size <= high:
        yield f"{place} is out of range"
    if schema.get("format") == "date-time":
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            yield f"{place} is not a time"
        else:
            if instant.tzinfo is None:
                yield f"{place} is a time without a zone"
