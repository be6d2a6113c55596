#!/usr/bin/env bash
# Everything that the other commands need:  scripts/setup.sh     (or: make setup)
# .venv, the environment that student code sees, and the Docker image with the same packages where an engine answers or can
# be started.  What is there already is left alone, so a second run takes a second.  DOCKER=no leaves Docker out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

state=.autograder
say() { printf '%s\n' "$*"; }
fail() { say "setup: $*" >&2; exit 1; }
root() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

packages() {
    say "  installing $* (apt-get)"
    local log
    log=$(mktemp)
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update && apt-get install -y --no-install-recommends "$@"; } >"$log" 2>&1 || fail "apt-get install $* failed: $(tail -n 1 "$log")"
    rm -f "$log"
}

# A Python of 3.11 or newer that can make virtual environments; 3.11 first: the pinned set was tested together on it.
python() {
    local name
    for name in python3.11 python3.12 python3.13 python3; do
        if "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then echo "$name"; return; fi
    done
    return 1
}

venv() {
    if [ .venv/installed -nt pyproject.toml ] && [ .venv/installed -nt constraints.txt ]; then return; fi
    local interpreter
    if ! interpreter=$(python); then
        root || fail "no Python 3.11 or newer with venv. Run: sudo apt-get install python3 python3-venv"
        packages python3 python3-venv
        interpreter=$(python) || fail "this system's python3 is older than 3.11. Install a newer one."
    fi
    say "  installing the packages into .venv with $($interpreter --version) (two to five minutes)"
    [ -x .venv/bin/pip ] || "$interpreter" -m venv .venv
    local index=()
    [ -z "${AUTOGRADER_TORCH_INDEX:-}" ] || index=(--extra-index-url "$AUTOGRADER_TORCH_INDEX")
    .venv/bin/python -m pip install -qq --disable-pip-version-check "${index[@]}" -c constraints.txt -e '.[dev]'
    touch .venv/installed
}

bubblewrap() {
    if command -v bwrap >/dev/null; then return; fi
    if root; then packages bubblewrap; else say "  no bubblewrap. Run: sudo apt-get install bubblewrap"; fi
}

# The image, or one line that says why there is none and how to get it.
image() {
    if [ "${DOCKER:-yes}" = no ]; then return; fi
    local address=
    if ! address=$(scripts/engine.sh status 2>/dev/null); then
        if root; then
            address=$(scripts/engine.sh start)
            say "  started a Docker engine of our own (make stop ends it)"
        else
            say "  no Docker engine answers, so boxes are made with bubblewrap. For Docker: sudo scripts/engine.sh start"
            return
        fi
    fi
    export "${address?}"
    # Nothing to do is the usual case, and told by python alone; a base is looked for only where the image is missing.
    if .venv/bin/python scripts/box.py built "$state"; then return; fi
    scripts/base-image.sh >/dev/null
    .venv/bin/python scripts/box.py image "$state" >/dev/null
}

venv
bubblewrap
.venv/bin/python scripts/box.py environment "$state" >/dev/null
image
say "ready."
