"""How an author writes: on their page, and the portrait in the API."""

import asyncio
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from app.drawing.drawings import Habits
from app.parts.portraits import author_figures
from app.services.archive.author_portrait import ComparedAuthor, compare_author
from app.services.posts.tweets import find_posts
from app.services.rooms.chats import room_of_author
from app.views.blueprints import ApiBlueprint
from app.views.comparing.evidence import EvidenceView, read_evidence
from app.views.figures.figure import Figure, figure_of
from app.views.filters import RoomZoneArgs
from app.views.subjects import Caches, OneAuthor, ZoneOf, answer_of


async def read_portrait_of_author(
    session: AsyncSession, kept: Caches, subject: OneAuthor, zone_of: ZoneOf
) -> author_figures.AuthorPortrait:
    """Return how an author writes, compared with a chat, else the site."""
    room = await room_of_author(session, subject.author)
    compared = await compare_author(session, kept, subject.author, room)
    return await portrait_of(session, compared, zone_of(subject.own_zone))


async def portrait_of(
    session: AsyncSession, compared: ComparedAuthor, zone: ZoneInfo
) -> author_figures.AuthorPortrait:
    portrait = await asyncio.to_thread(author_figures.count_portrait, compared, zone)
    surest = recognised.surest if (recognised := portrait.recognised) else None
    most_like = await find_posts(session, [surest]) if surest else {}
    # Without others here, an author of the site is compared with those who come with saywho.
    is_alone = not portrait.others_total and portrait.room is None
    return replace(
        portrait,
        most_like=next(iter(most_like.values()), None),
        typical=compared.snapshot.typical if is_alone else [],
        shipped_authors=compared.snapshot.shipped if is_alone else 0,
    )


@dataclass(frozen=True, slots=True)
class AuthorWriting:
    """How an author writes, on their page; its sentences need the people to be bound."""

    shown: author_figures.AuthorPortrait
    evident: EvidenceView | None

    @property
    def is_habit_clear(self) -> bool:
        return any(measure.is_clear for measure in self.shown.measures)

    @property
    def nothing(self) -> str:
        """Why the page's finding is not of how they write; empty if it is."""
        return (
            ""
            if author_figures.apart_told(self.shown, has_words=True)
            else author_figures.nothing_told(self.shown)
        )

    @property
    def fingerprint(self) -> Figure[Habits]:
        # A finding may be too short to name the drawing, so the heading names it too.
        name = "finding fingerprint-heading" if self.is_habit_clear else "fingerprint-heading"
        return author_figures.fingerprint(self.shown, name, has_words=True)

    phrases = figure_of(author_figures.phrases_of)

    @property
    def cards(self) -> list[Figure[Any]]:
        figures = filter(None, (card(self.shown) for card in author_figures.CARDS))
        return [figure for figure in figures if figure.plot or figure.title]

    @property
    def other_name(self) -> str:
        return author_figures.only_other(self.shown)


async def read_writing(
    session: AsyncSession, compared: ComparedAuthor, zone: ZoneInfo
) -> AuthorWriting:
    portrait = await portrait_of(session, compared, zone)
    most_like = compared.beside.most_like
    evident = None if most_like is None else await read_evidence(session, most_like)
    return AuthorWriting(portrait, evident)


api = ApiBlueprint("api_author_portraits", tag="users")


@api.get("/users/<username>/portrait", policy="read", keep=True, answers="The portrait")
async def show_portrait_of_user(
    args: RoomZoneArgs, **address: Any
) -> author_figures.AuthorPortrait:
    """Show how an author writes, compared with other people in their chat or on the site."""
    return await answer_of(OneAuthor, read_portrait_of_author, address, args.zone_for)
