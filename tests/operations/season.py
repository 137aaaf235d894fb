"""A spraying season for tests: contracts on both tiers, a fleet, and the steps of an order."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from backend.core.clock import SHANGHAI, SteppedClock
from backend.operations.rules import PlanState
from backend.operations.solving import Means, solve_now
from tests.people import World

FARMER_FEN, PROVIDER_FEN = 1500, 1233
ORDER = {
    "target": "玉米螟",
    "product": "氯虫苯甲酰胺",
    "registration_no": "PD20110001",
    "manufacturer": "示范农药公司",
    "dose_ml_per_mu": 10,
    "liquid_ml_per_mu": 1000,
    "pre_harvest_days": 21,
    "earliest_at": "2026-07-01T00:00:00+08:00",
    "latest_at": "2026-07-31T00:00:00+08:00",
}


@dataclass(slots=True)
class Season:
    """Calls over HTTP, each checked; ids are kept as the API gives them."""

    world: World
    clock: SteppedClock
    item: str = ""
    crews: list[dict[str, Any]] = field(default_factory=list)
    drones: list[dict[str, Any]] = field(default_factory=list)

    async def call(self, user: str, method: str, path: str, body: Any = None, **more: str) -> Any:
        """Send a request that must succeed; return its JSON."""
        answer = await self.world.call(user, method, path, body, **more)
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def open(self) -> None:
        """Put spraying on the menu and register two crews with a drone each."""
        item = {"name": "飞防", "crop": "玉米", "stage": "protect", "unit": "mu_round"}
        path = "/v1/orgs/{org}/service-items"
        self.item = (await self.call("clerk", "POST", path, item))["id"]
        for tier, price_fen in (
            ("household_to_collective", FARMER_FEN),
            ("collective_to_provider", PROVIDER_FEN),
        ):
            price = {
                "tier": tier,
                "price_fen": price_fen,
                "valid_from": "2026-01-01",
                "document": "决议",
            }
            await self.call("director", "POST", f"{path}/{self.item}/prices", price)
        for number in (1, 2):
            user = str(self.world.staff["crew"]) if number == 1 else None
            await self.add_drone(number, pilot_user_id=user)

    async def add_drone(self, number: int, **crew: Any) -> None:
        """Register a crew with one drone; ``crew`` changes the crew's facts."""
        facts = {
            "name": f"{number}组",
            "pilot": f"飞手{number}",
            "certificate_until": "2027-01-01",
            "home_lon": 112.90,
            "home_lat": 36.81,
        } | crew
        self.crews.append(await self.call("dispatcher", "POST", "/v1/orgs/{provider}/crews", facts))
        self.drones.append(
            await self.call(
                "dispatcher", "POST", "/v1/orgs/{provider}/drones", self.drone_facts(number)
            )
        )

    def drone_facts(self, number: int, **changes: Any) -> dict[str, Any]:
        """Return the facts of drone ``number`` as they are registered."""
        return {
            "name": f"飞防{number:02d}号",
            "serial_no": f"SN-{number}",
            "registration_no": f"UAS{number:08d}",
            "model": "reference-40l",
            "crew_id": self.crews[number - 1]["id"],
            "insured_until": "2027-01-01",
        } | changes

    async def entrust(self, *households: int, rounds: int = 1, permille: int = 30) -> str:
        """Make both contracts for some households; return the provider's contract in force."""
        terms = {"area_tolerance_permille": permille}
        parcels = []
        for household in households:
            own = self.world.parcels[household * 2 : household * 2 + 2]
            parcels += own
            body = {"household_id": str(self.world.households[household])}
            await self._contract(body, own, rounds, terms)
        return await self._contract(
            {"provider_org_id": self.world.provider}, parcels, rounds, terms
        )

    async def _contract(
        self, party: dict[str, Any], parcels: list[UUID], rounds: int, terms: dict[str, int]
    ) -> str:
        body = {
            "mode": "menu",
            "season": "2026",
            "starts_on": "2026-07-01",
            "ends_on": "2026-10-31",
            "terms": terms,
            "lines": [
                {"parcel_id": str(one), "item_id": self.item, "rounds": rounds} for one in parcels
            ],
        } | party
        contract = await self.call("clerk", "POST", "/v1/orgs/{org}/contracts", body)
        path = f"/v1/orgs/{{org}}/contracts/{contract['id']}/steps"
        for version, state in enumerate(("offered", "signed", "in_force"), start=1):
            await self.call("director", "POST", path, {"to_state": state}, if_match=f'"v{version}"')
        return str(contract["id"])

    async def order(self, contract: str, **changes: Any) -> dict[str, Any]:
        """Draft an order for everything the contract still holds."""
        body = ORDER | {"contract_id": contract} | changes
        made: dict[str, Any] = await self.call("clerk", "POST", "/v1/orgs/{org}/spray-orders", body)
        return made

    async def step(self, order: dict[str, Any], state: str) -> dict[str, Any]:
        """Move an order on."""
        moved: dict[str, Any] = await self.call(
            "clerk",
            "POST",
            f"/v1/orgs/{{org}}/spray-orders/{order['id']}/steps",
            {"to_state": state},
            if_match=f'"v{order["row_version"]}"',
        )
        return moved

    async def read(self, order: dict[str, Any]) -> dict[str, Any]:
        """Return the order as it stands."""
        found: dict[str, Any] = await self.call(
            "clerk", "GET", f"/v1/orgs/{{org}}/spray-orders/{order['id']}"
        )
        return found

    async def parcels(self, order: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the order's parcels with their areas by kind."""
        path = f"/v1/orgs/{{org}}/spray-orders/{order['id']}/parcels"
        items: list[dict[str, Any]] = (await self.call("clerk", "GET", path))["items"]
        return items

    async def job_of(self, order: dict[str, Any]) -> dict[str, Any]:
        """Return the newest job that the provider holds of an order."""
        jobs = (await self.call("dispatcher", "GET", "/v1/orgs/{provider}/spray-jobs"))["items"]
        own: list[dict[str, Any]] = [one for one in jobs if one["number"] == order["number"]]
        return own[-1]

    async def ask(self, *orders: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """Ask for a plan of some orders for today."""
        jobs = [(await self.job_of(order))["id"] for order in orders]
        body = {"day": self.clock.today().isoformat(), "job_ids": jobs, "seconds": 0.2} | changes
        asked: dict[str, Any] = await self.call(
            "dispatcher", "POST", "/v1/orgs/{provider}/plans", body
        )
        return asked

    async def solved(
        self, *orders: dict[str, Any], means: Means | None = None, **changes: Any
    ) -> dict[str, Any]:
        """Ask for a plan and solve it; return it solved."""
        asked = await self.ask(*orders, **changes)
        assert await self.solve(asked, means) is PlanState.SOLVED
        return await self.plan(asked)

    async def solve(self, asked: dict[str, Any], means: Means | None = None) -> PlanState:
        """Solve a queued plan as the worker does."""
        return await solve_now(
            self.world.database, org_id=self.world.provider, plan_id=UUID(asked["id"]), means=means
        )

    async def on_plan(
        self, plan: dict[str, Any], method: str, path: str, body: Any = None, **more: str
    ) -> httpx.Response:
        """Send a request about a plan as the dispatcher; it may be refused."""
        whole = f"/v1/orgs/{{provider}}/plans/{plan['id']}/{path}"
        return await self.world.call("dispatcher", method, whole, body, **more)

    async def plan(self, plan: dict[str, Any]) -> dict[str, Any]:
        """Return the plan as it stands."""
        found: dict[str, Any] = await self.call(
            "dispatcher", "GET", f"/v1/orgs/{{provider}}/plans/{plan['id']}"
        )
        return found

    async def advance(self, plan: dict[str, Any], *states: str) -> dict[str, Any]:
        """Move a plan on; after its last step comes the next morning, with all drones free."""
        for state in states:
            plan = await self.call(
                "dispatcher",
                "POST",
                f"/v1/orgs/{{provider}}/plans/{plan['id']}/steps",
                {"to_state": state},
                if_match=f'"v{plan["row_version"]}"',
            )
        if states[-1] == "reported":
            self.clock.advance(timedelta(days=1))
        return plan

    async def stops(self, plan: dict[str, Any]) -> list[dict[str, Any]]:
        """Return all stops of a plan, drone by drone."""
        found: list[dict[str, Any]] = []
        for drone in (await self.plan(plan))["drones"]:
            path = f"/v1/orgs/{{provider}}/plans/{plan['id']}/drones/{drone['drone_id']}/stops"
            found += await self.call("crew", "GET", path)
        return found

    def done(self, stop: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """Return the report of a stop flown as planned an hour ago."""
        now = self.clock.now()
        return {
            "drone_id": stop["drone_id"],
            "seq": stop["seq"],
            "state": "done",
            "flown_mu": stop["planned_mu"],
            "started_at": (now - timedelta(hours=1)).isoformat(),
            "finished_at": (now - timedelta(minutes=50)).isoformat(),
            "used_ml": stop["liquid_ml"],
        } | changes

    def skipped(self, stop: dict[str, Any], reason: str) -> dict[str, Any]:
        """Return the report of a stop that was left out."""
        return {
            "drone_id": stop["drone_id"],
            "seq": stop["seq"],
            "state": "skipped",
            "reason": reason,
        }

    async def report(self, plan: dict[str, Any], *stops: dict[str, Any]) -> dict[str, Any]:
        """Report stops as the dispatcher."""
        path = f"/v1/orgs/{{provider}}/plans/{plan['id']}/reports"
        weather = {
            "temperature_celsius": 24,
            "wind_cm_per_s": 180,
            "humidity_percent": 60,
            "source": "田间手持仪",
        }
        body = {"stops": list(stops), "weather": weather}
        answer: dict[str, Any] = await self.call("dispatcher", "POST", path, body)
        return answer

    async def fly(self, *orders: dict[str, Any]) -> None:
        """Take released orders through a whole day, everything done as planned."""
        plan = await self.advance(await self.solved(*orders), "published", "in_progress")
        await self.report(plan, *[self.done(stop) for stop in await self.stops(plan)])
        await self.advance(await self.plan(plan), "reported")

    def seconds(self, instant: str) -> float:
        """Return an instant of an answer as a number of seconds."""
        return datetime.fromisoformat(instant).timestamp()

    def day_of(self, instant: str) -> date:
        """Return the business day of an instant of an answer."""
        return datetime.fromisoformat(instant).astimezone(SHANGHAI).date()

    def order_body(self) -> dict[str, Any]:
        """Return an order's facts without its contract."""
        return dict(ORDER)
