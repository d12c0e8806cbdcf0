"""Addresses of static files: with the hash of their content, without one, with one of before."""

import hashlib
import re
from pathlib import Path
from typing import Final

import pytest
from quart import Quart, Response, url_for

from app.views import answers
from tests.conftest import Shared

YEAR: Final = "max-age=31536000, immutable"
PAGES: Final = ("/", "/quiz", "/dashboard/", "/login", "/about", "/api/v1/docs", "/user/nobody")
OWN: Final = re.compile(r'"((?:https?://[^/"]+)?(/static/[^"?]+)(?:\?v=(\w+))?)"')
OF_DASH: Final = re.compile(r'src="(/dashboard/_dash-component-suites/[^"]+)"')


async def text_of(answer: Response) -> str:
    return str(await answer.get_data(as_text=True))


@pytest.mark.parametrize("page", PAGES)
async def test_each_address_in_a_page_names_its_content(shared: Shared, page: str) -> None:
    found = OWN.findall(await text_of(await shared.anybody.get(page)))
    assert {path for _, path, _ in found} >= {"/static/style.css", "/static/app.js"}
    for address, path, digest in found:
        named = await shared.anybody.get(address)
        assert named.headers["Cache-Control"] == f"public, {YEAR}"
        assert hashlib.sha256(await named.get_data()).hexdigest().startswith(digest), address
        assert len(digest) == 16, address
        for other in (path, f"{path}?v=", f"{path}?v={digest[::-1]}", f"{path}?{digest}"):
            plain = await shared.anybody.get(other)
            assert plain.headers["Cache-Control"] == "no-cache", other
            assert await plain.get_data() == await named.get_data()


async def test_a_known_file_is_not_sent_again(shared: Shared) -> None:
    first = await shared.anybody.get("/static/app.js")
    again = await shared.anybody.get(
        "/static/app.js", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert (again.status_code, again.headers["Cache-Control"]) == (304, "no-cache")


async def test_the_icon_is_asked_for_each_time(shared: Shared) -> None:
    assert (await shared.anybody.get("/favicon.ico")).headers["Cache-Control"] == "no-cache"


async def test_an_unknown_file_is_404(shared: Shared) -> None:
    for path in ("/static/nothing.js", "/static/nothing.js?v=0123456789abcdef"):
        answer = await shared.anybody.get(path, status=404)
        assert "immutable" not in answer.headers.get("Cache-Control", "")


async def test_dash_is_kept_under_the_fingerprint_of_what_is_installed(shared: Shared) -> None:
    addresses = OF_DASH.findall(await text_of(await shared.anybody.get("/dashboard/")))
    assert len(addresses) > 5
    for address in addresses:
        assert (await shared.anybody.get(address)).headers["Cache-Control"] == f"private, {YEAR}"
        of_before = re.sub(r"\.v\w+m\d+\.", ".v4_0_0m1700000000.", address)
        assert of_before != address
        other = await shared.anybody.get(of_before)
        assert other.headers["Cache-Control"] == "no-cache"
        assert other.headers["ETag"]
    chunk = await shared.anybody.get("/dashboard/_dash-component-suites/dash/dcc/async-graph.js")
    assert chunk.headers["Cache-Control"] == "no-cache"


async def test_a_changed_file_has_another_address(tmp_path: Path) -> None:
    file = tmp_path / "app.js"
    file.write_text("let before;")
    app = Quart("changing", static_folder=str(tmp_path))
    answers.keep_static_files(app)

    async def address() -> str:
        async with app.test_request_context("/"):
            return url_for("static", filename="app.js")

    before = await address()
    client = app.test_client()
    assert "immutable" in (await client.get(before)).headers["Cache-Control"]
    file.write_text("let it_be_longer;")
    after = await address()
    assert after != before
    assert "immutable" in (await client.get(after)).headers["Cache-Control"]
    assert (await client.get(before)).headers["Cache-Control"] == "no-cache"


async def test_a_file_of_a_part_replaces_none_of_the_program(tmp_path: Path) -> None:
    own, of_part = tmp_path / "own", tmp_path / "part"
    for folder, name in ((own, "app.js"), (of_part, "app.js"), (of_part, "part.js")):
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(f"let {folder.name};")
    app = Quart("with_parts", static_folder=str(own), static_url_path="/static")
    answers.keep_static_files(app, [of_part, tmp_path / "none"])
    client = app.test_client()
    found = [await client.get(f"/static/{name}") for name in ("app.js", "part.js", "../own/app.js")]
    assert [answer.status_code for answer in found] == [200, 200, 404]
    assert [await text_of(answer) for answer in found[:2]] == ["let own;", "let part;"]
