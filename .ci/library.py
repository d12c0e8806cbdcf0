"""Prints what the library needs without the web, as pyproject.toml says: one requirement a line."""

import re
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
wanted = {*project["tool"]["saywho"]["library"]}
lines = [
    line
    for line in project["project"]["dependencies"]
    if re.split(r"[^\w.-]", line, maxsplit=1)[0] in wanted
]
print(*lines, sep="\n")
