"""JSON in and out: strict, versioned, and every refusal names the path of the fault.

The shape follows the dataclasses field by field; unknown fields, missing fields, wrong types,
repeated keys, NaN and infinities are refused. Dates are ISO 8601 days.
"""

import json
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from dispatch.validation import InvalidProblem

SCHEMA_VERSION = 2

T = TypeVar("T")


class InvalidDocument(ValueError):
    """The text is not a document of this version; ``path`` is where, as in ``$.jobs[3].access``."""

    def __init__(self, path: str, zh: str, en: str) -> None:
        self.path = path
        self.zh = f"{path}：{zh}"
        self.en = f"{path}: {en}"
        super().__init__(self.en)


def _plain(value: Any) -> Any:
    """Turn dataclasses, dates and enums into what JSON knows."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()
    return value


def dump(value: Any, kind: str) -> str:
    """Write a dataclass as ``{"schema": "dispatch.<kind>", "version": 1, …}``."""
    head = {"schema": f"dispatch.{kind}", "version": SCHEMA_VERSION}
    return json.dumps(head | _plain(value), ensure_ascii=False, allow_nan=False)


def _refuse_constant(name: str) -> float:
    """Refuse NaN and Infinity, which JSON does not have."""
    raise InvalidDocument("$", f"不允许 {name}", f"{name} is not allowed")


def _refuse_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that gives one key twice."""
    made = dict(pairs)
    if len(made) != len(pairs):
        repeated = next(key for key, _ in pairs if [one for one, _ in pairs].count(key) > 1)
        raise InvalidDocument("$", f"键重复：{repeated}", f"repeats the key {repeated}")
    return made


def load(kind: type[T], text: str, name: str) -> T:
    """Read a document of one kind; raises `InvalidDocument` (its ``path`` says where)."""
    try:
        raw = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_refuse_repeats)
    except json.JSONDecodeError as error:
        where = f"$ (line {error.lineno}, column {error.colno})"
        raise InvalidDocument(where, "不是 JSON", "is not JSON") from error
    except RecursionError as error:
        raise InvalidDocument("$", "嵌套过深", "is nested too deeply") from error
    if not isinstance(raw, dict):
        raise InvalidDocument("$", "须为对象", "must be an object")
    head = {key: raw.pop(key, None) for key in ("schema", "version")}
    if head["schema"] != f"dispatch.{name}":
        zh, en = f"须为 dispatch.{name}", f"must be dispatch.{name}"
        raise InvalidDocument("$.schema", zh, en)
    if head["version"] != SCHEMA_VERSION or isinstance(head["version"], bool):
        zh, en = f"只支持版本 {SCHEMA_VERSION}", f"only version {SCHEMA_VERSION} is known"
        raise InvalidDocument("$.version", zh, en)
    return cast("T", _read(kind, raw, "$"))


@cache
def _shape(kind: type) -> tuple[tuple[Field[Any], Any], ...]:
    """Return the fields of a dataclass with their resolved types."""
    hints = get_type_hints(kind)
    return tuple((one, hints[one.name]) for one in fields(kind))


def _read(kind: Any, raw: Any, path: str) -> Any:
    """Read one value of a declared type."""
    if isinstance(kind, type) and is_dataclass(kind):
        return _read_object(kind, raw, path)
    origin = get_origin(kind)
    if origin is tuple:
        return _read_tuple(get_args(kind), raw, path)
    if origin is UnionType:
        if raw is None:
            return None
        (inner,) = [one for one in get_args(kind) if one is not NoneType]
        return _read(inner, raw, path)
    return _read_scalar(kind, raw, path)


def _read_object(kind: type, raw: Any, path: str) -> Any:
    """Read a dataclass, refusing unknown and missing fields."""
    if not isinstance(raw, dict):
        raise InvalidDocument(path, "须为对象", "must be an object")
    shape = _shape(kind)
    unknown = sorted(set(raw) - {one.name for one, _ in shape})
    if unknown:
        raise InvalidDocument(f"{path}.{unknown[0]}", "未知字段", "is an unknown field")
    made = {}
    for one, hint in shape:
        where = f"{path}.{one.name}"
        if one.name in raw:
            made[one.name] = _read(hint, raw[one.name], where)
        elif one.default is MISSING and one.default_factory is MISSING:
            raise InvalidDocument(where, "缺少字段", "is missing")
    try:
        return kind(**made)
    except InvalidProblem as error:
        raise InvalidDocument(f"{path}.{error.field}", error.zh, error.en) from error


def _read_tuple(inner: tuple[Any, ...], raw: Any, path: str) -> tuple[Any, ...]:
    """Read a list of one type, or a fixed number of values."""
    if not isinstance(raw, list):
        raise InvalidDocument(path, "须为数组", "must be an array")
    if len(inner) == 2 and inner[1] is Ellipsis:
        return tuple(_read(inner[0], one, f"{path}[{index}]") for index, one in enumerate(raw))
    if len(raw) != len(inner):
        zh, en = f"须有 {len(inner)} 个值", f"must have {len(inner)} values"
        raise InvalidDocument(path, zh, en)
    pairs = zip(inner, raw, strict=True)
    return tuple(_read(kind, one, f"{path}[{index}]") for index, (kind, one) in enumerate(pairs))


def _read_scalar(kind: Any, raw: Any, path: str) -> Any:
    """Read an int, float, str, date or enum without any silent conversion."""
    number = isinstance(raw, int | float) and not isinstance(raw, bool)
    if kind is float and number and -1e300 < raw < 1e300:
        return float(raw)
    if kind is int and number and isinstance(raw, int):
        return raw
    if kind is str and isinstance(raw, str):
        return raw
    if isinstance(raw, str) and isinstance(kind, type) and issubclass(kind, date | StrEnum):
        try:
            return date.fromisoformat(raw) if issubclass(kind, date) else kind(raw)
        except ValueError as error:
            zh, en = "值无效", f"is not a valid {kind.__name__}"
            raise InvalidDocument(path, zh, en) from error
    names = {int: "整数", float: "有限数", str: "字符串"}
    zh = f"须为{names.get(kind, kind.__name__)}"
    raise InvalidDocument(path, zh, f"must be a {kind.__name__}")
