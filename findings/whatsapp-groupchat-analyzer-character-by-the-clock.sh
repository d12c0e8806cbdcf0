#!/usr/bin/env bash
# whatsapp-groupchat-analyzer 2.0.0: "Personality Evolution" is the hour at which a person writes.
#
# Expected: the report draws for each person and month five traits of character: openness, conscientiousness,
# extraversion, agreeableness and neuroticism. Other words and another mood make other traits.
# Seen: Mina writes warm words in January, and "No." in February, always at eight in the morning. All traits are 0.533
# in both months. In March she writes "No." at eleven in the evening, and all five are 0.596.
# Why: each trait is 0.5 and a tenth of the mean hour of the day over 24. Words are not looked at.
# Who is hurt: whoever is in the group: a curve with their name says that they became more neurotic, since they went to
# bed later.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'whatsapp-groupchat-analyzer==2.0.0' \
  'pandas==3.1.1' 'numpy==2.4.6' 'scikit-learn==1.9.1' 'nltk==3.10.4' 'textblob==0.20.1' 'matplotlib==3.11.2' \
  'seaborn==0.13.2' 'wordcloud==1.9.6' 'networkx==3.6.1' 'emoji==2.16.0' 'regex==2026.9.29' 'pdfkit==1.0.0' \
  'beautifulsoup4==4.15.0' 'python-dateutil==2.9.0.post0'
MPLCONFIGDIR="$folder" "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import json
import re

import pandas as pd
from whatsapp_analyzer.analysis_utils import calculate_temporal_ocean

months = ((1, 8, "I love you all, thank you, my dear friends!"), (2, 8, "No."), (3, 23, "No."))
rows = [(f"2025-{month}-{day} {hour}:00", "Mina", words) for month, hour, words in months for day in range(1, 26)]
page = calculate_temporal_ocean(pd.DataFrame(rows, columns=["date_time", "name", "message"]), "Mina")
chart = json.loads(re.search(r"new Chart\(ctx, (.+)\);", page)[1])
curves = {each["label"]: [round(value, 3) for value in each["data"]] for each in chart["data"]["datasets"]}
print(chart["options"]["plugins"]["title"]["text"], curves)
assert chart["options"]["plugins"]["title"]["text"] == "Personality Evolution"
assert len(curves) == 5
assert set(map(tuple, curves.values())) == {(0.533, 0.533, 0.596)}
PYTHON
