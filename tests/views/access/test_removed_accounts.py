"""An operator who leaves: what they made to let others in ends with the account."""

import asyncio
import re

import pytest

from app import create_app
from app.config import Config
from tests.browsing import Browser, body, signed_in
from tests.conftest import Client
from tests.installation import Installation

SECRET = re.compile(r"\bsaywho_[\w-]{43}(?![\w-])")
LINK = re.compile(r'id="new_link"[^>]*>http://localhost([^<]+)<')


async def made_by(operator: Browser, name: str) -> tuple[Client, str]:
    """Return a program with a new token of the operator, and the path of a new invitation."""
    answer = await operator.post("/settings/tokens", form={"name": name, "scope": "admin"})
    (secret,) = SECRET.findall(await body(answer))
    answer = await operator.post("/settings/invitations", form={"name": name})
    (path,) = LINK.findall(await body(answer))
    return Client(operator.app, {"Authorization": f"Bearer {secret}"}), str(path)


async def works(program: Client, visitor: Browser, path: str) -> list[bool]:
    """Return whether the token of a program opens the site, and the link of an invitation."""
    statuses = [(await program.get("/api/v1/sources")).status_code]
    statuses.append((await visitor.get(path)).status_code)
    assert set(statuses) <= {200, 401, 403}
    return [status == 200 for status in statuses]


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("keeps_tokens", [False, True])
async def test_nothing_of_a_removed_operator_opens_the_site(
    installation: Installation, keeps_tokens: bool
) -> None:
    app = create_app(Config(env="testing", data_dir=installation.data_dir, public=False))
    async with app.test_app():
        ann, ben = await signed_in(app, "ann"), await signed_in(app, "ben")
        of_ann, of_ben = await made_by(ann, "of-ann"), await made_by(ben, "of-ben")
        await asyncio.to_thread(installation.done, "token", "add", "backups", "--scope", "read")
        page = await ben.page("/settings")
        assert (
            page.count("Created by <bdi>ann</bdi>.")
            == page.count("Created by <bdi>ben</bdi>.")
            == 1
        )
        assert page.count("The creator of this token is unknown.") == 1
        option = ["--keep-tokens"] if keeps_tokens else []
        arguments = ("operator", "remove", "ann", *option)
        answer = await asyncio.to_thread(installation.run, *arguments)
        assert answer.stdout == "removed ann\n"
        invitations, *tokens = answer.stderr.splitlines()
        assert invitations == "Open invitations cancelled: 1"
        assert any("1 of-ann (admin), 3 backups" in line for line in tokens) is keeps_tokens
        assert ("Tokens revoked" in tokens[0]) is not keeps_tokens
        assert "3 backups (read). Someone who has left may know them" in tokens[-1]
        visitor = Browser(app)
        assert not await ann.is_signed_in()
        assert await works(of_ann[0], visitor, of_ann[1]) == [keeps_tokens, False]
        assert "This invitation was cancelled" in await body(await visitor.get(of_ann[1]))
        assert await works(of_ben[0], visitor, of_ben[1]) == [True, True]
        page = await ben.page("/settings")
        assert ("of-ann" in page) is keeps_tokens


@pytest.mark.databases("sqlite")
async def test_lists_and_json_name_who_made_a_token(installation: Installation) -> None:
    app = create_app(Config(env="testing", data_dir=installation.data_dir))
    async with app.test_app():
        await made_by(await signed_in(app), "of-ann")
        for arguments in (("token", "add", "other", "--scope", "read"), ("operator", "add", "eve")):
            await asyncio.to_thread(installation.done, *arguments)
        listed = await asyncio.to_thread(installation.done, "token", "list")
        of_ann, other = listed.splitlines()
        assert of_ann.endswith("  of-ann  (created by ann)")
        assert other.endswith("  other")
        removed = await asyncio.to_thread(installation.json, "operator", "remove", "ann")
        assert (removed["name"], removed["invitations"]) == ("ann", 1)
        assert [token["name"] for token in removed["revoked_tokens"]] == ["of-ann"]
        assert [token["name"] for token in removed["remaining_tokens"]] == ["other"]
        answer = await asyncio.to_thread(installation.run, "operator", "remove", "eve")
        assert (answer.stdout, answer.stderr) == ("removed eve\n", "Set-up links cancelled: 1\n")
