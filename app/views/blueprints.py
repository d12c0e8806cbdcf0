"""Declarations of views: route, policy, checked parameters and forms, answers.

`app/views/site/api.py` documents the declared operations.
"""

import functools
import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, TypeVar, cast, get_args, get_origin
from urllib.parse import quote, urlencode

from msgspec import UNSET, Struct, structs
from quart import Blueprint, Response, request
from quart.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from app.current import current_request
from app.db.result_cache import cacheable
from app.errors import InvalidInputError, StartError
from app.paths import API
from app.runtime.encoding import encoded
from app.views import requests
from app.views.policies import IS_OURS, POLICY, OfChat, Policy, check_policy, declare

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
CSV: Final = "text/csv"
HTML: Final = "text/html"
EVENTS: Final = "text/event-stream"
FILE: Final = "application/octet-stream"
MULTIPART: Final = "multipart/form-data"

T = TypeVar("T")
View = Callable[..., Awaitable[Any]]
AnyView = TypeVar("AnyView", bound=Callable[..., Any])
Form = MultiDict[str, str]
Reply = tuple[T, int, dict[str, str]]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
CursorOf = requests.Cursor[Any] | Callable[[Any], requests.Cursor[Any]]
"""Cursors of a list, or a function that chooses them by parameters."""


class Verb(Protocol):
    """Quart's `blueprint.get` and so on, with the keywords of `add_url_rule`; a view may return
    values that are no responses.
    """

    def __call__(self, rule: str, **options: Any) -> Callable[[AnyView], AnyView]: ...


class DeclaringBlueprint(Blueprint):
    """Quart's blueprint, in which each view has a policy."""

    get: Verb
    post: Verb
    put: Verb
    patch: Verb
    delete: Verb

    def __init__(self, name: str, policy: Policy | None, url_prefix: str | None) -> None:
        """policy: of the views that declare none."""
        super().__init__(name, __name__, url_prefix=url_prefix)
        self._policy = policy

    def policy_of(self, view: Callable[..., Any], declared: Policy | None) -> Policy:
        """Return a view's policy. Raises StartError without one."""
        policy = declared or getattr(view, POLICY, None) or self._policy
        if policy is None:
            raise StartError(
                f"{view.__module__}.{view.__qualname__} has no policy;"
                " give policy=… to its route or its blueprint"
            )
        check_policy(policy)
        setattr(view, IS_OURS, True)
        return policy


class PageBlueprint(DeclaringBlueprint):
    """Pages of one subject; views get `args` and `form` as structs."""

    def __init__(
        self,
        name: str,
        policy: Policy | None = None,
        url_prefix: str | None = None,
        *,
        cookie: str = "",
    ) -> None:
        """cookie: prefix of the names of visitors' secret cookies."""
        super().__init__(name, policy, url_prefix)
        self.cookie = cookie
        # Flask's own finds nothing here, and would take a thread for each page.
        self.template_context_processors.clear()

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        provide_automatic_options: bool | None = None,
        *,
        policy: Policy | None = None,
        keep: bool = False,
        cursor: CursorOf | None = None,
        of_chat: OfChat | None = None,
        **options: Any,
    ) -> None:
        """Declare a view that shows a page, or does what a form asks for.

        keep: whether the answer is kept until something is written. cursor: kinds of `cursor`,
        whose sort key is the argument `after`. of_chat: decides for readers of one chat if the path
        names no chat.
        """
        view = cast(View, view_func)
        run = _page(view, self.policy_of(view, policy), keep, cursor, of_chat)
        self.record(lambda _: _resolve(view))
        super().add_url_rule(rule, endpoint, run, provide_automatic_options, **options)


def _resolve(view: View) -> None:
    """Make types of annotations that are text: in a module of pages, the values stand below."""
    if any(isinstance(each, str) for each in view.__annotations__.values()):
        view.__annotations__.update(inspect.get_annotations(inspect.unwrap(view), eval_str=True))


@functools.cache  # A view with several addresses is one view.
def _page(
    view: View, policy: Policy, keep: bool, cursor: CursorOf | None, of_chat: OfChat | None
) -> View:
    takes = view.__annotations__

    @functools.wraps(view)
    async def run(**values: Any) -> ResponseReturnValue:
        if keep:
            cacheable()
        if "args" in takes:
            args = values["args"] = requests.parse_args(takes["args"], is_strict=False)
            if cursor is not None:
                values["after"] = _cursor(cursor, args).decode(args.cursor or None)
        if "form" in takes:
            values["form"] = await request.form
        answer: ResponseReturnValue = await view(**values)
        return answer

    return declare(run, policy, of_chat)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    view: Callable[..., Any]
    method: Method
    path: str
    policy: Policy
    tag: str
    summary: str
    answers: Mapping[int, str]
    """Meaning of each successful status, the usual first."""
    content: Mapping[str, Any]
    """Types of these answers, None for bytes; empty without a body."""
    args: type[Struct]
    form: type[Struct] | None
    body: Mapping[str, Any]
    cursor: CursorOf | None
    keep: bool
    one_of: tuple[str, ...]
    """Fields of the form of which a body has exactly one; empty for no such fields."""
    follows: str
    """The previous view in the document; empty for the end."""

    async def run(self, values: dict[str, Any]) -> ResponseReturnValue:
        if self.keep:
            cacheable()
        takes_args = self.args is not requests.NoArgs
        args: Any = requests.parse_args(self.args, is_strict=takes_args or self.policy != "open")
        if takes_args:
            values["args"] = args
        if self.cursor is not None:
            values["after"] = _cursor(self.cursor, args).decode(
                requests.unlisted_cursor(args.cursor)
            )
        if self.form is not None:
            requests.require_type(JSON)
            form = values["form"] = requests.decode_json(await requests.whole_body(), self.form)
            given = [name for name in self.one_of if getattr(form, name) not in (UNSET, [])]
            if self.one_of and len(given) != 1:
                names = " or ".join(f"`{name}`" for name in self.one_of)
                raise InvalidInputError(f"Give either {names}", loc=self.one_of[0])
        value = await self.view(**values)
        if self.cursor is not None:
            value = structs.replace(
                value, next=requests.listed_cursor(requests.cursor_of(value.next))
            )
            if value.next is not None:
                link = f'<{_address_with(value.next)}>; rel="next"'
                value = (value, next(iter(self.answers)), {"Link": link})
        return _answer(value, next(iter(self.answers)))


class ApiBlueprint(DeclaringBlueprint):
    """Operations of one subject, under one tag."""

    def __init__(
        self, name: str, policy: Policy | None = None, url_prefix: str | None = API, *, tag: str
    ) -> None:
        super().__init__(name, policy, url_prefix)
        self.operations: list[Operation] = []
        self._tag = tag

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        provide_automatic_options: bool | None = None,
        *,
        answers: str | Mapping[int, str] = "",
        policy: Policy | None = None,
        keep: bool = False,
        cursor: CursorOf | None = None,
        of_chat: OfChat | None = None,
        summary: str = "",
        content: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        one_of: tuple[str, ...] = (),
        follows: str = "",
        **options: Any,
    ) -> None:
        """Declare a view as an operation of the document; without `answers`, as Quart does.

        `args` and `form` are structs of the annotations; only open operations allow unknown
        parameters.

        answers: meaning of success, by status except for 200 and 204. keep: whether the answer is
        kept until something is written. cursor: kinds of cursors, with the sort key as `after` and
        an answer's `next`. of_chat: decides for readers of one chat if the path names no chat.
        summary: by default the first line of the docstring. content: types of an answer other than
        JSON. body: types that the view reads itself. one_of: fields of the form of which a body
        has exactly one. follows: the view of the tag before it.
        """
        view = run = cast(View, view_func)
        policy = self.policy_of(view, policy)
        if answers:
            takes, returned = view.__annotations__, _returned(view)
            form, plain = takes.get("form"), {} if returned is None else {JSON: returned}
            usual = 204 if returned is None else 200
            (method,) = options["methods"]
            declared = Operation(
                view=view,
                method=method,
                path=(self.url_prefix or "") + rule,
                policy=policy,
                tag=self._tag,
                summary=summary or (view.__doc__ or "").partition("\n")[0].removesuffix("."),
                answers={usual: answers} if isinstance(answers, str) else answers,
                content=plain if content is None else content,
                args=takes.get("args", requests.NoArgs),
                form=form,
                body={JSON: form} if form else body or {},
                cursor=cursor,
                keep=keep,
                one_of=one_of,
                follows=follows,
            )
            self.operations.append(declared)

            @functools.wraps(view)
            async def run(**values: Any) -> ResponseReturnValue:
                return await declared.run(values)

        declare(run, policy, of_chat)
        super().add_url_rule(rule, endpoint, run, provide_automatic_options, **options)


def operations_of(blueprints: Iterable[object]) -> list[Operation]:
    api = (blueprint for blueprint in blueprints if isinstance(blueprint, ApiBlueprint))
    return [declared for blueprint in api for declared in blueprint.operations]


def _returned(view: Callable[..., Any]) -> Any:
    returned: Any = view.__annotations__["return"]
    return get_args(returned)[0] if get_origin(returned) is tuple else returned


def _cursor(cursor: CursorOf, args: Any) -> requests.Cursor[Any]:
    return cursor if isinstance(cursor, requests.Cursor) else cursor(args)


def _address_with(cursor: str) -> str:
    """Return the address of the request, below its host, with another cursor."""
    asked = current_request()
    query = [pair for pair in asked.args.items(multi=True) if pair[0] != "cursor"]
    return f"{asked.root_path}{quote(asked.path)}?{urlencode([*query, ('cursor', cursor)])}"


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
