"""What the operator sets: tokens, sessions, the password, authors and deletion."""

import asyncio

from quart import Blueprint, g, redirect, render_template, request, url_for
from quart.typing import ResponseReturnValue

from app.errors import AppError, InvalidInputError, UnauthorizedError
from app.i18n import language_links, translate_error
from app.lifespan import resources
from app.services.access.logins import (
    end_other_sessions,
    end_session,
    forget_attempt,
    list_sessions,
)
from app.services.access.operators import set_password_hash
from app.services.access.passwords import check_password
from app.services.access.tokens import SCOPES, Scope, add_token, list_tokens, revoke_token
from app.services.events import newest_event
from app.services.imports.jobs import drop_jobs
from app.services.imports.uploads import remove_upload
from app.services.posts.deletion import count_deleted
from app.services.posts.tweets import delete_post
from app.services.posts.users import add_user, count_users, delete_everybody, delete_user
from app.services.search.vector_sets import begin_set, resume_set, stop_set
from app.services.search.vector_state import VectorState, vector_state
from app.views.access import access, writing
from app.views.pages.login import local_address, verified_operator
from app.views.pages.parts import time_left_in_words

blueprint = Blueprint("settings", __name__)


@blueprint.get("/settings")
@access("operator")
async def show_settings() -> ResponseReturnValue:
    return await _page()


async def _page(
    *, new_token: str | None = None, failure: AppError | None = None
) -> ResponseReturnValue:
    async with resources().db.read() as session:
        tokens = await list_tokens(session)
        sessions = await list_sessions(session, g.operator.operator_id)
        author_total = await count_users(session)
        being_deleted = await count_deleted(session)
        vectors = await vector_state(session, resources().embeddings.embedder.name)
    page = await render_template(
        "settings.html",
        operator=g.operator,
        tokens=tokens,
        scopes=SCOPES,
        sessions=sessions,
        author_total=author_total,
        being_deleted=being_deleted,
        vectors=vectors,
        vectors_left=time_left_in_words(vectors.share_since, since=vectors.began_at),
        new_token=new_token,
        failure=translate_error(failure) if failure else None,
        # The page may stand at the address of a form, which shows nothing.
        language_links=[
            (code, name, url_for("settings.show_settings", locale=code))
            for code, name, _ in language_links()
        ],
    )
    # A page that shows a secret is kept by nobody.
    headers = {"Cache-Control": "no-store"} | _end_of_progress(vectors)
    return page, failure.status if failure else 200, headers


def _end_of_progress(vectors: VectorState) -> dict[str, str]:
    """Let how it ended take the place of the whole section, once, where only the bar was asked for.

    So whoever listens hears of it, and the button keeps the focus until then.
    """
    if request.headers.get("HX-Target") != "vectors-progress" or vectors.name == "under way":
        return {}
    return {
        "HX-Retarget": "#vectors",
        "HX-Reselect": "#vectors > *",
        "HX-Reswap": "innerHTML",
    }


@blueprint.post("/settings/vectors/renew")
@access("operator")
async def renew_vectors() -> ResponseReturnValue:
    """Begin vectors of all posts anew, or go on where that was cancelled."""
    model = resources().embeddings.embedder.name
    await begin_set(resources().db, model)
    return _to_vectors()


@blueprint.post("/settings/vectors/resume")
@access("operator")
async def resume_vectors() -> ResponseReturnValue:
    async with writing() as session:
        await resume_set(session, resources().embeddings.embedder.name)
    return _to_vectors()


@blueprint.post("/settings/vectors/cancel")
@access("operator")
async def cancel_vectors() -> ResponseReturnValue:
    """Stop the making of vectors, in whichever process; what was made stays."""
    async with writing() as session:
        await stop_set(session, resources().embeddings.embedder.name)
    return _to_vectors()


def _to_vectors() -> ResponseReturnValue:
    resources().maintenance.look_soon()
    return redirect(url_for("settings.show_settings", _anchor="vectors"), 303)


@blueprint.post("/settings/tokens")
@access("operator")
async def create_token() -> ResponseReturnValue:
    form = await request.form
    try:
        scope = _scope(form.get("scope", ""))
        async with writing() as session:
            _, secret = await add_token(session, form.get("name", ""), scope)
    except InvalidInputError as failure:
        return await _page(failure=failure)
    return await _page(new_token=secret)


def _scope(given: str) -> Scope:
    for scope in SCOPES:
        if scope == given:
            return scope
    raise InvalidInputError("Choose what the token may do", loc="scope")


@blueprint.post("/settings/tokens/<id:token_id>/revoke")
@access("operator")
async def end_token(token_id: int) -> ResponseReturnValue:
    async with writing() as session:
        await revoke_token(session, token_id)
    return _back()


@blueprint.post("/settings/sessions/<id:session_id>/end")
@access("operator")
async def sign_out_session(session_id: int) -> ResponseReturnValue:
    async with writing() as session:
        await end_session(session, session_id, operator_id=g.operator.operator_id)
    return _back()


@blueprint.post("/settings/sessions/end-others")
@access("operator")
async def sign_out_others() -> ResponseReturnValue:
    async with writing() as session:
        await end_other_sessions(
            session, operator_id=g.operator.operator_id, but=g.operator.session_id
        )
    return _back()


@blueprint.post("/settings/password")
@access("operator")
async def change_password() -> ResponseReturnValue:
    """Change the password, and end all other sessions: whoever knew the old one is out."""
    form = await request.form
    try:
        check_password(form.get("new", ""))
        # Guesses count as those of the sign-in do: a session may be in the wrong hands.
        operator, failure_ids = await verified_operator(g.operator.name, form.get("old", ""))
        if operator is None:
            raise UnauthorizedError("The old password is wrong")
        password_hash = await resources().passwords.hash(form.get("new", ""))
    except AppError as failure:
        return await _page(failure=failure)
    async with writing() as session:
        await forget_attempt(session, failure_ids)
        await set_password_hash(session, g.operator.operator_id, password_hash)
        await end_other_sessions(
            session, operator_id=g.operator.operator_id, but=g.operator.session_id
        )
    return _back()


@blueprint.post("/settings/authors/add")
@access("operator")
async def create_author() -> ResponseReturnValue:
    form = await request.form
    try:
        async with writing() as session:
            user, g.event_id = await add_user(session, form.get("username", "").strip())
    except AppError as failure:
        return await _page(failure=failure)
    return redirect(url_for("authors.show_author", username=user.username), 303)


@blueprint.post("/settings/authors/delete")
@access("operator")
async def remove_author() -> ResponseReturnValue:
    form = await request.form
    try:
        _check_confirmed(form.get("confirm", ""))
        async with writing() as session:
            g.event_id = await delete_user(session, form.get("username", "").strip())
    except AppError as failure:
        return await _page(failure=failure)
    return _back(form.get("next"))


@blueprint.post("/settings/tweets/<id:tweet_id>/delete")
@access("operator")
async def remove_post(tweet_id: int) -> ResponseReturnValue:
    form = await request.form
    async with writing() as session:
        g.event_id = await delete_post(session, tweet_id)
    return _back(form.get("next"))


@blueprint.post("/reset")
@access("admin")
async def reset() -> ResponseReturnValue:
    """Delete all authors and posts, as TwitOff's reset does; imports under way would bring more."""
    form = await request.form
    _check_confirmed(form.get("confirm", ""))
    async with writing() as session:
        spools = await drop_jobs(session)
        g.event_id = await delete_everybody(session) or await newest_event(session)
    for spool in spools:
        await asyncio.to_thread(remove_upload, resources().config.data_dir, spool)
    return redirect("/", 303)


def _check_confirmed(confirm: str) -> None:
    if confirm != "yes":
        raise InvalidInputError("Nothing was deleted: confirm it first", loc="confirm")


def _back(following: str | None = None) -> ResponseReturnValue:
    """Lead to the settings, or to where a form of another page wants to go on."""
    return redirect(local_address(following or url_for("settings.show_settings")), 303)
