"""What an export refuses."""

from backend.core.errors import RuleBroken


class NoSuchMonth(RuleBroken):
    """The period's last two digits are no month."""

    zh = "期间 {period} 的月份应为 01 至 12"
    en = "The month of the period {period} must be 01 to 12"
