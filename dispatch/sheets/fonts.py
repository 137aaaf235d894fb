"""Finding a Chinese font and refusing what it cannot print."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FONT_DIR_VARIABLE = "TGJ_FONT_DIR"
NAMES = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "NotoSansSC-Regular.otf",
    "NotoSansSC-Regular.ttf",
    "SourceHanSansSC-Regular.otf",
    "SourceHanSans-Regular.ttc",
)
"""File names of one design, from Noto and from Source Han Sans, best first."""
_SYSTEM_DIRS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "~/Library/Fonts",
    "C:/Windows/Fonts",
    "~/AppData/Local/Microsoft/Windows/Fonts",
)
_IGNORED = frozenset(" \u200b")
"""A space, and the zero-width space put into long words, need no glyph."""


class FontMissing(RuntimeError):
    """No Chinese font was found; ``zh`` and ``en`` say where was looked and what to install."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        where = ", ".join(map(str, folders))
        package = "apt-get install fonts-noto-cjk"
        self.zh = (
            f"未找到思源黑体（Noto Sans CJK SC），查找位置：{where}。"
            f"请安装（Debian/Ubuntu：{package}），或用环境变量 {FONT_DIR_VARIABLE} 指明字体目录"
        )
        self.en = (
            f"no Noto Sans CJK SC font in {where}; install it (Debian/Ubuntu: {package}) "
            f"or name its folder in the environment variable {FONT_DIR_VARIABLE}"
        )
        super().__init__(self.en)


class GlyphMissing(ValueError):
    """The font lacks a character, so the sheet is not printed rather than printed wrong.

    ``character`` is the character, ``subject`` the job, crew, drone or place whose text has it.
    """

    def __init__(self, character: str, subject: str) -> None:
        self.character = character
        self.subject = subject
        shown = f"U+{ord(character):04X}"
        if character.isprintable():
            shown = f"“{character}”（{shown}）"
        name = ascii(subject)[1:-1] if not subject.isprintable() else subject
        self.zh = f"字体缺少字符 {shown}，出现在 {name}，作业单未打印"
        self.en = f"the font lacks the character {shown} of {name}; no sheet was printed"
        super().__init__(self.en)


@dataclass(frozen=True, slots=True)
class Font:
    """A font file, the family name to ask typst for, and the code points that it has."""

    path: Path
    family: str
    characters: frozenset[int]

    def require(self, text: str, subject: str) -> None:
        """Raise `GlyphMissing` for the first character that the font lacks."""
        for one in text:
            if ord(one) not in self.characters and one not in _IGNORED:
                raise GlyphMissing(one, subject)


def find_font() -> Font:
    """Return the first font of the search list.

    ``TGJ_FONT_DIR``, where it is set, is the only folder searched. Raises `FontMissing`.
    """
    chosen = os.environ.get(FONT_DIR_VARIABLE)
    names = (chosen,) if chosen else _SYSTEM_DIRS
    folders = tuple(Path(name).expanduser() for name in names)
    for path in _candidates(folders):
        font = _read(path)
        if font is not None:
            return font
    usual = tuple(one for one in folders if one.anchor and (chosen or one.is_dir()))
    raise FontMissing(usual or folders[:2])


def _candidates(folders: tuple[Path, ...]) -> Iterator[Path]:
    """Yield font files of the known names, the best name of the first folder first."""
    for folder in folders:
        found = {path.name: path for path in sorted(folder.rglob("*")) if path.name in NAMES}
        yield from (found[name] for name in NAMES if name in found)


@cache
def _read(path: Path) -> Font | None:
    """Return a font file's simplified-Chinese face, None for a file that has none."""
    from fontTools.ttLib import (  # type: ignore[import-untyped] # noqa: PLC0415 - only to print
        TTCollection,
        TTFont,
        TTLibError,
    )

    try:
        with path.open("rb") as file:
            whole = path.suffix == ".ttc"
            faces = TTCollection(file, lazy=True).fonts if whole else [TTFont(file, lazy=True)]
            for face in faces:
                family = str(face["name"].getBestFamilyName())
                if "Mono" not in family and family.endswith((" SC", "Source Han Sans")):
                    return Font(path, family, frozenset(face.getBestCmap()))
    except (TTLibError, OSError, KeyError):
        return None  # a broken file is as good as none: the next one may do
    return None
