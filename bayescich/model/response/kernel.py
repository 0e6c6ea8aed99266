"""Log-likelihood of all responses of all rows, and its gradient, in one pass.

A row has several linear predictors (*columns*), made of the same terms with values of their own,
and several *responses*, each of which reads one or more of them. Where a row has a child effect or
categories that are missing, its likelihood is a mixture

    log Σ_s π_s Σ_q w_q Π_r f_r(y_r | η + shift_s + loading z_q),

over the ways s in which the missing ones could be filled and the nodes q of a Gauss-Hermite rule,
which may be the row's own.
Missing numbers are learnt and enter η directly.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

from bayescich.model.response.families import (
    BETA_BINOMIAL,
    BINOMIAL,
    CATEGORICAL,
    CLOGLOG,
    ORDINAL,
    TRUNCATED,
    beta_binomial,
    binomial,
    categorical,
    cloglog,
    normal,
    of_trials,
    ordinal,
    softplus,
    truncated,
)

# numba's cache on disk goes by the text of this file alone, and holds the families' code with it:
# state of the families 3, to be raised when they change


# without counting references: this makes no array, and eleven counts up and down a row, each of
# them locked, took four fifths of the time of a row with one response; inlined by LLVM, since to
# hand over so many arrays took half of what was left
@numba.njit(nogil=True, error_model="numpy", cache=True, forceinline=True, _nrt=False)  # type: ignore[call-overload,untyped-decorator]
def _row(
    r: int, eta: Any, coupling: Any, extra: Any, y: Any, size: Any, seen: Any, kind: Any,
    column: Any, width: Any, extra_start: Any, coupled: Any, turn: Any, both: Any,
    both_slope: Any, in_eta: Any, in_coupling: Any, in_extra: Any,
) -> float:  # fmt: skip
    """Return the log-likelihood of a row given η; put its slopes into the last three."""
    value = 0.0
    for m in range(len(in_eta)):
        in_eta[m] = 0.0
    for k in range(len(in_coupling)):
        in_coupling[k] = 0.0
    for e in range(len(in_extra)):
        in_extra[e] = 0.0
    for j in range(len(kind)):
        if not seen[r, j]:
            continue
        at, e = column[j], extra_start[j]
        what = kind[j]
        if what == CATEGORICAL:
            stop = at + width[j]
            value += categorical(int(y[r, j]), eta[at:stop], in_eta[at:stop])
            continue
        other = coupled[j]
        level = eta[at]
        if other >= 0:
            level += coupling[j] * eta[other]
        level *= turn[j]
        if what == BINOMIAL:
            part, slope = binomial(y[r, j], size[r, j], level)
        elif what == CLOGLOG:
            part, slope = cloglog(y[r, j], size[r, j], level)
        elif what == ORDINAL:
            stop = extra_start[j + 1]
            part, slope = ordinal(int(y[r, j]), level, extra[e:stop], in_extra[e:stop])
        else:
            if what == BETA_BINOMIAL:
                part, slope, curve = beta_binomial(
                    y[r, j], size[r, j], level, extra[e], both[j], both_slope[j]
                )
            elif what == TRUNCATED:
                part, slope, curve = truncated(
                    y[r, j], size[r, j], level, extra[e], both[j], both_slope[j]
                )
            else:
                part, slope, curve = normal(y[r, j], size[r, j], level, extra[e])
            in_extra[e] += curve
        value += part
        slope *= turn[j]
        in_eta[at] += slope
        if other >= 0:
            in_eta[other] += coupling[j] * slope
            in_coupling[j] += eta[other] * slope
    return value


@numba.njit(nogil=True, error_model="numpy", cache=True, inline="never", _nrt=False)  # type: ignore[call-overload,untyped-decorator]
def _trials(
    r: int, extra: Any, size: Any, seen: Any, kind: Any, extra_start: Any, trials: Any, both: Any,
    both_slope: Any,
) -> None:  # fmt: skip
    """Put what hangs on the number of trials alone into the last two, if it is another one."""
    for j in range(len(kind)):
        counted = kind[j] == BETA_BINOMIAL or kind[j] == TRUNCATED
        if counted and seen[r, j] and size[r, j] != trials[j]:
            trials[j] = size[r, j]
            both[j], both_slope[j] = of_trials(size[r, j], extra[extra_start[j]])


def make_kernel(columns: int) -> Any:
    """Return the compiled function for so many linear predictors.

    Returns
    -------
    callable
        Takes levels (T, M), coefficients (P, M), offset (M,), loading (M,), coupling (R,), extra
        (E,), filled (C,), chance (D,), then
        :class:`~bayescich.model.response.arrays.ResponseArrays` in order; returns the
        log-likelihood, its gradient in the first eight, and its slope in η by row, (rows, M).
    """

    @numba.njit(nogil=True, error_model="numpy", cache=True)
    def response_kernel(
        levels: Any,
        coefficients: Any,
        offset: Any,
        loading: Any,
        coupling: Any,
        extra: Any,
        filled: Any,
        chance: Any,
        codes: Any,
        label_start: Any,
        labels: Any,
        label_weight: Any,
        covariates: Any,
        hole_start: Any,
        hole: Any,
        flip_start: Any,
        flip: Any,
        flip_low: Any,
        flip_high: Any,
        y: Any,
        size: Any,
        seen: Any,
        kind: Any,
        column: Any,
        width: Any,
        extra_start: Any,
        coupled: Any,
        turn: Any,
        points: Any,
        log_weights: Any,
    ) -> Any:
        rows, gathered, covariate_count = codes.shape[0], codes.shape[1], covariates.shape[1]
        nodes = points.shape[1]
        in_levels = np.zeros_like(levels)
        in_coefficients = np.zeros_like(coefficients)
        in_offset = np.zeros_like(offset)
        in_loading = np.zeros_like(loading)
        in_coupling = np.zeros_like(coupling)
        in_extra = np.zeros_like(extra)
        in_filled = np.zeros_like(filled)
        in_chance = np.zeros_like(chance)
        in_rows = np.zeros((rows, columns))
        value = 0.0
        most = 0
        for r in range(rows):
            most = max(most, flip_start[r + 1] - flip_start[r])
        cells = nodes * 2**most
        eta = np.zeros(columns)
        moved = np.zeros(columns)
        row_eta = np.zeros(columns)
        each = np.zeros(cells)
        each_eta = np.zeros((cells, columns))
        each_coupling = np.zeros((cells, len(coupling)))
        each_extra = np.zeros((cells, len(extra)))
        row_coupling, row_extra = each_coupling[0], each_extra[0]
        trials, both = np.full(len(kind), -1.0), np.zeros(len(kind))
        both_slope = np.zeros(len(kind))
        for r in range(rows):
            anything = False
            for j in range(seen.shape[1]):
                anything = anything or seen[r, j] == 1
            if not anything:
                continue
            _trials(r, extra, size, seen, kind, extra_start, trials, both, both_slope)
            for m in range(columns):
                eta[m] = offset[m]
            # columns innermost: they lie side by side
            for g in range(gathered):
                for m in range(columns):
                    eta[m] += levels[codes[r, g], m]
            for j in range(label_start[r], label_start[r + 1]):
                for m in range(columns):
                    eta[m] += label_weight[j] * levels[labels[j], m]
            for p in range(covariate_count):
                for m in range(columns):
                    eta[m] += covariates[r, p] * coefficients[p, m]
            for h in range(hole_start[r], hole_start[r + 1]):
                for m in range(columns):
                    eta[m] += filled[h] * coefficients[hole[h], m]
            first, last = flip_start[r], flip_start[r + 1]
            ways = 2 ** (last - first)
            if nodes == 1 and ways == 1:
                value += _row(
                    r, eta, coupling, extra, y, size, seen, kind, column, width, extra_start,
                    coupled, turn, both, both_slope, row_eta, row_coupling, row_extra,
                )  # fmt: skip
                for j in range(len(coupling)):
                    in_coupling[j] += row_coupling[j]
                for e in range(len(extra)):
                    in_extra[e] += row_extra[e]
            else:
                at = r if points.shape[0] > 1 else 0
                largest = -np.inf
                for s in range(ways):
                    log_prior = 0.0
                    for d in range(first, last):
                        up = (s >> (d - first)) & 1
                        log_prior -= softplus(-chance[d] if up else chance[d])
                    for q in range(nodes):
                        for m in range(columns):
                            total = eta[m] + loading[m] * points[at, q]
                            for d in range(first, last):
                                up = (s >> (d - first)) & 1
                                x = flip_high[d] if up else flip_low[d]
                                total += x * coefficients[flip[d], m]
                            moved[m] = total
                        c = s * nodes + q
                        found = _row(
                            r, moved, coupling, extra, y, size, seen, kind, column, width,
                            extra_start, coupled, turn, both, both_slope, each_eta[c],
                            each_coupling[c], each_extra[c],
                        )  # fmt: skip
                        each[c] = found + log_prior + log_weights[at, q]
                        largest = max(largest, each[c])
                whole = 0.0
                for c in range(ways * nodes):
                    each[c] = math.exp(each[c] - largest)
                    whole += each[c]
                value += largest + math.log(whole)
                row_eta[:] = 0.0
                for c in range(ways * nodes):
                    w = each[c] / whole
                    s, q = c // nodes, c % nodes
                    for m in range(columns):
                        pull = w * each_eta[c, m]
                        row_eta[m] += pull
                        in_loading[m] += pull * points[at, q]
                        for d in range(first, last):
                            up = (s >> (d - first)) & 1
                            x = flip_high[d] if up else flip_low[d]
                            in_coefficients[flip[d], m] += pull * x
                    for d in range(first, last):
                        up = (s >> (d - first)) & 1
                        share = 1.0 / (1.0 + math.exp(-chance[d]))
                        in_chance[d] += w * (up - share)
                    for j in range(len(coupling)):
                        in_coupling[j] += w * each_coupling[c, j]
                    for e in range(len(extra)):
                        in_extra[e] += w * each_extra[c, e]
            for m in range(columns):
                in_rows[r, m] = row_eta[m]
                in_offset[m] += row_eta[m]
            for g in range(gathered):
                for m in range(columns):
                    in_levels[codes[r, g], m] += row_eta[m]
            for j in range(label_start[r], label_start[r + 1]):
                for m in range(columns):
                    in_levels[labels[j], m] += label_weight[j] * row_eta[m]
            for p in range(covariate_count):
                for m in range(columns):
                    in_coefficients[p, m] += covariates[r, p] * row_eta[m]
            for h in range(hole_start[r], hole_start[r + 1]):
                for m in range(columns):
                    in_coefficients[hole[h], m] += filled[h] * row_eta[m]
                    in_filled[h] += row_eta[m] * coefficients[hole[h], m]
        return (
            value, in_levels, in_coefficients, in_offset, in_loading, in_coupling, in_extra,
            in_filled, in_chance, in_rows,
        )  # fmt: skip

    return response_kernel
