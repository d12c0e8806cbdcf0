"""The comparison in the API."""

from typing import Literal

from msgspec import Struct
from quart import Blueprint, Response

from app.lifespan import resources
from app.services.compare import SHOWN_OF_ALL, gather_material, judge
from app.views.access import access
from app.views.answers import json_answer
from app.views.parsing import NoArgs, parse_args, parse_json

blueprint = Blueprint("api_compare", __name__)


class CompareArgs(Struct):
    text: str = ""
    username: list[str] = []
    explain: Literal["0", "1"] = "1"


class CompareForm(Struct, forbid_unknown_fields=True):
    text: str
    usernames: list[str] = []
    explain: bool = True


@blueprint.get("/compare")
@access("read")
async def compare_get() -> Response:
    args = parse_args(CompareArgs)
    return await _compare(args.text, args.username, args.explain == "1")


@blueprint.post("/compare")
@access("read")
async def compare_post() -> Response:
    parse_args(NoArgs)
    form = await parse_json(CompareForm)
    return await _compare(form.text, form.usernames, form.explain)


async def _compare(text: str, usernames: list[str], explain: bool) -> Response:
    async with resources().db.read() as session:
        material = await gather_material(
            session, resources().models, text=text, usernames=usernames
        )
    shown = None if usernames else SHOWN_OF_ALL
    return json_answer(await judge(material, explain=explain, shown=shown))
