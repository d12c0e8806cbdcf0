"""Figures for Prometheus: of all workers together, for those who may see them."""

import re

import pytest
from prometheus_client.parser import text_string_to_metric_families
from quart import Quart

from tests.browsing import Browser
from tests.conftest import Client, Shared, client_with
from tests.installation import ROOT

pytestmark = pytest.mark.databases("sqlite", "postgresql")


def values(text: str) -> dict[str, float]:
    """Return the samples by name and labels."""
    return {
        sample.name
        + "".join(f"{{{key}={value}}}" for key, value in sample.labels.items()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def read(app: Quart) -> dict[str, float]:
    answer = await (await client_with(app, "admin")).get("/metrics", status=200)
    assert answer.headers["Content-Type"].startswith("text/plain")
    return values(await answer.get_data(as_text=True))


async def test_requests_and_sessions_are_counted(
    app: Quart, writer: Client, anybody: Client
) -> None:
    await writer.add_user("ann", "one post")
    before = await read(app)
    for _ in range(3):
        assert (await anybody.get("/api/v1/users/ann")).status_code == 200
    assert (await anybody.get("/api/v1/users/nobody")).status_code == 404
    after = await read(app)

    def grown(name: str) -> float:
        return after[name] - before.get(name, 0)

    assert grown("saywho_http_requests_total{method=GET}{status=404}") == 1
    assert grown("saywho_http_requests_total{method=GET}{status=200}") >= 3
    assert grown("saywho_http_request_seconds_count") >= 4
    assert grown("saywho_cache_requests_total{result=hit}") == 2
    # The reading of these counts, by a token, is one of them.
    assert grown("saywho_cache_requests_total{result=miss}") == 3
    assert grown("saywho_db_seconds_count{kind=read}") > 0
    assert after["saywho_write_batch_size_count"] == 1
    assert after["saywho_live_clients"] == 0
    assert after["saywho_lag_events{derived=feed}"] == 0
    assert after["saywho_lag_events{derived=profiles}"] == 1


async def test_the_guide_explains_each_of_them(app: Quart, writer: Client) -> None:
    await writer.add_user("ann", "one post")
    await read(app)  # It is counted itself.
    names = {re.sub(r"(_bucket|_sum|_count)?({.*)?$", "", name) for name in await read(app)}
    guide = (ROOT / "docs" / "operations.md").read_text()
    assert set(re.findall(r"^\| `(saywho_\w+)", guide, re.MULTILINE)) == names


async def test_any_method_is_counted_under_few_names(app: Quart, anybody: Client) -> None:
    for method in ("BREW", "PROPFIND"):
        await anybody.send(method, "/")
    after = await read(app)
    assert after["saywho_http_requests_total{method=other}{status=405}"] == 2
    assert not [name for name in after if "BREW" in name]


@pytest.mark.parametrize(
    "told",
    [
        *({name: "for=127.0.0.1"} for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")),
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "saywho.example"},  # A proxy may add no header, but keeps the host.
        {"Host": "192.168.0.7"},
    ],
    ids=str,
)
async def test_a_loopback_peer_reads_them_unless_it_stands_for_somebody_else(
    shared: Shared, told: dict[str, str]
) -> None:
    browser = Browser(shared.app, address="127.0.0.1")
    assert (await browser.get("/metrics")).status_code == 200
    assert (await browser.get("/metrics", headers=told)).status_code == 401
    assert (await Browser(shared.app).get("/metrics")).status_code == 401


@pytest.mark.parametrize(
    ("address", "status"),
    [("::1", 200), ("::ffff:127.0.0.1", 200), ("::ffff:192.0.2.1", 401), ("192.0.2.1", 401)],
)
async def test_loopback_has_several_names(shared: Shared, address: str, status: int) -> None:
    assert (await Browser(shared.app, address=address).get("/metrics")).status_code == status
