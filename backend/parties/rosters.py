"""Reading a roster of members (家庭成员 tables, NY/T 2539 CBF and CBF_JTCY): no database here."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from backend.core import codes
from backend.core.intake import Columns, Record, Table
from backend.parties.reports import Findings
from backend.parties.service import AccountFacts, share_micro

COLUMNS = Columns(
    {
        "household_code": ("承包方编码", "承包方代码", "CBFBM"),
        "household_name": ("承包方名称", "承包方代表", "CBFMC"),
        "name": ("成员姓名", "姓名", "CYXM"),
        "relation": ("与户主关系", "家庭关系", "YHZGX"),
        "id_number": ("证件号码", "身份证号", "身份证号码", "CYZJHM"),
        "born_on": ("出生日期", "CSRQ"),
        "phone": ("联系电话", "手机号", "LXDH"),
        "share": ("收益权份额", "股份", "份额"),
        "card": ("银行卡号", "银行账号", "账号"),
        "bank": ("开户行", "开户银行"),
        "address": ("承包方地址", "地址", "CBFDZ"),
    },
    required=["household_code", "name", "relation"],
)
_HEAD = frozenset({"户主", "本人", "01", "02"})
_TEXT_MAX = {"name": 100, "household_name": 100, "relation": 20, "bank": 100, "address": 200}


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberEntry:
    """A row of the roster; what the file leaves blank is None and says nothing."""

    row: int
    name: str
    relation: str
    id_number: str | None
    born_on: date | None
    share_micro: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdEntry:
    """The rows of one household code together; the account is the head's, else the first."""

    row: int
    code: str
    head_name: str
    address: str | None
    account: AccountFacts | None
    members: tuple[MemberEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom a household is reached by: the head's telephone, else the first member's."""

    household_code: str
    name: str
    phone: str


def tables_by_collective(table: Table) -> dict[str, Table]:
    """Split a county's roster by the first 14 characters of the household code."""
    rows = defaultdict(list)
    for record, row in zip(table.records(COLUMNS), table.rows, strict=True):
        rows[record.values["household_code"][:14]].append(row)
    return {
        code: Table(table.header, tuple(found), table.notes) for code, found in sorted(rows.items())
    }


def contacts(table: Table) -> list[Contact]:
    """Return one contact for each household that gives a right mobile number."""
    heads: dict[str, Contact] = {}
    others: dict[str, Contact] = {}
    for record in table.records(COLUMNS):
        values = record.values
        phone = values.get("phone", "")
        if not phone or codes.mobile_faults(phone):
            continue
        contact = Contact(household_code=values["household_code"], name=values["name"], phone=phone)
        place = heads if values["relation"] in _HEAD else others
        place.setdefault(contact.household_code, contact)
    return list({**others, **heads}.values())


def read_roster(
    table: Table, *, collective_code: str, today: date, findings: Findings
) -> list[HouseholdEntry]:
    """Return the roster's households in file order; whatever is wrong goes to ``findings``.

    Checks the codes against the collective, identity numbers (GB 11643) and their repetition,
    birth dates, shares, telephones, account numbers, and that each household has one head.
    """
    collective = codes.CollectiveCode(collective_code)
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in table.records(COLUMNS):
        _check_texts(record, findings)
        code = findings.tried(
            codes.HouseholdCode,
            record.values["household_code"],
            row=record.number,
            field="household_code",
        )
        if code is None:
            continue
        wrong = codes.disagreements(collective=collective, household=code, row=record.number)
        findings.faults.extend(wrong)
        groups[str(code)].append(record)
    seen: dict[str, int] = {}
    households = [
        _household(code, records, seen, today, findings) for code, records in groups.items()
    ]
    members = [member for household in households for member in household.members]
    used = {one.account.number for one in households if one.account is not None}
    findings.warn_of_all(
        "card-not-used",
        [
            record.number
            for records in groups.values()
            for record in records
            if record.values.get("card", "").replace(" ", "") not in used | {""}
        ],
        "{count} 名成员的账户不是农户收款账户，未登记",
        "{count} accounts of members are not the household's: they are not recorded",
    )
    findings.warn_of_all(
        "member-without-id",
        [one.row for one in members if one.id_number is None],
        "{count} 名成员没有证件号码",
        "{count} members have no identity number",
    )
    return households


def _check_texts(record: Record, findings: Findings) -> None:
    for field, longest in _TEXT_MAX.items():
        value = record.values.get(field, "")
        if len(value) > longest:
            zh, en = f"超过 {longest} 个字", f"It has more than {longest} characters"
            findings.wrong("text-too-long", zh, en, row=record.number, field=field)
        if not value and field in ("name", "relation"):
            zh, en = "不能为空", "It must not be blank"
            findings.wrong("text-blank", zh, en, row=record.number, field=field)


def _household(
    code: str,
    records: Sequence[Record],
    seen: dict[str, int],
    today: date,
    findings: Findings,
) -> HouseholdEntry:
    """Make one household of its rows and check what they must have in common."""
    heads = [record for record in records if record.values["relation"] in _HEAD]
    first = records[0]
    if len(heads) != 1:
        zh, en = f"有 {len(heads)} 名户主，应为 1 名", f"It has {len(heads)} heads instead of one"
        findings.wrong("household-heads", zh, en, row=first.number, field="relation", subject=code)
    names = {record.values.get("household_name", "") for record in records} - {""}
    if len(names) > 1:
        zh, en = "同一承包方编码有不同名称", "One household code has several names"
        findings.wrong(
            "household-names", zh, en, row=first.number, field="household_name", subject=code
        )
    head = heads[0] if heads else first
    if names and head.values["name"] not in names:
        zh, en = "承包方名称与户主姓名不同", "The household's name is not the head's"
        findings.warn("household-head-name", zh, en, row=head.number, subject=code)
    addresses = [record.values["address"] for record in records if record.values.get("address")]
    return HouseholdEntry(
        row=first.number,
        code=code,
        head_name=min(names) if names else head.values["name"],
        address=addresses[0] if addresses else None,
        account=_account([head, *records], code, findings),
        members=tuple(_member(record, code, seen, today, findings) for record in records),
    )


def _account(records: Sequence[Record], code: str, findings: Findings) -> AccountFacts | None:
    """Return the account of the first row that has one; check the form of every one."""
    chosen: AccountFacts | None = None
    for record in records:
        values, row = record.values, record.number
        number = values.get("card", "").replace(" ", "")
        if not number:
            continue
        facts = AccountFacts(
            holder_name=values["name"], bank_name=values.get("bank", ""), number=number
        )
        if chosen == facts:
            continue  # the head's row comes round a second time
        wrong = codes.card_faults(number, row=row, field="card")
        findings.faults.extend(wrong)
        if not wrong:
            findings.warnings.extend(codes.card_warnings(number, row=row, field="card"))
        if not facts.bank_name:
            zh, en = "有账号但没有开户行", "There is an account number without a bank"
            findings.wrong("bank-blank", zh, en, row=row, field="bank", subject=code)
        chosen = chosen or facts
    return chosen


def _member(
    record: Record, code: str, seen: dict[str, int], today: date, findings: Findings
) -> MemberEntry:
    """Make one member; ``seen`` holds the row of each identity number met so far."""
    values, row = record.values, record.number
    number = codes.canonical_id(values.get("id_number", "")) or None
    sound = number is not None
    if number is not None:
        wrong = codes.id_faults(number, today=today, row=row, field="id_number")
        findings.faults.extend(wrong)
        sound = not wrong
        if number in seen:
            zh, en = f"证件号码与第 {seen[number]} 行相同", f"The same number as row {seen[number]}"
            findings.wrong("id-repeated", zh, en, row=row, field="id_number", subject=code)
        seen.setdefault(number, row)
    phone = values.get("phone", "")
    if phone:
        findings.faults.extend(codes.mobile_faults(phone, row=row, field="phone"))
    in_id = _iso(f"{number[6:10]}-{number[10:12]}-{number[12:14]}") if number and sound else None
    return MemberEntry(
        row=row,
        name=values["name"],
        relation=values["relation"],
        id_number=number,
        born_on=_born_on(values, in_id, row, code, findings),
        share_micro=_share(values, row, code, findings),
    )


def _born_on(
    values: Mapping[str, str], in_id: date | None, row: int, code: str, findings: Findings
) -> date | None:
    """Return the date of birth from its column or the identity number; they must agree."""
    text = values.get("born_on", "").replace("/", "-").replace(".", "-")
    if not text:
        return in_id
    born_on = _iso(text)
    if born_on is None:
        zh, en = "出生日期应为 YYYY-MM-DD", "The date of birth must be YYYY-MM-DD"
        findings.wrong("birth-form", zh, en, row=row, field="born_on", subject=code)
    elif in_id is not None and born_on != in_id:
        zh, en = "出生日期与证件号码不一致", "The date of birth is not that of the number"
        findings.wrong("birth-differs", zh, en, row=row, field="born_on", subject=code)
    return born_on


def _iso(text: str) -> date | None:
    try:
        if len(text) == 8 and text.isdigit():
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
        year, month, day = text.split("-")
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _share(values: Mapping[str, str], row: int, code: str, findings: Findings) -> int | None:
    text = values.get("share", "")
    if not text:
        return None
    try:
        return share_micro(text)
    except (ValueError, ArithmeticError):
        zh, en = (
            "份额应为 0 至 9999 的数，最多六位小数",
            "A share is 0 to 9999, six decimals at most",
        )
        findings.wrong("share-form", zh, en, row=row, field="share", subject=code)
        return None
