#!/usr/bin/env bash
# hypercorn 0.18.0: a server that cannot start ends with status 0.
#
# Expected: the command ends with a status other than 0 if an app fails while it starts, or is not found. Units of
# systemd with `Restart=on-failure` and deployments rely on it.
# Seen: the log has the reason, and the status is 0, also with two workers. uvicorn 0.54.0 ends with 3.
# Output:
#   hypercorn: 0
#   hypercorn, two workers: 0
#   hypercorn, no such app: 0
#   uvicorn: 3
# Why: the status of the apps' processes is looked at twice. The second look sees only those that are left after the
# failure, and its result replaces the first.
# Who is hurt: people who run Quart as its documents say. A site whose database was away for a moment stays down, and a
# deployment of a broken version counts as done.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  'hypercorn==0.18.0' 'uvicorn==0.54.0' 'quart==0.22.0'
cat >"$folder/own_site.py" <<'PYTHON'
from quart import Quart

app = Quart("own_site")


@app.before_serving
async def connect():
    raise RuntimeError("the database is away")
PYTHON
cd "$folder"
seen=()
try() {
  local status=0
  "${@:2}" >"$folder/log" 2>&1 || status=$?
  grep -q "${reason:-the database is away}" "$folder/log"
  echo "$1: $status"
  seen+=("$status")
}
try 'hypercorn' venv/bin/hypercorn --bind 127.0.0.1:0 own_site:app
try 'hypercorn, two workers' venv/bin/hypercorn --bind 127.0.0.1:0 --workers 2 own_site:app
reason='module not found' try 'hypercorn, no such app' venv/bin/hypercorn --bind 127.0.0.1:0 no_site:app
try 'uvicorn' venv/bin/uvicorn --host 127.0.0.1 --port 0 own_site:app
[ "${seen[*]}" = "0 0 0 3" ]
