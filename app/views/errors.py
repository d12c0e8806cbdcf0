"""Answers to failures: problem details for programs, a page for browsers."""

import errno
import logging
from http import HTTPStatus

import msgspec
from quart import Quart, Response, g, render_template, request
from quart.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, NotFound

from app.errors import UNTYPED, AppError, Problem, problem
from app.i18n import translate_error
from app.logs import request_id
from app.paths import FOR_PROGRAMS

logger = logging.getLogger(__name__)


def init_app(app: Quart) -> None:
    @app.errorhandler(AppError)
    async def app_error(error: AppError) -> ResponseReturnValue:
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            logger.warning("%s", error.detail, exc_info=error)
        sentence = translate_error(error) if "locale" in g else None
        return await _answer(problem(error), error.headers, sentence)

    @app.errorhandler(HTTPException)
    async def http_error(error: HTTPException) -> ResponseReturnValue:
        status = HTTPStatus(error.code or 500)
        # By its traceback it refers to the request, which would stay in memory until the collector
        # runs; that counts objects, and an address may have 60 KB.
        request.routing_exception = None
        headers = {}
        if methods := getattr(error, "valid_methods", None):
            headers["Allow"] = ", ".join(sorted(methods))
        detail = error.description or status.description
        return await _answer(Problem(UNTYPED, status.phrase, status.value, detail), headers)

    @app.errorhandler(OSError)
    async def os_error(error: OSError) -> ResponseReturnValue:
        if request.endpoint == "static" and error.errno == errno.ENAMETOOLONG:
            return await http_error(NotFound())
        return await unexpected(error)

    @app.errorhandler(Exception)
    async def unexpected(error: Exception) -> ResponseReturnValue:
        logger.error("unexpected failure in %s %s", request.method, request.path, exc_info=error)
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        details = Problem(
            UNTYPED, status.phrase, status.value, "Something went wrong on the server"
        )
        details.request_id = request_id.get()
        return await _answer(details, {})


async def _answer(
    details: Problem, headers: dict[str, str], sentence: str | None = None
) -> ResponseReturnValue:
    if request.path.startswith(FOR_PROGRAMS) or "locale" not in g:
        body = msgspec.json.encode(details)
        return Response(body, details.status, headers, content_type="application/problem+json")
    page = await render_template(
        "error.html", status=details.status, sentence=sentence, request_id=details.request_id
    )
    return page, details.status, headers
