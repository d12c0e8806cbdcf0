"""The explanation of an upload on a page."""

from msgspec import structs
from quart import g
from quart.typing import ResponseReturnValue

from app.lifespan import resources
from app.models import ImportJob
from app.parts.explain.explanation import (
    Explanation,
    ExplanationRequest,
    decoded_explanation,
    explain,
    explanation_lines,
)
from app.paths import IMPORTS
from app.runtime.sandbox import ReadError
from app.services.imports.jobs import get_job, options_of, upload_path
from app.views.blueprints import PageBlueprint
from app.views.imports.pages import check_upload, to_import
from app.views.page import WebPage, render
from saywho.formats.registry import FORMATS

blueprint = PageBlueprint("explain", policy="operator")


class ExplanationPage(WebPage, frozen=True, kw_only=True):
    template = "explain/explanation.html"

    job: ImportJob
    explanation: Explanation | None
    """None if the file takes too much time or memory."""

    @property
    def text(self) -> str:
        return "\n".join(explanation_lines(self.explanation)) if self.explanation else ""


@blueprint.get(IMPORTS + "/<id:import_id>/explanation")
async def show_explanation(import_id: int) -> ResponseReturnValue:
    """Show the format of a file, and the parts that are not understood."""
    async with resources().db.read() as session:
        job = await get_job(session, import_id)
    if job.state != "uploaded":
        return to_import(import_id)  # The file no longer exists.
    check_upload(job)
    try:
        explanation = await _explained(job)
    except ReadError:
        explanation = None
    in_chat = explanation is not None and bool(
        explanation.format and FORMATS[explanation.format].is_chat
    )
    return await render(
        ExplanationPage(job=job, explanation=explanation, about=(), in_chat=in_chat)
    )


async def _explained(job: ImportJob) -> Explanation:
    config, previewer = resources().config, resources().previewer
    request = ExplanationRequest(
        path=str(upload_path(config.data_dir, job.spool)),
        name=job.file_name,
        options=structs.replace(options_of(job), username=None, only=(), rename={}),
        limit_bytes=config.max_import_bytes,
        seconds=previewer.chat_s,
    )
    return decoded_explanation(await previewer.read(explain, request, g.operator.account_id))
