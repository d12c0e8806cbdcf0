"""Did this one author write it? The page of the verification, and its report."""

import functools
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

import jinja2
from msgspec import Struct
from quart import Response, g, url_for
from quart.typing import ResponseReturnValue

from app.compute.ratio_trials import LEVELS
from app.config import Locale
from app.i18n import catalog, translate_message
from app.lifespan import resources
from app.services.verify.reporting import VerificationReport, report
from app.services.verify.sentences import NOT_FOR
from app.services.verify.verifying import Finding
from app.views.blueprints import Form, PageBlueprint
from app.views.pages.parts import given_names, marked_text, render_judgement, see_other

blueprint = PageBlueprint("verify")

LONGEST_IN_ADDRESS = 2_000
STRONG_WEIGHT = 1.0
"""Log-odds from which a mark is drawn double."""
BETWEEN_TEXTS = "\n---\n"
_DIVIDER = re.compile(r"^-{3,}[ \t]*$", re.MULTILINE)


class VerifyPageArgs(Struct):
    text: list[str] = []
    """Without a text the form is offered."""
    username: str = ""


@blueprint.page("/verify")
async def show_verify(args: VerifyPageArgs) -> ResponseReturnValue:
    return await _page(args.text, args.username)


@blueprint.action("/verify")
async def post_verify(form: Form) -> ResponseReturnValue:
    return await posted(form, texts_of(form), form.get("username", ""))


def texts_of(form: Form) -> list[str]:
    """Return the texts of a form, between lines of hyphens."""
    whole = (form.get("text") or "").replace("\r\n", "\n")
    return [text.strip("\n") for text in _DIVIDER.split(whole) if text.strip()] or [""]


def may_be_address(form: Form, texts: Sequence[str]) -> bool:
    """Return whether an address may hold the texts: they are short, and nobody hides them."""
    return not form.get("private") and sum(map(len, texts)) <= LONGEST_IN_ADDRESS


async def posted(form: Form, texts: Sequence[str], username: str) -> ResponseReturnValue:
    """Redirect to the verification if its address may hold the texts, otherwise answer here."""
    if not may_be_address(form, texts):
        return await _page(texts, username, is_private=bool(form.get("private")))
    return see_other(verify_address(texts, username))


async def _page(
    texts: Sequence[str], username: str, *, is_private: bool = False
) -> ResponseReturnValue:
    username = username.strip()
    return await render_judgement(
        "verify.html",
        _verified(texts, username) if texts else None,
        given_names([username]),
        text=BETWEEN_TEXTS.join(texts),
        chosen=username,
        is_private=is_private,
        not_for=translate_message(NOT_FOR),
    )


async def _verified(texts: Sequence[str], username: str) -> dict[str, object]:
    return shown(await resources().verifier.verify(texts, username))


def shown(finding: Finding, locale: Locale | None = None) -> dict[str, object]:
    """Return a finding in a language, by default the request's, with its marks in the texts."""
    found = finding.verification
    return {
        "verification": found,
        "statement": translate_message(finding.statement, locale),
        "limits": [translate_message(limit, locale) for limit in finding.limits],
        "texts": [
            marked_text(
                text, [(m.start, m.end, m) for m in found.evidence if m.text_index == place]
            )
            for place, text in enumerate(found.texts)
        ],
        "strong_weight": STRONG_WEIGHT,
    }


def verify_address(texts: Sequence[str], username: str) -> str:
    """Return the shareable address of a verification."""
    query = urlencode([*(("text", text) for text in texts), ("username", username)])
    return f"{url_for('verify.show_verify')}?{query}"


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
