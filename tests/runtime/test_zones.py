import os
import subprocess
import sys
import zoneinfo
from datetime import datetime
from importlib.resources import files
from pathlib import Path

import pytest
import tzdata

ROOT = Path(__file__).parents[2]
READ = """
import sys, zoneinfo
zoneinfo.reset_tzpath(sys.argv[1:])
zoneinfo.ZoneInfo("America/Vancouver")
import app
from app.runtime.zones import description
from datetime import datetime
here = datetime(2026, 11, 20, 10, tzinfo=zoneinfo.ZoneInfo("America/Vancouver"))
print(here.utcoffset().total_seconds() / 3600, description())
"""


def read_with(*folders: Path, **environment: str) -> str:
    """Return Vancouver's offset in a process whose system has these folders, and the data."""
    rest = {name: value for name, value in os.environ.items() if name != "PYTHONTZPATH"}
    return subprocess.run(
        [sys.executable, "-c", READ, *map(str, folders)],
        cwd=ROOT,
        env=rest | environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """A system's folder in which Vancouver still has winter time."""
    (tmp_path / "America").mkdir()
    eight_west = files(tzdata).joinpath("zoneinfo", "Etc", "GMT+8").read_bytes()
    (tmp_path / "America" / "Vancouver").write_bytes(eight_west)
    return tmp_path


@pytest.mark.parametrize(
    ("version", "hours", "told"),
    [
        ("2025b", -7.0, f"{tzdata.IANA_VERSION} (of the package tzdata)"),
        ("2999a", -8.0, "2999a (of the system)"),
        ("", -7.0, f"{tzdata.IANA_VERSION} (of the package tzdata)"),
    ],
)
def test_the_newer_data_count(system: Path, version: str, hours: float, told: str) -> None:
    if version:
        (system / "tzdata.zi").write_text(f"# version {version}\n# This zic input file\n")
    assert read_with(system) == f"{hours} {told}"


def test_a_folder_that_the_user_names_stays(system: Path) -> None:
    assert read_with(system, PYTHONTZPATH=str(system)).startswith("-8.0 of unknown version")


def test_this_process_has_the_newest_data() -> None:
    assert datetime(2026, 11, 20, tzinfo=zoneinfo.ZoneInfo("America/Vancouver")).tzname() == "MST"
