"""The image and `compose.yaml`: their names and commands, tried without an engine."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped] # comes with schemathesis

from app.config import Config
from tests.installation import PROGRAM, ROOT, Installation
from tests.ports import free_port
from tests.server import serving

IMAGE = (ROOT / "Containerfile").read_text()
SERVICE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["saywho"]


def instruction(name: str) -> str:
    """Return what the image's file says after this word."""
    return next(line for line in IMAGE.splitlines() if line.startswith(f"{name} ")).split(" ", 1)[1]


COMMAND: list[str] = json.loads(instruction("CMD"))
"""What the image runs after the name of the program."""


def variables(given: dict[str, str]) -> dict[str, str]:
    """Return what the image and the file set, where whoever starts it gives these variables."""
    values = dict(pair.split("=", 1) for pair in instruction("ENV").split())
    for name, value in SERVICE["environment"].items():
        default = re.fullmatch(r"\$\{(\w+):-(.*)\}", value)
        assert default, value
        assert default[1] == name
        values[name] = given.get(name) or default[2]
    return values


def test_the_names_in_the_image_and_the_file_are_those_of_the_program() -> None:
    values = variables({})
    config = Config.from_env(values)
    assert (config.env, config.url) == ("production", "http://localhost:8000")
    folder = str(config.data_dir)
    assert instruction("VOLUME") == folder
    assert [volume.partition(":")[2] for volume in SERVICE["volumes"]] == [folder]
    assert json.loads(instruction("ENTRYPOINT")) == [PROGRAM.name]
    port = COMMAND[-1].rpartition(":")[2]
    assert instruction("EXPOSE") == port
    assert [mapped.rpartition(":")[2] for mapped in SERVICE["ports"]] == [port]
    assert (ROOT / SERVICE["build"]["context"] / SERVICE["build"]["dockerfile"]).resolve() == (
        ROOT / "Containerfile"
    )
    assert f"127.0.0.1:{port}/readyz" in SERVICE["healthcheck"]["test"][-1]


@pytest.mark.full
def test_what_the_image_runs_serves_and_its_health_check_tells_so(tmp_path: Path) -> None:
    values = variables({"SAYWHO_URL": "https://saywho.example"})
    settings = {name: value for name, value in values.items() if name.startswith("SAYWHO_")}
    installation = Installation(tmp_path / "data", settings | {"SAYWHO_DATA_DIR": str(tmp_path)})
    kind, *check = SERVICE["healthcheck"]["test"]
    assert (kind, check[0]) == ("CMD", "python3")
    port = free_port()

    def is_healthy() -> bool:
        asked = [sys.executable, *check[1:-1], check[-1].replace(":8000/", f":{port}/")]
        return installation.process(*asked).returncode == 0

    assert not is_healthy()
    assert COMMAND[:-1] == ["serve", "--bind"]
    with serving(installation, str(PROGRAM), COMMAND[0], port=port) as server:
        assert is_healthy()
        assert "https://saywho.example/setup?token=" in server.log()
        assert server.send("GET", "/", Host="saywho.example")[0] == 200
        assert server.send("GET", "/", Host="other.example")[0] == 421
        checked = installation.process(PROGRAM, "check", "--json")
        assert (checked.returncode, checked.stdout) == (0, '{"ok":true,"faults":[]}\n')
    assert not is_healthy()
