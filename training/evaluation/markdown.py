"""Tables of the report for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd


def table(rows: Sequence[Mapping[str, str]]) -> str:
    """Returns a Markdown table, the first column aligned left and the others right.

    Args:
        rows: Cells by column, the same columns in each row.
    """
    frame = pd.DataFrame(rows)
    align = ("left",) + ("right",) * (len(frame.columns) - 1)
    # Not parsed: otherwise .2940 would be shown as .294.
    return str(frame.to_markdown(index=False, colalign=align, disable_numparse=True))
