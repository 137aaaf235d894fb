"""The day's sheet (飞防作业单): what a crew takes along on paper, A4, one for each crew.

`day_sheets` makes the PDF. It is set with typst in a Noto Sans CJK SC font, which has to be on the
machine (`FontMissing` says how to install it), and nothing is printed that the font does not have
(`GlyphMissing`). `SheetCode` is what the QR code says.
"""

from dispatch.sheets.code import SheetCode, plan_hash
from dispatch.sheets.fonts import FontMissing, GlyphMissing, find_font
from dispatch.sheets.setting import day_sheets

__all__ = ["FontMissing", "GlyphMissing", "SheetCode", "day_sheets", "find_font", "plan_hash"]
