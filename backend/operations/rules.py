"""Rules of spraying: states, areas, who may fly, the day's clock. Pure; areas in 0.01 mu."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

from backend.core.clock import SHANGHAI
from backend.core.money import half_up
from backend.core.principal import Role


class OrderState(StrEnum):
    """Where a spray order stands with its collective (订单状态)."""

    DRAFT = "draft"
    RELEASED = "released"
    PLANNED = "planned"
    IN_PROGRESS = "in_progress"
    REPORTED = "reported"
    ACCEPTED = "accepted"
    SETTLED = "settled"
    CANCELLED = "cancelled"


class JobState(StrEnum):
    """Where a received job stands with its provider (作业状态)."""

    RECEIVED = "received"
    PLANNED = "planned"
    IN_PROGRESS = "in_progress"
    REPORTED = "reported"
    WITHDRAWN = "withdrawn"


class PlanState(StrEnum):
    """Where a day's plan stands (方案状态)."""

    QUEUED = "queued"
    SOLVING = "solving"
    SOLVED = "solved"
    PUBLISHED = "published"
    IN_PROGRESS = "in_progress"
    REPORTED = "reported"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


_VILLAGE = frozenset({Role.CLERK, Role.DIRECTOR})
_PROVIDER = frozenset({Role.DISPATCHER, Role.DIRECTOR})

ORDER_TRANSITIONS: Mapping[tuple[OrderState, OrderState], frozenset[Role]] = {
    (OrderState.DRAFT, OrderState.RELEASED): _VILLAGE,
    (OrderState.DRAFT, OrderState.CANCELLED): _VILLAGE,
    (OrderState.RELEASED, OrderState.DRAFT): _VILLAGE,
    (OrderState.RELEASED, OrderState.REPORTED): _VILLAGE,
    (OrderState.RELEASED, OrderState.PLANNED): _PROVIDER,
    (OrderState.PLANNED, OrderState.RELEASED): _PROVIDER,
    (OrderState.PLANNED, OrderState.IN_PROGRESS): _PROVIDER,
    (OrderState.IN_PROGRESS, OrderState.RELEASED): _PROVIDER,
    (OrderState.IN_PROGRESS, OrderState.REPORTED): _PROVIDER,
    (OrderState.REPORTED, OrderState.ACCEPTED): _VILLAGE,
    (OrderState.ACCEPTED, OrderState.SETTLED): frozenset({Role.DIRECTOR}),
}
"""Allowed steps of an order and who makes them; the provider's come through the hand-over.

Back to released: plots were left, they wait for another day. From released to reported: the
village gives the plots that were left up. Back to draft: nothing was sprayed yet.
"""

JOB_TRANSITIONS: Mapping[tuple[JobState, JobState], OrderState] = {
    (JobState.RECEIVED, JobState.PLANNED): OrderState.PLANNED,
    (JobState.PLANNED, JobState.RECEIVED): OrderState.RELEASED,
    (JobState.PLANNED, JobState.IN_PROGRESS): OrderState.IN_PROGRESS,
    (JobState.IN_PROGRESS, JobState.RECEIVED): OrderState.RELEASED,
    (JobState.IN_PROGRESS, JobState.REPORTED): OrderState.REPORTED,
}
"""Steps of a job that its provider makes, and what the collective's order becomes with each."""

PLAN_TRANSITIONS: frozenset[tuple[PlanState, PlanState]] = frozenset(
    {
        (PlanState.QUEUED, PlanState.SOLVING),
        (PlanState.QUEUED, PlanState.CANCELLED),
        (PlanState.SOLVING, PlanState.SOLVED),
        (PlanState.SOLVING, PlanState.FAILED),
        (PlanState.SOLVING, PlanState.CANCELLED),
        (PlanState.SOLVED, PlanState.PUBLISHED),
        (PlanState.SOLVED, PlanState.CANCELLED),
        (PlanState.PUBLISHED, PlanState.IN_PROGRESS),
        (PlanState.PUBLISHED, PlanState.CANCELLED),
        (PlanState.PUBLISHED, PlanState.SUPERSEDED),
        (PlanState.IN_PROGRESS, PlanState.REPORTED),
    }
)
"""Allowed steps of a plan; the first four are the solver's, the others the dispatcher's.

Superseded: a newer plan of the same rest was published before this one was begun.
"""

PLAN_FINAL: frozenset[PlanState] = frozenset(PlanState) - {PlanState.QUEUED, PlanState.SOLVING}
"""Where the solver has no more to say."""
DRONES_ON_A_TRUCK_MAX = 3
"""What one truck carries and one crew serves."""


class Grounding(StrEnum):
    """Why a drone does not fly on a day (停飞原因)."""

    BROKEN = "broken"
    """故障"""
    RETIRED = "retired"
    """退役"""
    UNREGISTERED = "unregistered"
    """未实名登记, 条例 art. 10"""
    UNINSURED = "uninsured"
    """责任保险过期, 条例 art. 12"""
    CERTIFICATE = "certificate"
    """飞手操作证书过期, 条例 art. 16"""
    BUSY = "busy"
    """当日已有已发布方案"""
    NO_PILOT = "no_pilot"
    """一名飞手同时只操控一架, 条例 art. 26、31"""
    TRUCK_FULL = "truck_full"
    """一个机组至多三架"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """What decides whether a drone may fly on a day.

    ``busy``: a published plan has it on one of the days. ``pilot_taken``: the crew's pilots have
    other drones. ``truck_full``: the crew has as many drones as it can carry.
    """

    state: str
    registration_no: str
    insured_until: date
    certificate_until: date
    busy: bool
    pilot_taken: bool = False
    truck_full: bool = False


def grounding(papers: Papers, last_day: date) -> Grounding | None:
    """Return why the drone stays on the ground until ``last_day``; ``None``: it may fly."""
    if papers.state != "ready":
        return Grounding(papers.state)
    checks = (
        (not papers.registration_no, Grounding.UNREGISTERED),
        (papers.insured_until < last_day, Grounding.UNINSURED),
        (papers.certificate_until < last_day, Grounding.CERTIFICATE),
        (papers.busy, Grounding.BUSY),
        (papers.truck_full, Grounding.TRUCK_FULL),
        (papers.pilot_taken, Grounding.NO_PILOT),
    )
    return next((cause for failed, cause in checks if failed), None)


def order_number(season: str, collective_code: str, key: UUID) -> str:
    """Return an order's number (订单号): season, collective, and the time-ordered half of a key."""
    return f"FF{season}-{collective_code}-{key.hex[:16].upper()}"


def tolerance_centimu(area_centimu: int, permille: int) -> int:
    """Return by how much two measurements of ``area_centimu`` may differ without a reason."""
    return half_up(area_centimu * permille, 1000)


def accepted_by_rule(flown_centimu: int, ordered_centimu: int, permille: int) -> int:
    """Return the area accepted unless the village says otherwise.

    min(flown × (1 + tolerance), contract area): a measurement a little short of the contract is
    taken as the whole of it, and nobody pays for more than was ordered from the contract's line.
    """
    return min(flown_centimu + tolerance_centimu(flown_centimu, permille), ordered_centimu)


def acceptance_needs_reason(
    accepted_centimu: int, *, flown_centimu: int, ordered_centimu: int, permille: int
) -> bool:
    """Say whether a village's figure must be explained.

    It must when it is not the rule's own and differs from the report by more than the tolerance.
    """
    if accepted_centimu == accepted_by_rule(flown_centimu, ordered_centimu, permille):
        return False
    difference = abs(accepted_centimu - flown_centimu)
    return difference > tolerance_centimu(flown_centimu, permille)


def report_needs_reason(flown_centimu: int, planned_centimu: int, permille: int) -> bool:
    """Say whether a crew must explain why it flew another area than was planned."""
    difference = abs(flown_centimu - planned_centimu)
    return difference > tolerance_centimu(planned_centimu, permille)


def local_instant(day: date, second: int) -> datetime:
    """Return the UTC instant ``second`` seconds after midnight of ``day`` in Shanghai."""
    midnight = datetime.combine(day, time(), SHANGHAI)
    return (midnight + timedelta(seconds=second)).astimezone(UTC)


def span_of_days(
    day: date, days: int, earliest_at: datetime, latest_at: datetime
) -> tuple[int, int] | None:
    """Return the part of a time span on ``days`` from ``day`` on, in seconds from its midnight.

    ``None`` when they have no whole second in common. Rounded inwards.
    """
    midnight = local_instant(day, 0)
    first = -((midnight - earliest_at) // timedelta(seconds=1))
    last = (latest_at - midnight) // timedelta(seconds=1)
    start_s, end_s = max(0, first), min(days * 24 * 3600, last)
    return (start_s, end_s) if start_s < end_s else None
