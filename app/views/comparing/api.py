"""Comparisons of authors in the API."""

import io
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from itertools import islice
from typing import Annotated, Final

from msgspec import UNSET, Meta, Struct, UnsetType
from quart import Response, g, request

from app.errors import AppError, FieldError, InvalidInputError, MalformedError, message_of
from app.lifespan import resources
from app.paths import API
from app.runtime.encoding import encoded
from app.services.compare import batch_lines
from app.services.compare.model_card import Card
from app.views.answers import streamed, while_readable
from app.views.blueprints import JSON, NDJSON, ApiBlueprint
from app.views.comparing.pages import Names, PanelArgs, Sure
from app.views.policies import always, here
from app.views.requests import Piece, gaps_of, lines_of, require_lines, require_type, whole_body
from saywho.comparing.copied_texts import MOST_TEXTS
from saywho.comparing.question import Question
from saywho.comparing.verdict import Comparison
from saywho.engine.judgement import SURE
from saywho.text import json_lines

MOST_LINES: Final = 1_000
"""Lines of a batch: minutes of work with many authors."""

blueprint = ApiBlueprint("api_compare", tag="compare")

Text = Annotated[str, Meta(description="Text with letters, at most 25,000 characters.")]

Heads = Annotated[
    bool,
    Meta(
        description="If false, the heads of messages that were copied from a chat are judged, too."
    ),
]

Offset = Annotated[int, Meta(ge=0, lt=10_000_000)]


class CompareOptions(Struct, kw_only=True):
    sure: Sure = SURE
    """Starting belief that one of the authors wrote the text; 1: nobody else did."""
    explain: bool = True
    """If false, the answer has no evidence."""
    reasons: bool = False
    """Whether to report how often, and where, each piece of evidence is used."""
    heads: Heads = True
    person: str = ""
    """The person to judge, of several people in the heads of copied messages."""


class CompareArgs(CompareOptions):
    text: Annotated[
        list[Text], Meta(extra_json_schema={"minItems": 1, "maxItems": MOST_TEXTS})
    ] = []
    """Repeat for several texts by the same person."""
    username: Names = []
    without: list[Piece] = []
    """Piece of the text to leave out, in code points, such as 4-9; repeatable."""


class BatchArgs(PanelArgs):
    heads: Heads = True
    sure: Sure = SURE
    """Starting belief that one of the authors wrote each text; 1: nobody else did."""
    share: str = ""
    """Share of the texts by the named author, from 0.01 to 0.99, as the starting belief."""
    one_hand: bool = False
    """Whether one person wrote all texts: one answer. More than 50 texts are joined in order."""


class CompareForm(CompareOptions, forbid_unknown_fields=True):
    text: Text | UnsetType = UNSET
    texts: (
        Annotated[
            list[str],
            Meta(
                description="Up to 50 texts by the same person.",
                extra_json_schema={"minItems": 1, "maxItems": MOST_TEXTS},
            ),
        ]
        | UnsetType
    ) = UNSET
    usernames: list[str] = []
    """Omit to compare all authors with posts."""
    without: list[Piece | tuple[Offset, Offset]] = []
    """Pieces of the text to leave out, in code points: `4-9` or `[4, 9]`."""


@blueprint.get("/compare", policy="read", of_chat=always, answers="The answer and its evidence")
async def compare_get(args: CompareArgs) -> Comparison:
    """Find which of several authors, if any, wrote a text."""
    with _named_as_parameters():
        return await _compare(args.text, args.username, args.without, args)


@blueprint.post(
    "/compare",
    policy="read",
    of_chat=always,
    answers="The answer and its evidence",
    one_of=("text", "texts"),
)
async def compare_post(form: CompareForm) -> Comparison:
    """Find which of several authors, if any, wrote a text, or several texts by the same person."""
    texts = form.texts if isinstance(form.texts, list) else [str(form.text)]
    return await _compare(texts, form.usernames, form.without, form)


@blueprint.get("/compare/card", policy="read", answers="The model card")
async def compare_card(args: PanelArgs) -> Card:
    """Show how well saywho recognises the authors of held-out posts."""
    with _named_as_parameters():
        return await resources().cards.get(args.username)


@blueprint.post(
    "/compare/batch",
    policy="read",
    answers="One line for each line that is not blank, in order, as they become available",
    content={NDJSON: batch_lines.JudgedText},
    body={
        JSON: Annotated[list[batch_lines.GivenText], Meta(max_length=MOST_LINES)],
        NDJSON: batch_lines.GivenText,
    },
)
async def compare_batch(args: BatchArgs) -> Response:
    """Find which of several authors, if any, wrote each of many texts, JSON lines or an array.

    A batch has at most 1,000 lines. Two at a time are open to clients without a token. With a
    share, or one author named, the last line is `{"summary"}`.
    """
    require_type(NDJSON, JSON)
    try:
        share = batch_lines.parse_share(args.share)
    except InvalidInputError as error:
        raise MalformedError(message_of(error), loc="share") from None
    parts = resources()
    sent = await whole_body()
    if not request.mimetype:
        require_lines(sent, NDJSON, JSON)
    if request.mimetype == JSON:
        otherwise = f"one text goes to POST {API}/compare"
        sent = await parts.work_pool.run(lines_of, sent, MOST_LINES, otherwise)
    lines = io.BytesIO(sent)
    if g.token is None and g.account is None:
        parts.open_batches.take()
    if await parts.work_pool.run(_has_more_than, MOST_LINES, lines):
        raise InvalidInputError(
            "A batch may have at most {count} lines", loc="body", count=f"{MOST_LINES:,}"
        )
    with _named_as_parameters():
        judged = await batch_lines.judge_lines(
            parts.db,
            parts.models,
            args.username,
            batch_lines.checked_lines(batch_lines.json_texts(lines), heads=args.heads),
            batch_lines.BatchOptions(args.sure, share, args.one_hand),
            parts.work_pool.run,
        )

    async def answers() -> AsyncGenerator[bytes, None]:
        async for portion in judged:
            if answered := batch_lines.answered_lines(portion):
                yield json_lines(b"".join(encoded(line) + b"\n" for line in answered))

    return streamed(while_readable(answers()), {"Content-Type": NDJSON})


def _has_more_than(most: int, file: io.BytesIO) -> bool:
    filled = islice(filter(bytes.strip, file), most, None)
    has_more = next(filled, None) is not None
    file.seek(0)
    return has_more


@contextmanager
def _named_as_parameters() -> Iterator[None]:
    """Name `username` and `text` in errors, a URL's parameters."""
    parameters = {"texts": "text", "usernames": "username"}
    try:
        yield
    except AppError as error:
        named = copy(error)  # Requests that were answered together share the error.
        named.errors = tuple(
            FieldError(parameters.get(fault.loc, fault.loc), fault.detail) for fault in error.errors
        )
        raise named from error


async def _compare(
    texts: list[str],
    usernames: list[str],
    without: Iterable[str | tuple[int, int]],
    options: CompareOptions,
) -> Comparison:
    question = Question(
        texts,
        usernames,
        sure=options.sure,
        explain=options.explain,
        reasons=options.reasons,
        without=gaps_of(without),
        heads=options.heads,
        person=options.person,
    )
    return await here().comparer.ask(question)
