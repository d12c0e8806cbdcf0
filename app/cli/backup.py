"""`saywho backup` and `saywho restore`: a whole installation in one file, and back."""

from pathlib import Path

import click

from app.cli.running import json_option, print_result
from app.config import Config
from app.services.backup import BackupManifest, make_backup
from app.services.restore import restore_backup


@click.command("backup")
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@click.option("--with-secrets", is_flag=True, help="Include operators, tokens and the secret key.")
@json_option
def backup_command(target: Path, with_secrets: bool) -> None:
    """Write everything to the new FILE, while the server goes on writing.

    Without --with-secrets, the backup holds no accounts of operators, no tokens and no keys.
    """
    manifest = make_backup(Config.from_env(), target, with_secrets=with_secrets)
    _print(manifest, target, "backed up")


@click.command("restore")
@click.argument(
    "source", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE"
)
@json_option
def restore_command(source: Path) -> None:
    """Restore the backup FILE to an empty data folder, once all of it is verified."""
    manifest = restore_backup(Config.from_env(), source)
    _print(manifest, source, "restored")


def _print(manifest: BackupManifest, file: Path, done: str) -> None:
    size = sum(each.size for each in manifest.files)
    facts = {
        "file": str(file),
        "files": len(manifest.files),
        "bytes": size,
        "with_secrets": manifest.with_secrets,
        "made_at": manifest.made_at,
    }
    secrets = "with" if manifest.with_secrets else "without"
    print_result(facts, f"{done} {size:,} bytes, {secrets} secrets")
