"""Rendering pages, which are values of what their templates show."""

import contextlib
from collections.abc import Sequence
from functools import cache, cached_property
from typing import ClassVar

from jinja2 import StrictUndefined
from msgspec import Struct
from quart import Quart, current_app, g

from app.config import Config
from app.errors import AppError, Message
from app.formats.post import PLATFORMS
from app.language.i18n import language, own_address, speaking, translate_message
from app.lifespan import resources
from app.views.cast import (
    NOBODY,
    Cast,
    bound,
    cast_of,
    chat_zone,
    display_name,
    has_chats,
    hue,
    is_speaker,
    named_in,
    post_count,
    shown_name,
)
from app.views.highlighting import with_links
from app.views.links import author_path, is_of_own_network, is_of_this_machine, portrait_path


class WebPage(Struct, frozen=True, kw_only=True):
    """What a template shows: its fields and properties, by name.

    Properties are evaluated during rendering, when the names of people and of their texts are
    known; so sentences are properties.
    """

    template: ClassVar[str]

    about: Sequence[str] | None = None
    """Authors that the page is about, by default all that it names."""
    hued: Sequence[str] | None = None
    """People with the first choice of colours, by default `about` (`cast_of`)."""
    in_chat: bool = False
    """Whether it is a page of a chat."""
    of_platform: str = ""
    """Platform of the people that it is about, if it names no one."""


class FormPage(WebPage, frozen=True, kw_only=True):
    error: AppError | None = None

    @property
    def failure(self) -> str | None:
        return translate_message(self.error.detail) if self.error else None


async def cast_on(
    value: object,
    about: Sequence[str] | None = None,
    hued: Sequence[str] | None = None,
    *,
    in_chat: bool = False,
) -> Cast:
    subject = value
    if not isinstance(subject, WebPage):
        subject = WebPage(about=about, hued=hued, in_chat=in_chat)
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
    """Return an open page's cast, empty if the visitor may not know it or the database is away."""
    if not g.get("is_closed", True):
        with contextlib.suppress(AppError):
            return await cast_on(value)
    return NOBODY


async def render(page: WebPage, cast: Cast | None = None) -> str:
    """Return the page as HTML or XML; without a cast, people are looked up."""
    cast = await cast_on(page) if cast is None else cast
    with bound(cast), speaking(language()):
        shown = {name: getattr(page, name) for name in _shown(type(page))}
        await current_app.update_template_context(shown)
        return current_app.jinja_env.get_template(page.template).render(shown)


async def render_form(page: FormPage, cast: Cast | None = None) -> tuple[str, int, dict[str, str]]:
    html = await render(page, cast)
    return (html, page.error.status, page.error.headers) if page.error else (html, 200, {})


def is_site_private() -> bool:
    return not resources().openness.seems_public


def platform_name(platform: str) -> str:
    labels: dict[str, Message] = {name: names.label for name, names in PLATFORMS.items()}
    label = labels.get(platform)
    return translate_message(label) if label else platform


@cache
def _shown(kind: type[WebPage]) -> list[str]:
    properties = [
        name
        for base in kind.__mro__
        for name, value in vars(base).items()
        if isinstance(value, property | cached_property)
    ]
    of_cast = WebPage.__struct_fields__
    return [*(name for name in kind.__struct_fields__ if name not in of_cast), *properties]


def init_app(app: Quart, config: Config) -> None:
    """Give templates their filters and facts about pages.

    URLs come from the settings only: a cached page must not contain one request's host.
    """
    app.jinja_env.filters |= {
        "display_name": display_name,
        "hue": hue,
        "platform_name": platform_name,
        "post_count": post_count,
        "chat_zone": chat_zone,
        "shown_name": shown_name,
        "with_links": with_links,
    }
    app.jinja_env.globals |= {
        "has_chats": has_chats,
        "author_path": author_path,
        "portrait_path": portrait_path,
        "is_site_private": is_site_private,
    }
    app.jinja_env.tests |= {
        "speaker": is_speaker,
        "of_this_machine": is_of_this_machine,
        "of_own_network": is_of_own_network,
    }
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.is_async = False  # Nothing in a page waits: a tenth of its time.

    @app.context_processor
    async def links() -> dict[str, str]:
        # Without the parameters that show another part of the same page.
        parts = ("tz", "cursor", "year", "before", "message", "on")
        has_address = config.url and "locale" in g
        canonical = config.url + own_address(*parts) if has_address else ""
        return {"site_url": config.url, "canonical": canonical}
