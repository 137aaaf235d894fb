"""schemathesis over every operation, against a real server: no answer is a fault of ours.

Each operation is called as somebody who may call it, so that the requests reach the domain. The
answers must also be documented: status, media type and shape.
"""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import pytest_asyncio
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from backend.api.app import create_app
from backend.core.audit import Command
from backend.core.clock import SteppedClock
from backend.core.db import PLATFORM_ORG_ID, Scope
from backend.core.ids import new_id
from backend.core.principal import Role
from backend.core.settings import Settings
from backend.gateways.sms import SandboxSms
from backend.identity import service as identity
from backend.identity import tokens
from tests.people import PASSWORD, World

EXAMPLES = 30
"""For each operation; with more than seventy operations over 2,000 requests."""
SKIPPED = {
    "ask_for_code": "the limit of codes an hour answers 429 after the first few",
}
DOCUMENT = create_app(Settings(), database_url="").openapi()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = [
    (method.upper(), path, operation["operationId"])
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if operation["operationId"] not in SKIPPED
]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def everybody(world: World) -> World:
    """Add a member of staff with every role in the collective and the provider."""
    async with world.database.write(
        Scope(org_id=PLATFORM_ORG_ID), Command(action="test")
    ) as session:
        user = await identity.register_staff(
            session, login_name="everybody", display_name="全能", password=PASSWORD
        )
        for org_id in (world.collective, world.provider):
            for role in set(Role) - {Role.FARMER}:
                await identity.grant(session, user_id=user.id, org_id=org_id, role=role)
        world.staff["everybody"] = user.id
    return world


@pytest.fixture(scope="module")
def server(database_url: str, clock: SteppedClock, everybody: World) -> Iterator[str]:
    """A real HTTP server on the loopback address."""
    app = create_app(Settings(), database_url=database_url, clock=clock, sms=SandboxSms())
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        config = uvicorn.Config(app, log_level="critical", lifespan="on")
        running = uvicorn.Server(config)
        thread = threading.Thread(
            target=lambda: asyncio.run(running.serve(sockets=[listener])), daemon=True
        )
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        running.should_exit = True
        thread.join(timeout=20)


def _token(world: World, user: Any) -> str:
    return tokens.issue(user, key=Settings().token_key, now=world.clock.now(), minutes=60)


@pytest.mark.parametrize(("method", "path", "operation_id"), OPERATIONS, ids=lambda item: item)
def test_operation(
    everybody: World, server: str, method: str, path: str, operation_id: str
) -> None:
    """No generated request of this operation is answered with 500 or undocumented."""
    operation = SCHEMA[path][method]
    policy = DOCUMENT["paths"][path][method.lower()]["x-policy"]
    staff, farmer = (
        _token(everybody, everybody.staff["everybody"]),
        _token(everybody, everybody.farmers[0]),
    )
    token = farmer if policy["audience"] == "farmer" else staff

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=operation.as_strategy(),
        org_id=st.sampled_from([everybody.collective, everybody.collective, everybody.provider]),
    )
    def generated(case: Any, org_id: int) -> None:
        if "org_id" in (case.path_parameters or {}):
            case.path_parameters["org_id"] = org_id
        headers = {"Authorization": f"Bearer {token}"}
        if policy["idempotent"]:
            headers["Idempotency-Key"] = str(new_id())
        response = case.call(base_url=server, headers=headers)
        case.validate_response(
            response,
            checks=[
                not_a_server_error,
                status_code_conformance,
                content_type_conformance,
                response_schema_conformance,
            ],
        )

    generated()
