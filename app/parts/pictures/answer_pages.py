"""The picture of an answer: its PNG, and the page where a visitor chooses its look."""

from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from quart import Response, request, url_for

from app.compute.names import HIDDEN
from app.language.i18n import speaking
from app.lifespan import resources
from app.parts.pictures.answer import MOST_BARS, Picture, picture_of, without_names
from app.parts.pictures.answer_drawing import draw_picture
from app.parts.pictures.picture_page import PicturePage, cast_in_picture, names_hidden_in
from app.runtime.clock import now
from app.services.compare.name_masking import hide
from app.services.posts.samples import list_samples
from app.views.blueprints import PageBlueprint
from app.views.cast import bound
from app.views.comparing.asking import ComparePageArgs, asked_here, given_texts
from app.views.comparing.pages import people_of
from app.views.filters import zone_of_page, zone_of_picture
from app.views.page import cast_on, render
from app.views.picture_args import PeopleArgs
from app.views.requests import args_of

blueprint = PageBlueprint("answer_pictures")


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
    """Return the picture of an answer, in the request's language, and whom it is about.

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
