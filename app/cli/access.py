"""`saywho token …` and `saywho operator …`: API tokens and operators' accounts."""

import sys

import click

from app.cli.running import json_option, print_result, reading, writing
from app.config import Config
from app.services.access.logins import unlock
from app.services.access.operators import add_operator, add_setup_link
from app.services.access.passwords import hash_password
from app.services.access.rights import SCOPES, Scope, add_token, list_tokens, revoke_token


@click.group("token")
def token_command() -> None:
    """Create, list and revoke API tokens."""


@token_command.command("add")
@click.argument("name")
@click.option("--scope", type=click.Choice(SCOPES), required=True)
@json_option
def add_token_command(name: str, scope: Scope) -> None:
    """Create a token called NAME; it is shown only once."""
    token_id, secret = writing(lambda session: add_token(session, name, scope))
    facts = {"id": token_id, "name": name.strip(), "scope": scope, "token": secret}
    note = "Keep it: only its hash is stored, so it cannot be shown again."
    print_result(facts, secret, notes=[note])


@token_command.command("list")
@json_option
def list_command() -> None:
    """List the tokens that are in force."""
    tokens = reading(list_tokens)
    lines = [f"{t.id:>5}  {t.scope:<6} {t.created_at:%Y-%m-%d}  {t.name}" for t in tokens]
    note = "There are no tokens; saywho token add NAME --scope … creates one."
    print_result({"items": tokens, "next": None}, *lines, notes=[] if tokens else [note])


@token_command.command("revoke")
@click.argument("token_id", type=int, metavar="ID")
@json_option
def revoke_command(token_id: int) -> None:
    """End the token ID at once."""
    writing(lambda session: revoke_token(session, token_id))
    print_result({"id": token_id}, f"revoked {token_id}")


@click.group("operator")
def operator_command() -> None:
    """Create operators' accounts."""


@operator_command.command("add")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@json_option
def add_operator_command(name: str, password_stdin: bool) -> None:
    """Create the operator NAME; print a one-time link for choosing the password."""
    facts = {"name": name.strip()}
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
        password_hash = hash_password(password)
        writing(lambda session: add_operator(session, name, password_hash=password_hash))
        print_result(facts, f"added {name.strip()}")
        return
    secret = writing(lambda session: add_setup_link(session, name))
    url = Config.from_env().url
    link = setup_address(url or "http://127.0.0.1:8000", secret)
    note = "Replace the host with that of your site, or set SAYWHO_URL."
    print_result(facts | {"link": link}, link, notes=[] if url else [note])


@operator_command.command("unlock")
@click.argument("name")
@json_option
def unlock_command(name: str) -> None:
    """Let the operator NAME sign in again at once after failed attempts."""
    name = writing(lambda session: unlock(session, name))
    print_result({"name": name}, f"unlocked {name}")


def setup_address(origin: str, secret: str) -> str:
    """Return the address of the page where a set-up link makes its account."""
    return f"{origin}/setup?token={secret}"
