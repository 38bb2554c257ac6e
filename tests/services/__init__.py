"""Services that tests need: each found, installed where it may be, started privately and stopped again.

python -m tests.services run -- pytest …
"""

from __future__ import annotations

import sys


def say(line: str) -> None:
    """Progress, on stderr."""
    print(f"services: {line}", file=sys.stderr, flush=True)
