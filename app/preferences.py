"""Language and theme as a visitor chooses them: by links of the pages, kept in cookies."""

from collections.abc import Mapping
from typing import Final, cast

from quart import Quart, Response, g, redirect, request

from app import i18n
from app.i18n import gettext, gettext_noop, own_address
from app.paths import EVERY_API

YEAR_S: Final = 365 * 24 * 3600
COOKIE: Final = "saywho_theme"
THEME: Final = "theme"
"""Parameter of an address that names the theme."""
SYSTEM: Final = "system"
THEMES: Final[dict[str, str]] = {
    SYSTEM: gettext_noop("As your system"),
    "light": gettext_noop("Light"),
    "dark": gettext_noop("Dark"),
}


def chosen_theme(cookies: Mapping[str, str]) -> str:
    """Return the theme that these cookies name."""
    theme = cookies.get(COOKIE)
    return theme if theme is not None and theme in THEMES else SYSTEM


def init_app(app: Quart) -> None:
    """Answer the links of language and theme, and give the templates the choice of themes."""
    app.before_request(store_choice)

    @app.context_processor
    def theme() -> dict[str, object]:
        links = [(name, gettext(THEMES[name]), own_address(THEME, theme=name)) for name in THEMES]
        return {
            "theme": chosen_theme(request.cookies),
            "theme_links": links if "locale" in g else [],
        }


async def store_choice() -> Response | None:
    """Keep the language or theme that the address names; the answer leads back to the page.

    The choices are links, so that they work without JavaScript. The API keeps none.
    """
    if request.method != "GET" or request.path.startswith(EVERY_API):
        return None
    if (language := request.args.get(i18n.SWITCH)) in i18n.LOCALES:
        return _led_back(i18n.SWITCH, i18n.COOKIE, language, is_script_readable=False)
    if (theme := request.args.get(THEME)) in THEMES:
        # Scripts read it: a page that the browser restores from its memory asks for the theme.
        return _led_back(THEME, COOKIE, theme, is_script_readable=True)
    return None


def _led_back(parameter: str, cookie: str, value: str, *, is_script_readable: bool) -> Response:
    response = cast(Response, redirect(own_address(parameter), 303))
    if value == SYSTEM:
        response.delete_cookie(cookie, secure=request.is_secure, samesite="Lax")
    else:
        response.set_cookie(
            cookie,
            value,
            max_age=YEAR_S,
            samesite="Lax",
            secure=request.is_secure,
            httponly=not is_script_readable,
        )
    return response
