"""A post's own page."""

from quart import Blueprint, render_template

from app.lifespan import resources
from app.services.posts.users import get_author
from app.views.access import access
from app.views.similar import similar_to

blueprint = Blueprint("tweets", __name__)

SIMILAR = 5


@blueprint.get("/tweet/<id:tweet_id>")
@access("read")
async def show_tweet(tweet_id: int) -> str:
    similar = await similar_to(tweet_id, limit=SIMILAR)
    async with resources().db.read() as session:
        author = await get_author(session, similar.post.username)
    return await render_template("tweet.html", post=similar.post, author=author, similar=similar)
