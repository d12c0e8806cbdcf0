"""`make neighbours`: runs other programs beside saywho, and prints what they keep of its posts.

It installs what it can into a folder of its own, prints the table of kept.md beside it, and
exits with 1 if a row differs from that table. Programs that are not here are named and passed over.

`--write` puts the rows into the document. `--only NAME` runs the programs whose name contains NAME.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.house import ROOT
from tests.neighbours.clients import rows_of_clients
from tests.neighbours.letters import rows_of_letters
from tests.neighbours.servers import rows_of_servers
from tests.neighbours.tables import ALONE, END, ROWS, Row, documented, rows_of_tables

DOCUMENT: Final = Path(__file__).with_name("kept.md")
FOLDER: Final = ROOT / ".neighbours"
PYTHON_PACKAGES: Final = (
    *("pandas==3.1.1", "XlsxWriter==3.3.1", "polars==2.1.0", "duckdb==2.0.1"),
    *("sqlite-utils==4.2.1", "csvkit==2.2.0", "datasette==0.65.5"),
    *("pyarrow==26.0.1", "petl==1.7.30", "tablib==3.10.0", "frictionless==5.21.0"),
    *("clevercsv==0.8.5", "openpyxl==3.1.5", "jrnl==4.6"),
)
NPM_PACKAGES: Final = (
    *("papaparse@5.7.1", "csv-parse@7.0.3", "csv-stringify@6.9.0", "d3-dsv@3.0.2"),
    *("xlsx@0.18.5", "exceljs@4.4.0"),
    *("typescript@5.9.3", "@types/node@20.19.25"),
)
DEBIAN_PACKAGES: Final = {
    "Rscript": (
        *("r-base-core", "r-cran-readr"),
        *("r-cran-data.table", "r-cran-bit64", "r-cran-vroom", "r-cran-haven"),
    ),
    "mlr": ("miller",),
    "java": ("default-jre-headless",),
    "promtool": ("prometheus",),
    "packf": ("nmh",),
    **{name: (name,) for name in ("csvtool", "mb2md")},
    "soffice": ("libreoffice-calc-nogui",),
    "ssconvert": ("gnumeric",),
    **{name: (name,) for name in ("jq", "haproxy", "caddy", "apache2", "newsboat")},
    "nginx": ("nginx-light",),
    "varnishd": ("varnish",),
}
"""Packages by a program that they bring."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="make neighbours", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the rows into the document")
    parser.add_argument("--only", default="", metavar="NAME")
    chosen = parser.parse_args()
    environment = _install()
    rows, missing = list[Row](), list[str]()
    with tempfile.TemporaryDirectory() as folder:
        for make in (rows_of_tables, rows_of_letters, rows_of_servers, rows_of_clients):
            for row in make(Path(folder), environment, chosen.only):
                print(row, flush=True)
                (rows if isinstance(row, Row) else missing).append(row)  # type: ignore[arg-type]
    if chosen.write:
        _write(rows)
        return 0
    known = documented(DOCUMENT.read_text())
    other = [str(row) for row in rows if not row.is_in(known)]
    print(f"{len(rows)} rows, {len(other)} other than in {DOCUMENT.name}, {len(missing)} not here")
    for line in other:
        print(f"other: {line}")
    return 1 if other else 0


def _install() -> Path:
    """Return the environment with the Python packages; root also gets Debian's."""
    environment = FOLDER / "python"
    alone = {FOLDER / name: packages for name, packages in ALONE.items()}
    for own, packages in ({environment: PYTHON_PACKAGES} | alone).items():
        if (own / "whole").exists():
            continue
        subprocess.run([sys.executable, "-m", "venv", "--clear", own], check=True)
        pip = [str(own / "bin/python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "--disable-pip-version-check", *packages], check=True)
        (own / "whole").touch()
    if shutil.which("npm") and not (FOLDER / "node/node_modules/typescript").exists():
        (FOLDER / "node").mkdir(exist_ok=True)
        command = ["npm", "install", "--silent", "--ignore-scripts", *NPM_PACKAGES]
        subprocess.run(command, cwd=FOLDER / "node", check=True)
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for program, packages in DEBIAN_PACKAGES.items():
            command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
            here = shutil.which(program, path=f"{os.environ['PATH']}:/usr/bin/mh")
            if here is None or program == "Rscript":
                subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL, check=False)
    return environment


def _write(rows: list[Row]) -> None:
    text = DOCUMENT.read_text()
    begin, _, rest = text.partition(ROWS)
    _, _, end = rest.partition(END)
    lines = [
        "| program | version | way | kept | what makes it right |",
        "|---|---|---|---|---|",
        *map(str, rows),
    ]
    table = "\n".join(lines)
    DOCUMENT.write_text(f"{begin}{ROWS}{table}\n{END}{end}")


if __name__ == "__main__":
    sys.exit(main())
