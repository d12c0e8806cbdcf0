"""Authors in the API."""

from typing import Annotated

from msgspec import Meta, Struct
from quart import Blueprint, Response, g, url_for

from app.errors import GoneError
from app.lifespan import resources
from app.memo import cacheable
from app.services.idempotency import Replay, claim, complete
from app.services.posts.users import (
    Platform,
    add_user,
    delete_user,
    find_author,
    list_authors,
)
from app.views.access import access, writing
from app.views.answers import Page, json_answer, no_content
from app.views.cursors import AuthorCursor, decode_cursor, encode_cursor
from app.views.idempotent import json_request_key
from app.views.parsing import NoArgs, parse_args, parse_json

blueprint = Blueprint("api_users", __name__)

Limit = Annotated[int, Meta(ge=1, le=200)]


class ListUsersArgs(Struct):
    q: str = ""
    limit: Limit = 20
    cursor: str | None = None


class NewUserForm(Struct, forbid_unknown_fields=True):
    username: str
    display_name: Annotated[str, Meta(max_length=320)] | None = None
    platform: Platform = "local"


@blueprint.get("/users")
@access("read")
async def list_users() -> Response:
    cacheable()
    args = parse_args(ListUsersArgs)
    after = decode_cursor(args.cursor, AuthorCursor).after if args.cursor is not None else None
    async with resources().db.read() as session:
        authors, following = await list_authors(
            session, prefix=args.q, after=after, limit=args.limit
        )
    return json_answer(Page(authors, encode_cursor(AuthorCursor(following)) if following else None))


@blueprint.post("/users")
@access("write")
async def create_user() -> Response:
    parse_args(NoArgs)
    form = await parse_json(NewUserForm)
    key = await json_request_key()
    async with writing() as session:
        replay = await claim(session, key) if key else None
        if replay is None:
            user, event_id = await add_user(
                session,
                form.username,
                display_name=form.display_name,
                platform=form.platform,
            )
            replay = Replay(201, user.id, None, event_id)
            if key:
                await complete(session, key, replay)
        author = await find_author(session, replay.resource_id or 0)
    if author is None:
        raise GoneError("The user that this request made has been deleted since")
    g.event_id = replay.event_id
    location = url_for("api_users.show_user", username=author.username)
    return json_answer(author, replay.status, {"Location": location})


@blueprint.get("/users/<username>")
@access("read")
async def show_user(username: str) -> Response:
    cacheable()
    parse_args(NoArgs)
    return json_answer(await resources().reads.author(username))


@blueprint.delete("/users/<username>")
@access("admin")
async def remove_user(username: str) -> Response:
    parse_args(NoArgs)
    async with writing() as session:
        g.event_id = await delete_user(session, username)
    return no_content()
