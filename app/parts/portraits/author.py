"""An author's portrait: what is read for it, page and API."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from msgspec import Meta
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.result_cache import EVERYTHING, depends_on
from app.drawing.drawings import Clock, Habits, PhraseList
from app.language.i18n import gettext, show_number
from app.lifespan import resources
from app.models import User
from app.parts.portraits.author_figures import (
    CARDS,
    FEWEST_ROWS,
    AuthorFigure,
    AuthorPortrait,
    Fingerprint,
    PersonBeside,
    Phrases,
    count_portrait,
    hours_of,
    only_other,
)
from app.services.archive.author_portrait import Reach, TypicalTerm, read_beside, read_typical
from app.services.compare.comparing import Question, case_of
from app.services.compare.held_out import recognised_posts
from app.services.compare.verdict import add_reasons, answer
from app.services.posts.selection import MOST_SCANNED
from app.services.posts.tweets import find_posts
from app.services.posts.users import Author, get_author, read_rows, select_rows
from app.services.rooms.room_facts import room_of_author
from app.views.blueprints import ApiBlueprint, PageBlueprint
from app.views.comparing.evidence import Evident, read_evidence
from app.views.figure import FigureParts
from app.views.filters import ZoneArgs, parse_zone, zone_of_page
from app.views.page import WebPage, render


async def read_in_zone(
    session: AsyncSession, username: str, zone_for: Callable[[str | None], ZoneInfo]
) -> AuthorPortrait:
    """Return how an author writes, compared with a chat, else the site, in the zone that `zone_for`
    gives. Raises NotFoundError.
    """
    models, author = resources().models, await get_author(session, username)
    room = await room_of_author(session, author)
    zone = zone_for(room.tz if room else None)
    depends_on(EVERYTHING)
    read = await read_beside(session, models, author, room, Reach())
    portrait, compared = await asyncio.to_thread(count_portrait, read, author, zone)
    ids = [author.id, *(user_id for user_id, _ in compared)]
    people = await read_rows(session, select_rows(User.id.in_(ids)))
    rows = sorted(people, key=lambda row: ids.index(row.id))
    recognised = await recognised_posts(session, models, rows[0], rows[1:])
    most_like = (
        await find_posts(session, [recognised.surest]) if recognised and recognised.surest else {}
    )
    typical, shipped = list[TypicalTerm](), 0
    if not portrait.others_total and room is None:
        typical, shipped = await read_typical(session, models, author)
    return replace(
        portrait,
        others=[
            PersonBeside(row.username, messages)
            for row, (_, messages) in zip(rows[1:], compared, strict=True)
        ],
        recognised=recognised,
        most_like=next(iter(most_like.values()), None),
        typical=typical,
        shipped_authors=shipped,
    )


blueprint = PageBlueprint("author_portraits")


class AuthorPortraitPage(WebPage, frozen=True, kw_only=True):
    template = "portraits/author.html"

    args: ZoneArgs
    shown: AuthorPortrait
    author: Author
    evident: Evident | None
    since: datetime | None
    until: datetime | None
    """Time in the page's zone, as is `since`."""
    has_own_zone: bool
    """Whether the hours are in the chat's time zone, not the visitor's."""

    @property
    def fingerprint(self) -> FigureParts[Habits]:
        # A finding may be too short to name the drawing, so the heading names it too.
        return Fingerprint(self.shown, "finding fingerprint-heading", has_words=True).parts()

    @property
    def phrases(self) -> FigureParts[PhraseList]:
        return Phrases(self.shown).parts()

    @property
    def clock(self) -> FigureParts[Clock]:
        named_by = "finding hours-heading" if self.has_few_rows else ""
        return hours_of(self.shown, named_by).parts()

    @property
    def cards(self) -> list[AuthorFigure[Any]]:
        return [figure for card in CARDS if (figure := card(self.shown)).has_card]

    @property
    def has_few_rows(self) -> bool:
        return len(self.shown.measures) < FEWEST_ROWS

    @property
    def has_card_of_phrases(self) -> bool:
        return Phrases(self.shown).has_card

    @property
    def other_name(self) -> str:
        return only_other(self.shown)

    @property
    def looked_through(self) -> str:
        if self.shown.room:
            text = gettext("In a long chat, only the newest {count} messages are used.")
            return text.format(count=show_number(MOST_SCANNED))
        text = gettext("Based on their newest {own} posts, and {each} posts by each other person.")
        return text.format(own=show_number(Reach().own), each=show_number(Reach().each))

    @property
    def tenths(self) -> int:
        """Number of ten hidden posts that saywho attributes to the author."""
        recognised = self.shown.recognised
        return round(10 * recognised.right / recognised.asked) if recognised else 0


@blueprint.page("/user/<username>/portrait", is_cacheable=True)
async def show_author_portrait(username: str, args: ZoneArgs) -> str:
    async with resources().read_long() as session:
        portrait = await read_in_zone(session, username, partial(zone_of_page, args.tz))
        evident = await _evidence_of(session, portrait)
    author, room, zone = portrait.user, portrait.room, ZoneInfo(portrait.tz)
    return await render(
        AuthorPortraitPage(
            args=args,
            shown=portrait,
            author=author,
            evident=evident,
            since=portrait.since and portrait.since.astimezone(zone),
            until=portrait.until and portrait.until.astimezone(zone),
            has_own_zone=room is not None and room.tz is not None,
            in_chat=room is not None,
            about=room.usernames if room else [author.username],
        )
    )


async def _evidence_of(session: AsyncSession, portrait: AuthorPortrait) -> Evident | None:
    """Return the post most like the author, with marks, compared as if unknown."""
    post = portrait.most_like
    if post is None:
        return None
    names = [portrait.user.username, *(other.username for other in portrait.others)]
    asked = Question([post.text], names, hidden_post=post.id)
    case = await case_of(session, resources().models, asked)
    comparison = await add_reasons(session, case, await answer(case))
    return await read_evidence(session, comparison)


class AuthorPortraitArgs(ZoneArgs):
    tz: Annotated[str, Meta(description="IANA time zone for hours.")] = "UTC"


api = ApiBlueprint("api_author_portraits", tag="users")


@api.operation("GET", "/users/<username>/portrait", "read", "The portrait", is_cacheable=True)
async def show_portrait_of_user(username: str, args: AuthorPortraitArgs) -> AuthorPortrait:
    """Show how an author writes, compared with others in their chat or on the site."""
    zone = parse_zone(args.tz)
    async with resources().read_long() as session:
        return await read_in_zone(session, username, lambda _: zone)
