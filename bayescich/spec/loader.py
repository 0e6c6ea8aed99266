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
from bayescich.spec.model import ModelSpec, SamplingSpec
from bayescich.spec.outcomes import MembershipSpec
from bayescich.spec.priors import PriorSet
from bayescich.spec.variants import weighed

S = TypeVar("S", bound=Strict)


def load_model_spec(name_or_path: str | Path, outcome: str | None = None) -> tuple[ModelSpec, Path]:
    """Read a model by name (``stability``) or by path (``my_spec.yaml``).

    Parameters
    ----------
    name_or_path : str or Path
    outcome : str, optional
        Which, where the file holds several: what it says of that outcome replaces what it says of
        all, and the name becomes ``<file's name>-<outcome>``.

    Returns
    -------
    tuple of ModelSpec and Path
        The spec and the file it came from.

    Raises
    ------
    SpecError
        When the file is missing, is not YAML, or says something unknown; or when an outcome must
        be named, or is not one of the file's.

    Examples
    --------
    >>> spec, path = load_model_spec("stability")
    >>> spec.likelihood.family
    'hazard'
    """
    path = find_spec(name_or_path, "models")
    return _validated(_of_outcome(_parse(path), path, outcome), ModelSpec, path), path


def outcome_names(name_or_path: str | Path) -> tuple[str, ...]:
    """Return the outcomes of a file that holds several; none of one that is a model as it stands.

    Examples
    --------
    >>> outcome_names("outcomes16")[:2], outcome_names("stability")
    (('attainment', 'english_maths'), ())
    """
    path = find_spec(name_or_path, "models")
    return tuple(_outcomes(_parse(path), path))


def _outcomes(content: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    found = content.get("outcomes", {})
    if not isinstance(found, Mapping) or not all(isinstance(x, Mapping) for x in found.values()):
        raise SpecError(
            "'outcomes' should hold named outcomes, each with its own fields.",
            where=str(path),
            next_step="See models/outcomes16.yaml.",
        )
    return found


def _of_outcome(content: Mapping[str, Any], path: Path, outcome: str | None) -> Mapping[str, Any]:
    """Return the fields of one model: those of all outcomes, and its own in their place."""
    outcomes = _outcomes(content, path)
    if not outcomes and outcome is None:
        return content
    if outcome is None or outcome not in outcomes:
        known = f"one of: {', '.join(outcomes)}" if outcomes else "none: leave the outcome out"
        raise SpecError(
            f"'{outcome}' is not an outcome of this model."
            if outcome is not None
            else "This model has several outcomes, one to be named.",
            where=str(path),
            next_step=f"Choose {known}.",
        )
    common = {key: value for key, value in content.items() if key != "outcomes"}
    name = content.get("name")
    return common | dict(outcomes[outcome]) | {"name": f"{name}-{outcome}", "part_of": name}


def load_prior_set(name_or_path: str | Path) -> tuple[PriorSet, Path]:
    """Read a prior set by name (``neutral``) or by path; see :func:`load_model_spec`."""
    path = find_spec(name_or_path, "priors")
    return _read(path, PriorSet), path


def override_sampling(spec: ModelSpec, settings: Mapping[str, object]) -> ModelSpec:
    """Return the model with some of its sampling settings replaced, e.g. by the command line.

    Raises
    ------
    SpecError
        When a setting is out of bounds.

    Examples
    --------
    >>> spec, _ = load_model_spec("stability")
    >>> override_sampling(spec, {"chains": 2}).sampling.chains
    2
    """
    try:
        sampling = SamplingSpec.model_validate({**spec.sampling.model_dump(), **settings})
    except ValidationError as error:
        raise _spec_error(error, SamplingSpec, "the sampling settings given") from None
    return spec.model_copy(update={"sampling": sampling})


def override_weights(spec: ModelSpec, scheme: str) -> ModelSpec:
    """Return the model with the homes a child lived in weighed otherwise.

    Raises
    ------
    SpecError
        When the model has no homes with weights, or there is no such scheme.
    """
    refuse_unweighed(spec, "--weights (WEIGHTS=)")
    assert spec.membership is not None, "else it was refused"
    try:
        changed = MembershipSpec.model_validate({**spec.membership.model_dump(), "scheme": scheme})
    except ValidationError as error:
        raise _spec_error(error, MembershipSpec, "--weights (WEIGHTS=)") from None
    return weighed(spec, changed.scheme)


def refuse_unweighed(spec: ModelSpec, where: str) -> None:
    """Refuse to weigh homes otherwise in a model in which they have no weights.

    Raises
    ------
    SpecError
        When each row has one home.
    """
    if spec.membership is None:
        raise SpecError(
            f"The model '{spec.name}' has one home a row, which has no weight.",
            where=where,
            next_step="Leave it out.",
        )


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
    if given.is_file():
        raise SpecError(
            "This file is not a YAML file.",
            where=str(given),
            next_step="Give the path of a file that ends in .yaml.",
        )
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
    return _validated(_parse(path), model, path)


def _validated[S: Strict](content: Mapping[str, Any], model: type[S], path: Path) -> S:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise _spec_error(error, model, str(path)) from None


def _parse(path: Path) -> Mapping[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _OneKeyOnce)
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


class _OneKeyOnce(yaml.SafeLoader):
    """The safe loader, which refuses a key given twice: the first value would be lost silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        for position, (key, _) in enumerate(node.value):
            if key.value in keys[:position]:
                raise yaml.MarkedYAMLError(
                    problem=f"the key '{key.value}' is given twice", problem_mark=key.start_mark
                )
        return super().construct_mapping(node, deep)


def _spec_error(error: ValidationError, model: type[Strict], where: str) -> SpecError:
    schema = model.model_json_schema()
    first, *rest = [_fault(dict(detail), schema) for detail in error.errors()]
    faults = f"{len(rest) + 1} faults; the first" if rest else "a fault"
    return SpecError(
        f"The spec has {faults}: {first}",
        where=where,
        examples=rest,
        next_step="Mend the field; docs/models.md lists what each field takes.",
    )


def _fault(detail: Mapping[str, Any], schema: dict[str, Any]) -> str:
    parts, node = _follow(schema, detail["loc"])
    kind, context = detail["type"], detail.get("ctx", {})
    if kind.startswith("union_tag"):
        parts.append(str(context["discriminator"]).strip("'"))
    field = ".".join(parts) or "the whole file"
    if kind == "extra_forbidden":
        _, parent = _follow(schema, detail["loc"][:-1])
        allowed = ", ".join(sorted(parent.get("properties", {})))
        return f"'{field}' is not a known key; allowed here: {allowed}"
    if kind == "union_tag_invalid":
        return f"'{field}' is '{context['tag']}'; allowed: {context['expected_tags']}"
    if kind in {"missing", "union_tag_not_found"}:
        known = ", ".join(node.get("discriminator", {}).get("mapping", {}))
        return f"'{field}' is missing" + (f"; allowed: {known}" if known else "")
    found = detail.get("input")
    # a whole block of YAML would bury the sentence
    shown = "" if isinstance(found, Mapping) else f" was {found!r}"
    message = _IN_YAML_WORDS.get(kind, detail["msg"].removeprefix("Value error, "))
    return f"'{field}'{shown}: {message}"


_IN_YAML_WORDS = {
    "tuple_type": "it should be a list",
    **dict.fromkeys(
        ("dict_type", "mapping_type", "model_type", "model_attributes_type"),
        "it should hold named fields (key: value)",
    ),
}


def _follow(
    schema: dict[str, Any], location: Iterable[str | int]
) -> tuple[list[str], dict[str, Any]]:
    """Walk down the JSON schema; return the path as the YAML has it and the node it leads to.

    Pydantic puts the tag of a union ("hazard", "group") into the location, where the YAML has no
    such level; the schema knows which parts are tags.
    """
    parts, node = [], schema
    for part in location:
        tags = node.get("discriminator", {}).get("mapping", {})
        if part in tags:
            node = _resolve(schema, {"$ref": tags[part]})
            continue
        parts.append(str(part))
        node = _resolve(schema, _child(node, part))
    return parts, node


def _child(node: dict[str, Any], part: str | int) -> dict[str, Any]:
    if isinstance(part, int):
        return dict(node.get("items", {}))
    extra = node.get("additionalProperties", {})
    return dict(node.get("properties", {}).get(part, extra if isinstance(extra, dict) else {}))


def _resolve(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    return node
