"""The comparison in the API."""

from collections.abc import AsyncIterator
from typing import Final, Literal

import msgspec
from msgspec import Struct
from quart import Blueprint, Response

from app.lifespan import resources
from app.services.compare.batch_compare import json_texts, open_panel
from app.services.compare.card_making import RETRY_AFTER_S
from app.services.compare.judging import compare
from app.views.access import access, while_readable
from app.views.answers import json_answer
from app.views.parsing import NoArgs, parse_args, parse_json, request_bytes, require_type

blueprint = Blueprint("api_compare", __name__)

NDJSON: Final = "application/x-ndjson"


class CompareArgs(Struct):
    text: str = ""
    username: list[str] = []
    explain: Literal["0", "1"] = "1"
    passages: Literal["0", "1"] = "0"
    reasons: Literal["0", "1"] = "0"


class CardArgs(Struct):
    username: list[str] = []


class CardState(Struct, frozen=True):
    """What becomes of a card that is not there yet."""

    state: Literal["being made"]


class BatchArgs(Struct):
    username: list[str] = []


class CompareForm(Struct, forbid_unknown_fields=True):
    text: str
    usernames: list[str] = []
    explain: bool = True
    passages: bool = False
    reasons: bool = False


@blueprint.get("/compare")
@access("read")
async def compare_get() -> Response:
    args = parse_args(CompareArgs)
    form = CompareForm(
        text=args.text,
        usernames=args.username,
        explain=args.explain == "1",
        passages=args.passages == "1",
        reasons=args.reasons == "1",
    )
    return await _compare(form)


@blueprint.post("/compare")
@access("read")
async def compare_post() -> Response:
    parse_args(NoArgs)
    return await _compare(await parse_json(CompareForm))


@blueprint.get("/compare/card")
@access("read")
async def compare_card() -> Response:
    """Show how well the authors can be told apart; 202 while that is being measured."""
    args = parse_args(CardArgs)
    card = await resources().cards.find_or_ask(args.username)
    if card is None:
        later = {"Retry-After": str(RETRY_AFTER_S)}
        return json_answer(CardState("being made"), 202, later)
    return json_answer(card)


@blueprint.post("/compare/batch")
@access("read")
async def compare_batch() -> Response:
    """Judge each line of the body, and send the answers as they are found."""
    args = parse_args(BatchArgs)
    require_type(NDJSON)
    lines = (await request_bytes()).splitlines()
    panel = await open_panel(resources().db, resources().models, args.username)

    async def answers() -> AsyncIterator[bytes]:
        async for some in panel.judge(json_texts(lines)):
            yield msgspec.json.Encoder().encode_lines(some)

    response = Response(while_readable(answers()), content_type=NDJSON)
    response.timeout = None
    return response


async def _compare(form: CompareForm) -> Response:
    comparison = await compare(
        resources().db,
        resources().materials,
        form.text,
        form.usernames,
        explain=form.explain,
        with_passages=form.passages,
        with_reasons=form.reasons,
    )
    return json_answer(comparison)
