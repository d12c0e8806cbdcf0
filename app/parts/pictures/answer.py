"""The picture of an answer, shown for a shared link: content, PNG and page."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date
from quart import Response, request, url_for

from app.compute.gaps import Gap
from app.compute.judgement import SURE
from app.compute.names import HIDDEN, SHOWN_HIDDEN
from app.drawing.drawings import NO_HUE
from app.language.i18n import gettext, language, ngettext, show_number, show_percent, speaking
from app.lifespan import resources
from app.parts.pictures.answer_drawing import Picture, PictureBar, draw_picture
from app.parts.pictures.picture_page import PicturePage, cast_in_picture, names_hidden_in
from app.runtime.clock import now
from app.services.compare.name_masking import hide
from app.services.compare.verdict import Comparison
from app.services.posts.samples import list_samples
from app.views.blueprints import PageBlueprint
from app.views.cast import bound, hue, shown_name
from app.views.comparing.asking import ComparePageArgs, asked_here, given_texts
from app.views.comparing.evidence import shown_marks
from app.views.comparing.pages import people_of
from app.views.comparing.verdicts import (
    ELSEWHERE_ALONE,
    bars_of,
    heading_of,
    rate_of,
    strange_places,
    threshold_of,
    why_nobody,
)
from app.views.filters import zone_of_page, zone_of_picture
from app.views.page import cast_on, render
from app.views.picture_args import PeopleArgs
from app.views.requests import args_of

blueprint = PageBlueprint("answer_pictures")

MOST_BARS: Final = 5
"""Number of authors with a bar, the likeliest."""
TOLD: Final = frozenset({"likely", "close"})


@blueprint.page("/compare/picture")
async def show_answer_picture_page(args: ComparePageArgs) -> str:
    look = _look()
    zone = zone_of_page(look.tz)
    picture, about = await read_picture(args, look, zone)
    return await render(
        PicturePage(
            args=look,
            address=url_for("answer_pictures.show_answer_picture_page"),
            back=f"{url_for('compare.show_compare')}?{urlencode(asked_here())}",
            title=picture.heading,
            finding=picture.heading,
            subject=asked_here(),
            tz=zone.key,
            about=about,
        )
    )


@blueprint.page("/compare/picture.png")
async def show_answer_picture(args: ComparePageArgs) -> Response:
    """Draw the answer that `/compare` gives at the same address."""
    look = _look()
    with speaking(look.lang):
        picture, _ = await read_picture(args, look, zone_of_picture(look.tz))
    drawn = await resources().work_pool.run(draw_picture, picture, look.format, look.theme)
    return Response(drawn, content_type="image/png")


def _look() -> PeopleArgs:
    return args_of(request.args, PeopleArgs, is_strict=False)


async def read_picture(
    args: ComparePageArgs, look: PeopleArgs, zone: ZoneInfo
) -> tuple[Picture, list[str]]:
    """Return the picture of an answer, in the request's language, and its people.

    Raises InvalidInputError and NotFoundError.
    """
    names, (texts, _) = args.names, given_texts(args.text)
    comparison = await resources().comparer.ask(args.question(texts))
    async with resources().db.read() as session:
        samples = await list_samples(session)
    about = people_of(names, comparison)
    cast = await cast_on(comparison, about)
    best = [ranked.username for ranked in comparison.ranking[:MOST_BARS]]
    today = now().astimezone(zone).date()
    with bound(cast_in_picture(cast, best, has_names=look.has_names)):
        picture = picture_of(comparison, is_named=bool(names), samples=samples, today=today)
    if not look.has_names:
        # A text that has the sign of a gap has another sign there, so that all places stay.
        text = picture.text.replace(HIDDEN, " ")
        hiding = await hide(text, chat_names=await names_hidden_in(cast, look))
        picture = without_names(picture, hiding.gaps)
    return picture, about


def picture_of(
    comparison: Comparison, *, is_named: bool, samples: Collection[str], today: date
) -> Picture:
    """Return the picture of an answer; its cast is bound."""
    best = [ranked.username for ranked in comparison.ranking[:MOST_BARS]]
    hues = {username: hue(username) for username in best}
    is_told = comparison.verdict in TOLD
    invented = {ranked.username for ranked in comparison.ranking} & set(samples)
    is_all_invented = len(invented) == len(comparison.ranking)
    bars = [
        PictureBar(
            _bar_name(bar.username, is_invented=bar.username in invented and not is_all_invented),
            bar.share,
            show_percent(bar.share),
            hues.get(bar.username or "", NO_HUE),
        )
        for place, bar in enumerate(bars_of(comparison))
        if is_told
        and (bar.username is None or bar.username in hues)
        and (place < 2 or bar.share >= 0.05)  # The text needs the room of smaller bars.
    ]
    # A colour without a bar would tell nothing.
    barred = {bar.hue for bar in bars}
    marks = [
        (mark.start, mark.end, hues[mark.username])
        for mark in shown_marks(comparison)
        if hues.get(mark.username) in barred and mark.weight > 0
    ]
    marks += [(start, end, NO_HUE) for start, end in strange_places(comparison)]
    heading = heading_of(comparison, is_named=is_named)
    foot = _foot(comparison, today, is_all_invented=is_all_invented)
    struck = tuple(comparison.without) if isinstance(comparison.without, list) else ()
    why = _why(comparison)
    return Picture(heading, comparison.text, tuple(marks), tuple(bars), foot, why, struck)


def without_names(picture: Picture, gaps: Sequence[Gap]) -> Picture:
    """Return the picture with `SHOWN_HIDDEN` for gaps of its text, whose marks move with it or,
    inside a gap, are left out.
    """
    pieces, place, moved = list[str](), 0, list[tuple[int, int, int, int]]()
    length = 0
    for start, end in gaps:
        pieces += [picture.text[place:start], SHOWN_HIDDEN]
        length += start - place
        moved.append((start, end, length, length + len(SHOWN_HIDDEN)))
        place, length = end, length + len(SHOWN_HIDDEN)

    def at(old: int, *, is_start: bool) -> int:
        before = 0
        for start, end, new_start, new_end in moved:
            if old <= start:
                break
            if old < end:
                return new_end if is_start else new_start
            before = new_end - end
        return old + before

    def span(start: int, end: int) -> tuple[int, int]:
        return at(start, is_start=True), at(end, is_start=False)

    marks = [(*span(start, end), colour) for start, end, colour in picture.marks]
    struck = [span(start, end) for start, end in picture.struck]
    return picture._replace(
        text="".join([*pieces, picture.text[place:]]),
        marks=tuple(mark for mark in marks if mark[0] < mark[1]),
        struck=tuple(piece for piece in struck if piece[0] < piece[1]),
    )


def _why(comparison: Comparison) -> str:
    rate = rate_of(comparison) if comparison.verdict == "likely" else None
    is_elsewhere = comparison.verdict in TOLD and "elsewhere" in comparison.limits
    # A higher rate of strangers' texts matters more than that nobody here was compared.
    if is_elsewhere and (comparison.strangers or 0) <= 0.1:
        return gettext(ELSEWHERE_ALONE)
    return rate or threshold_of(comparison) or " ".join(why_nobody(comparison))


def _bar_name(username: str | None, *, is_invented: bool) -> str:
    if username is None:
        return gettext("Someone else")
    if is_invented:
        return gettext("{username} (sample)").format(username=shown_name(username))
    return shown_name(username)


def _foot(comparison: Comparison, today: date, *, is_all_invented: bool) -> tuple[str, ...]:
    count = max(comparison.compared, len(comparison.ranking))
    if is_all_invented:
        count_text = ngettext(
            "{count} sample author compared", "{count} sample authors compared", count
        )
    else:
        count_text = ngettext("{count} author compared", "{count} authors compared", count)
    parts = [
        count_text.format(count=show_number(count)),
        format_date(today, locale=language()),
        gettext("Style is evidence, not proof."),
    ]
    if comparison.none is not None and comparison.sure != SURE:
        parts.append(f"{gettext('Starting belief:')} {show_percent(comparison.sure)}")
    return tuple(parts)
