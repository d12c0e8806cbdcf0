"""All commands by name."""

import click

from app import __version__
from app.cli.access import token_group
from app.cli.checks import check_command
from app.cli.compare import compare_command
from app.cli.database import db_group
from app.cli.embed import embed_command
from app.cli.imports import demo_command, import_command
from app.cli.operators import operator_group
from app.cli.search import search_command
from app.cli.serve import serve_command
from app.cli.users import user_group, users_command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="saywho")
def saywho() -> None:
    """Keep people's posts, and ask who would have said this."""


for command in (
    serve_command,
    db_group,
    demo_command,
    import_command,
    users_command,
    user_group,
    compare_command,
    search_command,
    embed_command,
    token_group,
    operator_group,
    check_command,
):
    saywho.add_command(command)
