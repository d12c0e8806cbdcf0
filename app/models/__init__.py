from app.models.base import MAX_ID, Base
from app.models.embedding import Embedding, VectorSet
from app.models.idempotency import IdempotencyRecord
from app.models.operator import LoginFailure, LoginSession, Operator, SetupLink
from app.models.post_count import PostCount
from app.models.profile import BackgroundSnapshot, Profile
from app.models.token import Token
from app.models.tweet import Tweet
from app.models.user import User
from app.models.vocabulary import Vocabulary, Word
from app.models.work import Event, ImportJob, LeaseRow, ModelCard

__all__ = [
    "MAX_ID",
    "BackgroundSnapshot",
    "Base",
    "Embedding",
    "Event",
    "IdempotencyRecord",
    "ImportJob",
    "LeaseRow",
    "LoginFailure",
    "LoginSession",
    "ModelCard",
    "Operator",
    "PostCount",
    "Profile",
    "SetupLink",
    "Token",
    "Tweet",
    "User",
    "VectorSet",
    "Vocabulary",
    "Word",
]
