"""The language of a request, which its address, cookie or browser names, and that of templates."""

from functools import lru_cache
from typing import Final, cast
from urllib.parse import quote, urlencode

from jinja2 import pass_context
from jinja2.runtime import Context
from quart import Quart, Request, Response, current_app, g, redirect, request
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from app.config import Config, Locale
from app.language import i18n
from app.language.i18n import LOCALES, gettext, ngettext
from app.language.korean_particles import filled
from app.paths import API, API_DOCS, EVERY_API

COOKIE: Final = "saywho_lang"
SWITCH: Final = "locale"
"""Query parameter for the language of the page; `lang` filters posts."""
LONGEST_HEADER: Final = 1_000
"""Characters of an Accept header that are read; no browser sends more."""


def init_app(app: Quart) -> None:
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.globals |= {"gettext": _gettext_of_page, "ngettext": _ngettext_of_page}
    app.jinja_env.filters |= {
        "number": i18n.show_number,
        "percent": i18n.show_percent,
        "rounded": i18n.rounded_parts,
        "language_name": i18n.show_language,
        "ago": i18n.show_ago,
        "clock": i18n.show_clock,
        "date": i18n.show_date,
        "day": i18n.show_day,
        "month": i18n.show_month,
        "duration": i18n.show_duration,
        "month_day": i18n.show_month_day,
        "own_day": i18n.show_own_day,
        "rfc3339": i18n.rfc3339,
        "time": i18n.show_time,
        "weekday": i18n.show_weekday,
        "period": i18n.show_period,
        "unbroken": i18n.unbroken,
        "zone_name": i18n.show_zone,
    }

    @app.context_processor
    async def names() -> dict[str, object]:  # Quart gives what is not async to a thread.
        return {"locale": g.locale, "language_links": language_links()}


def chosen_locale(asked: Request, config: Config) -> Locale:
    accepted = asked.headers.get("Accept-Language", "")
    return config.locale or negotiated(accepted, asked.cookies.get(COOKIE))


def negotiated(accepted: str, remembered: str | None) -> Locale:
    """Return the language for an Accept-Language header and the value of the cookie."""
    return remembered if remembered in LOCALES else _accepted(accepted[:LONGEST_HEADER])


@lru_cache(maxsize=500)
def _accepted(header: str) -> Locale:
    languages = parse_accept_header(header, LanguageAccept)
    return cast(Locale, languages.best_match(sorted(LOCALES), default="en"))


def store_language(asked: Request) -> Response | None:
    """Store the language that the address names, and redirect back.

    The choice is a link, to work without JavaScript; the API stores none.
    """
    is_page = asked.path == API + API_DOCS or not asked.path.startswith(EVERY_API)
    if asked.method != "GET" or not is_page or not asked.query_string:
        return None
    if (language := asked.args.get(SWITCH)) not in LOCALES:
        return None
    response = cast(Response, redirect(own_address(SWITCH), 303))
    year_s = 365 * 24 * 3600
    response.set_cookie(
        COOKIE, language, max_age=year_s, samesite="Lax", secure=asked.is_secure, httponly=True
    )
    return response


def own_address(*without: str, **changed: str) -> str:
    """Return the request's own address, with some parameters removed or changed."""
    pairs = [pair for pair in request.args.items(multi=True) if pair[0] not in without]
    query = urlencode([*pairs, *changed.items()])
    # Two slashes at the front would name another host: //example.org/.
    path = "/" + quote(request.path.lstrip("/"))
    return path + (f"?{query}" if query else "")


def language_links() -> list[tuple[str, str, str]]:
    """Return code, own name and address of other languages; the front page's for forms alone."""
    is_page = request.method != "POST" or current_app.url_map.bind("").test(request.path)
    return [
        (code, name, own_address(SWITCH, **{SWITCH: code}) if is_page else f"/?{SWITCH}={code}")
        for code, name in LOCALES.items()
        if code != g.locale
    ]


@pass_context
def _gettext_of_page(context: Context, message: str, /, **values: object) -> str:
    return filled(gettext(message), values, is_markup=context.eval_ctx.autoescape)


@pass_context
def _ngettext_of_page(
    context: Context, singular: str, plural: str, number: int, /, **values: object
) -> str:
    text, values = ngettext(singular, plural, number), {"num": number} | values
    return filled(text, values, is_markup=context.eval_ctx.autoescape)
