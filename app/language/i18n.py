"""Language of a request, Korean or English, and its texts, numbers and lists."""

import functools
import io
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Final, cast
from urllib.parse import quote, urlencode

from babel.core import Locale as BabelLocale
from babel.core import UnknownLocaleError
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.support import Translations
from jinja2 import pass_context
from jinja2.runtime import Context
from quart import Quart, Response, current_app, g, has_request_context, redirect, request
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from app.config import Config, Locale
from app.errors import Message
from app.language.korean_particles import filled, held, sentence
from app.paths import API, API_DOCS, EVERY_API

LOCALES: Final[dict[Locale, str]] = {"ko": "한국어", "en": "English"}
COOKIE: Final = "saywho_lang"
SWITCH: Final = "locale"
"""Query parameter for the language of the page; `lang` filters posts."""
LONGEST_HEADER: Final = 1_000
"""Characters of an Accept header that are read; no browser sends more."""
CHAT: Final = "chat"
"""Translation context of texts about messages that are about posts elsewhere."""
_POST: Final = re.compile(r"\b([Pp])ost(s?)\b(?![)}])")
_language: ContextVar[Locale | None] = ContextVar("language", default=None)
_speaks_of_messages = ContextVar("speaks_of_messages", default=False)


@functools.cache
def catalog(locale: str) -> Translations:
    """Return the translations of a language, compiled in memory from its `.po` file."""
    folder = Path(__file__).parents[1] / "translations" / locale
    path = folder / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return Translations()
    compiled = io.BytesIO()
    with path.open("rb") as file:
        messages = read_po(file, locale=locale)
    for message in messages:
        texts = message.string
        message.string = held(texts) if isinstance(texts, str) else tuple(map(held, texts or ()))
    write_mo(compiled, messages)
    compiled.seek(0)
    return Translations(compiled)


def init_app(app: Quart, config: Config) -> None:
    @app.before_request
    async def choose() -> None:
        accepted = request.headers.get("Accept-Language", "")
        g.locale = config.locale or negotiated(accepted, request.cookies.get(COOKIE))

    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.globals |= {"gettext": _gettext_of_page, "ngettext": _ngettext_of_page}
    app.jinja_env.filters |= {
        "number": show_number,
        "percent": show_percent,
        "rounded": rounded_parts,
        "language_name": show_language,
    }

    @app.context_processor
    async def names() -> dict[str, object]:  # Quart gives what is not async to a thread.
        return {"locale": g.locale, "language_links": language_links()}


def negotiated(accepted: str, remembered: str | None) -> Locale:
    """Return the language for an Accept-Language header and the value of the cookie."""
    if remembered in LOCALES:
        return remembered
    languages = parse_accept_header(accepted[:LONGEST_HEADER], LanguageAccept)
    return cast(Locale, languages.best_match(sorted(LOCALES), default="en"))


async def store_language() -> Response | None:
    """Store the language that the address names, and redirect back.

    The choice is a link, to work without JavaScript; the API stores none.
    """
    language = request.args.get(SWITCH)
    is_page = request.path == API + API_DOCS or not request.path.startswith(EVERY_API)
    if request.method != "GET" or not is_page or language not in LOCALES:
        return None
    response = cast(Response, redirect(own_address(SWITCH), 303))
    year_s = 365 * 24 * 3600
    response.set_cookie(
        COOKIE, language, max_age=year_s, samesite="Lax", secure=request.is_secure, httponly=True
    )
    return response


def own_address(*without: str, **changed: str) -> str:
    """Return the request's own address, with some parameters removed and others changed."""
    pairs = [pair for pair in request.args.items(multi=True) if pair[0] not in without]
    query = urlencode([*pairs, *changed.items()])
    # Two slashes at the front would name another host: //example.org/.
    path = "/" + quote(request.path.lstrip("/"))
    return path + (f"?{query}" if query else "")


def language_links() -> list[tuple[str, str, str]]:
    """Return code, own name and address of the other languages; a page that only accepts forms
    links to the front page.
    """
    is_page = request.method != "POST" or current_app.url_map.bind("").test(request.path)
    return [
        (code, name, own_address(SWITCH, **{SWITCH: code}) if is_page else f"/?{SWITCH}={code}")
        for code, name in LOCALES.items()
        if code != g.locale
    ]


def gettext_noop(message: str) -> str:
    """Return the message unchanged; it is marked for translation and translated later."""
    return message


def ngettext_noop(singular: str, plural: str) -> tuple[str, str]:
    """Return the messages of one and of several, marked for translation."""
    return singular, plural


def language() -> Locale:
    """Return the request's language; English outside of a request."""
    if (named := _language.get()) is not None:
        return named
    return cast(Locale, g.get("locale", "en")) if has_request_context() else "en"


@contextmanager
def speaking(language: Locale | None) -> Iterator[None]:
    """Write texts in a language, whatever the request's language is; None changes nothing."""
    before = _language.set(language)
    try:
        yield
    finally:
        _language.reset(before)


@contextmanager
def speaking_of(*, messages: bool) -> Iterator[None]:
    """Write texts about messages, as in chats, or about posts."""
    before = _speaks_of_messages.set(messages)
    try:
        yield
    finally:
        _speaks_of_messages.reset(before)


def gettext(message: str) -> str:
    if _speaks_of_messages.get() and (text := catalog("ko").pgettext(CHAT, message)) != message:
        return sentence(str(text)) if language() == "ko" else _with_messages(message)
    text = catalog(language()).gettext(message)
    return sentence(text) if language() == "ko" else text


def gettext_of_past(message: str) -> str:
    """Return the text about a time that is over; English has the same text for both."""
    if language() == "ko":
        return sentence(str(catalog("ko").pgettext("past", message)))
    return message


def clause(message: str) -> str:
    """Return a sentence as a clause of another; English only loses its full stop."""
    if language() == "ko":
        return sentence(str(catalog("ko").pgettext("within a sentence", message)))
    return message.removesuffix(".")


def ngettext(singular: str, plural: str, number: int) -> str:
    text = catalog(language()).ngettext(singular, plural, number)
    if _speaks_of_messages.get():
        of_chat = catalog("ko").npgettext(CHAT, singular, plural, number)
        if of_chat not in (singular, plural):
            return sentence(of_chat) if language() == "ko" else _with_messages(text)
    return sentence(text) if language() == "ko" else text


@pass_context
def _gettext_of_page(context: Context, message: str, /, **values: object) -> str:
    return filled(gettext(message), values, is_markup=context.eval_ctx.autoescape)


@pass_context
def _ngettext_of_page(
    context: Context, singular: str, plural: str, number: int, /, **values: object
) -> str:
    text, values = ngettext(singular, plural, number), {"num": number} | values
    return filled(text, values, is_markup=context.eval_ctx.autoescape)


def _with_messages(text: str) -> str:
    """Return the English text about messages, if the Korean catalogue marks such a form."""
    return _POST.sub(lambda match: ("M" if match[1] == "P" else "m") + f"essage{match[2]}", text)


def translate_message(message: Message) -> str:
    text = gettext(message.template)
    if not message.values:
        return text
    values = {
        name: translate_message(value) if isinstance(value, Message) else value
        for name, value in message.values.items()
    }
    return text.format(**values)


def show_number(value: float) -> str:
    if type(value) is int:
        return f"{value:,}"  # as both languages write it, in a thirtieth of the time
    return format_decimal(value, locale=language())


def show_list(names: Sequence[str]) -> str:
    if language() == "ko":
        return ", ".join(names)
    return format_list(names, locale=language())


def show_percent(value: float) -> str:
    """Return a share between 0 and 1 in whole per cent; only 0 is 0%, only 1 is 100%."""
    if 0 < value < 0.01:
        return f"<{_percent(0.01, language())}"
    if 0.99 < value < 1:
        return f">{_percent(0.99, language())}"
    return _percent(value, language())


@functools.lru_cache(maxsize=1_000)
def _percent(value: float, locale: Locale) -> str:
    return format_percent(value, locale=locale)


def rounded_parts(values: Sequence[float]) -> list[float]:
    """Return parts of a whole rounded to whole per cent, which add up to their rounded sum.

    The largest remainders are rounded up. Parts under 1%, and over 99% next to them, are unchanged.
    """
    exact = {place: value * 100 for place, value in enumerate(values) if value >= 0.01}
    whole = {place: math.floor(share) for place, share in exact.items()}
    by_remainder = sorted(exact, key=lambda place: whole[place] - exact[place])
    for place in by_remainder[: round(sum(exact.values())) - sum(whole.values())]:
        whole[place] += 1
    return [
        whole[place] / 100 if whole.get(place, 100) < 100 else value
        for place, value in enumerate(values)
    ]


def show_language(tag: str) -> str:
    try:
        return BabelLocale.parse(tag, sep="-").get_display_name(language()) or tag
    except (ValueError, UnknownLocaleError):
        return tag
