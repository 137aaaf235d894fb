"""The route table: every slice's router, in the order of the floors."""

from fastapi import APIRouter

from backend.identity.routes import routes as identity

ROUTERS: tuple[APIRouter, ...] = (identity,)
