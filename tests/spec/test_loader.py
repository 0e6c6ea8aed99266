"""Every fault of a YAML file names the file, the field, what was found and what is allowed."""

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from bayescich.errors import SpecError
from bayescich.spec import (
    find_spec,
    load_model_spec,
    load_prior_set,
    model_names,
    outcome_names,
    override_sampling,
    override_weights,
)

PRIOR = {"distribution": "normal", "mean": 0, "sd": 1, "reason": "long enough", "source": "here"}

MODEL: Mapping[str, Any] = {
    "name": "toy",
    "title": "A toy",
    "unit": "child",
    "likelihood": {
        "family": "hazard", "event": "moved", "time": "days", "cuts": [7, 28], "frailty": "child",
    },
    "effects": [
        {"kind": "fixed", "formula": "age"},
        {"kind": "home_type"},
        {"kind": "group", "by": "home"},
    ],
    "sampling": {"draws": 100},
    "priors": {"fixed": PRIOR},
    "report": {"outcome_name": "move"},
}  # fmt: skip

Fault = Callable[[dict[str, Any]], object]


def write(folder: Path, content: Mapping[str, Any]) -> Path:
    path = folder / "toy.yaml"
    path.write_text(yaml.safe_dump(dict(content)), encoding="utf-8")
    return path


def message(tmp_path: Path, fault: Fault) -> str:
    content = copy.deepcopy(dict(MODEL))
    fault(content)
    path = write(tmp_path, content)
    with pytest.raises(SpecError) as caught:
        load_model_spec(path)
    assert caught.value.where == str(path)
    return str(caught.value)


def test_the_toy_itself_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, MODEL)
    spec, found = load_model_spec(path)
    assert found == path
    assert spec.likelihood.family == "hazard"
    assert spec.group_columns == ("home_type", "home")
    assert spec.formula == "age"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            lambda m: m.update(colour="red"),
            "'colour' is not a known key; allowed here: data, effects, histories, likelihood,",
        ),
        (
            lambda m: m["likelihood"].update(evnt="x"),
            "'likelihood.evnt' is not a known key; allowed here: baseline_by, collapse, cuts,",
        ),
        (
            lambda m: m["effects"][2].update(buy="x"),
            "'effects.2.buy' is not a known key; allowed here: across_routes, by, kind,",
        ),
        (
            lambda m: m["effects"][0].update(by="x"),
            "'effects.0.by' is not a known key; allowed here: formula, impute, kind, means_by",
        ),
        (
            lambda m: m["sampling"].update(drws=1),
            "'sampling.drws' is not a known key; allowed here: chains, draws, sampler, seed,",
        ),
        (
            lambda m: m["report"].update(name="x"),
            "'report.name' is not a known key; allowed here: higher_is, horizon_days,",
        ),
        (
            lambda m: m["priors"]["fixed"].update(sdd=1),
            "'priors.fixed.sdd' is not a known key; allowed here: df, distribution, mean,",
        ),
    ],
)
def test_a_wrong_key_at_any_depth(tmp_path: Path, fault: Fault, said: str) -> None:
    assert said in message(tmp_path, fault)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            lambda m: m["likelihood"].update(family="weibull"),
            "'likelihood.family' is 'weibull'; allowed: 'hazard', 'competing', 'ordinal',",
        ),
        (
            lambda m: m["effects"][0].update(kind="spline"),
            "'effects.0.kind' is 'spline'; allowed: 'fixed', 'group', 'walk', 'home_type',",
        ),
        (
            lambda m: m["likelihood"].pop("family"),
            "'likelihood.family' is missing; allowed: bernoulli, beta_binomial, binomial, ",
        ),
        (
            lambda m: m["effects"][1].pop("kind"),
            "'effects.1.kind' is missing; allowed: fixed, group, home_type",
        ),
        (lambda m: m.update(data="excel"), "'data' was 'excel': Input should be 'placements',"),
        (
            lambda m: m["sampling"].update(sampler="stan"),
            "'sampling.sampler' was 'stan': Input should be 'auto', 'nutpie', 'numpyro',",
        ),
        (
            lambda m: m["report"].update(higher_is="good"),
            "'report.higher_is' was 'good': Input should be 'better', 'worse' or 'neither'",
        ),
    ],
)
def test_an_unknown_choice_names_the_choices(tmp_path: Path, fault: Fault, said: str) -> None:
    assert said in message(tmp_path, fault)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (lambda m: m.pop("name"), "'name' is missing"),
        (lambda m: m["likelihood"].pop("event"), "'likelihood.event' is missing"),
        (lambda m: m["effects"][2].pop("by"), "'effects.2.by' is missing"),
        (lambda m: m.update(name="My model"), "'name' was 'My model'"),
        (lambda m: m["sampling"].update(draws="many"), "'sampling.draws' was 'many'"),
        (lambda m: m["sampling"].update(chains=0), "'sampling.chains' was 0"),
        (lambda m: m["sampling"].update(target_accept=1.0), "'sampling.target_accept' was 1.0"),
        (lambda m: m["effects"][2].update(by=None), "'effects.2.by' was None"),
        (lambda m: m.update(effects={"kind": "group"}), "'effects': it should be a list"),
        (lambda m: m.update(effects=["home"]), "'effects.0' was 'home': it should hold named"),
        (lambda m: m.update(likelihood="hazard"), "'likelihood' was 'hazard': it should hold"),
        (lambda m: m.update(priors=[1]), "'priors' was [1]: it should hold named fields"),
    ],
)
def test_a_wrong_or_missing_value_names_its_field(tmp_path: Path, fault: Fault, said: str) -> None:
    assert said in message(tmp_path, fault)


def test_several_faults_are_all_told(tmp_path: Path) -> None:
    def three(model: dict[str, Any]) -> None:
        model["colour"] = "red"
        model["sampling"].update(chains=0, draws=1)

    said = message(tmp_path, three)
    assert "The spec has 3 faults; the first: " in said
    assert all(field in said for field in ("'colour'", "'sampling.chains'", "'sampling.draws'"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: [toy\n", "not valid YAML"),
        ("name: toy\nname: other\n", "the key 'name' is given twice"),
        ("effects:\n  - {kind: group, by: a, by: b}\n", "the key 'by' is given twice"),
        ("name: !!python/object:os.system x\n", "not valid YAML"),
        ("- name: toy\n", "holds list, not named fields"),
        ("toy\n", "holds str, not named fields"),
        ("", "holds NoneType, not named fields"),
    ],
)
def test_a_file_that_is_no_spec(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "toy.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load_model_spec(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value.where)


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n\xff\xfe", b"PK\x03\x04\x00\x00", b"a\x00b"]
)
def test_a_binary_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "toy.yaml"
    path.write_bytes(content)
    with pytest.raises(SpecError, match="not valid YAML"):
        load_model_spec(path)


def test_the_line_of_bad_yaml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "toy.yaml"
    path.write_text("name: toy\ntitle: a: b\n", encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load_model_spec(path)
    assert "line 2" in str(caught.value.where)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"no file '.*absent\.yaml'"):
        load_model_spec(tmp_path / "absent.yaml")


def test_an_unknown_model_lists_the_known() -> None:
    with pytest.raises(SpecError, match=r"no model called 'stabilty'(.|\n)*quality, stability"):
        load_model_spec("stabilty")
    with pytest.raises(SpecError, match=r"no prior set called 'bold'(.|\n)*neutral, sceptical"):
        load_prior_set("bold")


def test_the_working_folder_wins_over_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_spec("stability", "models").parent.name == "models"
    assert load_model_spec("stability")[0].title == "Placement moves"
    (tmp_path / "models").mkdir()
    own = write(tmp_path / "models", MODEL)
    own.rename(tmp_path / "models" / "stability.yaml")
    assert load_model_spec("stability")[0].title == "A toy"
    shipped = model_names()
    assert {"quality", "stability"} < set(shipped)
    assert shipped == sorted(set(shipped))
    (tmp_path / "models" / "another.yaml").write_text("", encoding="utf-8")
    assert model_names() == sorted([*shipped, "another"])


def test_a_path_is_taken_as_given_and_not_looked_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    write(tmp_path / "models", MODEL)
    with pytest.raises(SpecError, match="no file"):
        load_model_spec("toy.yaml")
    assert load_model_spec("toy")[0].name == "toy"


def test_settings_of_the_command_line_are_checked_like_those_of_the_file(tmp_path: Path) -> None:
    spec, _ = load_model_spec(write(tmp_path, MODEL))
    changed = override_sampling(spec, {"chains": 2, "seed": 7})
    assert (changed.sampling.chains, changed.sampling.seed, changed.sampling.draws) == (2, 7, 100)
    assert spec.sampling.chains == 4
    with pytest.raises(SpecError, match=r"'sampler' was 'stan'.*'nutpie'"):
        override_sampling(spec, {"sampler": "stan"})


OUTCOMES: dict[str, Any] = {
    "name": "toys",
    "title": "Toys",
    "unit": "child",
    "membership": {"columns": {"home": "home_"}, "weights": "weight_"},
    "effects": [{"kind": "group", "by": "home"}],
    "sampling": {"draws": 300},
    "outcomes": {
        "blocks": {"likelihood": {"family": "bernoulli", "outcome": "blocks"}},
        "dolls": {
            "title": "Dolls",
            "likelihood": {"family": "beta_binomial", "outcome": "dolls", "trials": 9},
            "sampling": {"tune": 50},
        },
    },
}


def test_a_file_of_several_outcomes_is_a_model_for_each(tmp_path: Path) -> None:
    path = write(tmp_path, OUTCOMES)
    assert outcome_names(path) == ("blocks", "dolls")
    blocks, _ = load_model_spec(path, "blocks")
    assert (blocks.name, blocks.part_of, blocks.title) == ("toys-blocks", "toys", "Toys")
    dolls, _ = load_model_spec(path, "dolls")
    assert (dolls.name, dolls.title, dolls.likelihood.family) == (
        "toys-dolls", "Dolls", "beta_binomial",
    )  # fmt: skip
    assert dolls.effects == blocks.effects
    # what is said of one outcome replaces what is said of all, whole
    assert (blocks.sampling.draws, dolls.sampling.tune, dolls.sampling.draws) == (300, 50, 1000)


def test_which_outcome_is_asked_where_it_is_not_said(tmp_path: Path) -> None:
    path = write(tmp_path, OUTCOMES)
    with pytest.raises(SpecError, match=r"several outcomes(.|\n)*Choose one of: blocks, dolls"):
        load_model_spec(path)
    with pytest.raises(SpecError, match=r"'bricks' is not an outcome(.|\n)*blocks, dolls"):
        load_model_spec(path, "bricks")
    alone = write(tmp_path, MODEL)
    assert outcome_names(alone) == ()
    with pytest.raises(
        SpecError, match=r"'blocks' is not an outcome(.|\n)*none: leave the outcome"
    ):
        load_model_spec(alone, "blocks")
    listed = write(tmp_path, {**OUTCOMES, "outcomes": ["blocks"]})
    with pytest.raises(SpecError, match="'outcomes' should hold named outcomes"):
        load_model_spec(listed, "blocks")


def test_homes_are_weighed_otherwise_from_the_command_line(tmp_path: Path) -> None:
    spec, _ = load_model_spec(write(tmp_path, OUTCOMES), "blocks")
    changed = override_weights(spec, "first")
    assert changed.membership is not None
    assert changed.membership.scheme == "first"
    assert changed.members == ("home",)
    assert spec.membership is not None
    assert spec.membership.scheme == "given"
    with pytest.raises(SpecError, match="'scheme' was 'longest'"):
        override_weights(spec, "longest")
    alone, _ = load_model_spec(write(tmp_path, MODEL))
    with pytest.raises(SpecError, match="has one home a row, which has no weight"):
        override_weights(alone, "first")
