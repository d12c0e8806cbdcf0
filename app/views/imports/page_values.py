"""Values of the pages of imports: their list, a preview, progress, and results."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncSession

from app.drawing.drawings import StackedBar
from app.errors import Message
from app.language.i18n import language, show_number, show_period, speaking_of, translate_message
from app.lifespan import resources
from app.models import ImportJob
from app.runtime.clock import remembered_zone
from app.services.archive.author_archive import AuthorArchive, read_archive
from app.services.imports import job_report
from app.services.imports.jobs import ENDED, is_chat, share_read
from app.services.imports.matching import NOTHING
from app.services.imports.options import ImportOptions
from app.services.imports.preview import UploadPreview, zone_of_reading
from app.services.joined_names import ChangedName, read_names
from app.services.posts.users import find_site_author, get_author
from app.services.rooms.chat_portrait import ChatPage, read_overview
from app.services.rooms.chats import RoomFacts, find_rooms, get_room, zone_of_chats
from app.services.rooms.identification import SimilarRoom
from app.views.access.settings import Readership
from app.views.figures.archives import AuthorHeadline
from app.views.figures.chats import share_bar
from app.views.figures.figure import Figure
from app.views.filters import zone_of_page
from app.views.imports import reading_choices
from app.views.page import FormPage, WebPage
from app.views.zones import zone_cities
from saywho.clock import monotonic
from saywho.formats.chats.people import machine_zone
from saywho.formats.records import Format, ImportFault
from saywho.formats.registry import FORMATS
from saywho.formats.tables.csv import FIELDS
from saywho.formats.tally import Doubt
from saywho.preview import SHOWN, Preview

MB_OF_GB: Final = 1024


class ExportGuide(NamedTuple):
    app: str
    steps: list[str]


class UploadLimit(NamedTuple):
    """The largest size of an upload."""

    mb: int

    @property
    def shown(self) -> str:
        """The size in the unit in which it is a small number."""
        if self.mb < MB_OF_GB:
            return f"{show_number(self.mb)} MB"
        return f"{show_number(round(self.mb / MB_OF_GB, 1))} GB"


class FirstImport(NamedTuple):
    """Invitation of a site without posts of its own."""

    limits: UploadLimit
    apps: list[ExportGuide]


USUAL: Final = ("kakaotalk", "whatsapp", "telegram", "line", "messenger", "discord", "x", "meta")
"""The most requested formats; others follow in the order of trial."""


def listed_formats() -> list[Format]:
    usual = [FORMATS[name] for name in USUAL if name in FORMATS]
    return [*usual, *(form for name, form in FORMATS.items() if name not in USUAL)]


def ways_of_export() -> list[ExportGuide]:
    return [
        ExportGuide(
            "X" if form.name == "x" else translate_message(form.label),
            [translate_message(step) for step in form.steps],
        )
        for form in listed_formats()
        if form.steps
    ]


def start_here() -> FirstImport:
    return FirstImport(UploadLimit(resources().config.max_import_mb), ways_of_export())


class ImportsPage(FormPage, frozen=True, kw_only=True):
    template = "imports/imports.html"

    jobs: list[ImportJob]
    limits: UploadLimit

    @property
    def listed(self) -> list[Format]:
        return listed_formats()

    @property
    def apps(self) -> list[ExportGuide]:
        return ways_of_export()

    @property
    def refusals(self) -> dict[int, str]:
        """Reasons why previewed uploads cannot be imported, by id."""
        uploads = (job for job in self.jobs if job.state == "uploaded")
        return {
            job.id: errors[0].detail for job in uploads if (errors := job_report.errors_of(job))
        }

    @property
    def noted(self) -> dict[int, int]:
        """Number of doubts, assumptions and unread parts of each import."""
        return {job.id: reading_choices.count_notes(job_report.notes_of(job)) for job in self.jobs}


class PreviewPage(FormPage, frozen=True, kw_only=True):
    template = "imports/import_preview.html"

    job: ImportJob
    chosen_format: str
    options: ImportOptions
    seen: UploadPreview | None
    """None if reading the file took too much."""
    guarded: Sequence[SimilarRoom]
    """Then the chats that guests read: the file's may be one of them."""
    readership: Readership
    typed_zone: str = ""
    """The unknown time zone that was sent, if any; `error` names it."""
    shown: int = SHOWN
    fields: Sequence[str] = FIELDS

    @property
    def preview(self) -> Preview | None:
        return self.seen.preview if self.seen else None

    @property
    def keeps_media(self) -> bool:
        return resources().config.max_media_gb > 0

    @property
    def formats(self) -> Mapping[str, Format]:
        return FORMATS

    @property
    def noted(self) -> reading_choices.ReadingNotes | None:
        if self.preview is None:
            return None
        match = self.seen.match if self.seen else NOTHING
        # Whoever says which times or names are right says which chat it is, too.
        same = (str(room.id) for room in match.asked)
        answered = structs.replace(self.options, rooms=(*self.options.rooms, *same))
        return reading_choices.noted_of(
            reading_choices.settled(self.preview.notes, answered),
            self.options,
            (room for room in match.rooms if not room.is_same),
            self.preview.columns,
            is_chat=self.preview.is_chat,
        )

    @property
    def zone(self) -> str:
        """The time zone that was chosen, of the file, or assumed; empty for the browser's."""
        chosen = self.typed_zone or self.zone_of_before or self.options.timezone or ""
        if chosen or self.preview is None:
            return chosen
        assumed = zone_of_reading(self.preview.notes)
        return self.preview.zone or ("" if assumed == machine_zone() else assumed)

    @property
    def zone_of_before(self) -> str | None:
        """The time zone that the chat has here, unless another one was chosen."""
        return self.seen.zone if self.seen else None

    @property
    def cities(self) -> Sequence[tuple[str, str]]:
        return zone_cities(language())

    @property
    def may_hold_one_author(self) -> bool:
        """Whether posts can only be of one author: no column names it."""
        return self.preview is not None and all(field for _, field in self.preview.columns)

    @property
    def period(self) -> str:
        if not (self.preview and self.preview.first_at and self.preview.last_at):
            return ""
        # Messages of a chat have their days in the zone of the chat.
        zone = zone_of_page("")
        if self.preview.is_chat:
            # A chat that is here has a zone, in which the preview did not read the file.
            own = zone_of_reading(self.preview.notes) or ("" if self.typed_zone else self.zone)
            zone = remembered_zone(own or machine_zone())
        first, last = (
            time.astimezone(zone).date() for time in (self.preview.first_at, self.preview.last_at)
        )
        return show_period(first, last + timedelta(days=1))

    @property
    def has_choice_to_make(self) -> bool:
        """Whether someone must say which column has what."""
        return self.noted is not None and self.noted.asked is not None


class ImportPage(WebPage, frozen=True, kw_only=True):
    template = "imports/import.html"

    job: ImportJob
    stored: job_report.StoredPosts
    usernames: list[str]
    rooms: list[RoomFacts]
    """The chats, those with the most messages first."""
    overviews: list[ChatPage]
    archive: AuthorArchive | None
    """Archive of a single author, after the import."""
    person: str
    """Username of this author; empty for several authors, for chats, and during the import."""
    own: str | None
    suggested: list[ChangedName]
    """Names that may be of one person, by the files of the chats."""

    @property
    def is_under_way(self) -> bool:
        return self.job.state not in ENDED or self.is_being_undone

    @property
    def is_being_undone(self) -> bool:
        return self.job.undo == "running"

    @property
    def chat(self) -> str:
        """The name of the file's only chat; empty otherwise."""
        if len(self.rooms) == 1:
            return self.rooms[0].name
        return self.stored.title if self.is_under_way and not self.rooms else ""

    @property
    def shares(self) -> Figure[StackedBar] | None:
        if len(self.rooms) > 1 or not self.overviews:
            return None
        with speaking_of(messages=True):  # Of a chat, in whatever format.
            return share_bar(self.overviews[0])

    @property
    def finding(self) -> str:
        """The finding about the only chat or author; empty for several."""
        if self.archive is not None:
            return AuthorHeadline(self.archive).title
        return self.shares.title if self.shares else ""

    @property
    def findings(self) -> Mapping[int, str]:
        """The findings about several chats, by their ids."""
        with speaking_of(messages=True):
            return {sight.room.id: share_bar(sight).title for sight in self.overviews}

    @property
    def errors(self) -> list[ImportFault]:
        return job_report.errors_of(self.job)

    @property
    def noted(self) -> list[Message]:
        return reading_choices.sentences_of(job_report.notes_of(self.job))

    @property
    def doubts(self) -> Sequence[Doubt]:
        return job_report.notes_of(self.job).doubts

    @property
    def done_share(self) -> float:
        return share_read(self.job)


async def read_progress(job: ImportJob) -> ImportPage:
    is_undone = job.undo in {"running", "done"}
    stored = job_report.StoredPosts() if is_undone else job_report.stored_posts(job)
    has_ended = job.state in ENDED and not is_undone
    async with resources().read_long() if has_ended else resources().db.read() as session:
        usernames = await job_report.stored_authors(session, stored)
        rooms = await find_rooms(session, stored.rooms)
        rooms.sort(key=lambda room: -room.messages)
        overviews = await _overviews(session, rooms) if has_ended else []
        is_of_one = has_ended and not rooms and len(usernames) == 1
        person = usernames[0] if is_of_one else ""
        # The people of a chat have the colours here that they have there.
        about = overviews[0].room.usernames if overviews and len(rooms) == 1 else ()
        return ImportPage(
            job=job,
            stored=stored,
            usernames=usernames,
            rooms=rooms,
            overviews=overviews,
            archive=await _read_archive(session, person) if person else None,
            person=person,
            own=await find_site_author(session),
            suggested=[
                changed
                for room in rooms[: 5 if has_ended else 0]
                for changed in (await read_names(session, room_id=room.id)).suggested
            ],
            about=about,
            in_chat=is_chat(job),
            of_posts=not is_chat(job),
        )


async def _read_archive(session: AsyncSession, username: str) -> AuthorArchive:
    author = await get_author(session, username)
    zone = zone_of_page("", await zone_of_chats(session, [username]))
    return await read_archive(session, resources(), author, zone, None)


async def _overviews(session: AsyncSession, rooms: Sequence[RoomFacts]) -> list[ChatPage]:
    overviews: list[ChatPage] = []
    kept = resources().snapshots
    # The first look at a long chat takes half a second, and the page must not wait for long.
    end = monotonic() + 1.0
    for room in rooms[:12]:
        if overviews and monotonic() >= end:
            break
        facts = await get_room(session, room.id)
        zone = zone_of_page("", facts.tz)
        overviews.append(await read_overview(session, facts, zone, kept))
    return overviews
