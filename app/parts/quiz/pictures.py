"""The picture of a played quiz: a tile for each post, the visitor's and saywho's."""

from typing import Annotated, Any

from msgspec import Meta
from quart import url_for

from app.drawing.lettering import drawn_name
from app.drawing.png import OURS
from app.drawing.poster import Poster
from app.errors import InvalidInputError
from app.language.i18n import gettext
from app.models import MAX_ID
from app.parts.pictures import picture_page
from app.parts.quiz.pages import SET, SKIPPED, QuizGame, is_of_chat, set_of
from app.services.compare.quiz_questions import SET_LENGTH
from app.services.rooms.chats import get_room
from app.views.blueprints import PageBlueprint
from app.views.policies import here
from app.views.subjects import ZoneFor


class QuizPictureArgs(picture_page.LookArgs):
    set: Annotated[str, Meta(pattern=f"^{SET}$")] = ""
    so: Annotated[str, Meta(pattern=f"^[0-3{SKIPPED}]+$", max_length=SET_LENGTH)] = ""
    room: Annotated[int, Meta(ge=1, le=MAX_ID)] | None = None


async def _read(args: QuizPictureArgs, _zone_for: ZoneFor) -> QuizGame:
    room = None
    if args.room is not None:
        async with here().db.read() as session:
            room = await get_room(session, args.room)
    game = QuizGame(set_of(args.set), room, args.so) if args.set else None
    if game is None or not game.is_over or not game.you:
        raise InvalidInputError("This quiz has not been finished", loc="so")
    return game


async def _poster(game: QuizGame, _args: QuizPictureArgs) -> Poster:
    name = drawn_name(game.room.name) if game.room else ""
    title = gettext("Quiz: who wrote this?")
    finding = gettext("{right} of {count} right. saywho: {model}.")
    return Poster(
        title=" · ".join(filter(None, (name, title))),
        finding=finding.format(right=sum(game.you), count=len(game.you), model=sum(game.model)),
        drawing=picture_page.bars_of_players({gettext("Me"): game.you, "saywho": game.model}),
        giant=f"{sum(game.you)}/{len(game.you)}",
        hue=OURS,
        home=picture_page.foot_of(url_for("quiz.show_quiz", room=game.room and game.room.id)),
    )


def _page(game: QuizGame, args: QuizPictureArgs, poster: Poster) -> picture_page.PicturePage:
    subject: dict[str, Any] = {"set": args.set, "so": args.so}
    if args.room is not None:
        subject["room"] = str(args.room)
    return picture_page.PicturePage(
        args=args,
        address=url_for("quiz_pictures.show_quiz_picture_page"),
        back=url_for("quiz.show_quiz", **subject),
        title=poster.title,
        finding=poster.finding,
        subject=[*subject.items()],
        in_chat=game.room is not None,
    )


blueprints = (
    picture_page.Pictures(
        args=QuizPictureArgs, read=_read, poster_of=_poster, page_of=_page, cached=["image"]
    ).declare(PageBlueprint("quiz_pictures", policy="read"), "/quiz/picture", of_chat=is_of_chat),
)
