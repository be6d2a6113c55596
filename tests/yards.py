"""What a machine's speed is compared with: limits in seconds fail some day, on a busy machine of CI."""

from __future__ import annotations

import ast
import time

#: CPU seconds up to which a cost is not worth a comparison.
DEAR = 0.5


def yard() -> float:
    """CPU seconds that this process needs, here and now, to parse 100 kB of dense code: about 0.1; 0.4 was seen in CI."""
    began = time.process_time()
    ast.parse("a;" * 50_000)
    return time.process_time() - began
