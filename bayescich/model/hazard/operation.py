"""The fused likelihood as one node of a PyTensor graph, compiled by numba with the rest of it."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from pytensor.graph import Apply
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key

from bayescich.model.draws import Tensor, outside
from bayescich.model.fused import FusedOp
from bayescich.model.hazard.arrays import HazardArrays
from bayescich.model.hazard.kernel import GAMMA, LOG_NORMAL, NO_FRAILTY, make_kernel

LEARNT = 4
"""Levels, coefficients, log baseline and frailty come first; the rest are data."""

KINDS = {None: NO_FRAILTY, "gamma": GAMMA, "log_normal": LOG_NORMAL}

_VERSION = 2
"""To be raised when the kernel changes: numba's cache on disk goes by it."""


class HazardOp(FusedOp):
    """Log-likelihood of a hazard and its gradient: five outputs, of which the first is the value.

    It takes the learnt tensors and the arrays of ``HazardArrays`` in order.
    """

    learnt = LEARNT
    __props__ = ("routes", "kind")

    def __init__(self, routes: int, kind: int) -> None:
        self.routes = routes
        self.kind = kind

    def perform(self, node: Apply[Any], inputs: Any, output_storage: Any) -> None:
        """Evaluate from Python, as PyMC does for a single point."""
        learnt = [np.ascontiguousarray(value, dtype=np.float64) for value in inputs[:3]]
        results = kernel_of(self.routes, self.kind)(*learnt, float(inputs[3]), *inputs[LEARNT:])
        for storage, result in zip(output_storage, results, strict=True):
            storage[0] = np.asarray(result, dtype=np.float64)


@functools.cache
def kernel_of(routes: int, kind: int) -> Any:
    """Return the kernel for so many routes and this kind of frailty, compiled on first use."""
    return make_kernel(routes, kind)


@register_funcify_default_op_cache_key(HazardOp)  # type: ignore[untyped-decorator]
def _funcify(op: HazardOp, **_: Any) -> tuple[Any, int]:
    kernel = kernel_of(op.routes, op.kind)

    import numba

    @numba.njit
    def hazard(levels, coefficients, baseline, frailty, *data):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN202
        value, g_levels, g_coefficients, g_baseline, g_frailty = kernel(
            levels, coefficients, baseline, frailty.item(), *data
        )
        return np.asarray(value), g_levels, g_coefficients, g_baseline, np.asarray(g_frailty)

    return hazard, _VERSION


def hazard_log_likelihood(
    levels: Tensor,
    coefficients: Tensor,
    log_baseline: Tensor,
    frailty: Tensor,
    arrays: HazardArrays,
    kind: str | None,
) -> Tensor:
    """Return the log-likelihood as a graph.

    Parameters
    ----------
    levels : tensor, shape (levels of all effects, routes)
    coefficients : tensor, shape (covariates, routes)
    log_baseline : tensor, shape (baselines, bands, routes)
        Log hazard per year.
    frailty : tensor, scalar
        Variance of a gamma frailty, SD of a log-normal one; ignored without frailty.
    arrays : HazardArrays
    kind : {None, "gamma", "log_normal"}
    """
    data = [outside(array) for array in arrays.in_order()]
    routes = arrays.level_events.shape[1]
    operation = HazardOp(routes, KINDS[kind])
    outputs: Any = operation(levels, coefficients, log_baseline, frailty, *data)
    return outputs[0]
