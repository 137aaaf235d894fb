"""Domain errors: named for the fact, in Chinese and English, without HTTP numbers.

A slice subclasses one of the families below and gives ``zh`` and ``en`` templates; the facts that
fill them are keyword arguments. `backend.core.http.problem` maps families to RFC 9457 answers.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong with one place of an input.

    ``row`` counts as a clerk sees it (1-based, the header is row 1 of a table; a feature's number
    in a map file); ``field`` is the column or JSON path; ``subject`` names the parcel, household
    or account concerned. Personal data never goes in here.
    """

    code: str
    zh: str
    en: str
    row: int | None = None
    field: str | None = None
    subject: str | None = None


class DomainError(Exception):
    """Base of all facts that stop a command; subclasses give ``zh`` and ``en`` templates."""

    zh: ClassVar[str] = "操作未完成"
    en: ClassVar[str] = "The operation was not carried out"

    def __init__(self, *, faults: Sequence[Fault] = (), **facts: object) -> None:
        self.facts = facts
        self.faults = tuple(faults)
        super().__init__(self.sentence("en"))

    @classmethod
    def code(cls) -> str:
        """Return the stable problem code, the class name in kebab case."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", cls.__name__).lower()

    def sentence(self, language: str) -> str:
        """Return the filled sentence in ``zh`` or ``en``."""
        template = self.zh if language == "zh" else self.en
        return template.format(**self.facts)


class NotFound(DomainError):
    """The object does not exist for this caller (404: invisible and absent look the same)."""

    zh = "未找到{what}"
    en = "{what} was not found"


class Conflict(DomainError):
    """The state of the object does not allow the command (409)."""


class Forbidden(DomainError):
    """The caller sees the object but may not do this (403)."""


class RoleMissing(Forbidden):
    """The caller belongs to the organisation but holds none of the roles that may do this."""

    zh = "您在该组织没有此操作的权限"
    en = "Your roles in this organisation do not allow this operation"


class RuleBroken(DomainError):
    """The input is understood and breaks a rule of the trade (422)."""


class Unavailable(DomainError):
    """A part the command needs cannot be reached now (503)."""


class Unauthenticated(DomainError):
    """No valid credential was given (401)."""

    zh = "请先登录"
    en = "Sign in first"


class TooMany(DomainError):
    """A limit of attempts is used up (429)."""


class TooLarge(DomainError):
    """The body or file is over its limit (413)."""

    zh = "内容超过上限 {limit}"
    en = "The content is over the limit of {limit}"


class PreconditionFailed(DomainError):
    """The If-Match header names an older version (412)."""

    zh = "数据已被他人修改，请刷新后重试"
    en = "The resource has changed since you read it; read it again and retry"


class PreconditionRequired(DomainError):
    """An editable resource was changed without saying which version was read (428)."""

    zh = "修改时必须带 If-Match 请求头"
    en = "Send If-Match with the version that you read"


class BadInput(RuleBroken):
    """A file or body has faults; all of them are listed, nothing was written."""

    zh = "输入有 {count} 处错误，未写入任何数据"
    en = "The input has {count} faults; nothing was written"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults=faults, count=len(faults))
