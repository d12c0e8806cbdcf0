from app.models.access import Invitation, LoginFailure, LoginSession, Operator, SetupLink, Token
from app.models.base import MAX_ID, Base
from app.models.derived import BackgroundSnapshot, Embedding, PostCount, Profile, Vocabulary, Word
from app.models.game import Game, GameAnswer, GamePlayer, GameQuestion, WrongCode
from app.models.room import Room, RoomPerson
from app.models.site import SITE_ID, Site
from app.models.tweet import MediaUse, Tweet, User
from app.models.work import Event, ImportJob, LiveSource

__all__ = [
    "MAX_ID",
    "SITE_ID",
    "BackgroundSnapshot",
    "Base",
    "Embedding",
    "Event",
    "Game",
    "GameAnswer",
    "GamePlayer",
    "GameQuestion",
    "ImportJob",
    "Invitation",
    "LiveSource",
    "LoginFailure",
    "LoginSession",
    "MediaUse",
    "Operator",
    "PostCount",
    "Profile",
    "Room",
    "RoomPerson",
    "SetupLink",
    "Site",
    "Token",
    "Tweet",
    "User",
    "Vocabulary",
    "Word",
    "WrongCode",
]
