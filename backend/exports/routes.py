"""Workbooks over HTTP."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from backend.core.http.policy import guarded, staff_reads
from backend.core.http.route import Reading, router
from backend.core.principal import Role
from backend.exports.books import Book, export

routes = router("/v1/orgs/{org_id}/exports", "exports")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@routes.get(
    "/{book}.xlsx",
    response_class=Response,
    responses={
        200: {
            "description": "The workbook / 工作簿",
            "content": {XLSX: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
@guarded(staff_reads(Role.ACCOUNTANT, Role.DIRECTOR))
async def export_book(
    org_id: int,
    book: Book,
    session: Reading,
    period: Annotated[int, Query(ge=194901, le=999912, description="Year × 100 + month / 期间")],
) -> Response:
    """Return vouchers, trial balance or payouts as a workbook (导出工作簿)."""
    content = await export(session, org_id=org_id, books=(book,), period=period)
    name = f"{book}-{org_id}-{period}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=XLSX, headers=headers)
