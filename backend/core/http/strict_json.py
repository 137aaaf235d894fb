"""JSON stricter than RFC 8259: what two readers could understand differently is refused.

Refused: NaN and Infinity, duplicate keys, NUL characters, lone surrogates, bytes that are not
UTF-8, depth beyond 64, integers beyond 64 bits, trailing text.
"""

import json
import re
from typing import Any, NoReturn

from backend.core.errors import RuleBroken

_DEPTH_MAX = 64
_INTEGER_MAX = 2**63
_TEXT_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_REFUSED_CHARACTER = re.compile("[\x00\ud800-\udfff]")


class BadJson(RuleBroken):
    """The body is not acceptable JSON; the reason names what and where."""

    zh = "请求内容不是有效的 JSON：{reason_zh}"
    en = "The body is not acceptable JSON: {reason_en}"


def parse(body: bytes) -> Any:
    """Return the value of ``body``; raise `BadJson`."""
    try:
        source = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refuse(
            f"第 {error.start} 字节不是 UTF-8", f"byte {error.start} is not UTF-8"
        ) from error
    _check_depth(source)
    try:
        value = json.loads(
            source,
            parse_constant=_no_constant,
            parse_int=_integer,
            parse_float=_number,
            object_pairs_hook=_object,
        )
    except json.JSONDecodeError as error:
        raise _refuse(
            f"第 {error.lineno} 行第 {error.colno} 列语法错误",
            f"syntax error at line {error.lineno}, column {error.colno}",
        ) from error
    _check_text(value)
    return value


def _refuse(zh: str, en: str) -> BadJson:
    return BadJson(reason_zh=zh, reason_en=en)


def _no_constant(name: str) -> NoReturn:
    raise _refuse(f"不允许 {name}", f"{name} is not a JSON number")


def _integer(digits: str) -> int:
    if len(digits) > 20 or not -_INTEGER_MAX <= int(digits) < _INTEGER_MAX:
        raise _refuse("整数超出 64 位", "an integer does not fit 64 bits")
    return int(digits)


def _number(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise _refuse("数值超出范围", "a number is out of range")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise _refuse("对象中有重复的键", "an object has a duplicate key")
    return result


def _check_depth(source: str) -> None:
    """Refuse nesting that would exhaust the parser's stack, before it runs."""
    depth = 0
    for found in _TEXT_OR_BRACKET.finditer(source):
        mark = source[found.start()]
        if mark in "[{":
            depth += 1
            if depth > _DEPTH_MAX:
                raise _refuse(f"嵌套超过 {_DEPTH_MAX} 层", f"nested deeper than {_DEPTH_MAX}")
        elif mark in "]}":
            depth -= 1


def _check_text(value: Any) -> None:
    """Refuse text that PostgreSQL cannot store or that UTF-8 cannot carry."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            found = _REFUSED_CHARACTER.search(item)
            if found is not None and found[0] == "\x00":
                raise _refuse("文本中有空字符", "a text holds a NUL character")
            if found is not None:
                raise _refuse("文本中有不完整的字符", "a text holds a lone surrogate")
        elif isinstance(item, dict):
            stack.extend(item)
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
