"""The picture of an answer, shown for a shared link: its content, and its page."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date
from quart import Response, request, url_for

from app.drawing.drawings import NO_HUE, CardRow
from app.drawing.lettering import drawn_text
from app.drawing.poster import Poster, draw_poster
from app.language.i18n import gettext, language, ngettext, show_number, show_percent, speaking
from app.lifespan import resources
from app.parts.pictures.cards import rows_in
from app.parts.pictures.picture_page import (
    PeopleArgs,
    PicturePage,
    cast_in_picture,
    foot_of,
    names_hidden_in,
)
from app.services.compare.comparing import split_messages
from app.services.compare.name_masking import Masker
from app.services.posts.users import list_samples
from app.views.blueprints import PageBlueprint
from app.views.cast import bound, hue, shown_name
from app.views.comparing import verdicts
from app.views.comparing.pages import ComparePageArgs, asked_here, given_texts, people_of
from app.views.filters import zone_of_page, zone_of_picture
from app.views.page import cast_on, render
from app.views.policies import always, here
from app.views.requests import args_of
from saywho.clock import now
from saywho.comparing.verdict import Comparison
from saywho.engine.judgement import SURE

blueprint = PageBlueprint("answer_pictures", policy="read")

MOST_BARS: Final = 5
"""Number of authors with a bar, the likeliest."""
LONGEST_TEXT: Final = 160
"""Signs of a text that leave room for the bars."""
TOLD: Final = frozenset({"likely", "close"})


@blueprint.get("/compare/picture")
async def show_answer_picture_page(args: ComparePageArgs) -> str:
    look = _look()
    zone = zone_of_page(look.tz)
    poster, about = await read_answer_poster(args, look, zone)
    return await render(
        PicturePage(
            args=look,
            address=url_for("answer_pictures.show_answer_picture_page"),
            back=f"{url_for('compare.show_compare')}?{urlencode(asked_here())}",
            title=poster.finding,
            finding=poster.finding,
            subject=asked_here(),
            tz=zone.key,
            about=about,
        )
    )


@blueprint.get("/compare/picture.png", of_chat=always)
async def show_answer_picture(args: ComparePageArgs) -> Response:
    """Draw the answer that `/compare` gives at the same address."""
    look = _look()
    with speaking(look.lang):
        poster, _ = await read_answer_poster(args, look, zone_of_picture(look.tz))
    drawn = await resources().work_pool.run(draw_poster, poster, look.format, look.theme)
    return Response(drawn, content_type="image/png")


def _look() -> PeopleArgs:
    return args_of(request.args, PeopleArgs, is_strict=False)


async def read_answer_poster(
    args: ComparePageArgs, look: PeopleArgs, zone: ZoneInfo
) -> tuple[Poster, list[str]]:
    """Return the picture of an answer, in the request's language, and its people.

    Raises InvalidInputError and NotFoundError.
    """
    names, asked = args.names, args.question(given_texts(args.text))
    question, apart = await split_messages(asked)  # No picture has the heads of copied messages.
    comparison = await here().comparer.ask(replace(question, heads=False))
    comparison = apart.about_people(comparison) if apart else comparison
    async with here().db.read() as session:
        samples = await list_samples(session)
    about = people_of(names, comparison)
    cast = await cast_on(comparison, about)
    best = [ranked.username for ranked in comparison.ranking[:MOST_BARS]]
    text = comparison.text
    if not look.has_names:
        text = (await Masker("clues", await names_hidden_in(cast, look)).hide(text)).shown
    today = now().astimezone(zone).date()
    with bound(cast_in_picture(cast, best, has_names=look.has_names)):
        poster = answer_poster(comparison, text, is_named=bool(names), samples=samples, today=today)
    return poster._replace(home=foot_of("", has_names=False)), about


def answer_poster(
    comparison: Comparison, text: str, *, is_named: bool, samples: Collection[str], today: date
) -> Poster:
    """Return the poster of an answer about a text, as it is quoted; its cast is bound."""
    best = [ranked.username for ranked in comparison.ranking[:MOST_BARS]]
    hues = {username: hue(username) for username in best}
    is_told = comparison.verdict in TOLD
    invented = {ranked.username for ranked in comparison.ranking} & set(samples)
    is_all_invented = len(invented) == len(comparison.ranking)
    # A picture is passed on, and names no chat.
    stored = verdicts.stored_of(comparison, has_room=False)
    bars = [
        CardRow(
            label=_bar_name(
                bar.username, is_invented=bar.username in invented and not is_all_invented
            ),
            hue=hues.get(bar.username or "", NO_HUE),
            beside=show_percent(bar.share),
            share=bar.share,
        )
        for place, bar in enumerate(verdicts.bars_of(comparison))
        if is_told
        and not stored
        and (bar.username is None or bar.username in hues)
        and (place < 2 or bar.share >= 0.05)  # The text needs the room of smaller bars.
    ]
    cut = text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT].rstrip()}…"
    quote = [CardRow(cut, is_quote=True)] if drawn_text(cut) else []
    giant, whose = _giant_of(comparison)
    return Poster(
        title="",
        finding=stored or verdicts.heading_of(comparison, is_named=is_named),
        reason="" if stored else _why(comparison),
        drawing=rows_in([*quote, *bars]),
        premises=_premises(comparison, today, is_all_invented=is_all_invented),
        home=("", ""),
        giant=giant,
        hue=hue(whose) if whose else "",
    )


def _giant_of(comparison: Comparison) -> tuple[str, str]:
    """Return the one name or number of an answer, and in whose colour it is; nobody's if the
    answer is not certain enough to name a single person.
    """
    writers = verdicts.writers_of(comparison)
    if len(writers) == 1:
        return shown_name(writers[0].username), writers[0].username
    if writers or comparison.verdict != "likely":
        return "?" if not writers else show_number(len(writers)), ""
    best = verdicts.bars_of(comparison)[0]
    return show_percent(best.share), best.username or ""


def _why(comparison: Comparison) -> str:
    is_elsewhere = comparison.verdict in TOLD and "elsewhere" in comparison.limits
    # A higher rate of strangers' texts matters more than that nobody here was compared.
    if is_elsewhere and (comparison.strangers or 0) <= 0.1:
        return gettext(verdicts.ELSEWHERE_ALONE)
    why = (
        verdicts.chance_of(comparison)
        if comparison.verdict == "likely"
        else verdicts.held_back_of(comparison)
    )
    return (
        verdicts.granted_of(comparison)
        or why
        or verdicts.threshold_of(comparison)
        or " ".join(verdicts.why_nobody(comparison))
    )


def _bar_name(username: str | None, *, is_invented: bool) -> str:
    if username is None:
        return gettext("Someone else")
    if is_invented:
        return gettext("{username} (sample)").format(username=shown_name(username))
    return shown_name(username)


def _premises(comparison: Comparison, today: date, *, is_all_invented: bool) -> tuple[str, ...]:
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
