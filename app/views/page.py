"""A page is a value: what its template shows. One function renders it, and finds its people."""

import contextlib
from collections.abc import Sequence
from functools import cache, cached_property
from typing import ClassVar, Final

from msgspec import Struct
from quart import current_app, g

from app.errors import AppError
from app.language.i18n import language, speaking, translate_message
from app.lifespan import resources
from app.views.cast import NOBODY, Cast, bound, cast_of
from app.views.usernames_in import named_in


class WebPage(Struct, frozen=True, kw_only=True):
    """What a template shows: its fields and properties, by their names.

    Properties are made when the page is rendered, so sentences stand in them: they know by then
    what its people are called, and what these wrote.
    """

    template: ClassVar[str]

    about: Sequence[str] | None = None
    """Whose posts the page is about, by default all whom it names."""
    hued: Sequence[str] | None = None
    """Who have their colours before others; by default those whom it is about (`cast_of`)."""
    in_chat: bool = False
    """Whether it is of a chat itself."""
    of_platform: str = ""
    """The platform of those whom it is about, where it names nobody."""


OF_THE_CAST: Final = frozenset(WebPage.__struct_fields__)


class FormPage(WebPage, frozen=True, kw_only=True):
    """A page with a form, and what was wrong with the form that was sent."""

    error: AppError | None = None

    @property
    def failure(self) -> str | None:
        return translate_message(self.error.detail) if self.error else None


async def cast_on(
    value: object, about: Sequence[str] | None = None, hued: Sequence[str] | None = None
) -> Cast:
    """Return all whose usernames are in a page, or in another value of structs that is `about`."""
    subject = value if isinstance(value, WebPage) else WebPage(about=about, hued=hued)
    async with resources().db.read() as session:
        named = named_in(value)
        return await cast_of(
            session,
            named.usernames,
            rooms=named.rooms,
            about=subject.about,
            hued=subject.hued,
            in_chat=subject.in_chat,
            platform=subject.of_platform,
        )


async def cast_for_anybody(value: object = None) -> Cast:
    """Return the cast of a page that anybody may see, of all whose usernames are in the value.

    It is empty for those who may not know who is here, and where nobody can tell.
    """
    if not g.get("is_closed", True):
        with contextlib.suppress(AppError):
            return await cast_on(value)
    return NOBODY


async def render(page: WebPage, cast: Cast | None = None) -> str:
    """Return the page as HTML or XML; its people are looked up where no cast is given."""
    cast = await cast_on(page) if cast is None else cast
    with bound(cast), speaking(language()):
        shown = {name: getattr(page, name) for name in _shown(type(page))}
        await current_app.update_template_context(shown)
        return current_app.jinja_env.get_template(page.template).render(shown)


async def render_form(page: FormPage, cast: Cast | None = None) -> tuple[str, int, dict[str, str]]:
    """Return the page, with status and headers of what was wrong with its form, if anything."""
    html = await render(page, cast)
    return (html, page.error.status, page.error.headers) if page.error else (html, 200, {})


@cache
def _shown(kind: type[WebPage]) -> list[str]:
    """Return the names that the template of a page gets."""
    properties = [
        name
        for base in kind.__mro__
        for name, value in vars(base).items()
        if isinstance(value, property | cached_property)
    ]
    return [*(name for name in kind.__struct_fields__ if name not in OF_THE_CAST), *properties]
