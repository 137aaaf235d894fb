"""Act two: terraces are leased to the collective, all other land is entrusted in two tiers."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text

from backend.cli.demo.stage import SEASON, Collective, Stage
from backend.contracts import menu, service
from backend.contracts.drafting import LineDraft
from backend.contracts.rules import Stage as Link
from backend.contracts.rules import State, Tier
from backend.core.area import Area
from backend.core.db import WriteSession
from backend.land import service as land

STARTS_ON = date(2026, 3, 1)
ENDS_ON = date(2026, 12, 31)
RENT_FEN_PER_MU = 65_000
LEASE_ENDS_ON = date(2028, 12, 31)
RIGHT_ENDS_ON = date(2057, 12, 31)
# Made-up prices of the demonstration: fen a mu, farmer's and provider's.
PRICES = {
    Link.TILL: ("旋耕", 5_000, 4_500),
    Link.SOW: ("机播", 3_500, 3_000),
    Link.PROTECT: ("飞防", 1_200, 950),
    Link.HARVEST: ("机收", 9_500, 8_800),
}
CLAUSES = {
    "grade": "梯田，五等",
    "rights_and_duties": "受让方不得改变农业用途，不得破坏梯田",
    "payment": "每年十月底前一次付清当年租金",
    "compensation": "征收补偿归承包农户",
    "breach": "逾期支付的，按日加付万分之五",
}
CROPS = ("玉米", "谷子")
RESOLUTION = "村民代表大会决议〔2026〕1号"


@dataclass(frozen=True, slots=True)
class _Parcel:
    id: UUID
    household_id: UUID
    crop: str
    block: str | None
    area_centimu: int


async def entrust(stage: Stage) -> None:
    """Lease the terraces, set the menu, and sign every contract of both tiers."""
    stage.say("流转梯田，签订双层托管合同", "Leasing terraces, signing contracts of both tiers")
    signed = leased_centimu = 0
    with stage.bar("村集体 collectives", len(stage.collectives)) as tick:
        for collective in stage.collectives:
            async with stage.acting("lease_terraces", collective.org_id, collective.clerk) as one:
                parcels = await _parcels(one, collective.org_id)
                leased = {parcel.id for parcel in parcels if parcel.block is None}
                await _lease(one, stage, collective, [p for p in parcels if p.id in leased])
            kept = [parcel for parcel in parcels if parcel.id not in leased]
            leased_centimu += sum(p.area_centimu for p in parcels if p.id in leased)
            async with stage.acting("set_menu", collective.org_id, collective.director) as one:
                items = await _set_menu(one, collective.org_id)
            async with stage.acting("entrust", collective.org_id, collective.director) as one:
                signed += await _tier_one(one, stage, collective, kept, items)
            async with stage.acting("pass_on", collective.org_id, collective.director) as one:
                await _tier_two(one, stage, collective, kept, items)
            tick()
    stage.say(
        f"一层合同 {signed} 份，二层合同 {len(stage.collectives)} 份，"
        f"流转 {leased_centimu / 100:.0f} 亩",
        f"{signed} contracts with households, {len(stage.collectives)} with the provider, "
        f"{leased_centimu / 100:.0f} mu leased",
    )


async def _parcels(session: WriteSession, org_id: int) -> list[_Parcel]:
    rows = await session.execute(
        text(
            """
            SELECT p.id, p.household_id, p.crop, p.block, a.area_centimu
            FROM parcel p JOIN parcel_area a
              ON a.org_id = p.org_id AND a.parcel_id = p.id AND a.kind = 'contract'
            WHERE p.org_id = :org ORDER BY p.code
            """
        ),
        {"org": org_id},
    )
    return [_Parcel(*row) for row in rows]


async def _lease(
    session: WriteSession, stage: Stage, collective: Collective, terraces: list[_Parcel]
) -> None:
    """Lease each household's terraces to the collective, one contract a household."""
    by_household: dict[UUID, list[_Parcel]] = defaultdict(list)
    for parcel in terraces:
        by_household[parcel.household_id].append(parcel)
    drafts = [
        land.TransferDraft(
            household_id=household_id,
            parcels=tuple(
                land.TransferParcel(parcel_id=parcel.id, area=Area(parcel.area_centimu))
                for parcel in parcels
            ),
            transferee_kind="collective",
            transferee_name=collective.name,
            land_use="种植谷子",
            starts_on=date(2026, 1, 1),
            ends_on=LEASE_ENDS_ON,
            right_ends_on=RIGHT_ENDS_ON,
            rent_fen_per_mu=RENT_FEN_PER_MU,
            clauses=CLAUSES,
        )
        for household_id, parcels in by_household.items()
    ]
    ids = await land.draft_transfers(session, org_id=collective.org_id, drafts=drafts)
    await land.sign_transfers(
        session, org_id=collective.org_id, transfer_ids=ids, signed_on=stage.clock.today()
    )


async def _set_menu(session: WriteSession, org_id: int) -> dict[tuple[str, Link], UUID]:
    """Put the four stages of each crop on the menu at both tiers' prices."""
    items = {}
    for crop in CROPS:
        for link, (name, farmer_fen, provider_fen) in PRICES.items():
            item = await menu.add_item(
                session, org_id=org_id, name=name, crop=crop, stage=link, unit="mu"
            )
            items[crop, link] = item.id
            for tier, price_fen in (
                (Tier.HOUSEHOLD_TO_COLLECTIVE, farmer_fen),
                (Tier.COLLECTIVE_TO_PROVIDER, provider_fen),
            ):
                await menu.set_price(
                    session,
                    org_id=org_id,
                    item_id=item.id,
                    tier=tier,
                    price_fen=price_fen,
                    valid_from=date(2026, 1, 1),
                    document=RESOLUTION,
                )
    return items


async def _tier_one(
    session: WriteSession,
    stage: Stage,
    collective: Collective,
    parcels: list[_Parcel],
    items: dict[tuple[str, Link], UUID],
) -> int:
    """Sign full trusteeship with every household over all its land; return how many."""
    by_household: dict[UUID, list[_Parcel]] = defaultdict(list)
    for parcel in parcels:
        by_household[parcel.household_id].append(parcel)
    found = await session.execute(
        text("SELECT id, head_name FROM household WHERE org_id = :org"), {"org": collective.org_id}
    )
    names: dict[UUID, str] = {row[0]: row[1] for row in found}
    drafts = [
        service.ContractDraft(
            number=f"TG{SEASON}N-{collective.code}-{number:04d}",
            mode="full",
            season=SEASON,
            starts_on=STARTS_ON,
            ends_on=ENDS_ON,
            household_id=household_id,
            entrustor={"name": names[household_id]},
            trustee={"name": collective.name},
            terms={"area_tolerance_permille": 30, "accept_within_days": 7},
            lines=[
                LineDraft(parcel_id=parcel.id, item_id=items[parcel.crop, link])
                for parcel in owned
                for link in PRICES
            ],
        )
        for number, (household_id, owned) in enumerate(sorted(by_household.items()), start=1)
    ]
    await _conclude(session, stage, collective, drafts)
    return len(drafts)


async def _tier_two(
    session: WriteSession,
    stage: Stage,
    collective: Collective,
    parcels: list[_Parcel],
    items: dict[tuple[str, Link], UUID],
) -> None:
    """Pass the spraying on to the provider; the other stages stay with the collective."""
    contract = service.ContractDraft(
        number=f"TG{SEASON}F-{collective.code}-0001",
        mode="menu",
        season=SEASON,
        starts_on=STARTS_ON,
        ends_on=ENDS_ON,
        provider_org_id=stage.provider,
        entrustor={"name": collective.name},
        trustee={"name": "武乡示范农机服务专业合作社"},
        terms={"area_tolerance_permille": 30, "accept_within_days": 7},
        lines=[
            LineDraft(parcel_id=parcel.id, item_id=items[parcel.crop, Link.PROTECT])
            for parcel in parcels
        ],
    )
    await _conclude(session, stage, collective, [contract])


async def _conclude(
    session: WriteSession,
    stage: Stage,
    collective: Collective,
    drafts: list[service.ContractDraft],
) -> None:
    """Draft, offer, sign and put in force, as the director would."""
    ids = await service.draft(
        session,
        org_id=collective.org_id,
        contracts=drafts,
        priced_on=stage.clock.today(),
        actor_id=collective.director,
    )
    for state in (State.OFFERED, State.SIGNED, State.IN_FORCE):
        await service.advance(
            session,
            org_id=collective.org_id,
            contract_ids=ids,
            to_state=state,
            actor_id=collective.director,
            day=stage.clock.today(),
        )
