"""The page of a report for a case: it makes the files, which are stored nowhere."""

import base64
from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from quart import current_app, g, url_for
from quart.typing import ResponseReturnValue

from app.config import Locale
from app.errors import AppError
from app.language.i18n import LOCALES
from app.lifespan import resources
from app.parts.cases.case_making import CaseReport, make_case
from app.parts.cases.case_page import CaseFiles, finding_of, meaning_of, written
from app.views.answers import NO_STORE, see_other
from app.views.author_picker import given_names
from app.views.blueprints import HTML, JSON, Form, PageBlueprint
from app.views.page import FormPage, render_form
from app.views.requests import Piece, args_of, gaps_of
from saywho.comparing.question import Question
from saywho.text import composed

blueprint = PageBlueprint("cases", policy="known")

LONGEST_ASKED_BY: Final = 120


class CaseForm(Struct):
    text: list[str] = []
    username: list[str] = []
    without: list[Piece] = []
    """Pieces to leave out, in code points of the texts joined by a blank line."""
    heads: bool = True
    person: str = ""
    language: str = ""
    asked_by: str = ""


class CasePage(FormPage, frozen=True, kw_only=True):
    template = "cases/case_form.html"

    texts: Sequence[str]
    usernames: Sequence[str]
    without: Sequence[str]
    heads: bool
    person: str
    asked_by: str
    made_in: Locale
    files: CaseFiles | None = None
    findings: Sequence[tuple[str, str, str]] = ()
    """Name, finding and its meaning for each author, as in the report."""
    languages: Sequence[tuple[str, str]] = tuple(LOCALES.items())

    @property
    def downloads(self) -> list[tuple[str, str]]:
        """The names of the files, and their contents as addresses."""
        if self.files is None:
            return []
        return [
            ("case.html", _address(self.files.html, HTML)),
            ("case.json", _address(self.files.json, JSON)),
        ]


def _address(data: bytes, kind: str) -> str:
    return f"data:{kind};charset=utf-8;base64,{base64.b64encode(data).decode()}"


@blueprint.get("/compare/case")
async def show_case() -> ResponseReturnValue:
    """Lead to the question: a text is in no address."""
    return see_other(url_for("home.show_home"))


@blueprint.post("/compare/case")
async def post_case(form: Form) -> ResponseReturnValue:
    """Make the report about a text, and offer its files."""
    args = args_of(form, CaseForm, is_strict=False)
    names, pieces = given_names(args.username), args.without
    texts = [composed(text) for text in args.text if text.strip()]
    language: Locale = next((each for each in LOCALES if each == args.language), g.locale)
    asked_by = " ".join(args.asked_by.split())[:LONGEST_ASKED_BY]
    heads, person = args.heads, args.person
    files, findings, error = None, list[tuple[str, str, str]](), None
    try:
        question = Question(texts, names, without=gaps_of(pieces), heads=heads, person=person)
        async with resources().read_long() as session:
            report = await make_case(
                session, resources().models, question, resources().work_pool.run
            )
        files = await written(current_app.jinja_env, report, language, asked_by=asked_by)
        findings = _findings(report)
    except AppError as failure:
        error = failure.with_traceback(None)  # Which would keep this frame, and the text.
    page = CasePage(
        texts=texts or [""],
        usernames=names,
        without=pieces,
        heads=heads,
        person=person,
        asked_by=asked_by,
        made_in=language,
        files=files,
        findings=findings,
        error=error,
        about=names,
    )
    html, status, headers = await render_form(page)
    return html, status, headers | NO_STORE


def _findings(report: CaseReport) -> list[tuple[str, str, str]]:
    return [
        (each.filed.username, finding_of(each.filed), " ".join(meaning_of(report.file, each)))
        for each in report.authors
    ]
