"""`saywho user(s)`, `room(s)`, `operator` and `token`: authors, chats, and access."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar, get_args

import click

from app.cli import id_type, is_asked, reading, with_database, writing, yes_option
from app.cli.outputs import ask, json_option, print_list, print_result, progress
from app.config import Config
from saywho.formats.post import Platform

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from app.db.engine import Database
    from app.services.access.rights import AccountRemoval, Scope, TokenFacts
    from app.services.posts.users import Author

T = TypeVar("T")


def confirm(what: str) -> None:
    ask(f"Delete {what}? This cannot be cancelled.", abort=True)


def deleting(work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """Delete an author or a chat, then its rows and files, and show the progress.

    After an interruption, the server or the next deletion removes the rest.
    """
    from app.services.deletion import purge_deleted
    from app.services.posts.media import remove_unneeded

    async def delete(db: Database, config: Config) -> T:
        async with db.write() as session:
            deleted = await work(session)
        with progress("deleting") as show:
            await purge_deleted(
                db, on_progress=lambda done, total: show(done, total, f"{done:,} of {total:,} rows")
            )
        await remove_unneeded(db, config.media_dir)
        return deleted

    return with_database(delete)


@click.command("users", epilog="Example: saywho users")
@json_option
def users_command() -> None:
    """List the authors."""
    from app.services.posts.users import list_authors

    authors, _ = reading(lambda session: list_authors(session, limit=2**31))
    lines = [f"{author.tweets:>9,}  {author.platform:<9} {author.username}" for author in authors]
    note = "No authors yet. To add some, run: saywho import FILE (or saywho demo, for samples)"
    print_list(authors, lines, note)


@click.group("user")
def user_command() -> None:
    """Add, join, part and delete authors."""


@user_command.command("add", epilog="Example: saywho user add alice --display-name 'Alice Kim'")
@click.argument("name")
@click.option("--display-name", metavar="TEXT", help="Name to show in addition to NAME.")
@click.option(
    "--platform",
    type=click.Choice(get_args(Platform)),
    default="local",
    show_default=True,
    help="Platform that the author writes on.",
)
@json_option
def add_user_command(name: str, display_name: str | None, platform: str) -> None:
    """Add the author NAME."""
    from app.services.posts.users import add_user, get_author

    async def add(session: AsyncSession) -> Author:
        user = await add_user(session, name, display_name=display_name, platform=platform)
        return await get_author(session, user.username)

    author = writing(add)
    print_result(author, f"added {author.username}")


@user_command.command("delete", epilog="Example: saywho user delete alice")
@click.argument("name")
@yes_option
@json_option
def delete_user_command(name: str, yes: bool) -> None:
    """Delete the author NAME and all their posts.

    The deletion starts immediately and cannot be cancelled.
    """
    from app.services.deletion import delete_user

    if is_asked(yes):
        confirm(f"{name} and all their posts")

    deleting(lambda session: delete_user(session, name))
    print_result({"username": name}, f"deleted {name}")


@user_command.command("names", epilog="Example: saywho user names")
@json_option
def list_names_command() -> None:
    """List the joined names, and names that files say are of one person."""
    from app.services.joined_names import read_names

    names = reading(read_names)
    lines = [f"{each.posts:>9,}  {each.username} = {each.into}" for each in names.joined]
    lines += [
        f"{'?':>9}  {each.username} = {each.into}  (chat {each.room}, {each.at:%Y-%m-%d})"
        for each in names.suggested
    ]
    note = "No joined names. To join one, run: saywho user join NAME INTO"
    print_result(names, "\n".join(lines), notes=[] if lines else [note])


@user_command.command("join", epilog="Example: saywho user join Nadia Nadia_Berlin")
@click.argument("name")
@click.argument("into")
@json_option
def join_names_command(name: str, into: str) -> None:
    """Join NAME to INTO: both are names of one person.

    They are people of chats. All posts are INTO's then, also posts that arrive as NAME's later. To
    undo it, run saywho user part.
    """
    from app.services.joined_names import join_names

    with_database(lambda db, _: join_names(db.write, name, into))
    print_result({"username": name, "into": into}, f"joined {name} to {into}")


@user_command.command("part", epilog="Example: saywho user part Nadia")
@click.argument("name")
@json_option
def part_names_command(name: str) -> None:
    """Part the joined NAME again, with the posts that came under it."""
    from app.services.joined_names import part_names

    with_database(lambda db, _: part_names(db.write, name))
    print_result({"username": name}, f"parted {name}")


@click.command("rooms", epilog="Example: saywho rooms")
@json_option
def rooms_command() -> None:
    """List the chats, each with its ID."""
    from app.services.rooms.chats import list_rooms

    rooms, _ = reading(lambda session: list_rooms(session, limit=2**31))
    lines = [f"{room.id:>5}  {room.messages:>9,}  {room.name}" for room in rooms]
    note = "No chats yet. To import one, run: saywho import FILE"
    print_list(rooms, lines, note)


@click.group("room")
def room_command() -> None:
    """Delete chats."""


@room_command.command("delete", epilog="Example: saywho room delete 2")
@click.argument("room_id", type=id_type, metavar="ID")
@yes_option
@json_option
def delete_room_command(room_id: int, yes: bool) -> None:
    """Delete the chat ID and all its messages.

    People of the chat who wrote nowhere else are deleted too. The deletion starts immediately and
    cannot be cancelled.
    """
    from app.services.deletion import delete_room
    from app.services.rooms.chats import get_room

    if is_asked(yes):
        room = reading(lambda session: get_room(session, room_id))
        confirm(f"{room.name} and all {room.messages:,} messages")
    room = deleting(lambda session: delete_room(session, room_id))
    facts = {"id": room.id, "name": room.name, "messages": room.messages}
    print_result(facts, f"deleted {room.name}")


@click.group("token")
def token_command() -> None:
    """Create, list and revoke API tokens."""


@token_command.command("add", epilog="Example: saywho token add backup-script --scope read")
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice(["read", "write", "admin"]),
    required=True,
    help="What the token may do.",
)
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="The token stops working at the start of DAY, such as 2027-01-31, in UTC.",
)
@json_option
def add_token_command(name: str, scope: Scope, until: datetime | None) -> None:
    """Create an API token called NAME; it is shown only once."""
    from app.services.access.rights import add_token

    ends_at = until and until.replace(tzinfo=UTC)
    token_id, secret = writing(lambda session: add_token(session, name, scope, ends_at=ends_at))
    facts = {"id": token_id, "name": name.strip(), "scope": scope, "token": secret}
    if ends_at is not None:
        facts["ends_at"] = ends_at
    note = "Save this token now: only its hash is stored, so it cannot be shown again."
    print_result(facts, secret, notes=[note])


@token_command.command("list", epilog="Example: saywho token list")
@json_option
def list_tokens_command() -> None:
    """List the tokens, each with its end if it has one.

    If an operator created a token in the settings, the operator's name is shown.
    """
    from app.services.access.rights import list_tokens

    tokens = reading(list_tokens)
    lines = [
        f"{t.id:>5}  {t.scope:<6} {t.created_at:%Y-%m-%d}  {t.name}"
        + (f"  (until {t.ends_at:%Y-%m-%d})" if t.ends_at else "")
        + (f"  (created by {t.created_by})" if t.created_by else "")
        for t in tokens
    ]
    note = "No tokens yet. To create one, run: saywho token add NAME --scope SCOPE"
    print_list(tokens, lines, note)


@token_command.command("revoke", epilog="Example: saywho token revoke 5")
@click.argument("token_id", type=int, metavar="ID")
@json_option
def revoke_token_command(token_id: int) -> None:
    """Revoke the token ID immediately."""
    from app.services.access.rights import revoke_token

    writing(lambda session: revoke_token(session, token_id))
    print_result({"id": token_id}, f"revoked {token_id}")


@click.group("operator")
def operator_command() -> None:
    """Create, list, unlock and remove accounts."""


@operator_command.command("add", epilog="Example: saywho operator add alice")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@json_option
def add_operator_command(name: str, password_stdin: bool) -> None:
    """Create an account for the operator NAME.

    Without --password-stdin, the command prints a one-time link for choosing the password.
    """
    from app.services.access.accounts import add_operator, add_setup_link, hash_password

    facts = {"name": name.strip()}
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
        password_hash = hash_password(password)
        writing(lambda session: add_operator(session, name, password_hash=password_hash))
        print_result(facts, f"added {name.strip()}")
        return
    secret = writing(lambda session: add_setup_link(session, name))
    url = Config.from_env().url
    link = f"{url or 'http://127.0.0.1:8000'}/setup?token={secret}"
    note = (
        "SAYWHO_URL is not set, so this link assumes that the server listens on port 8000 of this"
        " machine. If it does not, change the beginning of the link."
    )
    print_result(facts | {"link": link}, link, notes=[] if url else [note])


@operator_command.command("list", epilog="Example: saywho operator list")
@json_option
def list_operators_command() -> None:
    """List the accounts of operators and of invited readers."""
    from app.services.access.accounts import list_accounts

    accounts = reading(list_accounts)
    lines = [
        f"{a.role:<8}  {a.created_at:%Y-%m-%d}  {a.name}"
        + (f"  (only chat {a.room.id}: {a.room.name})" if a.room else "")
        for a in accounts
    ]
    note = "No accounts yet. To create one, run: saywho operator add NAME"
    print_list(accounts, lines, note)


@operator_command.command("unlock", epilog="Example: saywho operator unlock alice")
@click.argument("name", required=False)
@click.option("--all", "has_all", is_flag=True, help="Unblock all accounts and networks.")
@json_option
def unlock_command(name: str | None, has_all: bool) -> None:
    """Let the account NAME sign in again after failed attempts.

    If failed attempts at several names came from a network, that network stays blocked. Use --all
    instead of NAME to unblock it.
    """
    from app.services.access.logins import blocked_networks, unlock, unlock_all

    if has_all == (name is not None):
        raise click.UsageError("Give either NAME or --all.")

    async def open_sign_in(session: AsyncSession) -> tuple[str | None, int]:
        if name is None:
            await unlock_all(session)
        return name and await unlock(session, name), await blocked_networks(session)

    name, closed = writing(open_sign_in)
    note = (
        f"Networks still blocked after failed attempts at several names: {closed}. The log lists"
        " them. To unblock them, run: saywho operator unlock --all"
    )
    facts = {"name": name, "closed_networks": closed}
    print_result(facts, f"unlocked {name or 'all'}", notes=[note] if closed else [])


@operator_command.command("remove", epilog="Example: saywho operator remove alice")
@click.argument("name")
@click.option("--keep-tokens", is_flag=True, help="Do not revoke the tokens that NAME created.")
@json_option
def remove_operator_command(name: str, keep_tokens: bool) -> None:
    """Remove the account NAME.

    Works for operators and readers. The account is signed out everywhere immediately. Set-up links
    for that name stop working, and so do the operator's open invitations and tokens. If no operator
    is left, the next start of the server prints a set-up link, as on the first start.
    """
    from app.services.access.rights import remove_account

    removal = writing(lambda session: remove_account(session, name, keeps_tokens=keep_tokens))
    print_result(removal, f"removed {removal.name}", notes=_notes_of(removal))


def _notes_of(removal: AccountRemoval) -> Iterator[str]:
    if removal.setup_links:
        yield f"Set-up links cancelled: {removal.setup_links}"
    if removal.invitations:
        yield f"Open invitations cancelled: {removal.invitations}"
    if removal.revoked_tokens:
        yield f"Tokens revoked: {_in_words(removal.revoked_tokens)}"
    if removal.remaining_tokens:
        yield (
            f"Tokens still active: {_in_words(removal.remaining_tokens)}. Someone who has left may"
            " know them. To revoke one, run: saywho token revoke ID"
        )


def _in_words(tokens: Sequence[TokenFacts]) -> str:
    return ", ".join(f"{token.id} {token.name} ({token.scope})" for token in tokens)
