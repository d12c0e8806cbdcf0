"""One declaration of a view: route, policy, and the parameters and the form that it takes."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from quart import Blueprint, request
from quart.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from app.memo import cacheable
from app.views.access import Policy, access
from app.views.parsing import NoArgs, parse_args

Form = MultiDict[str, str]
View = TypeVar("View", bound=Callable[..., Awaitable[ResponseReturnValue]])


def prepared(
    view: View,
    policy: Policy,
    *,
    is_cacheable: bool,
    is_strict: bool,
    read_form: Callable[[Any], Awaitable[Any]],
) -> Any:
    """Return the view with its policy; its arguments `args` and `form` are read before it runs.

    With `is_strict` an unknown parameter is refused, but where access is open.
    """
    args, form = (view.__annotations__.get(name) for name in ("args", "form"))

    @functools.wraps(view)
    async def run(**given: Any) -> ResponseReturnValue:
        if is_cacheable:
            cacheable()
        if args is not None:
            given["args"] = parse_args(args, strict=is_strict)
        elif is_strict and policy != "open":
            parse_args(NoArgs)
        if form is not None:
            given["form"] = await read_form(form)
        return await view(**given)

    return access(policy)(run)


class PageBlueprint(Blueprint):
    """Pages of one subject, which need the same policy unless one declares its own.

    The argument `args` of a view gets the parameters as the struct of its annotation, without
    those that the struct does not know; `form` gets the fields of a form.
    """

    def __init__(self, name: str, policy: Policy = "read", url_prefix: str | None = None) -> None:
        super().__init__(name, __name__, url_prefix=url_prefix)
        self._policy = policy

    def page(
        self, *paths: str, policy: Policy | None = None, is_cacheable: bool = False
    ) -> Callable[[View], View]:
        """Declare a view that shows a page."""
        return self._declare(paths, "GET", policy, is_cacheable)

    def action(self, path: str, *, policy: Policy | None = None) -> Callable[[View], View]:
        """Declare a view that a form is posted to."""
        return self._declare((path,), "POST", policy, False)

    def _declare(
        self, paths: tuple[str, ...], method: str, policy: Policy | None, is_cacheable: bool
    ) -> Callable[[View], View]:
        def declare(view: View) -> View:
            run = prepared(
                view,
                policy or self._policy,
                is_cacheable=is_cacheable,
                is_strict=False,
                read_form=_form,
            )
            for path in paths:
                self.add_url_rule(path, view.__name__, run, methods=[method])
            return view

        return declare


async def _form(_: Any) -> Any:
    return await request.form
