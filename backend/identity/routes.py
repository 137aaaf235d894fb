"""Sign-in over HTTP.

These operations open their own unit of work: what a refused attempt leaves behind (a counted
guess, a revoked family) is committed before the refusal is raised.
"""

import logging
from uuid import UUID

from fastapi import BackgroundTasks
from starlette.requests import Request

from backend.core.audit import Command
from backend.core.db import PLATFORM_ORG_ID, Scope
from backend.core.errors import Unavailable
from backend.core.http.policy import Policy, guarded, staff_reads, staff_writes
from backend.core.http.route import Caller, CallerScope, Reading, Writing, router
from backend.core.http.runtime import TextMessages, runtime_of
from backend.core.principal import Role
from backend.identity import queries, rules, service, tokens
from backend.identity.errors import SignInRefused
from backend.identity.schemas import (
    MeOut,
    OtpIn,
    OtpOut,
    OtpVerifyIn,
    PasswordIn,
    RefreshIn,
    StaffUserIn,
    StaffUserOut,
    TokensOut,
)

_log = logging.getLogger(__name__)
routes = router("/v1", "sign-in")
_PUBLIC = Policy(audience="public", access="none", body_bytes_max=16 * 1024)
_NOBODY = Scope(org_id=PLATFORM_ORG_ID)


@routes.post("/auth/otp", status_code=202)
@guarded(_PUBLIC)
async def ask_for_code(request: Request, body: OtpIn, later: BackgroundTasks) -> OtpOut:
    """Send a six-digit code to a farmer's telephone (发送短信验证码).

    The message goes out after the answer: neither its time nor its failure tells who is known.
    """
    runtime = runtime_of(request)
    async with runtime.database.write(_NOBODY, Command(action="ask_for_code")) as session:
        code = await service.ask_for_code(
            session,
            runtime.sealer,
            phone=body.phone,
            now=runtime.clock.now(),
            key=runtime.settings.token_key,
        )
    if code is not None:
        message = f"【田管家】验证码 {code}，5 分钟内有效，请勿告诉他人。"
        later.add_task(_send, runtime.sms, body.phone, message)
    return OtpOut(expires_in_s=int(rules.OTP_LIFETIME.total_seconds()))


@routes.post("/auth/otp/verify")
@guarded(_PUBLIC)
async def sign_in_with_code(request: Request, body: OtpVerifyIn) -> TokensOut:
    """Sign a farmer in with the code (验证码登录)."""
    runtime = runtime_of(request)
    async with runtime.database.write(_NOBODY, Command(action="sign_in_with_code")) as session:
        user_id = await service.user_by_code(
            session,
            runtime.sealer,
            phone=body.phone,
            code=body.code,
            now=runtime.clock.now(),
            key=runtime.settings.token_key,
        )
    return await _signed_in(request, user_id)


@routes.post("/auth/password")
@guarded(_PUBLIC)
async def sign_in_with_password(request: Request, body: PasswordIn) -> TokensOut:
    """Sign staff in with name and password (口令登录)."""
    runtime = runtime_of(request)
    command = Command(action="sign_in_with_password")
    async with runtime.database.write(_NOBODY, command) as session:
        guess = await service.count_guess(
            session, login_name=body.login_name, now=runtime.clock.now()
        )
        # Whoever is not signed in must not be able to fill the audit log.
        command.idle = guess is None
    if not await service.is_right(guess, body.password) or guess is None:
        raise SignInRefused
    return await _signed_in(request, guess.user_id, by_password=True)


@routes.post("/auth/refresh")
@guarded(_PUBLIC)
async def refresh_sign_in(request: Request, body: RefreshIn) -> TokensOut:
    """Exchange a refresh token for the next pair; a second use ends the sign-in (刷新令牌)."""
    runtime = runtime_of(request)
    command = Command(action="refresh_sign_in")
    async with runtime.database.write(_NOBODY, command) as session:
        exchanged = await service.exchange_refresh_token(
            session, token=body.refresh_token, now=runtime.clock.now()
        )
        command.idle = exchanged is None
    user_id, following = exchanged or (None, None)
    if user_id is None or following is None:
        raise SignInRefused
    return _tokens(request, user_id, following)


@routes.post("/auth/sign-out", status_code=204)
@guarded(_PUBLIC)
async def sign_out(request: Request, body: RefreshIn) -> None:
    """End a sign-in (退出登录)."""
    runtime = runtime_of(request)
    command = Command(action="sign_out")
    async with runtime.database.write(_NOBODY, command) as session:
        known = await service.sign_out(session, token=body.refresh_token, now=runtime.clock.now())
        command.idle = not known


@routes.get("/me")
@guarded(Policy(audience="any", access="read"))
async def read_me(session: Reading, caller: Caller) -> MeOut:
    """Return the caller and the roles in force now (我是谁)."""
    return MeOut(
        user_id=caller.user_id,
        kind=caller.kind,
        display_name=await queries.display_name(session, caller.user_id),
        grants=await queries.grants(session, caller.user_id),
    )


@routes.post("/orgs/{org_id}/users", status_code=201)
@guarded(staff_writes(Role.DIRECTOR, Role.ADMIN))
async def add_staff_user(
    org_id: int, body: StaffUserIn, session: Writing, scope: CallerScope
) -> StaffUserOut:
    """Add a staff user with a role in this organisation (新增工作人员)."""
    user = await service.register_staff(
        session,
        login_name=body.login_name,
        display_name=body.display_name,
        password=body.password,
    )
    role = Role(body.role)
    await service.grant(session, user_id=user.id, org_id=scope.org_id, role=role)
    return StaffUserOut(
        user_id=user.id,
        login_name=body.login_name,
        display_name=body.display_name,
        roles=[role],
    )


@routes.get("/orgs/{org_id}/users")
@guarded(staff_reads(Role.DIRECTOR, Role.ADMIN))
async def list_staff_users(org_id: int, session: Reading) -> list[StaffUserOut]:
    """List the organisation's staff and their roles (工作人员名册)."""
    return await queries.staff_of(session, org_id)


async def _send(sms: TextMessages, phone: str, message: str) -> None:
    try:
        await sms.send(phone, message)
    except Unavailable as error:
        _log.warning("text message not sent: %s", type(error).__name__)


async def _signed_in(
    request: Request, user_id: UUID | None, *, by_password: bool = False
) -> TokensOut:
    """Start a refresh family for a user whose credential held; raise `SignInRefused` if not."""
    if user_id is None:
        raise SignInRefused
    runtime = runtime_of(request)
    scope = Scope(org_id=PLATFORM_ORG_ID, user_id=user_id)
    async with runtime.database.write(scope, Command(action="start_sign_in")) as session:
        if by_password:
            await service.forget_guesses(session, user_id=user_id)
        refresh_token = await service.start_refresh_family(
            session,
            user_id=user_id,
            now=runtime.clock.now(),
            days=runtime.settings.refresh_token_days,
        )
    return _tokens(request, user_id, refresh_token)


def _tokens(request: Request, user_id: UUID, refresh_token: str) -> TokensOut:
    runtime = runtime_of(request)
    minutes = runtime.settings.access_token_minutes
    access_token = tokens.issue(
        user_id, key=runtime.settings.token_key, now=runtime.clock.now(), minutes=minutes
    )
    return TokensOut(
        access_token=access_token,
        token_type="Bearer",  # noqa: S106 -- the scheme's name
        expires_in_s=minutes * 60,
        refresh_token=refresh_token,
    )
