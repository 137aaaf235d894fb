"""Workbooks for accountants and staff."""
