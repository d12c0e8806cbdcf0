"""Imports in the API."""

import asyncio
from typing import Annotated, Final

from msgspec import Meta, Struct
from quart import Blueprint, Response, g, request, url_for

from app.compute.text import clean_username
from app.errors import GoneError, MalformedError
from app.formats import FORMATS
from app.lifespan import resources
from app.models import ImportJob
from app.services.events import newest_event
from app.services.idempotency import Replay, claim, complete
from app.services.imports.job_facts import facts
from app.services.imports.jobs import (
    add_job,
    cancel_job,
    find_job,
    get_started_job,
    list_jobs,
)
from app.services.imports.uploads import remove_upload
from app.views.access import access, writing
from app.views.answers import Page, json_answer, no_content
from app.views.bodies import Spool, spooled_body, spooled_upload
from app.views.cursors import ImportCursor, decode_cursor, encode_cursor
from app.views.idempotent import request_key
from app.views.parsing import NoArgs, malformed, parse_args

blueprint = Blueprint("api_imports", __name__)


class ListImportsArgs(Struct):
    limit: Annotated[int, Meta(ge=1, le=200)] = 20
    cursor: str | None = None


FORMAT_NAMES: Final = ("auto", *(known.name for known in FORMATS))


class NewImportArgs(Struct):
    format: Annotated[str, Meta(extra_json_schema={"enum": list(FORMAT_NAMES)})] = "auto"
    username: Annotated[str, Meta(max_length=320)] | None = None


@blueprint.get("/imports")
@access("token")
async def list_imports() -> Response:
    args = parse_args(ListImportsArgs)
    before = decode_cursor(args.cursor, ImportCursor).before if args.cursor is not None else None
    async with resources().db.read() as session:
        jobs, following = await list_jobs(session, before=before, limit=args.limit)
    items = [facts(job) for job in jobs]
    return json_answer(Page(items, encode_cursor(ImportCursor(following)) if following else None))


@blueprint.post("/imports")
@access("write")
async def create_import() -> Response:
    """Take the file as the body or as `file` of a multipart form, and queue its import."""
    args = parse_args(NewImportArgs)
    if args.format not in FORMAT_NAMES:
        raise MalformedError("There is no format {name}", loc="format", name=args.format)
    if args.username:
        try:
            clean_username(args.username)
        except ValueError as error:
            malformed("username", str(error))
    if request.mimetype == "multipart/form-data":
        async with spooled_upload() as (spool, _fields):
            return await _queue(spool, args)
    async with spooled_body() as spool:
        return await _queue(spool, args)


async def _queue(spool: Spool, args: NewImportArgs) -> Response:
    key = request_key(spool.digest.digest())
    await spool.sync()
    async with writing() as session:
        replay = await claim(session, key) if key else None
        if replay is None:
            job = await add_job(
                session,
                spool=spool.name,
                file_name=spool.file_name or "upload",
                bytes_total=spool.size,
                format_name=args.format,
                username=args.username or None,
                is_started=True,
            )
            replay = Replay(202, job.id, None, await newest_event(session))
            spool.is_kept = True
            if key:
                await complete(session, key, replay)
        queued = await find_job(session, replay.resource_id or 0)
    if queued is None:
        raise GoneError("The import that this request made has been deleted since")
    resources().import_queued.set()
    g.event_id = replay.event_id
    return _answer(queued, replay.status)


def _answer(job: ImportJob, status: int) -> Response:
    location = url_for("api_imports.show_import", import_id=job.id)
    return json_answer(facts(job), status, {"Location": location})


@blueprint.get("/imports/<id:import_id>")
@access("token")
async def show_import(import_id: int) -> Response:
    parse_args(NoArgs)
    async with resources().db.read() as session:
        return json_answer(facts(await get_started_job(session, import_id)))


@blueprint.delete("/imports/<id:import_id>")
@access("write")
async def cancel_import(import_id: int) -> Response:
    """Cancel an import; what it stored stays."""
    parse_args(NoArgs)
    async with writing() as session:
        await get_started_job(session, import_id)
        job = await cancel_job(session, import_id)
        g.event_id = await newest_event(session)
    await asyncio.to_thread(remove_upload, resources().config.data_dir, job.spool)
    return no_content()
