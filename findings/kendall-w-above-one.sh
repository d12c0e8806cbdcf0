#!/usr/bin/env bash
# kendall-w 1.0.0: three people who agree in everything get 0.95 or 1.33, where 1 is full agreement.
#
# Expected: `compute_w` gives "Kendall's W [0:1]", and "1 indicates unanimous agreement". It takes "rating lists".
# Seen: three people give the same ranks 1, 2, 2 and 4: W is 0.95. They give 1, 1 and 3: W is 1.33. They give 5, 1 and 3
# stars to three texts: W is 4. Nothing is said. With ranks from 1 to 3, one of each, W is 1.
# Why: ratings are not made ranks, and equal ranks are not averaged or corrected for, as the measure asks.
# Who is hurt: whoever asks whether people judge alike. People who never differ agree less or more than fully, and the
# more so the more ties they have.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'kendall-w==1.0.0'
"$folder/venv/bin/python" - <<'PYTHON'
from kendall_w import compute_w

expected = {(1, 2, 3): 1.0, (1, 2, 2, 4): 0.95, (1, 1, 3): 1.33, (5, 1, 3): 4.0}
for ranks, coefficient in expected.items():
    seen = compute_w([[rank] * 3 for rank in ranks])
    print(f"three people who all say {ranks}: W = {seen:.2f}")
    assert round(seen, 2) == coefficient
PYTHON
