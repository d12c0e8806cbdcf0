"""Which year of an author does a text sound like? Asked and answered on the page of a year."""

from zoneinfo import ZoneInfo

import msgspec
from quart.typing import ResponseReturnValue

from app.errors import AppError, InvalidInputError
from app.i18n import translate_message
from app.lifespan import resources
from app.services.compare.answering import Comparison
from app.services.compare.question import Question
from app.views.authors.years import YearPage, page_of_year
from app.views.blueprints import Form, PageBlueprint
from app.views.comparing.texts import given_texts
from app.views.comparing.years import ShownYears, shown_years
from app.views.filters import ZoneArgs
from app.views.page import render

blueprint = PageBlueprint("year_question")


class AskedYearPage(YearPage, frozen=True, kw_only=True):
    """The page of a year, with the answer about a text, or what was wrong with it."""

    asked_text: str
    comparison: Comparison | None = None
    error: AppError | None = None

    @property
    def sounds(self) -> ShownYears | None:
        return shown_years(self.comparison) if self.comparison else None

    @property
    def failure(self) -> str | None:
        return translate_message(self.error.detail) if self.error else None


@blueprint.action("/user/<username>/<year:year>")
async def ask_year(username: str, year: int, args: ZoneArgs, form: Form) -> ResponseReturnValue:
    """Answer on the page; the text comes into no address."""
    page = await page_of_year(username, year, args)
    text = form.get("text", "")
    shown = AskedYearPage(**msgspec.structs.asdict(page), asked_text=text)
    name, (texts, _) = page.author.username, given_texts([text])
    try:
        question = Question(texts, [name], years=name, zone=ZoneInfo(page.shown.tz))
        comparison = await resources().comparer.ask(question)
    except InvalidInputError as error:
        refused = msgspec.structs.replace(shown, error=error.with_traceback(None))
        return await render(refused), error.status
    return await render(msgspec.structs.replace(shown, comparison=comparison))
