#!/usr/bin/env bash
# The image that the box's image is built from:  scripts/base-image.sh [NAME]     (default NAME: autograder-base:bookworm)
# python:3.11-slim-bookworm where it can be pulled; else the same thing, Debian with its python3, made by mmdebstrap.  The
# mirror and the settings are those of this host's apt, read now; none of them stays in the image.
set -euo pipefail

name=${1:-autograder-base:bookworm}
public=python:3.11-slim-bookworm
suite=bookworm

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
recorded=$here/.autograder/engine/host
if [ -z "${DOCKER_HOST:-}" ] && ! [ -S /var/run/docker.sock ] && [ -f "$recorded" ]; then
    DOCKER_HOST=$(cat "$recorded")
    export DOCKER_HOST
fi

say() { printf '%s\n' "$*" >&2; }
fail() { say "base image: $*"; exit 1; }
has() { docker image inspect "$1" >/dev/null 2>&1; }

command -v docker >/dev/null || fail "no docker client. Run: sudo apt-get install docker.io"
docker version >/dev/null 2>&1 || fail "no engine answers. Run: sudo scripts/engine.sh start"
if has "$name"; then echo "$name"; exit; fi
if has "$public" || timeout 300 docker pull --quiet "$public" >/dev/null 2>&1; then
    docker tag "$public" "$name"
    echo "$name"
    exit
fi

say "base image: $public cannot be pulled, making one with mmdebstrap"
[ "$(id -u)" = 0 ] || fail "only root can make one. Run: sudo scripts/base-image.sh"
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
if ! command -v mmdebstrap >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update && apt-get install -y --no-install-recommends mmdebstrap debian-archive-keyring; } >"$work/log" 2>&1 \
        || fail "mmdebstrap cannot be installed: $(tail -n 1 "$work/log")"
fi

# The first Debian mirror that this host's apt uses, one-line and deb822 sources alike.
mirror() {
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null \
        | grep -v '^#' | grep -oE '(https?|file|copy)[^] ]*/debian/?( |$)' | head -n 1 | tr -d ' '
}
# Proxies and certificates of this host's apt, for the time of the making only.
mapfile -t settings < <(apt-config dump | grep -E '^Acquire::(http|https)::.*"[^"]+";$' || true)
options=()
for setting in "${settings[@]}"; do options+=(--aptopt="$setting"); done

mmdebstrap --quiet --variant=minbase --include=python3,python3-venv "${options[@]}" \
    --customize-hook='rm -f "$1"/etc/apt/apt.conf.d/99mmdebstrap "$1"/etc/resolv.conf "$1"/etc/hostname' \
    --customize-hook='printf "deb http://deb.debian.org/debian bookworm main\n" >"$1"/etc/apt/sources.list' \
    "$suite" "$work/base.tar" "$(mirror || true)" >"$work/log" 2>&1 || fail "mmdebstrap failed: $(tail -n 1 "$work/log")"
docker import "$work/base.tar" "$name" >/dev/null
echo "$name"
