"""Schemas and examples of the API's document, in the forms that generators of clients can read."""

import ast
import json
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, cast

import msgspec
from msgspec import NODEFAULT, inspect

from app.errors import Problem
from app.part_list import FOLDER
from app.views.blueprints import NDJSON, Operation

Schema = dict[str, Any]


def _read(name: str, of_parts: str) -> dict[str, Any]:
    """Return a document of the core, with what the `api.json` of parts add to its groups."""
    written: dict[str, Any] = json.loads(Path(__file__).with_name(name).read_text())
    for path in sorted(FOLDER.glob("*/api.json")):
        for group, added in json.loads(path.read_text())[of_parts].items():
            written[group] |= added
    return written


WRITTEN: Final = _read("openapi.json", "document")
WRITTEN["tags"]["service"] = WRITTEN["tags"].pop("service")  # It is the last one.
EXAMPLES: Final[dict[str, dict[str, Any]]] = _read("examples.json", "examples")
"""Parameters and fields by operation, texts by content type, values by struct or field."""
JSON_TYPES: Final[dict[str, tuple[type, Any]]] = {
    "string": (str, "…"),
    "integer": (int, 1),
    "number": (float, 0.5),
    "boolean": (bool, True),
    "array": (list, []),
    "object": (dict, {}),
    "null": (type(None), None),
}


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
        self._by_type: dict[Any, Schema] = {
            None: {},
            **dict(zip(types, map(plain, schemas), strict=True)),
        }
        for part in _parts_in(types):
            properties = self.components[part.cls.__name__]["properties"]
            for name, about in _docstrings_of(part.cls).items():
                properties[name] = {"description": about} | properties[name]
        for schema in self.components.values():
            for name, field in schema["properties"].items():
                if name in WRITTEN["fields"]:
                    field.setdefault("description", WRITTEN["fields"][name])
                if name.endswith("_at") or name == "not_before":
                    # msgspec writes the format only where a time must have a zone.
                    for option in field.get("anyOf", [field]):
                        option |= {"format": "date-time"} if option["type"] == "string" else {}
        # Parameters are no bodies: each is described where it is given.
        args = {declared.args for declared in operations}
        self.args = {type_: plain(self.components.pop(type_.__name__)) for type_ in args}
        sent = {type_ for declared in operations for type_ in declared.body.values()}
        self._settle_defaults(set(self._named([self._by_type[type_] for type_ in sent])), types)
        self.components = {name: plain(struct) for name, struct in self.components.items()}
        for declared in operations:
            if declared.form is not None and declared.one_of:
                self._by_type[declared.form] = self._split(declared.form.__name__, declared.one_of)
        self.examples = Examples(self.components)

    def _settle_defaults(self, sent: Collection[str], types: Iterable[Any]) -> None:
        """Say what requests may leave out, and that answers have all fields.

        Generators take a field with a default for one that is always there, or refuse null.
        """
        sure = dict(_sure_fields(types))
        for name, struct in self.components.items():
            if name not in sent:
                struct["required"] = sure.get(name, struct["required"])
            for field in struct["properties"].values():
                default = field.pop("default", None)
                about = field.get("description", "")
                if name in sent and default not in (None, []) and "default" not in about:
                    shown = default if isinstance(default, str) else json.dumps(default)
                    field["description"] = f"{about} Default: `{shown}`.".strip()

    def _named(self, schemas: Iterable[Schema]) -> Iterator[str]:
        seen, waiting = set[str](), list(schemas)
        while waiting:
            schema = waiting.pop()
            name = schema.get("$ref", "").rpartition("/")[2]
            if name and name not in seen:
                seen.add(name)
                yield name
                waiting.append(self.components[name])
            waiting += _parts_of(schema)

    def _split(self, name: str, fields: Sequence[str]) -> Schema:
        struct = self.components.pop(name)
        options: list[Schema] = []
        for field in fields:
            option = f"{name}With{field.title()}"
            left = {key: part for key, part in struct["properties"].items() if key not in fields}
            self.components[option] = struct | {
                "title": option,
                "properties": {field: struct["properties"][field], **left},
                "required": [field, *struct["required"]],
            }
            options.append({"$ref": f"#/components/schemas/{option}"})
        return {"oneOf": options}

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
            if content_type == NDJSON:
                schema, value = _lines_of(schema), f"{json.dumps(value, ensure_ascii=False)}\n"
            bodies[content_type] = {"schema": schema} | (
                {} if value is None else {"example": value}
            )
        return {"content": bodies} if bodies else {}


def _lines_of(schema: Schema) -> Schema:
    """Return the schema of JSON lines.

    In OpenAPI 3.1 a schema describes the whole body: a client that reads the schema of a line
    parses all lines as one value.
    """
    options = [each["$ref"].rpartition("/")[2] for each in schema.get("anyOf", [schema])]
    return {
        "type": "string",
        "description": f"JSON lines: one {' or '.join(options)} a line",
        "contentMediaType": NDJSON,
        "x-lines": schema,
    }


def plain(schema: Schema) -> Schema:
    """Return a schema in the forms that generators of clients can read."""
    changed = {key: value for key, value in schema.items() if (key, value) != ("items", False)}
    if values := schema.get("enum"):
        changed["type"] = _TYPE_OF[type(values[0])]
        if len(values) == 1:
            changed["const"] = changed.pop("enum")[0]
    for key in _LISTS & changed.keys():
        changed[key] = [plain(part) for part in changed[key]]
    if "items" in changed:
        changed["items"] = plain(changed["items"])
    elif places := changed.get("prefixItems"):
        # Some generators read no tuples: for them each place may have what any place has.
        each = [place for at, place in enumerate(places) if place not in places[:at]]
        changed["items"] = each[0] if len(each) == 1 else {"anyOf": each}
    if "properties" in changed:
        changed["properties"] = {
            name: plain(field) for name, field in changed["properties"].items()
        }
    return changed


_LISTS: Final = frozenset({"anyOf", "oneOf", "prefixItems"})
_TYPE_OF: Final = {type_: name for name, (type_, _) in JSON_TYPES.items()}


def _parts_of(schema: Schema) -> Iterator[Schema]:
    for key in _LISTS & schema.keys():
        yield from schema[key]
    if schema.get("items"):
        yield schema["items"]
    yield from schema.get("properties", {}).values()


def _docstrings_of(struct: type[msgspec.Struct]) -> dict[str, str]:
    about: dict[str, str] = {}
    for base in reversed(struct.__mro__):
        if issubclass(base, msgspec.Struct) and base is not msgspec.Struct:
            about |= _docstrings_in(base)
    names = {field.name: field.encode_name for field in msgspec.structs.fields(struct)}
    return {names[field]: text for field, text in about.items()}


@cache
def _docstrings_in(struct: type[msgspec.Struct]) -> dict[str, str]:
    module = _source_of(struct.__module__)
    (source,) = re.findall(rf"^class {struct.__name__}\b.*?(?=^[^\s)]|\Z)", module, re.M | re.S)
    lines = cast("ast.ClassDef", ast.parse(source).body[0]).body
    return {
        field.target.id: " ".join(str(about.value.value).split())
        for field, about in pairwise(lines)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(about, ast.Expr) and isinstance(about.value, ast.Constant)
    }


@cache
def _source_of(module: str) -> str:
    return Path(str(sys.modules[module].__file__)).read_text("utf-8")


def _sure_fields(types: Iterable[Any]) -> Iterator[tuple[str, list[str]]]:
    for part in _parts_in(types):
        is_short = part.cls.__struct_config__.omit_defaults
        yield (
            part.cls.__name__,
            [
                field.encode_name
                for field in part.fields
                if field.required
                or not (is_short or (field.default is field.default_factory is NODEFAULT))
            ],
        )


def _parts_in(types: Iterable[Any]) -> Iterator[inspect.StructType]:
    """Yield the structs in these types, but for generic ones, whose fields are all required."""
    seen, waiting = set[Any](), list[Any](inspect.multi_type_info(types))
    while waiting:
        part = waiting.pop()
        if isinstance(part, inspect.StructType) and part.cls not in seen:
            seen.add(part.cls)
            waiting += (field.type for field in part.fields)
            if isinstance(part.cls, type):
                yield part
        elif isinstance(part, inspect.UnionType):
            waiting += part.types
        elif isinstance(part, inspect.ListType | inspect.VarTupleType):
            waiting.append(part.item_type)
        elif isinstance(part, inspect.TupleType):
            waiting += part.item_types
        elif isinstance(part, inspect.Metadata):
            waiting.append(part.type)


class Examples:
    def __init__(self, structs: Mapping[str, Schema]) -> None:
        self._structs = structs

    def of_content(self, content_type: str, schema: Schema) -> Any:
        """Return an example of a body or answer, a line of JSON lines."""
        if content_type in EXAMPLES["files"]:
            return EXAMPLES["files"][content_type]
        return self.of(schema) if "json" in content_type and schema else None

    def of(self, schema: Schema, owner: str = "") -> Any:
        """Return a value of the schema; owner: the struct and its field."""
        for name in (owner, owner.rpartition(".")[2]):
            if name in EXAMPLES["values"] and _fits(EXAMPLES["values"][name], schema):
                return EXAMPLES["values"][name]
        if "$ref" in schema:
            return self._of_struct(schema["$ref"].rpartition("/")[2])
        for options in ("anyOf", "oneOf"):
            if options in schema:
                return self.of(schema[options][0], owner)
        if "const" in schema or "enum" in schema:
            return schema["const"] if "const" in schema else schema["enum"][0]
        if "prefixItems" in schema:
            return [self.of(item) for item in schema["prefixItems"]]
        if schema.get("items"):
            return [self.of(schema["items"])]
        formats = {"date-time": "2026-11-20T06:00:00Z", "date": "2026-11-20"}
        return formats.get(schema.get("format", "")) or JSON_TYPES[schema.get("type", "object")][1]

    def _of_struct(self, name: str) -> Any:
        if name in EXAMPLES["values"]:
            return EXAMPLES["values"][name]
        struct = self._structs[name]
        fields = {field: struct["properties"][field] for field in struct["required"]}
        return {field: self.of(schema, f"{name}.{field}") for field, schema in fields.items()}


def _fits(value: Any, schema: Schema) -> bool:
    if "anyOf" in schema:
        return any(_fits(value, option) for option in schema["anyOf"])
    if "const" in schema or "enum" in schema:
        return value in schema.get("enum", [schema.get("const")])
    return isinstance(value, JSON_TYPES[schema.get("type", "object")][0])
