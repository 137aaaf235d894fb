"""What parcels and transfers look like over the wire."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from backend.core.wire import AreaMu, Day, Id, In, LongText, Out, PositiveFen, ShortText

TransferKind = Literal["lease", "equity", "other"]
TransfereeKind = Literal["collective", "operator"]
TransferStateName = Literal["draft", "in_force", "ended", "terminated"]
Clause = Annotated[str, Field(min_length=1, max_length=1000)]


class AreaOut(Out):
    """One statement of a parcel's area; the first of a kind is the one that counts."""

    kind: Literal["registered", "contract", "surveyed"]
    area_mu: AreaMu
    source: str
    measured_on: date | None
    recorded_at: datetime


class ParcelOut(Out):
    """A parcel with its newest areas."""

    id: UUID
    code: str
    name: str
    household_id: UUID | None
    household_code: str | None
    crop: str | None
    block: str | None
    registered_mu: AreaMu | None
    contract_mu: AreaMu | None
    surveyed_mu: AreaMu | None
    polygon_m2: float | None
    bbox: list[float] | None = Field(description="West, south, east, north / 外接矩形")
    archived_on: date | None
    version: int


class ParcelWholeOut(ParcelOut):
    """A parcel with its polygon and every statement of its area, the newest first."""

    polygon: dict[str, Any] | None = Field(description="GeoJSON, CGCS2000 degrees / 界址")
    areas: list[AreaOut]


class ParcelPatch(In):
    """Change a parcel; what is absent stays, an empty text clears crop or block."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"crop": "谷子"}]})

    name: ShortText | None = Field(default=None, description="地块名称")
    crop: Annotated[str, Field(max_length=100)] | None = Field(default=None, description="作物")
    block: Annotated[str, Field(max_length=100)] | None = Field(default=None, description="连片")


class Clauses(In):
    """What 土地承包法 art. 40 asks for besides parties, land, term, use and price."""

    grade: Clause = Field(description="土地质量等级")
    rights_and_duties: Clause = Field(description="双方的权利和义务")
    payment: Clause = Field(description="流转价款的支付方式")
    compensation: Clause = Field(description="土地被征收时补偿费的归属")
    breach: Clause = Field(description="违约责任")


class TransferParcelIn(In):
    """A parcel of a transfer."""

    parcel_id: Id
    area_mu: AreaMu | None = Field(
        default=None,
        description="Area that rent is paid for; the contract area if absent / 计租面积",
    )


class TransferIn(In):
    """A transfer of the operating right as the parties agreed it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "household_id": "019f1c2a-0000-7000-8000-000000000001",
                    "parcels": [{"parcel_id": "019f1c2a-0000-7000-8000-000000000002"}],
                    "kind": "lease",
                    "transferee_kind": "operator",
                    "transferee_name": "丰州农机合作社",
                    "land_use": "种植谷子",
                    "starts_on": "2026-01-01",
                    "ends_on": "2028-12-31",
                    "right_ends_on": "2029-12-31",
                    "rent_fen_per_mu": 40000,
                    "clauses": {
                        "grade": "三等",
                        "rights_and_duties": "受让方按约定用途经营，不得改变土地农业用途",
                        "payment": "每年十二月底前一次付清",
                        "compensation": "土地补偿归集体与承包户，青苗补偿归种植方",
                        "breach": "逾期付款按日支付万分之五违约金",
                    },
                }
            ]
        }
    )

    household_id: Id = Field(description="流出方")
    parcels: Annotated[list[TransferParcelIn], Field(min_length=1, max_length=500)]
    kind: TransferKind = Field(description="出租、入股、其他")
    transferee_kind: TransfereeKind = Field(description="集体经营，或第三方经营（租金代收代付）")
    transferee_name: ShortText = Field(description="受让方")
    land_use: ShortText = Field(description="用途")
    starts_on: Day
    ends_on: Day
    right_ends_on: Day | None = Field(default=None, description="承包期止")
    rent_fen_per_mu: PositiveFen
    clauses: Clauses


class ImportQuery(In):
    """How a cadastral file is read."""

    dry_run: bool = Field(default=False, strict=False, description="Write nothing / 预演")
    crs: Annotated[str, Field(max_length=100)] | None = Field(
        default=None, description="坐标系", examples=["EPSG:4490"]
    )
    layer: Annotated[str, Field(max_length=200)] | None = Field(default=None, description="图层")
    assign_codes: bool = Field(default=False, strict=False, description="自动编地块号")
    area_field: Annotated[str, Field(max_length=100)] | None = Field(
        default=None, description="Property that holds the surveyed area / 实测面积字段"
    )
    area_unit: Literal["mu", "m2"] = "m2"
    strict_overlaps: bool = Field(default=False, strict=False, description="重叠视为错误")
    leave_out: bool = Field(
        default=False,
        strict=False,
        description="Leave refused and duplicate parcels out / 跳过无法修复和重复的地块",
    )


class CloseIn(In):
    """End a transfer."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"last_day": "2026-12-31", "reason": "双方协商解除"}]}
    )

    last_day: Day = Field(description="Last day in force / 最后生效日")
    reason: LongText = Field(description="原因")


class TransferParcelOut(Out):
    """A parcel of a transfer."""

    parcel_id: UUID
    code: str
    name: str
    area_mu: AreaMu


class TransferOut(Out):
    """A transfer with its parcels and their total area."""

    id: UUID
    number: str
    kind: TransferKind
    household_id: UUID
    transferee_kind: TransfereeKind
    transferee_name: str
    land_use: str
    starts_on: date
    ends_on: date
    right_ends_on: date | None
    rent_fen_per_mu: int
    clauses: dict[str, str]
    state: TransferStateName
    signed_on: date | None
    terminated_on: date | None
    area_mu: AreaMu
    parcels: list[TransferParcelOut]
    version: int
