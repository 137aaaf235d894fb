"""What can go wrong with organisations and people."""

from backend.core.errors import Conflict, Forbidden, NotFound, RuleBroken


class OrganisationExists(Conflict):
    """The code is registered already."""

    zh = "代码 {code} 的组织已登记"
    en = "An organisation with the code {code} is registered already"


class HouseholdNotFound(NotFound):
    """No such household in this collective."""

    zh = "未找到该农户"
    en = "The household was not found"


class MemberNotFound(NotFound):
    """No such member in this collective."""

    zh = "未找到该成员"
    en = "The member was not found"


class WorkerNotFound(NotFound):
    """No such worker in this collective."""

    zh = "未找到该务工人员"
    en = "The worker was not found"


class WorkerExists(Conflict):
    """A worker with this identity number is registered already."""

    zh = "该证件号码的务工人员已登记"
    en = "A worker with this identity number is registered already"


class FactsUnsound(RuleBroken):
    """Numbers or shapes in the body are wrong; all faults are listed."""

    zh = "填写的内容有 {count} 处错误"
    en = "The body has {count} faults"


class NotACountyBureau(Forbidden):
    """Only a county bureau with a division of its own keeps the list of villages."""

    zh = "只有登记了行政区划的县级主管部门可以导入村名录"
    en = "Only a county bureau with a division code imports villages"
