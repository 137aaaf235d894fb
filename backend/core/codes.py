"""Official codes: land (GB/T 35958), divisions, identity numbers, cards, phones; and masks.

Checks return `Fault`s and never repeat the value, since most of these are personal data.
Codes of land are `str` subclasses, so they go to the database and to JSON as they are.
"""

import re
from datetime import date
from typing import ClassVar, Self

from backend.core.errors import BadInput, Fault

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


class OfficialCode(str):
    """Base of the codes with a fixed form; constructing one checks the form.

    Raises BadInput with one fault that names the code and the form it should have.
    """

    __slots__ = ()
    pattern: ClassVar[re.Pattern[str]]
    name: ClassVar[str]
    zh: ClassVar[str]
    form_zh: ClassVar[str]
    form_en: ClassVar[str]

    def __new__(cls, text: str, *, row: int | None = None, field: str | None = None) -> Self:
        """Check ``text`` against the form; ``row`` and ``field`` go into the fault."""
        if not cls.pattern.fullmatch(text):
            fault = Fault(
                code=f"{cls.name}-code-form",
                zh=f"{cls.zh}应为{cls.form_zh}，实际为 {len(text)} 个字符",
                en=f"The {cls.name} code must be {cls.form_en}; it has {len(text)} characters",
                row=row,
                field=field,
            )
            raise BadInput([fault])
        return super().__new__(cls, text)


class RegionCode(OfficialCode):
    """Division code (行政区划代码) of a county (6), town (9) or village (12 digits)."""

    __slots__ = ()
    pattern = re.compile(r"[1-9][0-9]{5}(?:[0-9]{3}){0,2}")
    name = "region"
    zh = "行政区划代码"
    form_zh = "6、9 或 12 位数字"
    form_en = "6, 9 or 12 digits"

    def contains(self, other: str) -> bool:
        """Tell whether a region or land code lies in this region (a region holds itself)."""
        return other.startswith(self)


class CollectiveCode(OfficialCode):
    """发包方编码 FBFBM: county 6, town 3, village 3, group 2 (00 is the village itself)."""

    __slots__ = ()
    pattern = re.compile(r"[1-9][0-9]{13}")
    name = "collective"
    zh = "发包方编码"
    form_zh = "14 位数字"
    form_en = "14 digits"

    def village(self) -> RegionCode:
        """Return the 12-digit division code of the village."""
        return RegionCode(self[:12])


class HouseholdCode(OfficialCode):
    """承包方编码 CBFBM: the collective's 14 digits and the household's 4."""

    __slots__ = ()
    pattern = re.compile(r"[1-9][0-9]{17}")
    name = "household"
    zh = "承包方编码"
    form_zh = "18 位数字"
    form_en = "18 digits"


class ParcelCode(OfficialCode):
    """承包地块编码 DKBM: the collective's 14 digits and the parcel's 5."""

    __slots__ = ()
    pattern = re.compile(r"[1-9][0-9]{18}")
    name = "parcel"
    zh = "地块编码"
    form_zh = "19 位数字"
    form_en = "19 digits"


class ContractCode(OfficialCode):
    """承包合同编码 CBHTBM, also of the certificate: household code and J (家庭承包) or Q (其他)."""

    __slots__ = ()
    pattern = re.compile(r"[1-9][0-9]{17}[JQ]")
    name = "contract"
    zh = "承包合同（权证）编码"
    form_zh = "18 位数字加 J 或 Q"
    form_en = "18 digits and J or Q"

    def household(self) -> HouseholdCode:
        """Return the household that holds the contract."""
        return HouseholdCode(self[:18])


class LegacyCode(OfficialCode):
    """A parcel code of the NY/T 2538-2014 pilots: other lengths, kept as it was issued."""

    __slots__ = ()
    pattern = re.compile(r"[0-9A-Z]{8,30}")
    name = "legacy"
    zh = "试点期旧编码"
    form_zh = "8 至 30 位数字或大写字母"
    form_en = "8 to 30 digits or capital letters"


def parcel_code(
    text: str, *, row: int | None = None, field: str | None = None
) -> ParcelCode | LegacyCode:
    """Read a parcel code, taking a pilot's other length as `LegacyCode`; else BadInput."""
    if len(text) != 19 and LegacyCode.pattern.fullmatch(text):
        return LegacyCode(text)
    return ParcelCode(text, row=row, field=field)


def collective_of(
    code: CollectiveCode | HouseholdCode | ParcelCode | ContractCode,
) -> CollectiveCode:
    """Return the 14-digit collective that every code of GB/T 35958 starts with."""
    return CollectiveCode(code[:14])


def disagreements(
    *,
    collective: CollectiveCode,
    household: HouseholdCode | None = None,
    parcel: ParcelCode | None = None,
    contract: ContractCode | None = None,
    row: int | None = None,
) -> list[Fault]:
    """Return a fault for each code that does not belong where the others say.

    Parcel, household and contract must start with the collective's code, and a contract with
    its household's (GB/T 35958). The subject is the parcel, else the household.
    """
    subject = parcel or household or contract
    faults = [
        Fault(
            code=f"{code.name}-of-another-collective",
            zh=f"{code.zh}不属于发包方 {collective}",
            en=f"The {code.name} code does not belong to collective {collective}",
            row=row,
            subject=subject,
        )
        for code in (household, parcel, contract)
        if code is not None and collective_of(code) != collective
    ]
    if household and contract and contract.household() != household:
        faults.append(
            Fault(
                code="contract-of-another-household",
                zh="承包合同编码与承包方编码不一致",
                en="The contract code belongs to another household",
                row=row,
                subject=subject,
            )
        )
    return faults


def canonical_id(text: str) -> str:
    """Return an identity number without outer spaces and with a capital X, for storing."""
    return text.strip().upper()


def id_faults(
    text: str, *, today: date, row: int | None = None, field: str | None = None
) -> list[Fault]:
    """Check a canonical 18-character identity number (GB 11643): form, birth date, check digit.

    A birth after ``today`` is a fault. The area code is not looked up: former ones stay valid.
    """
    if not re.fullmatch(r"[1-9][0-9]{16}[0-9X]", text):
        wrong = [("id-form", "身份证号应为 18 位", "The identity number must have 18 characters")]
    else:
        wrong = []
        born = _birth(text)
        if born is None:
            wrong.append(("id-birth", "身份证号中的出生日期无效", "The birth date is not a date"))
        elif born > today:
            wrong.append(
                ("id-future", "身份证号中的出生日期晚于今天", "The birth is in the future")
            )
        if _id_check(text[:17]) != text[17]:
            wrong.append(("id-check", "身份证号校验位错误", "The check digit is wrong"))
    return [Fault(code=code, zh=zh, en=en, row=row, field=field) for code, zh, en in wrong]


def _birth(text: str) -> date | None:
    try:
        return date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return None


def _id_check(body: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(body, _ID_WEIGHTS, strict=True))
    return _ID_CHECKS[total % 11]


def make_id(area: str, birth: date, seq: int) -> str:
    """Make up an identity number with a right check digit for a person who does not exist.

    ``area`` must be six digits from 99, which GB/T 2260 never assigned; ``seq`` is 0 to 999.
    Raises ValueError otherwise, so that no real person's number can come out.
    """
    if not re.fullmatch(r"99[0-9]{4}", area) or not 0 <= seq <= 999:
        raise ValueError("a made-up number needs an area code 99xxxx and a sequence 0 to 999")
    body = f"{area}{birth:%Y%m%d}{seq:03d}"
    return body + _id_check(body)


def uscc_faults(text: str, *, row: int | None = None, field: str | None = None) -> list[Fault]:
    """Check a unified social credit code (统一社会信用代码, GB 32100): form and both checks.

    ``uscc-organisation-check`` is about the ninth character of the organisation code inside
    (GB 11714); some early codes miss it, so a caller may show that one as a warning.
    """
    if not re.fullmatch(rf"[{_USCC_ALPHABET}]{{18}}", text):
        zh = "统一社会信用代码应为 18 位数字或大写字母（不含 I、O、S、V、Z）"
        en = "The credit code must have 18 digits or capitals without I, O, S, V, Z"
        return [Fault(code="uscc-form", zh=zh, en=en, row=row, field=field)]
    wrong = []
    if _uscc_check(text[:17]) != text[17]:
        wrong.append(("uscc-check", "统一社会信用代码校验位错误", "The check character is wrong"))
    if _organisation_check(text[8:16]) != text[16]:
        zh, en = "其中的组织机构代码校验位错误", "The organisation code inside has a wrong check"
        wrong.append(("uscc-organisation-check", zh, en))
    return [Fault(code=code, zh=zh, en=en, row=row, field=field) for code, zh, en in wrong]


def _uscc_check(body: str) -> str:
    values = (_USCC_ALPHABET.index(letter) for letter in body)
    total = sum(value * weight for value, weight in zip(values, _USCC_WEIGHTS, strict=True))
    return _USCC_ALPHABET[-total % 31]


def _organisation_check(body: str) -> str:
    values = (int(letter, 36) for letter in body)
    total = sum(value * weight for value, weight in zip(values, _ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X"[-total % 11]


def make_uscc(kind: str, region: str, seq: int) -> str:
    """Make up a credit code: ``kind`` is the first two characters (N2 is a village collective).

    ``region`` has six digits and ``seq`` up to six; the organisation code starts with MF.
    Raises ValueError on another form.
    """
    if not re.fullmatch(r"[0-9A-Z]{2}[0-9]{6}", kind + region) or not 0 <= seq <= 999_999:
        raise ValueError("a made-up credit code needs two characters, six digits and a sequence")
    organisation = f"MF{seq:06d}"
    body = f"{kind}{region}{organisation}{_organisation_check(organisation)}"
    return body + _uscc_check(body)


def card_faults(text: str, *, row: int | None = None, field: str | None = None) -> list[Fault]:
    """Check that an account number is 8 to 32 digits; passbooks and firms have odd lengths."""
    if re.fullmatch(r"[0-9]{8,32}", text):
        return []
    zh, en = "银行账号应为 8 至 32 位数字", "The account number must be 8 to 32 digits"
    return [Fault(code="card-form", zh=zh, en=en, row=row, field=field)]


def card_warnings(text: str, *, row: int | None = None, field: str | None = None) -> list[Fault]:
    """Warn when a well-formed account number is not a card of 16 to 19 digits that passes Luhn.

    A warning only: old passbook and corporate account numbers are right without it.
    """
    if 16 <= len(text) <= 19 and luhn(text):
        return []
    zh = "账号未通过银行卡校验，请核对（旧存折和对公账号可忽略）"
    en = "The number does not check as a bank card; compare it (passbooks may differ)"
    return [Fault(code="card-luhn", zh=zh, en=en, row=row, field=field)]


def luhn(text: str) -> bool:
    """Tell whether ASCII digits pass the Luhn check of ISO/IEC 7812; other text does not."""
    if not re.fullmatch(r"[0-9]+", text):
        return False
    digits = [int(digit) for digit in reversed(text)]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + doubled) % 10 == 0


def mobile_faults(text: str, *, row: int | None = None, field: str | None = None) -> list[Fault]:
    """Check a mainland mobile number: 11 digits, 1 and then 3 to 9."""
    if re.fullmatch(r"1[3-9][0-9]{9}", text):
        return []
    zh, en = "手机号应为 1 开头的 11 位数字", "The mobile number must be 11 digits such as 13…"
    return [Fault(code="mobile-form", zh=zh, en=en, row=row, field=field)]


def mask_id(text: str, *, public: bool = False) -> str:
    """Mask an identity number as 6+8*+4, or 4+10*+4 on public lists; another length wholly."""
    if len(text) != 18:
        return "*" * 18
    head = 4 if public else 6
    return text[:head] + "*" * (14 - head) + text[-4:]


def mask_card(text: str) -> str:
    """Mask an account number as ``6228 **** **** 0018``; under 16 digits only the last two show."""
    if len(text) >= 16:
        return f"{text[:4]} **** **** {text[-4:]}"
    return f"**** {text[-2:]}" if len(text) >= 8 else "****"


def mask_phone(text: str) -> str:
    """Mask a mobile number as ``138****1234``; anything but 11 characters wholly."""
    return f"{text[:3]}****{text[-4:]}" if len(text) == 11 else "*" * 11


def mask_name(text: str) -> str:
    """Mask a person's name: 王*, 王*明, 欧**华; one character is masked wholly."""
    if len(text) <= 2:
        return text[: len(text) - 1] + "*"
    return text[0] + "*" * (len(text) - 2) + text[-1]
