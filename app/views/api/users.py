"""Authors in the API."""

from typing import Annotated

from msgspec import Meta, Struct
from quart import Response, g, url_for

from app.lifespan import resources
from app.services.posts.users import (
    Author,
    Platform,
    add_user,
    delete_user,
    find_author,
    list_authors,
)
from app.views import cursors
from app.views.access import writing
from app.views.answers import json_answer, no_content
from app.views.operation import ApiBlueprint, answers

blueprint = ApiBlueprint("api_users", tag="users")


class Authors(Struct, frozen=True):
    """A page of authors, by name."""

    items: list[Author]
    next: str | None


class ListUsersArgs(cursors.PageArgs):
    q: Annotated[
        str,
        Meta(
            description="A part of the name, in any case; the first 200 are found.", examples=["ja"]
        ),
    ] = ""


class NewUserForm(Struct, forbid_unknown_fields=True):
    username: Annotated[
        str,
        Meta(
            description="1 to 320 characters, without white space and / \\ ? # %.",
            examples=["mina"],
        ),
    ]
    display_name: Annotated[
        Annotated[str, Meta(max_length=320)] | None, Meta(examples=["Mina"])
    ] = None
    platform: Platform = "local"


@blueprint.operation("GET", "/users", "read", is_cacheable=True)
@answers(200, "A page of authors", Authors)
async def list_users(args: ListUsersArgs) -> Response:
    """List authors by name."""
    after = cursors.AUTHORS.decode(args.cursor)
    async with resources().db.read() as session:
        authors, following = await list_authors(session, part=args.q, after=after, limit=args.limit)
    return json_answer(Authors(authors, cursors.AUTHORS.encode(following)))


@blueprint.operation("POST", "/users", "write", errors={409})
@answers(201, "The new author", Author, headers=("Location",))
async def create_user(form: NewUserForm) -> Response:
    """Add an author."""
    async with writing() as session:
        user, g.event_id = await add_user(
            session, form.username, display_name=form.display_name, platform=form.platform
        )
        author = await find_author(session, user.id)
    location = url_for("api_users.show_user", username=user.username)
    return json_answer(author, 201, {"Location": location})


@blueprint.operation("GET", "/users/<username>", "read", is_cacheable=True)
@answers(200, "The author", Author)
async def show_user(username: str) -> Response:
    """Show an author."""
    return json_answer(await resources().reads.author(username))


@blueprint.operation("DELETE", "/users/<username>", "admin")
@answers(204, "Deleted; the name is free again")
async def remove_user(username: str) -> Response:
    """Delete an author and all posts."""
    async with writing() as session:
        g.event_id = await delete_user(session, username)
    return no_content()
