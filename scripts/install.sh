#!/bin/sh
# Install Wirewatch into a virtual environment, with the exact versions of constraints.txt.
#   scripts/install.sh VENV [editable] [EXTRA,EXTRA]
# The Makefile, the Dockerfile and the CI all install by this script.
set -eu
venv=$1
how=${2:-}
extras=${3:-}
here=$(cd "$(dirname "$0")/.." && pwd)

if [ ! -x "$venv/bin/python" ]; then
    python=
    for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            python=$candidate
            break
        fi
    done
    if [ -z "$python" ]; then
        echo "install: Python 3.11 or later is needed; install it, or name it with PYTHON=/path/to/python" >&2
        exit 1
    fi
    if ! "$python" -m venv "$venv"; then
        rm -rf "$venv"
        echo "install: $python cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2
        exit 1
    fi
fi
echo "installing into $venv; the first time this takes one to two minutes"
target=$here${extras:+[$extras]}
if [ "$how" = editable ]; then
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -c "$here/constraints.txt" -e "$target"
else
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -c "$here/constraints.txt" "$target"
fi
