"""JSON schemas of what the declared operations take and answer, with the meaning of each field."""

import functools
import json
from pathlib import Path
from typing import Any, Final

import msgspec

from app.errors import Problem
from app.views.operation import OPERATIONS

Schema = dict[str, Any]
REFERENCE: Final = "#/components/schemas/{name}"
WRITTEN: Final[dict[str, Any]] = json.loads(Path(__file__).with_name("openapi.json").read_text())
"""The parts of the document that follow from no declaration."""
FIELDS: Final[dict[str, str]] = WRITTEN["fields"]
"""Descriptions of the fields of these names, unless the struct has one of its own."""


class Schemas:
    """The JSON schemas of all that the declared operations take and answer."""

    def __init__(self) -> None:
        found = [kind for declared in OPERATIONS.values() for kind in declared.kinds]
        kinds = list(dict.fromkeys([Problem, *found]))
        schemas, self.components = schemas_of(kinds)
        self._by_kind = dict(zip(kinds, schemas, strict=True))

    def of(self, kind: Any) -> Schema:
        """Return the schema of a type: a reference for a struct, nothing for bytes."""
        return self._by_kind[kind] if kind is not None else {}

    def struct(self, schema: Schema) -> Schema:
        """Return the schema of an object, or of the objects in a list, with its properties."""
        schema = schema.get("items") or schema
        reference = schema.get("$ref")
        return self.components[reference.rpartition("/")[2]] if reference else schema


def schemas_of(kinds: list[Any]) -> tuple[tuple[Schema, ...], dict[str, Schema]]:
    """Return the schema of each type, and those of the structs that they refer to."""
    schemas, components = msgspec.json.schema_components(kinds, ref_template=REFERENCE)
    for struct in components.values():
        for name, field in struct["properties"].items():
            if name in FIELDS:
                field.setdefault("description", FIELDS[name])
            if name.endswith("_at"):
                # msgspec writes the format only where a time must have a zone.
                for option in field.get("anyOf", [field]):
                    option |= {"format": "date-time"} if option["type"] == "string" else {}
    return schemas, components


@functools.cache
def schemas() -> Schemas:
    """Return the schemas of all operations, made when they are first asked for."""
    return Schemas()
