"""Light or dark: what a visitor has chosen by a link, else as the visitor's system has it."""

from collections.abc import Mapping
from typing import Final

from quart import Quart, g, redirect, request
from quart.typing import ResponseReturnValue

from app.i18n import YEAR_S, gettext, gettext_noop, is_api, own_address

COOKIE: Final = "saywho_theme"
SYSTEM: Final = "system"
THEMES: Final[dict[str, str]] = {
    SYSTEM: gettext_noop("As your system"),
    "light": gettext_noop("Light"),
    "dark": gettext_noop("Dark"),
}


def chosen_theme(cookies: Mapping[str, str]) -> str:
    """Return the theme that these cookies remember."""
    theme = cookies.get(COOKIE)
    return theme if theme is not None and theme in THEMES else SYSTEM


def init_app(app: Quart) -> None:
    """Let the links of the theme menu be remembered, and give the templates the choice."""

    @app.before_request
    async def remember() -> ResponseReturnValue | None:
        theme = request.args.get("theme")
        if theme not in THEMES or request.method != "GET" or is_api():
            return None
        response = redirect(own_address("theme"), 303)
        if theme == SYSTEM:
            response.delete_cookie(COOKIE, secure=request.is_secure, samesite="Lax")
        else:
            # Scripts may read it: a page that comes out of the browser's memory asks what holds.
            response.set_cookie(
                COOKIE, theme, max_age=YEAR_S, samesite="Lax", secure=request.is_secure
            )
        return response

    @app.context_processor
    def theme() -> dict[str, object]:
        links = [(name, gettext(THEMES[name]), own_address("theme", theme=name)) for name in THEMES]
        return {
            "theme": chosen_theme(request.cookies),
            "theme_links": links if "locale" in g else [],
        }
