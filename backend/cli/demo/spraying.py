"""Act three: about ten thousand mu ordered, planned for ten drones, sprayed, accepted, settled."""

import asyncio
import json
import time
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text

from backend.cli.demo.stage import SPRAY_DAY, Collective, Stage
from backend.cli.serving import work
from backend.core.clock import SHANGHAI
from backend.core.db import Scope
from backend.core.errors import Unavailable
from backend.gateways.weather import SandboxWeather
from backend.operations import (
    acceptance,
    fleet,
    handover,
    orders,
    plan_requests,
    planning,
    plans,
    reporting,
)
from backend.operations.rules import PlanState
from backend.operations.settlement import settle

SPRAYING = orders.Spraying(
    target="玉米螟、粘虫",
    product="20% 氯虫苯甲酰胺悬浮剂",
    registration_no="PD20100677",
    manufacturer="示范农药有限公司",
    dose_ml_per_mu=10,
    liquid_ml_per_mu=1000,
    pre_harvest_days=21,
    earliest_at=datetime(2026, 7, 2, 5, tzinfo=SHANGHAI),
    latest_at=datetime(2026, 7, 2, 20, 30, tzinfo=SHANGHAI),
    priority=50,
)
PLAN_SECONDS = 10.0
FINE_DAY_SEED = 9
"""Made-up weather without rain on the day; the afternoon's wind and heat close some hours."""
AREA_CAP_CENTIMU = 105_000  # "about 1,000 mu a day each": all ten fly
WEATHER = {"wind_m_per_s": 1.8, "temperature_c": 26, "source": "演示数据"}


class PlanNotSolved(Unavailable):
    """The worker ended without a plan."""

    zh = "方案未排出（{state}）：{failure}"
    en = "There is no plan ({state}): {failure}"


async def spray(stage: Stage, url: str) -> None:
    """Run the spraying day from the orders to the settlement."""
    stage.clock.set_to_morning(date(2026, 6, 30))
    for collective in stage.collectives:
        await _order(stage, collective)
    await _fleet(stage)
    stage.clock.set_to_morning(date(2026, 7, 1), hour=16)
    plan_id = await _plan(stage, url)
    stage.clock.set_to_morning(SPRAY_DAY, hour=5)
    for state in (PlanState.PUBLISHED, PlanState.IN_PROGRESS):
        await _advance(stage, plan_id, state)
    stage.clock.set_to_morning(SPRAY_DAY, hour=21)
    await _report(stage, plan_id)
    await _advance(stage, plan_id, PlanState.REPORTED)
    await _accept_and_settle(stage)


async def _order(stage: Stage, collective: Collective) -> None:
    scope = Scope(org_id=collective.org_id, user_id=collective.clerk)
    async with stage.acting("order_spraying", collective.org_id, collective.clerk) as session:
        contract_id = await session.scalar(
            text(
                "SELECT id FROM trusteeship_contract WHERE org_id = :org"
                " AND tier = 'collective_to_provider' AND state = 'in_force'"
            ),
            {"org": collective.org_id},
        )
        order = await orders.order_spraying(
            session,
            org_id=collective.org_id,
            contract_id=contract_id,
            spraying=SPRAYING,
            actor_id=collective.clerk,
        )
        await handover.release(session, scope, order=order)


async def _fleet(stage: Stage) -> None:
    """Register ten crews with a drone each at the provider's base."""
    base = stage.county.drones_base
    async with stage.acting("register_fleet", stage.provider, stage.provider_director) as session:
        for number, name in enumerate(base.drones, start=1):
            crew = await fleet.register_crew(
                session,
                org_id=stage.provider,
                facts=fleet.CrewFacts(
                    name=f"{number} 组",
                    pilot=f"飞手{number:02d}",
                    certificate_until=date(2028, 12, 31),
                    home_lon=base.lonlat[0],
                    home_lat=base.lonlat[1],
                ),
            )
            await fleet.register_drone(
                session,
                org_id=stage.provider,
                facts=fleet.DroneFacts(
                    name=name,
                    serial_no=f"DEMO-{number:04d}",
                    registration_no=f"UAS{number:08d}",
                    model=min(planning.models()),
                    crew_id=crew.id,
                    insured_until=date(2027, 6, 30),
                ),
            )
    stage.told["drones"] = len(base.drones)


async def _plan(stage: Stage, url: str) -> UUID:
    """Ask for the day's plan and let the worker solve it, as in production."""
    async with stage.acting("request_plan", stage.provider, stage.dispatcher) as session:
        wanted = plan_requests.PlanRequest(
            day=SPRAY_DAY,
            by_forecast=True,
            seconds=PLAN_SECONDS,
            seed=1,
            area_cap_centimu=AREA_CAP_CENTIMU,
        )
        plan = await plan_requests.request_plan(
            session,
            org_id=stage.provider,
            wanted=wanted,
            made_by=stage.dispatcher,
            today=stage.clock.today(),
        )
    stage.say("十架无人机排明天的活", "Planning tomorrow for ten drones")
    started = time.perf_counter()
    fine = SandboxWeather(stage.clock, seed=FINE_DAY_SEED)
    with stage.bar("求解 solving (s)", int(PLAN_SECONDS)) as tick:
        solving = asyncio.create_task(
            work(stage.settings, url, wait=False, clock=stage.clock, weather=fine)
        )
        for _ in range(int(PLAN_SECONDS)):
            done, _pending = await asyncio.wait({solving}, timeout=1)
            tick()
            if done:
                break
        await solving
    stage.told["plan_seconds"] = round(time.perf_counter() - started, 1)
    await _show_plan(stage, plan.id)
    return plan.id


async def _show_plan(stage: Stage, plan_id: UUID) -> None:
    """Write the plan's files and tell what it does."""
    row = await _plan_row(stage, plan_id)
    if row.plan is None:
        raise PlanNotSolved(state=row.state, failure=row.failure)
    folder = stage.out / "plan"
    await asyncio.to_thread(_write_plan, folder, row)
    stage.say(f"天气依据 {row.forecast}", f"by the forecast {row.forecast}")
    ordered, planned = row.ordered_centimu / 100, row.planned_centimu / 100
    stage.told |= {
        "spray_mu_ordered": ordered,
        "spray_mu_planned": planned,
        "plan_violations": row.violations,
    }
    stage.say(
        f"应喷 {ordered:.0f} 亩，排入 {planned:.0f} 亩（{planned / ordered:.2%}），"
        f"违例 {row.violations}",
        f"{planned:.0f} of {ordered:.0f} mu planned, {row.violations} violations",
    )


def _write_plan(folder: Path, row: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    problem, plan = row.problem, row.plan
    documents = {"problem.json": problem, "plan.json": plan, "weather.json": row.weather}
    for name, document in documents.items():
        (folder / name).write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    views: dict[planning.View, str] = {
        "geojson": "plan.geojson",
        "map": "map.svg",
        "gantt": "gantt.svg",
    }
    for view, name in views.items():
        content = planning.picture(problem, plan, view)
        (folder / name).write_text(content, encoding="utf-8")


async def _plan_row(stage: Stage, plan_id: UUID) -> Any:
    async with stage.database.read(Scope(org_id=stage.provider)) as session:
        return (
            await session.execute(
                text("SELECT * FROM dispatch_plan WHERE org_id = :org AND id = :id"),
                {"org": stage.provider, "id": plan_id},
            )
        ).one()


async def _advance(stage: Stage, plan_id: UUID, state: PlanState) -> None:
    row = await _plan_row(stage, plan_id)
    scope = Scope(org_id=stage.provider, user_id=stage.dispatcher)
    async with stage.acting(f"plan_{state}", stage.provider, stage.dispatcher) as session:
        await plans.advance(
            session, scope, plan_id=plan_id, to_state=state, expected_version=row.row_version
        )


async def _report(stage: Stage, plan_id: UUID) -> None:
    """Report every stop, most flown a little more or less than planned."""
    scope = Scope(org_id=stage.provider, user_id=stage.dispatcher)
    async with stage.acting("report_stops", stage.provider, stage.dispatcher) as session:
        rows = await session.execute(
            text(
                "SELECT drone_id, seq, start_at, finish_at, area_centimu, liquid_ml"
                " FROM plan_stop WHERE org_id = :org AND plan_id = :plan"
            ),
            {"org": stage.provider, "plan": plan_id},
        )
        reports = [
            reporting.StopReport(
                drone_id=row.drone_id,
                seq=row.seq,
                done=True,
                flown_centimu=row.area_centimu * (990 + row.seq % 21) // 1000,
                started_at=row.start_at,
                finished_at=row.finish_at,
                used_ml=row.liquid_ml,
            )
            for row in rows
        ]
        await reporting.report_stops(
            session,
            scope,
            plan_id=plan_id,
            reports=reports,
            now=stage.clock.now(),
            any_drone=True,
            weather_json=json.dumps(WEATHER),
        )
    stage.say(f"上报 {len(reports)} 块地", f"{len(reports)} plots reported")


async def _accept_and_settle(stage: Stage) -> None:
    """Accept by the rule, but for one plot a village that the villagers measured themselves."""
    stage.clock.set_to_morning(date(2026, 7, 6))
    stage.say("村里验收并结算到两层合同", "Acceptance and settlement to both contracts")
    with stage.bar("村集体 collectives", len(stage.collectives)) as tick:
        for collective in stage.collectives:
            await _close_remainder(stage, collective)
            async with stage.acting("accept", collective.org_id, collective.director) as session:
                row = (
                    await session.execute(
                        text(
                            "SELECT r.order_id, r.parcel_id, r.flown_centimu"
                            " FROM operation_record r WHERE r.org_id = :org"
                            " ORDER BY r.flown_centimu DESC, r.parcel_id LIMIT 1"
                        ),
                        {"org": collective.org_id},
                    )
                ).one()
                measured = acceptance.Verdict(
                    parcel_id=row.parcel_id,
                    area_centimu=row.flown_centimu * 93 // 100,
                    reason="地头树木遮挡，村民复测少喷",
                )
                for verdicts in ([measured], None):
                    order = await acceptance.accept(
                        session,
                        org_id=collective.org_id,
                        order_id=row.order_id,
                        verdicts=verdicts,
                        accepted_by=collective.director,
                        now=stage.clock.now(),
                    )
            async with stage.acting("settle", collective.org_id, collective.director) as session:
                await settle(
                    session,
                    org_id=collective.org_id,
                    order_id=order.id,
                    settled_by=collective.director,
                    booked_on=stage.clock.today(),
                )
            tick()


async def _close_remainder(stage: Stage, collective: Collective) -> None:
    """Give up the few plots that the day had no room for; they are ordered anew another day."""
    scope = Scope(org_id=collective.org_id, user_id=collective.director)
    async with stage.acting("close_remainder", collective.org_id, collective.director) as session:
        order_id = await session.scalar(
            text("SELECT id FROM spray_order WHERE org_id = :org"), {"org": collective.org_id}
        )
        order = await orders.locked(session, org_id=collective.org_id, order_id=order_id)
        if order.state != "reported":
            await handover.close_remainder(
                session, scope, order=order, reason="当日排不下，另行安排"
            )
