"""Tiny stories, one pair per rule: first with one row at fault, then without."""

import pandas as pd

from bayescich.account import Account
from bayescich.histories.faults import RULES
from bayescich.records.code_sets import code_set
from bayescich.records.ssda903 import Ssda903Records
from bayescich.records.ssda903_derived import full_schema
from bayescich.records.ssda903_schema import SSDA903_TABLES

SCHEMAS = {table.name: full_schema(table) for table in SSDA903_TABLES}
DEFAULTS = {
    "episodes": {
        "RNE": "S",
        "LS": "C2",
        "CIN": "N1",
        "PLACE": "U6",
        "PLACE_PROVIDER": "PR1",
        "HOME_POST": "HO1 1ME",
        "PL_POST": "AA1 1AA",
        "URN": "SC123456",
    },
    "header": {"SEX": "F", "DOB": "2010-06-15", "ETHNIC": "WBRI", "MOTHER": None},
}
LOOKUP = pd.DataFrame(
    {
        "urn": ["SC123456", "1111111"],
        "registration_date": pd.to_datetime(["2000-01-01", "2023-06-01"]),
        "closed_date": pd.to_datetime([None, "2023-09-01"]),
        "place_codes": ["U6|K2", None],
        "provider_codes": ["PR1|PR4", None],
    }
)
ORIGIN = ("LA", "YEAR", "CHILD")
LISTS = {"register": pd.DataFrame({"urn": ["SC123456"]}), "lookup": LOOKUP}


def ep(start, end=None, rec=None, **cells):
    """An episode; an end without a reason is followed by the next."""
    rec = rec or ("X1" if end else None)
    return "episodes", {"DECOM": start, "DEC": end, "REC": rec} | cells


def row(table):
    return lambda **cells: (table, cells)


H, O2, O3, M = row("header"), row("oc2"), row("oc3"), row("missing")


def records(*stories):
    """Make returns of stories told side by side, each in authorities and with pupils of its own."""
    by_table = {name: [] for name in SCHEMAS}
    for number, story in enumerate(stories):
        told = [(table, own(table, cells, number)) for table, cells in story]
        headed = any(table == "header" for table, _ in told)
        for table, cells in [*told, *([] if headed else headers(told))]:
            by_table[table].append(cells)
    frames = {name: typed(name, rows) if rows else EMPTY[name] for name, rows in by_table.items()}
    return Ssda903Records(account=Account(), **frames)


def own(table, cells, number):
    full = {"LA": "N", "YEAR": 2024, "CHILD": "A"} | DEFAULTS.get(table, {}) | cells
    upn = full.get("UPN") or ""
    if len(upn) == 13 and upn[-1].isdigit() and upn[0] != "I":
        full["UPN"] = f"{upn[0]}{number:012d}"
    return full | {"LA": f"{full['LA']}{number}"}


def headers(told):
    """A Header row for each child and year of a story that gives none."""
    seen = {tuple(cells[name] for name in ORIGIN) for _, cells in told}
    default = DEFAULTS["header"]
    return [("header", dict(zip(ORIGIN, key, strict=True)) | default) for key in sorted(seen)]


def typed(name, rows):
    schema = SCHEMAS[name]
    frame = pd.DataFrame(rows, columns=list(schema.columns))
    for column, rule in schema.columns.items():
        kind = str(rule.dtype)
        kind = "str" if kind.startswith("str") else kind
        frame[column] = (
            pd.to_datetime(frame[column]).astype(kind)
            if kind.startswith("datetime")
            else frame[column].astype("object").where(frame[column].notna(), None).astype(kind)
        )
    return frame


EMPTY = {name: typed(name, []) for name in SCHEMAS}
START = ep("2023-05-01", "2023-08-01")
LAST = ep("2023-08-01", RNE="P", PL_POST="BB2 2BB")
SOUND = [START, LAST]
OUT = ep("2023-05-01", "2023-08-01", "E4A")
UPN = "A123456789012"

STORIES = {
    # the chain
    "overlap": ([ep("2023-05-01", "2023-09-01"), LAST], SOUND),
    "jump": ([ep("2023-05-01", "2023-07-01"), LAST], SOUND),
    "gap": (
        [ep("2023-05-01", "2023-07-01", "E4A"), LAST],
        [ep("2023-05-01", "2023-07-01", "E4A"), ep("2023-08-01")],
    ),
    "continues into nothing": ([START], [OUT]),
    "leaves and goes on": ([OUT, LAST], SOUND),
    "restart on the same day": ([START, ep("2023-08-01")], SOUND),
    "first row does not start care": ([LAST], SOUND),
    "open, not last": ([ep("2023-05-01"), LAST], SOUND),
    "several open": (
        [ep("2023-05-01"), ep("2023-05-02")],
        [ep("2023-05-01"), ep("2023-05-02", YEAR=2025)],
    ),
    "two on one day": ([START, ep("2023-05-01", PLACE="K2")], SOUND),
    "open with a reason": ([ep("2023-05-01", rec="E4A")], [ep("2023-05-01")]),
    "ended without a reason": ([("episodes", {"DECOM": "2023-05-01", "DEC": "2023-06-01"})], SOUND),
    "ends before it starts": ([ep("2023-05-01", "2023-04-01")], SOUND),
    "no days": ([ep("2023-05-01", "2023-05-01")], SOUND),
    "after death": ([ep("2023-05-01", "2023-08-01", "E2"), LAST], SOUND),
    # what changed
    "L: legal status": (
        [START, ep("2023-08-01", RNE="L")],
        [START, ep("2023-08-01", RNE="L", LS="E1")],
    ),
    "L: placement": (
        [START, ep("2023-08-01", RNE="L", LS="E1", PLACE="K2")],
        [START, ep("2023-08-01", RNE="L", LS="E1")],
    ),
    "P: legal status": ([START, ep("2023-08-01", RNE="P", LS="E1", PLACE="K2")], SOUND),
    "P: placement": ([START, ep("2023-08-01", RNE="P")], SOUND),
    "T: legal status": (
        [START, ep("2023-08-01", RNE="T", LS="E1", PLACE="U4")],
        [START, ep("2023-08-01", RNE="T", PLACE="U4")],
    ),
    "T: placement": (
        [START, ep("2023-08-01", RNE="T")],
        [ep("2023-05-01", "2023-08-01", PLACE="H5"), ep("2023-08-01", RNE="T", PLACE="K3")],
    ),
    "B: legal status": (
        [START, ep("2023-08-01", RNE="B", PLACE="K2")],
        [START, ep("2023-08-01", RNE="B", LS="E1", PLACE="K2")],
    ),
    "B: placement": (
        [START, ep("2023-08-01", RNE="B", LS="E1")],
        [START, ep("2023-08-01", RNE="B", LS="E1", PL_POST="BB2 2BB")],
    ),
    "U: legal status": (
        [START, ep("2023-08-01", RNE="U", PLACE="U4")],
        [START, ep("2023-08-01", RNE="U", LS="E1", PLACE="U4")],
    ),
    "U: placement": (
        [START, ep("2023-08-01", RNE="U", LS="E1")],
        [START, ep("2023-08-01", RNE="U", LS="E1", PLACE="U4")],
    ),
    "need drifts": (
        [START, ep("2023-08-01", RNE="P", CIN="N5")],
        [OUT, ep("2023-09-01", CIN="N5")],
    ),
    "reason missing": (
        [START, LAST],
        [ep("2023-05-01", "2023-08-01", REASON_PLACE_CHANGE="CARPL"), LAST],
    ),
    "reason without a move": (
        [ep("2023-05-01", "2023-08-01", "E4A", REASON_PLACE_CHANGE="CARPL")],
        [ep("2023-05-01", "2023-08-01", REASON_PLACE_CHANGE="CARPL"), LAST],
    ),
    "reason while open": (
        [ep("2025-05-01", YEAR=2026, REASON_PLACE_CHANGE="CARPL")],
        [ep("2023-05-01", REASON_PLACE_CHANGE="CARPL")],
    ),
    "status only, new carer": (
        [ep("2023-05-01", "2023-08-01", REASON_PLACE_CHANGE="PLACE"), LAST],
        [
            ep("2023-05-01", "2023-08-01", REASON_PLACE_CHANGE="PLACE"),
            ep("2023-08-01", RNE="T", PLACE="U4"),
        ],
    ),
    # ages and dates
    "born after the start": ([ep("2010-06-14")], [ep("2010-06-15")]),
    "enters care at 18": ([ep("2028-06-15", YEAR=2029)], [ep("2028-06-14", YEAR=2029)]),
    "episode after 18": (
        [ep("2028-06-15", YEAR=2029, RNE="P")],
        [ep("2028-06-14", YEAR=2029, RNE="P")],
    ),
    "still in care after 18": (
        [ep("2028-05-01", "2028-06-16", YEAR=2029)],
        [ep("2028-05-01", "2028-06-15", "E17", YEAR=2029)],
    ),
    "before the Children Act": ([ep("1991-10-13")], [ep("1991-10-14")]),
    "date in the future": ([ep("2023-05-01", "2024-04-01")], [ep("2023-05-01", "2024-03-31")]),
    "ended before the year": ([ep("2023-01-01", "2023-03-31")], [ep("2023-01-01", "2023-04-01")]),
    # codes
    "LS out of its year": ([ep("2024-05-01", YEAR=2025, LS="D1")], [ep("2023-05-01", LS="D1")]),
    "PLACE out of its year": (
        [ep("2023-05-01", PLACE="K3")],
        [ep("2024-05-01", YEAR=2025, PLACE="K3")],
    ),
    "REC out of its year": (
        [ep("2023-05-01", "2023-08-01", "E43")],
        [ep("2023-05-01", "2023-08-01", "E45")],
    ),
    "REASON_PLACE_CHANGE out of its year": (
        [ep("2017-05-01", "2017-06-01", YEAR=2018, REASON_PLACE_CHANGE="CUSTOD")],
        [ep("2018-05-01", "2018-06-01", YEAR=2019, REASON_PLACE_CHANGE="CUSTOD")],
    ),
    "ACTIV out of its year": ([O3(IN_TOUCH="YES", ACTIV="F3")], [O3(IN_TOUCH="YES", ACTIV="F4")]),
    **{
        f"{column} blank": ([ep("2023-05-01", **{column: None})], SOUND)
        for column in ("RNE", "LS", "CIN", "PLACE")
    },
    # the URN
    "URN missing": ([ep("2023-05-01", URN=None)], [ep("2023-05-01", URN=None, PL_POST="EH1 1AA")]),
    "URN of a home missing": (
        [ep("2023-05-01", URN=None, PLACE="K2")],
        [ep("2023-05-01", PLACE="K2")],
    ),
    "URN malformed": ([ep("2023-05-01", URN="12345")], [ep("2023-05-01", URN="XXXXXXX")]),
    "URN of a home not inspected": (
        [ep("2023-05-01", URN="XXXXXXX", PLACE="K2")],
        [ep("2023-05-01", URN="XXXXXXX")],
    ),
    "URN not inspected, from 2025-26": (
        [ep("2025-05-01", YEAR=2026, URN="XXXXXXX", PLACE="S1")],
        [ep("2023-05-01", URN="XXXXXXX", PLACE="S1")],
    ),
    "URN must be blank": ([ep("2023-05-01", PLACE="P1")], [ep("2023-05-01", PLACE="P1", URN=None)]),
    "URN not on the register": (
        [ep("2023-05-01", PLACE="K2", URN="7654321")],
        [
            ep("2023-05-01", PLACE="U6", URN="7654321"),
            ep("2023-05-01", CHILD="B", PLACE="K2", URN="XXXXXXX"),
        ],
    ),
    "URN not in the look-up": ([ep("2023-05-01", URN="7654321")], SOUND),
    "URN before registration": (
        [ep("2023-05-31", URN="1111111")],
        [ep("2023-06-01", URN="1111111")],
    ),
    "URN after closure": (
        [ep("2023-06-01", "2023-09-02", URN="1111111")],
        [ep("2023-06-01", "2023-09-01", URN="1111111")],
    ),
    "URN of another kind of placement": (
        [ep("2023-05-01", PLACE="R3")],
        [ep("2023-05-01", PLACE="K2")],
    ),
    "URN of another kind of provider": (
        [ep("2023-05-01", PLACE_PROVIDER="PR5")],
        [ep("2023-05-01", PLACE_PROVIDER="PR4")],
    ),
    # who provides
    "provider contradicts the placement": (
        [ep("2023-05-01", PLACE_PROVIDER="PR0")],
        [ep("2023-05-01", PLACE="P1", PLACE_PROVIDER="PR0")],
    ),
    "provider missing": (
        [ep("2023-05-01", PLACE_PROVIDER=None)],
        [ep("2023-05-01", PLACE="T0", PLACE_PROVIDER=None)],
    ),
    "provider of a home missing": (
        [ep("2023-05-01", PLACE="K2", PLACE_PROVIDER=None)],
        [ep("2023-05-01", PLACE_PROVIDER=None)],
    ),
    "provider must be blank": ([ep("2023-05-01", PLACE="T0")], SOUND),
    # temporary placements
    "temporary, starts care": (
        [ep("2023-05-01", PLACE="T0")],
        [START, ep("2023-08-01", RNE="P", PLACE="T0")],
    ),
    "temporary, ends care": (
        [START, ep("2023-08-01", "2023-08-03", "E4A", RNE="P", PLACE="T4")],
        [START, ep("2023-08-01", "2023-08-03", RNE="P", PLACE="T4")],
    ),
    "temporary, returns elsewhere": (
        [
            START,
            ep("2023-08-01", "2023-08-03", RNE="P", PLACE="T4"),
            ep("2023-08-03", RNE="P", PL_POST="CC3 3CC"),
        ],
        [START, ep("2023-08-01", "2023-08-03", RNE="P", PLACE="T4"), ep("2023-08-03", RNE="P")],
    ),
    # short breaks
    "short breaks": ([ep("2023-05-01", "2023-05-05", "E4A", LS="V3")], SOUND),
    "short break, not a start": (
        [ep("2023-05-01", "2023-05-05", LS="V3", RNE="P")],
        [ep("2023-05-01", "2023-05-05", LS="V3")],
    ),
    "short break, placement": (
        [ep("2023-05-01", "2023-05-05", LS="V3", PLACE="U4")],
        [ep("2023-05-01", "2023-05-05", LS="V3", PLACE="K2")],
    ),
    "short break, postcode": (
        [ep("2023-05-01", "2023-05-05", LS="V4")],
        [ep("2023-05-01", "2023-05-05", LS="V4", PL_POST=None, HOME_POST=None)],
    ),
    "short breaks over 75 days": (
        [
            ep("2023-05-01", "2023-06-10", "E4A", LS="V3"),
            ep("2023-07-01", "2023-08-10", "E4A", LS="V3"),
        ],
        [
            ep("2023-05-01", "2023-06-10", "E4A", LS="V3"),
            ep("2023-07-01", "2023-08-01", "E4A", LS="V3"),
        ],
    ),
    # permanence
    "adopted by carer, not fostered": (
        [ep("2023-05-01", "2023-08-01", PLACE="K2"), ep("2023-08-01", RNE="T", PLACE="A3")],
        [START, ep("2023-08-01", RNE="T", PLACE="A3")],
    ),
    "placed for adoption without an order": (
        [ep("2023-05-01", PLACE="A5")],
        [ep("2023-05-01", PLACE="A5", LS="E1")],
    ),
    "guardian was no foster carer": (
        [ep("2023-05-01", "2023-08-01", "E45", PLACE="K2")],
        [ep("2023-05-01", "2023-08-01", "E45")],
    ),
    "adopted from another placement": (
        [ep("2023-05-01", "2023-08-01", "E11")],
        [ep("2023-05-01", "2023-08-01", "E11", PLACE="A3")],
    ),
    "in care after adoption": (
        [ep("2023-05-01", "2023-08-01", "E11"), ep("2023-09-01")],
        [OUT, ep("2023-09-01")],
    ),
    "adopted, not in AD1": (
        [ep("2023-05-01", "2023-08-01", "E11"), row("adoptions")(CHILD="B")],
        [ep("2023-05-01", "2023-08-01", "E11"), row("adoptions")()],
    ),
    # from year to year
    **{
        f"{column} differs between years": (
            [ep("2023-03-01", YEAR=2023), ep("2023-03-01", **{column: value})],
            [ep("2023-03-01", YEAR=2023), ep("2023-03-01")],
        )
        for column, value in (
            ("RNE", "P"),
            ("LS", "E1"),
            ("CIN", "N5"),
            ("PLACE", "K2"),
            ("PLACE_PROVIDER", "PR4"),
            ("PL_POST", "BB2 2BB"),
            ("URN", "1111111"),
        )
    },
    "another end in a later year": (
        [ep("2023-03-01", "2023-03-20", YEAR=2023), ep("2023-03-01", "2023-04-20")],
        [ep("2023-03-01", YEAR=2023), ep("2023-03-01", "2023-04-20")],
    ),
    "ended before it was last open": (
        [ep("2023-03-01", YEAR=2023), ep("2023-03-01", "2023-03-31")],
        [ep("2023-03-01", YEAR=2023), ep("2023-03-01", "2023-04-01")],
    ),
    "left open, never returned again": (
        [ep("2023-03-01", YEAR=2023), ep("2023-05-01", CHILD="B")],
        [ep("2023-03-01", YEAR=2023)],
    ),
    "returned late": (
        [ep("2023-03-01"), ep("2023-03-01", CHILD="B", YEAR=2023)],
        [ep("2023-03-01"), ep("2023-03-01", YEAR=2023)],
    ),
    "starts in a missing year": (
        [ep("2022-05-01"), ep("2021-05-01", CHILD="B", YEAR=2022)],
        [ep("2022-05-01"), ep("2022-05-01", CHILD="B", YEAR=2023)],
    ),
    # the child
    "no Header row that year": ([START, H(YEAR=2023)], [START, H()]),
    "no Header row at all": ([START, H(CHILD="B")], [START, H(YEAR=2023)]),
    "no episodes that year": ([START, H(), H(CHILD="B")], [START, H()]),
    "two Header rows": ([START, H(), H(SEX="M")], [START, H(), H(YEAR=2023)]),
    **{
        f"{column} differs": (
            [START, H(YEAR=2023, **{column: a}), H(**{column: b})],
            [START, H(YEAR=2023, **{column: a}), H(**{column: a})],
        )
        for column, a, b in (
            ("DOB", "2010-06-15", "2010-07-15"),
            ("SEX", "F", "M"),
            ("ETHNIC", "WBRI", "MOTH"),
            ("UPN", UPN, "B123456789012"),
        )
    },
    "UPN missing": ([H(UPN=UPN), H(CHILD="B")], [H(UPN=UPN), H(CHILD="B", UPN="UN2")]),
    "UPN malformed": ([H(UPN="I123456789012")], [H(UPN="A12345678901B"), H(CHILD="B", UPN="UN1")]),
    "born after the return": ([H(DOB="2024-04-01")], [H(DOB="2024-03-31")]),
    "boy recorded as a mother": ([H(SEX="M", MOTHER=True)], [H(MOTHER=True)]),
    "asylum status after 18": ([row("uasc")(DUC="2028-06-16")], [row("uasc")(DUC="2028-06-15")]),
    # missing from care
    "missing, ends before it starts": (
        [M(MIS_START="2023-06-02", MIS_END="2023-06-01")],
        [M(MIS_START="2023-06-02", MIS_END="2023-06-03")],
    ),
    "missing, overlap": (
        [M(MIS_START="2023-06-02", MIS_END="2023-06-09"), M(MIS_START="2023-06-05")],
        [M(MIS_START="2023-06-02", MIS_END="2023-06-05"), M(MIS_START="2023-06-05")],
    ),
    "missing, open, not last": (
        [M(MIS_START="2023-06-02"), M(MIS_START="2023-06-05")],
        [M(MIS_START="2023-06-02")],
    ),
    "missing, in the future": (
        [M(MIS_START="2024-03-30", MIS_END="2024-04-01")],
        [M(MIS_START="2024-03-30")],
    ),
    "missing, outside care": ([OUT, M(MIS_START="2023-08-02")], [OUT, M(MIS_START="2023-07-02")]),
    # outcomes
    "score and a reason for none": ([O2(SDQ_SCORE=10, SDQ_REASON="SDQ2")], [O2(SDQ_SCORE=10)]),
    "neither score nor reason": ([O2()], [O2(SDQ_REASON="SDQ2")]),
    "score at the wrong age": ([H(DOB="2020-04-01"), O2(SDQ_SCORE=10)], [O2(SDQ_SCORE=10)]),
    "convicted under 10": ([H(DOB="2014-04-01"), O2(CONVICTED=True)], [O2(CONVICTED=True)]),
    "development check at 5 or over": (
        [O2(HEALTH_CHECK=True)],
        [H(DOB="2020-06-15"), O2(HEALTH_CHECK=True)],
    ),
    "intervention without need": (
        [O2(SUBSTANCE_MISUSE=False, INTERVENTION_OFFERED=True)],
        [O2(SUBSTANCE_MISUSE=True, INTERVENTION_OFFERED=True)],
    ),
    "intervention received and offered": (
        [O2(SUBSTANCE_MISUSE=True, INTERVENTION_RECEIVED=True, INTERVENTION_OFFERED=True)],
        [O2(SUBSTANCE_MISUSE=True, INTERVENTION_RECEIVED=True, INTERVENTION_OFFERED=False)],
    ),
    "not looked after for a year": ([ep("2023-04-02"), O2()], [ep("2023-04-01"), O2()]),
    # care leavers
    "not in touch, yet known": (
        [O3(IN_TOUCH="NO", ACTIV="F4")],
        [O3(IN_TOUCH="NO", ACTIV="0", ACCOM="0")],
    ),
    "in touch, yet not known": (
        [O3(IN_TOUCH="YES", ACTIV="0", ACCOM="U1")],
        [O3(IN_TOUCH="YES", ACTIV="F4", ACCOM="U1")],
    ),
    "young man, parenting": (
        [H(SEX="M"), O3(IN_TOUCH="YES", ACTIV="G6")],
        [O3(IN_TOUCH="YES", ACTIV="G6")],
    ),
    "suitable, with no home": ([O3(ACCOM="S1")], [O3(ACCOM="S2")]),
    "with former carers at 17": (
        [H(DOB="2006-05-01"), O3(ACCOM="Z1")],
        [H(DOB="2005-05-01"), O3(ACCOM="Z1")],
    ),
    "foyer at 17": ([H(DOB="2006-05-01"), O3(ACCOM="T1")], [H(DOB="2005-05-01"), O3(ACCOM="T1")]),
    "not of a care leaver's age": ([O3()], [H(DOB="2006-05-01"), O3()]),
    # other tables
    "review in the future": (
        [row("reviews")(REVIEW="2024-04-01")],
        [row("reviews")(REVIEW="2024-03-31")],
    ),
    **{
        name: (
            [row(table)(**{start: "2023-06-02", end: "2023-06-01"})],
            [row(table)(**{start: "2023-06-02", end: "2023-06-02"})],
        )
        for name, table, start, end in (
            (
                "placed for adoption, backwards",
                "placed_for_adoption",
                "DATE_PLACED",
                "DATE_PLACED_CEASED",
            ),
            ("social worker, backwards", "social_workers", "SW_DECOM", "SW_DEC"),
            ("deprivation of liberty, backwards", "deprivations", "DOLO_START", "DOLO_END"),
        )
    },
    "social workers, overlap": (
        [
            row("social_workers")(SW_DECOM="2023-06-02", SW_DEC="2023-07-02"),
            row("social_workers")(SW_DECOM="2023-06-12"),
        ],
        [
            row("social_workers")(SW_DECOM="2023-06-02", SW_DEC="2023-06-12"),
            row("social_workers")(SW_DECOM="2023-06-12"),
        ],
    ),
    "adopters' number and sex": (
        [row("adoptions")(NB_ADOPTR=2, SEX_ADOPTR="M1")],
        [row("adoptions")(NB_ADOPTR=2, SEX_ADOPTR="MF")],
    ),
    # authorities
    "OTHER above 30%": ([ep("2023-05-01", "2023-08-01", REASON_PLACE_CHANGE="OTHER"), LAST], SOUND),
    "PLACE above 30%": ([ep("2023-05-01", "2023-08-01", REASON_PLACE_CHANGE="PLACE"), LAST], SOUND),
    "URN of homes missing above 20%": (
        [ep("2023-05-01", PLACE="K2", URN=None)],
        [ep("2023-05-01", PLACE="K2")],
    ),
    "year missing between returns": (
        [ep("2021-05-01", YEAR=2022), ep("2023-05-01")],
        [ep("2022-05-01", YEAR=2023), ep("2023-05-01")],
    ),
}

STORIES["UPN of two children"] = (
    [H(UPN=UPN), H(UPN=UPN, CHILD="B")],
    [H(UPN=UPN), H(UPN=UPN, LA="M")],
)
TWO_IDS = [H(UPN=UPN), H(UPN=UPN, LA="M", CHILD="Z"), ep("2023-05-01", "2023-06-01", "E3")]
STORIES["teleport"] = (
    [*TWO_IDS, ep("2023-05-20", LA="M", CHILD="Z")],
    [*TWO_IDS, ep("2023-06-01", LA="M", CHILD="Z")],
)
EXPECTED = {"teleport": 2, "UPN of two children": 2, "several open": 2}
"""Rows at fault where a fault takes two of them."""


def limit_story(column, code, measure, limit):
    """A status one day too long, or a child one day too young; then neither."""
    if measure == "most days":
        start = pd.Timestamp("2023-05-01")
        ends = [start + pd.Timedelta(days=limit + extra) for extra in (1, 0)]
        return tuple([ep(start, end, "E4A", **{column: code})] for end in ends)
    birthday = pd.Timestamp("2010-06-15") + pd.DateOffset(years=limit)
    days = [birthday - pd.Timedelta(days=1), birthday]
    if measure == "least age at end":
        return tuple([ep("2011-01-01", day, **{"rec": "X1", column: code})] for day in days)
    return tuple([ep(day, **{column: code})] for day in days)


for column, code, measure, limit in code_set("limits_by_code").iloc[:, :4].itertuples(index=False):
    words = f"over {limit} days" if measure == "most days" else f"under {limit}"
    STORIES[f"{code} {words}"] = limit_story(column, code, measure, int(limit))

for rule in RULES:
    if rule.name.startswith("date of birth in"):
        dates = {"missing": {"MIS_START": "2023-06-01"}}.get(rule.table, {})
        STORIES[rule.name] = tuple(
            [H(), row(rule.table)(DOB=born, **dates)] for born in ("2010-06-16", "2010-06-15")
        )
