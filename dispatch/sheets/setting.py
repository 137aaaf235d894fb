"""Setting the sheets: plain data goes into a fixed typst template, so no name is ever markup."""

import json
from datetime import UTC, datetime, time
from importlib.resources import files

from dispatch.model import Problem
from dispatch.plan import Plan
from dispatch.render.agenda import crew_days, day_date, jobs_of
from dispatch.render.svg import colour
from dispatch.sheets.code import plan_hash
from dispatch.sheets.contents import code_of, sheet
from dispatch.sheets.fonts import find_font
from dispatch.validation import require, require_int

_TEMPLATE = "day_sheet.typ"


def day_sheets(problem: Problem, plan: Plan, *, day: int = 0) -> bytes:
    """Return a PDF/A with one sheet for each crew that works on a day (0 is the first).

    A sheet goes on overleaf when its stops need more room. The same plan gives the same bytes.
    Raises `InvalidProblem` when nobody works that day or the plan belongs to another problem,
    `FontMissing` and `GlyphMissing`.
    """
    require_int(day, "sheets", "day", 0, problem.days - 1)
    jobs = jobs_of(problem, plan)
    working = [one for one in crew_days(problem, plan, day) if one.halts]
    require(bool(working), "sheets", "day", "当日没有机组作业", "has no crew at work")
    font, found = find_font(), plan_hash(plan)
    colours = {drone.drone_id: colour(index) for index, drone in enumerate(problem.drones)}
    sheets = [
        sheet(problem, plan, one, jobs, (font, colours), code_of(found, plan, one))
        for one in working
    ]
    data = {"family": font.family, "sheets": sheets}
    return _pdf(json.dumps(data, ensure_ascii=False), str(font.path.parent), plan, day)


def _pdf(data: str, font_folder: str, plan: Plan, day: int) -> bytes:
    """Run typst over the template; only the fonts of one folder are used."""
    import typst  # noqa: PLC0415 - only to print

    template = files("dispatch.sheets").joinpath(_TEMPLATE).read_bytes()
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[font_folder]
    )
    compiler = typst.Compiler(template, font_paths=fonts, sys_inputs={"data": data})
    midnight = datetime.combine(day_date(plan, day), time(), tzinfo=UTC)
    made = compiler.compile(format="pdf", pdf_standards="a-2u", timestamp=int(midnight.timestamp()))
    if not isinstance(made, bytes):
        raise TypeError("typst returned no document")
    return made
