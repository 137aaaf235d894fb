"""What a running application holds, in one object that `create_app` builds and requests read."""

from dataclasses import dataclass
from typing import Protocol

from starlette.requests import Request

from backend.core.clock import Clock
from backend.core.crypto import Sealer
from backend.core.db import Database
from backend.core.principal import Authenticator
from backend.core.settings import Settings


class TextMessages(Protocol):
    """What the ground floor needs of an SMS gateway."""

    async def send(self, phone: str, message: str) -> None:
        """Send ``message`` to ``phone`` (11 digits)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """The parts every request may need."""

    settings: Settings
    clock: Clock
    sealer: Sealer
    database: Database
    authenticator: Authenticator
    sms: TextMessages


def runtime_of(request: Request) -> Runtime:
    """Return the application's runtime."""
    runtime = request.app.state.runtime
    if not isinstance(runtime, Runtime):
        msg = "the application was started without a runtime"
        raise TypeError(msg)
    return runtime
