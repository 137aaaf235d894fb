"""Settings: one frozen object, built by the command line and handed to `create_app`."""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self, cast, get_args

WeatherSource = Literal["off", "sandbox", "qweather", "open-meteo"]

_MASTER_KEY_OF_DEVELOPMENT = hashlib.sha256(b"development-only-master").digest()
_TOKEN_KEY_OF_DEVELOPMENT = hashlib.sha256(b"development-only-token").digest()


class SettingsRefused(ValueError):
    """The environment does not make a safe set of settings; the message names the variable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that differs between two installations.

    ``database_url`` is ``None`` for the embedded server, whose database is ``embedded_database``
    (the demo has one of its own, ``tgj_demo``). ``master_key`` (32 bytes) encrypts
    personal data, ``token_key`` (at least 32 bytes) signs access tokens. ``weather_key`` is the API
    key of the weather source, or with a ``weather_key_id`` the Ed25519 key (PEM) that signs tokens.
    ``solver_workers`` is how many processes solve one plan.
    """

    environment: Literal["development", "production"] = "development"
    database_url: str | None = field(default=None, repr=False)
    migration_url: str | None = field(default=None, repr=False)
    data_dir: Path = Path(".tgj")
    embedded_database: str = "tgj"
    master_key: bytes = field(default=_MASTER_KEY_OF_DEVELOPMENT, repr=False)
    token_key: bytes = field(default=_TOKEN_KEY_OF_DEVELOPMENT, repr=False)
    sms_gateway: Literal["sandbox", "http"] = "sandbox"
    sms_url: str | None = None
    sms_token: str = field(default="", repr=False)
    weather_gateway: WeatherSource = "sandbox"
    weather_host: str = ""
    weather_key: str = field(default="", repr=False)
    weather_key_id: str = ""
    weather_project: str = ""
    solver_workers: int = 1
    access_token_minutes: int = 15
    refresh_token_days: int = 30

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read the ``TGJ_*`` variables; raise `SettingsRefused` when one is unusable."""
        environment = environ.get("TGJ_ENVIRONMENT", "development")
        if environment not in ("development", "production"):
            raise SettingsRefused("TGJ_ENVIRONMENT is 'development' or 'production'")
        sms = environ.get("TGJ_SMS_GATEWAY", "sandbox")
        if sms not in ("sandbox", "http"):
            raise SettingsRefused("TGJ_SMS_GATEWAY is 'sandbox' or 'http'")
        settings = cls(
            environment="production" if environment == "production" else "development",
            database_url=environ.get("TGJ_DATABASE_URL"),
            migration_url=environ.get("TGJ_MIGRATION_URL"),
            data_dir=Path(environ.get("TGJ_DATA_DIR", ".tgj")),
            embedded_database=environ.get("TGJ_EMBEDDED_DATABASE", "tgj"),
            master_key=_key(environ, "TGJ_MASTER_KEY", _MASTER_KEY_OF_DEVELOPMENT),
            token_key=_key(environ, "TGJ_TOKEN_KEY", _TOKEN_KEY_OF_DEVELOPMENT),
            sms_gateway="http" if sms == "http" else "sandbox",
            sms_url=environ.get("TGJ_SMS_URL"),
            sms_token=environ.get("TGJ_SMS_TOKEN", ""),
            weather_gateway=_weather(environ, "off" if environment == "production" else "sandbox"),
            weather_host=environ.get("TGJ_WEATHER_HOST", ""),
            weather_key=environ.get("TGJ_WEATHER_KEY", ""),
            weather_key_id=environ.get("TGJ_WEATHER_KEY_ID", ""),
            weather_project=environ.get("TGJ_WEATHER_PROJECT", ""),
            solver_workers=_count(environ, "TGJ_SOLVER_WORKERS", 1, 64),
        )
        settings.refuse_unsafe()
        return settings

    def refuse_unsafe(self) -> None:
        """Raise `SettingsRefused` for half a weather source, or production on a shortcut."""
        if self.weather_gateway == "qweather" and not (self.weather_host and self.weather_key):
            raise SettingsRefused("TGJ_WEATHER_HOST, TGJ_WEATHER_KEY: QWeather needs both")
        if bool(self.weather_key_id) != bool(self.weather_project):
            raise SettingsRefused("TGJ_WEATHER_KEY_ID, TGJ_WEATHER_PROJECT: a token needs both")
        if self.environment != "production":
            return
        if self.database_url is None:
            raise SettingsRefused("TGJ_DATABASE_URL: production does not use the embedded server")
        if self.master_key == _MASTER_KEY_OF_DEVELOPMENT:
            raise SettingsRefused("TGJ_MASTER_KEY: production needs a key of its own")
        if self.token_key == _TOKEN_KEY_OF_DEVELOPMENT:
            raise SettingsRefused("TGJ_TOKEN_KEY: production needs a key of its own")
        if self.sms_gateway == "sandbox":
            raise SettingsRefused("TGJ_SMS_GATEWAY: production does not use the sandbox")
        if not self.sms_url:
            raise SettingsRefused("TGJ_SMS_URL: the http gateway needs an address")
        if self.weather_gateway == "sandbox":
            raise SettingsRefused("TGJ_WEATHER_GATEWAY: production does not use the sandbox")


def _weather(environ: Mapping[str, str], default: WeatherSource) -> WeatherSource:
    """Read which weather source there is."""
    name = environ.get("TGJ_WEATHER_GATEWAY", default)
    for known in get_args(WeatherSource):
        if name == known:
            return cast("WeatherSource", name)
    raise SettingsRefused(f"TGJ_WEATHER_GATEWAY is one of {', '.join(get_args(WeatherSource))}")


def _count(environ: Mapping[str, str], name: str, default: int, most: int) -> int:
    """Read a number from 1 to ``most``."""
    text = environ.get(name, str(default))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise SettingsRefused(f"{name} is a number from 1 to {most}")
    return int(text)


def _key(environ: Mapping[str, str], name: str, default: bytes) -> bytes:
    """Decode 32 bytes of base64 from ``environ[name]``."""
    if name not in environ:
        return default
    try:
        key = base64.b64decode(environ[name], validate=True)
    except binascii.Error as error:
        raise SettingsRefused(f"{name} is not base64") from error
    if len(key) != 32:
        raise SettingsRefused(f"{name} decodes to {len(key)} bytes, 32 are needed")
    return key
