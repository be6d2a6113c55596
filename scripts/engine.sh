#!/usr/bin/env bash
# The project's own Docker engine, for machines where none runs.
#   scripts/engine.sh start|stop|status|remove [FOLDER]     (default FOLDER: .autograder/engine)
# start prints DOCKER_HOST=...; it does nothing where an engine answers already.  remove is stop, and the images go too.
# The engine has no bridge, no iptables rules and no forwarding: it changes nothing outside its folder.  Only root can
# start it.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
verb=${1:-help}
folder=$(realpath -m -- "${2:-$here/.autograder/engine}")

say() { printf '%s\n' "$*" >&2; }
fail() { say "engine: $*"; exit 1; }

# Is an engine behind this address?  A plain ping, so that no docker client is needed to ask.
answers() {
    case $1 in
        unix://*) [ -S "${1#unix://}" ] && [ "$(curl -s --noproxy '*' --max-time 3 --unix-socket "${1#unix://}" http://engine/_ping 2>/dev/null)" = OK ] ;;
        *) DOCKER_HOST=$1 timeout 5 docker version --format '{{.Server.Version}}' >/dev/null 2>&1 ;;
    esac
}

# An engine that is not ours to start or stop.
others() {
    if [ -n "${DOCKER_HOST:-}" ]; then
        if [ "$DOCKER_HOST" != "$(ours)" ] && answers "$DOCKER_HOST"; then echo "$DOCKER_HOST"; return 0; fi
    elif answers unix:///var/run/docker.sock; then
        echo unix:///var/run/docker.sock; return 0
    fi
    return 1
}

ours() { cat "$folder/host" 2>/dev/null || true; }

# Numbers of the processes that run PROGRAM with WORD on their command line.  A process of a container is not meant: an
# engine in there may have a folder of the same name.
running() {
    local file number words word
    for file in /proc/[0-9]*/cmdline; do
        { mapfile -d '' -t words <"$file"; } 2>/dev/null || continue # it has ended meanwhile
        [[ ${words[0]:-} == $1 || ${words[0]:-} == */$1 ]] || continue
        number=${file//[!0-9]/}
        for word in "${words[@]:1}"; do
            if [ "$word" = "$2" ] && grep -qE '^NSpid:\s+[0-9]+$' "/proc/$number/status" 2>/dev/null; then echo "$number"; break; fi
        done
    done
}

# The engine's process.  Its pid file is not asked: the file outlives a kill -9, and numbers are used again.
pid() { running dockerd "$folder/pid" | grep .; }

install_engine() {
    if command -v dockerd >/dev/null && command -v docker >/dev/null && command -v curl >/dev/null; then return; fi
    [ "$(id -u)" = 0 ] || fail "dockerd is not installed. Run: sudo apt-get install docker.io curl"
    command -v apt-get >/dev/null || fail "dockerd is not installed. Install Docker's engine."
    say "engine: installing docker.io"
    export DEBIAN_FRONTEND=noninteractive
    local log=$folder/apt.log
    { apt-get update && apt-get install -y --no-install-recommends docker.io curl; } >"$log" 2>&1 || fail "apt-get install docker.io failed, see $log"
    rm -f "$log"
}

start() {
    local host number
    if host=$(others); then say "engine: one answers already"; echo "DOCKER_HOST=$host"; return; fi
    if number=$(pid) && answers "$(ours)"; then echo "DOCKER_HOST=$(ours)"; return; fi
    [ "$(id -u)" = 0 ] || fail "only root can start an engine. Run: sudo scripts/engine.sh start, or use bubblewrap boxes."
    mkdir -p "$folder"
    stop
    install_engine
    # apt may have brought up the distribution's own service meanwhile.
    if host=$(others); then say "engine: one answers already"; echo "DOCKER_HOST=$host"; return; fi
    # The kernel takes 107 characters for a socket's path (containerd's own lies deeper still), an address no blanks.
    local short=$folder
    if [ ${#folder} -gt 60 ] || [[ $folder == *[!A-Za-z0-9/._-]* ]]; then short=$(mktemp -d /tmp/engine-XXXXXX); echo "$short" >"$folder/short"; fi
    setsid --fork dockerd --data-root "$folder/data" --exec-root "$short/exec" -H "unix://$short/docker.sock" --pidfile "$folder/pid" \
        --iptables=false --ip6tables=false --ip-forward=false --bridge=none >"$folder/log" 2>&1 </dev/null
    for _ in $(seq 150); do
        if answers "unix://$short/docker.sock"; then
            echo "unix://$short/docker.sock" >"$folder/host"
            echo "DOCKER_HOST=unix://$short/docker.sock"
            return
        fi
        sleep 0.2
    done
    stop keep
    fail "dockerd did not come up in 30 s: $(tail -n 1 "$folder/log")"
}

# Ends the engine and takes away all but its images; also what is left of one that was killed.
stop() {
    local number short
    short=$(cat "$folder/short" 2>/dev/null) || short=$folder
    if number=$(pid); then
        kill $number
        for _ in $(seq 300); do pid >/dev/null || break; sleep 0.1; done
        ! pid >/dev/null || fail "dockerd ($number) does not end. See $folder/log"
        for _ in $(seq 50); do [ -d "/proc/$number" ] || break; sleep 0.1; done # some inits take seconds to notice an end
    fi
    if end_rest "$short/exec/containerd"; then remove_groups; fi
    unmount "$folder/data" "$short/exec"
    rm -rf -- "$short/exec" "$short/docker.sock" "$folder/host" "$folder/pid" "$folder/short"
    if [ "$short" != "$folder" ] && [ -d "$short" ]; then rmdir -- "$short"; fi
    [ -n "${1:-}" ] || rm -f -- "$folder/log"
}

# Ends containerd and what runs in containers, where dockerd did not come to it: a container outlives both.  True if
# there was anything.
end_rest() {
    local left shim any=no
    for _ in $(seq 100); do
        left=$(running containerd "$1/containerd.toml")
        for shim in $(running 'containerd-shim*' "$1/containerd.sock"); do left="$(children "$shim") $shim $left"; done
        if [ -z "${left// /}" ]; then [ "$any" = yes ]; return; fi
        any=yes
        kill -9 $left 2>/dev/null || true
        sleep 0.1
    done
    fail "these processes do not end: $left"
}

children() {
    local file line
    for file in /proc/[0-9]*/stat; do
        { read -r line <"$file"; } 2>/dev/null || continue
        if [[ ${line##*) } == [A-Za-z]" $1 "* ]]; then echo "${line%% *}"; fi
    done
}

# The kernel's accounts of containers that were not ended by dockerd.
remove_groups() {
    local container
    for container in "$folder"/data/containers/*/; do
        [[ $container =~ /([0-9a-f]{64})/$ ]] || continue
        find /sys/fs/cgroup -depth -type d -path "*${BASH_REMATCH[1]}*" -exec rmdir {} + 2>/dev/null || true
    done
}

# Unmounts everything at and below these folders: dockerd mounts its data onto itself, each container's files and network.
# The latest comes first; what is under another mount turns up in a later round.
unmount() {
    local points i round lazily=()
    for round in $(seq 60); do
        mounted "$@"
        [ ${#points[@]} -gt 0 ] || return 0
        [ "$round" -lt 30 ] || lazily=(-l)
        for ((i = ${#points[@]} - 1; i >= 0; i--)); do umount "${lazily[@]}" -- "${points[i]}" 2>/dev/null || true; done
        [ "$round" -lt 3 ] || sleep 0.1
    done
    fail "cannot unmount ${points[*]}. Run: sudo umount -l PATH"
}

# Sets `points`; the kernel writes blanks and backslashes of a path as octal numbers.
mounted() {
    local point top
    points=()
    while read -r _ _ _ _ point _; do
        printf -v point %b "${point//\\/\\0}"
        for top in "$@"; do
            if [[ $point == "$top" || $point == "$top"/* ]]; then points+=("$point"); break; fi
        done
    done </proc/self/mountinfo
}

status() {
    local host
    if host=$(others); then echo "DOCKER_HOST=$host"; say "engine: not ours"; return; fi
    if pid >/dev/null && answers "$(ours)"; then echo "DOCKER_HOST=$(ours)"; return; fi
    say "engine: none answers. Start one: sudo scripts/engine.sh start"
    return 1
}

case $verb in
    start) start ;;
    stop) stop; [ ! -d "$folder" ] || rmdir --ignore-fail-on-non-empty -- "$folder" ;;
    status) status ;;
    remove) stop; rm -rf -- "$folder" ;;
    *) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
