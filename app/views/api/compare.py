"""Comparing authors, and verifying one, in the API."""

import io
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from copy import copy
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct
from quart import Response

from app.errors import AppError, FieldError
from app.lifespan import resources
from app.services.compare.batch_compare import GivenText, JudgedText, json_texts, open_panel
from app.services.compare.card import Card
from app.services.compare.card_making import RETRY_AFTER_S
from app.services.compare.judging import Comparison, compare
from app.services.verify.verifying import Verification
from app.views.access import while_readable
from app.views.answers import json_answer
from app.views.operation import NDJSON, ApiBlueprint, accepts, answers
from app.views.parsing import request_bytes, require_type

blueprint = ApiBlueprint("api_compare", tag="compare")

Text = Annotated[
    str,
    Meta(
        description="The text to judge, with letters, at most 25,000 characters.",
        examples=["The ferry is late"],
    ),
]
Names = Annotated[
    list[str],
    Meta(
        description="An author; several times for two or more, never for all with posts.",
        examples=[["jack", "anna"]],
    ),
]


class CompareOptions(Struct, kw_only=True):
    explain: Annotated[
        bool, Meta(description="false leaves the evidence out; in an address 0 too.")
    ] = True
    passages: Annotated[
        bool, Meta(description="true judges each sentence too; in an address 1 too.")
    ] = False
    reasons: Annotated[
        bool,
        Meta(description="true adds the nearest posts, what sets authors apart, and `layout`."),
    ] = False


class CompareArgs(CompareOptions):
    text: Text = ""
    username: Names = []


class CompareForm(CompareOptions, forbid_unknown_fields=True):
    text: Text
    usernames: Annotated[
        list[str],
        Meta(
            description="Two authors or more; none for all with posts.", examples=[["jack", "anna"]]
        ),
    ] = []


class PanelArgs(Struct):
    username: Names = []


class CardState(Struct, frozen=True):
    """The state of a card that is not ready yet."""

    state: Literal["being made"]


@blueprint.operation("GET", "/compare", "read", errors={404, 422})
@answers(200, "The ranking and its evidence", Comparison)
async def compare_get(args: CompareArgs) -> Response:
    """Rank authors for a text."""
    with _named_as_parameters():
        return await _compare(args.text, args.username, args)


@blueprint.operation("POST", "/compare", "read", errors={404})
@answers(200, "The ranking and its evidence", Comparison)
async def compare_post(form: CompareForm) -> Response:
    """Rank authors for a text that is too long for an address."""
    return await _compare(form.text, form.usernames, form)


@blueprint.operation("GET", "/compare/card", "read", errors={404, 422})
@answers(200, "The model card", Card)
@answers(202, "It is being made", CardState, headers=("Retry-After",))
async def compare_card(args: PanelArgs) -> Response:
    """Show how well authors can be told apart, on posts held out."""
    with _named_as_parameters():
        card = await resources().cards.find_or_ask(args.username)
    if card is None:
        later = {"Retry-After": str(RETRY_AFTER_S)}
        return json_answer(CardState("being made"), 202, later)
    return json_answer(card)


@blueprint.operation("POST", "/compare/batch", "read", errors={404, 422})
@accepts(
    {NDJSON: GivenText},
    example='{"text": "The ferry is late"}\n{"text": "Bread at six", "id": 7}\n',
)
@answers(
    200, "A line for each that is not blank, in their order, as they are found", JudgedText, NDJSON
)
async def compare_batch(args: PanelArgs) -> Response:
    """Rank authors for many texts, one JSON object a line."""
    require_type(NDJSON)
    lines = io.BytesIO(await request_bytes())
    with _named_as_parameters():
        panel = await open_panel(resources().db, resources().models, args.username)

    async def answers() -> AsyncIterator[bytes]:
        async for some in panel.judge(json_texts(lines)):
            yield msgspec.json.Encoder().encode_lines(some)

    response = Response(while_readable(answers()), content_type=NDJSON)
    response.timeout = None
    return response


@contextmanager
def _named_as_parameters() -> Iterator[None]:
    """Let errors name `username` and `text`, which an address has instead of lists."""
    try:
        yield
    except AppError as error:
        named = copy(error)  # Requests that were answered together share the error.
        named.errors = tuple(
            FieldError(each.loc.removesuffix("s"), each.detail) for each in error.errors
        )
        raise named from error


async def _compare(text: str, usernames: list[str], options: CompareOptions) -> Response:
    comparison = await compare(
        resources().db,
        resources().materials,
        text,
        usernames,
        explain=options.explain,
        with_passages=options.passages,
        with_reasons=options.reasons,
    )
    return json_answer(comparison)


Author = Annotated[str, Meta(description="The author in question.", examples=["jack"])]


class VerifyArgs(Struct):
    text: Annotated[
        list[str],
        Meta(
            description="A text; several times for texts by one hand, at most 100.",
            examples=[["The ferry is late"]],
        ),
    ] = []
    username: Author = ""


class VerifyForm(Struct, forbid_unknown_fields=True):
    texts: Annotated[
        list[str],
        Meta(
            description="1 to 100 texts by one hand, at most 100,000 characters.",
            examples=[["The ferry is late"]],
        ),
    ]
    username: Author


@blueprint.operation("GET", "/verify", "read", errors={404, 422})
@answers(200, "The likelihood ratio, with evidence and limits", Verification)
async def verify_get(args: VerifyArgs) -> Response:
    """Say whether one author wrote some texts."""
    with _named_as_parameters():
        return await _verify(args.text, args.username)


@blueprint.operation("POST", "/verify", "read", errors={404})
@answers(200, "The likelihood ratio, with evidence and limits", Verification)
async def verify_post(form: VerifyForm) -> Response:
    """Say whether one author wrote texts that are too long for an address."""
    return await _verify(form.texts, form.username)


async def _verify(texts: list[str], username: str) -> Response:
    return json_answer((await resources().verifier.verify(texts, username)).verification)
