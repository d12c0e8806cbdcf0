"""Importing in the browser."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from msgspec import Struct, structs
from quart import Response, g, request, url_for
from quart.typing import ResponseReturnValue

from app.errors import AppError, InvalidInputError, MalformedError, Message, UnavailableError
from app.language.i18n import gettext, ngettext, show_number, speaking_of
from app.lifespan import resources
from app.models import ImportJob
from app.paths import IMPORTS
from app.runtime.clock import ZONE_COOKIE, remembered_zone
from app.runtime.sandbox import ReadError
from app.services.access.rights import switch_site
from app.services.imports import jobs
from app.services.imports.job_report import StoredPosts, errors_of, notes_of, stored_posts
from app.services.imports.options import SAME_FILE, ImportOptions, replaced_of
from app.services.imports.preview import UploadPreview, preview_upload
from app.services.imports.undo import request_undo
from app.services.rooms.identification import SimilarRoom, rooms_with_guests
from app.views.access.settings import readership
from app.views.answers import see_other
from app.views.blueprints import Form, PageBlueprint
from app.views.bodies import spooled_body
from app.views.imports.page_values import ImportsPage, PreviewPage, UploadLimit, read_progress
from app.views.imports.reading_choices import ASKED, chosen_by, chosen_reading, on_page, settled
from app.views.page import render, render_form
from app.views.policies import own_scope, writing
from app.views.requests import check_confirmed
from app.views.zones import zone_typed
from saywho.formats.assumptions import NEW_ROOM, ONLY_CHOSEN, doubt_sentence
from saywho.formats.reading import username_for
from saywho.formats.records import ImportFault
from saywho.formats.registry import FORMATS

blueprint = PageBlueprint("imports", policy="operator")
blueprint.add_app_template_test(jobs.is_chat, "of_chat")
blueprint.add_app_template_filter(doubt_sentence, "doubt")


class PreviewArgs(Struct):
    format: str = "auto"


@blueprint.app_template_filter("reason")
def translated_reason(detail: str) -> str:
    return on_page(detail) if isinstance(detail, Message) else gettext(detail)


@blueprint.app_template_filter("alike")
def alike(errors: Sequence[ImportFault], rejected: int) -> list[tuple[ImportFault, int]]:
    """Return the first error of each reason, and how many more records have it.

    `rejected` counts all such records if only the first errors are stored and have one reason.
    """
    counts = Counter(error.detail for error in errors)
    firsts = {error.detail: error for error in reversed(errors)}
    is_one = len(counts) == 1 and rejected > len(errors)
    return [(firsts[detail], (rejected if is_one else counts[detail]) - 1) for detail in counts]


@blueprint.app_template_filter("new_posts")
def new_posts(job: ImportJob) -> str:
    with speaking_of(messages=jobs.is_chat(job)):
        text = ngettext("{count} new post", "{count} new posts", job.accepted)
    return text.format(count=show_number(job.accepted))


@blueprint.get(IMPORTS)
async def show_imports() -> ResponseReturnValue:
    return await _list_page()


async def _list_page(failure: AppError | None = None) -> ResponseReturnValue:
    async with resources().db.read() as session:
        listed, _ = await jobs.list_jobs(session, limit=50, with_uploads=True)
    limits = UploadLimit(resources().config.max_import_mb)
    return await render_form(ImportsPage(jobs=listed, limits=limits, error=failure))


@blueprint.post(IMPORTS)
async def upload() -> ResponseReturnValue:
    """Keep the form's file, and redirect to its preview."""
    try:
        async with spooled_body(is_form=True) as spool:
            if not spool.file_name:
                raise InvalidInputError("Choose a file first", loc="file")
            job = await spool.keep(is_started=False)
    except (InvalidInputError, MalformedError) as failure:
        return await _list_page(failure)
    return to_import(job.id)


@blueprint.get(IMPORTS + "/<id:import_id>")
async def show_import(import_id: int, args: PreviewArgs) -> ResponseReturnValue:
    async with resources().db.read() as session:
        job = await jobs.get_job(session, import_id)
    if job.state != "uploaded":
        return await _progress_page(job)
    return await _preview_page(job, jobs.options_of(job), _format_name(args.format))


async def _preview_page(
    job: ImportJob,
    options: ImportOptions,
    form: str,
    error: AppError | None = None,
    typed_zone: str = "",
) -> ResponseReturnValue:
    seen: UploadPreview | None = None
    with suppress(ReadError):
        seen = await _look(job, options, form)
    guarded: list[SimilarRoom] = []
    if seen is None:
        async with resources().db.read() as session:
            guarded = await rooms_with_guests(session)
    page = PreviewPage(
        error=error,
        guarded=guarded,
        typed_zone=typed_zone,
        job=job,
        seen=seen,
        chosen_format=form,
        options=structs.replace(options, public_values=seen.public_values) if seen else options,
        readership=await readership(),
        about=(),
        in_chat=seen is not None and seen.preview.is_chat,
        of_posts=seen is not None and not seen.preview.is_chat,
    )
    return await render_form(page)


async def _look(job: ImportJob, options: ImportOptions, form: str) -> UploadPreview:
    """Preview an upload, compare it with what is here, and note both. Raises ReadError."""
    check_upload(job)
    account_id = g.operator.account_id
    options = structs.replace(options, near=remembered_zone(request.cookies.get(ZONE_COOKIE)).key)
    seen = await preview_upload(
        resources().db, resources().previewer, job, options, operator_id=account_id, form=form
    )
    notes, failure, said = seen.preview.notes, seen.preview.failure, seen.match.seen
    stored = StoredPosts(seen=said, zone=options.timezone or said.zone)
    before = [fault.detail for fault in errors_of(job)]
    is_same = before == list(filter(None, [failure])) and notes_of(job) == notes
    if not is_same or stored_posts(job) != stored:
        async with writing() as session:
            await jobs.note_preview(session, job.id, failure, notes, stored)
    return seen


def check_upload(job: ImportJob) -> None:
    """Raise UnavailableError if the file is on another server."""
    path = jobs.upload_path(resources().config.data_dir, job.spool)
    if resources().db.backend.is_shared and not path.exists():
        raise UnavailableError("The file is on another server of this site. Reload the page.")


async def _progress_page(job: ImportJob) -> ResponseReturnValue:
    shown = await read_progress(job)
    page = await render(shown)
    # A page that watches replaces its moving part. Its whole section is replaced at the end, which
    # screen readers announce; the button keeps the focus until then.
    headers = {"Vary": "HX-Request"}
    if "HX-Request" in request.headers and not shown.is_under_way:
        section = "#import"
        headers |= {"HX-Retarget": section, "HX-Reselect": f"{section} > *"}
        headers["HX-Reswap"] = "innerHTML"
    return page, 200, headers


@blueprint.post(IMPORTS + "/<id:import_id>/start")
async def start(import_id: int, form: Form) -> ResponseReturnValue:
    async with resources().db.read() as session:
        job = await jobs.get_job(session, import_id)
    if (asked := await _ask_zone(job, form)) is not None:
        return asked
    options, openness = _options(form, jobs.options_of(job)), resources().openness
    if job.state == "uploaded" and not _is_ready(job, options):
        return await _save(job, options)
    if form.get("publish") == "private" and openness.setting is None:
        async with writing() as session:
            await switch_site(session, None, is_public=False)
        await openness.settle()  # No worker may show the first message to a visitor.
    async with writing() as session:
        name, title = _format_name(form.get("format", "")), form.get("title", "").strip()
        await jobs.start_job(session, import_id, options, name, title)
    resources().import_queued.set()
    return to_import(import_id)


def _is_ready(job: ImportJob, options: ImportOptions) -> bool:
    """Return whether an upload can start; if not, its preview shows the new choices.

    Raises InvalidInputError if something is unsettled or doubted, and no choice is new.
    """
    if _is_zone_new(job, options):
        return False  # The times of a chat here may be others.
    before, notes = jobs.options_of(job), notes_of(job)
    unsettled = settled(notes, options).unsettled
    if unsettled and not (options.accept_unread and unsettled not in ONLY_CHOSEN):
        changed = (options.dates, options.encoding, options.columns)
        if changed != (before.dates, before.encoding, before.columns):
            return False
        loc = "username" if unsettled == "author" else "accept_unread"
        raise InvalidInputError(ASKED[unsettled][0], loc=loc)
    if notes.is_grave and not options.accept_doubts:
        raise InvalidInputError(
            "Something in this file looks odd. Compare the examples, then confirm that it was read"
            " correctly",
            loc="accept_doubts",
        )
    return True


def _is_zone_new(job: ImportJob, options: ImportOptions) -> bool:
    stored = stored_posts(job)
    is_here = stored.seen is not None and stored.seen.known > 0 and NEW_ROOM not in options.rooms
    return is_here and options.timezone not in {None, stored.zone}


async def _save(job: ImportJob, options: ImportOptions) -> ResponseReturnValue:
    async with writing() as session:
        await jobs.choose_options(session, job.id, options)
    return to_import(job.id)


@blueprint.post(IMPORTS + "/<id:import_id>/choices")
async def choose(import_id: int, form: Form) -> ResponseReturnValue:
    async with resources().db.read() as session:
        job = await jobs.get_job(session, import_id)
    if (asked := await _ask_zone(job, form)) is not None:
        return asked
    async with writing() as session:
        await jobs.choose_options(session, import_id, _options_of_form(form, jobs.options_of(job)))
    name = _format_name(form.get("format", ""))
    shown = name if name != "auto" else None
    return see_other(url_for("imports.show_import", import_id=import_id, format=shown))


async def _ask_zone(job: ImportJob, form: Form) -> ResponseReturnValue | None:
    """Return the preview with the sent form if its time zone is unknown; None for a known one.

    Raises InvalidInputError for an unknown zone if the import has begun.
    """
    typed = form.get("timezone", "").strip()
    try:
        zone_typed(typed)
        return None
    except InvalidInputError as error:
        if job.state != "uploaded":
            raise
        fault = error.with_traceback(None)
    sent = Form(form)
    sent["timezone"] = ""
    options = _options_of_form(sent, jobs.options_of(job))
    name = _format_name(form.get("format", ""))
    return await _preview_page(job, options, name, error=fault, typed_zone=typed)


def _options(form: Form, before: ImportOptions) -> ImportOptions:
    options = _options_of_form(form, before)
    is_taken = form.getlist("only") or options.username
    fields = form.getlist("field")
    if fields and "text" not in fields:
        raise InvalidInputError("Choose the column with the text", loc="field")
    if "timezone" in form and "unread" not in form and not is_taken:
        raise InvalidInputError("Tick at least one person", loc="only")
    return options


def _options_of_form(form: Form, before: ImportOptions) -> ImportOptions:
    keeps_both, times = form.get("same_chat") == NEW_ROOM, form.get("same_chat")
    username, zone = (form.get(name, "").strip() or None for name in ("username", "timezone"))
    zone = zone_typed(zone)
    people, taken = map(form.getlist, ("speaker", "only"))
    names = zip(people, map(str.strip, form.getlist("renamed")), strict=False)
    replaced = SAME_FILE if times == "replace" else form.get("replace", "")
    return structs.replace(
        chosen_reading(form, before),
        username=username,
        with_media="no_media" not in form,
        decode_entities="decode_entities" in form,
        strip_tags="strip_tags" in form,
        timezone=zone,
        only=() if len(taken) == len(people) else (*taken, *filter(None, [username])),
        rename={
            old: new for old, new in names if new and username_for(new) != old and not keeps_both
        },
        is_published=form.get("publish") == "on",
        is_own="own" in form,
        replace=chosen_by(replaced_of, replaced, None),
        times=times if times in {"file", "here"} else None,
    )


def _format_name(name: str) -> str:
    return name if name in FORMATS else "auto"


@blueprint.post(IMPORTS + "/<id:import_id>/cancel")
async def cancel(import_id: int) -> ResponseReturnValue:
    """Cancel an import; delete an upload."""
    async with writing() as session:
        job = await jobs.cancel_job(session, import_id, scope=own_scope())
        was_started = job.state != "uploaded"
    await asyncio.to_thread(jobs.remove_upload, resources().config.data_dir, job.spool)
    return to_import(import_id) if was_started else see_other(url_for("imports.show_imports"))


async def begin_undo(import_id: int) -> ImportJob:
    """Let the background undo an import. Raises NotFoundError, ConflictError."""
    await jobs.end_stopped_commands(resources().db)
    async with writing() as session:
        job = await request_undo(session, import_id, scope=own_scope())
    resources().maintenance.wake()
    return job


@blueprint.post(IMPORTS + "/<id:import_id>/undo")
async def undo(import_id: int, form: Form) -> ResponseReturnValue:
    check_confirmed(form)
    await begin_undo(import_id)
    return to_import(import_id)


def to_import(import_id: int) -> Response:
    return see_other(url_for("imports.show_import", import_id=import_id))
