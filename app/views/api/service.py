"""The service itself: whether it runs, whether it can answer, and its figures."""

from msgspec import Struct
from quart import Response

from app.lifespan import resources
from app.metrics import CONTENT_TYPE
from app.paths import HEALTHZ, METRICS, READYZ
from app.services.checks import check_ready, measure_lag
from app.services.events import newest_event
from app.views.access import access
from app.views.answers import json_answer
from app.views.operation import ApiBlueprint, answers

blueprint = ApiBlueprint("service", tag="service", url_prefix=None)


class Health(Struct, frozen=True):
    """The state of the process."""

    status: str


@blueprint.operation("GET", HEALTHZ, "open")
@answers(200, "It runs", Health)
async def healthz() -> Response:
    """Say that the process runs."""
    return json_answer(Health("ok"))


@blueprint.operation("GET", READYZ, "open")
@answers(200, "All is well", Health)
async def readyz() -> Response:
    """Say whether the database answers, is at the program's revision, and is followed."""
    here = resources()
    await check_ready(here.db, here.feed, here.tasks, revision=here.revision)
    return json_answer(Health("ready"))


@blueprint.get(METRICS)
@access("metrics")
async def metrics() -> Response:
    """Return the figures of all workers, in the format of Prometheus."""
    feed = resources().feed
    async with resources().db.read() as session:
        lag = await measure_lag(session)
        lag["feed"] = max(0, await newest_event(session) - feed.newest)
    return Response(resources().metrics.exposition(lag), content_type=CONTENT_TYPE)
