"""The route table: every slice's router, in the order of the floors."""

from fastapi import APIRouter

from backend.contracts.routes import routes as contracts
from backend.exports.routes import routes as exports
from backend.identity.routes import routes as identity
from backend.income.routes import routes as income
from backend.land.routes import routes as land
from backend.ledger.routes import routes as ledger
from backend.parties.routes import routes as parties

ROUTERS: tuple[APIRouter, ...] = (
    identity,
    parties,
    land,
    ledger,
    contracts,
    income,
    exports,
)
