"""`saywho operator …`: the accounts that may do everything."""

import sys

import click

from app.cli.running import json_option, print_json, reported, with_database
from app.config import Config
from app.db.engine import Database
from app.services.access.operators import add_operator, add_setup_link
from app.services.access.passwords import Passwords


@click.group("operator")
def operator_group() -> None:
    """Make operators' accounts."""


@operator_group.command("add")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@json_option
@reported
def add_command(name: str, password_stdin: bool, as_json: bool) -> None:
    """Make the operator NAME; print a one-time link where the password can be chosen."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
        with_database(lambda db, _: _add(db, name, password))
        if as_json:
            print_json({"name": name.strip()})
        else:
            click.echo(f"added {name.strip()}")
        return
    link = with_database(lambda db, config: _add_link(db, config, name))
    if as_json:
        print_json({"name": name.strip(), "link": link})
    else:
        click.echo(link)
        click.echo(
            "Put in the address of your site if it is another (or set SAYWHO_URL).", err=True
        )


async def _add(db: Database, name: str, password: str) -> None:
    passwords = Passwords()
    try:
        password_hash = await passwords.hash(password)
        async with db.write() as session:
            await add_operator(session, name, password_hash=password_hash)
    finally:
        passwords.close()


async def _add_link(db: Database, config: Config, name: str) -> str:
    async with db.write() as session:
        secret = await add_setup_link(session, name)
    return setup_address(config.url or "http://127.0.0.1:8000", secret)


def setup_address(origin: str, secret: str) -> str:
    """Return where the account of a set-up link is made."""
    return f"{origin}/setup?token={secret}"
