"""The weather behind a plan: asked for by area, outside of any transaction."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date

from backend.core.clock import Clock
from backend.gateways.weather import DAYS_MAX, Forecast, Place, WeatherGateway, WeatherNotRead
from backend.operations import planning

SECONDS_MAX = 90.0
_AT_ONCE = 4


class NoForecast(Exception):
    """The weather cannot be had now: the plan fails with a reason."""


def days_ahead(today: date, day: date, days: int) -> int:
    """Return how many days from today on a forecast has to reach; today alone is 1."""
    return (day - today).days + days


async def outlook(
    gateway: WeatherGateway | None,
    clock: Clock,
    *,
    areas: Sequence[str],
    products: Iterable[tuple[str, str]],
    day: date,
    days: int,
) -> planning.Outlook:
    """Return the windows by the forecast of each area; raise `NoForecast`.

    ``products`` are pairs of product and kind.
    """
    reach = days_ahead(clock.today(), day, days)
    if gateway is None or not 1 <= reach <= DAYS_MAX:
        raise NoForecast
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(area: str) -> Forecast:
        longitude, latitude = planning.place_of(area)
        async with gate:
            return await gateway.hourly(Place(longitude=longitude, latitude=latitude), reach)

    asked = [asyncio.create_task(one(area)) for area in areas]
    try:
        answers = await asyncio.wait_for(asyncio.gather(*asked), SECONDS_MAX)
    except (WeatherNotRead, TimeoutError) as error:
        raise NoForecast from error
    finally:
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
    found = dict(zip(areas, answers, strict=True))
    return await asyncio.to_thread(planning.outlook, found, planning.kinds_of(products), day, days)
