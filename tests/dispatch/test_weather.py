"""Hourly weather becomes windows that hold, and every closed hour says why."""

import gzip
import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dispatch.land import Window
from dispatch.validation import InvalidProblem
from dispatch.weather import (
    CHINESE_COLUMNS,
    SHANGHAI,
    Forecast,
    Hour,
    Reason,
    Rules,
    catalogue,
    daylight,
    explain_hour,
    figures,
    force,
    read_station,
    stamp,
    strip,
    windows,
)

SHARED = Path(os.environ.get("TGJ_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
STATION = SHARED / "weather" / "PRSA_Changping_Beijing_hourly_2013-2017.csv.gz"
DAY = date(2026, 7, 1)
MIDNIGHT = datetime(2026, 7, 1, tzinfo=SHANGHAI)
WUXIANG = (112.86, 36.84)
PLAIN = Rules(kind="plain", rain_fast_s=0, daylight=False, window_s_min=0)
"""Wind to force 3, no rain now, 5 to 30 °C; nothing else."""


def hour(number: int, **facts: Any) -> Hour:
    """A calm, dry, mild hour, ``number`` hours after midnight."""
    calm = {"wind_cm_per_s": 100, "rain_um": 0, "temperature_cdeg": 2000}
    return Hour(start=MIDNIGHT + timedelta(hours=number), **(calm | facts))


def forecast(hours: list[Hour], area_id: str = "") -> Forecast:
    """A forecast of the hours given."""
    return Forecast(area_id=area_id, source="test", issued_at=MIDNIGHT, hours=tuple(hours))


def calm(count: int = 48, **changed: dict[str, int]) -> Forecast:
    """``count`` calm hours; ``h9={"rain_um": 100}`` changes the hour from nine o'clock."""
    return forecast([hour(each, **changed.get(f"h{each}", {})) for each in range(count)])


def spans(given_: Forecast, rules: Rules, days: int = 1) -> list[tuple[int, int]]:
    """The windows of one product in seconds."""
    made = windows([given_], {"mix": rules}, DAY, days, places={given_.area_id: WUXIANG})
    return [(one.start_s, one.end_s) for one in made]


@pytest.mark.parametrize(
    ("cm_per_s", "expected"),
    [
        (0, 0), (20, 0), (30, 1), (150, 1), (160, 2), (330, 2), (331, 3), (340, 3), (540, 3),
        (541, 4), (550, 4), (790, 4), (800, 5), (3260, 11), (3270, 12), (6120, 17), (6130, 18),
    ],
)  # fmt: skip
def test_force_follows_the_standards_table(cm_per_s: int, expected: int) -> None:
    """Both ends of the rows of GB/T 28591 have their force, and between rows the higher one."""
    assert force(cm_per_s) == expected


@pytest.mark.parametrize(("kmh", "expected"), [(5, 1), (6, 2), (11, 2), (12, 3), (19, 3), (20, 4)])
def test_force_agrees_with_the_column_in_kmh(kmh: int, expected: int) -> None:
    """Whole km/h, as forecasts give them, fall on the force that the km/h column states."""
    assert force(round(kmh * 250 / 9)) == expected


@pytest.mark.parametrize(
    ("day", "sunrise", "sunset"),
    [
        (date(2024, 6, 21), (4, 46), (19, 46)),
        (date(2024, 12, 21), (7, 33), (16, 53)),
        (date(2024, 3, 20), (6, 17), (18, 27)),
    ],
)
def test_daylight_is_that_of_the_almanac(
    day: date, sunrise: tuple[int, int], sunset: tuple[int, int]
) -> None:
    """Sunrise and sunset of Beijing lie within two minutes of the almanac's."""
    ((low, high),) = daylight(day, (116.4, 39.9))
    assert abs(low - (sunrise[0] * 60 + sunrise[1]) * 60) <= 120
    assert abs(high - (sunset[0] * 60 + sunset[1]) * 60) <= 120


def test_daylight_far_from_china_and_at_the_poles() -> None:
    """On the other side of the globe the light wraps midnight; polar days and nights are whole."""
    assert len(daylight(DAY, (-64.0, 40.0))) == 2
    assert daylight(DAY, (20.0, 80.0)) == ((0, 86_400),)
    assert daylight(date(2026, 12, 21), (20.0, 80.0)) == ()


def test_calm_hours_merge_and_stop_at_midnight() -> None:
    """Two calm days are two windows, never one across midnight."""
    assert spans(calm(), PLAIN, days=2) == [(0, 86_400), (86_400, 172_800)]


def test_the_window_ends_before_rain_by_the_rain_fast_hours() -> None:
    """Rain from 15:00 and four rain-fast hours: the window ends at 11:00 and begins after it."""
    given_ = calm(h15={"rain_um": 100})
    rules = replace(PLAIN, rain_fast_s=4 * 3600)
    assert spans(given_, rules) == [(0, 11 * 3600), (16 * 3600, 86_400)]
    assert spans(given_, replace(rules, rain_fast_s=5400)) == [
        (0, 15 * 3600 - 5400),
        (16 * 3600, 86_400),
    ]


def test_rain_after_midnight_closes_the_evening_before() -> None:
    """Rain at one o'clock of the next day reaches back across midnight."""
    rules = replace(PLAIN, rain_fast_s=4 * 3600)
    assert spans(calm(h25={"rain_um": 1}), rules) == [(0, 21 * 3600)]


def test_what_a_series_lacks_is_not_usable() -> None:
    """A gap closes its hour and, for want of knowing, the rain-fast hours before it."""
    hours = [hour(each) for each in range(30) if each != 12]
    rules = replace(PLAIN, rain_fast_s=2 * 3600)
    assert spans(forecast(hours), rules) == [(0, 10 * 3600), (13 * 3600, 86_400)]
    state = strip(forecast(hours), rules, DAY, 1)[11]
    assert [one.reason for one in state.closures] == [Reason.RAIN_UNKNOWN]
    assert spans(forecast(hours[:23]), rules)[-1] == (13 * 3600, 22 * 3600)
    assert forecast(hours).missing() == (MIDNIGHT + timedelta(hours=12),)


def test_noon_closes_by_the_clock_or_by_heat() -> None:
    """Without a temperature noon always closes; with one only in hours as hot as it."""
    by_clock = replace(PLAIN, noon_start_s=41_400, noon_end_s=54_000)
    assert spans(calm(), by_clock) == [(0, 41_400), (54_000, 86_400)]
    by_heat = replace(by_clock, noon_cdeg=2800)
    hot = calm(h12={"temperature_cdeg": 2800}, h16={"temperature_cdeg": 2900})
    assert spans(hot, by_heat) == [(0, 43_200), (46_800, 86_400)]


def test_a_rest_that_is_too_short_is_dropped_and_says_so() -> None:
    """An hour between two windy ones is less than two hours and is no window."""
    given_ = calm(h9={"wind_cm_per_s": 600}, h11={"wind_cm_per_s": 600})
    rules = replace(PLAIN, window_s_min=7200)
    assert spans(given_, rules) == [(0, 32_400), (43_200, 86_400)]
    state = strip(given_, rules, DAY, 1)[10]
    assert [one.reason for one in state.closures] == [Reason.SHORT]
    just = replace(rules, window_s_min=3600)
    assert spans(given_, just) == [(0, 32_400), (36_000, 39_600), (43_200, 86_400)]


@pytest.mark.parametrize(
    ("facts", "reason", "zh"),
    [
        ({"wind_cm_per_s": 560}, Reason.WIND, "风力 4 级，超过 3 级"),
        ({"gust_cm_per_s": 930}, Reason.GUST, "阵风 9.3 m/s，超过 7.9"),
        ({"rain_um": 200}, Reason.RAIN, "有降水 0.2 mm"),
        ({"temperature_cdeg": 350}, Reason.COLD, "气温 3.5 ℃，低于 5"),
        ({"temperature_cdeg": 3140}, Reason.HEAT, "气温 31.4 ℃，高于 30"),
        ({"humidity_permille": 250}, Reason.DRY, "相对湿度 250‰，低于 300‰"),
        ({"humidity_permille": 950}, Reason.HUMID, "相对湿度 950‰，高于 900‰"),
    ],
)
def test_an_hour_says_why_it_is_closed(facts: dict[str, int], reason: Reason, zh: str) -> None:
    """Each limit has its reason with the amount and the limit in words, and nothing more."""
    rules = replace(
        PLAIN, gust_cm_per_s_max=790, humidity_permille_min=300, humidity_permille_max=900
    )
    at = MIDNIGHT + timedelta(hours=8, minutes=20)
    state = explain_hour(calm(h8=facts), rules, at)
    assert [(one.reason, one.sentence("zh")) for one in state.closures] == [(reason, zh)]
    assert state.closures[0].sentence("en")
    assert state.open_s == 0
    assert explain_hour(calm(), rules, at).open_s == 3600


def test_an_hour_gives_every_reason_at_once() -> None:
    """A wet, windy night hour names wind, rain and the dark; sunrise leaves its hour in part."""
    rules = replace(PLAIN, daylight=True)
    given_ = calm(h2={"wind_cm_per_s": 900, "rain_um": 5000})
    states = strip(given_, rules, DAY, 1, place=WUXIANG)
    assert [one.reason for one in states[2].closures] == [Reason.WIND, Reason.RAIN, Reason.DARK]
    assert 0 < states[5].open_s < 3600
    with pytest.raises(InvalidProblem, match="needed for daylight"):
        strip(given_, rules, DAY, 1)


def test_products_and_areas_with_the_same_span_share_a_window() -> None:
    """One windy area and a stricter herbicide: as many windows as there are differences."""
    breezy = forecast([hour(each, wind_cm_per_s=400) for each in range(24)], "upper")
    still = [forecast([hour(each) for each in range(24)], name) for name in ("lower", "middle")]
    products = {
        "mix-a": PLAIN,
        "mix-b": replace(PLAIN, kind="other"),
        "weeds": replace(PLAIN, kind="weeds", wind_force_max=2),
    }
    assert windows([breezy, *still], products, DAY, 1, places={}) == (
        Window(start_s=0, end_s=86_400, products=("mix-a", "mix-b"), areas=("upper",)),
        Window(
            start_s=0,
            end_s=86_400,
            products=("mix-a", "mix-b", "weeds"),
            areas=("lower", "middle"),
        ),
    )


@pytest.mark.parametrize(
    ("forecasts", "days", "said"),
    [
        ([calm(), calm()], 1, "area_id of area  is given twice"),
        ([calm(), replace(calm(), area_id="a")], 1, "needed with several areas"),
        ([calm()], 0, "days of windows"),
        ([calm()], 15, "days of windows"),
    ],
)
def test_windows_refuse_what_they_cannot_mean(
    forecasts: list[Forecast], days: int, said: str
) -> None:
    """Repeated and nameless areas and horizons beyond the problem's are refused by name."""
    with pytest.raises(InvalidProblem, match=said):
        windows(forecasts, {"mix": PLAIN}, DAY, days, places={})


def test_daylight_needs_a_place() -> None:
    """An area without coordinates is named."""
    with pytest.raises(InvalidProblem, match="places of area west"):
        windows([replace(calm(), area_id="west")], catalogue(), DAY, 1, places={})


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"start": datetime(2026, 7, 1, 8)}, "start of hour 2026-07-01T08:00:00 needs"),  # noqa: DTZ001 - the fault
        ({"start": MIDNIGHT + timedelta(minutes=30)}, "must be on a whole hour"),
        ({"wind_cm_per_s": -1}, "wind_cm_per_s of hour 2026-07-01T00:00:00"),
        ({"wind_cm_per_s": 12_001}, "wind_cm_per_s"),
        ({"wind_cm_per_s": 3.5}, "must be an integer"),
        ({"rain_um": -1}, "rain_um"),
        ({"temperature_cdeg": 9_999}, "temperature_cdeg"),
        ({"gust_cm_per_s": -5}, "gust_cm_per_s"),
        ({"humidity_permille": 1001}, "humidity_permille"),
    ],
)
def test_impossible_hours_are_refused_by_name(facts: dict[str, Any], said: str) -> None:
    """The message names the hour and the field."""
    with pytest.raises(InvalidProblem, match=said):
        replace(hour(0), **facts)


def test_repeated_and_disordered_hours_are_refused_by_name() -> None:
    """The second of two equal hours is named, whatever offset it is written with."""
    same = replace(hour(3), start=(MIDNIGHT + timedelta(hours=3)).astimezone(UTC))
    with pytest.raises(InvalidProblem, match=r"hour 2026-06-30T19:00:00.00:00 is given twice"):
        forecast([hour(3), same])
    with pytest.raises(InvalidProblem, match=r"hour 2026-07-01T03:00:00.08:00 is out of order"):
        forecast([hour(4), hour(3)])


def test_a_stamp_names_the_weather_and_changes_with_every_value() -> None:
    """Order does not matter, one value does; the head can be read by a person."""
    one, two = replace(calm(3), area_id="a"), replace(calm(4), area_id="b")
    text = stamp([one, two])
    assert text.startswith("test@2026-07-01T00:00+08:00×2 sha256:")
    assert text == stamp([two, one])
    moved = replace(one, issued_at=one.issued_at.astimezone(UTC))
    assert text == stamp([moved, two])
    changes: tuple[dict[str, Any], ...] = (
        {"gust_cm_per_s": 0},
        {"rain_um": 1},
        {"humidity_permille": 0},
    )
    for change in changes:
        hours = (*one.hours[:2], replace(one.hours[2], **change))
        assert stamp([replace(one, hours=hours), two]) != text


def test_every_rule_is_dated_and_sourced() -> None:
    """The four kinds exist; each number has a source and a known confidence; herbicide is strictest."""  # noqa: E501 - one sentence
    rules = catalogue()
    assert set(rules) == {"insecticide", "fungicide", "herbicide", "foliar"}
    assert {rules[kind].wind_force_max for kind in rules} == {2, 3}
    assert rules["herbicide"].wind_force_max == 2
    assert all(len(one.source) > 20 for one in figures())
    assert {one.confidence for one in figures()} == {"cited", "practice", "house"}


@pytest.mark.parametrize(
    "facts",
    [
        {"kind": ""},
        {"wind_force_max": 19},
        {"temperature_cdeg_min": 3000, "temperature_cdeg_max": 2000},
        {"noon_start_s": 50_000, "noon_end_s": 40_000},
        {"humidity_permille_min": 800, "humidity_permille_max": 700},
        {"daylight": 1},
    ],
)
def test_rules_that_cannot_be_are_refused(facts: dict[str, Any]) -> None:
    """Ranges the wrong way round and values out of bounds are refused."""
    with pytest.raises(InvalidProblem):
        replace(PLAIN, **facts)


def read(text: str) -> Forecast:
    """Read our own layout."""
    return read_station(
        text.splitlines(),
        area_id="a",
        source="station",
        issued_at=MIDNIGHT,
        columns=CHINESE_COLUMNS,
    )


HEADER = "时间,风速(m/s),降水量(mm),气温(℃),阵风(m/s),相对湿度(%)\n"


def test_a_stations_values_become_the_internal_units() -> None:
    """m/s, mm, °C and per cent are scaled half up; a blank gust is none, a blank wind no hour."""
    made = read(HEADER + "2026-07-01 08:00,3.345,0.2,-0.005,,61.5\n2026-07-01 09:00,,0,20,1,50\n")
    assert made.hours == (
        hour(8, wind_cm_per_s=335, rain_um=200, temperature_cdeg=-1, humidity_permille=615),
    )


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("2026-07-01 08:00,fast,0,20,,\n", r"风速\(m/s\) of row 2 is no number: fast"),
        ("2026-07-01 08:00,Infinity,0,20,,\n", "row 2 is no number"),
        ("2026-07-01 25:00,1,0,20,,\n", "时间 of row 2 is no time"),
        ("2026-07-01 08:00,1,0\n", "row of row 2"),
        ("2026-07-01 08:00,1,-1,20,,\n", r"rain_um of row 2 \(hour 2026-07-01T08:00:00.08:00\)"),
        ("2026-07-01 08:30,1,0,20,,\n", "start of row 2"),
        ("2026-07-01 08:00,1,0,20,,\n2026-07-01 08:00,1,0,20,,\n", "given twice"),
    ],
)
def test_a_bad_row_is_named(rows: str, said: str) -> None:
    """Row (the header is row 1) and column stand in the message."""
    with pytest.raises(InvalidProblem, match=said):
        read(HEADER + rows)


def test_an_absent_column_is_named() -> None:
    """A file without wind is refused before its rows are read."""
    with pytest.raises(InvalidProblem, match=r"风速\(m/s\) of row 1"):
        read("时间,降水量(mm),气温(℃)\n")


def test_four_years_of_a_real_station() -> None:
    """35,064 rows: 35,010 hours and 54 blanks; spring is dry, July and August are hot and wet."""
    if not STATION.is_file():
        pytest.skip("the shared real data are not here; set TGJ_SHARED_DATA")
    with gzip.open(STATION, "rt", encoding="utf-8") as lines:
        given_ = read_station(lines, area_id="cp", source="PRSA", issued_at=MIDNIGHT)
    assert (len(given_.hours), len(given_.missing())) == (35_010, 54)
    usable: dict[str, list[int]] = {}
    for kind in ("insecticide", "herbicide"):
        rules = catalogue()[kind]
        for month in range(4, 10):
            month_s = 0
            for year in (2013, 2014, 2015, 2016):
                days = 30 if month in {4, 6, 9} else 31
                first = date(year, month, 1)
                states = strip(given_, rules, first, days, place=(116.23, 40.22))
                month_s += sum(one.open_s for one in states)
            usable.setdefault(kind, []).append(round(month_s / 3600 / 4))
    assert usable == {
        "insecticide": [351, 330, 247, 196, 199, 289],
        "herbicide": [242, 259, 221, 184, 183, 269],
    }
