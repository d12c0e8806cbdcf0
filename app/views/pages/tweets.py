"""A post's own page."""

from quart import Blueprint, render_template

from app.db.cache import keep
from app.lifespan import resources
from app.services.tweets import get_post
from app.services.users import get_author
from app.views.access import access

blueprint = Blueprint("tweets", __name__)


@blueprint.get("/tweet/<id:tweet_id>")
@access("read")
async def show_tweet(tweet_id: int) -> str:
    keep()
    async with resources().db.read() as session:
        post = await get_post(session, tweet_id)
        author = await get_author(session, post.username)
    return await render_template("tweet.html", post=post, author=author)
