"""Setting up accounts by a link, signing in and out."""

import asyncio
from http import HTTPStatus

from markupsafe import Markup
from msgspec import Struct
from quart import current_app, g, url_for
from quart.typing import ResponseReturnValue

from app.errors import AppError, ForbiddenError, TooManyError, UnauthorizedError
from app.lifespan import may_let_phones_in, resources
from app.models.access import Operator
from app.paths import IMPORTS
from app.security import remove_link_page
from app.services.access import accounts
from app.services.access.logins import add_session, end_session, sign_in
from app.services.rooms.chats import list_rooms
from app.views import policies
from app.views.answers import NO_STORE, local_address, see_other
from app.views.blueprints import Form, PageBlueprint
from app.views.page import FormPage, WebPage, cast_if_open, render, render_form
from app.views.phone import admit_phones, origins_for_others, qr_code
from app.views.requests import NextArgs

blueprint = PageBlueprint("login", policy="open")


class SetupArgs(Struct):
    token: str = ""


class LoginPage(FormPage, frozen=True, kw_only=True):
    template = "access/login.html"

    next: str
    name: str = ""
    is_unclaimed: bool = False
    """Whether nobody can sign in, because there is no account."""


class SetupPage(FormPage, frozen=True, kw_only=True):
    template = "access/setup.html"

    token: str
    offer: accounts.Offer
    given: str | None = None

    @property
    def phone_link(self) -> str:
        """This page as a phone reaches it; empty without phones, and at a phone."""
        origins = origins_for_others() if self.may_take_phones else []
        return origins[0] + url_for("login.show_setup", token=self.token) if origins else ""

    @property
    def phone_code(self) -> Markup | None:
        return qr_code(self.phone_link)

    @property
    def may_take_phones(self) -> bool:
        """Whether this browser may let phones of the network in, as an operator's own computer."""
        may = self.offer.role == accounts.OPERATOR and policies.is_on_this_machine()
        return may and may_let_phones_in(current_app)


class InvitedAlreadyPage(WebPage, frozen=True, kw_only=True):
    template = "access/invited_already.html"

    token: str
    name: str


@blueprint.get("/login")
async def show_login(args: NextArgs) -> ResponseReturnValue:
    if g.account is not None:
        return see_other(local_address(args.next))
    async with resources().db.read() as session:
        is_unclaimed = not await accounts.has_account(session)
    page = LoginPage(next=local_address(args.next), is_unclaimed=is_unclaimed)
    return await render_form(page, await cast_if_open())


@blueprint.post("/login")
async def login(args: NextArgs, form: Form) -> ResponseReturnValue:
    name, next_address = form.get("name", ""), local_address(form.get("next", args.next))
    try:
        secret = await sign_in(
            resources().db,
            resources().passwords,
            policies.client_of(name),
            name,
            form.get("password", ""),
        )
    except (TooManyError, UnauthorizedError) as failure:
        page = LoginPage(next=next_address, name=name, error=failure)
        return await render_form(page, await cast_if_open())
    response = see_other(next_address)
    policies.set_session(response, secret, name)
    return response


@blueprint.post("/logout", policy="read", of_chat=policies.always)
async def logout(form: Form) -> ResponseReturnValue:
    if g.account is not None:
        async with policies.writing() as session:
            await end_session(session, g.account.session_id, account_id=g.account.account_id)
    response = see_other(local_address(form.get("next", "/")))
    policies.clear_session(response)
    return response


@blueprint.get("/setup")
async def show_setup(args: SetupArgs) -> ResponseReturnValue:
    async with resources().db.read() as session:
        offer = await accounts.find_offer(session, args.token)
    if (
        offer.role == accounts.OPERATOR
    ):  # The browser has come by the page, which is of no use any more.
        await asyncio.to_thread(remove_link_page, resources().config.data_dir)
    if _is_for_somebody_else(offer):
        return await _signed_in_already(args.token)
    page = SetupPage(token=args.token, offer=offer)
    return await render(page, await cast_if_open()), 200, NO_STORE


@blueprint.post("/setup")
async def setup(form: Form) -> ResponseReturnValue:
    token, name = form.get("token", ""), form.get("name", "")
    db = resources().db
    async with db.read() as session:
        offer = await accounts.find_offer(session, token)
    if _is_for_somebody_else(offer):
        return await _signed_in_already(token)
    try:
        password_hash = await resources().passwords.hash(form.get("password", ""))
        async with db.write() as session:
            account = await accounts.accept_offer(session, token, name, password_hash=password_hash)
            secret = await add_session(session, account)
    except AppError as failure:
        page = SetupPage(token=token, offer=offer, given=name, error=failure)
        return await render_form(page, await cast_if_open())
    await asyncio.to_thread(remove_link_page, resources().config.data_dir)
    response = see_other(
        IMPORTS if offer.role == accounts.OPERATOR else await _readers_first_page(account)
    )
    policies.set_session(response, secret, account.name)
    return response


@blueprint.post("/setup/phones")
async def let_phones_in(form: Form) -> ResponseReturnValue:
    """Let phones of the network in, for the account to be made on one; the site becomes private."""
    token = form.get("token", "")
    async with resources().db.read() as session:
        offer = await accounts.find_offer(session, token)
    if offer.role != accounts.OPERATOR or not policies.is_on_this_machine():
        raise ForbiddenError("Only the computer that saywho runs on can let phones in")
    await admit_phones(is_on=True, becomes_private=True)
    return see_other(url_for("login.show_setup", token=token, _anchor="phone-heading"))


async def _readers_first_page(account: Operator) -> str:
    if account.room_id is not None:
        return url_for("rooms.show_room", room_id=account.room_id)
    async with resources().db.read() as session:
        rooms, further = await list_rooms(session, limit=1)
    if not rooms:
        return "/"
    if further:
        return url_for("rooms.show_rooms")
    return url_for("rooms.show_room", room_id=rooms[0].id)


def _is_for_somebody_else(offer: accounts.Offer) -> bool:
    return offer.role == accounts.READER and g.account is not None


async def _signed_in_already(token: str) -> ResponseReturnValue:
    page = InvitedAlreadyPage(token=token, name=g.account.name)
    return await render(page, await cast_if_open()), HTTPStatus.CONFLICT, NO_STORE
