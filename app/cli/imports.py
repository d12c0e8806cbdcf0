"""`saywho import`, `saywho demo`: posts from files."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Final

import click

from app.cli.running import (
    BAD_INPUT,
    FAILED,
    json_option,
    print_result,
    progress,
    stop_on_sigterm,
    with_database,
)
from app.compute.text import clean_username, decode_entities
from app.config import Config
from app.db.engine import Database
from app.errors import BrokenFileError, ImportFileError
from app.formats.chats.people import renaming, zone_name
from app.formats.csv import FIELDS, chosen_columns
from app.formats.records import Archive, Item, ReadOptions, Record
from app.formats.registry import FORMATS, WITH_ENTITIES, open_archive
from app.formats.source.file import Source
from app.services.imports.report import MAX_ERRORS, ImportReport, PostCounts
from app.services.imports.samples import load_samples
from app.services.imports.storing import NamelessFileError, check_archive, import_archive
from app.services.posts.media import MediaKeeper, keeper_of
from app.tasks import collect_seldom, share_heap

SHOWN_ERRORS: Final = 20


@dataclass(slots=True)
class Totals(PostCounts):
    """Counts of all files together, and the worst status of any."""

    errors: list[dict[str, Any]] = field(default_factory=list)
    status: int = 0
    with_entities: int = 0
    """Posts that hold `&amp;` and the like, in a format that leaves them as they stand."""
    columns: list[str] = field(default_factory=list)
    """What the columns of each file of CSV are taken for."""

    def add_columns(self, name: str, archive: Archive) -> None:
        used = [f"{column}={taken}" for column, taken in archive.columns if taken]
        unused = [column for column, taken in archive.columns if not taken]
        if archive.columns:
            self.columns.append(
                f"columns of {name}: {', '.join(used)}; not used: {', '.join(unused) or 'none'}"
            )

    def add_file(self, name: str, unit: str, report: ImportReport) -> None:
        """Add the counts and errors of one file."""
        self.add(report)
        self.errors += [
            {"file": name, unit: error.line, "detail": str(error.detail)}
            for error in report.in_order()[: max(0, MAX_ERRORS - len(self.errors))]
        ]
        if report.broken:
            self.fail(name, report.broken, FAILED)

    def fail(self, name: str, detail: str, status: int) -> None:
        """Report that a file was not read to its end."""
        self.status = max(self.status, status)
        # It comes first: the rest of a long list may be cut.
        self.errors.insert(0, {"file": name, "detail": str(detail)})

    def report(self, dry_run: bool) -> None:
        """Print what became of the files."""
        facts = asdict(self)
        del facts["status"], facts["with_entities"], facts["columns"]
        line = (
            f"{'would store' if dry_run else 'stored'} {self.accepted:,} posts; "
            f"{self.duplicates:,} known already, {self.rejected:,} rejected, "
            f"{self.reposts:,} reposts and {self.restricted:,} restricted posts left out, "
            f"{self.skipped:,} others skipped"
        )
        lines = [*self.columns, line]
        if self.with_entities:
            kept = "" if dry_run else " (stored posts keep their text)"
            found = f"{self.with_entities:,} posts hold &amp; or the like"
            lines.append(f"{found}: --decode-entities decodes them{kept}")
        print_result(facts, *lines, notes=self._error_lines())
        sys.stdout.flush()

    def _error_lines(self) -> Iterator[str]:
        for error in self.errors[:SHOWN_ERRORS]:
            name, detail = error["file"], error["detail"]
            units = (f"{unit} {error[unit]}: " for unit in ("line", "record") if unit in error)
            yield detail if detail.startswith(name) else f"{name}: {next(units, '')}{detail}"
        if len(self.errors) > SHOWN_ERRORS:
            yield "… (--json lists more)"


def _parsed_by(parse: Callable[[Any], object]) -> Callable[..., Any]:
    """Return the callback of an option, whose ValueError is bad usage."""

    def callback(_context: click.Context, _option: click.Parameter, value: Any) -> Any:
        try:
            return value if value is None else parse(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return callback


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["auto", *(known.name for known in FORMATS)]),
    default="auto",
    show_default=True,
)
@click.option(
    "--username",
    callback=_parsed_by(clean_username),  # Else a whole file would be rejected.
    help="Author for posts that name none; the name for a file of one account.",
)
@click.option("--include-restricted", is_flag=True, help="Take posts for a limited audience too.")
@click.option("--no-media", is_flag=True, help="Leave pictures and videos of archives out.")
@click.option(
    "--decode-entities", is_flag=True, help="Read &amp; as & in JSON lines and CSV, and so on."
)
@click.option(
    "--column",
    "columns",
    metavar="NAME=FIELD",
    multiple=True,
    callback=_parsed_by(chosen_columns),
    help=f"What a column of CSV holds: {', '.join(FIELDS)}, or nothing.",
)
@click.option(
    "--timezone",
    metavar="ZONE",
    callback=_parsed_by(zone_name),
    help="Of the times in a chat, such as Asia/Seoul; by default the machine's.",
)
@click.option("--only", metavar="NAME", multiple=True, help="Take this person's part of a chat.")
@click.option(
    "--rename",
    metavar="A=B",
    multiple=True,
    callback=_parsed_by(renaming),
    help="Another name for somebody in a chat; two of one name are joined.",
)
@click.option(
    "--publish", "is_published", is_flag=True, help="Take a chat though everybody may read it here."
)
@click.option("--dry-run", is_flag=True, help="Count without storing.")
@json_option
def import_command(
    files: tuple[str, ...], format_name: str, no_media: bool, dry_run: bool, **chosen: Any
) -> None:
    """Import the posts of each FILE, recognised by its content; - reads standard input.

    Archives of X and Mastodon; data of Bluesky and the X API; chats of KakaoTalk, WhatsApp and
    Telegram; MongoDB exports; JSON lines; CSV.
    """
    options = ReadOptions(**chosen)

    async def run(db: Database, config: Config) -> Totals:
        stop_on_sigterm()
        keeper, totals = None if no_media or dry_run else keeper_of(config), Totals()
        try:
            async with _target(db, config, dry_run) as target:
                importer = _Importer(target, config, format_name, options, keeper, dry_run)
                for name in files:
                    await importer.add(name, totals)
        except asyncio.CancelledError:
            totals.report(dry_run)
            # Nobody waits for the thread that reads standard input, which may be silent for ever.
            os._exit(totals.status)
        return totals

    collect_seldom()
    share_heap()
    totals = with_database(run)
    totals.report(dry_run)
    sys.exit(totals.status)


@dataclass(frozen=True, slots=True)
class _Importer:
    """Imports files, each in the same way."""

    db: Database
    config: Config
    format: str
    options: ReadOptions
    keeper: MediaKeeper | None
    is_dry: bool

    async def add(self, name: str, totals: Totals) -> None:
        """Import a file, and count it in the totals, read to its end or not."""
        target = sys.stdin.buffer if name == "-" else Path(name)
        # A file's name may hold bytes that are no UTF-8, which no report could print.
        name = os.fsencode(name).decode(errors="replace")
        try:
            await self._import(target, name, totals)
        except asyncio.CancelledError:
            totals.fail(name, "interrupted; stored posts stay, another run resumes here", FAILED)
            raise
        except BrokenFileError as error:
            totals.fail(name, str(error), FAILED)
        except (ImportFileError, NamelessFileError) as error:
            totals.fail(name, str(error), BAD_INPUT)

    async def _import(self, target: Path | BinaryIO, name: str, totals: Totals) -> None:
        limit, stored = self.config.max_import_bytes, ImportReport()

        def show(report: ImportReport) -> None:
            nonlocal stored
            # The report itself counts a batch before it is stored.
            stored = deepcopy(report)
            counts = (
                f"{stored.accepted:,} new, {stored.duplicates:,} known, "
                f"{stored.rejected:,} rejected"
            )
            show_bar(source.bytes_read, source.bytes_total or 0, counts)

        # In threads, since a pipe may be silent for long.
        source = await asyncio.to_thread(Source, target, name=name, limit_bytes=limit)
        with source, progress(name) as show_bar:
            options = self.options
            archive = await asyncio.to_thread(
                open_archive, source, format=self.format, options=options
            )
            check_archive(archive, options, is_public=self.config.public)
            if self.is_dry:
                totals.add_columns(name, archive)
            if archive.format in WITH_ENTITIES and not options.decode_entities:
                archive = replace(archive, items=_looked_at(archive.items, totals))
            try:
                await import_archive(
                    self.db,
                    archive,
                    username=options.username,
                    keeper=self.keeper,
                    on_progress=show,
                )
            finally:
                totals.add_file(name, archive.unit, stored)


def _looked_at(items: Iterator[Item], totals: Totals) -> Iterator[Item]:
    """Yield the items, and count those whose text holds entities."""
    for item in items:
        totals.with_entities += isinstance(item, Record) and decode_entities(item.text) != item.text
        yield item


@contextlib.asynccontextmanager
async def _target(db: Database, config: Config, dry_run: bool) -> AsyncIterator[Database]:
    """Yield the database, or a copy for a dry run, whose counts are then those of a real run."""
    if not dry_run:
        yield db
        return
    async with (
        db.backend.scratch_copy() as url,
        Database(replace(config, database_url=url)) as copy,
    ):
        yield copy


@click.command("demo")
@json_option
def demo_command() -> None:
    """Load the sample posts; a second run changes nothing.

    They are of invented places: a bakery, an observatory, a lighthouse.
    """
    report = with_database(lambda db, _: load_samples(db))
    facts = {"accepted": report.accepted, "duplicates": report.duplicates}
    line = f"stored {report.accepted} sample posts; {report.duplicates} known already"
    print_result(facts, line)
