"""Checking: a record of a file becomes a post that can be stored."""

from datetime import datetime

from app.compute.text import clean_username, drop_controls
from app.errors import InvalidInputError, message_of
from app.formats.records import Account, Medium, Record, ReplyTarget
from app.services.imports.bulk import BulkPost
from app.services.posts.new_tweet import (
    checked_language,
    checked_target,
    checked_url,
    lenient,
    new_tweet,
)


class NamelessFileError(InvalidInputError):
    """The file of one account needs another name."""


def named_account(account: Account | None, username: str | None) -> Account | None:
    """Return the account with the name for its posts; None for files of many authors.

    Raises NamelessFileError.
    """
    if account is None:
        return None
    name = username or account.username
    if not name:
        raise NamelessFileError("the file does not say whose posts these are; add --username NAME")
    try:
        name = clean_username(name)
    except ValueError as error:
        raise NamelessFileError(
            "{fault}; choose a name with --username NAME", fault=message_of(error)
        ) from None
    return Account(name, account.display_name, account.platform)


def checked_post(
    record: Record,
    *,
    owner: Account | None,
    username: str | None,
    account: Account | None,
    media: list[Medium],
    arrived_at: datetime,
) -> BulkPost:
    """Return the post of a record, which was not counted among equal ones yet.

    `owner` is the author of all posts of a file of one account, `account` the same as the file
    names it; `username` names the author of records without one. Raises ValueError and AppError.
    """
    author = owner or Account(
        record.username or username or record.author_id, record.display_name, record.platform or ""
    )
    if author.username is None:
        raise InvalidInputError("no author; --username NAME names one")
    name = clean_username(author.username)
    post = new_tweet(
        drop_controls(record.text),
        arrived_at=arrived_at,
        kind=record.kind,
        created_at=record.created_at,
        lang=lenient(checked_language, record.lang),
        source_id=record.source_id,
        url=lenient(checked_url, record.url),
        reply_to=lenient(checked_target, _target(record, account, name)),
        media=media,
        counts=record.counts,
    )
    return BulkPost(
        place=record.place,
        username=name,
        platform=author.platform or None,
        # Half a surrogate pair could not leave the process that reads.
        display_name=author.display_name and drop_controls(author.display_name),
        post=post,
    )


def _target(record: Record, account: Account | None, username: str) -> ReplyTarget | None:
    """Return what the post answers; its author's own name may be another one here."""
    target = record.reply_to
    if target is None or target.username is None or account is None or not account.username:
        return target
    is_own = target.username.casefold() == account.username.casefold()
    return ReplyTarget(target.source_id, username) if is_own else target
