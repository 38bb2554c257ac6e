"""What the endpoints work with."""

from __future__ import annotations

from dataclasses import dataclass

from grader.engine.base import Engine
from grader.serving import Serve
from grader.store.database import Database
from grader.web.auth import Links
from grader.web.metrics import Metrics


@dataclass(frozen=True)
class Parts:
    """An open database, an engine over it, settings, signed links and metrics."""

    database: Database
    engine: Engine
    serve: Serve
    links: Links
    metrics: Metrics
