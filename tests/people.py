"""A small village for tests: one collective, one provider, their staff, and a few households.

Every ID number is invalid by design: its area code 990000 is assigned to nobody.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import httpx
from shapely.geometry import box, mapping
from sqlalchemy import text

from backend.cli.demo.files import MEMBER_COLUMNS
from backend.cli.farmers import link_farmers
from backend.core import codes
from backend.core.audit import Command
from backend.core.clock import Clock
from backend.core.crypto import Sealer
from backend.core.db import PLATFORM_ORG_ID, Database, Scope, WriteSession
from backend.core.ids import new_id
from backend.core.intake import Table
from backend.core.intake.table import Row
from backend.core.principal import Role
from backend.identity import service as identity
from backend.identity import tokens
from backend.land.models import Parcel, ParcelArea
from backend.ledger import service as ledger
from backend.parties import service as parties
from backend.parties.households import import_households
from backend.parties.rosters import contacts

PASSWORD = "correct horse battery"
COLLECTIVE_CODE = "14042910020100"
NEIGHBOUR_CODE = "14042910020200"
TEST_TOKEN_MINUTES = 60 * 24 * 365


@dataclass(slots=True, kw_only=True)
class World:
    """The village: numbers of its organisations, its people's ids, and how to call as them."""

    database: Database
    client: httpx.AsyncClient
    clock: Clock
    sealer: Sealer
    collective: int = 0
    code: str = COLLECTIVE_CODE
    """Of the collective whose households these are."""
    neighbour: int = 0
    provider: int = 0
    staff: dict[str, UUID] = field(default_factory=dict)
    households: list[UUID] = field(default_factory=list)
    household_codes: list[str] = field(default_factory=list)
    farmers: list[UUID] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    parcels: list[UUID] = field(default_factory=list)
    """Two for each household, in their order: 2.00 mu and 3.50 mu."""

    @classmethod
    async def build(
        cls, database: Database, client: httpx.AsyncClient, clock: Clock, sealer: Sealer
    ) -> "World":
        """Register everything; four households, the last without a bank account."""
        world = cls(database=database, client=client, clock=clock, sealer=sealer)
        scope = Scope(org_id=PLATFORM_ORG_ID)
        async with database.write(scope, Command(action="test_world")) as session:
            await world._organisations(session)
            await world._staff(session)
        async with database.write(
            Scope(org_id=world.collective), Command(action="test_people")
        ) as session:
            await ledger.open_books(
                session, org_id=world.collective, chart_id="village_2023_14", first_period=202601
            )
            await world.settle_in(session, (1, 2, 3, 4))
        return world

    async def _organisations(self, session: WriteSession) -> None:
        self.collective = await parties.register_organisation(
            session, kind="collective", code=COLLECTIVE_CODE, name="权店村股份经济合作社"
        )
        self.neighbour = await parties.register_organisation(
            session, kind="collective", code=NEIGHBOUR_CODE, name="邻村股份经济合作社"
        )
        self.provider = await parties.register_organisation(
            session, kind="provider", code=codes.make_uscc("93", "140429", 1), name="丰州农机合作社"
        )

    async def _staff(self, session: WriteSession) -> None:
        wanted = [
            ("clerk", self.collective, Role.CLERK),
            ("director", self.collective, Role.DIRECTOR),
            ("accountant", self.collective, Role.ACCOUNTANT),
            ("accountant2", self.collective, Role.ACCOUNTANT),
            ("cashier", self.collective, Role.CASHIER),
            ("neighbour_director", self.neighbour, Role.DIRECTOR),
            ("dispatcher", self.provider, Role.DISPATCHER),
            ("provider_director", self.provider, Role.DIRECTOR),
            ("crew", self.provider, Role.CREW),
        ]
        for name, org_id, role in wanted:
            user = await identity.register_staff(
                session, login_name=name, display_name=name, password=PASSWORD
            )
            await identity.grant(session, user_id=user.id, org_id=org_id, role=role)
            self.staff[name] = user.id

    async def settle_in(self, session: WriteSession, numbers: Sequence[int]) -> None:
        """Register households by roster, the way a clerk does, with farmers and parcels."""
        roster = Table(MEMBER_COLUMNS, tuple(_roster(self.code, numbers)))
        await import_households(
            session,
            self.sealer,
            org_id=self.collective,
            table=roster,
            source="花名册",
            clock=self.clock,
        )
        await link_farmers(session, self.sealer, org_id=self.collective, contacts=contacts(roster))
        rows = await session.execute(
            text(
                "SELECT h.id, h.code, g.user_id FROM household h"
                " JOIN role_grant g ON g.org_id = h.org_id AND g.household_id = h.id"
                " WHERE h.org_id = :org ORDER BY h.code"
            ),
            {"org": self.collective},
        )
        for number, (household_id, code, user_id) in zip(numbers, rows, strict=True):
            self.households.append(household_id)
            self.household_codes.append(code)
            self.farmers.append(user_id)
            self.phones.append(f"1990000{number:04d}")
            for place, centimu in enumerate((200, 350)):
                await self._parcel(session, household_id, number * 2 - 1 + place, centimu)

    async def _parcel(
        self, session: WriteSession, household_id: UUID, number: int, centimu: int
    ) -> None:
        west, south = 112.90 + number * 0.001, 36.80
        parcel = Parcel(
            org_id=self.collective,
            code=f"{self.code}{number:05d}",
            household_id=household_id,
            name=f"河滩{number}",
            crop="玉米",
            polygon=mapping(box(west, south, west + 0.0004, south + 0.0004)),
            polygon_m2=centimu * 20 / 3,
            min_lon=west,
            min_lat=south,
            max_lon=west + 0.0004,
            max_lat=south + 0.0004,
        )
        session.add(parcel)
        await session.flush()
        session.add(
            ParcelArea(
                org_id=self.collective,
                parcel_id=parcel.id,
                kind="contract",
                area_centimu=centimu,
                source="承包合同",
            )
        )
        self.parcels.append(parcel.id)

    def headers(self, user: str | UUID, **more: str) -> dict[str, str]:
        """Return the headers of a request by ``user`` (a staff name or an id), with a fresh key."""
        user_id = self.staff[user] if isinstance(user, str) else user
        token = tokens.issue(
            user_id,
            key=_token_key(self.client),
            now=self.clock.now(),
            minutes=TEST_TOKEN_MINUTES,
        )
        return {
            "Authorization": f"Bearer {token}",
            "Idempotency-Key": str(new_id()),
            "Accept-Language": "en",
        } | {name.replace("_", "-"): value for name, value in more.items()}

    async def call(
        self, user: str | UUID, method: str, path: str, body: Any = None, **headers: str
    ) -> httpx.Response:
        """Send one request as ``user``; ``{org}`` in ``path`` is the collective."""
        path = path.replace("{org}", str(self.collective)).replace("{provider}", str(self.provider))
        return await self.client.request(
            method, path, json=body, headers=self.headers(user, **headers)
        )

    def scope(self, org_id: int | None = None, user: str = "director") -> Scope:
        """Return the scope of ``user`` in an organisation, the collective by default."""
        return Scope(org_id=org_id or self.collective, user_id=self.staff[user])


def _roster(collective_code: str, numbers: Sequence[int]) -> Iterator[Row]:
    """Yield the roster's rows: a head and a spouse each, the fourth household without a card."""
    for number in numbers:
        for place, relation in enumerate(("户主", "配偶")):
            born = date(1970, 1, 1 + place)
            head = place == 0
            yield Row(
                number * 2 + place,
                (
                    f"{collective_code}{number:04d}",
                    f"张{number}",
                    f"张{number}{place}",
                    relation,
                    codes.make_id("990000", born, number),
                    born.isoformat(),
                    f"1990000{number:04d}" if head else "",
                    "1",
                    f"62999900000000{number:02d}" if head and number < 4 else "",
                    "示范农村商业银行" if head and number < 4 else "",
                ),
            )


def _token_key(client: httpx.AsyncClient) -> bytes:
    transport = client._transport
    assert isinstance(transport, httpx.ASGITransport)
    key = getattr(transport.app, "state").runtime.settings.token_key  # noqa: B009 -- an ASGI callable
    assert isinstance(key, bytes)
    return key
