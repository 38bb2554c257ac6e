"""The web application: endpoints, errors and documentation, put together over its parts."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from grader import __version__
from grader.errors import MetronomeError
from grader.web import about, pages, routes
from grader.web.answers import Refusal, refused
from grader.web.guard import Guard
from grader.web.parts import Parts

log = logging.getLogger(__name__)


class App(FastAPI):
    """FastAPI with a description that tells only what the endpoints do."""

    def openapi(self) -> dict[str, Any]:
        """The description, as OpenAPI has it."""
        if self.openapi_schema is None:
            self.openapi_schema = about.corrected(super().openapi())
        return self.openapi_schema


def make_app(parts: Parts) -> FastAPI:
    """The application over these parts."""
    app = App(
        title="Metronome",
        version=__version__,
        description=about.TEXT,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.parts = parts
    app.add_middleware(Guard, metrics=parts.metrics)
    app.include_router(routes.router)
    _add_errors(app)

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return pages.docs_page(app.openapi())

    return app


def _add_errors(app: FastAPI) -> None:
    """Whatever goes wrong is answered as {"error": sentence}."""

    @app.exception_handler(Refusal)
    def refusal(request: Request, error: Refusal) -> Response:
        return refused(error)

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> Response:
        sentences = {404: "There is nothing here.", 405: "That method is not for this address."}
        response = refused(Refusal(error.status_code, sentences.get(error.status_code, str(error.detail))))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(MetronomeError)
    def ours(request: Request, error: MetronomeError) -> Response:
        log.error("%s", error)  # it may name the database, which is nothing for strangers
        return refused(Refusal(503, "The server cannot do this now; try again later.", Retry_After="5"))
