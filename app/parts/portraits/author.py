from collections.abc import Callable
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.drawing.drawings import Clock, Dots, PhraseList
from app.language.i18n import gettext, show_number
from app.lifespan import resources
from app.parts.portraits.author_figures import (
    FEWEST_ROWS,
    Fingerprint,
    Phrases,
    hours_of,
    only_other,
)
from app.services.archive.author_portrait import AuthorPortrait, Reach, read_author_portrait
from app.services.compare.cases import Question, gather
from app.services.compare.verdict import add_reasons, answer
from app.services.posts.scanning import MOST_SCANNED
from app.services.posts.users import Author, get_author
from app.services.rooms.room_facts import room_of_author
from app.views.blueprints import PageBlueprint
from app.views.comparing.evidence import Evident, read_evidence
from app.views.figure import FigureParts
from app.views.filters import ZoneArgs, zone_of_page
from app.views.page import WebPage, render

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
    def fingerprint(self) -> FigureParts[Dots]:
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
    def has_few_rows(self) -> bool:
        return len(self.shown.measures) < FEWEST_ROWS

    @property
    def has_card_of_phrases(self) -> bool:
        """Whether phrases fill a card; otherwise, they are in a sentence."""
        return len(self.shown.phrases or []) >= 3

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


async def read_in_zone(
    session: AsyncSession, username: str, zone_for: Callable[[str | None], ZoneInfo]
) -> AuthorPortrait:
    """Return the portrait in the zone that `zone_for` gives. Raises NotFoundError."""
    author = await get_author(session, username)
    room = await room_of_author(session, author)
    zone = zone_for(room.tz if room else None)
    return await read_author_portrait(session, resources().models, author, room, zone)


async def _evidence_of(session: AsyncSession, portrait: AuthorPortrait) -> Evident | None:
    """Return the post most like the author, with marks, compared as if unknown."""
    post = portrait.most_like
    if post is None:
        return None
    names = [portrait.user.username, *(other.username for other in portrait.others)]
    asked = Question([post.text], names, hidden_post=post.id)
    case = await gather(session, resources().models, asked)
    comparison = await add_reasons(session, case, await answer(case))
    return await read_evidence(session, comparison)
