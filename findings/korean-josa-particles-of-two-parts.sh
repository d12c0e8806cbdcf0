#!/usr/bin/env bash
# korean-josa 0.0.2: of particles with two parts, the first is lost: "at home" becomes "home".
#
# Expected: the package puts the right form of a particle behind a word. A particle that has one form only stays.
# Seen: 집 (home) with 에서는 (at, as the topic) is 집은 (home, as the topic). 미나 with 에게는 (to Mina) is 미나는, who is then the
# one that does it. 서울 with 까지는 (as far as Seoul) is 서울은. The plural of 사람 (person), with 들, is 사람인들 (even a person).
# Output:
#   집 에서는 집은
#   미나 에게는 미나는
#   서울 까지는 서울은
#   사람 들 사람인들
#   미나는 편지가 있어요.
# Why: a particle that is not in the list is replaced by the longest one of the list that is a part of it: 는 for 에서는.
# The plural's 들 is taken for a form of 인들.
# Who is hurt: people who fill sentences with names. "There is a letter to Mina" becomes "Mina is a letter".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'korean-josa==0.0.2'
"$folder/venv/bin/python" - <<'PYTHON'
import josa

expected = {
    ("집", "에서는"): "집은",
    ("미나", "에게는"): "미나는",
    ("서울", "까지는"): "서울은",
    ("사람", "들"): "사람인들",
}
for (word, particle), seen in expected.items():
    print(word, particle, josa.attach(word, particle))
    assert josa.attach(word, particle) == seen
print(josa.format("{name|에게는} 편지가 있어요.", name="미나"))
assert josa.format("{name|에게는} 편지가 있어요.", name="미나") == "미나는 편지가 있어요."
PYTHON
