"""Declarations of views: route, policy, checked parameters and forms, answers.

`app/views/site/api.py` documents the declared operations.
"""

import functools
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar, get_args, get_origin

from msgspec import UNSET, Struct, structs
from quart import Blueprint, Response, request
from quart.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from app.db.result_cache import cacheable
from app.errors import InvalidInputError
from app.paths import API
from app.runtime.encoding import encoded
from app.views.policies import OfChat, Policy, access
from app.views.requests import (
    Cursor,
    NoArgs,
    cursor_of,
    decode_json,
    listed_cursor,
    parse_args,
    require_type,
    unlisted_cursor,
    whole_body,
)

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
CSV: Final = "text/csv"
HTML: Final = "text/html"
EVENTS: Final = "text/event-stream"
FILE: Final = "application/octet-stream"
MULTIPART: Final = "multipart/form-data"

T = TypeVar("T")
View = TypeVar("View", bound=Callable[..., Awaitable[Any]])
Form = MultiDict[str, str]
Reply = tuple[T, int, dict[str, str]]
Method = Literal["GET", "POST", "PATCH", "DELETE"]
CursorOf = Cursor[Any] | Callable[[Any], Cursor[Any]]
"""Cursors of a list, or a function that chooses them by parameters."""


class PageBlueprint(Blueprint):
    """Pages of one subject with a common policy; views get `args` and `form` as structs."""

    def __init__(
        self,
        name: str,
        policy: Policy = "read",
        url_prefix: str | None = None,
        *,
        cookie: str = "",
        shows_days: bool = False,
    ) -> None:
        """cookie: prefix of the names of visitors' secret cookies. shows_days: whether answers
        differ by the browser's time zone.
        """
        super().__init__(name, __name__, url_prefix=url_prefix)
        self.cookie, self.shows_days = cookie, shows_days
        # Flask's own finds nothing here, and would take a thread for each page.
        self.template_context_processors.clear()
        self._policy = policy

    def action(
        self, path: str, *, policy: Policy | None = None, of_chat: OfChat | None = None
    ) -> Callable[[View], View]:
        return self.page(path, method="POST", policy=policy, of_chat=of_chat)

    def page(
        self,
        *paths: str,
        method: Method = "GET",
        policy: Policy | None = None,
        cursor: CursorOf | None = None,
        is_cacheable: bool = False,
        of_chat: OfChat | None = None,
    ) -> Callable[[View], View]:
        """Declare a view that shows a page.

        of_chat: decides for readers of one chat if the path names no chat. cursor: kinds of
        `cursor`, whose sort key is the argument `after`.
        """

        def declare(view: View) -> View:
            takes, needs = view.__annotations__, policy or self._policy

            @functools.wraps(view)
            async def run(**values: Any) -> ResponseReturnValue:
                if is_cacheable:
                    cacheable()
                if "args" in takes:
                    args = values["args"] = parse_args(takes["args"], is_strict=False)
                    if cursor is not None:
                        values["after"] = _cursor(cursor, args).decode(args.cursor or None)
                if "form" in takes:
                    values["form"] = await request.form
                answer: ResponseReturnValue = await view(**values)
                return answer

            for path in paths:
                checked = access(needs, of_chat)(run)
                self.add_url_rule(path, view.__name__, checked, methods=[method])
            return view

        return declare


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    view: Callable[..., Any]
    method: Method
    path: str
    policy: Policy
    tag: str
    answers: Mapping[int, str]
    """Meaning of each successful status, the usual first."""
    content: Mapping[str, Any]
    """Types of these answers, None for bytes; empty without a body."""
    args: type[Struct]
    form: type[Struct] | None
    body: Mapping[str, Any]
    cursor: CursorOf | None
    is_cacheable: bool
    one_of: tuple[str, ...]
    """Fields of the form of which a body has exactly one; empty for no such fields."""
    follows: str
    """The previous view in the document; empty for the end."""

    async def run(self, values: dict[str, Any]) -> ResponseReturnValue:
        if self.is_cacheable:
            cacheable()
        takes_args = self.args is not NoArgs
        args: Any = parse_args(self.args, is_strict=takes_args or self.policy != "open")
        if takes_args:
            values["args"] = args
        if self.cursor is not None:
            values["after"] = _cursor(self.cursor, args).decode(unlisted_cursor(args.cursor))
        if self.form is not None:
            require_type(JSON)
            form = values["form"] = decode_json(await whole_body(), self.form)
            given = [name for name in self.one_of if getattr(form, name) not in (UNSET, [])]
            if self.one_of and len(given) != 1:
                names = " or ".join(f"`{name}`" for name in self.one_of)
                raise InvalidInputError(f"Give either {names}", loc=self.one_of[0])
        value = await self.view(**values)
        if self.cursor is not None:
            value = structs.replace(value, next=listed_cursor(cursor_of(value.next)))
        return _answer(value, next(iter(self.answers)))


class ApiBlueprint(Blueprint):
    """Operations of one subject, under one tag."""

    def __init__(self, name: str, *, tag: str, url_prefix: str | None = API) -> None:
        super().__init__(name, __name__, url_prefix=url_prefix)
        self.operations: list[Operation] = []
        self._tag = tag

    def operation(
        self,
        method: Method,
        path: str,
        policy: Policy,
        answers: str | Mapping[int, str],
        *,
        content: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        cursor: CursorOf | None = None,
        is_cacheable: bool = False,
        one_of: tuple[str, ...] = (),
        follows: str = "",
        of_chat: OfChat | None = None,
    ) -> Callable[[View], View]:
        """Declare a view as an operation; the first line of its docstring is the summary.

        `args` and `form` are structs of the annotations; only open operations allow unknown
        parameters.

        answers: meaning of success, by status except for 200 and 204. content: types of an answer
        other than JSON. body: types that the view reads itself. cursor: kinds of cursors, with the
        sort key as `after` and an answer's `next`. one_of: fields of the form of which a body has
        exactly one. follows: the view of the tag before it. of_chat: decides for readers of one
        chat if the path names no chat.
        """

        def declare(view: View) -> View:
            takes, returned = view.__annotations__, _returned(view)
            form, plain = takes.get("form"), {} if returned is None else {JSON: returned}
            usual = 204 if returned is None else 200
            declared = Operation(
                view=view,
                method=method,
                path=(self.url_prefix or "") + path,
                policy=policy,
                tag=self._tag,
                answers={usual: answers} if isinstance(answers, str) else answers,
                content=plain if content is None else content,
                args=takes.get("args", NoArgs),
                form=form,
                body={JSON: form} if form else body or {},
                cursor=cursor,
                is_cacheable=is_cacheable,
                one_of=one_of,
                follows=follows,
            )

            @functools.wraps(view)
            async def run(**values: Any) -> ResponseReturnValue:
                return await declared.run(values)

            self.operations.append(declared)
            checked = access(policy, of_chat)(run)
            self.add_url_rule(path, view.__name__, checked, methods=[method])
            return view

        return declare

    def kept(
        self, path: str, answers: str, *, cursor: CursorOf | None = None, follows: str = ""
    ) -> Callable[[View], View]:
        """Declare what anyone who may read gets; the answer is kept until something is written."""
        return self.operation(
            "GET", path, "read", answers, cursor=cursor, is_cacheable=True, follows=follows
        )


def operations_of(blueprints: Iterable[object]) -> list[Operation]:
    api = (blueprint for blueprint in blueprints if isinstance(blueprint, ApiBlueprint))
    return [declared for blueprint in api for declared in blueprint.operations]


def _returned(view: Callable[..., Any]) -> Any:
    returned: Any = view.__annotations__["return"]
    return get_args(returned)[0] if get_origin(returned) is tuple else returned


def _cursor(cursor: CursorOf, args: Any) -> Cursor[Any]:
    return cursor if isinstance(cursor, Cursor) else cursor(args)


def _answer(value: object, status: int) -> ResponseReturnValue:
    if isinstance(value, Response | str):
        return value
    headers = None
    if isinstance(value, tuple):
        value, status, headers = value
    if value is None:
        response = Response(b"", status)
        del response.headers["Content-Type"]
        return response
    return Response(encoded(value), status, headers, content_type=JSON)
