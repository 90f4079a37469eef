#!/usr/bin/env bash
# Makes .venv and node_modules from the lock files, each only when its lock has changed, and puts the
# command `harperdb-recommender` into .venv/bin.
set -euo pipefail
cd "$(dirname "$0")/.."

# Prints the first suitable Python; a name on the path may not run.
find_python() {
  local name
  for name in ${PYTHON:-python3.12 python3.11 python3.10 python3 python}; do
    if "$name" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null; then
      echo "$name"
      return
    fi
  done
  echo "setup: found no Python 3.10, 3.11 or 3.12. Install one, or name it: make setup PYTHON=/path/to/python3.12" >&2
  exit 1
}

# Whether the files whose sums stand in this file are unchanged.
is_current() { [ -f "$1" ] && sha256sum --check --status "$1" 2>/dev/null; }

setup_python() {
  install_python_packages
  install_project
}

install_python_packages() {
  is_current .venv/.lock.sha256 && return
  local python
  python=$(find_python)
  echo "setup: Python packages into .venv, about two minutes ($("$python" --version))"
  "$python" -m venv --clear .venv || {
    echo "setup: $python cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2
    exit 1
  }
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
  sha256sum requirements.lock >.venv/.lock.sha256
}

# The project itself, editable: its command runs the code of this folder.
install_project() {
  [ -x .venv/bin/harperdb-recommender ] && is_current .venv/.project.sha256 && return
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
  sha256sum pyproject.toml >.venv/.project.sha256
}

setup_node() {
  is_current node_modules/.lock.sha256 && return
  node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' 2>/dev/null || {
    echo "setup: needs Node.js 20 or later with npm; found $(node --version 2>/dev/null || echo none)" >&2
    exit 1
  }
  echo "setup: Node packages into node_modules, about one minute"
  # Not `npm ci`: it refuses a lock file without the packages of every other platform (DECISIONS.md).
  npm install --no-save --no-audit --no-fund --loglevel=error
  sha256sum package-lock.json >node_modules/.lock.sha256
}

case "${1:-all}" in
  python) setup_python ;;
  node) setup_node ;;
  all)
    # Not joined by &&, which would let a failed installation pass for a good one.
    setup_python
    setup_node
    ;;
  *) echo "usage: scripts/setup.sh [python|node|all]" >&2 && exit 2 ;;
esac
