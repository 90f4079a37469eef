#!/usr/bin/env bash
# A HarperDB on this machine: scripts/harper.sh up | down | cluster-up | cluster-down
set -euo pipefail
cd "$(dirname "$0")/.."
exec .venv/bin/python -m training harper "$@"
