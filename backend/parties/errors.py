"""What can go wrong with organisations and people."""

from backend.core.errors import Conflict


class OrganisationExists(Conflict):
    """The code is registered already."""

    zh = "代码 {code} 的组织已登记"
    en = "An organisation with the code {code} is registered already"


class HouseholdExists(Conflict):
    """The household code is registered already."""

    zh = "承包方编码 {code} 已登记"
    en = "The household {code} is registered already"
