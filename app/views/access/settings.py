"""Settings: of any account its sessions and password; of an operator's, everything else."""

import asyncio
import re
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

from msgspec import Struct
from quart import Response, g, url_for
from quart.typing import ResponseReturnValue
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import AppError, InvalidInputError, NotFoundError, UnauthorizedError
from app.lifespan import resources
from app.models import Invitation, LoginSession
from app.services.access.logins import (
    SignedInAccount,
    end_session,
    list_sessions,
    replace_password,
    verify_password,
)
from app.services.access.operators import check_password
from app.services.access.readers import Reader, list_invitations, list_readers
from app.services.access.rights import SCOPES, TokenFacts, add_token, list_tokens, revoke_token
from app.services.access.site import switch_site
from app.services.checks import InstallationFacts, installation_facts
from app.services.deletion import delete_everybody, delete_post, delete_user
from app.services.imports.jobs import drop_jobs, remove_upload
from app.services.imports.sample_authors import delete_samples
from app.services.posts.own_author import choose_own, find_own
from app.services.posts.samples import list_samples
from app.services.posts.users import count_users, get_user
from app.services.rooms.changing import join_some, rename_room
from app.services.rooms.room_facts import RoomFacts, list_rooms, newest_first
from app.views.access.login import local_address
from app.views.access.readership import Readership, readership
from app.views.blueprints import Form, PageBlueprint
from app.views.cookies import client_of
from app.views.page import FormPage, render_form
from app.views.parts import see_other
from app.views.policies import writing

blueprint = PageBlueprint("settings", policy="operator")

MOST_ROOMS = 200
"""Chats that may be renamed and joined there."""
VERSION: Final = version("saywho")


class SettingsArgs(Struct):
    changed: bool = False
    """Whether the password has just been changed."""


class AccountPage(FormPage, frozen=True, kw_only=True):
    """What the settings show to anybody who is signed in."""

    template = "access/account.html"

    account: SignedInAccount
    sessions: Sequence[LoginSession]
    is_changed: bool

    @property
    def failed_fields(self) -> list[str]:
        return [fault.loc for fault in self.error.errors] if self.error else []


class SettingsPage(AccountPage, frozen=True, kw_only=True):
    """What they show to operators."""

    template = "access/settings.html"

    rooms: list[RoomFacts]
    tokens: list[TokenFacts]
    readers: list[Reader]
    invitations: Sequence[Invitation]
    readership: Readership
    author_total: int
    samples: list[str]
    own: str | None
    """Whose archive the front page shows."""
    facts: InstallationFacts
    new_token: str
    new_link: str
    scopes: Sequence[str] = SCOPES
    version: str = VERSION


@blueprint.page("/settings", policy="account")
async def show_settings(args: SettingsArgs) -> ResponseReturnValue:
    return await settings_page(is_changed=args.changed)


async def settings_page(
    *,
    is_changed: bool = False,
    failure: AppError | None = None,
    new_token: str = "",
    new_link: str = "",
) -> ResponseReturnValue:
    """Return the settings of the account; `new_token` or `new_link` is a secret to show once."""
    async with resources().db.read() as session:
        shown = AccountPage(
            account=g.account,
            sessions=await list_sessions(session, g.account.account_id),
            is_changed=is_changed,
            error=failure,
        )
        if g.operator:
            shown = await _with_site(session, shown, new_token=new_token, new_link=new_link)
    page, status, headers = await render_form(shown)
    # No cache may store a page that shows a secret.
    return page, status, headers | {"Cache-Control": "no-store"}


async def _with_site(
    session: AsyncSession, shown: AccountPage, *, new_token: str, new_link: str
) -> SettingsPage:
    """Return the settings with what is for operators alone."""
    rooms, _ = await list_rooms(session, limit=MOST_ROOMS)
    return SettingsPage(
        account=shown.account,
        sessions=shown.sessions,
        is_changed=shown.is_changed,
        error=shown.error,
        rooms=newest_first(rooms),
        tokens=await list_tokens(session),
        readers=await list_readers(session),
        invitations=await list_invitations(session),
        readership=await readership(),
        author_total=await count_users(session),
        samples=await list_samples(session),
        own=await find_own(session),
        facts=await installation_facts(session, resources().config.data_dir),
        new_token=new_token,
        new_link=new_link,
    )


@blueprint.action("/settings/reading")
async def switch_reading(form: Form) -> ResponseReturnValue:
    """Make the site public or private."""
    if (public := form.get("public")) not in {"0", "1"}:
        raise InvalidInputError("Choose who may read this site", loc="public")
    openness = resources().openness
    async with writing() as session:
        await switch_site(session, openness.setting, is_public=public == "1")
    await openness.settle()
    return _back()


@blueprint.action("/settings/tokens")
async def create_token(form: Form) -> ResponseReturnValue:
    if (scope := form.get("scope")) not in SCOPES:
        raise InvalidInputError("Choose what the token may do", loc="scope")
    async with writing() as session:
        _, secret = await add_token(
            session, form.get("name", ""), scope, account_id=g.operator.account_id
        )
    return await settings_page(new_token=secret)


@blueprint.action("/settings/tokens/<id:token_id>/revoke")
async def end_token(token_id: int) -> ResponseReturnValue:
    async with writing() as session:
        await revoke_token(session, token_id)
    return _back()


@blueprint.action("/settings/sessions/<id:session_id>/end", policy="account")
async def sign_out_session(session_id: int) -> ResponseReturnValue:
    async with writing() as session:
        await end_session(session, session_id, account_id=g.account.account_id)
    return _back()


@blueprint.action("/settings/password", policy="account")
async def change_password(form: Form) -> ResponseReturnValue:
    """Change the password, and end all other sessions."""
    try:
        await _set_password(form.get("old", ""), form.get("new", ""))
    except AppError as failure:
        return await settings_page(failure=failure)
    return see_other(url_for("settings.show_settings", changed="true"))


async def _set_password(old: str, new: str) -> None:
    check_password(new)  # Before the attempt counts.
    me, db, passwords = g.account, resources().db, resources().passwords
    try:
        # Wrong guesses count as failed sign-ins do: the session may be stolen.
        old_hash = await verify_password(db, passwords, client_of(me.name), me.name, old)
        new_hash = await passwords.hash(new)
        async with writing() as session:
            await replace_password(session, me, old_hash=old_hash, new_hash=new_hash)
    except UnauthorizedError:
        raise UnauthorizedError("The old password is wrong", loc="old") from None


@blueprint.action("/settings/authors/delete")
async def remove_author(form: Form) -> ResponseReturnValue:
    _check_confirmed(form)
    async with writing() as session:
        await delete_user(session, name := form.get("username", "").strip())
    return see_other(url_for("authors.show_authors", deleted=name))


@blueprint.action("/settings/own")
async def choose_archive(form: Form) -> ResponseReturnValue:
    """Let the front page show the archive of the author that the form names, or nobody's."""
    username = form.get("username", "").strip()
    try:
        async with writing() as session:
            user = await get_user(session, username) if username else None
            await choose_own(session, user.id if user else None)
    except NotFoundError as failure:
        return await settings_page(failure=failure)
    return _back()


@blueprint.action("/settings/samples/delete")
async def remove_samples(form: Form) -> ResponseReturnValue:
    _check_confirmed(form)
    async with writing() as session:
        await delete_samples(session)
    return _back(form.get("next"))


@blueprint.action("/settings/rooms/<id:room_id>/name")
async def name_room(room_id: int, form: Form) -> ResponseReturnValue:
    async with writing() as session:
        await rename_room(session, room_id, form.get("name", ""))
    return _back(form.get("next"))


@blueprint.action("/settings/rooms/<id:room_id>/join")
async def join_room(room_id: int, form: Form) -> ResponseReturnValue:
    """Move all messages of a chat to another one."""
    target = form.get("into", "")
    if not re.fullmatch("[0-9]{1,16}", target, re.ASCII):
        raise InvalidInputError("Choose two chats", loc="into")
    target_id: int | None = None
    while target_id is None:
        async with writing() as session:
            target_id = await join_some(session, room_id, int(target))
    return see_other(url_for("rooms.show_room", room_id=target_id))


@blueprint.action("/settings/tweets/<id:tweet_id>/delete")
async def remove_post(tweet_id: int, form: Form) -> ResponseReturnValue:
    async with writing() as session:
        await delete_post(session, tweet_id)
    return _back(form.get("next"))


@blueprint.action("/reset", policy="admin")
async def reset(form: Form) -> ResponseReturnValue:
    """Delete all authors and posts, as TwitOff's reset does, and cancel all imports."""
    _check_confirmed(form)
    async with writing() as session:
        spools = await drop_jobs(session)
        await delete_everybody(session)
    for spool in spools:
        await asyncio.to_thread(remove_upload, resources().config.data_dir, spool)
    return see_other("/")


def _check_confirmed(form: Form) -> None:
    if form.get("confirm") != "yes":
        raise InvalidInputError("Nothing was deleted: confirm it first", loc="confirm")


def _back(address: str | None = None) -> Response:
    """Redirect to the settings, or to the page that another page's form names."""
    return see_other(local_address(address or url_for("settings.show_settings")))
