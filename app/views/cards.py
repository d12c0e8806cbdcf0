"""What parts add to the pages of the core: their own pages, entries of the menu, and cards."""

from collections.abc import Mapping
from typing import Any, Final, cast

from jinja2 import FileSystemLoader
from markupsafe import Markup
from quart import Quart, current_app
from sqlalchemy.ext.asyncio import AsyncSession

from app.i18n import gettext
from app.parts import Listed, MenuEntry, Part

KEY: Final = "saywho.parts"
Parts = Mapping[Listed, Part]


def init_app(app: Quart, parts: Parts) -> None:
    """Register the pages, the operations and the templates of the parts of this site."""
    app.extensions[KEY] = parts
    folders = [app.root_path + "/templates", *(str(listed.templates) for listed in parts)]
    app.jinja_loader = FileSystemLoader(folders)
    app.jinja_env.globals |= {"cards": show_cards, "menu_of_parts": menu_of_parts}
    for part in parts.values():
        for blueprint in (*part.api, *part.pages):
            app.register_blueprint(blueprint)
        if part.mounts:
            part.mounts(app)


def parts_here() -> Parts:
    """Return the parts of the app that serves the request."""
    return cast(Parts, current_app.extensions[KEY])


def has_part(name: str) -> bool:
    """Return whether the site has a part of this name."""
    return any(listed.name == name for listed in parts_here())


def menu_of_parts() -> list[MenuEntry]:
    """Return the entries that the parts add to the menu, in the request's language."""
    entries = (entry for part in parts_here().values() for entry in part.menu)
    return [entry._replace(label=gettext(entry.label)) for entry in entries]


def show_cards(place: str, *values: object, **named: object) -> Markup:
    """Return what the parts show at a place of a page: macros of this name, one after the other."""
    shown = []
    for listed, part in parts_here().items():
        if place in part.cards:
            template = current_app.jinja_env.get_template(f"{listed.name}/_cards.html")
            shown.append(getattr(template.module, place)(*values, **named))
    return Markup().join(shown)


async def read_cards(session: AsyncSession, place: str, *values: object) -> dict[str, Any]:
    """Return what the parts have to read for a place of a page, by their names."""
    return {
        listed.name: await part.reads[place](session, *values)
        for listed, part in parts_here().items()
        if part.reads and place in part.reads
    }
