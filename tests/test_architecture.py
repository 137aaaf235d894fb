"""The house's rules that no linter knows."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("backend", "dispatch", "migrations", "tests", "benchmarks")
SOURCES = sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
RULES = sorted((ROOT / "backend").rglob("rules.py"))
PURE = [*RULES, ROOT / "backend/core/money.py", ROOT / "backend/core/area.py"]
MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_size(path: Path) -> None:
    """A module has at most 400 lines, a function at most 70."""
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= MODULE_LINES_MAX, f"{lines} lines"
    long = {
        node.name: (node.end_lineno or 0) - node.lineno + 1
        for node in _functions(path)
        if (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES_MAX
    }
    assert not long


def test_only_the_unit_of_work_commits() -> None:
    """`commit()` is called in core/db.py and nowhere else in the service."""
    found = [
        _name(path)
        for path in (ROOT / "backend").rglob("*.py")
        if re.search(r"\.commit\(\)", path.read_text(encoding="utf-8"))
    ]
    assert found == ["backend/core/db.py"]


def test_only_the_hand_over_crosses_tenants() -> None:
    """`acting_for` is used by operations/handover.py alone."""
    found = {
        _name(path)
        for path in (ROOT / "backend").rglob("*.py")
        if "acting_for" in path.read_text(encoding="utf-8")
    }
    assert found <= {"backend/core/db.py", "backend/operations/handover.py"}


@pytest.mark.parametrize("path", PURE, ids=_name)
def test_rules_are_pure(path: Path) -> None:
    """Rules, money and area import neither the web nor the database."""
    forbidden = ("fastapi", "starlette", "sqlalchemy", "sqlmodel", "asyncpg", "httpx", "backend.core.http", "backend.core.db")  # fmt: skip  # noqa: E501 -- one list
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        assert not [name for name in names if name.startswith(forbidden)]


def test_domain_code_knows_no_http_numbers() -> None:
    """Services, rules and queries raise facts; only core/http turns them into statuses."""
    for path in (ROOT / "backend").rglob("*.py"):
        if path.name in ("service.py", "rules.py", "queries.py", "errors.py"):
            assert "HTTPException" not in path.read_text(encoding="utf-8"), _name(path)


def test_tables_do_not_relate_lazily() -> None:
    """No `Relationship()`: reads are explicit joins."""
    for path in (ROOT / "backend").rglob("*models.py"):
        assert "Relationship" not in path.read_text(encoding="utf-8"), _name(path)


def test_every_column_says_what_it_is() -> None:
    """Each column of a table class is followed by its docstring."""
    missing = []
    for path in (ROOT / "backend").rglob("*models.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ClassDef):
                continue
            for item, following in zip(node.body, [*node.body[1:], None], strict=True):
                if isinstance(item, ast.AnnAssign) and not (
                    isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
                ):
                    missing.append(f"{_name(path)}:{item.lineno}")
    assert not missing


def test_nothing_is_left_to_do() -> None:
    """Main carries no marker of unfinished work."""
    marker = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    this = Path(__file__)
    found = [
        _name(path)
        for path in SOURCES
        if path != this and marker.search(path.read_text(encoding="utf-8"))
    ]
    assert not found


def test_time_comes_from_the_clock() -> None:
    """Only core/clock.py and core/ids.py read the machine's clock; durations may be measured."""
    reading = re.compile(r"datetime\.now\(|date\.today\(|time\.time\(|time_ns\(")
    allowed = {"backend/core/clock.py", "backend/core/ids.py"}
    found = {
        _name(path)
        for path in (ROOT / "backend").rglob("*.py")
        if reading.search(path.read_text(encoding="utf-8"))
    }
    assert found <= allowed
