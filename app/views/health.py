"""Whether the process runs, whether it can answer, and what it counts."""

from quart import Blueprint, Response

from app.lifespan import resources
from app.metrics import CONTENT_TYPE
from app.services.events import newest_event
from app.services.lag import measure_lag
from app.services.readiness import check_ready
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
    """Say whether the database answers at this program's revision, and its log is followed."""
    here = resources()
    await check_ready(here.db, here.feed, here.tasks, revision=here.revision)
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
