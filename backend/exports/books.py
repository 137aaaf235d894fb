"""The workbooks themselves: vouchers, trial balance, payouts."""

import asyncio
from enum import StrEnum

from backend.core.db import ReadSession
from backend.exports import queries
from backend.exports.errors import NoSuchMonth
from backend.exports.sheets import Column, Sheet, workbook
from backend.ledger import queries as ledger
from backend.ledger.service import voucher_label

_KINDS = {"rent": "租金", "wage": "务工", "dividend": "分红"}
_STATES = {
    "draft": "待审批",
    "approved": "待发放",
    "exported": "已报送银行",
    "paid": "已到账",
    "failed": "失败",
}
_VOUCHER_COLUMNS = (
    Column(title="日期", kind="date", width=11),
    Column(title="凭证号", width=17),
    Column(title="行号", kind="number", width=6),
    Column(title="摘要", width=36),
    Column(title="科目编码", kind="code", width=11),
    Column(title="科目名称", width=20),
    Column(title="借方金额(元)", kind="yuan", width=15),
    Column(title="贷方金额(元)", kind="yuan", width=15),
    Column(title="往来对象", width=22),
    Column(title="承包方编码", kind="code", width=20),
    Column(title="附件张数", kind="number", width=9),
    Column(title="制单", width=10),
    Column(title="审核", width=10),
)
_BALANCE_COLUMNS = (
    Column(title="科目编码", kind="code", width=11),
    Column(title="科目名称", width=22),
    *(
        Column(title=f"{title}(元)", kind="yuan", width=15)
        for title in (
            "期初借方", "期初贷方", "本期借方", "本期贷方",
            "本年累计借方", "本年累计贷方", "期末借方", "期末贷方",
        )
    ),
)  # fmt: skip
_PAYOUT_COLUMNS = (
    Column(title="批次", width=26),
    Column(title="类别", width=7),
    Column(title="序号", kind="number", width=7),
    Column(title="收款人", width=12),
    Column(title="承包方编码", kind="code", width=20),
    Column(title="本笔合计(元)", kind="yuan", width=14),
    Column(title="状态", width=11),
    Column(title="失败原因", width=18),
    Column(title="到账日期", kind="date", width=11),
    Column(title="开户行", width=18),
    Column(title="账号", kind="code", width=22),
    Column(title="明细号", kind="number", width=8),
    Column(title="明细金额(元)", kind="yuan", width=14),
    Column(title="计算式", width=70),
)


class Book(StrEnum):
    """What can be exported."""

    VOUCHERS = "vouchers"
    TRIAL_BALANCE = "trial-balance"
    PAYOUTS = "payouts"


async def export(
    session: ReadSession, *, org_id: int, books: tuple[Book, ...], period: int
) -> bytes:
    """Return a workbook with a sheet for each of ``books``.

    Vouchers are those of the year of ``period`` up to it, payouts those of the whole year; the
    trial balance is that of the month itself. Raises `NoSuchMonth`.
    """
    if not 1 <= period % 100 <= 12:
        raise NoSuchMonth(period=period)
    name = await queries.heading(session, org_id=org_id)
    makers = {
        Book.VOUCHERS: _vouchers,
        Book.TRIAL_BALANCE: _trial_balance,
        Book.PAYOUTS: _payouts,
    }
    sheets = [await makers[book](session, org_id, name, period) for book in books]
    # A village's year takes seconds to write: others are answered meanwhile.
    return await asyncio.to_thread(workbook, sheets)


async def _vouchers(session: ReadSession, org_id: int, name: str, period: int) -> Sheet:
    first = period // 100 * 100 + 1
    lines = await queries.voucher_lines(session, org_id=org_id, first=first, last=period)
    return Sheet(
        name="记账凭证",
        title=f"{name} 记账凭证 {first} — {period}",
        columns=_VOUCHER_COLUMNS,
        rows=[
            (
                line.booked_on,
                voucher_label(line.period, line.number),
                line.line,
                line.summary,
                line.account_code,
                line.account_name,
                line.debit_fen or None,
                line.credit_fen or None,
                line.party_name,
                line.party_code,
                line.attachments,
                line.maker,
                line.reviewer,
            )
            for line in lines
        ],
    )


async def _trial_balance(session: ReadSession, org_id: int, name: str, period: int) -> Sheet:
    balance = await ledger.trial_balance(session, org_id=org_id, period=period)
    rows = [
        (
            row.code,
            row.name,
            row.opening_debit_fen,
            row.opening_credit_fen,
            row.period_debit_fen,
            row.period_credit_fen,
            row.year_debit_fen,
            row.year_credit_fen,
            row.closing_debit_fen,
            row.closing_credit_fen,
        )
        for row in balance.rows
    ]
    leaves = [cells for cells, row in zip(rows, balance.rows, strict=True) if row.is_leaf]
    total = ("", "合计(末级科目)", *(sum(int(cells[n]) for cells in leaves) for n in range(2, 10)))
    return Sheet(
        name="科目余额表",
        title=f"{name} 科目余额表 {period}",
        columns=_BALANCE_COLUMNS,
        rows=[*rows, total],
    )


async def _payouts(session: ReadSession, org_id: int, name: str, period: int) -> Sheet:
    lines = await queries.payout_lines(session, org_id=org_id, year=period // 100)
    return Sheet(
        name="发放清册",
        title=f"{name} 发放清册 {period // 100} 年",
        columns=_PAYOUT_COLUMNS,
        rows=[
            (
                line.title,
                _KINDS[line.kind],
                line.seq,
                line.payee_name,
                line.household_code,
                line.item_fen,
                _STATES.get(line.state, line.state),
                line.failure,
                line.paid_on,
                line.bank_name,
                line.number_mask,
                line.line_seq,
                line.line_fen,
                line.formula,
            )
            for line in lines
        ],
    )
