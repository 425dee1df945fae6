"""The API as an application: its routers, its errors, its documentation."""

from importlib.metadata import version

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from web import login
from web.api import (
    aggregates,
    app_events,
    devices,
    entities,
    erasures,
    groups,
    internal,
    labels,
    lists,
    operations,
    policies,
    privacy,
    profiles,
    publications,
    quality,
    reevaluation,
    registry,
    rule_changes,
    rule_trials,
    rules,
    sensors,
    sketches,
    transactions,
)
from web.api.schema import openapi
from web.auth import Auth, Caller, requires
from web.context import Context
from web.docs import page
from web.problems import Problem

WORDS = {404: "there is nothing at {path}", 405: "{path} does not take {method}"}


def build(context: Context, auth: Auth, *, home: str) -> FastAPI:
    """Return the API; `/` leads to `home`."""
    api = FastAPI(
        title="smartbank",
        version=version("smartbank"),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        telemetry=None,
    )
    for router in (
        login.routes(auth),
        transactions.routes(context),
        app_events.routes(context),
        labels.routes(context),
        profiles.routes(context),
        entities.routes(context),
        erasures.routes(context),
        groups.routes(context),
        reevaluation.routes(context),
        rules.routes(context),
        rule_changes.routes(context),
        rule_trials.routes(context),
        aggregates.routes(context),
        policies.routes(context),
        lists.routes(context),
        devices.routes(context),
        sensors.routes(context),
        sketches.routes(context),
        registry.routes(context),
        publications.routes(context),
        privacy.routes(context),
        operations.routes(context, auth),
        quality.routes(context),
        internal.routes(context),
    ):
        api.include_router(router)
    _document(api, home)
    _explain(api)
    return api


def _document(api: FastAPI, home: str) -> None:
    viewer = Depends(requires("viewer"))

    @api.get("/openapi.json", include_in_schema=False)
    async def schema(_: Caller = viewer) -> Response:
        """Return the OpenAPI document."""
        return JSONResponse(openapi(api))

    @api.get("/docs", include_in_schema=False)
    async def docs(_: Caller = viewer) -> Response:
        """Show the OpenAPI document to people."""
        return HTMLResponse(page(openapi(api)))

    @api.get("/", include_in_schema=False)
    async def start(_: Caller = viewer) -> Response:
        """Lead to where people start."""
        return RedirectResponse(home, 303)


def _explain(api: FastAPI) -> None:
    """Answer every error with a problem."""

    @api.exception_handler(Problem)
    async def told(_: Request, problem: Problem) -> Response:
        return problem.response()

    @api.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> Response:
        words = WORDS.get(error.status_code, str(error.detail))
        detail = words.format(path=request.url.path, method=request.method)
        return Problem(error.status_code, detail, headers=error.headers).response()

    @api.exception_handler(RequestValidationError)
    async def unfit(_: Request, error: RequestValidationError) -> Response:
        errors = [
            {
                "field": ".".join(str(part) for part in one["loc"]),
                "got": "nothing" if missing else repr(one.get("input"))[:80],
                "expected": "a value: it is required" if missing else one["msg"],
            }
            for one in error.errors()
            for missing in [one["type"] == "missing"]
        ]
        first = errors[0]
        detail = f"{first['field']}: got {first['got']}, expected {first['expected']}"
        return Problem(422, detail, errors=errors).response()

    @api.exception_handler(Exception)
    async def broken(_: Request, __: Exception) -> Response:
        # The server logs the error itself; a caller learns nothing of our insides.
        detail = "a fault of ours; the worker's log tells more"
        return Problem(500, detail).response()
