"""The cache of answers, against a model that keeps everything and forgets by the same rule."""

from hypothesis import given
from hypothesis import strategies as st

from app.db.cache import EVERYTHING, Answer, Reading, ResponseCache
from app.db.feed import Change

ROOMY = 10**9
keys = st.integers(0, 8)
user_ids = st.integers(EVERYTHING, 4)


def answer(body: bytes = b"", users: frozenset[int] = frozenset()) -> Answer:
    return Answer("e", (), body, users)


def change(user_id: int) -> Change:
    return Change(1, "tweet.created", user_id, None, 1)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("put"), keys, st.frozensets(user_ids, max_size=3)),
            st.tuples(st.just("hear"), st.lists(st.integers(1, 4), min_size=1, max_size=3)),
            st.tuples(st.just("get"), keys),
        )
    )
)
def test_an_answer_is_kept_until_something_it_rests_on_changes(steps: list[tuple]) -> None:  # type: ignore[type-arg]
    cache, model = ResponseCache(ROOMY), dict[int, Answer]()
    for step in steps:
        if step[0] == "put":
            model[step[1]] = answer(users=step[2])
            cache.put(step[1], model[step[1]])
        elif step[0] == "hear":
            cache.hear([change(user_id) for user_id in step[1]])
            changed = {*step[1], EVERYTHING}
            model = {key: kept for key, kept in model.items() if not kept.user_ids & changed}
        else:
            assert cache.get(step[1]) is model.get(step[1])
    assert all(cache.get(key) is model.get(key) for key in range(9))


@given(st.lists(st.tuples(keys, st.integers(0, 30_000)), max_size=60))
def test_it_stays_within_its_bytes_and_forgets_what_was_used_longest_ago(
    puts: list[tuple[int, int]],
) -> None:
    limit = 100_000
    cache = ResponseCache(limit)
    for key, size in puts:
        cache.put(key, answer(b"x" * size))
        kept = [found for key in range(9) if (found := cache.get(key)) is not None]
        assert sum(len(each.body) for each in kept) <= limit
        assert all(len(each.body) * 8 <= limit for each in kept)
    if puts and puts[-1][1] < limit // 10:
        assert cache.get(puts[-1][0]) is not None


def test_a_cache_of_no_bytes_keeps_nothing() -> None:
    cache = ResponseCache(0)
    cache.put("a", answer())
    assert cache.get("a") is None


def test_what_changed_while_a_view_ran_makes_its_answer_old() -> None:
    cache = ResponseCache(ROOMY)
    one, other, everything, gone = (cache.begin() for _ in range(4))
    one.user_ids.add(1)
    other.user_ids.add(2)
    everything.user_ids.add(EVERYTHING)
    cache.end(gone)
    cache.hear([change(1)])
    assert [each.is_fresh for each in (one, other, everything)] == [False, True, False]
    assert gone == Reading()
