"""What all tests of pages and of the API rest on."""

from collections.abc import Iterator

import pytest
from quart import Quart

from app.parts.dashboard import page
from tests.browsing import Browser, signed_in


@pytest.fixture(scope="session", autouse=True)
def patient_pages() -> Iterator[None]:
    """Let a dashboard wait for what it says for as long as a busy machine needs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "MOST_WAITING_S", 60.0)
        yield


@pytest.fixture
async def browser(app: Quart) -> Browser:
    """A browser on which an operator is signed in."""
    return await signed_in(app)
