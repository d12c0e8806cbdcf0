"""The verification of one author in the API."""

from typing import Annotated

from msgspec import Meta, Struct
from quart import Response

from app.lifespan import resources
from app.services.verify.verifying import Verification
from app.views.answers import json_answer
from app.views.operation import ApiBlueprint, answers

blueprint = ApiBlueprint("api_verify", tag="compare")

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
    return await _verify(args.text, args.username)


@blueprint.operation("POST", "/verify", "read", errors={404})
@answers(200, "The likelihood ratio, with evidence and limits", Verification)
async def verify_post(form: VerifyForm) -> Response:
    """Say whether one author wrote texts that are too long for an address."""
    return await _verify(form.texts, form.username)


async def _verify(texts: list[str], username: str) -> Response:
    return json_answer((await resources().verifier.verify(texts, username)).verification)
