#!/usr/bin/env bash
# lambdag 0.2.0: the score of two texts depends on the name that is given for the author of the second.
#
# Expected: `lambdag` compares a known and an unknown text, with the texts of other people as a background. The field
# for the author of the unknown text is the truth that is to be found, so it changes nothing.
# Seen: a text is compared with Mina's. If nobody is named for it, the score is below 0, as for texts of two people. If
# Jiu is named, whose words some of it are, it is above 0, as for texts of one. With other names it is other numbers.
# Output:
#   named nobody: -1.40
#   named Mina: -1.40
#   named Jiu: 0.94
#   named Ann: -2.55
# Why: the texts of both named authors are left out of the background. So the score of each pair of a corpus is made
# with the answer: pairs of two people have a smaller background than pairs of one.
# Who is hurt: people who verify authors, and who compare methods on a corpus. Where the author is not known, as in
# every real question, the background differs from the one on which the threshold was fitted.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  'lambdag==0.2.0' 'numpy==2.4.6' 'scikit-learn==1.9.1'
"$folder/venv/bin/python" - 2>/dev/null <<'PYTHON'
from lambdag.lambdag import LambdaGMethod

texts = {
    "Mina": ["The ferry is late today. We wait by the pier. The gulls are loud today. We bring tea to the pier."],
    "Jiu": ["I guess it rains again. Honestly I never mind rain. I guess we stay home again. Honestly home is fine."],
    "Ann": ["Could you send the map? Could you also bring keys? Please send it soon. Please bring the map soon."],
    "Bo": ["Nice one mate! That was a good game mate! Nice goal mate! What a good day!"],
}
unknown = "I guess the ferry is late. Honestly I never mind it."
scores = {}
for named in ("nobody", "Mina", "Jiu", "Ann"):
    method = LambdaGMethod("tokens", 3, "kneser_ney", True, True, 30, random_seed=1)
    (scores[named],) = method.lambdag([(texts["Mina"][0], "Mina", unknown, named)], texts)
    print(f"named {named}: {scores[named]:.2f}")
assert scores["nobody"] < -1 < 0.5 < scores["Jiu"], scores
assert scores["Ann"] < scores["nobody"] - 1, scores
PYTHON
