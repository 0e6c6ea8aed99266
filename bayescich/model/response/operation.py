"""The fused likelihood of responses as one node of a PyTensor graph."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from pytensor.graph import Apply
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key

from bayescich.model.draws import Tensor, outside
from bayescich.model.fused import FusedOp
from bayescich.model.response.arrays import ResponseArrays
from bayescich.model.response.kernel import make_kernel

LEARNT = 8
"""Levels, coefficients, offset, loading, coupling, extra, filled and chance come first."""

_VERSION = 5
"""To be raised when the kernel changes: numba's cache on disk goes by it."""


class ResponseOp(FusedOp):
    """Log-likelihood of responses and its gradient: nine outputs, of which the first is the value.

    It takes the learnt tensors and the arrays of ``ResponseArrays`` in order.
    """

    learnt = LEARNT
    __props__ = ("columns",)

    def __init__(self, columns: int) -> None:
        self.columns = columns

    def perform(self, node: Apply[Any], inputs: Any, output_storage: Any) -> None:
        """Evaluate from Python, as PyMC does for a single point."""
        learnt = [np.ascontiguousarray(value, dtype=np.float64) for value in inputs[:LEARNT]]
        *results, _ = kernel_of(self.columns)(*learnt, *inputs[LEARNT:])
        for storage, result in zip(output_storage, results, strict=True):
            storage[0] = np.asarray(result, dtype=np.float64)


@functools.cache
def kernel_of(columns: int) -> Any:
    """Return the kernel for so many linear predictors, compiled on first use."""
    return make_kernel(columns)


@register_funcify_default_op_cache_key(ResponseOp)  # type: ignore[untyped-decorator]
def _funcify(op: ResponseOp, **_: Any) -> tuple[Any, int]:
    kernel = kernel_of(op.columns)

    import numba

    @numba.njit
    def responses(*inputs):  # type: ignore[no-untyped-def]  # noqa: ANN002, ANN202
        found = kernel(*inputs)
        return (
            np.asarray(found[0]), found[1], found[2], found[3], found[4], found[5], found[6],
            found[7], found[8],
        )  # fmt: skip

    return responses, _VERSION


def response_log_likelihood(learnt: tuple[Tensor, ...], arrays: ResponseArrays) -> Tensor:
    """Return the log-likelihood as a graph, up to a constant of the data.

    Parameters
    ----------
    learnt : tuple of tensor
        Levels (T, M), coefficients (P, M), offset (M,), loading (M,), coupling (R,), extra (E,),
        filled (C,), chance (D,).
    arrays : ResponseArrays
    """
    assert len(learnt) == LEARNT, "in the order of the kernel"
    data = [outside(array) for array in arrays.in_order()]
    columns = learnt[2].type.shape[0]
    assert columns is not None, "the number of linear predictors is known"
    outputs: Any = ResponseOp(columns)(*learnt, *data)
    return outputs[0]
