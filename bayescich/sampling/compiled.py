"""A PyMC model as machine code for nutpie: the log-density and its gradient, and nothing else.

nutpie can compile a PyMC model itself. It then also compiles the function that makes reported
variables out of the sampler's coordinates, as large again as the density, and can keep neither for
the next run. Here only the density is compiled, with the data left outside, and numba keeps it on
disk: the second fit of a model of the same shape starts at once. Reported variables are made after
sampling, all draws together (:class:`Reported`).
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import pymc as pm
import pytensor
import pytensor.tensor as pt
import xarray as xr
from nutpie.compile_pymc import CompiledPyMCModel, address_as_void_pointer
from pymc.pytensorf import compile as compile_graph
from pytensor.compile.mode import Mode
from pytensor.configdefaults import config
from pytensor.graph import clone_replace, rewrite_graph
from pytensor.graph.basic import Constant
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.replace import vectorize_graph
from pytensor.link.numba.cache import compile_numba_function_src
from pytensor.link.numba.dispatch.basic import numba_njit

from bayescich.errors import SamplingError
from bayescich.model import fused, information, terms
from bayescich.model.build import reported_variables
from bayescich.model.draws import FloatArray
from bayescich.model.hazard import kernel, operation
from bayescich.model.response import families
from bayescich.model.response import kernel as response_kernel
from bayescich.model.response import operation as response_operation
from bayescich.sampling.chain import PLAIN, centre, start_near_centre

POINT = "point"
"""The one variable nutpie knows of: all coordinates in a row."""

DRAWS_AT_ONCE = 500
"""Draws turned into reported variables together: enough to be fast, few enough to fit."""

_CALLBACK = """
def log_density(dim, x_, out_, logp_, user_):
    if dim != {size}:
        return -1
    table = carray(user_, ({entries},), uint64)
{arrays}
    value, gradient = density(carray(x_, ({size},)){names})
    out = carray(out_, ({size},))
    logp = carray(logp_, ())
    logp[()] = value
    out[...] = gradient
    if not isfinite(logp[()]):
        return 4
    for k in range({size}):
        if not isfinite(out[k]):
            return 3
    return 0
"""
"""Not within ``try``: numba takes no call of more than thirty arguments there."""

_AGREEMENT = 1e-8
"""Largest relative difference from the graph evaluated without compiling."""


@dataclass(frozen=True)
class Density:
    """The compiled log-density; ``model`` is what nutpie samples from."""

    model: CompiledPyMCModel
    size: int
    """Number of coordinates."""


def compile_density(model: pm.Model) -> Density:
    """Compile the log-density of a model and its gradient.

    Parameters
    ----------
    model : pymc.Model

    Returns
    -------
    Density
        Its coordinates are the model's value variables one after another.
    """
    shapes = [centre(model)[v.name].shape for v in model.value_vars]
    # With fastmath, code compiled now and the same code loaded from numba's cache round
    # differently, and a chain sampled after a crash would not be the one that was lost. It costs
    # nothing measurable (docs/performance.md section 4). PyTensor's own cache keeps each of some
    # hundred small functions; here the whole is kept instead.
    with config.change_flags(numba__fastmath=False, numba__cache=False):
        function, size = _graph(model, shapes)
    shared = function.get_shared()
    data = [np.asarray(variable.get_value(borrow=True), order="C") for variable in shared]
    address = _callback(function, data, size)
    table = _table(data)
    if address.cache_hits:
        _refuse_other_density(model, address, table)
    compiled = CompiledPyMCModel(
        _n_dim=size,
        dims={},
        _coords={},
        _shapes={POINT: (size,)},
        compiled_logp_func=address,
        compiled_expand_func=_IDENTITY,
        initial_point_func=_initial_points(model),
        # nutpie keeps these alive as long as the compiled code, which points into them
        shared_data={str(k): array for k, array in enumerate(data)},
        shared_var_keys={},
        user_data=table,
        n_expanded=size,
        shape_info=([POINT], [slice(0, size)], [(size,)]),
        logp_func=function,
        expand_func=None,
        reparameterized_names=[],
    )
    return Density(compiled, size)


def _graph(model: pm.Model, shapes: list[tuple[int, ...]]) -> tuple[Any, int]:
    values = model.value_vars
    logp: Any = rewrite_graph(model.logp(), include=("canonicalize", "stabilize"))
    gradients: Any = pt.grad(logp, values)
    sizes = [int(np.prod(shape)) for shape in shapes]
    ends = np.cumsum([0, *sizes])
    point = pt.TensorType("float64", shape=(int(ends[-1]),))(name="_point")
    parts = {
        value: point[start:end].reshape(shape).astype(value.dtype)
        for value, shape, start, end in zip(values, shapes, ends[:-1], ends[1:], strict=True)
    }
    gradient = pt.concatenate([g.ravel() for g in gradients])
    outputs = clone_replace([logp, gradient], parts)
    with model:
        return compile_graph((point,), outputs, mode="NUMBA"), int(ends[-1])


def _callback(function: Any, data: list[npt.NDArray[Any]], size: int) -> Any:
    """Wrap the density in a C function that finds its data by their addresses."""
    lines, entry = [], 0
    for k, array in enumerate(data):
        shape = "".join(f"int(table[{entry + 1 + axis}])," for axis in range(array.ndim))
        lines.append(
            f"    d{k} = carray(pointer(table[{entry}]), ({shape}), dtype('{array.dtype.str}'))"
        )
        entry += 1 + array.ndim
    source = _CALLBACK.format(
        size=size, entries=max(entry, 1), arrays="\n".join(lines),
        names="".join(f", d{k}" for k in range(len(data))),
    )  # fmt: skip
    wrapped = compile_numba_function_src(
        source, "log_density", cache_key=_key(function.maker.fgraph, source),
        global_env={
            # numba loads what it kept into the module of this name
            "__name__": __name__, "carray": numba.carray, "pointer": address_as_void_pointer,
            "dtype": np.dtype, "uint64": np.uint64, "isfinite": np.isfinite,
            "density": numba_njit(function.vm.jit_fn.py_func, fastmath=False),
        },
    )  # fmt: skip
    doubles = numba.types.CPointer(numba.types.double)
    signature = numba.types.int64(
        numba.types.uint64, doubles, doubles, doubles, numba.types.voidptr
    )
    return numba.cfunc(signature, cache=True)(wrapped)


def _key(graph: FunctionGraph, source: str) -> str:
    """Return the name under which numba keeps the machine code: all that decides it, hashed."""
    digest = hashlib.sha256(source.encode())
    versions = (pytensor.__version__, numba.__version__, code_version())
    digest.update(repr(versions).encode())
    digest.update(str(pytensor.dprint(graph, print_type=True, file="str")).encode())
    for node in graph.toposort():
        for value in node.inputs:
            if isinstance(value, Constant):
                digest.update(np.asarray(value.data).tobytes())
    return digest.hexdigest()


@functools.cache
def code_version() -> str:
    """Return the hash of the code of the package's own operations."""
    modules = (
        kernel, operation, families, response_kernel, response_operation, fused, information, terms
    )  # fmt: skip
    texts = [Path(module.__file__).read_bytes() for module in modules if module.__file__]
    return hashlib.sha256(b"".join(texts)).hexdigest()


def _refuse_other_density(model: pm.Model, address: Any, table: npt.NDArray[np.uint64]) -> None:
    """Hold code that was kept against the graph itself, evaluated once without compiling.

    Raises
    ------
    SamplingError
        When they differ: what was kept is not the density of this model.
    """
    point = centre(model)
    flat = np.concatenate([np.ravel(point[v.name]) for v in model.value_vars]).astype(np.float64)
    doubles = ctypes.POINTER(ctypes.c_double)
    gradient, value = np.zeros_like(flat), np.zeros(1)
    pointers = [array.ctypes.data_as(doubles) for array in (flat, gradient, value)]
    status = address.ctypes(len(flat), *pointers, table.ctypes.data)
    with config.change_flags(cxx=""):
        # term by term: a sum of more than 32 cannot be evaluated without a compiler
        terms = model.compile_logp(sum=False, mode=PLAIN)(point)
        expected = float(sum(np.sum(term) for term in terms))
    # a model that has no density there says so while sampling, as it does without kept code
    nowhere = not np.isfinite(expected) and np.array_equal([expected], value, equal_nan=True)
    close = status == 0 and abs(value[0] - expected) <= _AGREEMENT * (1.0 + abs(expected))
    if close or nowhere:
        return
    raise SamplingError(
        "Compiled code that was kept from an earlier run is not that of this model.",
        where=str(pytensor.config.base_compiledir),
        why=f"the log-density where chains start is {expected:.6f}, and it gives {value[0]:.6f}",
        next_step="Delete that folder; it is made again. Please report this.",
    )


def _table(data: list[npt.NDArray[Any]]) -> npt.NDArray[np.uint64]:
    entries = [entry for array in data for entry in (array.ctypes.data, *array.shape)]
    return np.array(entries or [0], dtype=np.uint64)


def _identity(dim, expanded, x_, out_, user_):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, ARG001
    if dim != expanded:
        return -1
    x = numba.carray(x_, (dim,))
    out = numba.carray(out_, (dim,))
    for k in range(dim):
        out[k] = x[k]
    return 0


_DOUBLES = numba.types.CPointer(numba.types.double)
_IDENTITY = numba.cfunc(
    numba.types.int64(
        numba.types.uint64, numba.types.uint64, _DOUBLES, _DOUBLES, numba.types.voidptr
    ),
    cache=True,
)(_identity)


def _initial_points(model: pm.Model) -> Callable[[int | None], FloatArray]:
    # nutpie's own start jitters around prior draws in an order that is not fixed between processes
    def start(seed: int | None) -> FloatArray:
        parts = start_near_centre(model, None if seed is None else int(seed))
        return np.concatenate([np.ravel(part) for part in parts])

    return start


@dataclass(frozen=True)
class Reported:
    """Makes reported variables out of the sampler's coordinates."""

    names: tuple[str, ...]
    dims: tuple[tuple[str, ...], ...]
    coords: dict[str, tuple[str, ...]]
    evaluate: Callable[[FloatArray], list[FloatArray]]

    @classmethod
    def of(cls, model: pm.Model) -> Reported:
        """Prepare for a model: one pass of numpy over many draws, nothing compiled."""
        names = reported_variables(model)
        variables = {v.name: v for v in (*model.free_RVs, *model.deterministics)}
        outputs = model.replace_rvs_by_values([variables[name] for name in names])
        values = model.value_vars
        shapes = [centre(model)[v.name].shape for v in values]
        ends = np.cumsum([0, *(int(np.prod(shape)) for shape in shapes)])
        points = pt.dmatrix("points")
        batched = {
            value: points[:, start:end].reshape((points.shape[0], *shape))
            for value, shape, start, end in zip(values, shapes, ends[:-1], ends[1:], strict=True)
        }
        many = vectorize_graph(outputs, replace=batched)
        mode = Mode(linker="py", optimizer=None)  # type: ignore[arg-type] # None is taken
        function = pytensor.function([points], many, mode=mode, on_unused_input="ignore")
        named = model.named_vars_to_dims
        dims = tuple(tuple(named.get(name, ())) for name in names)
        coords = {str(k): tuple(map(str, v)) for k, v in model.coords.items() if v is not None}
        return cls(tuple(names), dims, coords, function)

    def dataset(self, points: FloatArray) -> xr.Dataset:
        """Return the reported variables of one chain.

        Parameters
        ----------
        points : array, shape (draws, coordinates)
        """
        pieces = [
            self.evaluate(points[start : start + DRAWS_AT_ONCE])
            for start in range(0, len(points), DRAWS_AT_ONCE)
        ]
        arrays = {}
        for place, (name, dims) in enumerate(zip(self.names, self.dims, strict=True)):
            whole = np.concatenate([np.asarray(piece[place]) for piece in pieces])
            own = dims or tuple(f"{name}_dim_{k}" for k in range(whole.ndim - 1))
            arrays[name] = (("chain", "draw", *own), whole[None])
        used = {dim for dims, _ in arrays.values() for dim in dims}
        coords = {name: list(labels) for name, labels in self.coords.items() if name in used}
        return xr.Dataset(arrays, coords=coords)
