#!/usr/bin/env bash
# parshift 1.0.2: whoever has "to" in the name speaks to one person, not to the group.
#
# Expected: Gibson's participation shifts tell for each turn who spoke, to whom, and who speaks next. "A0-X0": A spoke to
# all, and then X to all. "AB-X0": A spoke to B, and X took the turn. `propensities` sums the shifts of a kind.
# Seen: in a group of four turns to all, "Antonio", "Mina", "Antonio" and "Jiu" make AB-X0, A0-XY, AB-X0. With the name
# "Tonio" they make A0-X0 three times. The propensity to keep the turn ("termination") is 0, although the only shift is
# that A keeps it (A0-AY).
# Why: a turn is written as "Antonio to group", and is cut again at the first "to". For keeping the turn, the row
# of A0-XY is added, not that of A0-AY.
# Who is hurt: whoever compares people in a chat. Antonio, Victor and Kristof seem to speak to single
# persons, and others to take away turns that nobody was given.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  'parshift==1.0.2' 'pandas==3.0.6' 'numpy==2.4.6' 'matplotlib==3.11.2' 'squarify==0.4.5'
MPLCONFIGDIR="$folder" "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import io

from parshift import annotate, cond_probs, propensities, read_ccsv


def shifts(column, *turns):
    rows = "".join(f"{number},{speaker},hello,{to}\n" for number, (speaker, to) in enumerate(turns, 1))
    return annotate(read_ccsv(io.StringIO(f"utterance_id,speaker_id,utterance,{column}\n{rows}")))


expected = {"Antonio": ["AB-X0", "A0-XY", "AB-X0"], "Tonio": ["A0-X0", "A0-X0", "A0-X0"]}
for name, codes in expected.items():
    turns = shifts("reply_to_id", (name, ""), ("Mina", ""), (name, ""), ("Jiu", ""))
    print(name, turns["pshift"][1:].tolist())
    assert turns["pshift"][1:].tolist() == codes

kept = cond_probs(shifts("target_id", (1, ""), (1, 2)))
print(kept.loc[kept["Frequency"] > 0, ["Pshift", "P(S|D)"]].values.tolist())
print(propensities(kept).to_dict("records"))
assert kept.set_index("Pshift").loc["A0-AY", "P(S|D)"] == 1
assert propensities(kept)["termination"].item() == 0
PYTHON
