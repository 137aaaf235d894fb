"""Codes: land codes and their agreement, check digits against published samples, masks."""

import string
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core import codes
from backend.core.errors import BadInput

TODAY = date(2026, 11, 23)
COLLECTIVE = codes.CollectiveCode("14042910024300")
DIGITS = st.text(string.digits, min_size=1, max_size=30)


def test_well_formed_codes_are_strings_of_themselves() -> None:
    parcel = codes.ParcelCode("1404291002430000017")
    assert parcel == "1404291002430000017"
    assert codes.collective_of(parcel) == COLLECTIVE
    assert codes.collective_of(COLLECTIVE) == COLLECTIVE
    assert COLLECTIVE.village() == "140429100243"
    contract = codes.ContractCode("140429100243000007J")
    assert contract.household() == "140429100243000007"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (codes.CollectiveCode, "1404291002430"),
        (codes.CollectiveCode, "04042910024300"),
        (codes.HouseholdCode, "14042910024300000"),
        (codes.HouseholdCode, "14042910024300000７"),
        (codes.ParcelCode, "140429100243000001 "),
        (codes.ParcelCode, "1404291002430000017\n"),
        (codes.ContractCode, "140429100243000007j"),
        (codes.ContractCode, "140429100243000007K"),
        (codes.RegionCode, "1404291"),
        (codes.LegacyCode, "短"),
    ],
)
def test_malformed_code_is_named_with_row_and_field(
    kind: type[codes.OfficialCode], text: str
) -> None:
    with pytest.raises(BadInput) as caught:
        kind(text, row=5, field="DKBM")
    (fault,) = caught.value.faults
    assert fault.code == f"{kind.name}-code-form"
    assert (fault.row, fault.field) == (5, "DKBM")
    assert text.strip() not in fault.en + fault.zh


@pytest.mark.parametrize("text", ["140429", "140429100", "140429100243"])
def test_regions_nest(text: str) -> None:
    assert codes.RegionCode(text).contains(COLLECTIVE)
    assert not codes.RegionCode(text).contains("14043010024300")


def test_pilot_parcel_codes_are_kept_and_19_character_ones_are_strict() -> None:
    assert isinstance(codes.parcel_code("14042910024300001"), codes.LegacyCode)
    assert isinstance(codes.parcel_code("1404291002430000017"), codes.ParcelCode)
    with pytest.raises(BadInput):
        codes.parcel_code("140429100243000001X")
    with pytest.raises(BadInput):
        codes.parcel_code("")


def test_codes_of_one_collective_agree() -> None:
    assert not codes.disagreements(
        collective=COLLECTIVE,
        household=codes.HouseholdCode("140429100243000007"),
        parcel=codes.ParcelCode("1404291002430000017"),
        contract=codes.ContractCode("140429100243000007Q"),
    )


def test_every_disagreement_is_listed_with_its_subject() -> None:
    """Another collective's household and parcel, and a third household's contract."""
    faults = codes.disagreements(
        collective=COLLECTIVE,
        household=codes.HouseholdCode("140429100244000007"),
        parcel=codes.ParcelCode("1404291002450000017"),
        contract=codes.ContractCode("140429100243000008J"),
        row=9,
    )
    assert [fault.code for fault in faults] == [
        "household-of-another-collective",
        "parcel-of-another-collective",
        "contract-of-another-household",
    ]
    assert {(fault.row, fault.subject) for fault in faults} == {(9, "1404291002450000017")}


@pytest.mark.parametrize(
    "text",
    ["11010519491231002X", "140429197001010014", "140429198512310021", "140429199202291237"],
)
def test_published_identity_samples_pass(text: str) -> None:
    assert not codes.id_faults(text, today=TODAY)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("110105194912310021", {"id-check"}),
        ("11010519491231002x", {"id-form"}),
        ("1101051949123100", {"id-form"}),
        ("140429199302291237", {"id-birth", "id-check"}),
        ("", {"id-form"}),
    ],
)
def test_identity_faults_are_named(text: str, expected: set[str]) -> None:
    assert {fault.code for fault in codes.id_faults(text, today=TODAY)} == expected


def test_birth_is_judged_by_the_injected_day() -> None:
    """A person is valid on the day of birth and a fault the day before."""
    text = codes.make_id("990000", TODAY, 1)
    assert not codes.id_faults(text, today=TODAY)
    (fault,) = codes.id_faults(text, today=TODAY - timedelta(days=1), row=2)
    assert (fault.code, fault.row) == ("id-future", 2)


@given(st.dates(date(1900, 1, 1), TODAY), st.integers(0, 999), st.integers(0, 17), st.data())
def test_made_up_ids_pass_and_any_changed_digit_fails(
    birth: date, seq: int, place: int, data: st.DataObject
) -> None:
    text = codes.make_id("990000", birth, seq)
    assert not codes.id_faults(text, today=TODAY)
    other = data.draw(st.sampled_from([d for d in "0123456789" if d != text[place]]))
    assert codes.id_faults(text[:place] + other + text[place + 1 :], today=TODAY)


@pytest.mark.parametrize(("area", "seq"), [("140429", 1), ("99000", 1), ("990000", 1000)])
def test_no_number_of_a_real_area_is_made(area: str, seq: int) -> None:
    with pytest.raises(ValueError, match="99xxxx"):
        codes.make_id(area, TODAY, seq)


def test_canonical_id_has_a_capital_x() -> None:
    assert codes.canonical_id(" 11010519491231002x ") == "11010519491231002X"


@pytest.mark.parametrize(
    "text",
    ["91350100M000100Y43", "N2140429MF0000013P", "93140429MA0K00013Q", "54140429ME000001XH"],
)
def test_published_credit_code_samples_pass(text: str) -> None:
    assert not codes.uscc_faults(text)


def test_credit_code_faults_are_named() -> None:
    assert [f.code for f in codes.uscc_faults("91350100M000100Y44")] == ["uscc-check"]
    assert [f.code for f in codes.uscc_faults("9135010OM000100Y43")] == ["uscc-form"]
    wrong_inside = codes.uscc_faults("N2140429MF0000023P")
    assert "uscc-organisation-check" in {fault.code for fault in wrong_inside}


@given(st.sampled_from(["N1", "N2", "N3", "93", "91"]), st.integers(0, 999_999))
def test_made_up_credit_codes_pass(kind: str, seq: int) -> None:
    assert not codes.uscc_faults(codes.make_uscc(kind, "140429", seq))


def test_made_up_credit_code_needs_its_form() -> None:
    assert codes.make_uscc("N2", "140429", 1) == "N2140429MF0000013P"
    with pytest.raises(ValueError, match="two characters"):
        codes.make_uscc("N", "140429", 1)


@pytest.mark.parametrize("text", ["6228480000000000018", "6217000000000000012"])
def test_published_cards_pass_luhn(text: str) -> None:
    assert not codes.card_faults(text)
    assert not codes.card_warnings(text)


def test_unlucky_account_is_only_a_warning() -> None:
    """A passbook number that fails Luhn is still accepted."""
    assert not codes.card_faults("6228480000000000019")
    assert [f.code for f in codes.card_warnings("6228480000000000019")] == ["card-luhn"]
    assert [f.code for f in codes.card_warnings("0404000000018")] == ["card-luhn"]
    assert [f.code for f in codes.card_faults("6228 4800")] == ["card-form"]


@given(DIGITS, st.integers(0, 29), st.integers(1, 9))
def test_luhn_catches_every_single_digit_error(body: str, place: int, shift: int) -> None:
    text = next(body + check for check in string.digits if codes.luhn(body + check))
    place %= len(text)
    wrong = str((int(text[place]) + shift) % 10)
    assert not codes.luhn(text[:place] + wrong + text[place + 1 :])


def test_luhn_takes_digits_only() -> None:
    assert not codes.luhn("")
    assert not codes.luhn("０")


@pytest.mark.parametrize(
    ("text", "fault_count"),
    [("13800001234", 0), ("19900000000", 0), ("12800001234", 1), ("1380000123", 1), ("", 1)],
)
def test_mobile_form(text: str, fault_count: int) -> None:
    assert len(codes.mobile_faults(text)) == fault_count


def test_masks_follow_the_defaults() -> None:
    assert codes.mask_id("140429197001010014") == "140429********0014"
    assert codes.mask_id("140429197001010014", public=True) == "1404**********0014"
    assert codes.mask_card("6228480000000000018") == "6228 **** **** 0018"
    assert codes.mask_phone("13800001234") == "138****1234"
    names = [codes.mask_name(name) for name in ("王", "王明", "王小明", "欧阳小华")]
    assert names == ["*", "王*", "王*明", "欧**华"]


@given(st.text(max_size=17))
def test_malformed_values_are_masked_wholly(text: str) -> None:
    """A short value shows at most two characters of an account, and nothing else."""
    assert set(codes.mask_id(text)) == {"*"}
    assert len(text) == 11 or set(codes.mask_phone(text)) == {"*"}
    assert len(text) >= 8 or codes.mask_card(text) == "****"
    assert len(text) >= 16 or len(codes.mask_card(text).lstrip("* ")) <= 2
    assert codes.mask_name(text[:1]) == "*" or codes.mask_name(text).count("*") >= 1
