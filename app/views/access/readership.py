"""Facts for operators about who may read the site."""

from typing import NamedTuple

from quart import current_app

from app.lifespan import listens_here_alone, resources
from app.views.policies import is_on_this_machine


class Readership(NamedTuple):
    is_public: bool
    is_switchable: bool
    is_here_alone: bool


async def readership() -> Readership:
    openness = resources().openness
    return Readership(
        is_public=await openness.is_public(),
        is_switchable=openness.setting is None,
        is_here_alone=is_on_this_machine() and listens_here_alone(current_app),
    )
