"""Addresses of databases: recognised, shown without their secrets, and opened to read from."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bayescich.errors import RecordsError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection

_URL = re.compile(r"(?i)(?!https?:|ftps?:|s3:|file:)[a-z][a-z0-9_.+]*://")
_PACKAGES = {
    "psycopg": "psycopg[binary]",
    "psycopg2": "psycopg2-binary",
    "MySQLdb": "mysqlclient",
    "pymysql": "PyMySQL",
}
"""Packages whose name is not that of the module they hold."""

_EXAMPLE = "for example sqlite:///C:/data/returns.db or postgresql://name:password@server/database"


def is_database_url(text: str) -> bool:
    """Say whether a source is written as a database URL.

    Examples
    --------
    >>> is_database_url("sqlite:///returns.db"), is_database_url("C:/returns")
    (True, False)
    """
    return _URL.match(text) is not None


def shown_url(url: str) -> str:
    """Return a database URL as it may be shown: without its password and its options.

    Raises
    ------
    RecordsError
        If it is not a database URL.

    Examples
    --------
    >>> shown_url("postgresql://ann:secret@server/returns?password=secret")
    'postgresql://ann:***@server/returns'
    """
    return _shown(_parsed(url))


@contextmanager
def connected(text: str) -> Iterator[Connection]:
    """Open a database to read from; whatever it says on failing is told without the password.

    Parameters
    ----------
    text : str
        An SQLAlchemy URL.

    Raises
    ------
    RecordsError
        If the URL is wrong, its driver is not installed, or the database cannot be read.
    """
    import sqlalchemy as sa

    url = _parsed(text)
    _refuse_missing_file(url)
    try:
        with _opened(url) as connection:
            if url.get_backend_name() == "sqlite":
                connection.exec_driver_sql("PRAGMA query_only = ON")
            yield connection
    except sa.exc.SQLAlchemyError as error:
        raise _cannot_read(url, error) from None


def _opened(url: URL) -> Connection:
    import sqlalchemy as sa

    try:
        with warnings.catch_warnings():
            # an option that is ignored is not what was asked for
            warnings.simplefilter("error", sa.exc.SAWarning)
            engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
        return engine.connect().execution_options(postgresql_readonly=True)
    except ImportError as error:
        raise _no_driver(url, error) from None
    except sa.exc.NoSuchModuleError:
        raise RecordsError(
            f"No kind of database is called {url.drivername}.",
            where=_shown(url),
            next_step=f"Check the beginning of the address, {_EXAMPLE}.",
        ) from None
    except (ValueError, TypeError, OSError, sa.exc.SAWarning) as error:
        # options that the driver does not know, or a server that it does not find
        raise _cannot_read(url, error) from None


def _parsed(text: str) -> URL:
    import sqlalchemy as sa

    try:
        return sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        raise RecordsError(
            "This is not the address of a database.",
            where=text.partition("://")[0] + "://…",
            next_step=f"Write it as SQLAlchemy does, {_EXAMPLE}.",
        ) from None


def _shown(url: URL) -> str:
    return url.set(query={}).render_as_string(hide_password=True)


def _refuse_missing_file(url: URL) -> None:
    # SQLite makes an empty database of a file that is not there
    if url.get_backend_name() != "sqlite" or not url.database or url.database.startswith("file:"):
        return
    if url.database != ":memory:" and not Path(url.database).is_file():
        raise RecordsError(
            "There is no such database file.",
            where=url.database,
            next_step="Check the spelling; after sqlite:/// comes the path, so that a full path "
            "on Linux or macOS begins with four slashes.",
        )


def _no_driver(url: URL, error: ImportError) -> RecordsError:
    module = (error.name or str(error)).split(".")[0]
    package = _PACKAGES.get(module, module)
    return RecordsError(
        f"The driver for this kind of database is not installed: {package}.",
        where=_shown(url),
        next_step=f"Install it (pip install '{package}'), or have the tables exported as CSV or "
        "Parquet and give their folder.",
    )


def _cannot_read(url: URL, error: Exception) -> RecordsError:
    return RecordsError(
        f"The database cannot be read: {_said(error, url)}.",
        where=_shown(url),
        next_step="Check the server, the name, the password and that you may read its tables.",
    )


def _said(error: Exception, url: URL) -> str:
    """Return what a database says, on one line, without the secrets of its URL."""
    said = " ".join(str(getattr(error, "orig", None) or error).split())
    secrets = [url.password, *(str(value) for value in url.query.values())]
    for secret in filter(None, secrets):
        said = said.replace(str(secret), "***")
    return said[:300].rstrip(".")
