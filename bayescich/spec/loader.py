"""From a YAML file to a frozen spec, or to one clear message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from bayescich.errors import SpecError
from bayescich.spec.base import Strict
from bayescich.spec.model import ModelSpec
from bayescich.spec.priors import PriorSet

S = TypeVar("S", bound=Strict)


def load_model_spec(name_or_path: str | Path) -> tuple[ModelSpec, Path]:
    """Read a model by name (``stability``) or by path (``my_spec.yaml``).

    Returns
    -------
    tuple of ModelSpec and Path
        The spec and the file it came from.

    Raises
    ------
    SpecError
        When the file is missing, is not YAML, or says something unknown.

    Examples
    --------
    >>> spec, path = load_model_spec("stability")
    >>> spec.likelihood.family
    'hazard'
    """
    path = find_spec(name_or_path, "models")
    return _read(path, ModelSpec), path


def load_prior_set(name_or_path: str | Path) -> tuple[PriorSet, Path]:
    """Read a prior set by name (``neutral``) or by path; see :func:`load_model_spec`."""
    path = find_spec(name_or_path, "priors")
    return _read(path, PriorSet), path


def model_names() -> list[str]:
    """Return the names of all models found in the working folder and the package."""
    return _names("models")


def find_spec(name_or_path: str | Path, kind: str) -> Path:
    """Find a YAML file: a path as given, else ``<kind>/<name>.yaml`` here, else in the package."""
    given = Path(name_or_path)
    if given.suffix in {".yaml", ".yml"}:
        if given.is_file():
            return given
        raise SpecError(f"There is no file '{given}'.", next_step="Check the path.")
    for folder in _folders(kind):
        candidate = folder / f"{given}.yaml"
        if candidate.is_file():
            return candidate
    raise SpecError(
        f"There is no {kind.removesuffix('s')} set called '{given}'."
        if kind == "priors"
        else f"There is no model called '{given}'.",
        where=f"{kind}/",
        next_step=f"Choose one of: {', '.join(_names(kind))}; or give the path of a YAML file.",
    )


def _folders(kind: str) -> Iterable[Path]:
    # the working folder first, so that a study's own file wins; then the copies in the wheel;
    # then the checkout, for an editable install called from elsewhere
    package = Path(str(resources.files("bayescich")))
    return (Path.cwd() / kind, package / "_data" / kind, package.parent / kind)


def _names(kind: str) -> list[str]:
    return sorted({p.stem for folder in _folders(kind) for p in folder.glob("*.yaml")})


def _read[S: Strict](path: Path, model: type[S]) -> S:
    try:
        return model.model_validate(_parse(path))
    except ValidationError as error:
        raise _spec_error(path, error, model) from None


def _parse(path: Path) -> Mapping[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        detail = " ".join(str(error).split())
        raise SpecError(
            "The file is not valid YAML.", where=f"{path}: {detail}", next_step="Mend that line."
        ) from None
    if not isinstance(content, Mapping):
        raise SpecError(
            f"The file holds {type(content).__name__}, not named fields.",
            where=str(path),
            next_step="Start from one of the files in models/ or priors/.",
        )
    return content


def _spec_error(path: Path, error: ValidationError, model: type[Strict]) -> SpecError:
    faults = [_fault(dict(detail), model) for detail in error.errors()]
    first, rest = faults[0], faults[1:]
    more = f" ({len(rest)} more below)" if rest else ""
    return SpecError(
        f"The spec says something unknown{more}: {first}",
        where=str(path),
        examples=rest,
        next_step="Mend the field; docs/models.md lists what each field takes.",
    )


def _fault(detail: Mapping[str, Any], model: type[Strict]) -> str:
    location = [part for part in detail["loc"] if not _is_tag(part, detail)]
    field = ".".join(str(part) for part in location) or "the whole file"
    kind = detail["type"]
    if kind == "extra_forbidden":
        allowed = ", ".join(_fields_at(model, detail["loc"][:-1]))
        return f"'{field}' is not a known key; allowed here: {allowed}"
    if kind == "missing":
        return f"'{field}' is missing"
    if kind.startswith("union_tag"):
        context = detail.get("ctx", {})
        found = context.get("tag", "nothing")
        return f"'{field}' is '{found}'; allowed: {context.get('expected_tags', 'a known one')}"
    message = detail["msg"].removeprefix("Value error, ")
    return f"'{field}' was {detail.get('input')!r}: {message}"


def _is_tag(part: object, detail: Mapping[str, Any]) -> bool:
    # pydantic puts the tag of a union ("hazard", "group") into the path; the YAML has no such level
    return isinstance(part, str) and part in _TAGS and part != detail["loc"][-1]


_TAGS = {"hazard", "ordinal", "binomial", "bernoulli", "gaussian", "fixed", "group", "home_type"}


def _fields_at(model: type[Strict], location: Iterable[object]) -> list[str]:
    # walks the JSON schema, which already knows unions and lists
    schema = model.model_json_schema()
    node: dict[str, Any] = schema
    for part in location:
        node = _step(schema, node, part)
    node = _resolve(schema, node)
    return sorted(node.get("properties", {}))


def _step(schema: dict[str, Any], node: dict[str, Any], part: object) -> dict[str, Any]:
    node = _resolve(schema, node)
    if isinstance(part, int):
        return dict(node.get("items", {}))
    if part in node.get("properties", {}):
        return dict(node["properties"][part])
    mapping = node.get("discriminator", {}).get("mapping", {})
    if part in mapping:
        return {"$ref": mapping[part]}
    extra = node.get("additionalProperties", {})
    return dict(extra) if isinstance(extra, dict) else {}


def _resolve(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    return node
