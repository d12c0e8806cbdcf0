"""Optional packages are installed by names that an index has."""

import re
import shlex
import sys
import tomllib
from pathlib import Path

import pytest

from app.runtime.extras import EXTRAS, install_command
from tests.installation import ROOT


@pytest.mark.parametrize("extra", EXTRAS)
def test_packages_of_an_extra_are_those_of_the_wheel(extra: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = set(extras[extra])
    if "saywho[postgresql]" in wanted:
        wanted = wanted - {"saywho[postgresql]"} | set(extras["postgresql"])
    assert set(shlex.split(EXTRAS[extra])) == {re.sub(r">=[\d.]+$", "", name) for name in wanted}


def test_an_extra_is_added_by_what_the_environment_has(tmp_path: Path) -> None:
    assert install_command("postgresql", tmp_path) == (
        f"{sys.executable} -m pip install asyncpg pgvector"
    )
    by_pipx = tmp_path / "pipx" / "venvs" / "saywho"
    assert install_command("postgresql", by_pipx) == "pipx inject saywho asyncpg pgvector"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pip").touch()
    pip = f"{tmp_path}/bin/pip"
    assert install_command("postgresql", tmp_path) == f"{pip} install asyncpg pgvector"
