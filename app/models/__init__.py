from app.models.access import LoginFailure, LoginSession, Operator, SetupLink, Token
from app.models.base import MAX_ID, Base
from app.models.derived import BackgroundSnapshot, Embedding, PostCount, Profile, Vocabulary, Word
from app.models.tweet import MediaUse, Tweet, User
from app.models.work import Event, ImportJob, LiveSource

__all__ = [
    "MAX_ID",
    "BackgroundSnapshot",
    "Base",
    "Embedding",
    "Event",
    "ImportJob",
    "LiveSource",
    "LoginFailure",
    "LoginSession",
    "MediaUse",
    "Operator",
    "PostCount",
    "Profile",
    "SetupLink",
    "Token",
    "Tweet",
    "User",
    "Vocabulary",
    "Word",
]
