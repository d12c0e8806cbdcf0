"""Rendering pages, which are values of what their templates show; what parts add to them."""

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any, ClassVar, Final

from jinja2 import FileSystemLoader, StrictUndefined, Template
from jinja2.utils import urlize
from markupsafe import Markup, escape
from msgspec import Struct
from quart import Quart, current_app, g, url_for
from sqlalchemy.ext.asyncio import AsyncSession

from app.config import Config
from app.errors import AppError, Message, StartError, headers_of, status_of
from app.language.i18n import gettext, language, show_list, speaking, translate_message
from app.language.of_request import own_address
from app.lifespan import resources
from app.part_list import Listed, Part
from app.paths import LONGEST_ADDRESS
from app.services.rooms.chats import RoomFacts, names_in
from app.views.addresses import author_path, posts_path, search_path
from app.views.cast import (
    NOBODY,
    Cast,
    bound,
    cast_of,
    chat_zone,
    display_name,
    has_chats,
    hue,
    in_sentence,
    is_speaker,
    named_in,
    post_count,
    shown_name,
)
from app.views.filters import zone_of_page
from app.views.policies import here
from saywho.formats.post import PLATFORMS
from saywho.text import POSSIBLE_NAME, TAGS, guess_language, link_count, tags_of

_PARTS: Final = "saywho.parts"
Parts = Mapping[Listed, Part]
_MAY_BE_LINK: Final = re.compile(r"(?<!\S)[^\s@#/]*+[@#/]\S*")
"""A word that may hold a URL, @name or #tag; others are escaped together."""
_NAME_OR_TAG: Final = re.compile(rf"[\W_]{{0,3}}?(?P<term>{POSSIBLE_NAME}|{TAGS})")


class WebPage(Struct, frozen=True, kw_only=True):
    """Values of a template: fields and properties, by name.

    Properties are evaluated during rendering, when the names of people and of their texts are
    known; so sentences are properties.
    """

    template: ClassVar[str]
    is_long: ClassVar[bool] = False
    """Whether rendering takes over 10 ms, and so goes to a thread."""

    about: Sequence[str] | None = None
    """Authors that the page is about, by default all that it names."""
    hued: Sequence[str] | None = None
    """People with the first choice of colours, by default `about` (`cast_of`)."""
    in_chat: bool = False
    """Whether it is a page of a chat."""
    of_posts: bool = False
    """Whether it is about posts, though all who are here may speak in chats."""
    chat_alone: int | None = None
    """The only chat whose messages it is made of; its addresses stay there."""
    of_platform: str = ""
    """Platform of the people that it is about, if it names no one."""


class FormPage(WebPage, frozen=True, kw_only=True):
    error: AppError | None = None

    @property
    def failure(self) -> str | None:
        return translate_message(self.error.detail) if self.error else None


class PlainTemplate(Template):
    """A template without coroutines, which Quart's `render_template` and `stream_template` take."""

    async def render_async(self, *args: Any, **kwargs: Any) -> str:
        return self.render(*args, **kwargs)

    async def generate_async(self, *args: Any, **kwargs: Any) -> AsyncGenerator[str, object]:
        for piece in self.generate(*args, **kwargs):
            yield piece


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
    async with here().db.read() as session:
        named = named_in(value)
        cast = await cast_of(
            session,
            named.usernames,
            rooms=named.rooms,
            about=subject.about,
            hued=subject.hued,
            in_chat=subject.in_chat,
            of_posts=subject.of_posts,
            platform=subject.of_platform,
        )
    return replace(cast, chat_alone=subject.chat_alone)


async def cast_if_open(value: object = None) -> Cast:
    """Return an open page's cast, empty if the visitor may not know it or the database is away."""
    if not g.get("is_closed", True):
        with contextlib.suppress(AppError):
            return await cast_on(value)
    return NOBODY


async def render(page: WebPage, cast: Cast | None = None) -> str:
    """Return the page as HTML or XML; without a cast, people are looked up."""
    cast = await cast_on(page) if cast is None else cast
    with bound(cast), speaking(language()):
        shown = values_of(page)
        await current_app.update_template_context(shown)
        draw = partial(current_app.jinja_env.get_template(page.template).render, shown)
        return await asyncio.to_thread(draw) if page.is_long else draw()


async def render_form(page: FormPage, cast: Cast | None = None) -> tuple[str, int, dict[str, str]]:
    html = await render(page, cast)
    return (html, status_of(page.error), headers_of(page.error)) if page.error else (html, 200, {})


def is_site_private() -> bool:
    return not resources().openness.seems_public


def keeps_deleted() -> bool:
    """Return whether the database has deleted posts in its files until a vacuum."""
    return resources().db.backend.is_shared


def platform_name(platform: str) -> str:
    labels: dict[str, Message] = {name: names.label for name, names in PLATFORMS.items()}
    label = labels.get(platform)
    return translate_message(label) if label else platform


def values_of(page: WebPage) -> dict[str, Any]:
    """Return what a page's template shows, by name; the page's people must be bound."""
    return {name: getattr(page, name) for name in _shown(type(page))}


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


def parts_here() -> Parts:
    parts: Parts = current_app.extensions[_PARTS]
    return parts


def has_page(endpoint: str) -> bool:
    return endpoint in current_app.view_functions


def url_of(endpoint: str, **values: Any) -> str:
    """Return the URL of a page; empty if its part is left out."""
    return url_for(endpoint, **values) if has_page(endpoint) else ""


def menu_of_parts() -> list[tuple[str, tuple[str, ...], str]]:
    entries = (entry for part in parts_here().values() for entry in part.menu)
    return [(entry.endpoint, entry.also, gettext(entry.label)) for entry in entries]


def show_cards(place: str, *values: object, **named: object) -> Markup:
    """Return all parts' cards at a place, made by macros of that name."""
    shown = []
    for listed, part in parts_here().items():
        if place in part.cards:
            template = current_app.jinja_env.get_template(f"{listed.name}/_cards.html")
            shown.append(getattr(template.module, place)(*values, **named))
    return Markup().join(shown)


async def read_cards(session: AsyncSession, place: str, *values: object) -> dict[str, Any]:
    return {
        listed.name: await part.reads[place](session, *values)
        for listed, part in parts_here().items()
        if part.reads and place in part.reads
    }


def chat_title(room: RoomFacts) -> str:
    """Return what a chat is called: never as a person of it, after whom a chat of two is named."""
    if room.name not in names_in(room):
        return room.name
    return gettext("Chat “{name}”").format(name=in_sentence(room.name))


def newest_year(room: RoomFacts, tz: str | None) -> int | None:
    """Return the year of a chat's newest message in the zone of its pages."""
    newest = room.newest_message_at
    return newest.astimezone(zone_of_page(tz or "", room.tz)).year if newest else None


def with_links(
    text: str, *, is_first: bool, is_last: bool, address_of: Callable[[str], str] | None = None
) -> Markup:
    """Return a text's piece with links, except for words cut off at its ends.

    address_of: returns the URL of an @name or #tag, empty for none; by default that of its search.
    """
    markup, shown_to = Markup(), 0
    for word in _MAY_BE_LINK.finditer(text):
        is_cut = (word.start() == 0 and not is_first) or (word.end() == len(text) and not is_last)
        if not is_cut and (link := _as_link(word[0], address_of or search_path)):
            markup += escape(text[shown_to : word.start()]) + link
            shown_to = word.end()
    return markup + escape(text[shown_to:])


def _as_link(word: str, address_of: Callable[[str], str]) -> Markup | None:
    if "\N{HORIZONTAL ELLIPSIS}" in word:
        return None
    if link_count(word):
        return Markup(urlize(word, rel="nofollow noreferrer"))  # noqa: S704 - It escapes.
    if (match := _NAME_OR_TAG.match(word)) is None:
        return None
    terms = [tag[0] for tag in tags_of(match["term"])] or [match["term"]]
    link = Markup('<a class="mention" href="{}" rel="nofollow">{}</a>')
    found = [
        link.format(url, each) if (url := address_of(each)) else escape(each) for each in terms
    ]
    return escape(word[: match.start("term")]) + Markup().join(found) + escape(word[match.end() :])


def small_address(address: str, width: int) -> str:
    """Return the URL of a small version of a kept picture."""
    return f"{address}?width={width}"


def lang_of(text: str, known: str | None = None) -> Markup:
    """Return the attribute of a text's language; empty where the page's is as likely.

    A text of an unknown language on a Korean page is not Korean: a screen reader must not read it
    as such. Numbers and emoji are read in the page's language.
    """
    tag = language_tag(text, known)
    return Markup() if tag is None else Markup(' lang="{}"').format(tag)


def language_tag(text: str, known: str | None = None) -> str | None:
    """Return the value of `lang_of`: empty for an unknown language, None without the attribute."""
    tag = known or guess_language(text)
    if tag is None and (language() == "en" or not any(map(str.isalpha, text))):
        return None
    return tag or ""


def init_app(app: Quart, config: Config) -> None:
    """Give templates their filters and facts about pages.

    URLs come from the settings only: a cached page must not contain one request's host.
    """
    app.jinja_env.filters |= {
        "chat_title": chat_title,
        "display_name": display_name,
        "lang_of": lang_of,
        "hue": hue,
        "listed": show_list,
        "newest_year": newest_year,
        "platform_name": platform_name,
        "post_count": post_count,
        "chat_zone": chat_zone,
        "shown_name": shown_name,
        "with_links": with_links,
    }
    app.jinja_env.globals |= {
        "LONGEST_ADDRESS": LONGEST_ADDRESS,
        "has_chats": has_chats,
        "keeps_deleted": keeps_deleted,
        "author_path": author_path,
        "posts_path": posts_path,
        "search_path": search_path,
        "is_site_private": is_site_private,
        "small_address": small_address,
        "part_cards": show_cards,
        "has_page": has_page,
        "url_of": url_of,
        "menu_of_parts": menu_of_parts,
    }
    app.jinja_env.tests |= {"speaker": is_speaker}
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.is_async = False  # Nothing in a page waits: a tenth of its time.
    app.jinja_env.template_class = PlainTemplate

    @app.context_processor
    async def links() -> dict[str, str]:
        # Without secrets, and the parameters that show another part of the same page.
        left_out = ("token", "tz", "cursor", "year", "before", "message", "on", "deleted", "tries")
        has_address = config.url and "locale" in g
        canonical = config.url + own_address(*left_out) if has_address else ""
        return {"site_url": config.url, "canonical": canonical}


def add_parts(app: Quart, parts: Parts) -> None:
    app.extensions[_PARTS] = parts
    folders = (Path(app.root_path), *(listed.folder for listed in parts))
    app.jinja_loader = FileSystemLoader([folder / "templates" for folder in folders])
    for listed, part in parts.items():
        check_cards(listed.name, listed.folder / "templates", part.cards)
        for blueprint in (*part.api, *part.pages):
            app.register_blueprint(blueprint)


def check_cards(name: str, templates: Path, cards: Collection[str]) -> None:
    """Raise StartError if a part names a card that is no macro of its `_cards.html`."""
    file = templates / name / "_cards.html"
    text = file.read_text(encoding="utf-8") if cards and file.exists() else ""
    macros = re.findall(r"{%-? macro (\w+)\(", text)
    if missing := [card for card in cards if card not in macros]:
        raise StartError(f"the part {name} lacks macros in {file}: {', '.join(missing)}")
