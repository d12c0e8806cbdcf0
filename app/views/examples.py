"""Examples of the API's document, from schemas and values by name."""

import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

Schema = dict[str, Any]
WRITTEN: Final[dict[str, dict[str, Any]]] = json.loads(
    Path(__file__).with_name("examples.json").read_text()
)
"""Parameters and fields by operation, texts by content type, values by name of struct
(`Author.tweets`) or field.
"""
JSON_TYPES: Final[dict[str, tuple[type, Any]]] = {
    "string": (str, "…"),
    "integer": (int, 1),
    "number": (float, 0.5),
    "boolean": (bool, True),
    "array": (list, []),
    "object": (dict, {}),
    "null": (type(None), None),
}


class Examples:
    def __init__(self, structs: Mapping[str, Schema]) -> None:
        self._structs = structs

    def of_content(self, content_type: str, schema: Schema) -> Any:
        """Return an example of a body or answer, a line of JSON lines."""
        if content_type in WRITTEN["files"]:
            return WRITTEN["files"][content_type]
        return self.of(schema) if "json" in content_type and schema else None

    def of(self, schema: Schema, owner: str = "") -> Any:
        """Return a value of the schema; owner: the struct and its field."""
        for name in (owner, owner.rpartition(".")[2]):
            if name in WRITTEN["values"] and _fits(WRITTEN["values"][name], schema):
                return WRITTEN["values"][name]
        if "$ref" in schema:
            return self._of_struct(schema["$ref"].rpartition("/")[2])
        if "anyOf" in schema:
            return self.of(schema["anyOf"][0], owner)
        if "enum" in schema:
            return schema["enum"][0]
        if "prefixItems" in schema:
            return [self.of(item) for item in schema["prefixItems"]]
        if schema.get("items"):
            return [self.of(schema["items"])]
        formats = {"date-time": "2026-11-20T06:00:00Z", "date": "2026-11-20"}
        return formats.get(schema.get("format", "")) or JSON_TYPES[schema.get("type", "object")][1]

    def _of_struct(self, name: str) -> Any:
        if name in WRITTEN["values"]:
            return WRITTEN["values"][name]
        struct = self._structs[name]
        fields = {field: struct["properties"][field] for field in struct["required"]}
        return {field: self.of(schema, f"{name}.{field}") for field, schema in fields.items()}


def _fits(value: Any, schema: Schema) -> bool:
    if "anyOf" in schema:
        return any(_fits(value, option) for option in schema["anyOf"])
    if "enum" in schema:
        return value in schema["enum"]
    return isinstance(value, JSON_TYPES[schema.get("type", "object")][0])


def address_of(path: str, operation: Mapping[str, Any]) -> str:
    values: dict[str, dict[str, Any]] = {"query": {}, "path": {}}
    for parameter in operation["parameters"]:
        if "example" in parameter:
            values[parameter["in"]][parameter["name"]] = parameter["example"]
    query = values["query"]
    filled = re.sub(r"{(\w+)}", lambda match: quote(str(values["path"][match[1]])), path)
    return f"{filled}?{urlencode(query, doseq=True)}" if query else filled


def command_of(origin: str, path: str, method: str, operation: Mapping[str, Any]) -> str:
    """Return a request as a shell command, with a token in $TOKEN."""
    options = []
    security = operation["security"]
    if security and {} not in security:
        options.append('-H "Authorization: Bearer $TOKEN"')
    content = operation.get("requestBody", {}).get("content", {})
    if method == "delete" or (method == "post" and not content):
        options.append(f"-X {method.upper()}")
    for content_type, body in list(content.items())[:1]:
        options.append(f"-H {shlex.quote('Content-Type: ' + content_type)}")
        options.append(f"--data-binary {_quoted(body)}")
    address = origin + address_of(path, operation)
    return " \\\n     ".join(["curl", *options, shlex.quote(address)]).replace(" \\\n     ", " ", 1)


def _quoted(body: Mapping[str, Any]) -> str:
    if "example" not in body:
        return "@posts.jsonl"
    return shlex.quote(json.dumps(body["example"], ensure_ascii=False))
