"""The posts most similar to one, for the API and the post's page."""

from dataclasses import dataclass, field

from app.lifespan import resources
from app.memo import cacheable
from app.services.posts.tweets import Post, get_post
from app.services.search.embeddings import Method
from app.services.search.search import SimilarPost, similar_posts


@dataclass(frozen=True, slots=True)
class Similar:
    """A post and those near to it."""

    post: Post
    method: Method
    posts: list[SimilarPost] = field(default_factory=list)
    as_of_event: int = 0


async def similar_to(tweet_id: int, *, limit: int) -> Similar:
    """Return the posts most similar to one; none while it waits for a vector.

    The answer may be kept if vectors are up to date. Raises NotFoundError.
    """
    embeddings = resources().embeddings
    async with resources().db.read() as session:
        post = await get_post(session, tweet_id)
        vector = await embeddings.vector_of(session, tweet_id)
    if vector is None:
        if not embeddings.embedder.is_instant:
            return Similar(post, embeddings.method)
        vector = await embeddings.vector_for(post.text)
    found = await embeddings.nearest(vector, limit + 1)
    async with resources().db.read() as session:
        posts = await similar_posts(session, found, tweet_id, limit=limit)
    if found.is_current:
        cacheable()
    return Similar(post, embeddings.method, posts, found.as_of_event)
