"""The settings, the site's switch, and tokens."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

from msgspec import Meta, Struct
from quart import Response, g, url_for
from quart.typing import ResponseReturnValue
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import AppError, InvalidInputError
from app.lifespan import resources
from app.models import MAX_ID, LoginSession
from app.services.access.logins import SignedInAccount, list_sessions
from app.services.access.readers import OpenInvitation, Reader, list_invitations, list_readers
from app.services.access.rights import (
    SCOPES,
    TokenFacts,
    add_token,
    list_tokens,
    revoke_token,
    switch_site,
)
from app.services.checks import InstallationFacts, installation_facts
from app.services.posts.users import count_users, find_own, list_samples
from app.services.rooms.room_facts import RoomFacts, find_rooms, list_rooms, newest_first
from app.views.access.readership import Readership, readership
from app.views.answers import see_other
from app.views.blueprints import Form, PageBlueprint
from app.views.page import FormPage, render_form
from app.views.policies import writing

blueprint = PageBlueprint("settings", policy="operator")


class SettingsArgs(Struct):
    room: Annotated[int, Meta(ge=1, le=MAX_ID)] | None = None
    """A chat to invite someone to."""
    changed: bool = False


class AccountPage(FormPage, frozen=True, kw_only=True):
    template = "access/account.html"

    account: SignedInAccount
    sessions: Sequence[LoginSession]
    is_changed: bool
    room_name: str | None = None
    """Name of the only chat that the account may read, while it has messages."""

    @property
    def failed_fields(self) -> list[str]:
        return [fault.loc for fault in self.error.errors] if self.error else []


class SettingsPage(AccountPage, frozen=True, kw_only=True):
    template = "access/settings.html"

    rooms: list[RoomFacts]
    tokens: list[TokenFacts]
    readers: list[Reader]
    invitations: list[OpenInvitation]
    readership: Readership
    author_total: int
    samples: list[str]
    own: str | None
    facts: InstallationFacts
    new_token: str
    new_link: str
    invited_to: int | None
    """The chat chosen in the form of an invitation."""
    scopes: Sequence[str] = SCOPES
    version: str = version("saywho")


@blueprint.page("/settings", policy="account")
async def show_settings(args: SettingsArgs) -> ResponseReturnValue:
    return await settings_page(is_changed=args.changed, invited_to=args.room)


async def settings_page(
    *,
    is_changed: bool = False,
    failure: AppError | None = None,
    new_token: str = "",
    new_link: str = "",
    invited_to: int | None = None,
) -> ResponseReturnValue:
    """Return the account's settings; `new_token` or `new_link` is a secret to show once.

    invited_to: the chat chosen in an invitation's form.
    """
    async with resources().db.read() as session:
        rooms = await find_rooms(session, [g.chat] if g.chat else [])
        shown = AccountPage(
            account=g.account,
            sessions=await list_sessions(session, g.account.account_id),
            is_changed=is_changed,
            room_name=rooms[0].name if rooms else None,
            error=failure,
        )
        if g.operator:
            shown = await _with_site(
                session, shown, new_token=new_token, new_link=new_link, invited_to=invited_to
            )
    page, status, headers = await render_form(shown)
    # No cache may store a page that shows a secret.
    return page, status, headers | {"Cache-Control": "no-store"}


async def _with_site(
    session: AsyncSession,
    shown: AccountPage,
    *,
    new_token: str,
    new_link: str,
    invited_to: int | None,
) -> SettingsPage:
    rooms, _ = await list_rooms(session, limit=200)
    return SettingsPage(
        about=(),
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
        invited_to=invited_to,
    )


@blueprint.action("/settings/reading")
async def switch_reading(form: Form) -> ResponseReturnValue:
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


def _back() -> Response:
    return see_other(url_for("settings.show_settings"))
