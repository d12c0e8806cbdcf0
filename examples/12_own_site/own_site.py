"""saywho with an address of one's own: `hypercorn "own_site:create_app()"`."""

from quart import Blueprint, Quart, render_template
from sqlalchemy import func, select

from app import create_app as create_saywho
from app.config import Config
from app.db.result_cache import cacheable
from app.lifespan import resources
from app.models import Tweet, User
from app.services.posts.selection import Selection, post_conditions
from app.views.policies import policy

counts = Blueprint("counts", __name__, template_folder="templates")


@counts.get("/counts")
@policy("read")
async def show_counts() -> dict[str, int]:
    """Return the number of each author's public posts."""
    cacheable()  # The answer is kept until somebody writes.
    async with resources().db.read() as session:
        public = await post_conditions(session, Selection(of_everyone=True))
        query = select(User.username, func.count(Tweet.id)).join(Tweet, Tweet.user_id == User.id)
        rows = await session.execute(query.where(*public).group_by(User.username))
        return dict(rows.all())


@counts.get("/counts/table")
@policy("read")
async def show_table() -> str:
    """Return them as a page, whose template is next to this file."""
    return await render_template("counts.html", counts=await show_counts())


def create_app(config: Config | None = None) -> Quart:
    app = create_saywho(config)
    app.register_blueprint(counts)
    return app
