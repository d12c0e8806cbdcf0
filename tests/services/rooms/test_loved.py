"""Which messages stand for a sign: none of which another one may have more."""

from app.formats.post import Reactions, SignCount
from app.services.rooms.messages import MOST_LOOKED_AT, Best, Reacted, best_of


def reacted(number: int, likes: int, **signs: int) -> Reacted:
    counts = tuple(SignCount(sign, count) for sign, count in signs.items())
    return Reacted(number, Reactions(likes, signs=counts))


def test_each_sign_has_a_message_of_its_own() -> None:
    messages = [reacted(1, 9, a=9), reacted(2, 8, a=1, b=7), reacted(3, 7, b=3, c=4)]
    assert list(best_of(messages)) == [Best(1, 9), Best(2, 7, "b"), Best(3, 4, "c")]
    assert list(best_of([])) == []


def test_other_messages_with_as_many_are_counted() -> None:
    messages = [reacted(1, 5, a=5), reacted(2, 5, b=4), reacted(3, 5, c=1), reacted(4, 4, b=4)]
    assert list(best_of(messages)) == [Best(1, 5, ties=2), Best(2, 4, "b", ties=1)]


def test_once_is_too_little_for_a_sign() -> None:
    assert list(best_of([reacted(1, 3, a=3), reacted(2, 1, b=1)])) == [Best(1, 3)]


def test_at_most_three_signs_are_told() -> None:
    messages = [reacted(number, 20 - number, **{f"s{number}": 20 - number}) for number in range(9)]
    assert [best.id for best in best_of(messages)] == [0, 1, 2, 3]


def test_a_sign_of_which_others_may_have_more_is_not_told() -> None:
    some = [reacted(1, 30, a=30), *(reacted(n, 6, b=6) for n in range(2, MOST_LOOKED_AT))]
    last = reacted(MOST_LOOKED_AT, 5, c=4)
    # Further down there may be a message with five of the last one's sign.
    assert [best.sign for best in best_of([*some, last])] == [None, "b"]
    assert [best.sign for best in best_of([*some[:-1], last])] == [None, "b", "c"]
