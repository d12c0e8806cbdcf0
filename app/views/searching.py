"""A search as requests make one, on a page and in the API."""

from app.lifespan import resources
from app.memo import cacheable
from app.services.search.search import Filters, Found, Mode, may_be_kept, near_to, search
from app.services.search.word_search import Place


async def found_posts(
    query: str, filters: Filters, *, limit: int, place: Place | None, mode: Mode
) -> Found:
    """Return a page of results; the answer may be kept where the search was done as it should be.

    Raises NotFoundError for an unknown author.
    """
    embeddings = resources().embeddings
    near = await near_to(embeddings, query, filters, limit=limit, place=place, mode=mode)
    async with resources().db.read() as session:
        found = await search(
            session, query, filters, limit=limit, place=place, mode=mode, near=near
        )
    if found.is_current and may_be_kept(embeddings, mode, near):
        cacheable()
    return found
