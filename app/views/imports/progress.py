"""The page of a started import: progress, then results."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.drawing.drawings import StackedBar
from app.errors import Message
from app.formats.records import ImportFault
from app.formats.registry import FORMATS
from app.lifespan import resources
from app.models import ImportJob
from app.runtime.clock import monotonic
from app.services.archive.author_archive import AuthorArchive, read_archive
from app.services.imports.jobs import ENDED
from app.services.imports.report import (
    StoredPosts,
    errors_of,
    notes_of,
    stored_authors,
    stored_posts,
)
from app.services.posts.users import find_own, get_author, list_samples
from app.services.rooms.room_facts import RoomFacts, find_rooms, get_room, zone_of_chats
from app.services.rooms.sight import ChatSight, read_overview
from app.views.authors.figures import AuthorAtSight
from app.views.cards import read_cards
from app.views.figure import FigureParts
from app.views.filters import zone_of_page
from app.views.imports.reading_choices import sentences_of
from app.views.page import WebPage
from app.views.rooms.figures import ShareBar


class ImportPage(WebPage, frozen=True, kw_only=True):
    template = "imports/import.html"

    job: ImportJob
    stored: StoredPosts
    usernames: list[str]
    rooms: list[RoomFacts]
    """The chats, those with the most messages first."""
    overviews: list[ChatSight]
    archive: AuthorArchive | None
    """Archive of a single author, after the import, if no part shows more."""
    of_parts: dict[str, Any]
    person: str
    """Username of this author; empty for several authors, for chats, and during the import."""
    samples: list[str]
    own: str | None

    @property
    def is_under_way(self) -> bool:
        return self.job.state not in ENDED

    @property
    def chat(self) -> str:
        """The name of the file's only chat; empty otherwise."""
        if len(self.rooms) == 1:
            return self.rooms[0].name
        return self.stored.title if self.is_under_way and not self.rooms else ""

    @property
    def shares(self) -> FigureParts[StackedBar] | None:
        if len(self.rooms) > 1 or not self.overviews:
            return None
        return ShareBar(self.overviews[0]).parts()

    @property
    def finding(self) -> str:
        """The finding about the only chat or author; empty for several."""
        if self.archive is not None:
            return AuthorAtSight(self.archive).finding().title
        return self.shares.finding.title if self.shares else ""

    @property
    def findings(self) -> Mapping[int, str]:
        """The findings about several chats, by their ids."""
        figures = map(ShareBar, self.overviews)
        return {figure.sight.room.id: figure.finding().title for figure in figures}

    @property
    def errors(self) -> list[ImportFault]:
        return errors_of(self.job)

    @property
    def noted(self) -> list[Message]:
        return sentences_of(notes_of(self.job))

    @property
    def is_understood(self) -> bool:
        """Whether all of the file was understood; earlier versions did not record it."""
        is_done = self.job.state == "done" and self.job.notes is not None
        return is_done and not (self.noted or self.job.rejected)

    @property
    def done_share(self) -> float:
        job = self.job
        return min(1.0, job.bytes_read / job.bytes_total) if job.bytes_total else 0.0


def is_chat(job: ImportJob) -> bool:
    """Return whether an import's file is a chat, if known before it is read."""
    form = FORMATS.get(job.format)
    return bool(stored_posts(job).title) if form is None else form.is_chat


async def read_progress(job: ImportJob) -> ImportPage:
    stored = stored_posts(job)
    has_ended = job.state in ENDED
    async with resources().read_long() if has_ended else resources().db.read() as session:
        usernames = await stored_authors(session, stored)
        rooms = await find_rooms(session, stored.rooms)
        rooms.sort(key=lambda room: -room.messages)
        overviews = await _overviews(session, rooms) if has_ended else []
        is_of_one = has_ended and not rooms and len(usernames) == 1
        person = usernames[0] if is_of_one else ""
        of_parts, archive = await _read_author(session, person) if person else ({}, None)
        # The people of a chat have the colours here that they have there.
        about = overviews[0].room.usernames if overviews and len(rooms) == 1 else ()
        return ImportPage(
            job=job,
            stored=stored,
            usernames=usernames,
            rooms=rooms,
            overviews=overviews,
            archive=archive,
            of_parts=of_parts,
            person=person,
            samples=await list_samples(session),
            own=await find_own(session),
            about=about,
            in_chat=is_chat(job),
        )


async def _read_author(
    session: AsyncSession, username: str
) -> tuple[dict[str, Any], AuthorArchive | None]:
    author = await get_author(session, username)
    zone = zone_of_page("", await zone_of_chats(session, [username]))
    of_parts = await read_cards(session, "import_end", author, zone)
    if any(of_parts.values()):
        return of_parts, None
    return of_parts, await read_archive(session, resources().models, author, zone, None)


async def _overviews(session: AsyncSession, rooms: Sequence[RoomFacts]) -> list[ChatSight]:
    overviews: list[ChatSight] = []
    # Each takes some 30 ms, and the page must not wait for long.
    end = monotonic() + 1.0
    for room in rooms[:12]:
        if overviews and monotonic() >= end:
            break
        facts = await get_room(session, room.id)
        overviews.append(await read_overview(session, facts, zone_of_page("", facts.tz)))
    return overviews
