"""Answers about columns that an import got, for further files with the same names of columns."""

import asyncio
from typing import Final, NamedTuple

from msgspec import structs
from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Readable
from app.errors import Message, NotFoundError
from app.models import ImportJob
from app.services.imports.job_report import notes_of
from app.services.imports.jobs import options_of
from app.services.imports.options import ImportOptions
from saywho.formats.assumptions import NAME_WAYS, ROLES, SHEET, Assumption, is_unanswered, pair_of
from saywho.formats.registry import FileReading, read_file
from saywho.formats.source.file import Source

_ROLES: Final = {field: role for role, field in ROLES.items()}
_KEPT: Final = (
    select(ImportJob)
    .where(ImportJob.heading.is_not(None), ImportJob.options.is_not(None))
    .where(ImportJob.state == "done", or_(ImportJob.undo.is_(None), ImportJob.undo == "possible"))
    .order_by(ImportJob.id.desc())
)
"""Answers are as good as the import that they were given for, so an undo ends them."""


class KeptAnswers(NamedTuple):
    """Columns that somebody chose for the file of an import, and values of those for the audience:
    which everybody may read, and which are known at all.
    """

    job: ImportJob
    chosen: ImportOptions

    @property
    def pairs(self) -> str:
        said = (pair_of(name, used_as, _ROLES) for name, used_as in self.chosen.columns.items())
        return ", ".join((*said, *(f"public={value}" for value in self.chosen.public_values)))

    @property
    def assumption(self) -> Assumption:
        day = f"{self.job.finished_at or self.job.created_at:%Y-%m-%d}"
        evidence = Message("as you answered on {day} for {file}", day=day, file=self.job.file_name)
        return Assumption("answers", self.pairs, evidence=evidence)

    def beside(self, options: ImportOptions) -> "KeptAnswers | None":
        """Return the answers for which these options have no choice of their own, if any."""
        own, kept = columns_in(options), self.chosen
        columns = {
            name: used_as
            for name, used_as in kept.columns.items()
            if name not in own and (not used_as or used_as not in own.values())
        }
        kept = structs.replace(kept, columns=columns)
        if ROLES["audience"] not in columns.values() or options.public_values:
            kept = structs.replace(kept, public_values=(), explained=())
        return self._replace(chosen=kept) if columns else None

    def added_to(self, options: ImportOptions) -> ImportOptions:
        return structs.replace(
            options,
            columns=options.columns | self.chosen.columns,
            public_values=self.chosen.public_values or options.public_values,
            explained=self.chosen.explained,
        )


def columns_in(options: ImportOptions) -> dict[str, str]:
    """Return the chosen columns, without a sheet, and names of files that have the authors."""
    pairs = options.columns.items()
    return {name: used for name, used in pairs if used != SHEET and name not in NAME_WAYS}


async def kept_answers(session: AsyncSession, form: str, heading: str) -> KeptAnswers | None:
    """Return the newest answers for a format and a heading, if there are any."""
    of_heading = (ImportJob.format == form) & (ImportJob.heading == heading)
    job = await session.scalar(_KEPT.where(of_heading).limit(1)) if heading else None
    return _answers_of(job) if job else None


def _answers_of(job: ImportJob) -> KeptAnswers:
    options = options_of(job)
    notes = notes_of(job).assumptions
    asked = (part for part in notes if part.kind == "audience" and not is_unanswered(part))
    named = (f"{part.value}={value}" for part in asked for value in part.alternatives)
    explained = (*dict.fromkeys((*options.explained, *named)),)
    chosen = ImportOptions(columns=columns_in(options), public_values=options.public_values)
    return KeptAnswers(job, structs.replace(chosen, explained=explained))


async def list_answers(session: AsyncSession) -> list[KeptAnswers]:
    """Return the answers that are used, the newest first."""
    found: dict[tuple[str, str | None], ImportJob] = {}
    for job in await session.scalars(_KEPT.limit(1_000)):
        found.setdefault((job.format, job.heading), job)
    return [*map(_answers_of, found.values())]


async def forget_answers(session: AsyncSession, import_id: int) -> None:
    """Forget the answers of an import, and earlier ones for its heading. Raises NotFoundError."""
    job = await session.get(ImportJob, import_id)
    if job is None or job.heading is None:
        raise NotFoundError("No such answer")
    of_heading = (ImportJob.format == job.format) & (ImportJob.heading == job.heading)
    await session.execute(update(ImportJob).where(of_heading).values(heading=None))


class AnsweredReading(NamedTuple):
    """A reading of a file, with the kept answers."""

    read: FileReading
    options: ImportOptions
    heading: str | None = None
    """The heading for which the choices of the options are to be kept, if they are new."""


async def read_with_answers(
    db: Readable, source: Source, read: FileReading, options: ImportOptions
) -> AnsweredReading:
    heading, given = read.records.notes.heading, columns_in(options)
    async with db.read() as session:
        kept = await kept_answers(session, read.records.format, heading)
    known = kept.chosen if kept else ImportOptions()
    is_new = not given.items() <= known.columns.items()
    is_new = is_new or not {*options.public_values} <= {*known.public_values}
    if kept is not None and (used := kept.beside(options)) is not None:
        source.restart()
        options = used.added_to(options)
        read = await asyncio.to_thread(read_file, source, read.form, options)
        part = used.assumption
        read.records.notes.assume(part.kind, part.value, evidence=part.evidence)
    return AnsweredReading(read, options, heading or None if given and is_new else None)
