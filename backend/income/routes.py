"""The farmer's own data over HTTP.

The income is the hottest read of the service: its route runs one statement and returns the bytes
that the database made. Its answer is documented by `IncomeOut`, and a test holds it to that.
"""

import re
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from backend.core.errors import RoleMissing, Unauthenticated
from backend.core.http.policy import Policy, guarded
from backend.core.http.route import Caller, Reading, router
from backend.core.http.runtime import runtime_of
from backend.income import queries
from backend.income.errors import YearOutOfRange
from backend.income.schemas import (
    ExplanationOut,
    IncomeOut,
    MyContractOut,
    MyParcelOut,
    WorkDoneOut,
)

routes = router("/v1/me", "farmer")
_PLAIN_YEAR = re.compile(rb"year=(2\d{3})")
_OWN = Policy(audience="farmer", access="read")
_YEAR = {
    "name": "year",
    "in": "query",
    "required": False,
    "description": "The year; the present one if left out / 年份",
    "schema": {"type": "integer", "minimum": 2000, "maximum": 2999},
    "example": 2026,
}


@routes.get(
    "/income",
    responses={200: {"model": IncomeOut}},
    openapi_extra={"parameters": [_YEAR]},
)
@guarded(Policy(audience="farmer", access="statement"))
async def read_my_income(request: Request) -> Response:
    """Return the farmer's income of a year by kind, month and line (我的收入)."""
    runtime = runtime_of(request)
    year = _year(request) or runtime.clock.today().year
    user_id: UUID = request.state.user_id
    answer = await runtime.database.value("SELECT tgj_my_income($1, $2)", user_id, year)
    if answer is None:
        if (await runtime.authenticator.principal_of(user_id)) is None:
            raise Unauthenticated
        raise RoleMissing
    return Response(answer, media_type="application/json")


@routes.get("/income/lines/{line_id}")
@guarded(_OWN)
async def explain_income(line_id: UUID, session: Reading, caller: Caller) -> ExplanationOut:
    """Say why an amount is what it is, down to the vouchers (为什么是这个数)."""
    return await queries.explanation(session, households=caller.households(), line_id=line_id)


@routes.get("/parcels")
@guarded(_OWN)
async def list_my_parcels(session: Reading, caller: Caller) -> list[MyParcelOut]:
    """List the household's parcels with areas and shapes (我的地块)."""
    return await queries.parcels(session, households=caller.households())


@routes.get("/contracts")
@guarded(_OWN)
async def list_my_contracts(session: Reading, caller: Caller) -> list[MyContractOut]:
    """List the household's trusteeship contracts (我的合同)."""
    return await queries.contracts(session, households=caller.households())


@routes.get("/work")
@guarded(_OWN)
async def list_work_on_my_land(session: Reading, caller: Caller) -> list[WorkDoneOut]:
    """List what was done on the household's land, and when (我家地里干了什么)."""
    return await queries.work_done(session, households=caller.households())


def _year(request: Request) -> int | None:
    """Return the year that is asked for, ``None`` for the present one."""
    query: bytes = request.scope["query_string"]
    plain = _PLAIN_YEAR.fullmatch(query)
    if plain is not None:
        return int(plain.group(1))
    given = request.query_params.getlist("year")
    if not given:
        return None
    if len(given) > 1 or not re.fullmatch(r"2\d{3}", given[0], re.ASCII):
        raise YearOutOfRange
    return int(given[0])
