"""The operator's access: setting the account up, signing in and out."""

from msgspec import Struct
from quart import g, render_template
from quart.typing import ResponseReturnValue
from werkzeug.urls import iri_to_uri

from app.errors import AppError, TooManyError, UnauthorizedError
from app.lifespan import resources
from app.paths import IMPORTS
from app.services.access.logins import add_session, end_session, sign_in
from app.services.access.operators import add_operator, find_setup_link
from app.views.blueprints import Form, PageBlueprint
from app.views.pages.parts import render_form, see_other
from app.views.policies import clear_session, set_session, source_of, writing

blueprint = PageBlueprint("login", policy="open")


class LoginArgs(Struct):
    next: str = "/"


class SetupArgs(Struct):
    token: str = ""


@blueprint.page("/login")
async def show_login(args: LoginArgs) -> ResponseReturnValue:
    if g.operator is not None:
        return see_other(local_address(args.next))
    return await render_form("login.html", None, next=local_address(args.next), name="")


@blueprint.action("/login")
async def login(form: Form) -> ResponseReturnValue:
    name, following = form.get("name", ""), local_address(form.get("next", "/"))
    try:
        secret = await sign_in(
            resources().db, resources().passwords, source_of(name), name, form.get("password", "")
        )
    except (TooManyError, UnauthorizedError) as failure:
        return await render_form("login.html", failure, next=following, name=name)
    response = see_other(following)
    set_session(response, secret, name)
    return response


@blueprint.action("/logout", policy="read")
async def logout() -> ResponseReturnValue:
    if g.operator is not None:
        async with writing() as session:
            await end_session(session, g.operator.session_id, operator_id=g.operator.operator_id)
    response = see_other("/")
    clear_session(response)
    return response


@blueprint.page("/setup")
async def show_setup(args: SetupArgs) -> ResponseReturnValue:
    async with resources().db.read() as session:
        link = await find_setup_link(session, args.token)
    page = await render_template("setup.html", token=args.token, name=link.name, failure=None)
    # No cache may store a page that shows a secret.
    return page, 200, {"Cache-Control": "no-store"}


@blueprint.action("/setup")
async def setup(form: Form) -> ResponseReturnValue:
    token, name = form.get("token", ""), form.get("name", "")
    db = resources().db
    async with db.read() as session:
        link = await find_setup_link(session, token)
    try:
        password_hash = await resources().passwords.hash(form.get("password", ""))
        async with db.write() as session:
            await find_setup_link(session, token)  # Another request may have used it.
            operator = await add_operator(session, link.name or name, password_hash=password_hash)
            secret = await add_session(session, operator)
    except AppError as failure:
        return await render_form("setup.html", failure, token=token, name=link.name, given=name)
    response = see_other(IMPORTS)
    set_session(response, secret, operator.name)
    return response


def local_address(address: str) -> str:
    """Return the address if it is one of this site, else the front page (no open redirects)."""
    is_local = address.startswith("/") and not address.startswith("//")
    # Browsers read a backslash as a slash, and drop tabs and line ends wherever they stand.
    is_plain = address.isprintable() and "\\" not in address
    return iri_to_uri(address) if is_local and is_plain else "/"
