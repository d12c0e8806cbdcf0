#!/usr/bin/env bash
# pyspark 4.3.0: of two posts on one line of JSON lines, the second is lost, in the mode FAILFAST too.
#
# Expected: two posts come to be on one line if exports are put together by `cat`, and one does not end with a line
# break. Such a line is no JSON: the mode PERMISSIVE keeps it in `_corrupt_record`, and FAILFAST fails.
# Seen: the first post of the line is read, and the second is gone. No mode reports it, and `_corrupt_record` is empty.
# Output:
#   PERMISSIVE: the ferry is late, bring tea, see you, corrupt: 0
#   DROPMALFORMED: the ferry is late, bring tea, see you
#   FAILFAST: the ferry is late, bring tea, see you
# Why: the reader parses a line up to the end of the first value, and does not ask whether the line ends there.
# Who is hurt: people who build a corpus of many exports. One post for each export is missing, always its first, and the
# strictest mode says that all is well.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'pyspark==4.3.0'
java -version 2>/dev/null
cd "$folder"
printf '{"text": "the ferry is late"}\n{"text": "bring tea"}' >first.jsonl
printf '{"text": "and the map"}\n{"text": "see you"}\n' >second.jsonl
cat first.jsonl second.jsonl >posts.jsonl
venv/bin/python - 2>/dev/null <<'PYTHON'
from pyspark.sql import SparkSession

settings = {"spark.ui.enabled": "false", "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
spark = SparkSession.builder.master("local[1]").config(map=settings).getOrCreate()
for mode in ("PERMISSIVE", "DROPMALFORMED", "FAILFAST"):
    fields = "text string, _corrupt_record string" if mode == "PERMISSIVE" else "text string"
    rows = spark.read.json("posts.jsonl", schema=fields, mode=mode).collect()
    corrupt = f", corrupt: {sum(row[1] is not None for row in rows)}" if mode == "PERMISSIVE" else ""
    print(f"{mode}: {', '.join(row.text for row in rows)}{corrupt}")
    assert [row.text for row in rows] == ["the ferry is late", "bring tea", "see you"]
    assert corrupt in {"", ", corrupt: 0"}
spark.stop()
PYTHON
