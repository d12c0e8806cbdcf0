"""What a value that is sent again does to the stored one, where it renews."""

from datetime import UTC, datetime

import pytest

from app.formats.post import Reactions
from app.services.posts.post_content import is_newer

MAY, JUNE = datetime(2024, 5, 1, tzinfo=UTC), datetime(2024, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent", "stored", "renews"),
    [
        (True, None, True),
        (False, True, True),
        (True, True, False),
        (None, True, False),
        (None, None, False),
        (Reactions(3, as_of=MAY), None, True),
        (None, Reactions(3, as_of=MAY), False),
        (Reactions(2, as_of=MAY), Reactions(3, as_of=JUNE), False),
        (Reactions(5, as_of=JUNE), Reactions(3, as_of=MAY), True),
        (Reactions(3, as_of=JUNE), Reactions(3, as_of=MAY), False),
        (Reactions(5), Reactions(3, as_of=MAY), False),
        (Reactions(5), Reactions(3), True),
    ],
)
def test_what_is_known_and_not_of_before_renews(
    sent: object, stored: object, *, renews: bool
) -> None:
    assert is_newer(sent, stored) is renews
