"""The API's document as its page shows it: references followed, types in short."""

import json
from collections.abc import Iterator
from shlex import quote as shell_quote
from typing import Any, Final
from urllib.parse import quote, urlencode

from markupsafe import Markup
from msgspec import Struct

ERROR: Final = "400"
"""The first status that is one."""


class Field(Struct, frozen=True):
    """A parameter, or a field of an object with those of the objects in it."""

    name: str
    type: str
    is_required: bool
    default: str
    description: Markup
    place: str = ""
    fields: tuple["Field", ...] = ()


class Content(Struct, frozen=True):
    """A body: its content type, what it is, and its fields."""

    content_type: str
    type: str
    fields: tuple[Field, ...]


class Answer(Struct, frozen=True):
    status: str
    description: str
    headers: tuple[str, ...]
    contents: tuple[Content, ...]


class Operation(Struct, frozen=True):
    """An operation; `scope` is what a token needs, None where nothing is needed."""

    id: str
    tag: str
    method: str
    path: str
    summary: str
    scope: str | None
    parameters: tuple[Field, ...]
    bodies: tuple[Content, ...]
    answers: tuple[Answer, ...]
    errors: tuple[Answer, ...]
    example: str


class Reader:
    """Reads the parts of a document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    def operations(self, origin: str) -> Iterator[Operation]:
        """Yield the operations in their order; `origin` is scheme and host for the examples."""
        for path, methods in self._document["paths"].items():
            for method, operation in methods.items():
                yield self._operation(path, method.upper(), operation, origin)

    def errors(self) -> list[Answer]:
        """Return the errors that the document knows."""
        found = self._document["components"]["responses"].items()
        return [self._answer(*item) for item in found if item[0] >= ERROR]

    def _answer(self, status: str, answer: dict[str, Any]) -> Answer:
        answer = self._resolve(answer)
        return Answer(
            status,
            answer["description"],
            tuple(answer.get("headers", ())),
            self._contents(answer.get("content", {})),
        )

    def _operation(
        self, path: str, method: str, operation: dict[str, Any], origin: str
    ) -> Operation:
        parameters = [self._resolve(parameter) for parameter in operation["parameters"]]
        body = operation.get("requestBody", {"content": {}})
        answers = [self._answer(*item) for item in operation["responses"].items()]
        scope = _scope(operation["security"])
        return Operation(
            id=operation["operationId"],
            tag=operation["tags"][0],
            method=method,
            path=path,
            summary=operation["summary"],
            scope=scope,
            parameters=tuple(self._parameter(parameter) for parameter in parameters),
            bodies=self._contents(body["content"]),
            answers=tuple(answer for answer in answers if answer.status < ERROR),
            errors=tuple(answer for answer in answers if answer.status >= ERROR),
            example=_curl(method, origin + path, parameters, body["content"], scope),
        )

    def _resolve(self, part: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in part:
            return part
        found: Any = self._document
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        return dict(found)

    def _parameter(self, parameter: dict[str, Any]) -> Field:
        schema = parameter["schema"]
        return Field(
            name=parameter["name"],
            type=type_name(schema),
            is_required=parameter.get("required", False),
            default=_default(schema),
            description=marked_up(parameter["description"]),
            place=parameter["in"],
        )

    def _contents(self, content: dict[str, Any]) -> tuple[Content, ...]:
        return tuple(
            Content(content_type, type_name(part["schema"]), self._fields(part["schema"]))
            for content_type, part in content.items()
        )

    def _fields(self, schema: dict[str, Any]) -> tuple[Field, ...]:
        """Return the fields of an object, or of the objects in a list."""
        struct = self._resolve(schema.get("items") or schema)
        return tuple(
            Field(
                name=name,
                type=type_name(field),
                is_required=name in struct["required"],
                default=_default(field),
                description=marked_up(field.get("description", "")),
                fields=self._fields(field),
            )
            for name, field in struct.get("properties", {}).items()
        )


def type_name(schema: dict[str, Any]) -> str:
    """Return the type in short: `integer 1…200`, `Author[]`, `"0" | "1"`."""
    if not schema:
        return "bytes"
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " | ".join(type_name(option) for option in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "prefixItems" in schema:
        return f"[{', '.join(type_name(item) for item in schema['prefixItems'])}]"
    if schema["type"] == "array":
        return f"{type_name(schema['items'])}[]"
    name = schema.get("format", schema["type"])
    low = schema.get("minimum", schema.get("minLength"))
    high = schema.get("maximum", schema.get("maxLength"))
    if low is not None and high is not None:
        return f"{name} {low}…{high}"
    return f"{name} ≤ {high}" if high is not None else str(name)


def marked_up(text: str) -> Markup:
    """Return a text with what stands in backticks as code."""
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if place % 2 else piece
        for place, piece in enumerate(text.split("`"))
    )


def _default(schema: dict[str, Any]) -> str:
    default = schema.get("default")
    return "" if default in (None, "", []) else json.dumps(default)


def _scope(security: list[dict[str, list[str]]]) -> str | None:
    return None if not security or {} in security else security[0]["bearer"][0]


def _curl(
    method: str,
    address: str,
    parameters: list[dict[str, Any]],
    content: dict[str, Any],
    scope: str | None,
) -> str:
    """Return the operation's example as a command."""
    examples = {p["name"]: p["example"] for p in parameters if p["in"] == "path"}
    query = {p["name"]: p["example"] for p in parameters if p["in"] == "query" and "example" in p}
    for name, example in examples.items():
        address = address.replace(f"{{{name}}}", quote(str(example)))
    if query:
        address += f"?{urlencode(query, doseq=True)}"
    lines = [f"curl{'' if method == 'GET' else f' -X {method}'} {shell_quote(address)}"]
    if scope is not None:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    for content_type, part in list(content.items())[:1]:
        example = part["example"]
        sent = example if isinstance(example, str) else json.dumps(example, ensure_ascii=False)
        lines += [f"-H 'Content-Type: {content_type}'", f"--data-binary {shell_quote(sent)}"]
    return " \\\n  ".join(lines)
