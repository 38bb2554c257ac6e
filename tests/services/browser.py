"""Chromium and its driver: nothing to start, a test starts its own."""

from __future__ import annotations

import shutil

PROGRAMS = {"chromium": "chromium", "chromedriver": "chromium-driver"}


def absent() -> str:
    """Why no browser can be driven here, "" when one can."""
    lacking = [program for program in PROGRAMS if shutil.which(program) is None]
    return f"{' and '.join(lacking)} not found." if lacking else ""
