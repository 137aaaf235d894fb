"""What trusteeship says over the wire."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from backend.core.wire import AreaMu, Day, Id, In, LongText, Out, Season, ShortText

TierName = Literal["household_to_collective", "collective_to_provider"]
StageName = Literal["till", "sow", "protect", "harvest", "dry", "sell"]
StateName = Literal["draft", "offered", "signed", "in_force", "completed", "terminated"]


class ItemIn(In):
    """Put a service on the menu."""

    name: Annotated[str, Field(min_length=1, max_length=50, examples=["飞防"])]
    crop: Annotated[str, Field(min_length=1, max_length=50, examples=["玉米"])]
    stage: StageName
    unit: Literal["mu", "mu_round", "kg"]
    quality_standard: LongText | None = None


class ItemOut(Out):
    """A service of the menu with the prices in force today."""

    id: UUID
    name: str
    crop: str
    stage: str
    unit: str
    quality_standard: str | None
    farmer_price_fen: int | None
    provider_price_fen: int | None


class PriceIn(In):
    """Add a dated price; contracts that stand keep theirs."""

    tier: TierName
    price_fen: Annotated[int, Field(gt=0, le=10_000_000, examples=[1200])]
    valid_from: Day
    document: Annotated[
        str, Field(min_length=1, max_length=200, examples=["村民代表大会决议〔2026〕3号"])
    ]


class PriceOut(Out):
    """A dated price."""

    id: UUID
    item_id: UUID
    tier: str
    price_fen: int
    valid_from: Day
    document: str


class TermsIn(In):
    """Clauses of the ministry's model contract (农业生产托管服务合同示范文本, 2020)."""

    quality_standard: LongText | None = Field(default=None, description="服务标准")
    prepaid_permille: int = Field(default=0, ge=0, le=1000, description="预付比例，千分")
    settle_within_days: int = Field(default=30, ge=0, le=365, description="验收后结算天数")
    accept_within_days: int = Field(default=7, ge=0, le=90, description="验收期限，天")
    area_tolerance_permille: int = Field(default=30, ge=0, le=200, description="面积容差，千分")
    yield_guarantee_kg_per_mu: int | None = Field(
        default=None, ge=0, le=5000, description="保底产量，公斤每亩"
    )
    insurance: LongText | None = Field(default=None, description="保险")
    breach: LongText | None = Field(default=None, description="违约责任")
    force_majeure: LongText | None = Field(default=None, description="不可抗力")
    dispute: LongText | None = Field(default=None, description="争议解决")


class PartyIn(In):
    """A party as it signs (甲方、乙方)."""

    name: ShortText
    representative: ShortText | None = None
    address: Annotated[str, Field(max_length=200)] | None = None


class LineIn(In):
    """A parcel and a service."""

    parcel_id: Id
    item_id: Id
    rounds: Annotated[int, Field(ge=1, le=20)] = 1
    area_mu: AreaMu | None = Field(
        default=None, description="Tier two only, at most the entrusted area / 仅限二层合同"
    )


class ContractIn(In):
    """Draft a contract: give the household for tier one, the provider for tier two."""

    household_id: Id | None = None
    provider_org_id: Annotated[int, Field(ge=1, lt=2**62)] | None = None
    mode: Literal["full", "menu"]
    season: Season
    starts_on: Day
    ends_on: Day
    entrustor: PartyIn | None = None
    trustee: PartyIn | None = None
    terms: TermsIn = TermsIn()
    lines: Annotated[list[LineIn], Field(min_length=1, max_length=10_000)]


class StepIn(In):
    """Move a contract on."""

    to_state: Literal["offered", "signed", "in_force", "completed", "terminated"]
    reason: LongText | None = None


class ContractOut(Out):
    """A contract without its lines."""

    id: UUID
    number: str
    tier: TierName
    mode: str
    season: str
    state: StateName
    household_id: UUID | None
    household_name: str | None
    provider_org_id: int | None
    provider_name: str | None
    starts_on: Day
    ends_on: Day
    signed_on: Day | None
    total_fen: int
    row_version: int


class LineOut(Out):
    """A line of a contract."""

    line: int
    parcel_id: UUID
    parcel_code: str
    parcel_name: str
    item_id: UUID
    item_name: str
    stage: str
    crop: str
    rounds: int
    area_mu: str
    price_fen: int
    amount_fen: int
    covers_contract_id: UUID | None
    covers_line: int | None


class ContractWholeOut(ContractOut):
    """A contract with parties, clauses and lines."""

    entrustor: dict[str, Any]
    trustee: dict[str, Any]
    terms: dict[str, Any]
    lines: list[LineOut]


class AgreementLineOut(Out):
    """One line of the two-tier check: the same parcel and service at three prices."""

    parcel_code: str
    stage: str
    farmer_mu: str | None
    provider_mu: str
    farmer_price_fen: int | None
    provider_price_fen: int
    margin_fen: int | None = Field(description="Collective's margin on this line / 集体差价")
    agrees: bool


class AgreementOut(Out):
    """Whether a provider's contract agrees with the households' in mu and yuan (双层核对)."""

    contract_id: UUID
    lines: list[AgreementLineOut]
    farmer_mu: str
    provider_mu: str
    farmer_fen: int
    provider_fen: int
    margin_fen: int
    agrees: bool
