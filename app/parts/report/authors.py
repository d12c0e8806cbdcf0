"""An author's page as one file: how they write, compared with others."""

import asyncio
from collections.abc import Sequence

from jinja2 import Environment
from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncSession

from app.drawing.drawings import Clock, Habits, PhraseList
from app.language.i18n import speaking
from app.models import Tweet
from app.parts.portraits.author_figures import (
    AuthorPortrait,
    Fingerprint,
    Phrases,
    count_portrait,
    hours_of,
)
from app.parts.report.names import Calling
from app.parts.report.quotes import Quote, read_quotes
from app.parts.report.rendering import render_report
from app.parts.report.rooms import ReportChoice, frame_of
from app.parts.report.words import read_common_words
from app.services.archive.author_portrait import compare_author, read_typical
from app.services.compare.habits import Models
from app.services.compare.name_masking import read_names_around
from app.services.posts.selection import scan
from app.services.posts.users import Author
from app.services.rooms.room_facts import room_of_author
from app.views.cast import cast_of, named_in
from app.views.figure import FigureParts
from app.views.filters import day_of
from app.views.page import WebPage


class AuthorReport(WebPage, frozen=True, kw_only=True):
    """An author's page as one file; all that it shows may be given away."""

    template = "report/author.html"

    author: Author
    shown: AuthorPortrait
    quotes: Sequence[Quote]

    @property
    def fingerprint(self) -> FigureParts[Habits]:
        return Fingerprint(self.shown, "fingerprint-heading", has_words=True).parts()

    @property
    def phrases(self) -> FigureParts[PhraseList]:
        return Phrases(self.shown).parts()

    @property
    def clock(self) -> FigureParts[Clock]:
        return hours_of(self.shown).parts()


async def make_author_report(
    session: AsyncSession,
    environment: Environment,
    models: Models,
    author: Author,
    choice: ReportChoice,
) -> bytes:
    """Return the file."""
    zone, room = choice.zone, await room_of_author(session, author)
    compared = await compare_author(session, models, author, room)
    portrait = await asyncio.to_thread(count_portrait, compared, zone)
    if not portrait.others_total and room is None:
        typical, shipped = await read_typical(session, models, author)
        portrait = structs.replace(portrait, typical=typical, shipped_authors=shipped)
    people = [*room.people] if room else []
    is_listed = author.username in {person.username for person in people}
    calling = Calling(
        people if is_listed else [*people, author],
        choice.names,
        has_names=choice.has_names,
        all_names=await read_names_around(session, [author.username]),
    )
    scans = [await scan(session, Tweet.user_id == author.id, columns=("text",))]
    phrases = portrait.phrases or []
    terms = [*(phrase.text for phrase in phrases), *(term.text for term in portrait.typical)]
    words = await read_common_words(scans, terms, calling)
    shown = structs.replace(
        portrait,
        phrases=None if portrait.phrases is None else words.kept(phrases),
        typical=words.kept(portrait.typical),
    )
    called = calling.called.get(author.username, author.display_name or author.username)
    with speaking(choice.language):
        newest = day_of(author.newest_tweet_at, zone)
        frame = frame_of(called, newest, ("author", None), choice)
    cast = await cast_of(session, named_in(shown).usernames, about=[author.username])
    quotes = await read_quotes(session, choice.quotes, calling, username=author.username)
    page = AuthorReport(author=author, shown=shown, quotes=quotes)
    return await render_report(environment, page, frame, cast.with_names(calling.called))
