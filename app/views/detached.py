"""The program's templates without its server: for files that a browser opens from a disk."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

from jinja2 import Environment
from quart import Quart

from app.config import Config
from app.language import of_request
from app.views.page import Parts, add_parts, init_app
from app.views.quart_app import VisitorGlobals

NOWHERE: Final = "\x01"
"""Address of what a file does not have; texts have no such character."""


@asynccontextmanager
async def opened_environment(config: Config, parts: Parts) -> AsyncIterator[Environment]:
    """Open the templates of the core and of these parts, and an app without pages."""
    app = Quart("app")
    app.app_ctx_globals_class = VisitorGlobals
    of_request.init_app(app)
    init_app(app, config)
    add_parts(app, {name: replace(part, pages=(), api=()) for name, part in parts.items()})
    app.url_build_error_handlers.append(lambda *_: NOWHERE)
    async with app.test_request_context("/"):
        yield app.jinja_env
