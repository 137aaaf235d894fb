"""What spraying refuses, on both sides of the hand-over."""

from backend.core.errors import Conflict, Forbidden, NotFound, RuleBroken, Unavailable


class OrderNotFound(NotFound):
    """No such spray order of this collective."""

    zh = "未找到该飞防订单"
    en = "The spray order was not found"


class ContractNotOrderable(Conflict):
    """Orders are made from tier-two contracts in force."""

    zh = "只能依据执行中的二层合同下单"
    en = "Orders are made from a contract with a provider that is in force"


class OrderUnsound(RuleBroken):
    """Parcels or times of an order break rules; all of them are listed."""

    zh = "订单有 {count} 处不符合规定"
    en = "The order breaks {count} rules"


class OrderNotAllowedNow(Conflict):
    """The order's state does not allow this step."""

    zh = "订单状态为 {state}，不能变为 {wanted}"
    en = "An order in state {state} cannot become {wanted}"


class JobTakenUp(Conflict):
    """The provider has put the order into a plan already."""

    zh = "服务主体已将该订单排入方案，请先联系其取消"
    en = "The provider has planned the order already; ask them to cancel the plan first"


class PartlySprayed(Conflict):
    """Something of the order was sprayed: only its remainder can be given up."""

    zh = "订单已有作业记录，不能撤回，只能结束剩余地块"
    en = "Part of the order was sprayed; it is not withdrawn, only its remainder is given up"


class AcceptanceUnsound(RuleBroken):
    """Figures of an acceptance break rules; all of them are listed."""

    zh = "验收有 {count} 处不符合规定"
    en = "The acceptance breaks {count} rules"


class NothingToAccept(Conflict):
    """The order has no record that waits for acceptance."""

    zh = "没有待验收的作业记录"
    en = "No record waits for acceptance"


class NotAccepted(Conflict):
    """Only an order that is accepted as a whole is settled."""

    zh = "订单尚未全部验收，不能结算"
    en = "The order is not accepted as a whole; it cannot be settled"


class SettlementNotFound(NotFound):
    """The order is not settled."""

    zh = "该订单尚未结算"
    en = "The order is not settled"


class AccountsMissing(Conflict):
    """The collective's chart lacks detail accounts that a settlement books on."""

    zh = "账套缺少科目 {codes}，无法入账"
    en = "The books lack the accounts {codes}"


class CrewNotFound(NotFound):
    """No such crew of this provider."""

    zh = "未找到该机组"
    en = "The crew was not found"


class CrewUnsound(RuleBroken):
    """What was stated of a crew cannot be; all faults are listed."""

    zh = "机组资料有 {count} 处不符合规定"
    en = "The crew's facts break {count} rules"


class DroneNotFound(NotFound):
    """No such drone of this provider."""

    zh = "未找到该无人机"
    en = "The drone was not found"


class DroneExists(Conflict):
    """The provider has a drone of this serial number or name."""

    zh = "序列号或机号已登记"
    en = "A drone with this serial number or name is registered"


class UserNotPilot(RuleBroken):
    """The user is no crew member of this provider."""

    zh = "该用户没有本单位的飞手岗位"
    en = "The user does not hold the role of a crew member here"


class UnknownModel(RuleBroken):
    """The dispatcher has no data of this machine."""

    zh = "没有机型 {model} 的参数"
    en = "There is no data of the model {model}"


class JobNotFound(NotFound):
    """No such job of this provider."""

    zh = "未找到该作业"
    en = "The job was not found"


class PlanNotFound(NotFound):
    """No such plan of this provider."""

    zh = "未找到该调度方案"
    en = "The plan was not found"


class PlanUnsound(RuleBroken):
    """What was asked for cannot be planned; all faults are listed."""

    zh = "方案请求有 {count} 处不符合规定"
    en = "The request for a plan breaks {count} rules"


class PlanNotAllowedNow(Conflict):
    """The plan's state does not allow this step."""

    zh = "方案状态为 {state}，不能变为 {wanted}"
    en = "A plan in state {state} cannot become {wanted}"


class PlanNotSolved(Conflict):
    """There is nothing to look at before the plan is solved."""

    zh = "方案尚未求解完成"
    en = "The plan is not solved"


class PlanHasViolations(Conflict):
    """The independent check found faults: such a plan is never published."""

    zh = "方案有 {count} 处违例，不能发布"
    en = "The plan has {count} violations and is not published"


class PlanEmpty(Conflict):
    """The plan sprays nothing: there is nothing to publish."""

    zh = "方案没有任何作业，不能发布"
    en = "The plan holds no stop; there is nothing to publish"


class PlanStale(Conflict):
    """Jobs, drones or crews changed since the plan was made."""

    zh = "作业、无人机或机组在方案生成后有变化，请重新排程"
    en = "Jobs, drones or crews changed since the plan was made; plan again"


class DroneTaken(Conflict):
    """Another published plan has the drone that day."""

    zh = "无人机 {names} 当日已有其他已发布方案"
    en = "Another published plan has the drones {names} on that day"


class AnswerTookTooLong(Unavailable):
    """The answer was not found within its time; nothing was changed."""

    zh = "{seconds} 秒内未能算出答案"
    en = "No answer was found within {seconds} seconds"


class SolversBusy(Unavailable):
    """Other questions keep the machine; nothing was changed."""

    zh = "其他人正在提问，请稍后再试"
    en = "Others are asking at the moment; try again soon"


class QuestionRefused(RuleBroken):
    """The question names a plot, drone or day that the plan does not have."""

    zh = "{zh}"
    en = "{en}"


class EventsBusy(Unavailable):
    """Too many callers follow plans at once."""

    zh = "正在查看进度的人太多，请稍后再试"
    en = "Too many follow plans at the moment; try again soon"


class MixPointNotFound(NotFound):
    """No such mixing point of this provider."""

    zh = "未找到该配药取水点"
    en = "The mixing point was not found"


class ZoneNotFound(NotFound):
    """No such zone of this provider."""

    zh = "未找到该禁喷区或禁飞区"
    en = "The zone was not found"


class PlaceExists(Conflict):
    """The provider has a place of this name."""

    zh = "名称已登记"
    en = "A place of this name is registered"


class PlaceUnsound(RuleBroken):
    """What was stated of a place cannot be; all faults are listed."""

    zh = "地点资料有 {count} 处不符合规定"
    en = "The place's facts break {count} rules"


class ReportUnsound(RuleBroken):
    """Reported stops break rules; all of them are listed."""

    zh = "上报有 {count} 处不符合规定"
    en = "The report breaks {count} rules"


class NotYourDrone(Forbidden):
    """A crew reports the stops of its own drones only."""

    zh = "只能上报本机组无人机的作业"
    en = "You may report the stops of your own crew's drones only"


class StopsOpen(Conflict):
    """The plan cannot be finished while stops wait for their report."""

    zh = "还有 {count} 个站点未上报"
    en = "{count} stops are not reported yet"
