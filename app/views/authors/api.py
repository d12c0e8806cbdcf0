"""Authors in the API."""

from typing import Annotated

from msgspec import Meta, Struct
from quart import url_for

from app.lifespan import resources
from app.services.deletion import delete_user
from app.services.joined_names import NamePairs, join_names, part_names, read_names
from app.services.posts.users import Author, add_user, list_authors, rename_user
from app.views.blueprints import ApiBlueprint, Reply
from app.views.policies import writing
from app.views.requests import AUTHOR_CURSOR, Page, PageArgs
from saywho.formats.post import Platform

blueprint = ApiBlueprint("api_users", tag="users")


class ListUsersArgs(PageArgs):
    q: str = ""
    """Part of the name; returns at most the first 200 matches."""


class NewUserForm(Struct, forbid_unknown_fields=True):
    username: Annotated[str, Meta(description="1 to 320 characters, no white space or / \\ ? # %.")]
    display_name: Annotated[str, Meta(max_length=320)] | None = None
    platform: Platform = "local"


@blueprint.get(
    "/users", policy="read", keep=True, cursor=AUTHOR_CURSOR, answers="A page of authors"
)
async def list_users(args: ListUsersArgs, after: str | None) -> Page[Author]:
    """List authors by name."""
    async with resources().db.read() as session:
        return Page(*await list_authors(session, part=args.q, after=after, limit=args.limit))


@blueprint.post("/users", policy="write", answers={201: "The new author"})
async def create_user(form: NewUserForm) -> Reply[Author]:
    """Add an author."""
    async with writing() as session:
        user = await add_user(
            session, form.username, display_name=form.display_name, platform=form.platform
        )
    location = url_for("api_users.show_user", username=user.username)
    return await resources().reads.author(user.username), 201, {"Location": location}


class RenameForm(Struct, forbid_unknown_fields=True):
    display_name: Annotated[str, Meta(max_length=320)] | None
    """The name to show; null or empty removes it."""


@blueprint.get("/users/<username>", policy="read", keep=True, answers="The author")
async def show_user(username: str) -> Author:
    """Show an author."""
    return await resources().reads.author(username)


@blueprint.patch("/users/<username>", policy="admin", answers="The author")
async def change_user(username: str, form: RenameForm) -> Author:
    """Give an author another shown name, which later imports keep."""
    async with writing() as session:
        await rename_user(session, username, form.display_name)
    return await resources().reads.author(username)


@blueprint.delete("/users/<username>", policy="admin", answers="Deleted; the name is free again")
async def remove_user(username: str) -> None:
    """Delete an author and all posts."""
    async with writing() as session:
        await delete_user(session, username)


@blueprint.get("/names", policy="admin", answers="Joined and suggested names")
async def list_names() -> NamePairs:
    """List names that are joined, and names that files say are of one person."""
    async with resources().db.read() as session:
        return await read_names(session)


@blueprint.post("/users/<username>/names/<name>", policy="admin", answers="The author")
async def join_name(username: str, name: str) -> Author:
    """Join a name to an author: both are names of one person, whose posts are the author's."""
    await join_names(writing, name, username)
    return await resources().reads.author(username)


@blueprint.delete(
    "/users/<username>/names/<name>", policy="admin", answers="Parted; the name is an author again"
)
async def part_name(username: str, name: str) -> None:
    """Part a joined name again, with the posts that came under it, also later ones."""
    await part_names(writing, name, of=username)
