"""The picture of an answer, which programs show for a shared link."""

import asyncio
from typing import Literal

from quart import Response, g

from app.compute.judgement import SURE
from app.drawing import AUTHORS, Picture, PictureBar, PictureMark, draw
from app.i18n import gettext, show_number, show_percent
from app.lifespan import resources
from app.services.compare.judging import Comparison
from app.views.blueprints import PageBlueprint
from app.views.pages.compare import ComparePageArgs, given_texts
from app.views.pages.parts import given_names
from app.views.pages.verdicts import bars_of, heading_of, shown_marks

blueprint = PageBlueprint("picture")


class PictureArgs(ComparePageArgs):
    lang: Literal["ko", "en"] | None = None
    """The language of the page that links here: programs that show links name none."""


@blueprint.page("/compare/picture.png")
async def show_picture(args: PictureArgs) -> Response:
    """Draw the answer that `/compare` gives at the same address."""
    g.locale = args.lang or g.locale
    names = given_names(args.username)
    comparer = resources().comparer
    material = await comparer.gather(given_texts(args.text)[0], names, hidden_post=args.post)
    comparison = await comparer.judge(material, sure=args.sure, reasons=True)
    picture = picture_of(comparison, is_named=bool(names))
    return Response(await asyncio.to_thread(draw, picture), content_type="image/png")


def picture_of(comparison: Comparison, *, is_named: bool) -> Picture:
    """Return what is drawn of an answer, in the visitor's language."""
    verdict = comparison.verdict
    best = [ranked.username for ranked in comparison.ranking[: len(AUTHORS)]]
    colours = {username: number for number, username in enumerate(best)}
    others = len(comparison.ranking) - len(best)
    is_told = verdict in {"likely", "close"}
    bars = [
        PictureBar(
            bar.username or gettext("Somebody else"), bar.share, colours.get(bar.username or "")
        )
        for bar in bars_of(comparison)
        if bar.username is None or bar.username in colours
    ]
    return Picture(
        heading_of(comparison, is_named=is_named),
        comparison.text,
        tuple(
            PictureMark(mark.start, mark.end, colours[mark.username])
            for mark in shown_marks(comparison)
            if is_told and mark.username in colours and mark.weight > 0
        ),
        tuple(bars) if is_told else (),
        _premise(comparison),
        gettext("and %(count)s more") % {"count": show_number(others)}
        if is_told and others > 0
        else "",
    )


def _premise(comparison: Comparison) -> str:
    told = gettext("Style is evidence, not proof.")
    if comparison.none is None or comparison.sure == SURE:
        return told
    return f"{told} {gettext('Sure beforehand:')} {show_percent(comparison.sure)}"
