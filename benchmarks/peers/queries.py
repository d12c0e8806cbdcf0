"""The queries of the peers, for a session of either kind, and the JSON that all answer."""

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Select, select, update

from app.models import Event, Token, Tweet, User
from saywho.text import clean_text, guess_language

LISTED: Final = 20


def select_user(username: str) -> Select[User]:
    key = username.casefold()
    return select(User).where(User.username_key == key, User.deleted_at.is_(None))


def select_times(user_id: int) -> Select[datetime | None, datetime | None]:
    """Return a query for the times of a user's first and newest tweet."""
    times = select(Tweet.created_at).where(Tweet.user_id == user_id, Tweet.created_at.is_not(None))
    first = times.order_by(Tweet.created_at, Tweet.id).limit(1).scalar_subquery()
    newest = times.order_by(Tweet.created_at.desc(), Tweet.id.desc()).limit(1).scalar_subquery()
    return select(first, newest)


def select_tweets(user_id: int) -> Select[Tweet]:
    """Return a query for a user's newest tweets, and one more to tell whether there are more."""
    return (
        select(Tweet)
        .where(Tweet.user_id == user_id)
        .order_by(Tweet.created_at.desc().nulls_last(), Tweet.id.desc())
        .limit(LISTED + 1)
    )


def select_token(authorization: str | None) -> Select[Token]:
    secret = (authorization or "").removeprefix("Bearer ")
    sha256 = hashlib.sha256(secret.encode()).digest()
    return select(Token).where(Token.sha256 == sha256)


def new_tweet(user: User, text: str) -> tuple[Event, Tweet]:
    """Return the rows of a new tweet; the tweet still lacks the id of its event."""
    now = datetime.now(UTC).replace(microsecond=0)
    text = clean_text(text)
    event = Event(kind="tweet.created", user_id=user.id, count=1, created_at=now)
    tweet = Tweet(
        user_id=user.id, text=text, kind="post", created_at=now, lang=guess_language(text)
    )
    return event, tweet


def count_tweet(user_id: int) -> Any:
    counted = User.tweet_count + 1
    return update(User).where(User.id == user_id).values(tweet_count=counted)


def user_json(user: User, first: datetime | None, newest: datetime | None) -> dict[str, Any]:
    return {
        "id": user.id,
        "username": user.username,
        "display_name": user.display_name,
        "platform": user.platform,
        "tweets": user.tweet_count,
        "first_tweet_at": time_json(first),
        "newest_tweet_at": time_json(newest),
        "created_at": time_json(user.created_at),
    }


def tweet_json(tweet: Any, username: str) -> dict[str, Any]:
    return {
        "id": tweet.id,
        "username": username,
        "text": tweet.text,
        "kind": tweet.kind,
        "created_at": time_json(tweet.created_at),
        "lang": tweet.lang,
        "source_id": tweet.source_id,
        "url": tweet.url,
        "reply_to": None,  # The posts of the benchmarks answer none, and have no media.
        "media": [],
        "counts": None,
        "room": None,
        "visibility": tweet.visibility,
    }


def page_json(tweets: Sequence[Any], username: str) -> dict[str, Any]:
    return {
        "items": [tweet_json(tweet, username) for tweet in tweets[:LISTED]],
        "next": next_cursor(tweets),
    }


def next_cursor(tweets: Sequence[Any]) -> str | None:
    if len(tweets) <= LISTED:
        return None
    last = tweets[LISTED - 1]
    place = json.dumps([time_json(last.created_at), last.id], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(place).rstrip(b"=").decode()


def time_json(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat().replace("+00:00", "Z")
