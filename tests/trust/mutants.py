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
MUTANTS: Final = (
    Mutant(
        "a caller that is cancelled takes those out who asked for the same item",
        "tests/db/test_batch.py",
        BATCH,
        "if not callers and self._callers",
        "if self._callers",
    ),
    Mutant(
        "a caller joins a run that has begun before it asked",
        "tests/db/test_batch.py",
        BATCH,
        "await self._run_once({item: self._callers.pop(item) for item in items})",
        "await self._run_once({item: self._callers[item] for item in items}); "
        "[self._callers.pop(item, None) for item in items]",
    ),
    Mutant(
        "a caller that left shifts the results of the others",
        "tests/db/test_batch.py",
        BATCH,
        "in zip(callers.values(), results, strict=True)",
        "in zip(filter(None, callers.values()), results, strict=False)",
    ),
    Mutant(
        "a caller gets a value whose making began before the last commit",
        "tests/db/test_result_cache.py",
        MEMO,
        "if pending is None or pending.began < called:",
        "if pending is None:",
    ),
    Mutant(
        "an answer is stored though what it depends on changed while it was made",
        "tests/db/test_result_cache.py",
        MEMO,
        "noted = pending.user_ids, pending.began,",
        "noted = pending.user_ids, self.time,",
    ),
    Mutant(
        "an answer that is ready outlives a commit",
        "tests/serving/test_lane.py",
        "app/serving/http1/lane.py",
        "state = (memo, memo.time, now_ms() // 1000)",
        "state = (memo, 0, now_ms() // 1000)",
    ),
    Mutant(
        "the log is read now and then, and not before an answer",
        "tests/db/test_feed.py",
        "app/db/feed.py",
        "return await self.look()",
        "return True",
    ),
    Mutant(
        "a write is acknowledged though its commit failed",
        "tests/db/test_engine.py",
        "app/db/engine.py",
        "await session.rollback()\n            raise\n",
        "await session.rollback()\n",
    ),
    Mutant(
        "two processes do the same work",
        "tests/db/test_lock.py",
        "app/db/sqlite/backend.py",
        "yield _is_held if is_free else None",
        "yield _is_held",
    ),
    Mutant(
        "a write does not ask whether the lock is still held",
        "tests/db/test_lock.py",
        "app/db/engine.py",
        "if not await self._is_held(session):",
        "if not self._is_held:",
    ),
    Mutant(
        "a client that comes back begins at the newest event",
        "tests/views/posts/test_live_api.py",
        "app/services/live_streams/hub.py",
        "newest if after is None else after",
        "newest",
    ),
    Mutant(
        "what is kept of a public site is given out when it is private",
        "tests/views/access/test_switch.py",
        MEMO,
        "            self._clear()\n            self._emptied = self.time\n",
        "            pass\n",
    ),
    Mutant(
        "a list of an author's newest posts forgets whose posts it shows",
        "tests/views/test_stale_answers.py",
        "app/services/posts/tweets.py",
        "        depends_on(user_id)\n",
        "",
    ),
    Mutant(
        "results of a search forget that words are counted anew",
        "tests/views/test_stale_answers.py",
        "app/services/search/results.py",
        "    depends_on(DERIVED)\n    page = None\n",
        "    page = None\n",
    ),
    Mutant(
        "a visitor's stream goes on when the site is private",
        "tests/views/access/test_switch.py",
        "app/services/live_streams/hub.py",
        "self._end_those_with({VISITOR})",
        "pass",
    ),
    Mutant(
        "an answer that was being made at the switch is sent",
        "tests/views/access/test_switch.py",
        "app/views/answers.py",
        "if is_endless(asked.path) or await policies.is_still_readable():",
        "if asked:",
    ),
    Mutant(
        "an invitation makes a second account",
        "tests/views/access/test_reader_pages.py",
        "app/services/access/accounts.py",
        "invitation.used_at = now()",
        "pass",
    ),
    Mutant(
        "a reader reads the history of imports",
        "tests/views/test_policies.py",
        "app/views/policies.py",
        'not in {"read", "known", "account"}:',
        'not in {"read", "known", "account", "token"}:',
    ),
    Mutant(
        "words and pairs that lie across a gap count",
        "tests/engine/test_gaps.py",
        "saywho/engine/features.py",
        "before[last + 2] == before[first + 1]",
        "np.ones(first.size, np.bool_)",
    ),
    Mutant(
        "a mark lies across a gap",
        "tests/engine/test_gaps.py",
        "saywho/engine/evidence.py",
        "cuts + [start for start, _ in case.gaps]",
        "cuts",
    ),
    Mutant(
        "pieces are struck at the places of the cleaned text, not of the text as it was sent",
        "tests/views/comparing/test_compare_api.py",
        "saywho/comparing/question.py",
        "if cleaned != text:",
        "if not cleaned:",
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
