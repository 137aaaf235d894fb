"""Tianguanjia's service: domain slices on floors, HTTP API, jobs and command line."""
