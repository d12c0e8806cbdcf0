"""Posts as the services store them, without a server."""

from app.clock import now
from app.db.engine import Database
from app.services.posts.adding import add_posts
from app.services.posts.new_tweet import new_tweet
from app.services.posts.users import add_user, find_user


async def post(db: Database, username: str, *texts: str) -> list[int]:
    """Store posts of an author, who is made where there is none; return their ids."""
    async with db.write() as session:
        user = await find_user(session, username) or (await add_user(session, username))[0]
        posts = [new_tweet(text, arrived_at=now()) for text in texts]
        return (await add_posts(session, user.id, posts)).ids
