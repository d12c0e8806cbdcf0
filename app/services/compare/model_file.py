"""A file of all that a comparison of some authors needs, to judge texts without the database."""

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.background import EMPTY_BACKGROUND
from app.compute.features import RECIPE
from app.compute.profiles import AuthorProfile
from app.errors import InvalidInputError
from app.models import BackgroundSnapshot
from app.services.compare.background import unpacked
from app.services.compare.contenders import Contender, compared_users
from app.services.compare.judging import MODEL_NAME
from app.services.compare.materials import SCREENED, Material, Models, load_authors

_KIND: Final = "saywho model"


class ModelFileError(InvalidInputError):
    """The file is no model, or one of another recipe."""


class _Author(msgspec.Struct, frozen=True):
    who: Contender
    posts: int
    counts: bytes
    texts: bytes


class _Model(msgspec.Struct, frozen=True):
    kind: str
    recipe: tuple[str, int]
    version: int
    as_of_event: int
    is_named: bool
    background: bytes
    calibration: bytes | None
    impostors: bytes | None
    authors: list[_Author]


async def export_model(session: AsyncSession, usernames: Sequence[str]) -> bytes:
    """Return the model of the authors named, or of all that have posts.

    Raises NotFoundError and InvalidInputError.
    """
    users = await compared_users(session, usernames)
    if len(users) > SCREENED:
        raise InvalidInputError(
            "{count} authors are too many for a model; name at most {most}",
            count=len(users),
            most=SCREENED,
        )
    models = Models()
    material = await load_authors(session, models, users, is_named=bool(usernames))
    columns = (
        BackgroundSnapshot.counts,
        BackgroundSnapshot.calibration,
        BackgroundSnapshot.impostors,
    )
    is_it = BackgroundSnapshot.version == material.snapshot.version
    row = (await session.execute(select(*columns).where(is_it))).first()
    background, calibration, impostors = row or (EMPTY_BACKGROUND.to_bytes(), None, None)
    return msgspec.msgpack.encode(
        _Model(
            kind=_KIND,
            recipe=(MODEL_NAME, RECIPE),
            version=material.snapshot.version,
            as_of_event=material.as_of_event,
            is_named=material.is_named,
            background=background,
            calibration=calibration,
            impostors=impostors,
            authors=[
                _Author(who, profile.posts, profile.counts.to_bytes(), profile.texts.to_bytes())
                for who, profile in zip(material.users, material.profiles, strict=True)
            ],
        )
    )


def read_model(content: bytes) -> Material:
    """Return the material for texts that follow. Raises ModelFileError."""
    try:
        model = msgspec.msgpack.decode(content, type=_Model)
    except msgspec.DecodeError as error:
        raise ModelFileError("this is no file that saywho model export wrote") from error
    if model.kind != _KIND or model.recipe != (MODEL_NAME, RECIPE):
        raise ModelFileError("the model was made by another recipe; export it again")
    try:
        snapshot = unpacked(model.version, model.background, model.calibration, model.impostors)
        profiles = [
            AuthorProfile.from_bytes(each.counts, each.posts, each.texts) for each in model.authors
        ]
    except (ValueError, IndexError) as error:
        raise ModelFileError("the model is damaged; export it again") from error
    users = [each.who for each in model.authors]
    return Material("", users, profiles, snapshot, model.as_of_event, model.is_named)
