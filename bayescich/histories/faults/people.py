"""Rules about the child: one Header row a year, one UPN, the same facts in every table."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from bayescich.histories.faults.rule import Rule
from bayescich.histories.faults.tables import (
    EPISODES,
    MODULES,
    RETURNED,
    YEAR_KEY,
    FaultTables,
    is_upn,
)
from bayescich.records.code_sets import known_codes

THEME = "the child"

_WITH_BIRTH_DATE = tuple(name for name in MODULES if name != "header")


def _without_header(tables: FaultTables) -> pd.Series:
    rows, header = tables.returned, tables.rows("header")
    known = tables.marked(tables.child_year(header))
    return rows.series(~known[tables.child_year(rows)])


def _never_in_header(tables: FaultTables) -> pd.Series:
    return tables.episodes.born.isna()


def _without_episodes(tables: FaultTables) -> pd.Series:
    rows, header = tables.returned, tables.rows("header")
    known = tables.marked(tables.child_year(rows))
    return header.series(~known[tables.child_year(header)])


def _twice(tables: FaultTables) -> pd.Series:
    header = tables.rows("header")
    return header["YEAR"].eq(header.before("YEAR"))


def _differs(tables: FaultTables, column: str) -> pd.Series:
    header = tables.rows("header")
    now, before = header[column], header.before(column)
    return now.notna() & before.notna() & now.ne(before)


def _other_birth_date(tables: FaultTables, table: str) -> pd.Series:
    rows = tables.rows(table)
    return rows["DOB"].notna() & rows.born.notna() & rows["DOB"].ne(rows.born)


def _malformed_upn(tables: FaultTables) -> pd.Series:
    upn = tables.rows("header")["UPN"]
    return upn.notna() & ~upn.isin(known_codes("ssda903_upn_placeholder")) & ~is_upn(upn)


def _no_upn(tables: FaultTables) -> pd.Series:
    return tables.rows("header")["UPN"].isna()


def _shared_upn(tables: FaultTables) -> pd.Series:
    header = tables.rows("header")
    codes, _ = pd.factorize(header["UPN"].where(is_upn(header["UPN"])))
    authority = tables.authority_of[header.child]
    pairs = pd.DataFrame({"upn": codes, "authority": authority, "child": header.child})
    one_each = pairs[codes >= 0].drop_duplicates()
    shared = one_each[one_each.duplicated(["upn", "authority"], keep=False)]
    key = shared["upn"] * YEAR_KEY + shared["authority"]
    return header.series(np.isin(codes * YEAR_KEY + authority, key) & (codes >= 0))


def _born_later(tables: FaultTables) -> pd.Series:
    header = tables.rows("header")
    return header["DOB"] > header.year_end


def _boy_is_mother(tables: FaultTables) -> pd.Series:
    header = tables.rows("header")
    return header["SEX"].eq("M") & header["MOTHER"].eq(True).fillna(value=False)


def _asylum_age(tables: FaultTables) -> pd.Series:
    rows = tables.rows("uasc")
    return rows["DUC"] > rows.birthday(18)


RULES = (
    Rule("no Header row that year", THEME, RETURNED,
         "The child has episodes in the return but no row in its Header.",
         "Age, sex and ethnicity are taken from another year, if there is one.",
         _without_header, needs=("header",)),
    Rule("no Header row at all", THEME, EPISODES, "No Header row gives the child's date of birth.",
         "Without an age the child is left out.", _never_in_header, needs=("header",)),
    Rule("no episodes that year", THEME, "header",
         "The child is in the Header but has no episode in the return.",
         "The child was in care that year, and its episodes are missing.", _without_episodes,
         needs=("episodes",)),
    Rule("two Header rows", THEME, "header", "The child has two Header rows in one return.",
         "Only one of them can be followed.", _twice),
    *(
        Rule(f"{column} differs", THEME, "header",
             f"The child's {what} differs from the Header row before.",
             "Two children may share an id; the latest row is followed.",
             partial(_differs, column=column), columns=(column,))
        for column, what in (("DOB", "date of birth"), ("SEX", "sex"), ("ETHNIC", "ethnicity"),
                             ("UPN", "UPN"))
    ),
    *(
        Rule(f"date of birth in {table.replace('_', ' ')}", THEME, table,
             "The date of birth is not that of the child's Header row.",
             "The row may be of another child.", partial(_other_birth_date, table=table),
             needs=("header",), columns=("DOB",))
        for table in _WITH_BIRTH_DATE
    ),
    Rule("UPN missing", THEME, "header", "The child has neither a UPN nor a code for having none.",
         "The child cannot be found in school records, nor in another authority.", _no_upn,
         columns=("UPN",)),
    Rule("UPN malformed", THEME, "header",
         "The UPN is not a letter and 12 digits, or a letter, 11 digits and a letter.",
         "The child cannot be found in school records.", _malformed_upn, columns=("UPN",)),
    Rule("UPN of two children", THEME, "header",
         "Two children of the authority have the same UPN.",
         "They may be one child under two ids, whose history is cut in two.", _shared_upn,
         columns=("UPN",)),
    Rule("born after the return", THEME, "header",
         "The date of birth is after the 31 March on which the return closes.",
         "Every age of the child is wrong.", _born_later),
    Rule("boy recorded as a mother", THEME, "header", "MOTHER is set for a boy.",
         "The sex or the flag is wrong.", _boy_is_mother, columns=("MOTHER",)),
    Rule("asylum status after 18", THEME, "uasc",
         "The status of unaccompanied asylum-seeking child ends after the 18th birthday.",
         "The date of birth may have been revised.", _asylum_age, needs=("header",)),
)  # fmt: skip
