"""What placements cost, in pounds a week as paid at the time, and what authorities spend."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.histories.home_type import size_band
from bayescich.records.code_sets import code_set
from bayescich.simulate.calibration import value
from bayescich.simulate.draws import YEAR, Floats, Ints
from bayescich.simulate.outcomes.needs_audit import stays_in_homes
from bayescich.simulate.providers.inspections import dates, national_rng
from bayescich.simulate.settings import Settings
from bayescich.simulate.shapes import Authorities, Homes
from bayescich.simulate.shard import Shard

_TO_THE_POUND = 5.0
_WEEKS = 52.18


def placement_costs(shard: Shard) -> pd.DataFrame:
    """Return the weekly price of each placement in a home that began in the window.

    Returns
    -------
    DataFrame
        LA, CHILD, START, URN (blank where the home had no registration) and PRICE_WEEK (pounds),
        ordered by child and start.
    """
    rng = shard.rng("costs")
    stays = stays_in_homes(shard)
    stays = stays[stays["start"] >= shard.settings.first_day].reset_index(drop=True)
    child, home = stays["child"].to_numpy(), stays["home"].to_numpy()
    year = 1970 + stays["start"].to_numpy() / YEAR
    usual = _log_prices(shard.settings, shard.homes)[home] + _log_level(year)
    dear = value("costs.price_of_need") * (shard.needs[child].sum(axis=1) - _usual_needs())
    noise = value("costs.price_noise") * rng.normal(size=len(stays))
    urns = np.append(shard.homes.registrations["urn"].to_numpy(dtype=object), "")
    return pd.DataFrame(
        {
            "LA": shard.name,
            "CHILD": shard.children["CHILD"].to_numpy()[child],
            "START": dates(stays["start"].to_numpy()),
            "URN": urns[stays["registration"].to_numpy()],
            "PRICE_WEEK": _rounded(np.exp(usual + dear + noise)),
        }
    )


def prices_by_type(settings: Settings, homes: Homes) -> pd.DataFrame:
    """Return the mean weekly price of each type of home in each year of the window.

    Returns
    -------
    DataFrame
        HOME_TYPE, YEAR (in which the financial year ends) and PRICE_WEEK (pounds), over the homes
        that stood on its last day; a type that had none has no row.
    """
    frame = homes.frame
    price = _log_prices(settings, homes)
    parts = []
    for year in range(settings.first_year, settings.last_year + 1):
        on = (np.datetime64(f"{year}-03-31", "D")).astype(np.int64)
        stands = (frame["opened"] <= on) & (frame["closed"] > on) & frame["home_type"].ne("")
        here = pd.DataFrame(
            {
                "HOME_TYPE": frame["home_type"][stands],
                "YEAR": year,
                "PRICE_WEEK": np.exp(price[stands] + _log_level(np.array([float(year)]))),
            }
        )
        parts.append(here.groupby(["HOME_TYPE", "YEAR"])["PRICE_WEEK"].mean().reset_index())
    table = pd.concat(parts, ignore_index=True)
    table["PRICE_WEEK"] = _rounded(table["PRICE_WEEK"].to_numpy())
    ordered: pd.DataFrame = table.sort_values(["HOME_TYPE", "YEAR"], ignore_index=True)
    return ordered


def section_251(settings: Settings, authorities: Authorities) -> pd.DataFrame:
    """Return what each authority spends on services for children looked after, by year.

    Returns
    -------
    DataFrame
        LA, YEAR (in which the financial year ends), CATEGORY (words), UNIT_COST_WEEK and
        EXPENDITURE (pounds) and BED_WEEKS, ordered by authority and year.
    """
    rng = national_rng(settings, "section 251")
    years = np.arange(settings.first_year, settings.last_year + 1)
    services = value("costs.services")
    shape = (len(authorities.names), len(years), len(services))
    share, cost = (np.array(list(column)) for column in zip(*services.values(), strict=True))
    children = _looked_after(settings, authorities, years)
    lasting = value("costs.spread_of_authorities") * rng.normal(size=(shape[0], 1, shape[2]))
    weeks = children[:, :, None] * share * _WEEKS * np.exp(0.25 * rng.normal(size=shape))
    weeks = np.maximum(np.rint(weeks), 1)
    growth = _log_level(years) - _log_level(np.array([value("costs.services_year")]))
    unit = cost * np.exp(lasting + growth[:, None] + 0.05 * rng.normal(size=shape))
    label = code_set("cost_categories").set_index("code")["label"].loc[list(services)]
    spent = np.rint(unit * weeks)
    return pd.DataFrame(
        {
            "LA": np.repeat(authorities.names, shape[1] * shape[2]),
            "YEAR": np.tile(np.repeat(years, shape[2]), shape[0]),
            "CATEGORY": np.tile(label.to_numpy(dtype=object), shape[0] * shape[1]),
            "UNIT_COST_WEEK": np.round(spent / weeks, 2).reshape(-1),
            "EXPENDITURE": spent.reshape(-1).astype(np.int64),
            "BED_WEEKS": weeks.reshape(-1).astype(np.int64),
        }
    )


def _log_level(year: Floats | Ints) -> Floats:
    """Return the log of the year's price of an ordinary home, in pounds a week."""
    known = value("costs.level")
    level: Floats = np.interp(year, list(known), np.log(list(known.values())))
    return level


def _log_prices(settings: Settings, homes: Homes) -> Floats:
    """Return how far each home's log price is above an ordinary one's, the same in every year."""
    frame = homes.frame
    factor = (
        frame["sector"].map(value("costs.sector")).to_numpy(dtype=np.float64)
        * size_band(frame["places"]).map(value("costs.size")).to_numpy(dtype=np.float64)
        * frame["provision"].map(value("costs.provision")).to_numpy(dtype=np.float64)
    )
    own = national_rng(settings, "prices").normal(size=len(frame))
    price: Floats = np.log(factor) + value("costs.spread_of_homes") * own
    return price


def _usual_needs() -> float:
    return float(value("costs.usual_needs"))


def _looked_after(settings: Settings, authorities: Authorities, years: Ints) -> Floats:
    """Return the children looked after in each authority and year, shape (authorities, years)."""
    known = value("costs.looked_after")
    england = np.interp(years, list(known), list(known.values())) * settings.scale
    return np.outer(authorities.share_of_children, england)


def _rounded(price: Floats) -> Floats:
    return np.rint(price / _TO_THE_POUND) * _TO_THE_POUND
