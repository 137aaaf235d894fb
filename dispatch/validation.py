"""The one way a problem says no: who, which field, why, in Chinese and English."""


class InvalidProblem(ValueError):
    """A value of the problem cannot be; ``subject`` is the job, drone or crew, ``field`` its field.

    ``zh`` and ``en`` are full sentences; ``str()`` gives the English one.
    """

    def __init__(self, subject: str, field: str, zh: str, en: str) -> None:
        self.subject = subject
        self.field = field
        self.zh = f"{subject} 的 {field} {zh}"
        self.en = f"{field} of {subject} {en}"
        super().__init__(self.en)


def require(condition: bool, subject: str, field: str, zh: str, en: str) -> None:  # noqa: FBT001 - reads like assert
    """Raise `InvalidProblem` unless the condition holds."""
    if not condition:
        raise InvalidProblem(subject, field, zh, en)


def require_int(value: int, subject: str, field: str, low: int, high: int) -> None:
    """Require a true integer (not a bool, not a float) within ``low`` … ``high``."""
    require(
        type(value) is int and low <= value <= high,
        subject,
        field,
        f"须为 {low} 至 {high} 的整数",
        f"must be an integer from {low} to {high}",
    )


def require_name(value: str, subject: str, field: str) -> None:
    """Require a non-empty string of at most 200 characters."""
    ok = type(value) is str and 0 < len(value) <= 200
    require(ok, subject, field, "须为 1 至 200 个字符", "must have 1 to 200 characters")
