"""The year's end over HTTP."""

from typing import Annotated

from fastapi import Path
from starlette.requests import Request

from backend.core.http.policy import guarded, staff_writes
from backend.core.http.route import Caller, Writing, router
from backend.core.http.runtime import runtime_of
from backend.core.principal import Role
from backend.ledger import closing
from backend.ledger.schemas import PostedOut

routes = router("/v1/orgs/{org_id}", "ledger")


@routes.post("/years/{year}/carry-forward", status_code=201)
@guarded(staff_writes(Role.ACCOUNTANT, serializable=True))
async def carry_year_forward(
    org_id: int,
    year: Annotated[int, Path(ge=1950, le=9998)],
    request: Request,
    session: Writing,
    caller: Caller,
) -> list[PostedOut]:
    """Carry a year's income and expense to the undistributed result (年终结转)."""
    posted = await closing.carry_forward(
        session,
        org_id=org_id,
        year=year,
        maker_id=caller.user_id,
        today=runtime_of(request).clock.today(),
    )
    return [PostedOut.model_validate(voucher) for voucher in posted]
