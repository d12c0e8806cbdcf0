"""The API's document, as JSON and as a page."""

from quart import Blueprint, Response, current_app, g, render_template, request

from app.i18n import LOCALES, SWITCH, gettext
from app.lifespan import resources
from app.memo import cacheable
from app.views.access import access, own_origin
from app.views.answers import json_answer
from app.views.api.openapi import document
from app.views.api.reference import Reader, marked_up

blueprint = Blueprint("api_docs", __name__)


@blueprint.get("/openapi.json")
@access("open")
async def show_document() -> Response:
    cacheable()
    return json_answer(document(current_app))


@blueprint.get("/docs")
@access("open")
async def show_docs() -> str:
    """Show the document as a page; `locale` chooses its language, as the links at its top do."""
    cacheable()
    chosen = request.args.get(SWITCH)
    if chosen in LOCALES:
        g.locale = chosen
    described = document(current_app)
    reader = Reader(described)
    operations = list(reader.operations(own_origin(resources().config)))
    return await render_template(
        "api_docs.html",
        about=marked_up(gettext(described["info"]["description"])),
        sections=[
            (tag, [shown for shown in operations if shown.tag == tag["name"]])
            for tag in described["tags"]
        ],
        errors=reader.errors(),
    )
