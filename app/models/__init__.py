"""The tables, and constants of theirs."""

from app.models.access import (
    SITE_ID,
    Assistants,
    Invitation,
    LoginFailure,
    LoginSession,
    Operator,
    SetupLink,
    Site,
    Token,
)
from app.models.base import MAX_ID, Base
from app.models.content import (
    IS_GONE,
    KEPT_ROOM_ID,
    KEPT_USER_ID,
    OLD_MESSAGE,
    ROOM_NAME,
    BackgroundSnapshot,
    Embedding,
    MediaUse,
    PostCount,
    Profile,
    Room,
    RoomMove,
    RoomPerson,
    Snapshot,
    Tweet,
    User,
    Vocabulary,
    Word,
)
from app.models.work import Event, ImportJob, LiveSource
