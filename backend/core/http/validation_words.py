"""Sentences for what request validation finds, in Chinese and English, without the input."""

from collections.abc import Mapping
from typing import Any

_WORDS: dict[str, tuple[str, str]] = {
    "missing": ("缺少必填字段", "the field is required"),
    "extra_forbidden": ("不允许的字段", "the field is not allowed"),
    "json_invalid": ("不是有效的 JSON", "not valid JSON"),
    "int_type": ("应为整数", "must be an integer"),
    "int_parsing": ("应为整数", "must be an integer"),
    "int_from_float": ("应为整数，不能带小数", "must be an integer without a fraction"),
    "string_type": ("应为文本", "must be text"),
    "bool_type": ("应为 true 或 false", "must be true or false"),
    "list_type": ("应为数组", "must be an array"),
    "dict_type": ("应为对象", "must be an object"),
    "model_type": ("应为对象", "must be an object"),
    "model_attributes_type": ("应为对象", "must be an object"),
    "uuid_parsing": ("不是有效的编号（UUID）", "is not a valid UUID"),
    "uuid_type": ("不是有效的编号（UUID）", "is not a valid UUID"),
    "enum": ("应为以下之一：{expected}", "must be one of: {expected}"),
    "literal_error": ("应为以下之一：{expected}", "must be one of: {expected}"),
    "greater_than": ("应大于 {gt}", "must be greater than {gt}"),
    "greater_than_equal": ("不能小于 {ge}", "must be at least {ge}"),
    "less_than": ("应小于 {lt}", "must be less than {lt}"),
    "less_than_equal": ("不能大于 {le}", "must be at most {le}"),
    "string_too_short": ("至少 {min_length} 个字符", "must have at least {min_length} characters"),
    "string_too_long": ("最多 {max_length} 个字符", "must have at most {max_length} characters"),
    "too_short": ("至少 {min_length} 项", "must have at least {min_length} items"),
    "too_long": ("最多 {max_length} 项", "must have at most {max_length} items"),
    "string_pattern_mismatch": ("格式应为 {pattern}", "must match {pattern}"),
    "date_from_datetime_parsing": ("日期格式应为 YYYY-MM-DD", "must be a date, YYYY-MM-DD"),
    "date_parsing": ("日期格式应为 YYYY-MM-DD", "must be a date, YYYY-MM-DD"),
    "date_type": ("日期格式应为 YYYY-MM-DD", "must be a date, YYYY-MM-DD"),
}


def sentence_for(error: Mapping[str, Any], language: str) -> str:
    """Return the sentence for one of pydantic's error entries.

    Only the bounds of the schema (``ctx``) are filled in; the value itself is never repeated.
    """
    zh, en = _WORDS.get(str(error["type"]), ("字段无效", "the value is not valid"))
    template = zh if language == "zh" else en
    context = {key: value for key, value in error.get("ctx", {}).items() if key != "error"}
    try:
        return template.format(**context)
    except KeyError:
        return "字段无效" if language == "zh" else "the value is not valid"
