"""Plant bugs in copies of the program, one in each, where its tests must fail.

Tests that pass prove little by themselves. `python -m tests.trust.mutants [WORDS]` plants those
whose description has the words.
"""

import sys
from typing import Final

from tests.trust.game_mutants import GAME_MUTANTS
from tests.trust.planting import Mutant, find

BATCH: Final = "app/db/batch.py"
MEMO: Final = "app/db/result_cache.py"
_BUGS: Final = {
    ("tests/db/test_batch.py", BATCH): {
        "a caller that is cancelled takes those out who asked for the same item": (
            "if not callers and self._callers",
            "if self._callers",
        ),
        "a caller joins a run that has begun before it asked": (
            "await self._run_once({item: self._callers.pop(item) for item in items})",
            (
                "await self._run_once({item: self._callers[item] for item in items}); "
                "[self._callers.pop(item, None) for item in items]"
            ),
        ),
        "a caller that left shifts the results of the others": (
            "in zip(callers.values(), results, strict=True)",
            "in zip(filter(None, callers.values()), results, strict=False)",
        ),
    },
    ("tests/db/test_result_cache.py", MEMO): {
        "a caller gets a value whose making began before the last commit": (
            "if pending is None or pending.began < called:",
            "if pending is None:",
        ),
        "an answer is stored though what it depends on changed while it was made": (
            "noted = pending.user_ids, pending.began,",
            "noted = pending.user_ids, self.time,",
        ),
    },
    ("tests/serving/test_lane.py", "app/serving/http1/lane.py"): {
        "an answer that is ready outlives a commit": (
            "state = (memo, memo.time, now_ms() // 1000)",
            "state = (memo, 0, now_ms() // 1000)",
        )
    },
    ("tests/db/test_feed.py", "app/db/feed.py"): {
        "the log is read now and then, and not before an answer": (
            "return await self.look()",
            "return True",
        )
    },
    ("tests/db/test_engine.py", "app/db/engine.py"): {
        "a write is acknowledged though its commit failed": (
            "await session.rollback()\n            raise\n",
            "await session.rollback()\n",
        )
    },
    ("tests/db/test_lock.py", "app/db/sqlite/backend.py"): {
        "two processes do the same work": ("yield _is_held if is_free else None", "yield _is_held")
    },
    ("tests/db/test_lock.py", "app/db/engine.py"): {
        "a write does not ask whether the lock is still held": (
            "if not await self._is_held(session):",
            "if not self._is_held:",
        )
    },
    ("tests/views/posts/test_live_api.py", "app/services/live_streams/hub.py"): {
        "a client that comes back begins at the newest event": (
            "newest if after is None else after",
            "newest",
        )
    },
    ("tests/views/access/test_switch.py", MEMO): {
        "what is kept of a public site is given out when it is private": (
            "            self._clear()\n            self._emptied = self.time\n",
            "            pass\n",
        )
    },
    ("tests/views/test_stale_answers.py", "app/services/posts/tweets.py"): {
        "a list of an author's newest posts forgets whose posts it shows": (
            "        depends_on(user_id)\n",
            "",
        )
    },
    ("tests/views/test_stale_answers.py", "app/services/search/results.py"): {
        "results of a search forget that words are counted anew": (
            "    depends_on(DERIVED)\n    page = None\n",
            "    page = None\n",
        )
    },
    ("tests/views/access/test_switch.py", "app/services/live_streams/hub.py"): {
        "a visitor's stream goes on when the site is private": (
            "self._end_those_with({VISITOR})",
            "pass",
        )
    },
    ("tests/views/access/test_switch.py", "app/views/answers.py"): {
        "an answer that was being made at the switch is sent": (
            "if is_endless(asked.path) or await policies.is_still_readable():",
            "if asked:",
        )
    },
    ("tests/views/access/test_reader_pages.py", "app/services/access/accounts.py"): {
        "an invitation makes a second account": ("invitation.used_at = now()", "pass")
    },
    ("tests/views/test_policies.py", "app/views/policies.py"): {
        "a reader reads the history of imports": (
            'not in {"read", "known", "account"}:',
            'not in {"read", "known", "account", "token"}:',
        )
    },
    ("tests/engine/test_gaps.py", "saywho/engine/features.py"): {
        "words and pairs that lie across a gap count": (
            "before[last + 2] == before[first + 1]",
            "np.ones(first.size, np.bool_)",
        )
    },
    ("tests/engine/test_gaps.py", "saywho/engine/evidence.py"): {
        "a mark lies across a gap": ("cuts + [start for start, _ in case.gaps]", "cuts")
    },
    ("tests/views/comparing/test_compare_api.py", "saywho/comparing/question.py"): {
        "pieces are struck at the places of the cleaned text, not of the text as it was sent": (
            "if cleaned != text:",
            "if not cleaned:",
        )
    },
}
"""By tests and file: each bug with the lines of today, and those in place of them."""
MUTANTS: Final = (
    *(
        Mutant(bug, tests, path, *lines)
        for (tests, path), bugs in _BUGS.items()
        for bug, lines in bugs.items()
    ),
    *GAME_MUTANTS,
)


def main(word: str = "") -> int:
    """Find every bug; print the tests."""
    missed = 0
    for mutant in MUTANTS:
        if word not in mutant.bug:
            continue
        place = find(mutant)
        missed += place is None
        print(f"{mutant.bug}\n    {(place or 'NOT FOUND')[:200]}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
