"""URLs of the course's app, which answer as there or redirect."""

from markupsafe import escape
from quart import redirect, request, url_for
from quart.typing import ResponseReturnValue

from app.lifespan import resources
from app.services.posts.users import add_user, find_user
from app.views.blueprints import Form, PageBlueprint
from app.views.policies import writing

blueprint = PageBlueprint("course")


@blueprint.page("/get_user")
async def get_user() -> ResponseReturnValue:
    username = request.args.get("username")
    if username is None:
        return "No username given", 400
    async with resources().db.read() as session:
        user = await find_user(session, username)
    if user is None:
        return f"User '{escape(username)}' doesn't exist", 404
    return str(user.id)


@blueprint.page("/user", "/users")
async def lead_to_authors() -> ResponseReturnValue:
    return redirect(url_for("authors.show_authors"))


@blueprint.page("/users.json")
async def lead_to_api() -> ResponseReturnValue:
    query = request.query_string.decode(errors="replace")
    address = url_for("api_users.list_users")
    return redirect(f"{address}?{query}" if query else address, 307)


@blueprint.action("/user", policy="write")
async def post_user(form: Form) -> ResponseReturnValue:
    """Add TwitOff's author, unless it exists, and redirect to the page."""
    username = form.get("user_name", "").strip()
    async with writing() as session:
        user = await find_user(session, username)
        if user is None:
            user = await add_user(session, username)
    return redirect(url_for("authors.show_author", username=user.username), 303)
