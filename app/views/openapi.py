"""The API's document, OpenAPI 3.1, made from the declared operations."""

import json
import re
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import msgspec

from app.errors import Problem
from app.formats.records import ExportedPost
from app.models import MAX_ID
from app.services.posts.tweets import Post
from app.views.blueprints import Operation
from app.views.examples import WRITTEN as EXAMPLES
from app.views.examples import Examples

Schema = dict[str, Any]
WRITTEN: Final[dict[str, Any]] = json.loads(Path(__file__).with_name("openapi.json").read_text())
IN_PATH: Final = re.compile(r"<(?:(\w+):)?(\w+)>")


def document(operations: Iterable[Operation], *, is_public: bool) -> dict[str, Any]:
    """Return the document of these operations, in some 10 ms."""
    operations = _in_order(operations)
    schemas = Schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for declared in operations:
        path = paths.setdefault(IN_PATH.sub(r"{\2}", declared.path), {})
        path[declared.method.lower()] = _operation(declared, schemas, is_public=is_public)
    problem = schemas.content({"application/problem+json": Problem})
    return {
        "openapi": "3.1.0",
        "info": WRITTEN["info"] | {"version": version("saywho")},
        "tags": [
            {"name": name, "description": about}
            for name, about in WRITTEN["tags"].items()
            if any(declared.tag == name for declared in operations)
        ],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "responses": {"problem": {"description": WRITTEN["problem"]} | problem},
            "securitySchemes": WRITTEN["securitySchemes"],
        },
    }


def _in_order(operations: Iterable[Operation]) -> list[Operation]:
    tags = list(WRITTEN["tags"])
    ordered = sorted(operations, key=lambda declared: tags.index(declared.tag))
    for declared in [each for each in ordered if each.follows]:
        ordered.remove(declared)
        names = [each.view.__name__ for each in ordered]
        ordered.insert(names.index(declared.follows) + 1, declared)
    return ordered


class Schemas:
    def __init__(self, operations: list[Operation]) -> None:
        declared_types = (
            type_
            for declared in operations
            for type_ in (declared.args, *declared.content.values(), *declared.body.values())
        )
        types = list(dict.fromkeys([Problem, *filter(None, declared_types)]))
        schemas, self.components = msgspec.json.schema_components(
            types, ref_template="#/components/schemas/{name}"
        )
        self._by_type: dict[Any, Schema] = {None: {}, **dict(zip(types, schemas, strict=True))}
        for struct in self.components.values():
            for name, field in struct["properties"].items():
                _describe(name, field)
        answers: list[type[msgspec.Struct]] = [ExportedPost, Post, *Post.__subclasses__()]
        for type_ in answers:  # Requests may leave out what these always have.
            self.components[type_.__name__]["required"] = list(type_.__struct_fields__)
        # Parameters are no bodies: each is described where it is given.
        args = {declared.args for declared in operations}
        self.args = {type_: self.components.pop(type_.__name__) for type_ in args}
        self.examples = Examples(self.components)

    def content(
        self, content: Mapping[str, Any], example: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return bodies with examples, whose fields `example` replaces; bytes have no schema."""
        bodies: dict[str, Schema] = {}
        for content_type, type_ in content.items():
            schema = self._by_type[type_]
            value = self.examples.of_content(content_type, schema)
            if example is not None:
                value = value | example
            bodies[content_type] = {"schema": schema} | (
                {} if value is None else {"example": value}
            )
        return {"content": bodies} if bodies else {}


def _describe(name: str, field: Schema) -> None:
    if name in WRITTEN["fields"]:
        field.setdefault("description", WRITTEN["fields"][name])
    if name.endswith("_at") or name == "not_before":
        # msgspec writes the format only where a time must have a zone.
        for option in field.get("anyOf", [field]):
            option |= {"format": "date-time"} if option["type"] == "string" else {}


def _operation(declared: Operation, schemas: Schemas, *, is_public: bool) -> dict[str, Any]:
    example = EXAMPLES["answers"].get(declared.view.__name__)
    responses: dict[str, Any] = {
        str(status): {"description": text} | schemas.content(declared.content, example)
        for status, text in declared.answers.items()
    }
    responses["default"] = {"$ref": "#/components/responses/problem"}
    described: dict[str, Any] = {
        "operationId": declared.view.__name__,
        "tags": [declared.tag],
        "summary": (declared.view.__doc__ or "").partition("\n")[0].removesuffix("."),
        "security": _security(declared, is_public=is_public),
        "parameters": _parameters(declared, schemas),
        "responses": responses,
    }
    if declared.body:
        described["requestBody"] = {"required": True} | schemas.content(declared.body)
    return described


def _security(declared: Operation, *, is_public: bool) -> list[dict[str, list[str]]]:
    """Return alternatives: nothing ({}), a token of the scope, or a session."""
    if declared.policy == "open":
        return []
    if declared.policy == "player":
        return [{"player": []}]
    scope = "read" if declared.policy == "token" else declared.policy
    needed: list[dict[str, list[str]]] = [{"bearer": [scope]}, {"session": []}]
    return [{}, *needed] if declared.policy == "read" and is_public else needed


def _parameters(declared: Operation, schemas: Schemas) -> list[dict[str, Any]]:
    args, parameters = schemas.args[declared.args], list[dict[str, Any]]()
    example = EXAMPLES["requests"].get(declared.view.__name__, {})
    by_converter: dict[str, Schema] = {
        "id": {"type": "integer", "minimum": 1, "maximum": MAX_ID},
        "year": {"type": "integer", "minimum": 1, "maximum": 9998},
    }
    for converter, name in IN_PATH.findall(declared.path):
        schema = by_converter.get(converter, {"type": "string"})
        about = {"name": name, "in": "path", "required": True, "schema": schema}
        parameters.append(about | {"example": schemas.examples.of(schema, name)})
    for name, field in args["properties"].items():
        about = _in_query(name, field) | ({"required": True} if name in args["required"] else {})
        if name in example or "required" in about:
            about["example"] = example.get(name) or schemas.examples.of(about["schema"], name)
        parameters.append(about)
    return parameters


def _in_query(name: str, field: Schema) -> dict[str, Any]:
    # A field that may be None is a parameter that may be absent.
    options = [option for option in field.get("anyOf", []) if option != {"type": "null"}]
    schema = dict(options[0] if len(options) == 1 else field)
    about: dict[str, Any] = {"name": name, "in": "query", "schema": schema}
    if "description" in field:
        about["description"] = field["description"]
        schema.pop("description", None)
    return about
