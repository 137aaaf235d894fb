"""Readers of the files people bring: tables and maps, hostile ones refused before opening."""

from backend.core.intake.features import Feature, FeatureSet, read_features
from backend.core.intake.limits import DEFAULT_LIMITS, Limits
from backend.core.intake.table import LAND_FIELDS, Columns, Record, Row, Table, read_table

__all__ = [
    "DEFAULT_LIMITS",
    "LAND_FIELDS",
    "Columns",
    "Feature",
    "FeatureSet",
    "Limits",
    "Record",
    "Row",
    "Table",
    "read_features",
    "read_table",
]
