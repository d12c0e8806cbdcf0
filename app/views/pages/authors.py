"""The list of authors, and each one's page."""

from msgspec import Struct
from quart import Blueprint, render_template

from app.db.cache import keep
from app.lifespan import resources
from app.services.tweets import list_posts
from app.services.users import get_author, list_authors
from app.views.access import access
from app.views.cursors import (
    AuthorCursor,
    decode_cursor,
    decode_tweet_cursor,
    encode_cursor,
    encode_tweet_cursor,
)
from app.views.parsing import parse_args

blueprint = Blueprint("authors", __name__)

AUTHORS_PER_PAGE = 50
POSTS_PER_PAGE = 20


class AuthorsArgs(Struct):
    q: str = ""
    cursor: str | None = None


class AuthorArgs(Struct):
    cursor: str | None = None


@blueprint.get("/authors")
@access("read")
async def show_authors() -> str:
    keep()
    args = parse_args(AuthorsArgs, strict=False)
    after = decode_cursor(args.cursor, AuthorCursor).after if args.cursor else None
    async with resources().db.read() as session:
        authors, following = await list_authors(
            session, prefix=args.q.strip(), after=after, limit=AUTHORS_PER_PAGE
        )
    return await render_template(
        "authors.html",
        authors=authors,
        q=args.q,
        is_first_page=after is None,
        next_cursor=encode_cursor(AuthorCursor(following)) if following else None,
    )


@blueprint.get("/user/<username>")
@access("read")
async def show_author(username: str) -> str:
    keep()
    args = parse_args(AuthorArgs, strict=False)
    after = decode_tweet_cursor(args.cursor)
    async with resources().db.read() as session:
        author = await get_author(session, username)
        posts, following = await list_posts(
            session, user_id=author.id, after=after, limit=POSTS_PER_PAGE
        )
    return await render_template(
        "author.html",
        author=author,
        posts=posts,
        is_first_page=after is None,
        next_cursor=encode_tweet_cursor(following),
    )
