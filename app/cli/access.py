"""`saywho token …`: API tokens."""

import click

from app.cli.running import json_option, print_json, reported, with_database
from app.config import Config
from app.db.engine import Database
from app.services.access.tokens import (
    SCOPES,
    Scope,
    TokenFacts,
    add_token,
    list_tokens,
    revoke_token,
)


@click.group("token")
def token_group() -> None:
    """Make, list and revoke API tokens."""


@token_group.command("add")
@click.argument("name")
@click.option("--scope", type=click.Choice(SCOPES), required=True)
@json_option
@reported
def add_command(name: str, scope: Scope, as_json: bool) -> None:
    """Make a token called NAME; it is shown this once."""

    async def add(db: Database, _: Config) -> tuple[int, str]:
        async with db.write() as session:
            return await add_token(session, name, scope)

    token_id, secret = with_database(add)
    if as_json:
        print_json({"id": token_id, "name": name.strip(), "scope": scope, "token": secret})
    else:
        click.echo(secret)
        click.echo("Keep it: only its hash is stored, so it cannot be shown again.", err=True)


@token_group.command("list")
@json_option
@reported
def list_command(as_json: bool) -> None:
    """List the tokens that are in force."""

    async def load(db: Database, _: Config) -> list[TokenFacts]:
        async with db.read() as session:
            return await list_tokens(session)

    tokens = with_database(load)
    if as_json:
        print_json({"items": tokens, "next": None})
        return
    if not tokens:
        click.echo("There are no tokens; saywho token add NAME --scope … makes one.", err=True)
    for token in tokens:
        click.echo(f"{token.id:>5}  {token.scope:<6} {token.created_at:%Y-%m-%d}  {token.name}")


@token_group.command("revoke")
@click.argument("token_id", type=int, metavar="ID")
@json_option
@reported
def revoke_command(token_id: int, as_json: bool) -> None:
    """End the token ID at once."""

    async def revoke(db: Database, _: Config) -> None:
        async with db.write() as session:
            await revoke_token(session, token_id)

    with_database(revoke)
    if as_json:
        print_json({"id": token_id})
    else:
        click.echo(f"revoked {token_id}")
