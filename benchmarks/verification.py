"""The figures by which the field compares answers to "did this author write it?".

A score is the probability of one author, from 0 to 1. Strangers' texts weigh as much together as
the author's own, whatever their numbers, as in the tasks of PAN.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_EDGE = 1e-9


class Answers(NamedTuple):
    """Scores of the author's own texts and of strangers', and which are left undecided."""

    scores: NDArray[np.float64]
    is_own: NDArray[np.bool_]
    verdicts: Sequence[str]

    @property
    def weights(self) -> NDArray[np.float64]:
        own = self.is_own.sum()
        weights: NDArray[np.float64] = 0.5 / np.where(self.is_own, own, self.is_own.size - own)
        return weights


def equal_error_rate(answers: Answers) -> float:
    """Return the share of errors at the level where both kinds are equally frequent."""
    levels = np.unique(answers.scores)
    own = np.sort(answers.scores[answers.is_own])
    strange = np.sort(answers.scores[~answers.is_own])
    levels = np.append(levels, levels[-1] + 1)
    missed = own.searchsorted(levels) / own.size
    passed = 1 - strange.searchsorted(levels) / strange.size
    # Between two levels both shares change in a line.
    after = int(np.argmax(missed >= passed))
    if after == 0:
        return float(missed[0] + passed[0]) / 2
    gap, next_gap = (passed - missed)[[after - 1, after]]
    part = gap / (gap - next_gap)
    return float(missed[after - 1] + part * (missed[after] - missed[after - 1]))


def cost(scores: NDArray[np.float64], answers: Answers) -> float:
    """Return C_llr in bits: 0 is perfect, 1 says nothing."""
    true = np.where(answers.is_own, scores, 1 - scores)
    return float(-(answers.weights * np.log2(np.maximum(true, _EDGE))).sum())


def least_cost(answers: Answers) -> float:
    """Return the C_llr of the scores if they were calibrated as well as their order allows."""
    return cost(_isotonic(answers), answers)


def _isotonic(answers: Answers) -> NDArray[np.float64]:
    """Return the shares of own texts that fit best and never fall as the scores grow.

    By pooling adjacent violators; equal scores have equal shares.
    """
    levels, places = np.unique(answers.scores, return_inverse=True)
    weights = np.bincount(places, answers.weights)
    own = np.bincount(places, answers.weights * answers.is_own)
    pools: list[list[float]] = []
    """Own and whole weight of each pool, and its number of levels."""
    for level in range(levels.size):
        pools.append([own[level], weights[level], 1.0])
        while len(pools) > 1 and pools[-2][0] * pools[-1][1] >= pools[-1][0] * pools[-2][1]:
            last = pools.pop()
            pools[-1] = [first + second for first, second in zip(pools[-1], last, strict=True)]
    shares = np.repeat([pool[0] / pool[1] for pool in pools], [int(pool[2]) for pool in pools])
    return np.asarray(shares[places], np.float64)


def c_at_1(answers: Answers) -> float:
    """Return the accuracy where an undecided text counts as right as often as decided ones are."""
    decided, right = _decided(answers)
    correct = float(answers.weights[decided & right].sum())
    undecided = float(answers.weights[~decided].sum())
    return correct + undecided * correct


def f_05_u(answers: Answers) -> float:
    """Return the F0.5 in which an undecided text counts as one of the author's that was missed."""
    decided, right = _decided(answers)
    weights, is_likely = answers.weights, decided & (right == answers.is_own)
    hits = float(weights[is_likely & answers.is_own].sum())
    passed = float(weights[is_likely & ~answers.is_own].sum())
    missed = float(weights[decided & ~is_likely & answers.is_own].sum())
    undecided = float(weights[~decided].sum())
    return 1.25 * hits / max(1.25 * hits + 0.25 * (missed + undecided) + passed, _EDGE)


def _decided(answers: Answers) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which texts are decided, and which of them rightly."""
    verdicts = np.array(answers.verdicts)
    is_likely, is_unfamiliar = verdicts == "likely", verdicts == "unfamiliar"
    decided = is_likely | is_unfamiliar
    return decided, decided & (is_likely == answers.is_own)
