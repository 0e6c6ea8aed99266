"""The published figures a synthetic England is made from, each with its source.

Where no figure is published the source says *judgement*: those are the numbers to change
when a better one is known. Rates of moving and leaving are per year.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_DFE = "DfE, Children looked after in England 2023 to 2024, national tables"
_OFSTED = "Ofsted, Children's social care in England 2025, provider level (counted from the list)"
_JUDGEMENT = "judgement"


@dataclass(frozen=True)
class Figure[T]:
    """A figure and where it comes from.

    Examples
    --------
    >>> REGISTER_DATE.value
    '2025-03-31'
    """

    value: T
    """The figure, in the unit its name or docstring says."""
    source: str
    """The publication, or *judgement*."""


Shares = Mapping[str, float]
"""Relative weights; they need not sum to one."""

AGE_GROUPS = (0, 10, 16)
"""First birthday of each age group that the tables below are split by."""

# --- homes ---------------------------------------------------------------------------------

REGISTER_DATE = Figure("2025-03-31", _OFSTED)

HOMES_PER_CHILD = Figure(4_010 / 83_630, f"{_OFSTED}; {_DFE}")
AUTHORITIES_PER_CHILD = Figure(153 / 83_630, f"153 authorities; {_DFE}")

SECTORS = Figure[Shares](
    {"Private": 3_320, "Local Authority": 467, "Voluntary": 152}, f"{_OFSTED}; 7 health homes out"
)

PLACES = Figure[Mapping[str, tuple[float, ...]]](
    {
        "Private": (0.091, 0.217, 0.287, 0.211, 0.098, 0.058, 0.018, 0.015, 0.002, 0.002),
        "Local Authority": (0.057, 0.148, 0.135, 0.231, 0.137, 0.171, 0.036, 0.036, 0.02, 0.02),
        "Voluntary": (0.031, 0.055, 0.157, 0.299, 0.134, 0.150, 0.031, 0.055, 0.04, 0.04),
    },
    f"{_OFSTED}, homes that are not for short breaks only",
)
"""Share of homes with 1, 2, ... 10 registered places, by sector."""

PROVISION = Figure[Shares](
    {
        "Children's home": 3_946 - 124,
        "Short breaks": 124,
        "Residential special school (registered as a children's home)": 49,
        "Secure children's home": 14,
    },
    _OFSTED,
)

REGIONS = Figure[Shares](
    {
        "North West": 1_032,
        "West Midlands": 640,
        "East Midlands": 472,
        "South East": 425,
        "Yorkshire and The Humber": 369,
        "East of England": 336,
        "South West": 269,
        "London": 250,
        "North East": 216,
    },
    _OFSTED,
)
"""Homes by region."""

OFSTED_REGIONS = Figure(
    dict.fromkeys(
        ("North East", "Yorkshire and The Humber"), "North East, Yorkshire and the Humber"
    ),
    _OFSTED,
)
"""Regions that Ofsted reports as one."""

OWNER_SIZE_EXPONENT = Figure(1.73, f"{_OFSTED}: half of 1,315 owners own one home")
"""P(an owner has n homes) is proportional to n to minus this."""

REGISTERED_BEFORE_WINDOW = Figure(
    0.54, "2,145 homes in 2017 of 4,010 in 2025, Ofsted main findings"
)

RATINGS = Figure[Shares](
    {
        "Outstanding": 12.5,
        "Good": 72.9,
        "Requires improvement to be good": 13.4,
        "Inadequate": 1.2,
    },
    f"{_OFSTED}, judged homes",
)
NOT_YET_INSPECTED = Figure(380 / 3_946, _OFSTED)

# --- children ------------------------------------------------------------------------------

FIRST_ENTRY = "2015-04-01"
LAST_DAY = "2025-03-31"
"""The collection years that are written: 2015/16 to 2024/25."""

AGE_AT_ENTRY = Figure[Mapping[tuple[int, int], int]](
    {(0, 1): 5_210, (1, 5): 4_830, (5, 10): 4_890, (10, 16): 8_690, (16, 18): 9_440},
    f"{_DFE}: children starting, by age",
)

MALE = Figure[tuple[float, ...]](
    (0.53, 0.53, 0.80), f"{_DFE}: 61% of starters; the split by age group is {_JUDGEMENT}"
)

NEED = Figure[tuple[Shares, ...]](
    (
        {"N1": 76, "N2": 1.5, "N3": 3, "N4": 7, "N5": 9, "N7": 0.2, "N8": 3},
        {"N1": 58, "N2": 3.5, "N3": 2.5, "N4": 10, "N5": 16, "N6": 5, "N7": 0.2, "N8": 5},
        {"N1": 18, "N2": 1, "N3": 1, "N4": 6, "N5": 9, "N6": 3, "N7": 0.1, "N8": 62},
    ),
    f"{_DFE}: children starting, by category of need; the split by age group is {_JUDGEMENT}",
)

LEGAL_STATUS = Figure[tuple[Shares, ...]](
    (
        {"V2": 38, "C1": 48, "L2": 10, "L1": 4},
        {"V2": 60, "C1": 22, "L2": 10, "L1": 6, "J1": 2},
        {"V2": 85, "C1": 8, "L2": 2, "L1": 1, "J1": 4},
    ),
    f"{_DFE}: children starting, by legal status; the split by age group is {_JUDGEMENT}",
)

ETHNICITY = Figure[Shares](
    {
        "WBRI": 17_080, "WIRI": 70, "WIRT": 80, "WROM": 170, "WOTH": 1_520, "MWBC": 920,
        "MWBA": 410, "MWAS": 430, "MOTH": 1_210, "AIND": 180, "APKN": 500, "ABAN": 180,
        "CHNE": 50, "AOTH": 1_570, "BCRB": 540, "BAFR": 2_970, "BOTH": 640, "OOTH": 3_820,
        "NOBT": 730,
    },
    f"{_DFE}: children starting, by ethnicity",
)  # fmt: skip

SHORT_BREAK_CHILDREN = Figure(0.03, _JUDGEMENT)
"""Children with short breaks only, for every child looked after."""

# --- placements ----------------------------------------------------------------------------

KINDS = ("home", "foster", "kin", "parents", "supported", "residential")
"""What a placement can be in this first version."""

FIRST_PLACEMENT = Figure[tuple[tuple[float, ...], ...]](
    (
        (1.5, 60, 27, 7, 0, 5.6),
        (12, 56, 16, 8, 0, 8),
        (3.5, 25, 3, 2, 62, 4.5),
    ),
    f"{_DFE}: first placement on starting; the split by age group is {_JUDGEMENT}",
)
"""Percentages by age group, in the order of ``KINDS``."""

NEXT_PLACEMENT = Figure[tuple[tuple[float, ...], ...]](
    ((6, 64, 16, 12, 0, 2), (32, 47, 7, 9, 0, 5), (16, 26, 4, 5, 46, 3)), _JUDGEMENT
)
"""After a placement that is not a children's home."""

NEXT_AFTER_HOME = Figure[tuple[tuple[float, ...], ...]](
    ((45, 45, 4, 6, 0, 0), (58, 28, 3, 7, 0, 4), (40, 9, 1, 4, 43, 3)), _JUDGEMENT
)

NEED_FAVOURS_HOME = Figure(
    {"N2": 4.0, "N6": 4.0}, f"15% of children in homes have N2, What Works 2022; {_JUDGEMENT}"
)
"""Factor on the weight of a home, from age 8."""

YOUNGEST_IN_HOME = Figure(6.0, _JUDGEMENT)
"""Age in years below which no child is placed in a children's home."""

INSIDE_AUTHORITY = Figure(0.33, f"{_DFE}: 67% of children in homes are outside their authority")
SAME_REGION = Figure(3.0, _JUDGEMENT)
"""Weight of a home in the child's region, against one elsewhere."""

SIZE_BANDS = (1, 2, 3, 5, 7)
"""Fewest places of a solo, dual, small, medium and large home."""

PREFERENCE = Figure[Mapping[str, tuple[float, ...]]](
    {
        "ordinary": (0.5, 0.8, 1.2, 1.2, 1.0, 0.1, 0.0),
        "disability": (0.4, 0.8, 1.0, 1.2, 1.5, 6.0, 0.0),
        "behaviour": (8.0, 3.0, 0.8, 0.6, 0.5, 0.3, 10.0),
        "older": (2.5, 1.6, 1.0, 0.9, 0.8, 0.2, 0.0),
    },
    f"{_JUDGEMENT}: solo and dual homes are sought for behaviour and for older children",
)
"""Weight per registered place: five size bands, special schools, secure homes."""

OTHER_KINDS_MOVE = Figure[Mapping[str, tuple[float, ...]]](
    {
        "foster": (4.0, 1.6, 0.9, 0.8, 0.6, 0.45, 0.3, 0.2, 0.12),
        "kin": (1.5, 0.8, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.08),
        "parents": (0.4, 0.4, 0.4, 0.3, 0.3, 0.2, 0.15, 0.1, 0.1),
        "supported": (1.6, 1.4, 1.3, 1.2, 1.1, 1.0, 0.8, 0.8, 0.8),
        "residential": (5.0, 4.0, 4.0, 3.5, 3.0, 2.5, 2.0, 2.0, 2.0),
    },
    f"shape from {_DFE}: durations of placements ceasing; the part that is moves is {_JUDGEMENT}",
)
"""Moves per year in each duration band of ``truth.CUTS``."""

LEAVE_CARE = Figure[Mapping[str, tuple[float, float]]](
    {
        "home": (0.12, 0.25),
        "foster": (0.35, 0.40),
        "kin": (0.45, 0.50),
        "parents": (0.80, 0.80),
        "supported": (0.30, 0.45),
        "residential": (0.60, 0.80),
    },
    f"{_DFE}: 33,620 left of 83,630; the split by placement is {_JUDGEMENT}",
)
"""Exits per year before and from the 17th birthday."""

RETURNS_TO_CARE = Figure(0.14, "Mc Grath-Lone et al. 2017: 14.4% re-enter within a year (2012)")
"""Share of children going home or elsewhere in the family who come back."""

EXIT_REASONS = Figure[Mapping[str, Shares]](
    {
        "0": {"E4A": 35, "E47": 35, "E41": 8, "E13": 12, "E3": 6, "E8": 4},
        "10": {"E4A": 45, "E4B": 12, "E13": 12, "E47": 12, "E3": 8, "E9": 2, "E8": 9},
        "16": {"E4A": 30, "E4B": 10, "E13": 10, "E5": 26, "E6": 6, "E3": 7, "E9": 3, "E8": 8},
        "18, family": {"E17": 60, "E5": 24, "E6": 6, "E4A": 5, "E8": 5},
        "18, other": {"E17": 12, "E5": 58, "E6": 14, "E7": 6, "E8": 10},
    },
    f"{_DFE}: children ceasing, by reason; the split by age is {_JUDGEMENT}; no adoption yet",
)

CHANGE_REASONS = Figure[Mapping[str, Shares]](
    {
        "home": {
            "CARPL": 1_890, "OTHER": 1_090, "CREQB": 930, "CREQO": 220, "CHILD": 220,
            "CLOSE": 120, "LAREQ": 90, "STAND": 30, "ALLEG": 20, "APPRR": 20,
        },
        "other": {
            "CARPL": 34.2, "OTHER": 22.2, "CREQB": 8.8, "CREQO": 9.3, "CHILD": 2.8,
            "CLOSE": 0.6, "LAREQ": 1.1, "STAND": 1.1, "ALLEG": 1.0, "APPRR": 0.3,
        },
    },
    f"{_DFE}: reasons for placement change, children's homes and foster care, status-only out",
)  # fmt: skip

TEMPORARY = Figure(0.10, _JUDGEMENT)
"""Share of stays over 60 days that are broken by a few days elsewhere and a return."""

SAME_CARER_CHANGE = Figure(0.08, _JUDGEMENT)
"""Share of stays over 60 days in which the carer or home moves address."""
