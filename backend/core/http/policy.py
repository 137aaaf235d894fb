"""Policy: who may call an operation and how it is guarded; declared on it, published with it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from backend.core.principal import Role

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
_ATTRIBUTE = "__tgj_policy__"
MEGABYTE = 1024 * 1024


class PolicyMissing(TypeError):
    """An operation was declared without a policy; the application does not start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The guards of one operation.

    ``audience`` is ``public`` (no sign-in), ``farmer`` (own households), ``staff`` (a role of
    ``roles`` in the organisation of the path) or ``any`` (every signed-in caller).
    ``access`` opens no session, a read-only one, or the unit of work; with ``statement`` the
    endpoint is called as it is, with the user that the token names, and its one statement reads
    the user's authority itself. ``idempotent`` demands an
    Idempotency-Key: every operation that moves money or creates work has it. ``versioned``
    demands If-Match. ``serializable`` runs check-then-act commands isolated, with retries.
    """

    audience: Literal["public", "farmer", "staff", "any"]
    access: Literal["none", "statement", "read", "write"]
    roles: frozenset[Role] = frozenset()
    idempotent: bool = False
    versioned: bool = False
    serializable: bool = False
    body_bytes_max: int = MEGABYTE

    def published(self) -> dict[str, Any]:
        """Return the policy as it appears in the OpenAPI document under ``x-policy``."""
        return {
            "audience": self.audience,
            "access": self.access,
            "roles": sorted(self.roles),
            "idempotent": self.idempotent,
            "versioned": self.versioned,
            "body_bytes_max": self.body_bytes_max,
        }


def guarded(policy: Policy) -> Callable[[Endpoint], Endpoint]:
    """Declare ``policy`` on an endpoint; stands directly above the function."""

    def declare(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _ATTRIBUTE, policy)
        return endpoint

    return declare


def policy_of(endpoint: Callable[..., Any]) -> Policy:
    """Return an endpoint's declared policy; raise `PolicyMissing` when there is none."""
    policy = getattr(endpoint, _ATTRIBUTE, None)
    if not isinstance(policy, Policy):
        raise PolicyMissing(f"{endpoint.__module__}.{endpoint.__name__} declares no policy")
    return policy


def staff_reads(*roles: Role) -> Policy:
    """Return the policy of a listing or a look-up for these roles."""
    return Policy(audience="staff", access="read", roles=frozenset(roles))


def staff_writes(
    *roles: Role,
    versioned: bool = False,
    serializable: bool = False,
    body_bytes_max: int = MEGABYTE,
) -> Policy:
    """Return the policy of a command that creates work or moves money: idempotent."""
    return Policy(
        audience="staff",
        access="write",
        roles=frozenset(roles),
        idempotent=True,
        versioned=versioned,
        serializable=serializable,
        body_bytes_max=body_bytes_max,
    )


def staff_edits(*roles: Role) -> Policy:
    """Return the policy of a change to an editable resource: If-Match instead of a key."""
    return Policy(audience="staff", access="write", roles=frozenset(roles), versioned=True)
