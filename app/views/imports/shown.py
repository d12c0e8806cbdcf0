"""What the pages of imports show."""

from collections.abc import Mapping, Sequence

from app.formats.csv import FIELDS
from app.formats.preview import SHOWN, Preview
from app.formats.records import Format, ImportFault, ReadOptions
from app.formats.registry import FORMATS
from app.models import ImportJob
from app.services.imports.report import StoredPosts, errors_of
from app.services.rooms.room_facts import RoomFacts
from app.views.access.readership import Readership
from app.views.page import FormPage, WebPage


class ImportsPage(FormPage, frozen=True, kw_only=True):
    template = "imports/imports.html"

    jobs: list[ImportJob]
    limit_mb: int

    @property
    def formats(self) -> Mapping[str, Format]:
        return FORMATS


class PreviewPage(WebPage, frozen=True, kw_only=True):
    template = "imports/import_preview.html"

    job: ImportJob
    preview: Preview | None
    """None where the file was too much for a look."""
    earlier: ReadOptions
    keeps_media: bool
    readership: Readership
    own: str | None
    """Whose archive the front page shows."""
    asks_whose: bool
    shown: int = SHOWN
    fields: Sequence[str] = FIELDS

    @property
    def formats(self) -> Mapping[str, Format]:
        return FORMATS


class ImportPage(WebPage, frozen=True, kw_only=True):
    template = "imports/import.html"

    job: ImportJob
    stored: StoredPosts
    usernames: list[str]
    """The authors of new posts."""
    rooms: list[RoomFacts]
    samples: list[str]
    own: str | None
    is_under_way: bool

    @property
    def errors(self) -> list[ImportFault]:
        return errors_of(self.job)

    @property
    def done_share(self) -> float:
        job = self.job
        return min(1.0, job.bytes_read / job.bytes_total) if job.bytes_total else 0.0
