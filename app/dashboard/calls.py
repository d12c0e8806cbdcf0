"""What the browser sends to have a figure drawn."""

from typing import Final

from msgspec import Struct

from app.dashboard.figures import FIGURES
from app.dashboard.view import LONGEST_VIEW
from app.errors import InvalidInputError, MalformedError, TooLargeError
from app.views.parsing import decode_json

LARGEST_CALL: Final = 64 * 1024


class Ask(Struct, frozen=True):
    """A view, and the newest event that the browser has been told of if it follows live."""

    view: str
    after: int | None = None


class Property(Struct):
    """A property of a component, as calls name it."""

    id: str
    property: str


class Given(Struct):
    """A property and what it holds."""

    id: str
    property: str
    value: Ask


class Call(Struct, rename="camel"):
    """A callback as the browser asks for it; more fields may come, which nobody reads here."""

    output: str
    outputs: Property
    inputs: list[Given]
    changed_prop_ids: list[str] = []
    state: list[None] = []

    @property
    def ask(self) -> Ask:
        return self.inputs[0].value


def call_of(body: bytes) -> Call:
    """Return the call. Raises MalformedError for anything that is none, and TooLargeError."""
    if len(body) > LARGEST_CALL:
        raise TooLargeError("A callback takes at most 64 KB")
    try:
        call = decode_json(body, Call)
    except InvalidInputError as error:
        raise MalformedError(error.detail) from None
    name = call.outputs.id.removesuffix("-drawing")
    is_known = (
        name in FIGURES
        and call.output == f"{call.outputs.id}.{call.outputs.property}" == f"{name}-drawing.data"
        and [(each.id, each.property) for each in call.inputs] == [(f"{name}-ask", "data")]
    )
    if not is_known:
        raise MalformedError("There is no such callback")
    if len(call.ask.view) > LONGEST_VIEW:
        raise MalformedError("The view is too long")
    return call
