"""The setting that says where heavy work runs."""

from __future__ import annotations

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, config=ConfigDict(extra="forbid", use_attribute_docstrings=True))
class ScaleConfig:
    """Where heavy work runs, which is not saved beside a result. See docs/many-machines.md."""

    scheduler: str = ""
    """Address of a Dask scheduler, such as tcp://10.0.0.5:8786; empty: `DASK_SCHEDULER_ADDRESS` in
    the environment, or else the cores of this machine."""
