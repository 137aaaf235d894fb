"""The route table: every slice's router, in the order of the floors."""

from fastapi import APIRouter

from backend.contracts.routes import routes as contracts
from backend.exports.routes import routes as exports
from backend.identity.routes import routes as identity
from backend.income.routes import routes as income
from backend.land.routes import routes as land
from backend.ledger.closing_routes import routes as closing
from backend.ledger.routes import routes as ledger
from backend.operations.change_routes import routes as plan_changes
from backend.operations.fleet_routes import routes as fleet
from backend.operations.insight_routes import routes as plan_insights
from backend.operations.order_routes import routes as orders
from backend.operations.places_routes import routes as places
from backend.operations.plan_routes import routes as plans
from backend.parties.routes import routes as parties
from backend.payouts.bank_routes import routes as banking
from backend.payouts.labour_routes import routes as labour
from backend.payouts.routes import routes as payouts

ROUTERS: tuple[APIRouter, ...] = (
    identity,
    parties,
    land,
    ledger,
    closing,
    contracts,
    orders,
    fleet,
    places,
    plans,
    plan_changes,
    plan_insights,
    labour,
    payouts,
    banking,
    income,
    exports,
)
