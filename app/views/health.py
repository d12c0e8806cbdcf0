"""Whether the process runs, whether it can answer, and what it counts."""

from quart import Blueprint, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.errors import AppError, UnavailableError
from app.lifespan import resources
from app.metrics import CONTENT_TYPE
from app.services.events import newest_event
from app.services.lag import measure_lag
from app.views.access import access
from app.views.answers import json_answer

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@access("open")
async def healthz() -> Response:
    return json_answer({"status": "ok"})


@blueprint.get("/readyz")
@access("open")
async def readyz() -> Response:
    """Say whether the database answers; its migrations were checked before serving began."""
    try:
        async with resources().db.read() as session:
            await session.execute(text("SELECT 1 FROM alembic_version"))
    except AppError as error:
        raise UnavailableError(error.detail, headers={"Retry-After": "1"}) from error
    except SQLAlchemyError as error:
        raise UnavailableError(
            "The database does not hold this program's tables", headers={"Retry-After": "30"}
        ) from error
    return json_answer({"status": "ready"})


@blueprint.get("/metrics")
@access("metrics")
async def metrics() -> Response:
    """Give the figures of all workers, in the format of Prometheus."""
    feed = resources().feed
    async with resources().db.read() as session:
        lag = await measure_lag(session)
        lag["feed"] = max(0, await newest_event(session) - feed.newest)
    return Response(resources().metrics.exposition(lag), content_type=CONTENT_TYPE)
