"""How often the test users have been measured: a count that is kept across reports."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import scipy.sparse as sp

from training.errors import DataError

FILE = "test-measurements.json"


def count_measurement(folder: Path, test: sp.csr_matrix) -> int:
    """Counts one more measurement of these test users.

    Test users who have been measured before are no longer unseen when settings are chosen.

    Args:
        folder: Where the count is kept, beside the stages' folders.
        test: [test users, items] 0/1. Another split or other data start at 1.

    Returns:
        How often they have been measured, this time included.

    Raises:
        DataError: the file with the count is corrupt.
    """
    path = folder / FILE
    counts = _read(path)
    key = _digest(test)
    counts[key] = counts.get(key, 0) + 1
    fresh = path.with_name(f"{FILE}.tmp")
    fresh.write_text(json.dumps(counts, indent=1), encoding="utf-8")
    fresh.replace(path)
    return counts[key]


def _read(path: Path) -> dict[str, int]:
    if not path.exists():
        return {}
    try:
        counts = json.loads(path.read_text(encoding="utf-8"))
        return {str(key): int(count) for key, count in counts.items()}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise DataError(
            path,
            expected="how often each set of test users has been measured, as JSON",
            found=str(error),
            remedy="Delete the file to start the count again.",
        ) from error


def _digest(test: sp.csr_matrix) -> str:
    rows = test.copy()
    rows.sort_indices()
    digest = hashlib.sha256(rows.indptr.astype("<i8").tobytes())
    digest.update(rows.indices.astype("<i8").tobytes())
    return digest.hexdigest()[:16]
