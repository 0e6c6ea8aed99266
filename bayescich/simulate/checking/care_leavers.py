"""Care leavers at 17 and 18 and at 19 to 21 (OC3): what they do and where they live."""

from __future__ import annotations

import pandas as pd

from bayescich.histories.people import child_ids
from bayescich.records.ssda903_codes import code_set
from bayescich.simulate.checking.counting import Figures, share, shares, together
from bayescich.simulate.checking.facts import Facts, ages, closing
from bayescich.simulate.checking.placements import FOSTER, HOMES, SUPPORTED

_AGES = {"17 and 18": (17, 18), "19 to 21": (19, 21)}
_LAST = {"children's homes": HOMES, "foster": FOSTER, "supported": SUPPORTED}
_NOT_COUNTED = ("died", "back with parents")
_WORKS = ("higher education", "other education", "training or employment")
_NONE = "no information"
_SETTINGS = {
    "semi-independent": "semi-independent, with support",
    "with former foster carers": "with former foster carer",
    "with parents or relatives": "with parents or relatives",
    "independent": "independent living",
}


def measures(facts: Facts) -> Figures:
    """Return the figures of care leavers."""
    rows = together(leavers(facts, year) for year in facts.recent)
    if not len(rows):
        return {}
    found: Figures = {}
    for name, (first, last) in _AGES.items():
        found |= _activity(f"care leavers {name}", rows[rows["age"].between(first, last)])
    for name, (first, last) in {"18": (18, 18), "19 to 21": (19, 21)}.items():
        of_age = rows[rows["age"].between(first, last)]
        for kind, group in _LAST.items():
            own = of_age[of_age["group"].eq(group)]
            found[f"care leavers {name}: NEET, last in {kind}"] = share(own["neet"])
    return found | _homes_at_18(rows[rows["age"].eq(18)])


def leavers(facts: Facts, year: int) -> pd.DataFrame:
    """Return one row per care leaver of a year.

    Returns
    -------
    DataFrame
        Rows of OC3, those left out who died or are back with parents, with child, ``age`` on 31
        March, ``group`` of the last placement, ``touch``, ``activity`` (group) and ``neet``.
    """
    rows = facts.everything.returns.oc3
    rows = rows[rows["YEAR"].eq(year)]
    rows = rows.assign(child=child_ids(rows)).drop_duplicates("child", keep="last")
    header = facts.everything.returns.header
    born = header.assign(child=child_ids(header)).drop_duplicates("child", keep="last")
    birth = rows["DOB"].fillna(rows["child"].map(born.set_index("child")["DOB"]))
    rows = rows.assign(DOB=birth)[birth.notna()]
    touch = rows["IN_TOUCH"].map(code_set("in_touch").group)
    rows = rows.assign(touch=touch)[~touch.isin(_NOT_COUNTED)]
    last = facts.placements.drop_duplicates("child", keep="last").set_index("child")["group"]
    # nothing is known of those the authority is not in touch with
    activity = rows["ACTIV_GROUP"].where(rows["touch"].eq("in touch"), _NONE).fillna(_NONE)
    return rows.assign(
        age=ages(rows["DOB"], closing(year)),
        group=rows["child"].map(last),
        activity=activity,
        neet=activity.str.startswith("NEET"),
    )


def _activity(theme: str, rows: pd.DataFrame) -> Figures:
    return {
        f"{theme}: in education, employment or training": share(rows["activity"].isin(_WORKS)),
        f"{theme}: NEET": share(rows["neet"]),
        f"{theme}: activity not known": share(rows["activity"].eq(_NONE)),
        f"{theme}: NEET, illness or disability": share(
            rows["activity"].eq("NEET: illness or disability")
        ),
        f"{theme}: higher education": share(rows["activity"].eq("higher education")),
        f"{theme}: other education": share(rows["activity"].eq("other education")),
        f"{theme}: accommodation suitable": share(rows["SUITABLE"].fillna(value=False)),
        f"{theme}: in touch": share(rows["touch"].eq("in touch")),
    }


def _homes_at_18(rows: pd.DataFrame) -> Figures:
    foster = rows.loc[rows["group"].eq(FOSTER), "ACCOM_SETTING"]
    return {
        **shares("care leavers 18", rows["ACCOM_SETTING"], _SETTINGS),
        "care leavers 18: with former foster carers, of those last in foster": share(
            foster.eq("with former foster carer")
        ),
    }
