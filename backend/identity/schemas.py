"""What sign-in says over the wire."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from backend.core.principal import Role
from backend.core.wire import In, Out, ShortText

Phone = Annotated[
    str,
    Field(pattern=r"^1[3-9][0-9]{9}$", description="手机号", examples=["19900000001"], repr=False),
]


class OtpIn(In):
    """Ask for a code by text message."""

    phone: Phone


class OtpOut(Out):
    """A code was sent if a farmer signs in by this number; the answer is the same if not."""

    expires_in_s: int = Field(description="Seconds the code is good for / 有效秒数")


class OtpVerifyIn(In):
    """Sign in with the code."""

    phone: Phone
    code: Annotated[
        str, Field(pattern=r"^[0-9]{6}$", description="验证码", examples=["123456"], repr=False)
    ]


class PasswordIn(In):
    """Staff sign in with a password."""

    login_name: Annotated[str, Field(min_length=1, max_length=64, examples=["kuaiji.quandian"])]
    password: Annotated[str, Field(min_length=1, max_length=256, repr=False)]


class RefreshIn(In):
    """Exchange or end a refresh token."""

    refresh_token: Annotated[str, Field(min_length=20, max_length=100, repr=False)]


class TokensOut(Out):
    """A signed-in session."""

    access_token: str = Field(description="Bearer token for the Authorization header", repr=False)
    token_type: Literal["Bearer"]
    expires_in_s: int = Field(description="Seconds the access token is good for")
    refresh_token: str = Field(description="Use it once to get the next pair", repr=False)


class GrantOut(Out):
    """One role in one organisation."""

    org_id: int
    org_name: str
    org_kind: str
    role: Role
    household_id: UUID | None


class MeOut(Out):
    """The caller."""

    user_id: UUID
    kind: Literal["staff", "farmer"]
    display_name: str
    grants: list[GrantOut]


class StaffUserIn(In):
    """Add a staff user with one role in this organisation."""

    login_name: Annotated[str, Field(pattern=r"^[a-z0-9._-]{3,64}$", examples=["kuaiji.quandian"])]
    display_name: ShortText
    password: Annotated[str, Field(min_length=12, max_length=256, repr=False)]
    role: Literal[
        "clerk", "director", "accountant", "cashier", "dispatcher", "crew", "supervisor", "admin"
    ]


class StaffUserOut(Out):
    """A staff user of this organisation."""

    user_id: UUID
    login_name: str
    display_name: str
    roles: list[Role]
