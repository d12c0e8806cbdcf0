"""What all tests of games rest on."""

import pytest

from tests.conftest import Client
from tests.parts.games.playing import AUTHORS, Host, host_game, posts_of


@pytest.fixture
async def host(writer: Client, admin: Client) -> Host:
    await writer.add_posts(*posts_of(*AUTHORS))
    return await host_game(admin)
