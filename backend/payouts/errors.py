"""What payouts refuse."""

from backend.core.errors import Conflict, Forbidden, NotFound, RuleBroken


class RunNotFound(NotFound):
    """No such run of this collective."""

    zh = "未找到该发放批次"
    en = "The payout run was not found"


class PaymentNotFound(NotFound):
    """No such payment of this collective."""

    zh = "未找到该支付项"
    en = "The payment was not found"


class BatchNotFound(NotFound):
    """No such bank file of this collective."""

    zh = "未找到该代发文件"
    en = "The bank file was not found"


class UnknownLayout(RuleBroken):
    """There is no bank layout of that name."""

    zh = "没有代发文件格式 {layout_id}"
    en = "There is no bank layout {layout_id}"


class ChartNotSupported(Conflict):
    """The organisation keeps no village books, so a payout has no accounts to go to."""

    zh = "该组织未按村集体会计制度建账，不能发放"
    en = "The organisation keeps no village books; payouts cannot be booked"


class NotAllowedNow(Conflict):
    """The run's or payment's state does not allow the step."""

    zh = "当前状态 {state} 不能{step_zh}"
    en = "In the state {state} it cannot be {step_en}"


class NothingToPay(RuleBroken):
    """The computation found nothing that is due."""

    zh = "该期间没有应发放的{what_zh}"
    en = "There is no {what_en} to pay for these days"


class AlreadyClaimed(Conflict):
    """Parts of the run stand in another run already; each part is paid once."""

    zh = "有 {count} 项已列入其他发放批次（期间重叠或重复）"
    en = "{count} parts stand in other runs already (overlapping or repeated)"


class PeriodUnsound(RuleBroken):
    """The days that a run covers run backwards, or are more than a year."""

    zh = "所属期应为先后顺序，且不超过一年"
    en = "The days covered must be in order and at most a year"


class AmountBeyondBooks(RuleBroken):
    """An amount does not fit 64 bits of fen, or a run's total 10^15 fen."""

    zh = "计算金额超出范围，请核对面积、单价和数量"
    en = "An amount is out of range; check areas, rates and quantities"


class TotalsDiffer(Conflict):
    """Lines, payments and the run's total no longer agree; nothing was approved."""

    zh = "复核不一致：批次 {total_fen} 分，明细 {lines_fen} 分，支付 {items_fen} 分"
    en = "The run has {total_fen} fen, its lines {lines_fen}, its payments {items_fen}"


class ApprovedByMaker(Forbidden):
    """The maker of a run does not approve it."""

    zh = "制单人不能审批自己制作的发放批次"
    en = "A payout run is not approved by its maker"


class NoticeTooShort(RuleBroken):
    """The public notice is shorter than the rule for this kind of payout."""

    zh = "公示期至少 {days} 天"
    en = "The public notice must last at least {days} days"


class NoticeRunning(Conflict):
    """The public notice is not over."""

    zh = "公示期至 {until}，次日起方可审批"
    en = "The public notice lasts until {until}; approve it from the next day on"


class RentNotCollected(Conflict):
    """The operators' rent has not come in; what was not received is not paid out."""

    zh = "代收租金余额 {balance_fen} 分，少于应付 {total_fen} 分，未收到的租金不能发放"
    en = "Collected rent is {balance_fen} fen, the run {total_fen}; only received rent is paid"


class YearNotClosed(Conflict):
    """The year's income and expense were not carried forward; its result is not known."""

    zh = "{year} 年收支尚未年终结转"
    en = "The year {year} was not carried forward"


class TooFewVotes(RuleBroken):
    """The resolution lacks two thirds of all members (农村集体经济组织法 art. 28)."""

    zh = "赞成 {votes_for} 票，不足全体 {votes_total} 人的三分之二"
    en = "{votes_for} votes are less than two thirds of {votes_total}"


class VotesUnsound(RuleBroken):
    """More voted for it than may vote."""

    zh = "赞成票多于有表决权人数"
    en = "There are more votes for it than people who may vote"


class ResolutionInFuture(RuleBroken):
    """The members' meeting has not been held."""

    zh = "表决日期 {held_on} 晚于今天"
    en = "The meeting of {held_on} has not been held"


class NothingToDistribute(RuleBroken):
    """Losses and the reserve leave nothing for the members."""

    zh = (
        "可分配收益为 {distributable_fen} 分：本年净收益 {net_fen}，年初未分配 {opening_fen}，"
        "其他转入 {transfers_fen}，提取公积公益金 {reserve_fen}"
    )
    en = (
        "Distributable is {distributable_fen} fen: net {net_fen}, opening {opening_fen}, "
        "transfers {transfers_fen}, reserve {reserve_fen}"
    )


class PoolBeyondDistributable(RuleBroken):
    """More is to be shared out than there is."""

    zh = "拟分配 {pool_fen} 分，超过可分配收益 {distributable_fen} 分"
    en = "The pool of {pool_fen} fen is more than the distributable {distributable_fen}"


class NoShares(RuleBroken):
    """No active member has a share."""

    zh = "没有持有收益权份额的成员"
    en = "No active member has a share"


class AccountNotChanged(Conflict):
    """The bank refused this very account; a new one is needed first."""

    zh = "原账户被银行拒绝（{failure}），请先更换收款账户"
    en = "The bank refused this account ({failure}); set another account first"


class PayeeWithoutAccount(Conflict):
    """The payee has no account to be paid to."""

    zh = "收款人没有登记收款账户"
    en = "The payee has no bank account on record"


class ReturnAlreadyTaken(Conflict):
    """This return file was taken in before; nothing was booked again."""

    zh = "该银行回单已导入过，未重复入账"
    en = "This return file was taken in before; nothing was booked again"


class PaidOnUnsound(RuleBroken):
    """The bank's day lies in the future or before the approval."""

    zh = "支付日期 {paid_on} 应在审批日 {first} 与今天之间"
    en = "The day of payment {paid_on} must lie between the approval on {first} and today"
