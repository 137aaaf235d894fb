"""What can go wrong with parcels and transfers."""

from backend.core.errors import Conflict, NotFound, RuleBroken


class ParcelNotFound(NotFound):
    """No such parcel in this collective."""

    zh = "未找到该地块"
    en = "The parcel was not found"


class TransferNotFound(NotFound):
    """No such transfer in this collective."""

    zh = "未找到该流转合同"
    en = "The transfer was not found"


class TransferUnsound(RuleBroken):
    """Terms or parcels of drafts break rules; all faults are listed."""

    zh = "流转合同有 {count} 处错误"
    en = "The transfer has {count} faults"


class TransferNotInState(Conflict):
    """The transfer's state does not allow the step."""

    zh = "流转合同 {number} 的状态不允许此操作"
    en = "The state of the transfer {number} does not allow this"


class ParcelAlreadyTransferred(Conflict):
    """A parcel lies in another transfer that is in force over some of the same days."""

    zh = "有 {count} 块地在同一期间已流转"
    en = "{count} parcels are transferred already over some of the same days"


class BadBox(RuleBroken):
    """The box of a map query is not west,south,east,north in degrees."""

    zh = "bbox 应为“西,南,东,北”四个经纬度"
    en = "bbox must be west,south,east,north in degrees"
