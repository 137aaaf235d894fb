"""Why a forecast could not be read; ``source`` is the provider, nothing holds a key or a URL."""

from backend.core.errors import Unavailable


class WeatherNotRead(Unavailable):
    """Base of all: the forecast is not to be had now."""

    zh = "暂时取不到{source}的天气预报"
    en = "The forecast of {source} cannot be read now"


class WeatherUnreachable(WeatherNotRead):
    """No answer in time, or only server errors, after the last try."""

    zh = "{source}天气服务暂时连不上（{reason}）"
    en = "The weather service {source} cannot be reached: {reason}"


class WeatherKeyRefused(WeatherNotRead):
    """The provider does not accept the key, host or account; an operator must act."""

    zh = "{source}天气服务拒绝了凭据（{reason}），请检查密钥、API Host 和账户"
    en = "The weather service {source} refused the credential ({reason}): check key, host, account"


class WeatherQuotaUsed(WeatherNotRead):
    """Too many requests, or the plan's amount is used up; not tried again."""

    zh = "{source}天气服务的请求次数已用完，请稍后再试"
    en = "The request quota of the weather service {source} is used up; try again later"


class WeatherAnswerUnusable(WeatherNotRead):
    """An answer came and is not a forecast in the units asked for; nothing of it is used.

    ``where`` names the field and hour, as in ``hourly[3].windSpeed``.
    """

    zh = "{source}天气服务的答复不可用：{where} {reason_zh}"
    en = "The answer of the weather service {source} is unusable: {where} {reason}"

    def __init__(self, *, source: str, where: str, zh: str, en: str) -> None:
        super().__init__(source=source, where=where, reason_zh=zh, reason=en)
