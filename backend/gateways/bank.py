"""The bank's side of batch payment: file layouts, the protocol, and a sandbox bank.

Files go to real banks by hand or through their own clients, each with its own layout; so the
layout is a value (see ``payouts/data/layouts.json``) and nothing here knows a particular bank.
"""

import csv
import io
from dataclasses import dataclass, field
from typing import Literal, Protocol

from backend.core import codes

Column = Literal["seq", "account", "name", "amount", "note", "id_number"]

RETURN_HEADER = ("批次号", "序号", "账号", "户名", "金额", "结果", "原因")
"""The columns of a return file, with the words of its header line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a bank wants a batch of payments written.

    ``control`` puts a line with count and total first or last; ``amount_unit`` is yuan with two
    decimals or whole fen; ``rows_min`` and ``rows_max`` count payments. ``verified`` is false
    where nobody has compared the layout with the bank's own document, named in ``source``.
    """

    layout_id: str
    name: str
    source: str
    verified: bool
    extension: str
    encoding: str
    delimiter: str
    header: bool
    control: Literal["none", "first", "last"]
    columns: tuple[Column, ...]
    amount_unit: Literal["yuan", "fen"]
    rows_min: int
    rows_max: int
    name_no_space: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFile:
    """A batch as it is handed to the bank."""

    number: str
    layout: Layout
    content: bytes


class Bank(Protocol):
    """Takes a batch of payments and answers with its return file."""

    def pay(self, file: PaymentFile) -> bytes:
        """Return the bank's answer as CSV text in GBK with the header `RETURN_HEADER`."""
        ...


@dataclass(slots=True)
class SandboxBank:
    """A bank for development, the demo and tests: it pays every account that could be a card.

    A row whose account fails the Luhn check comes back with 账号不存在; ``unpaid`` names rows
    (by number) that it refuses besides, each with its reason.
    """

    unpaid: dict[int, str] = field(default_factory=dict)

    def pay(self, file: PaymentFile) -> bytes:
        """Answer every row of the file, in its order."""
        layout = file.layout
        text = file.content.decode(layout.encoding)
        lines = list(csv.reader(io.StringIO(text), delimiter=layout.delimiter))
        first = int(layout.header) + int(layout.control == "first")
        last = len(lines) - int(layout.control == "last")
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(RETURN_HEADER)
        for line in lines[first:last]:
            row = dict(zip(layout.columns, line, strict=True))
            reason = self.unpaid.get(int(row["seq"]), "")
            if not reason and not codes.luhn(row["account"]):
                reason = "账号不存在"
            amount = row["amount"]
            if layout.amount_unit == "fen":
                amount = f"{int(amount) // 100}.{int(amount) % 100:02d}"
            result = "失败" if reason else "成功"
            writer.writerow(
                (file.number, row["seq"], row["account"], row["name"], amount, result, reason)
            )
        return out.getvalue().encode("gbk")
