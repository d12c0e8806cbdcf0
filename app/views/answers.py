"""Freshness, headers, problem details and error pages of answers; hashed URLs of static files."""

import asyncio
import contextlib
import errno
import functools
import hashlib
import logging
import re
import unicodedata
from collections.abc import AsyncGenerator, Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import quote

import msgspec
from msgspec import structs
from quart import (
    Quart,
    Request,
    Response,
    current_app,
    g,
    make_response,
    redirect,
    request,
    send_from_directory,
)
from quart.typing import ResponseReturnValue
from quart.wrappers.response import DataBody
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge
from werkzeug.http import dump_options_header
from werkzeug.urls import iri_to_uri

from app import errors
from app.asgi.cached import headers_of as headers_in
from app.asgi.edge import is_loopback_host
from app.asgi.streams import EndlessBody, hand_over
from app.config import Config
from app.current import current_g, current_request
from app.db.result_cache import cacheable, depends_on_visitor
from app.language.i18n import gettext, gettext_noop, translate_message
from app.language.of_request import chosen_locale, store_language
from app.lifespan import resources
from app.paths import API, FOR_PROGRAMS, is_endless
from app.runtime.logs import request_id
from app.services.access.rights import VISITOR, Right, ended_rights
from app.views import policies
from app.views.blueprints import EVENTS
from app.views.cast import as_messages
from app.views.page import WebPage, cast_if_open, render
from app.views.requests import event_of, too_large
from app.withdrawn import withdrawn
from saywho.clock import monotonic
from saywho.formats.tables.csv import written_table

LOOK_EVERY_S: Final = 3.0
"""Seconds between checks of a stream's right."""
YEAR_S: Final = 365 * 24 * 3600
NO_STORE: Final = {"Cache-Control": "no-store"}
"""Header that keeps an answer with a secret, or with somebody's draft, out of caches."""

logger = logging.getLogger(__name__)


MOST_WAITING_S: Final = 2.0


def add_hooks(app: Quart, config: Config) -> None:
    """Add what happens before and after every view.

    One hook each, which looks the request up once: Quart's calls of several make a tenth of a
    health check's calls of functions.
    """

    @app.before_request
    async def enter() -> ResponseReturnValue | None:
        asked, facts = current_request(), current_g()
        facts.locale = chosen_locale(asked, config)
        # A visitor without access is refused whatever the address names.
        if (instead := await policies.check(asked, facts) or store_language(asked)) is not None:
            return instead
        await _wait_for_write(asked, facts)
        return None

    @app.after_request
    async def leave(response: Response) -> Response:
        asked, facts = current_request(), current_g()
        response = await _refuse_late(asked, response)
        await _add_headers(asked, facts, response)
        return response


async def _wait_for_write(asked: Request, facts: Any) -> None:
    """Wait until this process sees the event of `Saywho-After`.

    Open URLs do not wait: a private site must not reveal the number of events, nor any site to
    readers of one chat. Raises UnavailableError after 2 s, and MalformedError for an impossible
    number.
    """
    is_unbound = facts.policy in ("open", "player") or facts.chat is not None
    event_id = None if is_unbound else event_of(asked, "Saywho-After")
    if event_id is None:
        return
    deadline = monotonic() + MOST_WAITING_S
    feed = resources().feed
    while not await feed.has_seen(event_id):
        # Other processes may have written events that this one has not seen yet.
        if event_id > feed.newest + 1_000_000:
            raise errors.MalformedError("This event does not exist yet", loc="Saywho-After")
        if monotonic() > deadline:
            raise errors.UnavailableError(
                "Event {event} has not reached this server yet", event=event_id
            )
        await asyncio.sleep(0.02)


async def _add_headers(asked: Request, facts: Any, response: Response) -> None:
    if asked.method == "OPTIONS" and response.status_code == 200:
        # Quart's answer is an empty page.
        response.headers.pop("Content-Type", None)
        response.status_code = HTTPStatus.NO_CONTENT
    if response.mimetype == "text/html":
        response.headers.setdefault(
            "Content-Security-Policy",
            "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
            "form-action 'self'; frame-ancestors 'none'",
        )
        response.vary.update(["Accept-Language", "Cookie"])
    is_readable = asked.method in {"GET", "HEAD"} and response.status_code == 200
    if asked.endpoint == "static":
        cacheable()
    elif is_readable and "cache-control" not in [name.lower() for name, _ in response.headers]:
        # The test of Werkzeug (3.1) makes two exceptions of a missing header.
        response.headers["Cache-Control"] = "no-cache"
        await _add_etag(response)
    if await _is_of_account_alone(facts):
        # Parts of a page are fetched only with it, and may be kept while the cookie is the same.
        response.vary.add("Cookie")
        sent = headers_in(cast(Any, asked.scope))  # The key holds what is read of it.
        if response.mimetype == "text/html" or sent.get(b"sec-fetch-dest") == b"document":
            _forbid_showing_again(asked, response)


def _forbid_showing_again(asked: Request, response: Response) -> None:
    """Keep a page that only an account may see from who goes back to it after the sign-out.

    Going back, browsers ignore `no-cache`. At a sign-out they forget it (`Clear-Site-Data`), but
    only by https and of this computer's own addresses.
    """
    may_forget = asked.scheme == "https" or is_loopback_host(asked.host)
    is_current = response.headers.get("Cache-Control") == "no-cache" and "ETag" in response.headers
    if may_forget and is_current:
        response.headers["Cache-Control"] = "private, no-cache"
    else:
        response.headers["Cache-Control"] = "no-store"
        response.headers.pop("ETag", None)


async def _add_etag(response: Response) -> None:
    body = response.response
    if isinstance(body, DataBody):
        # In half the time of Quart's own, which is MD5.
        response.set_etag(hashlib.sha1(body.data, usedforsecurity=False).hexdigest())
    else:
        await response.add_etag()


async def _is_of_account_alone(facts: Any) -> bool:
    account = facts.visitor.account
    if account is None or (policy := facts.get("policy")) == "open":
        return False
    if policy == "read" and facts.chat is None and await resources().openness.is_surely_public():
        return False
    depends_on_visitor()
    return True


async def _refuse_late(asked: Request, response: Response) -> Response:
    """Refuse a visitor's answer that was made while the site became private."""
    try:
        # The body of an endless answer goes out by itself, and ends by itself.
        if is_endless(asked.path) or await policies.is_still_readable():
            return response
        return policies.send_to_login()
    except errors.AppError as error:  # The API's refusal, or nobody can tell: the database is away.
        return cast(
            Response,
            await make_response(await _answer(errors.problem(error), errors.headers_of(error))),
        )


def streamed(pieces: AsyncGenerator[bytes, None], headers: dict[str, str]) -> Response:
    """Return an answer that is sent as it is made; HEAD has no body."""
    is_head = request.method == "HEAD"
    response = Response(b"" if is_head else pieces, headers=headers)
    if is_head:
        del response.content_length  # It is not known.
    response.timeout = None
    return response


def endless(events: EndlessBody | None) -> Response:
    """Return a live stream's answer; HEAD has no events."""
    if events is not None:
        hand_over(request.scope, events)
    headers = {
        "Content-Type": f"{EVENTS}; charset=utf-8",
        "Cache-Control": "no-cache",
        "X-Accel-Buffering": "no",
    }
    response = Response(b"", headers=headers)
    del response.content_length  # It is not known.
    return response


def while_readable(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Yield pieces while their client may read them; then break off."""
    db, openness, right = resources().db, resources().openness, policies.right_to_read()

    async def has_ended(right: Right) -> bool:
        if right == VISITOR:
            return not await openness.is_surely_public()
        async with db.read() as session:
            return bool(await ended_rights(session, {right}))

    async def watched(right: Right) -> AsyncGenerator[bytes, None]:
        looked = monotonic()
        async with contextlib.aclosing(pieces):
            async for piece in pieces:
                # To know whether the site is public takes no trip to the database.
                if right == VISITOR or monotonic() - looked >= LOOK_EVERY_S:
                    looked = monotonic()
                    if await has_ended(right):
                        # No client shall take a part for the whole.
                        raise asyncio.CancelledError
                yield piece

    return pieces if right is None else watched(right)


class PartlyStoredError(Exception):
    def __init__(self, failure: Exception, accepted: int) -> None:
        super().__init__(failure, accepted)
        self.failure, self.accepted = failure, accepted


def handle_errors(app: Quart) -> None:
    """Answer failures: problem details for programs, a page for browsers."""

    @app.errorhandler(errors.AppError)
    @app.errorhandler(HTTPException)
    @app.errorhandler(Exception)
    async def answer_failure(error: Exception) -> ResponseReturnValue:
        if request.endpoint == "static" and getattr(error, "errno", 0) == errno.ENAMETOOLONG:
            error = NotFound()
        elif errors.is_out_of_files(error):
            logger.warning("there are no open files left: raise their limit (ulimit -n)")
            error = errors.overloaded()
        return await _answer(*_told(error))

    @app.errorhandler(PartlyStoredError)
    async def answer_part(error: PartlyStoredError) -> ResponseReturnValue:
        details, headers, message = _told(error.failure)
        return await _answer(errors.with_accepted(details, error.accepted), headers, message)


def _told(error: Exception) -> tuple[errors.Problem, dict[str, str], errors.Message | None]:
    if isinstance(error, NotFound | MethodNotAllowed) and (instead := withdrawn(request.path)):
        error = errors.GoneError(instead)
    if isinstance(error, RequestEntityTooLarge):
        error = too_large(resources().config.max_body_mb)
    if isinstance(error, errors.AppError):
        # One without a cause is what the client brought about: it could fill the log.
        if (
            errors.status_of(error) >= HTTPStatus.INTERNAL_SERVER_ERROR
            and error.__cause__ is not None
        ):
            logger.warning("%s", error.detail, exc_info=error)
        return errors.problem(error), errors.headers_of(error), error.detail
    if isinstance(error, HTTPException):
        # What a view of another package says with `abort`.
        said = vars(error).get("description")
        return *_told_by_werkzeug(error), errors.Message(said) if said else None
    propagates = current_app.config["PROPAGATE_EXCEPTIONS"]
    view = current_app.view_functions.get(request.endpoint or "")
    if (current_app.testing if propagates is None else propagates) and not hasattr(
        view, policies.IS_OURS
    ):
        raise error
    logger.error("unexpected failure in %s %s", request.method, request.path, exc_info=error)
    if current_app.debug and propagates is None:
        raise error
    return errors.unexpected(request_id.get()), {}, None


def _told_by_werkzeug(error: HTTPException) -> tuple[errors.Problem, dict[str, str]]:
    status = HTTPStatus(error.code or 500)
    # By its traceback it refers to the request, which would stay in memory until the collector
    # runs; that counts objects, and an address may have 60 KB.
    request.routing_exception = None
    headers = dict(error.get_headers())
    del headers["Content-Type"]  # Of Werkzeug's own page.
    if methods := getattr(error, "valid_methods", None):
        headers["Allow"] = ", ".join(sorted(methods))
    detail = error.description or status.description
    if detail == NotFound.description:  # It speaks to who types an address into a browser.
        listed = f"{request.root_path}{API}/openapi.json"
        sentence = f"There is nothing at this address; {listed} lists those of the API"
        return errors.problem(errors.NotFoundError(sentence)), headers
    return errors.Problem(errors.UNTYPED, status.phrase, status.value, detail), headers


_ON_PAGES: Final = {
    "User '{username}' doesn't exist": gettext_noop("There is no author called “{username}” here"),
    "The import {job_id} has already ended": gettext_noop(
        "This import had already ended, so nothing was cancelled. Its page shows what it stored"
    ),
    "There is no chat {room_id}": gettext_noop("This chat does not exist, or it was deleted"),
}
"""Sentences for visitors in place of programs' sentences, by template."""


class ErrorPage(WebPage, frozen=True, kw_only=True):
    template = "error.html"

    status: int
    message: errors.Message | None
    request_id: str | None

    @property
    def sentence(self) -> str | None:
        if self.message is None:
            return None
        told = _ON_PAGES.get(self.message.template)
        return (
            gettext(told).format(**self.message.values) if told else translate_message(self.message)
        )


async def _answer(
    details: errors.Problem, headers: dict[str, str], message: errors.Message | None = None
) -> ResponseReturnValue:
    if not request.path.startswith(FOR_PROGRAMS):
        headers = headers | {"Vary": "Accept"}
    if request.path.startswith(FOR_PROGRAMS) or "locale" not in g or policies.is_of_program():
        if message is not None:
            details = await _worded(details, message)
        body = msgspec.json.encode(details)
        return Response(body, details.status, headers, content_type=policies.PROBLEM)
    page = ErrorPage(status=details.status, message=message, request_id=details.request_id)
    return await render(page, await cast_if_open(page)), details.status, headers


async def _worded(details: errors.Problem, message: errors.Message) -> errors.Problem:
    """Return the details in words for messages, if the sentence is about people of chats."""
    said = message if g.get("is_closed", True) else await as_messages(policies.here().db, message)
    if said == message:
        return details
    detail = details.detail.replace(message.rstrip("."), said.rstrip("."))
    faults = [
        errors.FieldError(one.loc, one.detail.replace(message, said)) for one in details.errors
    ]
    return structs.replace(details, detail=detail, errors=tuple(faults))


def see_other(address: str) -> Response:
    return cast(Response, redirect(address, 303))


def moved(address: str) -> Response:
    """Lead to where a page now is, for good."""
    return cast(Response, redirect(address, 308))


def local_address(address: str) -> str:
    """Return the URL if on this site, else the front page (no open redirects)."""
    is_local = address.startswith("/") and not address.startswith("//")
    # Browsers read a backslash as a slash, and drop tabs and line ends wherever they stand.
    is_plain = address.isprintable() and "\\" not in address
    return iri_to_uri(address) if is_local and is_plain else "/"


def attachment(file: str) -> dict[str, str]:
    """Return the header that saves an answer as a file (RFC 6266): its name in letters of ASCII for
    old clients, and whole if it has others.
    """
    plain = unicodedata.normalize("NFKD", file).encode("ascii", "ignore").decode()
    names = {"filename": " ".join(re.sub(r'["\\]', "_", plain).split())}
    if names["filename"] != file:
        names["filename*"] = f"UTF-8''{quote(file, safe='')}"
    return {"Content-Disposition": dump_options_header("attachment", names)}


async def csv_answer(rows: Iterable[Iterable[object]], name: str) -> Response:
    """Return a table as the CSV file `saywho-NAME.csv`."""
    return Response(
        await resources().work_pool.run(written_table, rows),
        content_type="text/csv; charset=utf-8; header=present",
        headers=attachment(f"saywho-{name}.csv"),
    )


def keep_static_files(app: Quart, of_parts: Iterable[Path] = ()) -> None:
    """Add hashes to the addresses of static files, and tell browsers how long to keep them;
    addresses without or with an old hash work too. Files of parts have the same addresses.
    """
    own = Path(app.static_folder or "")
    files = {file.name: file for folder in (*of_parts, own) for file in folder.glob("*")}
    for file in files.values():
        content_hash(file)  # No request has to read it.

    def file_of(name: str) -> Path:
        return files.get(name, own / name)

    async def send(filename: str) -> Response:
        response = await send_from_directory(file_of(filename).parent, filename)
        if response.status_code == 200:
            digest = content_hash(file_of(filename))
            is_named = digest is not None and request.args.get("v") == digest
            kept = f"public, max-age={YEAR_S}, immutable"
            response.headers["Cache-Control"] = kept if is_named else "no-cache"
        return response

    app.view_functions["static"] = send

    @app.url_defaults
    def add_hash(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values.setdefault("v", content_hash(file_of(values["filename"])))


def content_hash(file: Path) -> str | None:
    """Return the beginning of the SHA-256 of a file's content; None without the file."""
    try:
        found = file.stat()
        return _digest(file, found.st_mtime_ns, found.st_size)
    except OSError:
        return None


@functools.lru_cache(maxsize=200)
def _digest(file: Path, _mtime_ns: int, _size_bytes: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]
