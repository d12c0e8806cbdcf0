"""The page where a subject is made one file: the choice, a preview, and the file."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from markupsafe import Markup
from quart import Response, current_app, request
from sqlalchemy import and_

from app.errors import InvalidInputError, status_of
from app.language.i18n import language, translate_message
from app.parts.report.quotes import MOST_QUOTED, read_offered
from app.parts.report.reports import OnPage, ReportChoice, file_assets, find_report, make_report
from app.parts.report.words import LONGEST_NAME, Named, letters
from app.runtime.clock import span_of_year
from app.services.posts.selection import written_in
from app.views.answers import attachment
from app.views.blueprints import HTML, Form, PageBlueprint
from app.views.filters import ZoneArgs, zone_of_page
from app.views.page import WebPage, has_page, render
from app.views.phone import home_here
from app.views.policies import here, set_secret
from app.views.subjects import Address, Chat, OneAuthor, Subject, find_subject

NAMES_COOKIE: Final = "saywho_names"


class ReportArgs(ZoneArgs):
    year: str = ""
    """The year, by default the whole chat or author."""
    names: str = ""
    """`real` for real names, `letters` for A, B, C."""


class ReportForm(WebPage, frozen=True, kw_only=True):
    template = "report/form.html"

    args: ReportArgs
    subject: Subject
    years: Sequence[int] = ()
    """Years that can be chosen in the place of the whole chat."""
    offered: OnPage
    """Messages that may be ticked."""
    most_quoted: int = MOST_QUOTED
    longest_name: int = LONGEST_NAME

    @property
    def address(self) -> str:
        return self._url("send_report")

    @property
    def preview(self) -> str:
        return self._url("preview_report")

    @property
    def this_page(self) -> str:
        """The address of this page, which has other messages to tick for another year."""
        return self._url("show_report")

    @property
    def first_preview(self) -> str:
        return self._url("preview_report", year=self.args.year or None, names=self.names)

    @property
    def names(self) -> str:
        """Names for people, by the URL or the visitor's last choice; else empty."""
        return self.args.names or request.cookies.get(NAMES_COOKIE, "")

    @property
    def named(self) -> Sequence[tuple[Named, str]]:
        """The people who can be given a name, with their letters."""
        return [*zip(self.subject.people, letters(), strict=False)]

    def _url(self, view: str, **chosen: Any) -> str:
        whole = self.subject.whole
        return whole.url(f"{whole.name}_report.{view}", tz=self.args.tz, **chosen)


def report_pages(kind: type[Subject]) -> PageBlueprint:
    """Declare the pages that make files of a kind of subject, and of its years."""
    blueprint = PageBlueprint(f"{kind.name}_report", "account")
    path, of_chat = f"{kind.path}/report", kind.of_chat

    @blueprint.get(path, of_chat=of_chat)
    async def show_report(args: ReportArgs, **address: Any) -> str:
        kept = here()
        async with kept.read_long() as session:
            whole = await find_subject(session, kind, address, args)
            own_zone = zone_of_page(args.tz, whole.own_zone)
            has_years = has_page("room_years.show_room_year")
            years = await whole.years(session, own_zone) if has_years else []
            year = _year_of(args.year)
            if isinstance(whole, Chat) and year not in years:
                year = None
            report, subject = await find_report(session, kind, {**whole.address, "year": year})
            shown = report.shows(await report.read(session, kept, subject, lambda _: own_zone))
            posts = subject.posts
            if year := subject.of_year:
                posts = and_(posts, written_in(span_of_year(year, own_zone)))
            offered = await read_offered(session, posts, year or 0, shown)
        page = ReportForm(
            args=args,
            subject=subject,
            years=years,
            offered=offered,
            about=subject.about,
            in_chat=subject.in_chat,
        )
        return await render(page)

    @blueprint.post(path, of_chat=of_chat)
    async def send_report(args: ReportArgs, form: Form, **address: Any) -> Response:
        subject, file = await _file(kind, address, args, form)
        name = "chat" if isinstance(subject, Chat) else kind.name
        of_year = f"-{subject.of_year}" if subject.of_year else ""
        response = _answer(file)
        if called := form.get("names"):
            set_secret(response, NAMES_COOKIE, called, timedelta(days=365))
        response.headers |= attachment(f"saywho-{name}{of_year}.html")
        return response

    @blueprint.get(f"{path}/preview", of_chat=of_chat)
    async def preview_report(args: ReportArgs, **address: Any) -> Response:
        return await _preview(kind, address, args, Form())

    @blueprint.post(f"{path}/preview", of_chat=of_chat)
    async def preview_chosen_report(args: ReportArgs, form: Form, **address: Any) -> Response:
        return await _preview(kind, address, args, form)

    return blueprint


async def _preview(kind: type[Subject], address: Address, args: ReportArgs, form: Form) -> Response:
    try:
        return _answer((await _file(kind, address, args, form))[1])
    except InvalidInputError as error:  # The usual error page is in no frame.
        told = Markup('<meta name="color-scheme" content="light dark"><p role="alert">{}</p>')
        return _answer(told.format(translate_message(error.detail)).encode(), status_of(error))


async def _file(
    kind: type[Subject], address: Address, args: ReportArgs, form: Form
) -> tuple[Subject, bytes]:
    kept = here()
    async with kept.read_long() as session:
        year = _year_of(form.get("year", args.year))
        chosen = await find_report(session, kind, {**address, "year": year})
        subject = chosen[1]
        typed = [" ".join(name.split()) for name in form.getlist("name")]
        names = zip(subject.about, typed, strict=False)
        choice = ReportChoice(
            zone_of_page(args.tz, subject.own_zone),
            language(),
            home_here,
            form.get("names", args.names) == "real",
            {who: name for who, name in names if name},
            [int(id_) for id_ in form.getlist("quote") if id_.isascii() and id_.isdecimal()],
        )
        file = await make_report(session, kept, current_app.jinja_env, chosen, choice)
    return chosen[1], file


def _year_of(text: str) -> int | None:
    is_number = len(text) == len("2024") and text.isdecimal() and text.isascii()
    return int(text) or None if is_number and text != "9999" else None


def _answer(file: bytes, status: int = 200) -> Response:
    # The site's own pages may show it in a frame, and nothing of the site is open to it.
    rules = file_assets().policy.replace("default-src 'none'", "default-src 'self'", 1)
    headers = {
        "Content-Security-Policy": f"{rules}; frame-ancestors 'self'; sandbox allow-scripts",
        "Cache-Control": "no-store",
    }
    return Response(file, status, content_type=f"{HTML}; charset=utf-8", headers=headers)


blueprints = (report_pages(Chat), report_pages(OneAuthor))
