"""One declaration of an API operation, beside its view.

`@blueprint.operation` registers the route and its policy, checks parameters and a JSON body before
the view runs, and keeps what `app/views/openapi.py` makes the API's document of.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from msgspec import Struct
from quart import Blueprint

from app.paths import API
from app.views.access import SAFE_METHODS, Policy
from app.views.blueprints import View, prepared
from app.views.parsing import NoArgs, parse_json

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
CSV: Final = "text/csv"
HTML: Final = "text/html"
EVENTS: Final = "text/event-stream"
FILE: Final = "application/octet-stream"
MULTIPART: Final = "multipart/form-data"
PROBLEM: Final = "application/problem+json"

Method = Literal["GET", "POST", "DELETE"]
_PLACE = re.compile(r"<(?:(\w+):)?(\w+)>")
EVERYWHERE: Final = frozenset({400, 401, 408, 421, 431, 500, 503})
"""Any operation refuses a bad token, a bad or too new Saywho-After, a foreign host, and a slow or
large head."""


@dataclass(frozen=True, slots=True)
class Success:
    """A successful answer: its meaning, the types of its body by content type, and headers."""

    description: str
    content: Mapping[str, Any]
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestBody:
    """The body of a request: its types by content type; None stands for bytes."""

    content: Mapping[str, Any]
    example: str | None = None
    """By default made of the examples of the type's fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What one method of one address takes and answers."""

    id: str
    method: Method
    path: str
    """With converters, as the route is written."""
    policy: Policy
    tag: str
    summary: str
    answers: Mapping[int, Success]
    args: type[Struct]
    body: RequestBody | None
    errors: Collection[int]

    @property
    def address(self) -> str:
        """The path as the document writes it."""
        return _PLACE.sub(r"{\2}", self.path)

    @property
    def places(self) -> list[tuple[str, str]]:
        """The converter and the name of each parameter in the path."""
        return _PLACE.findall(self.path)

    @property
    def kinds(self) -> list[Any]:
        """The types of all bodies that are not bytes."""
        contents = [answer.content for answer in self.answers.values()]
        contents += [self.body.content] if self.body else []
        return [kind for content in contents for kind in content.values() if kind is not None]

    @property
    def error_statuses(self) -> list[int]:
        """The statuses of the errors that the operation can answer with, in order."""
        found = EVERYWHERE | set(self.errors)
        if self.method not in SAFE_METHODS or self.policy not in {"open", "read", "token"}:
            found |= {403}
        if self.method not in SAFE_METHODS and self.policy != "read":
            found |= {507}
        if self.places:
            found |= {404}
        if self.body:
            found |= {413}
            if NDJSON not in self.body.content:
                found |= {422}
            if None not in self.body.content.values():
                found |= {415}
        return sorted(found)


OPERATIONS: Final[dict[str, Operation]] = {}
"""All operations that have been declared, by id."""


def answers(
    status: int,
    description: str,
    of: Any = None,
    content_type: str = JSON,
    *,
    others: Mapping[str, Any] | None = None,
    headers: tuple[str, ...] = (),
) -> Callable[[View], View]:
    """Declare a successful answer of a view; without `of` it has no body."""
    content = {} if of is None else {content_type: of, **(others or {})}

    def declare(view: View) -> View:
        declared = view.__dict__.setdefault("answers", {})
        view.__dict__["answers"] = {status: Success(description, content, headers)} | declared
        return view

    return declare


def accepts(content: Mapping[str, Any], *, example: str) -> Callable[[View], View]:
    """Declare a body that the view reads itself, by content type; None stands for bytes."""

    def declare(view: View) -> View:
        view.__dict__["body"] = RequestBody(content, example)
        return view

    return declare


class ApiBlueprint(Blueprint):
    """Operations of one subject, under one tag of the document."""

    def __init__(self, name: str, *, tag: str, url_prefix: str | None = API) -> None:
        super().__init__(name, __name__, url_prefix=url_prefix)
        self.tag = tag

    def operation(
        self,
        method: Method,
        path: str,
        policy: Policy,
        *,
        errors: Collection[int] = (),
        is_cacheable: bool = False,
    ) -> Callable[[View], View]:
        """Declare a view as an operation; the first line of its docstring is the summary.

        Its argument `args` gets the parameters, and `form` a JSON body, checked against the structs
        that the annotations name. An unknown parameter is refused, but where access is open.
        `errors` are those that follow from nothing else that is declared.
        """

        def declare(view: View) -> View:
            form, name = view.__annotations__.get("form"), view.__name__
            run = prepared(
                view, policy, is_cacheable=is_cacheable, is_strict=True, read_form=parse_json
            )
            if name in OPERATIONS:
                raise ValueError(f"two operations are named {name}")
            OPERATIONS[name] = Operation(
                id=name,
                method=method,
                path=(self.url_prefix or "") + path,
                policy=policy,
                tag=self.tag,
                summary=(view.__doc__ or "").partition("\n")[0].removesuffix("."),
                answers=view.__dict__["answers"],
                args=view.__annotations__.get("args", NoArgs),
                body=RequestBody({JSON: form}) if form else view.__dict__.get("body"),
                errors=errors,
            )
            self.add_url_rule(path, name, run, methods=[method])
            return view

        return declare
