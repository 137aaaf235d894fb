"""What two-tier trusteeship refuses."""

from backend.core.errors import Conflict, NotFound, RuleBroken


class ContractNotFound(NotFound):
    """No such contract of this collective."""

    zh = "未找到该合同"
    en = "The contract was not found"


class ItemNotFound(NotFound):
    """No such item on this collective's menu."""

    zh = "未找到该服务项目"
    en = "The service item was not found"


class ItemExists(Conflict):
    """The menu has an item of this name for this crop."""

    zh = "服务项目“{name}”（{crop}）已存在"
    en = "The menu has {name} for {crop} already"


class PriceExists(Conflict):
    """A price from the same day stands already; prices are never edited."""

    zh = "{valid_from} 起的价格已存在，价格不能修改，只能新增"
    en = "A price from {valid_from} stands already; prices are added, never edited"


class ContractUnsound(RuleBroken):
    """Lines of the contract break rules; all of them are listed."""

    zh = "合同有 {count} 处不符合规定"
    en = "The contract breaks {count} rules"


class ParcelAlreadyEntrusted(Conflict):
    """A parcel's stage of this season is held by another contract of the same tier."""

    zh = "有 {count} 个地块环节已在本季其他合同中托管"
    en = "{count} parcel stages are entrusted this season already"


class NotAllowedNow(Conflict):
    """The contract's state does not allow this step."""

    zh = "合同状态为 {state}，不能变为 {wanted}"
    en = "A contract in state {state} cannot become {wanted}"


class PassedOnToProvider(Conflict):
    """The entrustment is covered by a live contract with a provider."""

    zh = "该委托已转包给服务主体（合同 {number}），请先终止该合同"
    en = "The entrustment is passed on by the contract {number}; terminate that one first"


class ProviderNotFound(NotFound):
    """No provider of that number."""

    zh = "未找到服务主体 {org_id}"
    en = "The provider {org_id} was not found"
