"""The inspections of each home over the years, with the home as it was at the time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pandera.pandas as pa

from bayescich.account import Account
from bayescich.errors import HistoriesError
from bayescich.histories.home_type import home_type, merge_small_types
from bayescich.histories.providers import known_homes
from bayescich.records.ofsted import WHERE_PUBLISHED, OfstedRecords

TABLE = "inspection histories"
"""Name of this table in the account."""

MINIMUM_PER_YEAR = 50
"""Years with fewer inspections share a band."""


def _text(description: str) -> pa.Column:
    return pa.Column("str", pa.Check.str_length(min_value=1), description=description)


HISTORIES = pa.DataFrameSchema(
    {
        "home": _text("URN of the home"),
        "owner": _text("legal registrant at the time, one spelling each"),
        "authority": _text("local authority the home stands in"),
        "region": _text("government office region"),
        "year": _text("collection year to 31 March of the inspection, or a band of sparse years"),
        "home_type": _text("class, or sector and size band of an open home"),
        "judgement": _text("overall experiences and progress of children"),
        "grade": pa.Column(
            "int64", pa.Check.isin([1, 2, 3, 4]), description="1 Inadequate … 4 Outstanding"
        ),
        "inspection_date": pa.Column("datetime64[ns]", description="first day of the inspection"),
        "places": pa.Column("Int64", nullable=True, description="registered places (children)"),
        "sector": _text("who ran the home at the time"),
    },
    strict=True,
    ordered=True,
    name="inspection_histories",
    description="One row per full inspection of a children's home.",
)
"""Inspection histories: one row per full inspection."""


def inspection_histories(records: OfstedRecords) -> tuple[pd.DataFrame, Account]:
    """Join each full inspection to its home as it was, typed and with one name per owner.

    A home's attributes are those of the first list on or after the inspection; where none is
    held, of the last list before it. Blanks are filled from the home's nearest list in time.

    Parameters
    ----------
    records : OfstedRecords
        From ``records.ofsted.read_ofsted``.

    Returns
    -------
    DataFrame
        As `HISTORIES`, ordered by home and date.
    Account
        Rows read, repaired and kept.

    Raises
    ------
    HistoriesError
        If the records hold no full inspection.
    """
    inspections = records.inspections
    if inspections.empty:
        raise HistoriesError(
            "The Ofsted lists hold no full inspection with a judgement.",
            why="A list of providers and places alone says nothing of quality.",
            next_step=WHERE_PUBLISHED,
        )
    account = Account().read(TABLE, "full inspections", len(inspections))
    rows, account = _at_the_time(inspections, known_homes(records.homes), account)
    rows, account = _repaired_names(rows, account)
    types, joins = merge_small_types(home_type(rows), rows["urn"])
    years, bands = year_bands(rows["inspection_date"])
    rows = rows.assign(home=rows["urn"], home_type=types, year=years)
    account = (account + joins + bands).kept(TABLE, "inspections of homes", len(rows))
    return HISTORIES.validate(rows[list(HISTORIES.columns)]), account


def year_bands(
    dates: pd.Series, minimum_per_year: int = MINIMUM_PER_YEAR
) -> tuple[pd.Series, Account]:
    """Return the collection year of each date, sparse years joined to a neighbouring year.

    Years are gathered in order until a band has enough rows; what is left at the end joins
    the band before it.

    Parameters
    ----------
    dates : Series of datetime64
        Dates of inspection, none blank.
    minimum_per_year : int
        How many rows a band should have.

    Returns
    -------
    Series of str
        For example ``2016-17``, ``2013-14 and before``, ``2019-20 to 2021-22``.
    Account
        The rows in bands of several years.

    Examples
    --------
    >>> days = ["2012-05-01", "2014-03-31", "2014-04-01", "2015-03-31"]
    >>> dates = pd.Series(pd.to_datetime(days))
    >>> year_bands(dates, minimum_per_year=1)[0].tolist()
    ['2012-13', '2013-14', '2014-15', '2014-15']
    >>> year_bands(dates, minimum_per_year=2)[0].tolist()
    ['2013-14 and before', '2013-14 and before', '2014-15', '2014-15']
    """
    year_end = _year_end(dates)
    counts = year_end.value_counts().sort_index()
    labels: dict[int, str] = {}
    account = Account()
    bands = _bands(counts, minimum_per_year)
    for position, band in enumerate(bands):
        label = _band_label(band, is_first=position == 0 and len(bands) > 1)
        labels |= dict.fromkeys(band, label)
        if len(band) > 1:
            rule = f"year in a band with its neighbours, too few inspections: {label}"
            account = account.repaired(TABLE, rule, int(counts[band].sum()))
    return year_end.map(labels).astype("str"), account


def _year_end(dates: pd.Series) -> pd.Series:
    """Return the year of the 31 March on or after each date."""
    year_end: pd.Series = dates.dt.year + (dates.dt.month > 3)
    return year_end.astype("int64")


def _bands(counts: pd.Series, minimum: int) -> list[list[int]]:
    bands: list[list[int]] = []
    gathered: list[int] = []
    for year in counts.index:
        gathered.append(int(year))
        if counts[gathered].sum() >= minimum:
            bands.append(gathered)
            gathered = []
    if gathered and bands:
        bands[-1] = bands[-1] + gathered
    elif gathered:
        bands = [gathered]
    return bands


def _band_label(band: list[int], *, is_first: bool) -> str:
    first, last = (f"{year - 1}-{year % 100:02d}" for year in (band[0], band[-1]))
    if len(band) == 1:
        return first
    return f"{last} and before" if is_first else f"{first} to {last}"


def _at_the_time(
    inspections: pd.DataFrame, homes: pd.DataFrame, account: Account
) -> tuple[pd.DataFrame, Account]:
    events = inspections.drop(columns="snapshot")
    events = events.assign(year_end=_year_end(events["inspection_date"]))
    listed = events.assign(snapshot=_list_at_the_time(events, homes))
    rows = listed.merge(homes, on=["urn", "snapshot"], validate="many_to_one")
    rows = rows.sort_values(["urn", "inspection_date"], ignore_index=True)
    other_year = rows["snapshot"].ne(rows["year_end"])
    rule = "no list of that year gives the home; its attributes are from the nearest list held"
    account = account.repaired(TABLE, rule, int(other_year.sum()), rows.loc[other_year, "urn"])
    return rows, account


def _list_at_the_time(events: pd.DataFrame, homes: pd.DataFrame) -> pd.Series:
    """Return the year of the home's first list on or after each inspection, else the last."""
    ordered = events[["urn", "year_end"]].sort_values("year_end")
    lists = homes[["urn", "snapshot"]].sort_values("snapshot")
    later, earlier = (
        pd.merge_asof(
            ordered, lists, left_on="year_end", right_on="snapshot", by="urn", direction=direction
        )["snapshot"]
        for direction in ("forward", "backward")
    )
    return later.fillna(earlier).set_axis(ordered.index).astype("int64")


def _repaired_names(rows: pd.DataFrame, account: Account) -> tuple[pd.DataFrame, Account]:
    rules = {
        "owner_filled": "owner blank; the home's owner in its nearest list is taken",
        "owner_respelt": "owner's name in another spelling; the most frequent one is taken",
        "authority_filled": "authority blank; that of the home's nearest list is taken",
        "authority_respelt": "authority's name in another spelling; the most frequent is taken",
        "region_filled": "region blank; that of the home's nearest list is taken",
        "places_filled": "places blank; those of the home's nearest list are taken",
    }
    for mark, rule in rules.items():
        account = _count(account, rule, rows, rows[mark])
    never = rows["owner"].isna()
    account = _count(account, "owner in no list; the home has an owner of its own", rows, never)
    unsized = rows["places"].isna()
    account = _count(account, "places in no list; the size is unknown", rows, unsized)
    placeless = rows["authority"].isna() | rows["region"].isna()
    account = _count(account, "authority or region in no list; not recorded", rows, placeless)
    owner = rows["owner"].mask(never, "unrecorded owner of " + rows["urn"])
    authority = rows["authority"].fillna("Authority not recorded")
    region = rows["region"].fillna("Region not recorded")
    return rows.assign(owner=owner, authority=authority, region=region), account


def _count(account: Account, rule: str, rows: pd.DataFrame, where: pd.Series) -> Account:
    urns = rows.loc[np.asarray(where), "urn"].unique()
    return account.repaired(TABLE, rule, int(where.sum()), urns)
