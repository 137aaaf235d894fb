"""Which weather source an installation has."""

from backend.core.clock import Clock
from backend.core.settings import Settings
from backend.gateways.weather.open_meteo import PUBLIC_HOST, OpenMeteo
from backend.gateways.weather.qweather import ApiKey, QWeather, SignedToken
from backend.gateways.weather.sandbox import SandboxWeather
from backend.gateways.weather.series import WeatherGateway


def weather_gateway(settings: Settings, clock: Clock) -> WeatherGateway | None:
    """Return the source that the settings name; None for ``off``: windows are entered by hand."""
    if settings.weather_gateway == "sandbox":
        return SandboxWeather(clock)
    if settings.weather_gateway == "open-meteo":
        host = settings.weather_host or PUBLIC_HOST
        return OpenMeteo(clock, host=host, key=settings.weather_key)
    if settings.weather_gateway == "qweather":
        credential = (
            SignedToken(
                project_id=settings.weather_project,
                key_id=settings.weather_key_id,
                private_key=settings.weather_key,
            )
            if settings.weather_key_id
            else ApiKey(settings.weather_key)
        )
        return QWeather(settings.weather_host, credential, clock)
    return None
