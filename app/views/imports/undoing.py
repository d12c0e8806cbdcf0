"""Undoing an import, from its page and by the API."""

from app.lifespan import resources
from app.models import ImportJob
from app.services.imports.jobs import end_stopped_commands
from app.services.imports.undo import request_undo
from app.views.policies import own_scope, writing


async def begin_undo(import_id: int) -> ImportJob:
    """Let the background undo an import. Raises NotFoundError, ConflictError."""
    await end_stopped_commands(resources().db)
    async with writing() as session:
        job = await request_undo(session, import_id, scope=own_scope())
    resources().maintenance.wake()
    return job
