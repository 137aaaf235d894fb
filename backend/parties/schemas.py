"""What organisations and people look like over the wire; numbers of persons are masked."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from backend.core.errors import Fault
from backend.core.http.problem import FaultOut
from backend.core.wire import Day, Id, In, LongText, Out, ShortText
from backend.parties.reports import ImportReport

ShareText = Annotated[
    str,
    Field(
        pattern=r"^\d{1,4}(\.\d{1,6})?$",
        description="Income-right share, at most six decimals / 收益权份额",
        examples=["0.5"],
    ),
]
AccountNumber = Annotated[
    str, Field(pattern=r"^\d{8,32}$", description="银行账号", examples=["6299990000000010"])
]
MemberStatus = Literal["active", "left", "deceased"]


class ProfileIn(In):
    """The organisation's own record, replaced as a whole."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "legal_representative": "张三",
                    "address": "武乡县丰州镇权店村",
                    "phone": "0355-6380000",
                    "bank_name": "示范农村商业银行",
                    "bank_account": "6299990000000000",
                    "boundary": {
                        "type": "Polygon",
                        "coordinates": [
                            [[112.9, 36.8], [112.92, 36.8], [112.92, 36.82], [112.9, 36.8]]
                        ],
                    },
                }
            ]
        }
    )

    legal_representative: ShortText | None = Field(description="法定代表人")
    address: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(description="地址")
    phone: Annotated[str, Field(pattern=r"^[0-9+\- ]{5,20}$")] | None = Field(
        description="联系电话"
    )
    bank_name: ShortText | None = Field(description="开户行")
    bank_account: AccountNumber | None = Field(
        description="Account number; null keeps the one on record / 账号"
    )
    boundary: dict[str, Any] | None = Field(
        description="GeoJSON polygon of the territory, CGCS2000 degrees / 四至范围"
    )


class ProfileOut(Out):
    """The organisation's own record."""

    org_id: int
    code: str
    name: str
    kind: str
    chart_id: str | None
    legal_representative: str | None
    address: str | None
    phone: str | None
    bank_name: str | None
    bank_account_mask: str | None
    boundary: dict[str, Any] | None
    version: int


class MemberOut(Out):
    """A member; the identity number is masked."""

    id: UUID
    household_id: UUID
    name: str
    relation: str
    born_on: date | None
    id_number_mask: str | None
    share: str = Field(description="Income-right share / 收益权份额", examples=["0.5"])
    status: MemberStatus
    version: int


class AccountOut(Out):
    """A payee account; the number is masked."""

    id: UUID
    owner_kind: Literal["household", "worker"]
    owner_id: UUID
    holder_name: str
    bank_name: str
    number_mask: str
    recorded_at: datetime
    superseded_at: datetime | None


class HouseholdOut(Out):
    """A household of the collective."""

    id: UUID
    code: str
    head_name: str
    address: str | None
    archived_on: date | None
    member_count: int
    share: str = Field(description="Shares of its active members / 份额合计", examples=["3.5"])
    account_mask: str | None = Field(description="Account in use, masked / 收款账号")
    version: int


class HouseholdWholeOut(HouseholdOut):
    """A household with its members and its accounts, the account in use first."""

    members: list[MemberOut]
    accounts: list[AccountOut]


class HouseholdPatch(In):
    """Change a household; what is absent stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"address": "权店村一组 12 号"}]})

    head_name: ShortText | None = Field(default=None, description="承包方代表")
    address: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="地址"
    )
    archived_on: Day | None = Field(default=None, description="注销日期")


class MemberPatch(In):
    """Change a member; what is absent stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"share": "0.5"}]})

    name: ShortText | None = Field(default=None, description="姓名")
    relation: Annotated[str, Field(min_length=1, max_length=20)] | None = Field(
        default=None, description="与户主关系"
    )
    share: ShareText | None = None
    status: MemberStatus | None = Field(default=None, description="状态")


class WorkerIn(In):
    """Register a person who works for pay."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "李四",
                    "id_number": "990000197001010018",
                    "kind": "seasonal",
                    "household_id": None,
                }
            ]
        }
    )

    name: ShortText
    id_number: Annotated[str, Field(pattern=r"^[0-9]{17}[0-9Xx]$", description="身份证号")]
    kind: Literal["seasonal", "staff"] = Field(description="季节性用工或管理人员")
    household_id: Id | None = None


class WorkerOut(Out):
    """A worker; the identity number is masked."""

    id: UUID
    name: str
    kind: Literal["seasonal", "staff"]
    household_id: UUID | None
    born_on: date | None
    id_number_mask: str


class AccountIn(In):
    """State where a household or a worker is paid from now on."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "owner_kind": "household",
                    "owner_id": "019f1c2a-0000-7000-8000-000000000001",
                    "holder_name": "张三",
                    "bank_name": "示范农村商业银行",
                    "number": "6299990000000010",
                }
            ]
        }
    )

    owner_kind: Literal["household", "worker"]
    owner_id: Id
    holder_name: ShortText
    bank_name: ShortText
    number: AccountNumber


class AccountChangedOut(AccountOut):
    """The new account, with remarks such as a number that is no bank card's."""

    warnings: list[FaultOut]


class ChangeOut(Out):
    """One field that the file states differently from the register."""

    row: int | None
    subject: str
    field: str
    before: str | None
    after: str | None


class ImportReportOut(Out):
    """What an import did, or would do in a dry run."""

    kind: Literal["villages", "households", "parcels"]
    source: LongText = Field(description="File name and start of its SHA-256 / 来源")
    dry_run: bool
    rows: int = Field(description="Rows or features read / 读取行数")
    created: int
    updated: int
    unchanged: int
    skipped: int
    missing: int = Field(description="Registered but not in the file; they stay / 文件中没有的")
    totals: dict[str, int] = Field(description="Further counts; areas in 0.01 mu / 其他合计")
    changes: list[ChangeOut]
    warnings: list[FaultOut]
    faults: list[FaultOut] = Field(description="Filled in a dry run only / 错误（仅预演）")


def fault_out(fault: Fault, language: str) -> FaultOut:
    """Return a fault in one language."""
    return FaultOut(
        code=fault.code,
        message=fault.zh if language == "zh" else fault.en,
        row=fault.row,
        field=fault.field,
        subject=fault.subject,
    )


def report_out(report: ImportReport, language: str) -> ImportReportOut:
    """Return an import's report in one language."""
    return ImportReportOut(
        kind=report.kind,
        source=report.source,
        dry_run=report.dry_run,
        rows=report.rows,
        created=report.created,
        updated=report.updated,
        unchanged=report.unchanged,
        skipped=report.skipped,
        missing=report.missing,
        totals=dict(report.totals),
        changes=[ChangeOut.model_validate(change) for change in report.changes],
        warnings=[fault_out(fault, language) for fault in report.warnings],
        faults=[fault_out(fault, language) for fault in report.faults],
    )
