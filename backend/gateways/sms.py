"""Text messages: the HTTP gateway of a provider, and the sandbox.

Both are `backend.core.http.runtime.TextMessages`, the protocol by which requests send.
"""

import logging

import httpx

from backend.core.errors import Unavailable

_log = logging.getLogger(__name__)


class SmsNotSent(Unavailable):
    """The SMS provider did not take the message."""

    zh = "短信暂时无法发送，请稍后再试"
    en = "The text message could not be sent; try again in a moment"


class HttpSms:
    """A provider that takes ``POST {"phone", "message"}`` with a bearer token."""

    def __init__(self, url: str, token: str, *, client: httpx.AsyncClient | None = None) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._client = client or httpx.AsyncClient(timeout=httpx.Timeout(5))

    async def send(self, phone: str, message: str) -> None:
        """Send the message; anything but a 2xx answer within 5 s is `SmsNotSent`."""
        try:
            response = await self._client.post(
                self._url, json={"phone": phone, "message": message}, headers=self._headers
            )
            response.raise_for_status()
        except httpx.HTTPError as error:
            raise SmsNotSent from error


class SandboxSms:
    """Keeps messages instead of sending them: for development, the demo and tests.

    The newest ones are in ``sent``; each is also logged, so that a person can sign in.
    """

    def __init__(self, *, keep: int = 1000) -> None:
        self.sent: list[tuple[str, str]] = []
        self._keep = keep

    async def send(self, phone: str, message: str) -> None:
        """Keep the message."""
        self.sent = [*self.sent[-self._keep + 1 :], (phone, message)]
        _log.warning("SMS sandbox, to %s****%s: %s", phone[:3], phone[-4:], message)
