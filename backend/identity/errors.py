"""What can go wrong at sign-in. Sentences never say which part was wrong."""

from backend.core.errors import Conflict, TooMany, Unauthenticated


class SignInRefused(Unauthenticated):
    """Name and password, or number and code, do not fit together or are no longer valid."""

    zh = "账号与口令（或手机号与验证码）不符，或已失效"
    en = "The sign-in data do not fit together or are no longer valid"


class TooManyCodes(TooMany):
    """This telephone was sent as many codes as an hour allows."""

    zh = "验证码发送过于频繁，请稍后再试"
    en = "Too many codes were requested; try again later"


class LoginNameTaken(Conflict):
    """Another user has this sign-in name."""

    zh = "登录名 {login_name} 已被使用"
    en = "The sign-in name {login_name} is taken"
