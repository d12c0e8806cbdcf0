"""The media of imported posts: their files are copied out of the archive, batch by batch."""

from collections.abc import Callable, Iterable
from itertools import zip_longest

from app.compute.text import drop_controls
from app.errors import AppError, Message, message_of
from app.formats.records import Item, Medium, Record, StoredMedium
from app.formats.source.file import Source
from app.services.imports.bulk import MAX_ERRORS, ImportReport
from app.services.posts.media import MediaKeeper, NoRoomError
from app.services.posts.new_tweet import MOST_DESCRIBED, MOST_MEDIA, checked_url, lenient


class ArchiveMedia:
    """The media of one archive; without a keeper their files are left where they are."""

    def __init__(self, files: Source | None, keeper: MediaKeeper | None) -> None:
        self._files = files
        self._keeper = keeper if files is not None else None
        self._is_full = False
        self._names: dict[str, str] = {}
        """Names in the archive and here, of the files of this batch."""
        self._missing: list[int] = []
        """The records of files that are not in the archive."""

    def keep(
        self, items: Iterable[Item], report: ImportReport, is_stopped: Callable[[], bool]
    ) -> None:
        """Copy the files of a batch, in the order of the archive; report those left out."""
        self._names = {}
        if self._files is None or self._keeper is None:
            return
        wanted: dict[str, tuple[int, int]] = {}
        for item in items:
            for name in item.files[:MOST_MEDIA] if isinstance(item, Record) else ():
                if name is None or (place := self._files.place_of(name)) is None:
                    self._missing.append(item.place)
                else:
                    wanted.setdefault(name, (place, item.place))
        for name, (_, record) in sorted(wanted.items(), key=lambda pair: pair[1]):
            if self._is_full or is_stopped():
                break
            try:
                with self._files.member(name).uncounted.open() as stream:
                    self._names[name] = self._keeper.keep(stream, name)
            except NoRoomError as error:
                self._is_full = True
                del report.errors[MAX_ERRORS - 1 :]  # This one must be seen.
                report.note(record, message_of(error))
            except AppError as error:
                report.note(record, message_of(error))
        self._keeper.sync()

    def note_missing(self, report: ImportReport) -> None:
        """Report at the end how many files are not in the archive."""
        if self._missing:
            detail = Message(
                "files of media that the archive lacks: {count}, the first of this record",
                count=len(self._missing),
            )
            report.note(self._missing[0], detail)

    def of(self, record: Record) -> list[Medium]:
        """Return the media of a record of this batch as they can be kept."""
        media = record.media[:MOST_MEDIA]
        pairs = zip_longest(media, record.files[: len(media)])
        return [_storable(medium, self._names.get(file or "")) for medium, file in pairs]

    def close(self) -> None:
        """Let others remove files again."""
        if self._keeper is not None:
            self._keeper.close()


def _storable(medium: Medium, file: str | None) -> Medium:
    """Return a medium without an address that is none of the web."""
    alt = drop_controls(medium.alt)[:MOST_DESCRIBED] if medium.alt else None
    source_url = lenient(checked_url, medium.source_url)
    return StoredMedium(medium.kind, source_url, alt, medium.width, medium.height, file)
