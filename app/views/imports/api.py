"""Imports in the API."""

import asyncio
from collections.abc import Callable
from mimetypes import guess_extension
from typing import Annotated, Any, Final, TypeVar

from msgspec import Meta, Struct
from quart import request, url_for

from app.errors import MalformedError, Message, message_of
from app.lifespan import resources
from app.paths import IMPORTS
from app.services.imports.jobs import cancel_job, check_options, get_job, list_jobs, remove_upload
from app.services.imports.options import SAME_FILE, ImportOptions, Times, replaced_of, rooms_of
from app.services.imports.undo import find_replaced
from app.views.blueprints import FILE, MULTIPART, ApiBlueprint, Reply
from app.views.bodies import spooled_body
from app.views.imports.facts import ImportFacts, facts
from app.views.imports.pages import begin_undo
from app.views.policies import own_name, own_scope, writing
from app.views.requests import ID_CURSOR, Page, PageArgs
from saywho.formats.assumptions import DATE_ORDERS, Order, columns_of, order_of, parse_encoding
from saywho.formats.chats.people import zone_of
from saywho.formats.registry import FORMATS
from saywho.formats.tables.csv import NAMES_OF_TABLES
from saywho.text import clean_username

Read = TypeVar("Read")
blueprint = ApiBlueprint("api_imports", tag="imports")


class ImportForm(Struct):
    """A file as a browser sends it."""

    file: Annotated[str, Meta(extra_json_schema={"contentMediaType": FILE})]


FORMAT_NAMES: Final = ("auto", *FORMATS)


class NewImportArgs(Struct):
    format: Annotated[str, Meta(extra_json_schema={"enum": list(FORMAT_NAMES)})] = "auto"
    username: Annotated[str, Meta(max_length=320)] | None = None
    dates: Annotated[
        str | None,
        Meta(
            description="Order of day, month and year, if the file does not make it clear.",
            extra_json_schema={"enum": [*DATE_ORDERS]},
        ),
    ] = None
    encoding: Annotated[
        str | None, Meta(description="Encoding of the texts; by default it is detected.")
    ] = None
    timezone: Annotated[str | None, Meta(description="Time zone of a chat.")] = None
    column: Annotated[
        list[str], Meta(description="Column to use for a role, as `ROLE=NAME`; repeatable.")
    ] = []
    public_values: Annotated[
        list[str],
        Meta(
            description="Value of the column for the `audience` whose posts everybody may read;"
            " repeatable. Of several such columns, as `COLUMN=VALUE`."
        ),
    ] = []
    room: Annotated[
        list[str],
        Meta(
            description="Chat here, by its id, that the file's chat goes on, or `new` for another"
            " chat; repeatable for several chats."
        ),
    ] = []
    accept_unread: Annotated[
        bool, Meta(description="Store the posts even if most times or authors cannot be read.")
    ] = False
    accept_doubts: Annotated[
        bool, Meta(description="Store the posts even if there are grave doubts how they were read.")
    ] = False
    publish: Annotated[
        bool,
        Meta(
            description="Store chats although anyone can read this site: everyone in them agrees."
        ),
    ] = False
    replace: Annotated[
        str | None,
        Meta(
            description="Number of an import to undo in the same transaction, or `file` for the"
            " import of the same bytes; needs a token of scope `admin`."
        ),
    ] = None
    times: Annotated[
        Times | None,
        Meta(
            description="Which times are right if a chat is here in another time zone. `here`"
            " changes nothing; `file` corrects the chat here, and needs a token of scope `admin`."
        ),
    ] = None


@blueprint.get(IMPORTS, policy="token", cursor=ID_CURSOR, answers="A page of imports")
async def list_imports(args: PageArgs, after: int | None) -> Page[ImportFacts]:
    """List imports, newest first."""
    async with resources().db.read() as session:
        jobs, next_key = await list_jobs(session, before=after, limit=args.limit)
    return Page([facts(job) for job in jobs], next_key)


@blueprint.post(
    IMPORTS,
    policy="write",
    answers={202: "The import, queued"},
    body={MULTIPART: ImportForm, FILE: None},
)
async def create_import(args: NewImportArgs) -> Reply[ImportFacts]:
    """Import a file.

    Read the file from the body or from `file` of a multipart form, and queue its import.
    """
    options = _options(args)
    check_options(options, own_scope())
    if options.replace not in {None, SAME_FILE}:
        async with resources().db.read() as session:
            await find_replaced(session, options.replace, ())
    is_form = request.mimetype == "multipart/form-data"
    async with spooled_body(is_form=is_form) as spool:
        ending = ".csv" if args.format == "csv" else guess_extension(request.mimetype)
        if not is_form and ending in NAMES_OF_TABLES:
            spool.file_name = f"upload{ending}"  # So strange columns are asked about.
        job = await spool.keep(is_started=True, format_name=args.format, options=options)
    resources().import_queued.set()
    location = url_for("api_imports.show_import", import_id=job.id)
    return facts(job), 202, {"Location": location}


def _options(args: NewImportArgs) -> ImportOptions:
    """Return what the parameters say. Raises MalformedError, which names all wrong ones."""
    faults = list[MalformedError]()

    def read(parse: Callable[[Any], Read], given: Any, loc: str) -> Read | None:
        try:
            return parse(given) if given else None
        except ValueError as error:
            faults.append(MalformedError(message_of(error), loc=loc))
            return None

    read(_known_format, args.format, "format")
    read(clean_username, args.username, "username")
    read(zone_of, args.timezone, "timezone")
    options = ImportOptions(
        args.username or None,
        dates=read(_known_order, args.dates, "dates"),
        encoding=read(parse_encoding, args.encoding, "encoding"),
        timezone=args.timezone or None,
        columns=read(columns_of, args.column, "column") or {},
        public_values=(*args.public_values,),
        rooms=read(rooms_of, args.room, "room") or (),
        accept_unread=args.accept_unread,
        accept_doubts=args.accept_doubts,
        is_published=args.publish,
        replace=read(replaced_of, args.replace, "replace"),
        times=args.times,
    )
    if faults:
        errors = [place for fault in faults for place in fault.errors]
        raise MalformedError(faults[0].detail, errors=errors)
    return options


def _known_format(name: str) -> str:
    if name not in FORMAT_NAMES:
        raise ValueError(Message("Unknown format {name}", name=name))
    return name


def _known_order(name: str) -> Order:
    if (order := order_of(name)) is None:
        raise ValueError(Message("`dates` must be day-first, month-first or year-first"))
    return order


@blueprint.get(IMPORTS + "/<id:import_id>", policy="token", answers="The import")
async def show_import(import_id: int) -> ImportFacts:
    """Show an import."""
    async with resources().db.read() as session:
        return facts(await get_job(session, import_id, is_started=True))


@blueprint.post(
    IMPORTS + "/<id:import_id>/undo", policy="admin", answers={202: "The import, to be undone"}
)
async def undo_import(import_id: int) -> Reply[ImportFacts]:
    """Undo an import.

    Posts that this import brought first are removed in the background, unless another import, a
    source or a request sent them, too.
    """
    job = await begin_undo(import_id)
    return facts(job), 202, {}


@blueprint.delete(IMPORTS + "/<id:import_id>", policy="write", answers="Cancelled")
async def cancel_import(import_id: int) -> None:
    """Cancel an import; stored posts are kept.

    An import that this token did not begin needs a token of scope `admin`.
    """
    async with writing() as session:
        await get_job(session, import_id, is_started=True)
        job = await cancel_job(session, import_id, scope=own_scope(), asked_by=own_name())
    await asyncio.to_thread(remove_upload, resources().config.data_dir, job.spool)
