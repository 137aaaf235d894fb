"""What the farmer's read model refuses."""

from backend.core.errors import NotFound, RuleBroken


class LineNotFound(NotFound):
    """No such income of this farmer's households."""

    zh = "未找到该笔收入"
    en = "The income line was not found"


class YearOutOfRange(RuleBroken):
    """The year is no four-digit number of this age."""

    zh = "年份应为 2000 至 2999 的四位数字"
    en = "The year is a number from 2000 to 2999"
