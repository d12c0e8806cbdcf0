"""The settings: account, the site's switch, readers, and tokens."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple

from msgspec import Meta, Struct, structs
from quart import Response, current_app, g, url_for
from quart.typing import ResponseReturnValue

from app.errors import AppError, InvalidInputError, NotFoundError, UnauthorizedError
from app.lifespan import listens_here_alone, may_let_phones_in, resources
from app.models import MAX_ID
from app.models.access import LoginSession
from app.services.access import accounts, logins, rights
from app.services.access.rights import ReaderIdentity, read_identity
from app.services.checks import InstallationFacts, installation_facts
from app.services.imports.kept_answers import KeptAnswers, list_answers
from app.services.posts.tweets import count_limited
from app.services.posts.users import count_users, find_site_author, list_samples
from app.services.rooms.chats import RoomFacts, find_rooms, get_room, list_rooms, newest_first
from app.views.answers import see_other
from app.views.blueprints import Form, PageBlueprint
from app.views.page import FormPage, read_cards, render_form
from app.views.phone import admit_phones, are_phones_in, origin_for_others, origins_for_others
from app.views.policies import client_of, is_on_this_machine, writing
from app.views.requests import number_of
from saywho import __version__

blueprint = PageBlueprint("settings", policy="operator")

SettingsPart = Literal["people", "data", "technical"]


class Readership(NamedTuple):
    is_public: bool
    is_switchable: bool
    is_here_alone: bool


class PhoneSwitch(NamedTuple):
    """The switch that lets phones of the network in."""

    is_on: bool
    origins: list[str]
    """Addresses of the site in the network, while it is on."""


def phones_here() -> PhoneSwitch | None:
    """Return the state of the switch; None where something else decides the address."""
    if not may_let_phones_in(current_app):
        return None
    is_on = are_phones_in()
    return PhoneSwitch(is_on, origins_for_others() if is_on else [])


async def readership() -> Readership:
    openness = resources().openness
    return Readership(
        is_public=await openness.is_public(),
        is_switchable=openness.setting is None,
        is_here_alone=is_on_this_machine() and listens_here_alone(current_app),
    )


class SettingsArgs(Struct):
    room: Annotated[int, Meta(ge=1, le=MAX_ID)] | None = None
    """A chat to invite someone to."""
    changed: bool = False


class AccountPage(FormPage, frozen=True, kw_only=True):
    template = "access/account.html"

    account: logins.SignedInAccount
    sessions: Sequence[LoginSession]
    is_changed: bool
    room_name: str | None = None
    """Name of the only chat that the account may read, while it has messages."""
    me: ReaderIdentity | None = None
    """The account's person there."""

    @property
    def failed_fields(self) -> list[str]:
        return [fault.loc for fault in self.error.errors] if self.error else []


class SettingsPage(AccountPage, frozen=True, kw_only=True):
    template = "access/settings.html"

    rooms: list[RoomFacts]
    tokens: list[rights.TokenFacts]
    readers: list[accounts.Reader]
    invitations: list[accounts.OpenInvitation]
    readership: Readership
    phones: PhoneSwitch | None
    author_total: int
    limited: int
    """Number of posts that are not known to be public."""
    samples: list[str]
    own: str | None
    facts: InstallationFacts
    new_token: str
    new_link: str
    invited_to: int | None
    """The chat chosen in the form of an invitation."""
    opened: SettingsPart
    """The part that is shown where the URL names none."""
    answers: list[KeptAnswers]
    scopes: Sequence[str] = rights.SCOPES
    of_parts: Mapping[str, Any] = {}
    version: str = __version__


@blueprint.get("/settings", policy="account")
async def show_settings(args: SettingsArgs) -> ResponseReturnValue:
    return await settings_page(is_changed=args.changed, invited_to=args.room)


async def settings_page(
    *,
    is_changed: bool = False,
    failure: AppError | None = None,
    new_token: str = "",
    new_link: str = "",
    invited_to: int | None = None,
    opened: SettingsPart = "people",
) -> ResponseReturnValue:
    """Return the account's settings; `new_token` or `new_link` is a secret to show once.

    invited_to: the chat chosen in an invitation's form. opened: the part with the form that was
    sent.
    """
    async with resources().db.read() as session:
        rooms = await find_rooms(session, [g.chat] if g.chat else [])
        shown = AccountPage(
            about=(),
            account=g.account,
            sessions=await logins.list_sessions(session, g.account.account_id),
            is_changed=is_changed,
            room_name=rooms[0].name if rooms else None,
            me=await read_identity(session, g.account.account_id, g.chat) if rooms else None,
            error=failure,
        )
        if g.operator:
            rooms, _ = await list_rooms(session, limit=200)
            shown = SettingsPage(
                **structs.asdict(shown),
                rooms=newest_first(rooms),
                tokens=await rights.list_tokens(session),
                readers=await accounts.list_readers(session),
                invitations=await accounts.list_invitations(session),
                readership=await readership(),
                phones=phones_here(),
                author_total=await count_users(session),
                limited=await count_limited(session),
                samples=await list_samples(session),
                own=await find_site_author(session),
                facts=await installation_facts(session, resources().config.data_dir),
                new_token=new_token,
                new_link=new_link,
                invited_to=invited_to,
                opened=opened,
                answers=await list_answers(session),
                of_parts=await read_cards(session, "settings"),
            )
    page, status, headers = await render_form(shown)
    # No cache may store a page that shows a secret.
    return page, status, headers | {"Cache-Control": "no-store"}


@blueprint.post("/settings/reading")
async def switch_reading(form: Form) -> ResponseReturnValue:
    if (public := form.get("public")) not in {"0", "1"}:
        raise InvalidInputError("Choose who may read this site", loc="public")
    openness = resources().openness
    async with writing() as session:
        await rights.switch_site(session, openness.setting, is_public=public == "1")
    await openness.settle()
    return _back()


@blueprint.post("/settings/phones")
async def switch_for_phones(form: Form) -> ResponseReturnValue:
    """Let phones of the network in, after making the site private if this was chosen."""
    becomes_private = form.get("publish") == "private"
    await admit_phones(is_on=form.get("phones") == "1", becomes_private=becomes_private)
    return _back("phones")


@blueprint.post("/settings/tokens")
async def create_token(form: Form) -> ResponseReturnValue:
    if (scope := form.get("scope")) not in rights.SCOPES:
        raise InvalidInputError("Choose the rights of the token", loc="scope")
    async with writing() as session:
        _, secret = await rights.add_token(
            session, form.get("name", ""), scope, account_id=g.operator.account_id
        )
    return await settings_page(new_token=secret, opened="technical")


@blueprint.post("/settings/tokens/<id:token_id>/revoke")
async def end_token(token_id: int) -> ResponseReturnValue:
    async with writing() as session:
        await rights.revoke_token(session, token_id)
    return _back("technical")


def _back(anchor: str | None = None) -> Response:
    return see_other(url_for("settings.show_settings", _anchor=anchor))


@blueprint.post("/settings/sessions/<id:session_id>/end", policy="account")
async def sign_out_session(session_id: int) -> ResponseReturnValue:
    async with writing() as session:
        await logins.end_session(session, session_id, account_id=g.account.account_id)
    return _back()


@blueprint.post("/settings/password", policy="account")
async def change_password(form: Form) -> ResponseReturnValue:
    me, db, passwords = g.account, resources().db, resources().passwords
    old, new = form.get("old", ""), form.get("new", "")
    try:
        accounts.check_password(new)  # Before the attempt counts.
        # Wrong guesses count as failed sign-ins do: the session may be stolen.
        old_hash = await logins.verify_password(db, passwords, client_of(me.name), me.name, old)
        new_hash = await passwords.hash(new)
        async with writing() as session:
            await logins.replace_password(session, me, old_hash=old_hash, new_hash=new_hash)
    except UnauthorizedError:
        wrong = UnauthorizedError("The old password is wrong", loc="old")
        return await settings_page(failure=wrong)
    except AppError as failure:
        return await settings_page(failure=failure)
    return see_other(url_for("settings.show_settings", changed="true"))


@blueprint.post("/settings/invitations")
async def invite(form: Form) -> ResponseReturnValue:
    """Create an invitation to the site or a chat; show its link once."""
    room_id = number_of(chosen) if (chosen := form.get("room", "")) else None
    try:
        if chosen and room_id is None:
            raise InvalidInputError("Choose the whole site or a chat for the guest", loc="room")
        async with writing() as session:
            secret = await accounts.add_invitation(
                session,
                form.get("name", ""),
                account_id=g.operator.account_id,
                room_id=(await get_room(session, room_id)).id if room_id is not None else None,
            )
    except (InvalidInputError, NotFoundError) as failure:
        return await settings_page(failure=failure, invited_to=room_id)
    link = origin_for_others() + url_for("login.show_setup", token=secret)
    return await settings_page(new_link=link, invited_to=room_id)


@blueprint.post("/settings/invitations/<id:invitation_id>/end")
async def take_back(invitation_id: int) -> ResponseReturnValue:
    async with writing() as session:
        await accounts.end_invitation(session, invitation_id)
    return _back("readers-heading")


@blueprint.post("/settings/readers/<id:account_id>/remove")
async def remove_guest(account_id: int) -> ResponseReturnValue:
    async with writing() as session:
        await accounts.remove_reader(session, account_id)
    return _back("readers-heading")
