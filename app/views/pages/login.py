"""The operator's access: setting the account up, signing in and out."""

from msgspec import Struct
from quart import Blueprint, Response, g, redirect, render_template, request, url_for
from quart.typing import ResponseReturnValue
from werkzeug.urls import iri_to_uri

from app.errors import AppError, TooManyError, UnauthorizedError, UnavailableError
from app.i18n import language_links, translate_error
from app.lifespan import resources
from app.models import Operator
from app.services.access.logins import (
    add_session,
    end_session,
    forget_attempt,
    forget_failures,
    note_attempt,
)
from app.services.access.operators import clean_name, find_operator, find_setup_link, use_setup_link
from app.services.access.passwords import check_password
from app.views.access import access, writing
from app.views.parsing import parse_args
from app.views.sessions import clear_session, set_session

blueprint = Blueprint("login", __name__)


class LoginArgs(Struct):
    next: str = "/"


class SetupArgs(Struct):
    token: str = ""


@blueprint.get("/login")
@access("open")
async def show_login() -> ResponseReturnValue:
    args = parse_args(LoginArgs, strict=False)
    if g.operator is not None:
        return redirect(local_address(args.next), 303)
    return await _login_page(args.next)


async def _login_page(
    following: str, failure: AppError | None = None, name: str = ""
) -> ResponseReturnValue:
    page = await render_template(
        "login.html",
        next=local_address(following),
        name=name,
        failure=translate_error(failure) if failure else None,
    )
    if failure is None:
        return page
    return page, failure.status, failure.headers


@blueprint.post("/login")
@access("open")
async def login() -> ResponseReturnValue:
    form = await request.form
    name, password = form.get("name", ""), form.get("password", "")
    following = form.get("next", "/")
    try:
        secret = await _sign_in(name, password)
    except (TooManyError, UnauthorizedError) as failure:
        return await _login_page(following, failure, name)
    return _signed_in(local_address(following), secret)


async def _sign_in(name: str, password: str) -> str:
    """Return the secret of a new session. Raises UnauthorizedError, TooManyError."""
    operator, failure_ids = await verified_operator(name, password)
    if operator is None:
        raise UnauthorizedError("The name or the password is wrong")
    async with resources().db.write() as session:
        current = await find_operator(session, name)
        if current is None or current.password_hash != operator.password_hash:
            # It was changed while it was verified, which ends the sessions of whoever knew it.
            raise UnauthorizedError("The name or the password is wrong")
        await forget_attempt(session, failure_ids)
        await forget_failures(session, name)
        return await add_session(session, operator)


async def verified_operator(name: str, password: str) -> tuple[Operator | None, list[int]]:
    """Return the operator whose name and password these are, and the records of the attempt.

    It stays a failure until it is forgotten. Raises TooManyError, UnavailableError.
    """
    db, passwords = resources().db, resources().passwords
    async with db.write() as session:
        failure_ids = await note_attempt(session, name=name, address=request.remote_addr or "")
        operator = await find_operator(session, name)
    try:
        matches = await passwords.verify(operator.password_hash if operator else None, password)
    except UnavailableError:
        # An attempt that was not made is no failure.
        async with db.write() as session:
            await forget_attempt(session, failure_ids)
        raise
    return operator if matches else None, failure_ids


def _signed_in(address: str, secret: str) -> Response:
    response = redirect(address, 303)
    assert isinstance(response, Response)  # noqa: S101 - Quart's redirect gives its own response
    set_session(response, secret)
    return response


@blueprint.post("/logout")
@access("read")
async def logout() -> ResponseReturnValue:
    if g.operator is not None:
        async with writing() as session:
            await end_session(session, g.operator.session_id, operator_id=g.operator.operator_id)
    response = redirect("/", 303)
    assert isinstance(response, Response)  # noqa: S101 - Quart's redirect gives its own response
    clear_session(response)
    return response


@blueprint.get("/setup")
@access("open")
async def show_setup() -> ResponseReturnValue:
    args = parse_args(SetupArgs, strict=False)
    async with resources().db.read() as session:
        link = await find_setup_link(session, args.token)
    page = await render_template("setup.html", token=args.token, name=link.name, failure=None)
    # A page that shows a secret is kept by nobody.
    return page, 200, {"Cache-Control": "no-store"}


@blueprint.post("/setup")
@access("open")
async def setup() -> ResponseReturnValue:
    form = await request.form
    token, name = form.get("token", ""), form.get("name", "")
    db = resources().db
    async with db.read() as session:
        link = await find_setup_link(session, token)
    try:
        clean_name(link.name or name)
        check_password(form.get("password", ""))
        password_hash = await resources().passwords.hash(form.get("password", ""))
        async with db.write() as session:
            operator = await use_setup_link(session, token, name=name, password_hash=password_hash)
            secret = await add_session(session, operator)
    except AppError as failure:
        page = await render_template(
            "setup.html",
            token=token,
            name=link.name,
            given=name,
            failure=translate_error(failure),
            # This address without the form's token shows nothing.
            language_links=[
                (code, name, url_for("login.show_setup", token=token, locale=code))
                for code, name, _ in language_links()
            ],
        )
        return page, failure.status
    return _signed_in("/settings", secret)


def local_address(address: str) -> str:
    """Return the address if it is one of this site, else the front page (no open redirects)."""
    is_local = address.startswith("/") and not address.startswith("//")
    # Browsers read a backslash as a slash, and drop tabs and line ends wherever they stand.
    is_plain = address.isprintable() and "\\" not in address
    return iri_to_uri(address) if is_local and is_plain else "/"
