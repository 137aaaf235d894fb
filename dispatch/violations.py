"""The words in which the checker says what a plan breaks, in Chinese and English."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Code(StrEnum):
    """What kind of rule is broken (违例代码); `Code.zh` is the term that staff read."""

    DAY = "day"
    HORIZON = "horizon"
    UNKNOWN_JOB = "unknown_job"
    UNKNOWN_DRONE = "unknown_drone"
    UNKNOWN_CREW = "unknown_crew"
    UNKNOWN_POINT = "unknown_point"
    REPEATED_JOB = "repeated_job"
    REPEATED_ROUTE = "repeated_route"
    REPEATED_TRUCK = "repeated_truck"
    REPEATED_BLOCK = "repeated_block"
    MISSING_JOB = "missing_job"
    FALSE_CAUSE = "false_cause"
    AREA = "area"
    LIQUID = "liquid"
    PRODUCT = "product"
    HEADING = "heading"
    SKILL = "skill"
    PERMIT = "permit"
    PILOTS = "pilots"
    PIN = "pin"
    AREA_CAP = "area_cap"
    BUFFER = "buffer"
    NO_FLY = "no_fly"
    RADIUS = "radius"
    BLOCK = "block"
    MIXED_BLOCK = "mixed_block"
    EMPTY_STOP = "empty_stop"
    PLACE = "place"
    SHIFT = "shift"
    DAY_OFF = "day_off"
    REST = "rest"
    PAST = "past"
    WEATHER = "weather"
    TIME_WINDOW = "time_window"
    PRE_HARVEST = "pre_harvest"
    AVAILABILITY = "availability"
    ARRIVAL = "arrival"
    TRAVEL_TIME = "travel_time"
    SETUP_TIME = "setup_time"
    CLEAN_TIME = "clean_time"
    WORK_TIME = "work_time"
    WAIT_IN_AIR = "wait_in_air"
    OVERLAP = "overlap"
    LANDING = "landing"
    HALTS = "halts"
    TANK = "tank"
    BATTERY = "battery"
    WATER = "water"
    FILL_TIME = "fill_time"
    MIX_HOURS = "mix_hours"
    FROZEN = "frozen"
    TOTALS = "totals"
    OBJECTIVE = "objective"
    BOUND = "bound"

    @property
    def zh(self) -> str:
        """The Chinese term of this code."""
        return _TERMS[self]


_TERMS = {
    Code.DAY: "日期不符",
    Code.HORIZON: "超出计划天数",
    Code.UNKNOWN_JOB: "地块不存在",
    Code.UNKNOWN_DRONE: "无人机不存在",
    Code.UNKNOWN_CREW: "机组不存在",
    Code.UNKNOWN_POINT: "配药取水点不存在",
    Code.REPEATED_JOB: "地块重复安排",
    Code.REPEATED_ROUTE: "无人机一天两条航线",
    Code.REPEATED_TRUCK: "机组一天两条车程",
    Code.REPEATED_BLOCK: "作业片区编号重复",
    Code.MISSING_JOB: "地块遗漏",
    Code.FALSE_CAUSE: "未派原因不实",
    Code.AREA: "面积不符",
    Code.LIQUID: "药液量不符",
    Code.PRODUCT: "药剂不符",
    Code.HEADING: "航向无效",
    Code.SKILL: "资质不足",
    Code.PERMIT: "登记或保险无效",
    Code.PILOTS: "飞手不足",
    Code.PIN: "违反指定",
    Code.AREA_CAP: "超出日作业面积上限",
    Code.BUFFER: "进入禁喷区",
    Code.NO_FLY: "进入禁飞区",
    Code.RADIUS: "超出飞行半径",
    Code.BLOCK: "作业片区无对应停车点",
    Code.MIXED_BLOCK: "同一片区混用药剂",
    Code.EMPTY_STOP: "停车点无作业",
    Code.PLACE: "停车位置不符",
    Code.SHIFT: "超出班次",
    Code.DAY_OFF: "休息日出工",
    Code.REST: "午休时间作业",
    Code.PAST: "早于当前时刻",
    Code.WEATHER: "不在作业窗口内",
    Code.TIME_WINDOW: "不在地块时间窗内",
    Code.PRE_HARVEST: "违反安全间隔期",
    Code.AVAILABILITY: "无人机不可用",
    Code.ARRIVAL: "到达时刻不符",
    Code.TRAVEL_TIME: "转场时间不足",
    Code.SETUP_TIME: "架设时间不足",
    Code.CLEAN_TIME: "清洗时间不足",
    Code.WORK_TIME: "作业时间不足",
    Code.WAIT_IN_AIR: "空中等待",
    Code.OVERLAP: "同机作业时间重叠",
    Code.LANDING: "无人机未降落即离场",
    Code.HALTS: "返航次数不符",
    Code.TANK: "药箱容量不足",
    Code.BATTERY: "电池电量不足",
    Code.WATER: "车载用水不符",
    Code.FILL_TIME: "取水时间不足",
    Code.MIX_HOURS: "配药取水点未开放",
    Code.FROZEN: "改动已执行部分",
    Code.TOTALS: "合计不符",
    Code.OBJECTIVE: "目标分项不符",
    Code.BOUND: "上界不符",
}
_UNITS = {
    "s": "秒",
    "m": "米",
    "ml": "毫升",
    "count": "个",
    "days": "天",
    "weight": "权重",
    "permille": "‰",
    "cdeg": "百分之一度",
}

Language = Literal["en", "zh"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One broken rule: whose, which job and block, which day and stop, and by how much.

    ``position`` is the stop's place (0-based) in the drone's route where ``drone_id`` is given,
    else in the truck's. ``day`` is 0 for the first. ``amount`` is in ``unit`` (``s``, ``m``,
    ``ml``, ``centimu``, ``count``, ``days``, ``weight``, ``permille``, ``cdeg``). ``what`` names
    a field, a zone, a point or a cause. Empty strings and None stand for what does not apply.
    """

    code: Code
    drone_id: str = ""
    crew_id: str = ""
    day: int | None = None
    block_id: str = ""
    job_id: str = ""
    position: int | None = None
    amount: int = 0
    unit: str = ""
    what: str = ""

    def sentence(self, language: Language = "en") -> str:
        """Return the violation as one line for a listing; Chinese counts days and stops from 1."""
        return self._zh() if language == "zh" else self._en()

    def _en(self) -> str:
        """Return ``code: drone D0 day 0 stop 2 block B1 job P7 (what) by 12 s``."""
        parts = [
            ("crew", self.crew_id),
            ("drone", self.drone_id),
            ("day", self.day),
            ("stop", self.position),
            ("block", self.block_id),
            ("job", self.job_id),
        ]
        words = [f"{name} {value}" for name, value in parts if value not in {"", None}]
        words += [f"({self.what})"] if self.what else []
        words += [f"by {self.amount} {self.unit}"] if self.unit else []
        return f"{self.code.value}: {' '.join(words) or '-'}"

    def _zh(self) -> str:
        """Return ``作业时间不足：机组 C0，第 1 天，…，差 12 秒``; areas in mu."""
        words = [
            f"机组 {self.crew_id}" if self.crew_id else "",
            f"无人机 {self.drone_id}" if self.drone_id else "",
            "" if self.day is None else f"第 {self.day + 1} 天",
            "" if self.position is None else f"第 {self.position + 1} 站",
            f"片区 {self.block_id}" if self.block_id else "",
            f"地块 {self.job_id}" if self.job_id else "",
            self.what,
        ]
        if self.unit == "centimu":
            words.append(f"差 {self.amount / 100:.2f} 亩")
        elif self.unit:
            words.append(f"差 {self.amount} {_UNITS.get(self.unit, self.unit)}")
        return f"{self.code.zh}：{'，'.join(word for word in words if word) or '全计划'}"
