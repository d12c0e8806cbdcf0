"""How often a text by somebody who is not compared is noticed, and own texts are refused."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.compute.attribution import rank, scores_of
from app.compute.background import build_background
from app.compute.counts import Counts
from app.compute.profiles import AuthorProfile
from app.compute.verdict import DEFAULT, MOST_IMPOSTORS, familiarity

STRANGE_TEXTS: Final = 40
"""Asked about each set of authors, beside as many own texts."""
FALSE_ALARMS: Final = 0.05


def print_strangers(
    profiles: dict[str, AuthorProfile],
    queries: dict[str, list[Counts]],
    sets: dict[str, list[tuple[str, ...]]],
    *,
    seed: int,
) -> None:
    """Print a table for the pairs and fives; half of the other authors are unknown to the program.

    The strangers' texts are by the unknown half; the known half are impostors and background.
    """
    print("\nTexts by authors whom the program does not know, noticed (unfamiliar), in %:\n")
    print("| set | impostors | own texts refused | noticed | at 5 % refused | by best score |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, drawn in sets.items():
        if name not in {"en_2", "en_5", "ko_2"}:
            continue
        for most in (MOST_IMPOSTORS, 0):
            rng = np.random.default_rng(seed)
            asked = [_ask(authors, profiles, queries, most, rng) for authors in drawn]
            if found := [rows for rows in asked if rows is not None]:
                own, strange = (np.concatenate(rows) for rows in zip(*found, strict=True))
                print(f"| {name} | {most} | {_shares(own, strange, most)} |", flush=True)


def _shares(own: NDArray[np.float64], strange: NDArray[np.float64], most: int) -> str:
    usual = DEFAULT.familiar_lead if most else DEFAULT.familiar_score
    cells = [np.mean(own[:, 0] < usual), np.mean(strange[:, 0] < usual)]
    for column in (0, 1):
        level = np.quantile(own[:, column], FALSE_ALARMS)
        cells.append(np.mean(strange[:, column] < level))
    return " | ".join(f"{100 * cell:.1f}" for cell in cells)


def _ask(
    authors: Sequence[str],
    profiles: dict[str, AuthorProfile],
    queries: dict[str, list[Counts]],
    most: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return (k, 2) familiarity and best score of own texts and of strangers' texts."""
    others = sorted(set(profiles) - set(authors))
    order = [others[i] for i in rng.permutation(len(others))]
    known, unknown = order[: len(order) // 2], order[len(order) // 2 :]
    own = [query for author in authors for query in queries.get(author, ())]
    strange = [query for author in unknown for query in queries.get(author, ())]
    if not own or not strange:
        return None
    compared = [profiles[author] for author in authors]
    impostors = [profiles[author] for author in known[:most]]
    installed = compared + ([profiles[author] for author in known] if most else [])
    background = build_background((p.counts for p in installed), sum(p.posts for p in installed))

    def measured(texts: Sequence[Counts]) -> NDArray[np.float64]:
        rows = []
        for i in rng.permutation(len(texts))[:STRANGE_TEXTS]:
            ranking = rank(texts[i], compared, background)
            rivals = scores_of(texts[i], impostors, background)
            rows.append((familiarity(ranking, rivals), ranking.scores.max()))
        return np.array(rows)

    return measured(own), measured(strange)
