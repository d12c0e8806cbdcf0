"""Pages, menu entries and cards that parts add."""

from collections.abc import Mapping
from typing import Any, Final, cast

from jinja2 import FileSystemLoader
from markupsafe import Markup
from quart import Quart, current_app, url_for
from sqlalchemy.ext.asyncio import AsyncSession

from app.language.i18n import gettext
from app.parts import Listed, Part

KEY: Final = "saywho.parts"
Parts = Mapping[Listed, Part]


def init_app(app: Quart, parts: Parts) -> None:
    app.extensions[KEY] = parts
    folders = [app.root_path + "/templates", *(str(listed.templates) for listed in parts)]
    app.jinja_loader = FileSystemLoader(folders)
    app.jinja_env.globals |= {
        "part_cards": show_cards,
        "has_page": has_page,
        "url_of": url_of,
        "menu_of_parts": menu_of_parts,
    }
    for part in parts.values():
        for blueprint in (*part.api, *part.pages):
            app.register_blueprint(blueprint)
        if part.mounts:
            part.mounts(app)


def zones_of(parts: Parts) -> tuple[str, ...]:
    """Return path prefixes of pages that show days in the browser's zone."""
    blueprints = (blueprint for part in parts.values() for blueprint in part.pages)
    return tuple(f"{each.url_prefix}/" for each in blueprints if getattr(each, "shows_days", False))


def parts_here() -> Parts:
    return cast(Parts, current_app.extensions[KEY])


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
