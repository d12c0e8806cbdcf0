"""The guide to operations names the metrics and the example files that are there."""

import re
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import Shared
from tests.installation import ROOT

GUIDE: Final = (ROOT / "docs" / "operations.md").read_text()


async def test_the_guide_explains_each_metric(shared: Shared) -> None:
    await shared.writer.add_user("ann", "a post")
    await shared.anybody.get("/")
    answer = await shared.admin.get("/metrics")
    families = text_string_to_metric_families(await answer.get_data(as_text=True))
    names = {sample.name for family in families for sample in family.samples}
    plain = {re.sub(r"_(bucket|sum|count)$", "", name) for name in names}
    assert set(re.findall(r"^\| `(saywho_\w+)", GUIDE, re.MULTILINE)) == plain


def test_the_guide_names_each_file() -> None:
    for example in (ROOT / "examples" / "operations").iterdir():
        assert f"(../examples/operations/{example.name})" in GUIDE
