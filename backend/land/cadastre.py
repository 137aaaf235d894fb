"""Reading a cadastral file's parcels: codes, areas and sound polygons; no database here."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Literal, TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray

from backend.core import codes, geometry
from backend.core.area import Area, AreaKind
from backend.core.errors import BadInput, Fault
from backend.core.geometry import Polygonal, Refused, Repaired
from backend.core.intake import LAND_FIELDS, Columns, Feature, FeatureSet
from backend.land.rules import SURVEY_SHARE_MAX
from backend.parties.reports import Findings

COLUMNS = Columns(
    {
        **LAND_FIELDS,
        "registered_mu": ("QQMJM", "确权面积(亩)", "登记面积(亩)"),
        "registered_m2": ("QQMJ", "确权面积(平方米)", "登记面积(㎡)"),
    }
)
_Code = TypeVar("_Code", bound=codes.OfficialCode)
_KINDS = (AreaKind.REGISTERED, AreaKind.CONTRACT, AreaKind.SURVEYED)
_TEXT_MAX = 100
_UNUSED_LISTED_MAX = 20
_DECIMALS = 8
_AREA_M2_MAX = 1e10
_ROUNDING_M2 = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelOptions:
    """What the person who imports decides.

    ``assign_codes`` gives parcels without a code the collective's next free numbers in file
    order. ``area_field`` names the property that holds the surveyed area, in ``area_unit``.
    ``strict_overlaps`` refuses overlaps instead of remarking on them. ``leave_out`` leaves
    parcels whose polygon is refused or a duplicate out, by name, instead of refusing the file.
    """

    assign_codes: bool = False
    area_field: str | None = None
    area_unit: Literal["mu", "m2"] = "m2"
    strict_overlaps: bool = False
    leave_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelEntry:
    """One parcel of the file; what it leaves blank is None and says nothing.

    ``code`` is None for a parcel that waits for a number. ``polygon`` is valid, in degrees, and
    rounded to the 8 decimals that are stored.
    """

    row: int
    code: str | None
    household_code: str | None
    name: str | None
    crop: str | None
    block: str | None
    polygon: Polygonal | None
    polygon_m2: float | None
    areas: Mapping[AreaKind, Area]
    computed: bool
    """The surveyed area was computed from the polygon because the file states none."""


@dataclass(slots=True)
class Cadastre:
    """A file's parcels and what was found on the way."""

    entries: list[ParcelEntry] = field(default_factory=list)
    repaired: int = 0
    refused: int = 0
    survey_difference_ppm: int = 0
    """Largest difference between a stated surveyed area and its polygon, in millionths."""


def sets_by_collective(features: FeatureSet) -> dict[str, FeatureSet]:
    """Split a county's file by the first 14 characters of the parcel's or household's code."""
    columns = COLUMNS.match(_names(features))
    groups: dict[str, list[Feature]] = defaultdict(list)
    for feature in features.features:
        code = _text(feature, columns.get("parcel_code"))
        groups[(code or _text(feature, columns.get("household_code")))[:14]].append(feature)
    return {
        code: FeatureSet(features.crs, tuple(found), features.notes)
        for code, found in sorted(groups.items())
    }


def read_cadastre(
    features: FeatureSet, *, collective_code: str, options: ParcelOptions, findings: Findings
) -> Cadastre:
    """Return the file's parcels in file order; whatever is wrong goes to ``findings``.

    Codes are compared with the collective and each other (GB/T 35958); polygons are brought to
    degrees and repaired, or refused by name.
    """
    names = _names(features)
    if options.area_field is not None and options.area_field not in names:
        listed = "、".join(names[:40])
        zh = f"没有面积字段 {options.area_field}；现有：{listed}"
        en = f"No field {options.area_field}; seen: {listed}"
        raise BadInput([Fault(code="area-field", zh=zh, en=en, field=options.area_field)])
    columns = COLUMNS.match(names)
    _warn_of_unused(names, {*columns.values(), options.area_field}, findings)
    reader = _Reader(codes.CollectiveCode(collective_code), columns, options, findings)
    shapes = _rounded(
        geometry.to_lonlat([feature.geometry for feature in features.features], features.crs)
    )
    sizes_m2 = geometry.areas_m2(list(shapes))
    for feature, shape, size_m2 in zip(features.features, shapes, sizes_m2, strict=True):
        reader.read(feature, shape, float(size_m2))
    _warn_of_all(reader.cadastre.entries, findings)
    return reader.cadastre


def _warn_of_unused(names: Sequence[str], used: Collection[str | None], findings: Findings) -> None:
    """Name the fields that nothing was taken from: a misspelt one, or an area without its unit."""
    unused = [name for name in names if name and name not in used]
    if unused:
        listed = "、".join(unused[:_UNUSED_LISTED_MAX]) + "…" * (len(unused) > _UNUSED_LISTED_MAX)
        findings.warn("fields-unused", f"未使用的字段：{listed}", f"Fields not used: {listed}")


def _warn_of_all(entries: Sequence[ParcelEntry], findings: Findings) -> None:
    findings.warn_of_all(
        "parcel-without-household",
        [one.row for one in entries if one.household_code is None],
        "{count} 块地没有承包方编码，按集体未发包土地登记",
        "{count} parcels name no household: they count as collective land",
    )
    findings.warn_of_all(
        "parcel-without-polygon",
        [one.row for one in entries if one.polygon is None],
        "{count} 块地没有图形",
        "{count} parcels have no polygon",
    )
    findings.warn_of_all(
        "survey-computed",
        [one.row for one in entries if one.computed],
        "{count} 块地未注明实测面积，按图形计算",
        "{count} parcels state no surveyed area: it is computed from the polygon",
    )


def _names(features: FeatureSet) -> list[str]:
    """Return the property names of all features in the order of their first occurrence."""
    return list(dict.fromkeys(name for one in features.features for name in one.properties))


def _rounded(shapes: Sequence[Polygonal | None]) -> NDArray[np.object_]:
    """Round to the decimals that are stored, so that what is checked is what is kept."""
    array: NDArray[np.object_] = np.empty(len(shapes), dtype=object)
    array[:] = shapes
    rounded: NDArray[np.object_] = shapely.transform(
        array, lambda coordinates: np.round(coordinates, _DECIMALS)
    )
    return rounded


def _text(feature: Feature, name: str | None) -> str:
    """Return a property as text; whole floats (a code in a DBF number) lose their point."""
    value: Any = None if name is None else feature.properties.get(name)
    if isinstance(value, float) and value == int(value):
        value = int(value)
    return "" if value is None else str(value)


class _Reader:
    """Reads one feature after the other into a `Cadastre`."""

    def __init__(
        self,
        collective: codes.CollectiveCode,
        columns: Mapping[str, str],
        options: ParcelOptions,
        findings: Findings,
    ) -> None:
        self.collective = collective
        self.columns = columns
        self.options = options
        self.findings = findings
        self.cadastre = Cadastre()
        self.seen: dict[str, int] = {}

    def read(self, feature: Feature, shape: Polygonal | None, size_m2: float) -> None:
        """Add the feature's parcel unless its code or polygon makes that impossible."""
        row = feature.number
        code, household_code = self._codes(feature)
        known_before = len(self.findings.faults)
        subject = code or f"第{row}号要素"
        polygon, polygon_m2 = None, None
        if shape is not None:
            sound = self._sound(shape, size_m2, row, subject)
            if sound is None:
                return
            polygon, polygon_m2 = sound
        areas, computed = self._areas(feature, polygon_m2, subject)
        if not areas and len(self.findings.faults) == known_before:
            zh, en = "既没有面积也没有图形", "It has neither an area nor a polygon"
            self.findings.wrong("parcel-without-area", zh, en, row=row, subject=subject)
        self.cadastre.entries.append(
            ParcelEntry(
                row=row,
                code=code,
                household_code=household_code,
                name=self._words(feature, "parcel_name"),
                crop=self._words(feature, "crop"),
                block=self._words(feature, "block"),
                polygon=polygon,
                polygon_m2=polygon_m2,
                areas=areas,
                computed=computed,
            )
        )

    def _codes(self, feature: Feature) -> tuple[str | None, str | None]:
        """Read and compare the codes; a code with a wrong form is a fault and comes back None."""
        row, columns, findings = feature.number, self.columns, self.findings
        texts = {
            name: _text(feature, columns.get(name))
            for name in ("parcel_code", "household_code", "contract_code", "collective_code")
        }
        parcel = self._code(codes.ParcelCode, "parcel_code", texts, row)
        household = self._code(codes.HouseholdCode, "household_code", texts, row)
        contract = self._code(codes.ContractCode, "contract_code", texts, row)
        findings.faults.extend(
            codes.disagreements(
                collective=self.collective,
                household=household,
                parcel=parcel,
                contract=contract,
                row=row,
            )
        )
        if texts["collective_code"] and texts["collective_code"] != self.collective:
            zh, en = f"发包方编码不是 {self.collective}", f"The collective is not {self.collective}"
            findings.wrong("collective-differs", zh, en, row=row, subject=parcel)
        if not texts["parcel_code"] and not self.options.assign_codes:
            zh = "没有地块编码；可选择自动编码（--assign-codes）"
            en = "There is no parcel code; codes can be assigned (--assign-codes)"
            findings.wrong("parcel-code-blank", zh, en, row=row, field=columns.get("parcel_code"))
        if parcel is not None:
            if parcel in self.seen:
                zh = f"地块编码与第 {self.seen[parcel]} 行重复"
                en = f"The parcel code occurs in row {self.seen[parcel]} already"
                findings.wrong("parcel-code-repeated", zh, en, row=row, subject=parcel)
            self.seen.setdefault(parcel, row)
        return parcel and str(parcel), household and str(household)

    def _code(
        self, kind: type[_Code], name: str, texts: Mapping[str, str], row: int
    ) -> _Code | None:
        text = texts[name]
        if not text:
            return None
        return self.findings.tried(kind, text, row=row, field=self.columns[name])

    def _words(self, feature: Feature, name: str) -> str | None:
        text = _text(feature, self.columns.get(name))
        if len(text) > _TEXT_MAX:
            zh, en = f"超过 {_TEXT_MAX} 个字", f"It has more than {_TEXT_MAX} characters"
            field = self.columns[name]
            self.findings.wrong("text-too-long", zh, en, row=feature.number, field=field)
        return text or None

    def _sound(
        self, shape: Polygonal, size_m2: float, row: int, subject: str
    ) -> tuple[Polygonal, float] | None:
        """Return a valid polygon and its size, or keep why it is refused and return None."""
        if shapely.is_valid(shape) and _ROUNDING_M2 < size_m2 < _AREA_M2_MAX:
            return shape, size_m2
        answer = geometry.repair(shape, row=row, subject=subject)
        if isinstance(answer, Repaired) and answer.fault is not None:
            answer = _settled(answer, row, subject)
        if isinstance(answer, Repaired) and answer.after_m2 < _AREA_M2_MAX:
            if answer.fault is not None:
                self.cadastre.repaired += 1
                self.findings.warnings.append(answer.fault)
            return answer.polygon, answer.after_m2
        self.cadastre.refused += 1
        if isinstance(answer, Refused):
            fault = answer.fault
        else:
            zh, en = "面积过大，不是地块", "It is too large for a parcel"
            fault = Fault(code="polygon-too-large", zh=zh, en=en, row=row, subject=subject)
        (self.findings.warnings if self.options.leave_out else self.findings.faults).append(fault)
        return None

    def _areas(
        self, feature: Feature, polygon_m2: float | None, subject: str
    ) -> tuple[dict[AreaKind, Area], bool]:
        """Return the stated areas; a surveyed one that is not stated comes from the polygon."""
        found: dict[AreaKind, Area] = {}
        for kind in _KINDS:
            area = self._stated(feature, kind, subject)
            if area is not None:
                found[kind] = area
        computed = AreaKind.SURVEYED not in found and polygon_m2 is not None
        if computed and polygon_m2 is not None:
            area = Area.from_m2(polygon_m2)
            if area.centimu > 0:
                found[AreaKind.SURVEYED] = area
            else:
                zh, en = "图形面积不足 0.01 亩", "The polygon is under 0.01 mu"
                self.findings.wrong(
                    "area-zero", zh, en, row=feature.number, field="geometry", subject=subject
                )
        elif polygon_m2 is not None:
            self._compare_survey(feature.number, found[AreaKind.SURVEYED], polygon_m2, subject)
        return found, computed

    def _stated(self, feature: Feature, kind: AreaKind, subject: str) -> Area | None:
        """Return the area of one kind; mu comes before m², and the two must agree."""
        mu, m2 = self.columns.get(f"{kind}_mu"), self.columns.get(f"{kind}_m2")
        if kind is AreaKind.SURVEYED and self.options.area_field is not None:
            chosen = self.options.area_field
            mu, m2 = (chosen, None) if self.options.area_unit == "mu" else (None, chosen)
        in_mu = None if mu is None else self._number(feature, mu, Fraction(2000, 3), subject)
        in_m2 = None if m2 is None else self._number(feature, m2, Fraction(1), subject)
        if in_mu is not None and in_m2 is not None:
            if abs(in_mu.centimu - in_m2.centimu) > 1:
                zh, en = f"{mu} 与 {m2} 不一致", f"{mu} and {m2} do not agree"
                self.findings.warn(
                    "area-units-differ", zh, en, row=feature.number, field=mu, subject=subject
                )
            return in_mu
        return in_mu or in_m2

    def _number(
        self, feature: Feature, name: str, m2_per_unit: Fraction, subject: str
    ) -> Area | None:
        """Read an area as exact decimal text; blank and zero are None, below zero is a fault."""
        text = str(feature.properties.get(name) or "").strip()
        try:
            value = Decimal(text or "0")
        except InvalidOperation:
            value = Decimal("NaN")
        if value == 0:
            return None
        if not value.is_finite() or not 0 < value < Decimal(_AREA_M2_MAX):
            zh, en = "面积应为大于零的数", "The area must be a number above zero"
        else:
            area = Area.from_m2(Fraction(value) * m2_per_unit)
            if area.centimu > 0:
                return area
            zh, en = "面积不足 0.01 亩", "The area is under 0.01 mu"
        self.findings.wrong("area-form", zh, en, row=feature.number, field=name, subject=subject)
        return None

    def _compare_survey(self, row: int, stated: Area, polygon_m2: float, subject: str) -> None:
        """Remark on a stated survey that is not its polygon's size, beyond rounding."""
        difference_m2 = abs(float(stated.m2()) - polygon_m2)
        beyond_m2 = max(0.0, difference_m2 - float(Area(1).m2()) / 2)
        ppm = round(1e6 * beyond_m2 / polygon_m2)
        self.cadastre.survey_difference_ppm = max(self.cadastre.survey_difference_ppm, ppm)
        if difference_m2 > max(_ROUNDING_M2, SURVEY_SHARE_MAX * polygon_m2):
            zh = f"实测面积 {stated} 亩与图形 {Area.from_m2(polygon_m2)} 亩不符"
            en = f"The survey says {stated} mu, the polygon is {Area.from_m2(polygon_m2)} mu"
            self.findings.warn("survey-differs", zh, en, row=row, subject=subject)


def _settled(repaired: Repaired, row: int, subject: str) -> Repaired | Refused:
    """Round a mended polygon as it will be stored; refuse one that rounding breaks again."""
    (rounded,) = _rounded([repaired.polygon])
    if shapely.is_valid(rounded):
        return Repaired(rounded, repaired.before_m2, repaired.after_m2, repaired.fault)
    again = geometry.repair(rounded, row=row, subject=subject)
    if isinstance(again, Refused):
        return again
    (rounded,) = _rounded([again.polygon])
    if not shapely.is_valid(rounded):
        zh, en = (
            "修复后的边界在毫米级仍自相交",
            "The repaired edge still crosses itself by a millimetre",
        )
        return Refused(
            Fault(code="polygon-invalid", zh=zh, en=en, row=row, field="geometry", subject=subject)
        )
    return Repaired(rounded, repaired.before_m2, again.after_m2, repaired.fault)
