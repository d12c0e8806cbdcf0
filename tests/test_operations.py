"""The files of examples/operations and the guide to them name what is there."""

import json
import re
from collections.abc import Iterator
from typing import Final

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import Shared
from tests.installation import ROOT

EXAMPLES: Final = ROOT / "examples" / "operations"
GUIDE: Final = ROOT / "docs" / "operations.md"
NAME: Final = re.compile(r"\bsaywho_\w+")
SELECTOR: Final = re.compile(r"\b(saywho_\w+)\{([^}]*)\}")
OF_PROMETHEUS: Final = {"job", "instance"}
"""Labels that it adds to each sample."""


@pytest.fixture
async def exposed(shared: Shared) -> dict[str, list[dict[str, str]]]:
    """Return the samples of a site that is in use: the labels of each, by name."""
    await shared.writer.post("/api/v1/users", json={"username": "ann"})
    await shared.writer.post("/api/v1/users/ann/tweets", json={"text": "a post"})
    await shared.anybody.get("/")
    answer = await shared.admin.get("/metrics")
    families = text_string_to_metric_families(await answer.get_data(as_text=True))
    samples: dict[str, list[dict[str, str]]] = {}
    for sample in (sample for family in families for sample in family.samples):
        samples.setdefault(sample.name, []).append(sample.labels)
    return samples


def queries() -> Iterator[str]:
    dashboard = json.loads((EXAMPLES / "grafana.json").read_text())
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    yield from (each["query"] for each in dashboard["templating"]["list"])
    yield (EXAMPLES / "alerts.yml").read_text()


async def test_dashboard_and_alerts_ask_for_what_is_there(
    exposed: dict[str, list[dict[str, str]]],
) -> None:
    asked = {name for query in queries() for name in NAME.findall(query)}
    assert asked
    assert asked <= exposed.keys()
    for query in queries():
        for name, selector in SELECTOR.findall(query):
            for label, how, value in re.findall(r'(\w+)(=~|!=|=)"([^"]*)"', selector):
                if label in OF_PROMETHEUS:
                    continue
                values = {sample[label] for sample in exposed[name]}
                if how == "=" and label != "status":
                    assert value in values, query
        for labels in re.findall(r"by \(([^)]*)\)", query):
            known = {label for samples in exposed.values() for each in samples for label in each}
            assert set(re.split(r",\s*", labels)) <= known | OF_PROMETHEUS, query


async def test_the_guide_explains_each_metric_and_each_alert(
    exposed: dict[str, list[dict[str, str]]],
) -> None:
    text = GUIDE.read_text()
    plain = {re.sub(r"_(bucket|sum|count)$", "", name) for name in exposed}
    assert set(re.findall(r"^\| `(saywho_\w+)", text, re.MULTILINE)) == plain
    alerts = re.findall(r"alert: (\w+)", (EXAMPLES / "alerts.yml").read_text())
    assert re.findall(r"^\| `(Saywho[A-Z]\w+)`", text, re.MULTILINE) == alerts


def test_the_guide_names_each_file() -> None:
    text = GUIDE.read_text()
    for example in EXAMPLES.iterdir():
        assert f"(../examples/operations/{example.name})" in text
