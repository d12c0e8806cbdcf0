"""The account in the settings: its sessions and its password."""

from quart import g, url_for
from quart.typing import ResponseReturnValue

from app.errors import AppError, UnauthorizedError
from app.lifespan import resources
from app.services.access.logins import end_session, replace_password, verify_password
from app.services.access.operators import check_password
from app.views.access.settings import settings_page
from app.views.answers import see_other
from app.views.blueprints import Form, PageBlueprint
from app.views.policies import client_of, writing

blueprint = PageBlueprint("account", policy="account")


@blueprint.action("/settings/sessions/<id:session_id>/end")
async def sign_out_session(session_id: int) -> ResponseReturnValue:
    async with writing() as session:
        await end_session(session, session_id, account_id=g.account.account_id)
    return see_other(url_for("settings.show_settings"))


@blueprint.action("/settings/password")
async def change_password(form: Form) -> ResponseReturnValue:
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
