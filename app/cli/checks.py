"""`saywho check`: is everything as it should be?"""

import click

from app.cli.running import fail, json_option, print_json, reported
from app.errors import StartError


@click.command("check")
@json_option
@reported
def check_command(as_json: bool) -> None:
    """Check the database, and what is derived from the posts.

    The database must answer and be migrated; counts, indexes and profiles must agree with it.
    """
    from app.cli.running import with_database
    from app.services.checks import find_faults

    try:
        faults = with_database(lambda db, _: find_faults(db))
    except StartError as error:
        if as_json:
            print_json({"ok": False, "faults": [str(error)]})
        raise
    if as_json:
        print_json({"ok": not faults, "faults": faults})
    for fault in faults if not as_json else []:
        click.echo(fault, err=True)
    if faults:
        fail("the check found faults")
    if not as_json:
        click.echo("ok")
