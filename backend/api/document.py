"""The OpenAPI document as it is published and committed."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from backend.api.examples import add_examples
from backend.core.http.problem import Problem

_DESCRIPTION = (
    "Two-tier agricultural trusteeship: land, contracts, spraying, books and payouts. "
    "Money is integer fen, area is text in mu, instants are UTC. "
    "Errors are RFC 9457 problems in the language of Accept-Language."
)
_TAGS = {
    "health": "Is the service alive and ready / 健康检查",
    "sign-in": "Users and sign-in / 登录与用户",
    "parties": "Organisations, households, members, workers / 组织与人员",
    "land": "Parcels, transfers, imports / 地块与流转",
    "contracts": "Two-tier trusteeship / 双层托管合同",
    "operations": "Spray orders, plans, reports, acceptance / 飞防作业",
    "ledger": "Vouchers, periods, balances / 账簿",
    "payouts": "Rent, wages, dividends and their payment / 发放",
    "farmer": "The farmer's own data / 农户本人",
    "exports": "Workbooks / 导出",
}


def document(app: FastAPI) -> dict[str, Any]:
    """Return the application's OpenAPI 3.1 document; built once."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    made = get_openapi(
        title=app.title,
        version=app.version,
        description=_DESCRIPTION,
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in _TAGS.items()],
        servers=[{"url": "/", "description": "This installation / 本机"}],
        contact={"name": "Tianguanjia"},
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    _add_problem(made)
    add_examples(made)
    schemes = made["components"].setdefault("securitySchemes", {})
    schemes["bearer"] = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    made["security"] = [{"bearer": []}]
    app.openapi_schema = made
    return made


def _add_problem(made: dict[str, Any]) -> None:
    """Put the problem schema in, and drop FastAPI's own 422 shape, which we never send."""
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs", {})
    schemas["Problem"] = problem
