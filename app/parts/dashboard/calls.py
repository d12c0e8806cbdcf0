"""What the browser sends to Dash: a call to draw a figure."""

from collections.abc import Container
from typing import Annotated, Final

from msgspec import Meta, Struct, field
from quart import request

from app.errors import InvalidInputError, MalformedError
from app.views.parsing import decode_json, require_type

LONGEST_VIEW: Final = 8_000
"""Characters of the query string that a view may have."""


class FigureRequest(Struct):
    """A view, and whether the browser asks because of an event."""

    view: Annotated[str, Meta(max_length=LONGEST_VIEW)]
    live: bool = False


class Property(Struct):
    """A property of a component of the page."""

    id: str
    property: str


class FigureInput(Property):
    """What has changed in the browser."""

    value: FigureRequest


class FigureCall(Struct):
    """What the browser sends to have a figure drawn."""

    output: str
    outputs: Property
    inputs: Annotated[list[FigureInput], Meta(min_length=1, max_length=1)]
    """One: Dash would compare each of many with all that changed."""
    changed: list[str] = field(name="changedPropIds", default_factory=list)
    state: Annotated[list[object], Meta(max_length=0)] = []


async def check_call(figures: Container[str]) -> None:
    """Raise MalformedError for a callback that no browser sends.

    Dash looks at nothing before it uses it. What fails behind this check is a fault of ours.
    """
    require_type("application/json")
    try:
        call = decode_json(await request.data, FigureCall)
        await request.get_json()  # Dash takes this, and looks at fields that ours skips.
    except (InvalidInputError, UnicodeDecodeError, RecursionError):
        raise MalformedError("There is no such callback") from None
    name = call.outputs.id.removesuffix("-drawing")
    sent = (call.output, call.outputs.property, call.inputs[0].id, call.inputs[0].property)
    if name not in figures or sent != (f"{name}-drawing.data", "data", f"{name}-ask", "data"):
        raise MalformedError("There is no such callback")
