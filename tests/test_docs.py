"""The documents say what the code does: keys, defaults, priors, limits, files, links, sections."""

import ast
import inspect
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args, get_origin

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest
import yaml
from typer.main import get_command

from bayescich import cli
from bayescich.design import build_design
from bayescich.design.resolve import resolve_spec
from bayescich.histories.authority_panel import PANEL
from bayescich.histories.inspections import HISTORIES
from bayescich.histories.placements import PLACEMENTS
from bayescich.histories.schemas import SCHEMAS
from bayescich.histories.schemas.fitted import EXIT_TABLE, NEEDS_OF_STAYS, SETTINGS
from bayescich.records.ofsted_lookup_schema import SPECIALISMS
from bayescich.spec import (
    ModelSpec,
    Prior,
    PriorSet,
    load_model_spec,
    load_prior_set,
    outcome_names,
)
from bayescich.spec.base import Strict
from bayescich.spec.formula import FormulaSpec
from bayescich.spec.model import (
    DIMENSIONS,
    NEEDS_KINDS,
    CompetingSpec,
    FixedEffectSpec,
    GroupEffectSpec,
    HazardSpec,
    HazardTimesSpec,
    HomeTypeEffectSpec,
    MatchingEffectSpec,
    NeedsEffectSpec,
    ReportSpec,
    SamplingSpec,
    SplitSpec,
    TypeNeedEffectSpec,
    WalkEffectSpec,
)
from bayescich.spec.outcomes import (
    SINGLE,
    BernoulliSpec,
    BetaBinomialSpec,
    BinomialSpec,
    CategoricalSpec,
    GaussianSpec,
    HurdleBetaBinomialSpec,
    JointResponseSpec,
    JointSpec,
    MembershipSpec,
    OrdinalSpec,
    ResponseSpec,
    SettingsEffectSpec,
    StageSpec,
)
from bayescich.spec.policies import HistoryPolicies
from bayescich.spec.priors import PARAMETERS, ROLES

ROOT = Path(__file__).parent.parent
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [*DOCS, *(p for p in (ROOT / "README.md", ROOT / "ARCHITECTURE.md") if p.is_file())]
METHODS = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
MODELS = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")

SECTION_OF: dict[type[Strict], str] = {
    ModelSpec: "The model file",
    HistoryPolicies: "Histories",
    HazardTimesSpec: "Time, entry and frailty",
    SplitSpec: "Split",
    HazardSpec: "Hazard",
    CompetingSpec: "Competing routes",
    ResponseSpec: "Outcome, stage and blanks",
    StageSpec: "Stage",
    OrdinalSpec: "Ordinal",
    CategoricalSpec: "Categorical",
    BinomialSpec: "Binomial",
    BernoulliSpec: "Bernoulli",
    BetaBinomialSpec: "Beta-binomial",
    HurdleBetaBinomialSpec: "Hurdle beta-binomial",
    GaussianSpec: "Gaussian",
    JointSpec: "Joint",
    JointResponseSpec: "One of several outcomes",
    MembershipSpec: "Several homes a row",
    FormulaSpec: "Formula",
    FixedEffectSpec: "Fixed",
    GroupEffectSpec: "Group",
    HomeTypeEffectSpec: "Home type",
    WalkEffectSpec: "Walk",
    NeedsEffectSpec: "Needs",
    TypeNeedEffectSpec: "Type by need",
    MatchingEffectSpec: "Matching",
    SettingsEffectSpec: "Settings",
    SamplingSpec: "Sampling",
    ReportSpec: "Report",
}
"""Where docs/models.md describes each class of a model file."""


def by_name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def section(text: str, heading: str) -> str:
    """Return what stands under a heading, up to the next one of any level."""
    found = re.search(rf"^#+ {re.escape(heading)}$(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"no heading '{heading}'"
    return found[1]


def tables(text: str) -> list[list[list[str]]]:
    """Return the tables of a text: rows of cells, the header first, the rule left out."""
    blocks = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    return [
        [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in block.splitlines()
            if not set(line) <= set("|-: ")
        ]
        for block in blocks
    ]


def column(text: str, heading: str, position: int = 0) -> list[str]:
    """Return one column of the table whose first heading is this."""
    table = next(t for t in tables(text) if t[0][0] == heading)
    return [row[position].strip("`") for row in table[1:]]


def blocks(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def default_words(spec: type[Strict], name: str) -> str:
    field = spec.model_fields[name]
    if field.is_required():
        return "required"
    if isinstance(field.default, Strict):
        return "see below"
    if field.default in (None, "", (), {}):
        return "none"
    return str(field.default).lower()


# ---- keys of the YAML files ------------------------------------------------------------


def fields_of(spec: type[Strict]) -> list[str]:
    """Return the keys that a class has of its own; those of a class it extends stand there."""
    above = {
        name for parent in SECTION_OF if parent in spec.__mro__[1:] for name in parent.model_fields
    }
    return [name for name in spec.model_fields if name not in above]


@pytest.mark.parametrize("spec", SECTION_OF, ids=lambda spec: spec.__name__)
def test_every_key_and_default_of_a_model_file_is_described(spec: type[Strict]) -> None:
    text = section(MODELS, SECTION_OF[spec])
    described = dict(zip(column(text, "key"), column(text, "key", 2), strict=True))
    assert described == {name: default_words(spec, name) for name in fields_of(spec)}


@pytest.mark.parametrize(
    "spec", [HazardSpec, CompetingSpec, *SINGLE], ids=lambda spec: spec.__name__
)
def test_keys_described_elsewhere_are_pointed_to(spec: type[Strict]) -> None:
    above = ResponseSpec if issubclass(spec, ResponseSpec) else HazardTimesSpec
    assert set(fields_of(spec)) | set(above.model_fields) == set(spec.model_fields)
    text = section(MODELS, SECTION_OF[spec])
    assert f"[{SECTION_OF[above]}](#{slug(SECTION_OF[above])})" in text


def test_every_class_of_a_model_file_has_a_section() -> None:
    from bayescich.spec import model, outcomes

    found = (*vars(model).values(), *vars(outcomes).values())
    classes = {c for c in found if isinstance(c, type) and issubclass(c, Strict)} - {Strict, Prior}
    assert classes == set(SECTION_OF)


def test_every_key_distribution_and_role_of_a_prior_is_described() -> None:
    text = section(MODELS, "The prior file")
    of_set, of_prior, distributions, roles = tables(text)
    assert [row[0].strip("`") for row in of_set[1:]] == list(PriorSet.model_fields)
    described = {row[0].strip("`"): row[2] for row in of_prior[1:]}
    assert described == {name: default_words(Prior, name) for name in Prior.model_fields}
    takes = {row[0].strip("`"): tuple(re.findall(r"`(\w+)`", row[1])) for row in distributions[1:]}
    assert takes == dict(PARAMETERS)
    extra = {"fixed.<covariate>", "<column>.sd", "<column>.slope_sd", "<column>.step_sd"}
    assert {row[0].strip("`") for row in roles[1:]} == set(ROLES) | extra


@pytest.mark.parametrize(
    ("introduced_by", "schema"),
    [
        ("placements", PLACEMENTS),
        ("settings", SETTINGS),
        ("inspections", HISTORIES),
        ("authorities", PANEL),
    ],
)
def test_every_column_of_the_packages_tables_is_described(
    introduced_by: str, schema: pa.DataFrameSchema
) -> None:
    text = section(MODELS, "The columns of the package's own tables")
    own = text.split(f"`data: {introduced_by}`")[1]
    assert column(own, "column") == list(schema.columns)


@pytest.mark.parametrize(
    ("heading", "schema"), [("last column", NEEDS_OF_STAYS), ("added column", EXIT_TABLE)]
)
def test_every_column_added_to_the_placements_is_described(
    heading: str, schema: pa.DataFrameSchema
) -> None:
    text = section(MODELS, "The columns of the package's own tables")
    added = [
        name.replace(".+", "<need>") for name in schema.columns if name not in PLACEMENTS.columns
    ]
    assert column(text, heading) == added


def test_every_column_that_follows_the_placements_is_described() -> None:
    text = section(MODELS, "The columns of the package's own tables")
    prior = [name for name in SCHEMAS["prior"].columns if name not in PLACEMENTS.columns]
    assert column(text, "further column") == ["specialism_<name>", *prior]
    described = next(row for t in tables(text) for row in t if "specialism_" in row[0])[1]
    named = set(re.findall(r"`(\w+)`", described)) - {"yes", "no", "unknown"}
    assert {f"specialism_{name}" for name in named} == set(SPECIALISMS)


@pytest.mark.parametrize("spec", SECTION_OF, ids=lambda spec: spec.__name__)
def test_the_choices_of_every_option_are_described(spec: type[Strict]) -> None:
    text = section(MODELS, SECTION_OF[spec])
    for name, types in zip(column(text, "key"), column(text, "key", 1), strict=True):
        annotation = spec.model_fields[name].annotation
        if get_origin(annotation) is Literal:
            choices = [str(choice) for choice in get_args(annotation)]
            assert re.split(r"`?(?:, | or )`?", types) == choices, name


def test_the_names_no_group_can_have_are_listed() -> None:
    text = section(MODELS, "Group")
    listed = re.search(r"No column may be called (.*?)\s*\|", text)
    assert listed
    assert set(re.findall(r"`(\w+)`", listed[1])) == DIMENSIONS


@pytest.mark.parametrize("page", ["docs/models.md", "README.md"])
def test_every_model_of_the_package_is_in_the_table(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    table = next(t for t in tables(text) if any(row[0] == "`stability`" for row in t))
    named = {name for row in table[1:] for name in re.findall(r"`([\w-]+)`", row[0])}
    assert named == {path.stem for path in (ROOT / "models").glob("*.yaml")}


# ---- examples --------------------------------------------------------------------------


def yaml_blocks() -> Iterator[tuple[str, dict[str, object]]]:
    for page in PAGES:
        for number, block in enumerate(blocks(page, "yaml"), start=1):
            yield f"{by_name(page)} no. {number}", yaml.safe_load(block)


@pytest.mark.parametrize(("where", "content"), [pytest.param(w, c, id=w) for w, c in yaml_blocks()])
def test_every_yaml_example_loads(where: str, content: dict[str, object]) -> None:
    kind = ModelSpec if "likelihood" in content else PriorSet
    assert kind.model_validate(content).name == content["name"]


def test_the_worked_example_builds_what_it_says() -> None:
    page = ROOT / "docs" / "models.md"
    spec = ModelSpec.model_validate(yaml.safe_load(blocks(page, "yaml")[0]))
    table = pd.read_csv(io.StringIO(blocks(page, "csv")[0]))
    design = build_design(table, spec)
    assert design.factors["hospital"].size == len(table) == 8
    assert design.outcome["size"].sum() == table["operations"].sum()
    assert design.fixed is not None
    assert design.fixed.names == ("region[south]",)


@pytest.mark.parametrize("name", ["own-moves", "own-disruptions", "own-needs"])
def test_the_examples_of_stays_can_be_built_from_their_table(name: str) -> None:
    page = ROOT / "docs" / "models.md"
    specs = [yaml.safe_load(block) for block in blocks(page, "yaml")]
    spec = ModelSpec.model_validate(next(s for s in specs if s["name"] == name))
    table = pd.read_csv(io.StringIO(blocks(page, "csv")[1]))
    assert not resolve_spec(table, spec).left_out
    design = build_design(table, spec)
    assert design.ends.sum() == len(table)
    labelled = {getattr(e, "name", e.kind) for e in spec.effects if isinstance(e, NEEDS_KINDS)}
    assert set(design.labels) == labelled
    assert set(spec.group_columns) <= set(design.factors)


def test_the_example_of_several_homes_can_be_built_from_its_table() -> None:
    page = ROOT / "docs" / "models.md"
    specs = [yaml.safe_load(block) for block in blocks(page, "yaml")]
    spec = ModelSpec.model_validate(next(s for s in specs if s["name"] == "own-outcomes"))
    table = pd.read_csv(io.StringIO(blocks(page, "csv")[2]))
    design = build_design(table, spec)
    homes = design.factors["home"]
    assert homes.levels == ("Ash", "Elm", "Oak")
    # Ash: all of A1's year, two fifths of B1's, four fifths of F1's
    assert homes.sums(np.ones(design.rows)).round(6).tolist() == [2.2, 1.2, 1.3]
    assert design.outcome["seen"].sum() == table["score"].notna().sum() == len(table) - 1
    assert design.fixed is not None
    assert [len(hole.rows) for hole in design.fixed.holes] == [2]


def test_the_outcomes_of_a_file_are_those_the_documents_name() -> None:
    for name in ("outcomes16", "outcomes18"):
        row = next(r for t in tables(MODELS) for r in t if r[0] == f"`{name}`")
        assert tuple(re.findall(r"`(?:OUTCOME=)?(\w+)`", row[2])) == outcome_names(name)


@pytest.mark.parametrize("by", ["authority", "year"])
def test_one_authority_or_year_is_fitted_as_the_document_says(by: str) -> None:
    document = (ROOT / "docs" / "own-data.md").read_text(encoding="utf-8")
    told = re.search(rf"the (\w+) lines of the effect with `by: {by}`", document)
    assert told
    lines = (ROOT / "models" / "stability.yaml").read_text(encoding="utf-8").splitlines()
    where = next(i for i, line in enumerate(lines) if line.strip() == f"by: {by}")
    del lines[where - 1 : where - 1 + {"two": 2, "three": 3}[told[1]]]
    spec = ModelSpec.model_validate(yaml.safe_load("\n".join(lines)))
    shipped, _ = load_model_spec("stability")
    assert spec.effects == tuple(e for e in shipped.effects if getattr(e, "by", "") != by)
    assert len(spec.effects) == len(shipped.effects) - 1


def test_every_command_shown_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    commands = get_command(cli.app).commands
    for page in PAGES:
        shown = "\n".join(blocks(page, "sh"))
        assert set(re.findall(r"^make ([a-z-]+)", shown, re.MULTILINE)) <= targets, by_name(page)
        for name, rest in re.findall(r"^(?:\.venv/bin/)?bayescich (\w+)(.*)$", shown, re.MULTILINE):
            options = {o for parameter in commands[name].params for o in parameter.opts}
            assert set(re.findall(r"--\w+", rest.split("#")[0])) <= options, f"{name}{rest}"


# ---- methods ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["neutral", "sceptical"])
def test_the_priors_are_those_of_the_files(name: str) -> None:
    text = section(METHODS, "1.8 Priors")
    position = tables(text)[0][0].index(name)
    stated = dict(zip(column(text, "role"), column(text, "role", position), strict=True))
    priors, _ = load_prior_set(name)
    assert stated == {role: prior.text() for role, prior in priors.priors.items()}


def test_the_priors_of_single_models_are_those_of_the_files() -> None:
    for path in sorted((ROOT / "models").glob("*.yaml")):
        for outcome in outcome_names(path) or (None,):
            spec, _ = load_model_spec(path, outcome)
            for role, prior in spec.priors.items():
                stated = f"`models/{path.name}` replaces `{role}` by `{prior.text()}`"
                assert stated in METHODS


def test_the_limits_of_the_gates_are_those_of_the_code() -> None:
    from bayescich.checks import convergence as gates

    text = section(METHODS, "4.1 Convergence gates")
    rows = {row[0]: f"{row[1]} {row[2]}" for row in tables(text)[0][1:]}
    assert f"at most {gates.RHAT_LIMIT} " in rows["R-hat (rank-normalised, split)"]
    assert f"{gates.SHARE_ABOVE:.1%} may exceed it, up to {gates.RHAT_LIMIT_LEVELS}" in " ".join(
        rows["R-hat (rank-normalised, split)"].split()
    )
    assert f"at least {gates.ESS_LIMIT:.0f}" in rows["ESS, bulk"]
    assert f"at least {gates.ESS_LIMIT:.0f}" in rows["ESS, tail"]
    assert f"below {gates.MCSE_LIMIT:.0%}" in rows["Monte Carlo error of each mean"]
    assert f"above {gates.BFMI_LIMIT}" in rows["E-BFMI"]
    assert f"fewer than {gates.DEPTH_SHARE_LIMIT:.0%}" in rows["draws at the maximum tree depth"]
    companion = rows["R-hat of the companion fit (section 5.1)"]
    assert f"at most {gates.RHAT_LIMIT_LEVELS} " in companion


def test_the_rules_of_checks_and_estimates_are_those_of_the_code() -> None:
    from bayescich.checks import loo, predictive_hazard, predictive_routes, replicates, separation
    from bayescich.estimates import home_types, homes, standardise, type_need
    from bayescich.model.effects import group

    low, high = replicates.P_LIMITS
    days = [str(day) for day in predictive_hazard.READ_AT]
    stated = {
        "1.7 Parametrisation": f"centred when it is {group.CENTRE_ABOVE:.0f} or more",
        "4.2 Predictive checks": f"outside {low} to {high}",
        "4.4 Where the data are thin": f"above {separation.LITTLE} of the prior's",
        "4.3 Leaving one unit out": f"exceeds {loo.K_LIMIT} for more than {loo.SHARE_LIMIT:.0%}",
        "5.1 The columns of the table": rf"\mathrm{{Normal}}(0, {group.UNPOOLED_SD:.0f}^2)",
        "5.3 How much can one home tell?": f"> {homes.FOLD}) > {homes.CERTAIN}$",
        "5.5 Standardised outcomes": f"{standardise.NODES}-node",
        "5.6 Words": f"| {home_types.SOME} to {home_types.STRONG} | some evidence |",
        "5.7 For whom: needs within types": f"more than {type_need.UNLEARNT} times its prior SD",
    }
    assert predictive_routes.COMMON == 0.1
    assert "routes with a tenth of the exits or more" in section(METHODS, "4.2 Predictive checks")
    for heading, words in stated.items():
        assert words in section(METHODS, heading), heading
    assert f"{', '.join(days[:-1])} and {days[-1]} days" in section(
        METHODS, "4.2 Predictive checks"
    )
    assert f"with {loo.NODES} nodes" in section(METHODS, "4.3 Leaving one unit out")


def test_the_numbers_of_event_histories_are_those_of_the_code() -> None:
    from bayescich.estimates import incidence, standardised_times
    from bayescich.model.effects import frailty, group
    from bayescich.model.hazard import kernel, pilot

    split, words = SplitSpec(), {6: "six"}
    times = [str(day) for day in standardised_times.TIMES]
    stated = {
        "1.7 Parametrisation": f"at most {pilot.MOST_STEPS} steps",
        "1.15 Attained age and year": f"Ages below `youngest` ({split.youngest}) are taken with "
        f"it, those above `oldest` ({split.oldest})",
        "1.17 Log-normal frailty": f"with {kernel.NODES} nodes",
        "2.3 Pooling over routes": f"up to {words[group.MOST_LKJ]} routes",
        "2.5 Incidence and time lost": f"a {frailty._NODES}-node quadrature",
        "5.5 Standardised outcomes": f"{', '.join(times[:-1])} and {times[-1]} days, with the mean "
        f"days stayed of the first {standardised_times.RESTRICTED_TO}",
    }
    for heading, sentence in stated.items():
        assert sentence in section(METHODS, heading), heading
    drawn = f"up to {incidence.DRAWS} draws {incidence.ROWS:,} spells"
    assert drawn in section(METHODS, "2.5 Incidence and time lost")


def test_the_numbers_of_outcomes_are_those_of_the_code() -> None:
    from bayescich.estimates import joint, missing_outcomes, places
    from bayescich.model.effects import imputation
    from bayescich.model.response import blanks

    words = {7: "seven", 11: "11"}
    shifts = missing_outcomes.SHIFTS
    stated = {
        "3.6 Blank covariates": rf"\mathrm{{Normal}}(0, {imputation._PRIOR_SD:g})",
        "3.8 Joint outcomes": f"rule of {words[JointSpec.model_fields['nodes'].default]} nodes",
        "3.9 Every place in turn": f"up to {places.DRAWS} draws {places.ROWS} children",
        "3.10 Outcomes nobody recorded, and homes weighed otherwise": f"from {shifts[0]:g} to "
        f"{shifts[-1]:g}",
        "4.3 Leaving one unit out": f"rule of {words[blanks.BLANK_NODES]} nodes",
    }
    for heading, sentence in stated.items():
        assert sentence in section(METHODS, heading), heading
    assert f"lies below {joint.SHARED}" in section(METHODS, "3.8 Joint outcomes")
    tipped = section(METHODS, "3.10 Outcomes nobody recorded, and homes weighed otherwise")
    assert f"({missing_outcomes._TOLD} or more)" in tipped.replace("probability of direction ", "")
    assert f"is below {missing_outcomes.TIPPED}" in tipped


def test_the_bands_are_those_of_the_model() -> None:
    spec, _ = load_model_spec("stability")
    assert isinstance(spec.likelihood, HazardSpec)
    days = [f"{cut:,.0f}" for cut in spec.likelihood.cuts]
    assert f"{', '.join(days[:-1])} and {days[-1]} days" in section(
        METHODS, "1.5 Random-walk baseline"
    )


def titles(node: ast.expr, names: dict[str, ast.expr]) -> str:
    """Return a pattern of what a title can be: it may depend on the model."""
    if isinstance(node, ast.Constant):
        return re.escape(str(node.value))
    if isinstance(node, ast.IfExp):
        return f"(?:{titles(node.body, names)}|{titles(node.orelse, names)})"
    if isinstance(node, ast.JoinedStr):
        return "".join(titles(part, names) for part in node.values)
    if isinstance(node, ast.Name) and node.id in names:
        return titles(names[node.id], names)
    return ".+"


def test_the_sections_of_the_report_are_those_of_the_code() -> None:
    from bayescich.report import sections

    page = (ROOT / "docs" / "reading-the-report.md").read_text(encoding="utf-8")
    *headings, last = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert last == "What not to conclude"
    tree = ast.parse(inspect.getsource(sections.make_sections))
    names = {
        node.targets[0].id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    shown = [titles(call.args[1], names) for call in calls if ast.unparse(call.func) == "Section"]
    assert len(headings) == len(shown) > 0
    wrong = [
        (heading, title)
        for heading, title in zip(headings, shown, strict=True)
        if not re.fullmatch(title, heading)
    ]
    assert wrong == []
    # a pattern that takes anything would check nothing
    assert not any(re.fullmatch(title, "no title of the page") for title in shown)


# ---- links and names -------------------------------------------------------------------


def slug(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


def anchors(page: Path) -> set[str]:
    text = re.sub(
        r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    return {slug(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name) if name else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_models_and_priors_named_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    files = set(re.findall(r"\b((?:models|priors)/[\w-]+\.yaml)", text))
    given = re.findall(r"\b(MODEL|PRIORS)=([a-z][\w-]*)(?![\w.-]*\.yaml)\b", text)
    files |= {f"{kind.rstrip('S').lower()}s/{name}.yaml" for kind, name in given}
    # a model of the reader's own is fitted from its file and then named
    own = {f"models/{spec['name']}.yaml" for _, spec in yaml_blocks()}
    assert {name for name in files - own if not (ROOT / name).is_file()} == set()


def test_the_index_names_every_document() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in DOCS if f"({page.name})" not in index + "(README.md)"] == []


def citations() -> set[tuple[str, str, str]]:
    """Return document, section and words of every citation in code, models, priors and tests."""
    pattern = re.compile(r"docs/([\w-]+\.md),? section (\d+(?:\.\d+)?)(?: \(([^)]+)\))?")
    files = [
        *(ROOT / "bayescich").rglob("*.py"),
        *(ROOT / "tests").rglob("*.yaml"),
        *(ROOT / "models").glob("*.yaml"),
        *(ROOT / "priors").glob("*.yaml"),
    ]
    return {found for f in files for found in pattern.findall(f.read_text(encoding="utf-8"))}


def test_every_section_cited_is_there() -> None:
    missing = []
    for document, number, words in sorted(citations()):
        page = ROOT / "docs" / document
        text = page.read_text(encoding="utf-8") if page.is_file() else ""
        headings = re.findall(rf"^#+ {re.escape(number)}[. ].*$", text, re.MULTILINE)
        within = re.findall(rf"^#+ {re.escape(number)}[.\d]* .*$", text, re.MULTILINE)
        if not headings or not any(words.lower() in heading.lower() for heading in within):
            missing.append(f"docs/{document} section {number} ({words})")
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_formulas_are_closed(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert text.count("$$") % 2 == 0
    inline = text.replace("$$", "")
    open_lines = [line for line in inline.splitlines() if line.count("$") % 2]
    assert open_lines == []
