"""Bank files and their returns over HTTP."""

import base64
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import File, Query, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from backend.core.http.policy import MEGABYTE, Policy, guarded, staff_reads, staff_writes
from backend.core.http.problem import language_of
from backend.core.http.route import Caller, Reading, Writing, router
from backend.core.http.runtime import runtime_of
from backend.core.pages import Page
from backend.core.principal import Role
from backend.core.wire import Cursor, Limit
from backend.parties.uploads import received
from backend.payouts import banking, layouts, queries, returns, service
from backend.payouts.routes import READERS
from backend.payouts.schemas import (
    BatchIn,
    BatchOut,
    ExceptionOut,
    ExportOut,
    ItemOut,
    LayoutOut,
    LeftOutOut,
    ReturnOut,
    faults_out,
)

routes = router("/v1/orgs/{org_id}", "payouts")
# A download shows account numbers in clear, so it is a command with its own audit row.
_DOWNLOAD = Policy(audience="staff", access="write", roles=frozenset({Role.CASHIER}))
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The bytes as they were made / 文件原样",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    }
}


@routes.get("/bank-layouts")
@guarded(staff_reads(*READERS))
async def list_bank_layouts(org_id: int, session: Reading) -> list[LayoutOut]:
    """List the bank file layouts (代发文件格式)."""
    return [LayoutOut.model_validate(layout) for layout in layouts.layouts().values()]


@routes.post("/payout-runs/{run_id}/bank-batches", status_code=201)
@guarded(staff_writes(Role.CASHIER))
async def export_bank_batch(
    org_id: int, run_id: UUID, body: BatchIn, request: Request, session: Writing, caller: Caller
) -> ExportOut:
    """Make bank files of a run's approved payments (生成代发文件)."""
    runtime = runtime_of(request)
    made = await banking.export_batch(
        session,
        runtime.sealer,
        org_id=org_id,
        run_id=run_id,
        layout_id=body.layout_id,
        item_ids=body.item_ids,
        made_by=caller.user_id,
        today=runtime.clock.today(),
    )
    request.state.command.details["sha256"] = [batch.file_sha256.hex() for batch in made.batches]
    return ExportOut(
        batches=[queries.batch_out(batch) for batch in made.batches],
        left_out=[LeftOutOut.model_validate(out) for out in made.left_out],
        warnings=faults_out(made.warnings, language_of(request)),
    )


@routes.get("/payout-runs/{run_id}/bank-batches")
@guarded(staff_reads(*READERS))
async def list_bank_batches(org_id: int, run_id: UUID, session: Reading) -> list[BatchOut]:
    """List a run's bank files (代发文件列表)."""
    return await queries.batches(session, org_id=org_id, run_id=run_id)


@routes.get("/bank-batches/{batch_id}/file", response_class=Response, responses=_FILE)
@guarded(_DOWNLOAD)
async def download_bank_batch(
    org_id: int, batch_id: UUID, request: Request, session: Writing
) -> Response:
    """Return a bank file byte for byte; the download is recorded (下载代发文件)."""
    batch = await banking.batch_of(session, org_id=org_id, batch_id=batch_id)
    file = banking.file_of(runtime_of(request).sealer, batch)
    digest = base64.b64encode(batch.file_sha256).decode()
    return Response(
        file.content,
        media_type=f"text/plain; charset={file.layout.encoding}",
        headers={
            "Content-Disposition": f'attachment; filename="{batch.file_name}"',
            "Repr-Digest": f"sha-256=:{digest}:",
            "Cache-Control": "no-store",
        },
    )


@routes.post("/bank-batches/{batch_id}/returns", status_code=201)
@guarded(staff_writes(Role.CASHIER, body_bytes_max=11 * MEGABYTE))
async def take_bank_return(
    org_id: int,
    batch_id: UUID,
    file: Annotated[UploadFile, File(description="CSV, UTF-8 or GBK / 银行回单")],
    request: Request,
    session: Writing,
    caller: Caller,
    paid_on: Annotated[
        date | None, Query(description="The bank's day, today by default / 支付日期")
    ] = None,
) -> ReturnOut:
    """Take in a bank's return: book what was paid, keep why the rest was not (导入银行回单)."""
    runtime = runtime_of(request)
    upload = await received(file)
    taken = await returns.take_return(
        session,
        runtime.sealer,
        org_id=org_id,
        batch_id=batch_id,
        file_name=upload.filename,
        content=upload.content,
        paid_on=paid_on,
        received_by=caller.user_id,
        today=runtime.clock.today(),
    )
    kept = taken.bank_return
    request.state.command.details |= {"paid_fen": kept.paid_fen, "sha256": kept.file_sha256.hex()}
    return ReturnOut(
        id=kept.id,
        batch_id=batch_id,
        paid_count=kept.paid_count,
        paid_fen=kept.paid_fen,
        failed_count=kept.failed_count,
        exception_count=len(taken.exceptions),
        voucher_label=taken.voucher_label,
        run_state=taken.run_state,
    )


@routes.get("/return-exceptions")
@guarded(staff_reads(*READERS))
async def list_return_exceptions(
    org_id: int, session: Reading, cursor: Cursor = None, limit: Limit = 50
) -> Page[ExceptionOut]:
    """List rows of returns that fit no payment under way (回单异常)."""
    return await queries.exceptions(session, org_id=org_id, cursor=cursor, limit=limit)


@routes.post("/payment-items/{item_id}/reissue")
@guarded(staff_writes(Role.CASHIER, Role.ACCOUNTANT))
async def reissue_payment(org_id: int, item_id: UUID, session: Writing) -> ItemOut:
    """Make a failed payment ready for the next bank file (失败重发)."""
    await service.reissue(session, org_id=org_id, item_id=item_id)
    return await queries.item(session, org_id=org_id, item_id=item_id)
