"""What the books refuse."""

from backend.core.errors import Conflict, Forbidden, NotFound, RuleBroken


class UnknownChart(RuleBroken):
    """There is no chart of accounts of that name."""

    zh = "没有会计制度 {chart_id}"
    en = "There is no chart of accounts {chart_id}"


class BooksAlreadyOpen(Conflict):
    """The organisation keeps books already."""

    zh = "该组织已建账"
    en = "The organisation keeps books already"


class NoSuchMonth(RuleBroken):
    """The number is no year × 100 + month."""

    zh = "{period} 不是有效的会计期间（年份×100+月份）"
    en = "{period} is no accounting month (year × 100 + month)"


class VoucherUnsound(RuleBroken):
    """The lines break rules of bookkeeping; all faults are listed."""

    zh = "凭证有 {count} 处错误"
    en = "The voucher has {count} faults"


class PeriodClosed(Conflict):
    """The month is closed, or lies before one that is."""

    zh = "会计期间 {period} 已结账或未启用"
    en = "The period {period} is closed or not in use"


class PeriodNotReady(Conflict):
    """The month cannot be closed now."""

    zh = "会计期间 {period} 不能结账：{reason_zh}"
    en = "The period {period} cannot be closed: {reason_en}"


class VoucherNotFound(NotFound):
    """No such voucher in these books."""

    zh = "未找到该凭证"
    en = "The voucher was not found"


class AlreadyReversed(Conflict):
    """A voucher is reversed once at most."""

    zh = "凭证 {number} 已冲销"
    en = "The voucher {number} is reversed already"


class AlreadyBooked(Conflict):
    """This source document has its voucher."""

    zh = "该业务已生成凭证"
    en = "This document has been booked already"


class ReviewedByMaker(Forbidden):
    """The maker of a voucher does not review it."""

    zh = "制单人不能审核自己的凭证"
    en = "A voucher is not reviewed by its maker"


class DraftNotWaiting(Conflict):
    """The draft was posted or rejected before."""

    zh = "该凭证草稿已处理"
    en = "The draft was dealt with already"
