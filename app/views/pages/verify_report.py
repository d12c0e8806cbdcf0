"""The report of a verification: one HTML file, the same for the same posts."""

import functools
from typing import Final

import jinja2
from quart import Response, g
from quart.typing import ResponseReturnValue

from app.compute.ratio_trials import LEVELS
from app.config import Locale
from app.i18n import catalog, translate_message
from app.lifespan import resources
from app.services.verify.reporting import VerificationReport, report
from app.services.verify.sentences import NOT_FOR
from app.views.blueprints import Form, PageBlueprint
from app.views.pages.verify import shown, texts_of

blueprint = PageBlueprint("verify_report")

PLOT_WIDTH: Final = 560
PLOT_HEIGHT: Final = 220


@blueprint.action("/verify/report")
async def download_report(form: Form) -> ResponseReturnValue:
    made = await report(resources().verifier, texts_of(form), form.get("username", "").strip())
    headers = {"Content-Disposition": 'attachment; filename="saywho-report.html"'}
    return Response(render_report(made, g.locale), headers=headers, mimetype="text/html")


def render_report(made: VerificationReport, locale: Locale) -> str:
    """Return the report as an HTML file that needs no other."""
    found = made.finding.verification
    return (
        _environment(locale)
        .get_template("verify_report.html")
        .render(
            locale=locale,
            report=made,
            found=found,
            result=shown(made.finding, locale),
            masked=shown(made.masked, locale) if made.masked else None,
            not_for=translate_message(NOT_FOR, locale),
            lines=_tippett(made) if made.measure else [],
            ticks=[(_place(level), level) for level in (-1, 0, 1, 2)],
            width=PLOT_WIDTH,
            height=PLOT_HEIGHT,
        )
    )


@functools.cache
def _environment(locale: Locale) -> jinja2.Environment:
    """Return templates in a language; no request is needed."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("app"),
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
        undefined=jinja2.StrictUndefined,
    )
    environment.install_gettext_translations(catalog(locale), newstyle=True)  # type: ignore[attr-defined]
    return environment


def _tippett(made: VerificationReport) -> list[str]:
    """Return the points of both lines: own posts, and posts by others."""
    assert made.measure is not None  # noqa: S101 - the caller has looked
    return [
        " ".join(
            f"{_place(level):.1f},{PLOT_HEIGHT * (1 - share):.1f}"
            for level, share in zip(LEVELS, shares, strict=True)
        )
        for shares in (made.measure.own, made.measure.other)
    ]


def _place(level: float) -> float:
    """Return where a logarithm stands, from the left."""
    low, high = LEVELS[0], LEVELS[-1]
    return PLOT_WIDTH * float((level - low) / (high - low))
