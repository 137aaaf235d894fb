"""Weather for spraying: hourly series in, usable windows (作业窗口) with their reasons out.

One internal unit for each quantity, all integers: wind in cm/s, rain in micrometres (1 mm = 1,000),
temperature in hundredths of a degree Celsius, humidity in parts per thousand. An hour's value holds
for the whole hour that begins at ``start``: nothing is interpolated. An hour that a series lacks is
never usable, and closes the rain-fast hours before it too, since nobody knows whether it rains.
"""

from dispatch.weather.reading import CHINESE_COLUMNS, PRSA_COLUMNS, StationColumns, read_station
from dispatch.weather.rules import Figure, Rules, catalogue, figures
from dispatch.weather.series import SHANGHAI, Forecast, Hour, force, stamp
from dispatch.weather.strips import Closure, HourState, Reason, explain_hour, strip
from dispatch.weather.sun import daylight
from dispatch.weather.windows import windows

__all__ = [
    "CHINESE_COLUMNS",
    "PRSA_COLUMNS",
    "SHANGHAI",
    "Closure",
    "Figure",
    "Forecast",
    "Hour",
    "HourState",
    "Reason",
    "Rules",
    "StationColumns",
    "catalogue",
    "daylight",
    "explain_hour",
    "figures",
    "force",
    "read_station",
    "stamp",
    "strip",
    "windows",
]
