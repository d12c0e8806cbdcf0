"""An import of files from the command line: their posts, its questions, its report."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any, BinaryIO

from msgspec import to_builtins
from msgspec.structs import asdict
from sqlalchemy.ext.asyncio import AsyncSession

from app import errors
from app.cli import is_given, outputs
from app.cli.apart import now_reading
from app.cli.choices import note_lines, question_lines, with_option
from app.config import Config
from app.db.engine import Database
from app.language.i18n import speaking_of, translate_message
from app.models import ImportJob
from app.runtime.processes import trim_heap
from app.services.access.rights import is_site_public
from app.services.deletion import check_kept
from app.services.imports import jobs
from app.services.imports.job_report import MAX_ERRORS, ImportReport, Seen
from app.services.imports.jobs import MOST_MEMORY, limited_reading
from app.services.imports.kept_answers import AnsweredReading, read_with_answers
from app.services.imports.matching import FileMatch
from app.services.imports.options import ImportOptions
from app.services.imports.storing import StoreOptions, check_records, import_file, renew_derived
from app.services.posts.media import keeper_of, remove_if_full
from app.views.imports.facts import note_facts
from saywho.formats.assumptions import NotesSummary, is_unanswered
from saywho.formats.records import RecordStream
from saywho.formats.registry import read_file
from saywho.formats.settled import grave_doubts
from saywho.formats.source.file import Source


class Importer:
    """An import of files with the same options, and the counts of all their posts."""

    def __init__(self, format_name: str, options: ImportOptions, *, is_dry: bool) -> None:
        self._format = format_name
        self._options = options
        self._is_dry = is_dry
        self._command = 0
        """Number of the lock that shows other processes that the imports still run."""
        self._total = ImportReport()
        self._errors: list[dict[str, Any]] = []
        self._imports: list[dict[str, Any]] = []
        self._notes: dict[str, NotesSummary] = {}
        """Assumptions and unused files, by file name."""
        self._seen: dict[str, Seen] = {}
        """Earlier imports, by file name."""
        self._is_chat = False
        self._are_chats: set[bool] = set()
        """Whether the files are chats, which have messages."""
        self.status = 0
        """Largest exit status of any file."""

    async def add(self, db: Database, config: Config, names: Iterable[str]) -> None:
        """Import files, and count the posts of each, even if it is not read to its end.

        An error that is no fault of the file, such as a full disk, skips the other files.
        """
        lock = contextlib.nullcontext(0) if self._is_dry else jobs.importing_command(db)
        async with lock as self._command:
            await self._add(db, config, names)

    async def _add(self, db: Database, config: Config, names: Iterable[str]) -> None:
        for path in names:
            self._is_chat = False
            target = sys.stdin.buffer if path == "-" else Path(path)
            # A file's name may contain bytes that are not UTF-8, which no report could print.
            name = os.fsencode(path).decode(errors="replace")
            now_reading(name)
            # After a full disk, an import may have left files of posts that it did not store.
            await remove_if_full(db, config.media_dir)
            try:
                await self._import(db, config, target, name)
                if not self._is_dry:
                    # It needs the memory that reading needed, and that connections cache pages in.
                    await db.engine.dispose()
                    await asyncio.to_thread(trim_heap)
                    await renew_derived(db)
            except errors.QuestionError as error:
                self._ask(name, error)
            except errors.FileError as error:
                is_broken = isinstance(error, errors.BrokenFileError)
                self._fail(name, error.detail, outputs.FAILED if is_broken else outputs.BAD_INPUT)
            except errors.ConflictError as error:
                status = outputs.BAD_INPUT if self._options.replace else outputs.FAILED
                self._fail(name, error.detail, status)
            except errors.AppError as error:
                self._fail(
                    name,
                    error.detail,
                    outputs.BAD_INPUT if errors.status_of(error) < 500 else outputs.FAILED,
                )
                return

    async def _import(
        self, db: Database, config: Config, target: Path | BinaryIO, name: str
    ) -> None:
        limit, options = config.max_import_bytes, self._options

        async def note(session: AsyncSession, report: ImportReport) -> None:
            known = f"{report.accepted:,} new, {report.duplicates:,} known"
            text = f"{known}, {report.rejected:,} rejected"
            show_bar(source.bytes_read, source.bytes_total or 0, text)
            if job is None:
                await session.rollback()  # The commit that follows stores nothing.
            else:
                await check_kept(session, report.stored.rooms)
                await jobs.note_progress(session, job, source, report)

        async def matched(records: RecordStream, match: FileMatch) -> set[errors.Message]:
            self._seen[name] = match.seen
            if match.replaced is not None:
                with speaking_of(messages=records.is_chat):
                    outputs.say(f"{name}: {translate_message(match.replaced.sentence)}", err=True)
            is_asked = not (self._is_dry or options.accept_doubts)
            return await asyncio.to_thread(_accepted, records, name) if is_asked else set()

        # In threads, since a pipe may be silent for long.
        source = await asyncio.to_thread(Source, target, name=name, limit_bytes=limit)
        report = ImportReport()
        with source, outputs.progress(name) as show_bar, limited_reading(MOST_MEMORY):
            read = await asyncio.to_thread(read_file, source, self._format, options)
            answered = AnsweredReading(read, options)
            if not self._is_dry:
                answered = await read_with_answers(db, source, read, options)
            read, options = answered.read, answered.options
            records = read.records
            self._is_chat = records.is_chat
            self._are_chats.add(records.is_chat)
            async with db.read() as session:
                is_public = await is_site_public(session, config.public)
            check_records(records, options, is_public=is_public)
            if not records.is_chat:
                for option in filter(is_given, ("only", "rename")):
                    outputs.say(f"{name} is not a chat, so --{option} has no effect", err=True)
            job = await self._begin(db, name, answered, source.bytes_total or 0)
            async with self._ended(db, job, source, report):
                storing = StoreOptions(
                    note=note,
                    matched=matched,
                    may_have_rooms=not is_public,
                    import_id=job.id if job else None,
                    options=options,
                    scope="admin",
                    is_dry=self._is_dry,
                )
                try:
                    records = await import_file(
                        db, source, read, report=report, storing=storing, keeper=keeper_of(config)
                    )
                finally:
                    # The thread that reads has ended.
                    self._add_report(name, records.unit, report)
            self._say_what_is_absent(name, records, report)

    def _say_what_is_absent(self, name: str, records: RecordStream, report: ImportReport) -> None:
        if self._options.rooms and not report.stored.rooms:
            outputs.say(f"{name} contains no chat, so --room has no effect", err=True)
        if records.absent:
            outputs.say(f"no one in {name} is called {', '.join(records.absent)}", err=True)
        if not (report.broken or report.accepted or report.duplicates or report.rejected):
            noun = "messages" if records.is_chat else "posts"
            outputs.say(f"{name} contains no {noun} to store", err=True)

    async def _begin(
        self, db: Database, name: str, answered: AnsweredReading, size: int
    ) -> ImportJob | None:
        if self._is_dry:
            return None
        async with db.write() as session:
            file = jobs.UploadedFile("", Path(name).name, size)
            job = await jobs.add_job(
                session,
                file,
                is_started=True,
                scope="admin",
                format_name=answered.read.records.format,
                options=answered.options,
            )
            job.heading = answered.heading
            job.started_at, job.command = job.created_at, self._command
            job.digest = answered.read.digest
        self._imports.append({"file": name, "id": job.id})
        return job

    @contextlib.asynccontextmanager
    async def _ended(
        self, db: Database, job: ImportJob | None, source: Source, report: ImportReport
    ) -> AsyncIterator[None]:
        """Store why an import stopped; where it comes to its end, that is stored with the posts."""
        failure: errors.Message | None = jobs.STOPPED
        try:
            yield
            failure = None
        except errors.AppError as error:
            failure = errors.message_of(error)
            raise
        finally:
            # Where this fails, the next command or server finds that the command has ended.
            with contextlib.suppress(errors.AppError):
                if job is not None and failure is not None:
                    async with db.write() as session:
                        await jobs.note_progress(session, job, source, report)
                        await jobs.end_job(session, job.id, failure)

    def _add_report(self, name: str, unit: str, report: ImportReport) -> None:
        self._total.merge(report)
        if not report.notes.is_empty:
            self._notes[name] = report.notes
        self._errors += [
            {"file": name}
            | ({unit: error.record} if error.record else {})
            | {"detail": self._said(error.detail)}
            for error in report.in_order()[: max(0, MAX_ERRORS - len(self._errors))]
        ]
        if report.broken:
            self._fail(name, report.broken, outputs.FAILED)
        elif report.refused:
            self.status = max(self.status, outputs.FAILED)
        elif not (report.accepted or report.duplicates):
            is_asked = any(map(is_unanswered, report.notes.assumptions))
            status = outputs.BAD_INPUT if is_asked else outputs.FAILED if report.rejected else 0
            self.status = max(self.status, status)

    def _fail(self, name: str, detail: str, status: int) -> None:
        self.status = max(self.status, status)
        # A file that failed comes first, since the end of a long list may be cut off.
        self._errors.insert(0, {"file": name, "detail": self._said(detail)})

    def _ask(self, name: str, error: errors.QuestionError) -> None:
        lines = [*question_lines(error)] or [error.detail]
        for line in reversed(lines):
            self._fail(name, line, outputs.BAD_INPUT)

    def _said(self, detail: str) -> str:
        """Return a sentence about the current file, whose chats have messages."""
        with speaking_of(messages=self._is_chat):
            return with_option(detail)

    def print_report(self) -> None:
        counts = self._total.counts
        verb = "would store" if self._is_dry else "stored"
        fates = {
            "duplicates": "already stored",
            "rejected": "rejected",
            "reposts": "reposts left out",
            "restricted": "restricted posts left out",
            "skipped": "others skipped",
        }
        others = ", ".join(
            f"{counts[name]:,} {fate}" for name, fate in fates.items() if counts[name]
        )
        are_messages = self._are_chats == {True}
        stored = outputs.counted(counts["accepted"], messages=are_messages)
        lines = [f"{verb} {stored}{others and f'; {others}'}"]
        lines += [
            f"{file}: import {number}; saywho import --undo {number} undoes it"
            for file, number in map(dict.values, self._imports)
        ]
        lines += [
            f"{name}: {seen.sentence}" for name, seen in self._seen.items() if seen.state != "new"
        ]
        if self._total.with_entities and not self._options.decode_entities:
            note = "" if self._is_dry else " (stored posts keep their text)"
            entities = self._total.with_entities
            verb = "contains" if entities == 1 else "contain"
            found = f"{outputs.counted(entities)} {verb} HTML entities such as &amp;"
            lines.append(f"{found}. To decode them, use --decode-entities{note}")
        lines += [
            f"{name}: {line}"
            for name, summary in self._notes.items()
            for line in note_lines(summary)
        ]
        values = counts | {"errors": self._errors, "imports": self._imports} | self._noted()
        refused = [
            f"rejected, and no fault of the file: {outputs.counted(number, messages=are_messages)}:"
            f" {reason}. Then import the file again; nothing is stored twice"
            for reason, number in self._total.refused.values()
        ]
        outputs.print_result(values, *lines, notes=[*outputs.error_lines(self._errors), *refused])
        sys.stdout.flush()

    def _noted(self) -> dict[str, list[dict[str, Any]]]:
        seen = [{"file": name} | to_builtins(seen) for name, seen in self._seen.items()]
        noted: dict[str, list[dict[str, Any]]] = {"assumptions": [], "doubts": [], "unread": []}
        for name, summary in self._notes.items():
            for kind, parts in note_facts(summary).items():
                noted[kind] += [{"file": name} | asdict(part) for part in parts]
        return {"seen": seen} | noted


def _accepted(records: RecordStream, name: str) -> set[errors.Message]:
    """Ask on a terminal about grave doubts; return the evidence that the user accepts."""
    doubts = grave_doubts(records)
    if not (doubts and sys.stdin.isatty() and sys.stderr.isatty()):
        return set()
    for line in note_lines(NotesSummary(doubts=tuple(doubts))):
        outputs.say(f"{name}: {line}", err=True)
    question = "Is the file read rightly? Store it all the same?"
    return {doubt.finding for doubt in doubts} if outputs.ask(question, err=True) else set()
