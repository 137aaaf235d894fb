"""What every operation's OpenAPI description carries: its policy, headers and problem answers."""

from collections.abc import Callable
from typing import Any

from backend.core.http.policy import Policy

PROBLEM_MEDIA_TYPE = "application/problem+json"
_PROBLEM_REF = {"$ref": "#/components/schemas/Problem"}
_REASONS = {
    401: "No valid sign-in / 未登录",
    403: "Not allowed for this caller / 无权限",
    404: "Not visible to this caller / 未找到",
    409: "The state does not allow it / 状态冲突",
    412: "Changed since it was read / 版本已变",
    413: "Too large / 内容过大",
    422: "The input breaks a rule / 输入有误",
    428: "If-Match is missing / 缺少版本",
    429: "Too many attempts / 过于频繁",
    503: "A needed part is unreachable / 暂不可用",
}


def described(
    options: dict[str, Any], endpoint: Callable[..., Any], policy: Policy
) -> dict[str, Any]:
    """Return a route's options completed from its policy.

    The operation id is the endpoint's name, the summary its docstring's first line. Headers that
    the route itself reads are documented here because no function parameter mentions them.
    """
    extra: dict[str, Any] = dict(options.get("openapi_extra") or {})
    extra["x-policy"] = policy.published()
    if policy.audience == "public":
        extra["security"] = []
    headers = list(extra.get("parameters", []))
    if policy.idempotent:
        headers.append(_header("Idempotency-Key", r"^[\x21-\x7e]{8,128}$", "demo-key-0001"))
    if policy.versioned:
        headers.append(_header("If-Match", r'^"v\d{1,9}"$', '"v1"'))
    if headers:
        extra["parameters"] = headers
    responses = {code: problem(code) for code in _codes(policy)} | (options.get("responses") or {})
    return options | {
        "openapi_extra": extra,
        "responses": responses,
        "operation_id": options.get("operation_id") or endpoint.__name__,
        "summary": options.get("summary") or _summary(endpoint),
    }


def _summary(endpoint: Callable[..., Any]) -> str:
    """Return the docstring's first sentence, which names the operation in both languages."""
    return (endpoint.__doc__ or "").strip().partition("\n")[0].rstrip(".")


def problem(code: int) -> dict[str, Any]:
    """Return the description of one problem answer."""
    return {
        "description": _REASONS[code],
        "content": {PROBLEM_MEDIA_TYPE: {"schema": _PROBLEM_REF}},
    }


def _codes(policy: Policy) -> list[int]:
    codes = [413, 422, 429, 503]
    if policy.audience != "public":
        codes += [401, 403, 404]
    else:
        codes += [401, 404]
    if policy.access == "write":
        codes += [409]
    if policy.versioned:
        codes += [412, 428]
    return sorted(codes)


def _header(name: str, pattern: str, example: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": True,
        "schema": {"type": "string", "pattern": pattern},
        "example": example,
    }
