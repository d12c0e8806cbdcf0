"""Dash's addresses: its layout, its scripts, and the calls for figures."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated, cast

from msgspec import Meta, Struct, field
from quart import Response, request

from app.asgi.cached import GZIP_LEVEL
from app.errors import InvalidInputError, MalformedError
from app.lifespan import Resources, resources
from app.parts.dashboard.answers import SECTIONS, FigureRequest
from app.parts.dashboard.panels import DASHBOARD
from app.views.blueprints import PageBlueprint
from app.views.requests import decode_json, require_type

if TYPE_CHECKING:
    from app.parts.dashboard.dash_app import DashViews

blueprint = PageBlueprint("dash", policy="read", url_prefix=DASHBOARD)


class LazyDash:
    """Dash, which a thread imports and makes when a request first needs it."""

    def __init__(self) -> None:
        self._made: DashViews | None = None
        self._turn = asyncio.Lock()

    async def made(self) -> "DashViews":
        async with self._turn:
            if self._made is None:
                self._made = await resources().work_pool.run(_make)
        return self._made


def _make() -> "DashViews":
    from app.parts.dashboard.dash_app import make

    return make()


@asynccontextmanager
async def open_dash(_: Resources) -> AsyncIterator[LazyDash]:
    yield LazyDash()


async def made_dash() -> "DashViews":
    return await cast(LazyDash, resources().of_parts["dashboard"]).made()


class Property(Struct):
    id: str
    property: str


class FigureInput(Property):
    value: FigureRequest


class FigureCall(Struct):
    output: str
    outputs: Property
    inputs: Annotated[list[FigureInput], Meta(min_length=1, max_length=1)]
    """One input: Dash would compare each of several with all properties."""
    changed: list[str] = field(name="changedPropIds", default_factory=list)
    state: Annotated[list[object], Meta(max_length=0)] = []


async def check_call() -> None:
    """Raise MalformedError for a callback that no browser sends, since Dash validates nothing."""
    require_type("application/json")
    try:
        call = decode_json(await request.data, FigureCall)
        # Dash parses it this way, including fields that `FigureCall` skips.
        await request.get_json()
    except (InvalidInputError, UnicodeDecodeError, RecursionError):
        raise MalformedError("There is no such callback") from None
    name = call.outputs.id.removesuffix("-drawing")
    sent = (call.output, call.outputs.property, call.inputs[0].id, call.inputs[0].property)
    if name not in SECTIONS or sent != (f"{name}-drawing.data", "data", f"{name}-ask", "data"):
        raise MalformedError("There is no such callback")


@blueprint.post("/_dash-update-component")
async def call() -> Response:
    await check_call()
    response = await (await made_dash()).call()
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept-Encoding")
    if request.accept_encodings.quality("gzip"):
        data = await response.get_data(as_text=False)
        pack = partial(gzip.compress, data, GZIP_LEVEL, mtime=0)
        response.set_data(await resources().work_pool.run(pack))
        response.headers["Content-Encoding"] = "gzip"
    return response


@blueprint.get("/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>", keep=True)
async def component(package_name: str, fingerprinted_path: str) -> Response:
    return await (await made_dash()).component(package_name, fingerprinted_path)


@blueprint.get("/_dash-layout", keep=True)
async def layout() -> Response:
    return (await made_dash()).layout()


@blueprint.get("/_dash-dependencies", keep=True)
async def dependencies() -> Response:
    return (await made_dash()).dependencies()
