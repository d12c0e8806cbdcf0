"""How an author writes: on their page, and the portrait in the API."""

import asyncio
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from app.drawing.drawings import Habits
from app.models import User
from app.parts.portraits.author_figures import (
    CARDS,
    AuthorPortrait,
    PersonBeside,
    apart_told,
    count_portrait,
    fingerprint,
    nothing_told,
    only_other,
    phrases_of,
)
from app.services.archive.author_portrait import (
    ComparedAuthor,
    TypicalTerm,
    compare_author,
    read_typical,
)
from app.services.compare.answering import add_reasons, answer
from app.services.compare.comparing import case_of
from app.services.compare.habits import Models
from app.services.compare.held_out import recognised_posts
from app.services.posts.tweets import find_posts
from app.services.posts.users import read_rows, select_rows
from app.services.rooms.room_facts import room_of_author
from app.views.blueprints import ApiBlueprint
from app.views.comparing.evidence import Evident, read_evidence
from app.views.figures.figure import Figure, figure_of
from app.views.filters import RoomZoneArgs
from app.views.subjects import Kept, OneAuthor, ZoneOf, answer_of
from saywho.comparing.question import Question


async def read_portrait_of_author(
    session: AsyncSession, kept: Kept, subject: OneAuthor, zone_of: ZoneOf
) -> AuthorPortrait:
    """Return how an author writes, compared with a chat, else the site."""
    room = await room_of_author(session, subject.author)
    compared = await compare_author(session, kept.models, subject.author, room)
    return await portrait_of(session, kept.models, compared, zone_of(subject.own_zone))


async def portrait_of(
    session: AsyncSession, models: Models, compared: ComparedAuthor, zone: ZoneInfo
) -> AuthorPortrait:
    author = compared.author
    portrait = await asyncio.to_thread(count_portrait, compared, zone)
    one_by_one = compared.counted.one_by_one
    ids = [author.id, *(user_id for user_id, _ in one_by_one)]
    people = await read_rows(session, select_rows(User.id.in_(ids)))
    rows = sorted(people, key=lambda row: ids.index(row.id))
    recognised = await recognised_posts(session, models, rows[0], rows[1:])
    most_like = (
        await find_posts(session, [recognised.surest]) if recognised and recognised.surest else {}
    )
    typical, shipped = list[TypicalTerm](), 0
    if not portrait.others_total and portrait.room is None:
        typical, shipped = await read_typical(session, models, author)
    return replace(
        portrait,
        others=[
            PersonBeside(row.username, messages)
            for row, (_, messages) in zip(rows[1:], one_by_one, strict=True)
        ],
        recognised=recognised,
        most_like=next(iter(most_like.values()), None),
        typical=typical,
        shipped_authors=shipped,
    )


@dataclass(frozen=True, slots=True)
class AuthorWriting:
    """How an author writes, on their page; its sentences need the people to be bound."""

    shown: AuthorPortrait
    evident: Evident | None

    @property
    def is_habit_clear(self) -> bool:
        return any(measure.is_clear for measure in self.shown.measures)

    @property
    def nothing(self) -> str:
        """Why the page's finding is not of how they write; empty if it is."""
        return "" if apart_told(self.shown, has_words=True) else nothing_told(self.shown)

    @property
    def fingerprint(self) -> Figure[Habits]:
        # A finding may be too short to name the drawing, so the heading names it too.
        name = "finding fingerprint-heading" if self.is_habit_clear else "fingerprint-heading"
        return fingerprint(self.shown, name, has_words=True)

    phrases = figure_of(phrases_of)

    @property
    def cards(self) -> list[Figure[Any]]:
        figures = filter(None, (card(self.shown) for card in CARDS))
        return [figure for figure in figures if figure.plot or figure.title]

    @property
    def other_name(self) -> str:
        return only_other(self.shown)


async def read_writing(
    session: AsyncSession, compared: ComparedAuthor, zone: ZoneInfo
) -> AuthorWriting:
    portrait = await portrait_of(session, compared.models, compared, zone)
    evident = await _evidence_of(session, compared.models, portrait)
    return AuthorWriting(portrait, evident)


async def _evidence_of(
    session: AsyncSession, models: Models, portrait: AuthorPortrait
) -> Evident | None:
    """Return the post most like the author, with marks, compared as if unknown."""
    post = portrait.most_like
    if post is None:
        return None
    names = [portrait.user.username, *(other.username for other in portrait.others)]
    asked = Question([post.text], names, hidden_post=post.id)
    case = await case_of(session, models, asked)
    comparison = await add_reasons(session, case, await answer(case))
    return await read_evidence(session, comparison)


api = ApiBlueprint("api_author_portraits", tag="users")


@api.get("/users/<username>/portrait", policy="read", keep=True, answers="The portrait")
async def show_portrait_of_user(args: RoomZoneArgs, **address: Any) -> AuthorPortrait:
    """Show how an author writes, compared with other people in their chat or on the site."""
    return await answer_of(OneAuthor, read_portrait_of_author, address, args.zone_for)
