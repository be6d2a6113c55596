#!/usr/bin/env bash
# A PostgreSQL server of the project's own, for tests and trials:  scripts/postgres.sh start|stop|status|remove [FOLDER]
# (default FOLDER: .autograder/postgres).  It listens on a socket in its folder and nowhere else; start prints its URL as
# AUTOGRADER_TEST_POSTGRES=...  As root on Debian or Ubuntu the program is installed when it is missing.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
verb=${1:-help}
folder=$(realpath -m -- "${2:-$here/.autograder/postgres}")

say() { printf '%s\n' "$*" >&2; }
fail() { say "postgres: $*"; exit 1; }

programs() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; }

install_server() {
    [ -z "$(programs)" ] || return 0
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || fail "not installed. Run: sudo apt-get install postgresql"
    say "postgres: installing it (apt-get)"
    export DEBIAN_FRONTEND=noninteractive
    # No cluster of Debian's own: it would listen on the usual port.
    mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
    { apt-get update && apt-get install -y --no-install-recommends postgresql; } >/dev/null 2>&1 || fail "apt-get install postgresql failed"
    [ -n "$(programs)" ] || fail "it was installed, but its programs are not in /usr/lib/postgresql"
}

# The server refuses to run as root.
as_server() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups -- "$@"; else "$@"; fi; }

# A socket's path may have 107 characters: a checkout deep in the tree has more.
socket() { cat "$folder/socket" 2>/dev/null; }

# One that was killed and not yet buried has a number, and answers nobody.
running() {
    local number
    [ -s "$folder/data/postmaster.pid" ] && number=$(head -n 1 "$folder/data/postmaster.pid") || return 1
    grep -q '^State:[[:space:]]*[^Z]' "/proc/$number/status" 2>/dev/null
}

url() { echo "AUTOGRADER_TEST_POSTGRES=postgresql+psycopg://tests@/postgres?host=$(socket)"; }

start() {
    if running; then url; return; fi
    install_server
    local bin place
    bin=$(programs)
    mkdir -p "$folder"
    if [ ! -d "$folder/data" ]; then
        # The server's user must reach its folder, and a checkout may lie where it may not.
        place=$(mktemp -d /tmp/autograder-postgres-XXXXXX)
        [ "$(id -u)" != 0 ] || chown postgres:postgres "$place"
        echo "$place" >"$folder/socket"
        ln -sfn "$place/data" "$folder/data"
        (cd "$place" && as_server "$bin/initdb" -D "$place/data" -U tests --auth=trust --encoding=UTF8 --locale=C.UTF-8 >"$folder/log" 2>&1) || fail "initdb failed, see $folder/log"
    fi
    place=$(socket)
    (cd "$place" && as_server "$bin/pg_ctl" -D "$place/data" -l "$place/log" -w -t 60 -o "-c listen_addresses='' -k $place" start >>"$folder/log" 2>&1) || fail "it does not start, see $folder/log and $place/log"
    url
}

stop() {
    running || return 0
    local place
    place=$(socket)
    (cd "$place" && as_server "$(programs)/pg_ctl" -D "$place/data" -m immediate -w stop >/dev/null 2>&1) || true
}

case $verb in
    start) start ;;
    stop) stop ;;
    status) if running; then url; else say "postgres: not running"; exit 1; fi ;;
    remove)
        stop
        [ -z "$(socket)" ] || rm -rf -- "$(socket)"
        rm -rf -- "$folder"
        ;;
    *) fail "usage: scripts/postgres.sh start|stop|status|remove [FOLDER]" ;;
esac
