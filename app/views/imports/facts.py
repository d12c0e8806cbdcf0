"""An import as answers and commands show it."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from app.models import ImportJob
from app.services.imports.job_report import Seen, errors_of, notes_of, stored_posts
from saywho.errors import choice_of
from saywho.formats.assumptions import ROLES, Decision, NotesSummary, Unread
from saywho.formats.records import ImportFault
from saywho.formats.tally import DoubtKind


class AssumptionFacts(Decision, frozen=True):
    """A decision about a file that the file itself does not settle, as answers show it."""

    alternatives: Annotated[list[str], Meta(description="Other values that fit the file.")]
    evidence: str


class DoubtFacts(msgspec.Struct, frozen=True):
    """An odd finding in the records, as answers show it."""

    kind: DoubtKind
    count: int
    examples: Annotated[list[str], Meta(description="Up to three excerpts of the file.")]
    grave: Annotated[
        bool, Meta(description="Whether nothing is stored until `accept_doubts` is sent.")
    ]
    evidence: Annotated[str, Meta(description="Reason for the doubt.")]
    alternatives: Annotated[list[str], Meta(description="Empty; a question has columns.")] = []


class QuestionFacts(msgspec.Struct, frozen=True):
    """What someone must choose before a file is imported, as answers show it."""

    role: Annotated[str, Meta(description="Role in `column=ROLE=NAME`, such as `text`.")]
    columns: Annotated[
        list[str], Meta(description="Columns to choose from, the likeliest first; also `none`.")
    ]
    rows: Annotated[
        list[list[str]], Meta(description="Values of the first three rows in these columns, cut.")
    ]
    reason: Annotated[str, Meta(description="Why nothing in the file tells it.")]


def note_facts(notes: NotesSummary) -> dict[str, list[Any]]:
    """Return the notes of answers, by the name of the list."""
    plain = msgspec.to_builtins(notes, enc_hook=str)
    plain["doubts"] = [doubt | {"evidence": doubt["finding"]} for doubt in plain["doubts"]]
    kinds = {"assumptions": AssumptionFacts, "doubts": DoubtFacts, "unread": Unread}
    return {
        name: [msgspec.convert(part, kind) for part in plain[name]] for name, kind in kinds.items()
    }


class FaultFacts(ImportFault, frozen=True, omit_defaults=True):
    """Why a record was not stored, or the whole file, as answers show it."""

    parameters: Annotated[
        tuple[str, ...], Meta(description="Parameters of the import, one of which settles it.")
    ] = ()


_PARAMETERS: Final = {
    "times": ("column", "dates", "accept_unread"),
    "doubts": ("accept_doubts",),
    **{name: (name,) for name in ("dates", "encoding", "format", "username")},
    **dict.fromkeys(ROLES, ("column",)),
}
"""By the choice that a sentence names."""


def _fault_facts(fault: ImportFault) -> FaultFacts:
    asking = choice_of(fault.detail)
    named = _PARAMETERS.get(str(asking.values["choice"]), ()) if asking else ()
    return FaultFacts(fault.detail, fault.record, named)


Undo = Literal["impossible", "possible", "running", "done"]


class ImportFacts(msgspec.Struct, frozen=True):
    """An import as answers show it."""

    id: int
    state: Literal["running", "done", "failed", "cancelled", "interrupted"]
    format: str
    bytes_read: int
    bytes_total: int
    accepted: int
    duplicates: int
    rejected: int
    reposts: int
    restricted: Annotated[int, Meta(description="Posts for a limited audience, left out.")]
    skipped: Annotated[
        int, Meta(description="Records that are not posts, or that lack both text and media.")
    ]
    errors: Annotated[
        list[FaultFacts], Meta(description="The first errors; the reason of a failure comes first.")
    ]
    assumptions: Annotated[
        list[AssumptionFacts],
        Meta(description="Decisions that saywho made because the file leaves them open."),
    ]
    unread: Annotated[list[Unread], Meta(description="Parts of the file that were not used.")]
    doubts: Annotated[
        list[DoubtFacts], Meta(description="Reasons to look at the file again before it is stored.")
    ]
    questions: Annotated[
        list[QuestionFacts],
        Meta(
            description="What someone must choose. Nothing is stored until the file is sent again"
            " with a `column` for each."
        ),
    ]
    undo: Annotated[
        Undo,
        Meta(
            description="Whether the import can be undone, or was; `impossible` for imports of"
            " earlier versions."
        ),
    ]
    removed: Annotated[int, Meta(description="Posts that the undo has removed so far.")]
    seen: Annotated[
        Seen | None,
        Meta(description="How much of the file was here before; null until saywho has looked."),
    ]
    started_at: datetime | None
    finished_at: datetime | None


def facts(job: ImportJob) -> ImportFacts:
    notes = notes_of(job)
    asked = [
        QuestionFacts(part.role, [*part.columns], [*map(list, part.rows)], str(part.why))
        for part in notes.questions
    ]
    said = note_facts(notes) | {
        "questions": asked,
        "errors": [*map(_fault_facts, errors_of(job))],
        "undo": job.undo or "impossible",
        "seen": stored_posts(job).seen,
    }
    names = [name for name in ImportFacts.__struct_fields__ if name not in said]
    return ImportFacts(**{name: getattr(job, name) for name in names} | said)
