"""How long `loop` waits between two rounds of a domain."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_RETRY_SECONDS = 60.0
LONGEST_RETRY_SECONDS = 3_600.0


@dataclass(frozen=True)
class Waits:
    """Seconds between two rounds of a domain.

    Attributes:
        round: Usually.
        look: While an experiment runs, if that is less.
    """

    round: float
    look: float

    def after(self, failures: int, *, in_experiment: bool) -> float:
        """Returns how long to wait after a round, the last of so many failed ones."""
        usual = min(self.round, self.look) if in_experiment else self.round
        return wait_seconds(usual, failures)


def wait_seconds(every: float, failures: int) -> float:
    """Returns how long to wait for a domain's next round.

    Args:
        every: The usual time between two rounds.
        failures: How many of its last rounds have failed in a row: the wait begins at a minute and
            doubles with each.
    """
    if not failures:
        return every
    longest = max(every, LONGEST_RETRY_SECONDS)
    return min(FIRST_RETRY_SECONDS * 2.0 ** min(failures - 1, 20), longest)
