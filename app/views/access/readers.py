"""Readers in the settings: invitations and accounts."""

from quart import Response, g, url_for
from quart.typing import ResponseReturnValue

from app.errors import InvalidInputError, NotFoundError
from app.services.access.readers import add_invitation, end_invitation, remove_reader
from app.services.rooms.room_facts import get_room
from app.views.access.settings import settings_page
from app.views.answers import see_other
from app.views.blueprints import Form, PageBlueprint
from app.views.links import origin_for_others
from app.views.policies import writing
from app.views.requests import number_of

blueprint = PageBlueprint("readers", policy="operator")


@blueprint.action("/settings/invitations")
async def invite(form: Form) -> ResponseReturnValue:
    """Create an invitation to the site or a chat; show its link once."""
    room_id = number_of(chosen) if (chosen := form.get("room", "")) else None
    try:
        if chosen and room_id is None:
            raise InvalidInputError("Choose what the guest may read", loc="room")
        async with writing() as session:
            secret = await add_invitation(
                session,
                form.get("name", ""),
                account_id=g.operator.account_id,
                room_id=(await get_room(session, room_id)).id if room_id is not None else None,
            )
    except (InvalidInputError, NotFoundError) as failure:
        return await settings_page(failure=failure, invited_to=room_id)
    link = origin_for_others() + url_for("login.show_setup", token=secret)
    return await settings_page(new_link=link, invited_to=room_id)


@blueprint.action("/settings/invitations/<id:invitation_id>/end")
async def take_back(invitation_id: int) -> ResponseReturnValue:
    async with writing() as session:
        await end_invitation(session, invitation_id)
    return _back()


@blueprint.action("/settings/readers/<id:account_id>/remove")
async def remove(account_id: int) -> ResponseReturnValue:
    async with writing() as session:
        await remove_reader(session, account_id)
    return _back()


def _back() -> Response:
    return see_other(url_for("settings.show_settings", _anchor="readers-heading"))
