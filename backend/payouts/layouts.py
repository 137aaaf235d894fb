"""Bank files as text: writing a batch by its layout, reading the bank's return."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from backend.core import money
from backend.core.errors import BadInput, Fault
from backend.core.intake.limits import Limits
from backend.core.intake.text import clean, detect_encoding
from backend.gateways.bank import RETURN_HEADER, Layout
from backend.payouts.errors import UnknownLayout

_HEADINGS = {
    "seq": "序号",
    "account": "账号",
    "name": "户名",
    "amount": "金额",
    "note": "备注",
    "id_number": "证件号码",
}

_RETURN_LIMITS = Limits(file_bytes=10 << 20, rows=100_001)
_SEQ_DIGITS_MAX = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRow:
    """One payment of a bank file, in clear: it lives only while the file is made."""

    seq: int
    account: str
    name: str
    amount_fen: int
    note: str
    id_number: str = ""
    subject: str
    """How a fault names the payee: payment number and masked name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRow:
    """One row of a return; ``row`` counts lines of the file, ``failure`` is our code."""

    row: int
    seq: int
    account_tail: str
    amount_fen: int
    outcome: Literal["paid", "failed"]
    failure: str | None


@cache
def layouts() -> dict[str, Layout]:
    """Return every layout of the data file by its id."""
    raw = files("backend.payouts").joinpath("data", "layouts.json").read_text(encoding="utf-8")
    return {
        entry["layout_id"]: Layout(**entry | {"columns": tuple(entry["columns"])})
        for entry in json.loads(raw)
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnWords:
    """What banks write for paid and failed, and parts of their reasons with our codes."""

    paid: frozenset[str]
    failed: frozenset[str]
    reasons: tuple[tuple[str, str], ...]


@cache
def return_words() -> ReturnWords:
    """Return the words of the data file."""
    raw = json.loads(
        files("backend.payouts").joinpath("data", "returns.json").read_text(encoding="utf-8")
    )
    return ReturnWords(
        paid=frozenset(raw["paid"]),
        failed=frozenset(raw["failed"]),
        reasons=tuple((part, code) for part, code in raw["reasons"]),
    )


def layout(layout_id: str) -> Layout:
    """Return a layout; raise `UnknownLayout`."""
    known = layouts().get(layout_id)
    if known is None:
        raise UnknownLayout(layout_id=layout_id)
    return known


def write_batch(wanted: Layout, rows: Sequence[PaymentRow]) -> bytes:
    """Return the bytes of a bank file.

    Raises ``BadInput`` naming each payee whose name the bank's encoding or delimiter cannot
    carry; nothing is replaced silently, since a changed name is a payment that fails.
    """
    lines: list[list[str]] = []
    if wanted.header:
        lines.append([_HEADINGS[column] for column in wanted.columns])
    control = [str(len(rows)), _amount(wanted, sum(row.amount_fen for row in rows))]
    if wanted.control == "first":
        lines.append(control)
    faults: list[Fault] = []
    for row in rows:
        cells = [_cell(wanted, row, column) for column in wanted.columns]
        faults += _cell_faults(wanted, row, cells)
        lines.append(cells)
    if wanted.control == "last":
        lines.append(control)
    if faults:
        raise BadInput(faults)
    text = "".join(wanted.delimiter.join(cells) + "\r\n" for cells in lines)
    return text.encode(wanted.encoding)


def read_return(content: bytes, batch_number: str) -> list[ReturnRow]:
    """Read the return of one batch: CSV with the header `RETURN_HEADER`, UTF-8 or GBK.

    Raises ``BadInput`` with every fault by row: wrong header, missing columns, another batch, an
    amount or number that is none, an unknown result. Account numbers never go into a fault.
    """
    lines = list(_lines(content))
    faults: list[Fault] = []
    if not lines or [clean(cell) for cell in lines[0][1]] != list(RETURN_HEADER):
        wanted = "、".join(RETURN_HEADER)
        fault = _fault("return-header", f"首行应为：{wanted}", f"The header must be {wanted}", 1)
        raise BadInput([fault])
    rows = []
    for number, cells in lines[1:]:
        found = _return_row(number, [clean(cell) for cell in cells], batch_number)
        if isinstance(found, ReturnRow):
            rows.append(found)
        else:
            faults.append(found)
    if not faults and not rows:
        faults.append(_fault("return-empty", "回单没有明细", "The return has no rows", 2))
    if faults:
        raise BadInput(faults[: _RETURN_LIMITS.faults])
    return rows


def _lines(content: bytes) -> list[tuple[int, list[str]]]:
    """Return the non-blank records with their line numbers."""
    if len(content) > _RETURN_LIMITS.file_bytes or content.count(b"\n") > _RETURN_LIMITS.rows:
        raise BadInput([_fault("return-too-large", "回单过大", "The return is too large", None)])
    text = content.decode(detect_encoding(content))
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    found = []
    try:
        found = [(reader.line_num, cells) for cells in reader if any(map(str.strip, cells))]
    except csv.Error as error:
        raise BadInput(
            [_fault("return-csv", "引号或换行有误", "A quote or line is broken", reader.line_num)]
        ) from error
    return found


def _return_row(number: int, cells: list[str], batch_number: str) -> ReturnRow | Fault:
    """Return the row, or the first thing wrong with it."""
    if len(cells) != len(RETURN_HEADER):
        zh, en = f"应有 {len(RETURN_HEADER)} 列", f"There must be {len(RETURN_HEADER)} columns"
        return _fault("return-columns", zh, en, number)
    batch, seq, account, _name, amount, result, reason = cells
    if batch != batch_number:
        return _fault("other-batch", "批次号不是本批次", "It is of another batch", number, "批次号")
    if not (seq.isascii() and seq.isdigit() and len(seq) <= _SEQ_DIGITS_MAX):
        return _fault("return-seq", "序号不是数字", "The number is none", number, "序号")
    try:
        amount_fen = money.parse_yuan(amount, row=number, field="金额")
    except BadInput as error:
        return error.faults[0]
    words = return_words()
    if result not in words.paid | words.failed:
        return _fault("return-result", "结果不可识别", "The result is unknown", number, "结果")
    paid = result in words.paid
    return ReturnRow(
        row=number,
        seq=int(seq),
        account_tail=account[-4:],
        amount_fen=amount_fen,
        outcome="paid" if paid else "failed",
        failure=None if paid else _reason(reason),
    )


def _reason(words: str) -> str:
    return next((code for part, code in return_words().reasons if part in words), "other")


def _cell(wanted: Layout, row: PaymentRow, column: str) -> str:
    if column == "amount":
        return _amount(wanted, row.amount_fen)
    if column == "name" and wanted.name_no_space:
        return "".join(row.name.split())
    return str(getattr(row, column))


def _amount(wanted: Layout, fen: int) -> str:
    return str(fen) if wanted.amount_unit == "fen" else money.yuan(fen)


def _cell_faults(wanted: Layout, row: PaymentRow, cells: list[str]) -> list[Fault]:
    """Return what the bank's file cannot carry of one payment."""
    faults = []
    for column, cell in zip(wanted.columns, cells, strict=True):
        if wanted.delimiter in cell or any(not char.isprintable() for char in cell):
            zh, en = "含有分隔符或控制字符", "holds the delimiter or a control character"
            faults.append(_fault("cell-delimiter", zh, en, row.seq, column, row.subject))
        try:
            cell.encode(wanted.encoding)
        except UnicodeEncodeError:
            zh = f"含有 {wanted.encoding.upper()} 编码没有的字，请按银行开户名登记"
            en = f"holds a character that {wanted.encoding.upper()} does not have"
            faults.append(_fault("cell-encoding", zh, en, row.seq, column, row.subject))
    return faults


def _fault(
    code: str,
    zh: str,
    en: str,
    row: int | None,
    field: str | None = None,
    subject: str | None = None,
) -> Fault:
    return Fault(code=code, zh=zh, en=en, row=row, field=field, subject=subject)
