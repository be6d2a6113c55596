#!/usr/bin/env bash
# A browser without a window, and a font with a table for mathematics, for PDF sheets:  scripts/chromium.sh
# Prints its path; as root on Debian or Ubuntu it is installed when it is missing.
set -euo pipefail

find_browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

if find_browser; then exit; fi
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || { echo "chromium: not installed. Run: sudo apt-get install chromium" >&2; exit 1; }
echo "chromium: installing it (apt-get)" >&2
export DEBIAN_FRONTEND=noninteractive
{ apt-get update && apt-get install -y --no-install-recommends chromium fonts-dejavu-core fonts-dejavu-extra; } >/dev/null 2>&1 ||
    { echo "chromium: apt-get install chromium failed" >&2; exit 1; }
find_browser
