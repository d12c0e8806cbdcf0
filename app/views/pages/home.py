"""The front page, and the site's icon."""

from quart import Blueprint, Response, current_app, render_template

from app.lifespan import resources
from app.memo import cacheable
from app.services.compare.quiz import is_playable
from app.services.posts.tweets import list_posts
from app.views.access import access
from app.views.pages.parts import offered_authors

blueprint = Blueprint("home", __name__)

NEWEST = 10


@blueprint.get("/")
@access("read")
async def show_home() -> str:
    cacheable()
    async with resources().db.read() as session:
        authors, author_total = await offered_authors(session)
        posts, _ = await list_posts(session, limit=NEWEST)
        playable = await is_playable(session)
    return await render_template(
        "home.html",
        authors=authors,
        author_total=author_total,
        posts=posts,
        is_playable=playable,
        chosen=[],
        text="",
    )


@blueprint.get("/favicon.ico")
@access("open")
async def show_icon() -> Response:
    cacheable()
    return await current_app.send_static_file("favicon.ico")
