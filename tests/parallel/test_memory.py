"""What a stage has freed does not count when the next one begins."""

import numpy as np
import psutil

from training.parallel import memory

BLOCKS, BYTES = 4_000, 64_000


def test_freed_memory_between_blocks_that_live_on_is_returned() -> None:
    process = psutil.Process()
    # Each less than what the C library returns at once; every hundredth lives on.
    blocks = [np.ones(BYTES, np.uint8) for _ in range(BLOCKS)]
    kept = blocks[::100]
    del blocks
    before = process.memory_info().rss
    memory.release()
    returned = before - process.memory_info().rss
    assert returned > 0.8 * (BLOCKS - len(kept)) * BYTES
