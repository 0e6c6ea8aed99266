"""Classic data as the specs beside this file ask for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

DAYS_PER_YEAR = 365.25
LAST_DAYS_UNDER_TREATMENT = 6.0
"""Of rhDNase: days after intravenous treatment in which no new infection is counted."""


def rats(folder: Path) -> pd.DataFrame:
    """Female rats: 50 litters of three, 40 tumours, time in weeks."""
    table = pd.read_csv(folder / "anchors" / "rats.csv").rename(columns={"status": "event"})
    female = table[table["sex"] == "f"]
    assert (len(female), female["event"].sum(), female["litter"].nunique()) == (150, 40, 50)
    return female


def cgd(folder: Path) -> pd.DataFrame:
    """Chronic granulomatous disease: 128 patients, 203 intervals, 76 infections."""
    table = pd.read_csv(folder / "anchors" / "cgd.csv")
    table = table.rename(columns={"status": "event", "tstop": "time"})
    assert (len(table), table["event"].sum(), table["id"].nunique()) == (203, 76, 128)
    return table.assign(
        treat=(table["treat"] != "placebo").astype(int),
        autosomal=(table["inherit"] == "autosomal").astype(int),
    )


def readmission(folder: Path) -> pd.DataFrame:
    """Colorectal cancer: 403 patients, 861 rows, 458 readmissions; time since the last one."""
    table = pd.read_csv(folder / "anchors" / "readmission.csv")
    assert (len(table), table["event"].sum(), table["id"].nunique()) == (861, 458, 403)
    indicators = {
        "female": table["sex"] == "Female",
        "chemo": table["chemo"] == "Treated",
        "dukes_c": table["dukes"] == "C",
        "dukes_d": table["dukes"] == "D",
        "charlson_1": table["charlson"] == "1-2",
        "charlson_3": table["charlson"] == "3",
    }
    return table.assign(**{name: flag.astype(int) for name, flag in indicators.items()})


def readmission_by_calendar(folder: Path) -> pd.DataFrame:
    """The same on the time since surgery: each row enters where the one before it ended."""
    table = readmission(folder).drop(columns="time")
    return table.rename(columns={"t.start": "tstart", "t.stop": "time"})


def rhdnase(folder: Path) -> pd.DataFrame:
    """Cystic fibrosis: at-risk intervals of 647 patients; under treatment nobody is at risk."""
    table = pd.read_csv(folder / "anchors" / "rhDNase.csv")
    ends = pd.to_datetime(table["end.dt"]) - pd.to_datetime(table["entry.dt"])
    table = table.assign(end=ends.dt.days).sort_values(["id", "ivstart"], kind="stable")
    rows = []
    for person, own in table.groupby("id"):
        trt, fev, end = own[["trt", "fev", "end"]].iloc[0]
        begin = 0.0
        for start, stop in own[["ivstart", "ivstop"]].dropna().to_numpy():
            if start > begin:
                rows.append((person, trt, fev, begin, start, 1))
            begin = max(begin, stop + LAST_DAYS_UNDER_TREATMENT)
        if begin < end:
            rows.append((person, trt, fev, begin, end, 0))
    return pd.DataFrame(rows, columns=["id", "trt", "fev", "tstart", "time", "event"])


def aidssi(folder: Path) -> pd.DataFrame:
    """Amsterdam: 324 men whose gene is known, 113 AIDS, 107 SI; time in days."""
    table = pd.read_csv(folder / "anchors" / "aidssi.csv").dropna(subset=["ccr5"])
    assert table["cause"].value_counts().to_dict() == {"AIDS": 113, "SI": 107, "event-free": 104}
    return table.assign(
        time=table["time"] * DAYS_PER_YEAR, ccr5=(table["ccr5"] == "WM").astype(int)
    )


def truncated(seed: int, litters: int, variance: float, effect: float) -> pd.DataFrame:
    """Draw litters of three of which none has ended before the day it comes under observation.

    A litter is seen only if all three last until then, so the frail ones are missing.
    """
    rng = np.random.default_rng(seed)
    frailty = rng.gamma(1.0 / variance, variance, litters)
    x = rng.integers(0, 2, (litters, 3))
    hazard = frailty[:, None] * np.exp(effect * x) / DAYS_PER_YEAR
    ended = rng.exponential(1.0 / hazard)
    entry = rng.uniform(0.0, 3.0 * DAYS_PER_YEAR, litters)
    seen = (ended > entry[:, None]).all(axis=1)
    last = 4.0 * DAYS_PER_YEAR
    return pd.DataFrame(
        {
            "litter": np.repeat(np.arange(seen.sum()), 3),
            "rx": x[seen].ravel(),
            "tstart": np.repeat(entry[seen], 3),
            "time": np.minimum(ended[seen], last).ravel(),
            "event": (ended[seen] < last).ravel().astype(int),
        }
    )


def exam(folder: Path) -> pd.DataFrame:
    """Inner London: 4,059 pupils in 65 schools."""
    table = pd.read_csv(folder / "anchors" / "Exam.csv").rename(columns={"rownames": "pupil"})
    assert (len(table), table["school"].nunique()) == (4059, 65)
    return table.assign(
        male=(table["sex"] == "M").astype(int),
        boys=(table["schgend"] == "boys").astype(int),
        girls=(table["schgend"] == "girls").astype(int),
        single_sex=(table["type"] == "Sngl").astype(int),
    )


def chem97(folder: Path) -> pd.DataFrame:
    """A-level chemistry: 31,022 pupils of 2,410 schools in 131 authorities."""
    table = pd.read_csv(folder / "anchors" / "Chem97.csv").rename(columns={"rownames": "pupil"})
    assert (len(table), table["school"].nunique(), table["lea"].nunique()) == (31_022, 2410, 131)
    return table


def contraception(folder: Path) -> pd.DataFrame:
    """Bangladesh: 1,934 women of 60 districts; ages are centred already."""
    table = pd.read_csv(folder / "anchors" / "Contraception.csv")
    assert (len(table), table["district"].nunique()) == (1934, 60)
    return table.assign(
        uses=(table["use"] == "Y").astype(int),
        urban=(table["urban"] == "Y").astype(int),
        age_squared=table["age"] ** 2,
        children=(table["livch"] != "0").astype(int),
    )


def wage1(folder: Path) -> pd.DataFrame:
    """Workers and the companies each worked for, with shares of the time: numbered columns.

    0 is no company, and two workers' shares add up to 1.001 by rounding.
    """
    table = pd.read_csv(folder / "anchors" / "wage1.csv").rename(columns={"id": "worker"})
    companies = table[["company", "company2", "company3", "company4"]].to_numpy()
    weights = table[["weight1", "weight2", "weight3", "weight4"]].to_numpy()
    assert (len(table), len(np.unique(companies[companies > 0]))) == (3022, 141)
    assert ((companies > 0).sum(axis=1) > 1).sum() == 526
    assert (np.abs(weights.sum(axis=1) - 1.0) < 0.0011).all()
    numbered = {}
    for k in range(4):
        numbered[f"company_{k + 1}"] = pd.Series(companies[:, k]).where(companies[:, k] > 0)
        numbered[f"weight_{k + 1}"] = weights[:, k] / np.maximum(weights.sum(axis=1), 1.0)
    return table[["worker", "logearn", "age_40"]].assign(
        female=(table["sex"] == "female").astype(int),
        parttime=(table["parttime"] == "Parttime").astype(int),
        **numbered,
    )
