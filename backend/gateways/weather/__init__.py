"""Weather forecasts: QWeather, Open-Meteo and a sandbox behind one protocol, in one set of units.

Wind in cm/s, rain in micrometres, temperature in hundredths of a degree, humidity in parts per
thousand: the field names are those of ``dispatch.weather.Hour``, which planning makes of these.
"""

from backend.gateways.weather.choosing import weather_gateway
from backend.gateways.weather.errors import (
    WeatherAnswerUnusable,
    WeatherKeyRefused,
    WeatherNotRead,
    WeatherQuotaUsed,
    WeatherUnreachable,
)
from backend.gateways.weather.fetching import Fetcher
from backend.gateways.weather.open_meteo import OpenMeteo
from backend.gateways.weather.qweather import ApiKey, QWeather, SignedToken
from backend.gateways.weather.sandbox import SandboxWeather
from backend.gateways.weather.series import DAYS_MAX, Forecast, Hour, Place, WeatherGateway

__all__ = [
    "DAYS_MAX",
    "ApiKey",
    "Fetcher",
    "Forecast",
    "Hour",
    "OpenMeteo",
    "Place",
    "QWeather",
    "SandboxWeather",
    "SignedToken",
    "WeatherAnswerUnusable",
    "WeatherGateway",
    "WeatherKeyRefused",
    "WeatherNotRead",
    "WeatherQuotaUsed",
    "WeatherUnreachable",
    "weather_gateway",
]
