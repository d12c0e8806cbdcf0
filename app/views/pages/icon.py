"""The icon, at the address where browsers look that were not told of a better one."""

from quart import Blueprint, Response, current_app

from app.db.cache import keep
from app.views.access import access

blueprint = Blueprint("icon", __name__)


@blueprint.get("/favicon.ico")
@access("open")
async def show_icon() -> Response:
    keep()
    return await current_app.send_static_file("favicon.ico")
