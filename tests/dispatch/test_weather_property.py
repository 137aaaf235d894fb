"""Whatever the weather and the rules, windows hold: compared with the rules said once more."""

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.weather import Forecast, Rules, daylight, strip, windows
from tests.dispatch.test_weather import DAY, MIDNIGHT, forecast, hour


@st.composite
def weather(draw: Any) -> list[Forecast]:
    """Draw one or two areas over two days and a bit, with gaps."""
    made = []
    for name in ("east", "west")[: draw(st.integers(1, 2))]:
        hours = []
        for number in range(draw(st.integers(0, 60))):
            if draw(st.integers(0, 11)) == 0:
                continue
            wet = draw(st.integers(0, 9)) == 0
            hours.append(
                hour(
                    number,
                    wind_cm_per_s=draw(st.integers(0, 700)),
                    gust_cm_per_s=draw(st.none() | st.integers(0, 1200)),
                    rain_um=draw(st.integers(1, 5000)) if wet else 0,
                    temperature_cdeg=draw(st.integers(0, 3500)),
                    humidity_permille=draw(st.none() | st.integers(200, 1000)),
                )
            )
        made.append(forecast(hours, name))
    return made


RULES = st.builds(
    Rules,
    kind=st.just("drawn"),
    wind_force_max=st.integers(2, 4),
    gust_cm_per_s_max=st.none() | st.integers(500, 1200),
    temperature_cdeg_min=st.integers(0, 1000),
    temperature_cdeg_max=st.integers(2500, 3500),
    rain_fast_s=st.sampled_from([0, 5400, 4 * 3600]),
    humidity_permille_min=st.none() | st.integers(200, 400),
    noon_start_s=st.integers(39_000, 41_000),
    noon_end_s=st.integers(41_000, 54_000),
    noon_cdeg=st.none() | st.integers(2000, 3000),
    daylight=st.booleans(),
    window_s_min=st.sampled_from([0, 1800, 7200]),
)
PLACES = {"east": (117.0, 38.0), "west": (104.0, 30.0)}


def allowed(given_: Forecast, rules: Rules, at_s: int) -> bool:
    """Decide on one second without the library's spans: the rules said once more, plainly."""
    by_hour = {int((one.start - MIDNIGHT).total_seconds()) // 3600: one for one in given_.hours}
    now = by_hour.get(at_s // 3600)
    second = at_s % 86_400
    ((sunrise, sunset),) = daylight(DAY + timedelta(at_s // 86_400), PLACES[given_.area_id])
    if now is None or (rules.daylight and not sunrise <= second < sunset):
        return False
    noon = rules.noon_start_s <= second < rules.noon_end_s
    last = (at_s + rules.rain_fast_s) // 3600
    later = [by_hour.get(each) for each in range(at_s // 3600 + 1, last + 1)]
    gust, humidity = now.gust_cm_per_s, now.humidity_permille
    return (
        now.wind_cm_per_s <= {2: 330, 3: 540, 4: 790}[rules.wind_force_max]
        and (gust is None or gust <= (rules.gust_cm_per_s_max or 99_999))
        and (humidity is None or humidity >= (rules.humidity_permille_min or 0))
        and rules.temperature_cdeg_min <= now.temperature_cdeg <= rules.temperature_cdeg_max
        and now.rain_um == 0
        and all(one is not None and one.rain_um == 0 for one in later)
        and not (noon and (rules.noon_cdeg is None or now.temperature_cdeg >= rules.noon_cdeg))
    )


@given(weather(), RULES, RULES)
@settings(max_examples=60)
def test_windows_hold_whatever_the_weather(
    forecasts: list[Forecast], one: Rules, two: Rules
) -> None:
    """Every window is allowed throughout, is maximal, long enough, within a day and alone."""
    products = {"a": one, "b": two, "c": one}
    made = windows(forecasts, products, DAY, 2, places=PLACES)
    for area in forecasts:
        for product, rules in products.items():
            mine = [each for each in made if each.serves(product, area.area_id)]
            for each in mine:
                assert each.end_s - each.start_s >= max(1, rules.window_s_min)
                assert each.start_s // 86_400 == (each.end_s - 1) // 86_400
                inside = {*range(each.start_s, each.end_s, 900), each.end_s - 1}
                assert all(allowed(area, rules, at_s) for at_s in inside)
                if each.start_s % 86_400:
                    assert not allowed(area, rules, each.start_s - 1) or rules.window_s_min
                if each.end_s % 86_400:
                    assert not allowed(area, rules, each.end_s)
            for before, after in itertools.pairwise(mine):
                assert before.end_s < after.start_s or after.start_s % 86_400 == 0
            states = strip(area, rules, DAY, 2, place=PLACES[area.area_id])
            assert sum(state.open_s for state in states) == sum(
                each.end_s - each.start_s for each in mine
            )
            for state in states:
                assert (state.open_s < 3600) == bool(state.closures)


@given(weather(), RULES, st.integers(1, 500), st.sampled_from(["wind_cm_per_s", "rain_um"]))
@settings(max_examples=40)
def test_worse_weather_never_opens_an_hour(
    forecasts: list[Forecast], rules: Rules, more: int, name: str
) -> None:
    """More wind or rain in every hour, or an hour less of data, leaves no more than before."""
    given_ = forecasts[0]
    place = PLACES[given_.area_id]
    worse = tuple(replace(one, **{name: getattr(one, name) + more}) for one in given_.hours)
    before = strip(given_, rules, DAY, 2, place=place)
    for hours in (worse, given_.hours[1:], given_.hours[:-1]):
        after = strip(replace(given_, hours=hours), rules, DAY, 2, place=place)
        for old, new in zip(before, after, strict=True):
            assert new.open_s <= old.open_s
