"""Who is calling, and the protocol by which a credential becomes a caller."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol
from uuid import UUID


class Role(StrEnum):
    """What a person may do in one organisation (岗位)."""

    FARMER = "farmer"
    """农户：只看自家"""
    CLERK = "clerk"
    """文书：人员、地块、合同"""
    DIRECTOR = "director"
    """理事长：签约、审批"""
    ACCOUNTANT = "accountant"
    """会计：凭证、核算、制单"""
    CASHIER = "cashier"
    """出纳：银行文件与回单"""
    DISPATCHER = "dispatcher"
    """调度员：作业计划"""
    CREW = "crew"
    """飞手：执行与上报"""
    SUPERVISOR = "supervisor"
    """县级监管：只读"""
    ADMIN = "admin"
    """系统管理员：组织与用户，不见业务数据"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One role in one organisation; a farmer's grant names the household."""

    org_id: int
    role: Role
    household_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A signed-in caller, with authority as the database held it when the request came."""

    user_id: UUID
    kind: Literal["staff", "farmer"]
    grants: tuple[Grant, ...]

    def roles_in(self, org_id: int) -> frozenset[Role]:
        """Return the caller's roles in ``org_id``; empty when the caller has no part in it."""
        return frozenset(grant.role for grant in self.grants if grant.org_id == org_id)

    def orgs(self) -> tuple[int, ...]:
        """Return the organisations in which the caller has any role, sorted."""
        return tuple(sorted({grant.org_id for grant in self.grants}))

    def households(self) -> tuple[UUID, ...]:
        """Return the households whose farmer the caller is."""
        return tuple(g.household_id for g in self.grants if g.household_id is not None)


class Authenticator(Protocol):
    """Turns a bearer token into a user, and a user into a caller."""

    def user_of(self, token: str) -> UUID:
        """Return the user a token names; raise ``Unauthenticated`` when it does not hold now."""
        ...

    async def principal_of(self, user_id: UUID) -> Principal | None:
        """Return the caller with the authority in force now; ``None`` when switched off."""
        ...
