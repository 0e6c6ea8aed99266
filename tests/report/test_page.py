"""What a written report holds, and what it must never do."""

import base64
import io
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bayescich.checks import Check, run_checks
from bayescich.errors import ReportError
from bayescich.estimates import Estimate, run_estimates
from bayescich.report import write_report
from bayescich.report.answer import blocks as answer_blocks
from bayescich.report.page import render
from bayescich.report.provenance import LICENCE
from bayescich.report.sections import make_sections
from bayescich.report.words import MINUS
from tests.report.conftest import Page, Written
from tests.tiny_fit import gaussian_fit, one_chain, ordinal_fit

FAILED = Check(
    "rhat", "Chains agree (R-hat)", "convergence", "failed",
    "The largest R-hat is 1.200, of home_sd; the limit is 1.01.", gate=True, value=1.2, limit=1.01,
)  # fmt: skip


def minus(text):
    return re.sub(r"-(?!0\.00\b)", MINUS, text).replace("-0.00", "0.00")


def bare(content, **changes):
    """The same fit with few checks and estimates: quick to render."""
    kept = tuple(e for e in content.estimates if e.name == "home_types")
    return replace(content, **({"checks": (), "estimates": kept} | changes))


def rendered(content):
    return Page(render(content, make_sections(content)))


def test_sections_come_in_order(page):
    ids = [a["id"] for a in page.all("section")]
    assert ids == ["answer", "shrinkage", "truth", "data", "model", "belief", "predictive",
                   "estimates", "manifest"]  # fmt: skip
    contents = [a["href"] for a in page.all("a") if a.get("href", "").startswith("#")]
    assert contents[1:] == [f"#{i}" for i in ids]
    assert len(page.all("h1")) == 1


def test_the_shrinkage_table_shows_the_estimates_rounded(content, page):
    frame = content.estimate("home_types").table.set_index("type")
    for name, row in frame.iterrows():
        for heading, stem in (("Not pooled", "unpooled"), ("Partially pooled", "pooled")):
            mean, low, high = (f"{row[f'{stem}_{end}']:.2f}" for end in ("mean", "q05", "q95"))
            shown = page.cell("home_types", name, heading)
            assert shown == [minus(mean), minus(f"{low} to {high}")]
        assert page.cell("home_types", name, "Reliability") == [f"{row['reliability']:.3f}"]
        assert page.cell("home_types", name, "Raw") == [f"{row['raw']:.2f}"]
        assert page.cell("home_types", name, "Homes") == [f"{row['n_homes']:.0f}"]
        assert page.cell("home_types", name, "Reading") == [row["reading"]]


def test_rows_of_the_shrinkage_table_follow_the_forest(content, page):
    frame = content.estimate("home_types").table.sort_values("pooled_mean", ascending=False)
    assert [row[0][0] for row in page.tables["home_types"][1:]] == frame["type"].tolist()


def test_numbers_are_sorted_by_their_full_value(content, page):
    sorts = [
        float(a["data-sort"]) for a in page.all("td") if re.match(r"-?0\.\d{6}", a["data-sort"])
    ]
    pooled = content.estimate("home_types").table["pooled_mean"]
    assert all(min(abs(s - value) for s in sorts) < 1e-9 for value in pooled)


def test_the_answer_names_the_types_that_differ(content, page):
    text = page.text("answer")
    table = content.estimate("home_types").table.set_index("type")
    apart = table[(table["pooled_q05"] > 0) | (table["pooled_q95"] < 0)]
    assert 0 < len(apart) < len(table)
    for name, row in apart.iterrows():
        ratio = f"{row['ratio_mean']:.2f}, {row['ratio_q05']:.2f} to {row['ratio_q95']:.2f}"
        assert f"{name} ({ratio})" in text
    assert "cannot be told apart" in text
    for name in table.index.difference(apart.index):
        assert f"{name} (" not in text


def test_the_answer_says_when_none_differ(content):
    frame = content.estimate("home_types").table.assign(pooled_q05=-1.0, pooled_q95=1.0)
    nothing = replace(content.estimate("home_types"), table=frame)
    said = " ".join(answer_blocks(bare(content, estimates=(nothing,)))[0].paragraphs)
    assert said.startswith("None of the four home types can be told apart")


def test_synthetic_is_on_every_caption_figure_section_and_file(written, page):
    assert len(page.captions) > 25
    assert [c for c in page.captions if not c.startswith(" SYNTHETIC")] == []
    for section in page.sections:
        assert page.sections[section][1] == "SYNTHETIC"
    for attributes in page.all("img"):
        png = base64.b64decode(attributes["src"].removeprefix("data:image/png;base64,"))
        assert Image.open(io.BytesIO(png)).text["Description"].startswith("SYNTHETIC. ")
    for file in (written.folder / "tables").glob("*.csv"):
        assert set(pd.read_csv(file)["data"]) == {"SYNTHETIC"}
    assert "<title>SYNTHETIC – " in page.html
    assert '@top-center { content: "SYNTHETIC DATA' in page.html


def test_a_page_of_real_data_never_says_synthetic(content):
    real = rendered(bare(content, synthetic=False))
    assert "SYNTHETIC" not in real.html
    assert "truth" not in real.sections
    image = base64.b64decode(real.all("img")[0]["src"].split(",")[1])
    assert "SYNTHETIC" not in Image.open(io.BytesIO(image)).text["Description"]


def test_truth_stands_beside_the_posterior(content, page):
    table = content.estimate("truth").table
    solo = table[table["level"] == "Solo"].iloc[0]
    row = next(r for r in page.tables["truth"] if len(r) > 1 and r[1] == ["Solo"])
    assert [minus(f"{solo['truth']:.2f}")] in row
    assert [f"{solo['mean']:.2f}", f"{solo['q05']:.2f} to {solo['q95']:.2f}"] in row


def test_a_failed_gate_is_named_and_forbids_citing(content):
    failed = rendered(bare(content, checks=(FAILED,)))
    banner = failed.html.split('role="alert"')[1].split("</div>")[0]
    assert "Do not cite: one convergence gate failed" in banner
    assert "Chains agree (R-hat)" in banner
    assert "of SD between homes" in banner
    assert "<title>SYNTHETIC – DO NOT CITE – " in failed.html
    assert failed.cell("gates", "Chains agree (R-hat)", "Result") == ["failed"]
    assert failed.cell("gates", "Chains agree (R-hat)", "Worst") == ["1.200"]


def test_a_failure_that_is_no_gate_does_not_forbid_citing(content):
    shown = rendered(bare(content, checks=(replace(FAILED, gate=False),)))
    assert "DO NOT CITE" not in shown.html
    assert 'role="alert"' not in shown.html


def test_every_prior_used_is_printed_with_reason_and_source(content, page):
    priors = content.fit.priors.priors
    used = {"baseline.level", "baseline.step_sd", "frailty.variance", "fixed", "home_type.sd",
            "group.sd"}  # fmt: skip
    rows = {row[0][1]: row for row in page.tables["priors"][1:]}
    assert set(rows) == used
    for role, row in rows.items():
        assert row[1:4] == [[priors[role].text()], [priors[role].reason], [priors[role].source]]
    assert rows["group.sd"][0][0] == "SD between homes, providers and years"


def test_a_models_own_prior_is_said_to_be_its_own(content):
    prior = content.fit.priors.priors["frailty.variance"].model_copy(update={"sd": 0.25})
    spec = content.fit.spec.model_copy(update={"priors": {"frailty.variance": prior}})
    fit = replace(content.fit, spec=spec, priors=content.fit.priors.with_overrides(spec.priors))
    rows = {r[0][1]: r for r in rendered(bare(content, fit=fit)).tables["priors"][1:]}
    assert rows["frailty.variance"][1] == ["HalfNormal(sd=0.25)"]
    assert rows["frailty.variance"][4] == ["this model"]
    assert rows["fixed"][4] == ["the set “neutral”"]


def test_the_flow_counts_every_row_and_names_no_child(page):
    text = page.text("data")
    for stage in ("read 2,000 rows", "repaired 12 rows", "excluded 500 rows", "kept 1,500 rows"):
        assert stage in text
    assert "Short breaks: 450" in text.replace(" :", ":")
    assert "A/0042" not in page.html


def test_every_estimate_and_every_check_is_on_the_page(content, page):
    titles = [e.title for e in content.estimates] + [c.title for c in content.checks]
    whole = " ".join(page.text(section) for section in page.sections)
    assert [title for title in titles if title not in whole] == []


def test_an_unknown_estimate_is_listed_by_itself(content):
    new = Estimate("costs", "Costs a week", "They run to £5,000.", pd.DataFrame({"x": ["a"]}))
    shown = rendered(bare(content, estimates=(*bare(content).estimates, new)))
    assert "Costs a week" in shown.text("estimates")
    assert shown.tables["costs"][1] == [["a"]]


def test_the_manifest_is_printed_whole(page):
    text = page.text("manifest")
    for value in ("20260331-ab12cd", "20260331", "pymc 6.4.0", "python 3.13.0", "48.25",
                  "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"):  # fmt: skip
        assert value in text
    assert "league table" in text


def test_public_data_carry_their_licence(content):
    spec = content.fit.spec.model_copy(update={"data": "inspections"})
    fit = replace(content.fit, spec=spec)
    assert LICENCE in rendered(bare(content, fit=fit, synthetic=False)).text("manifest")
    assert LICENCE not in rendered(bare(content, fit=fit, synthetic=True)).text("manifest")


def test_the_page_asks_for_nothing_else(page):
    for tag, attributes in page.tags:
        for name in ("src", "href", "srcset", "data", "action"):
            address = attributes.get(name) or ""
            assert not re.match(r"(?i)(https?:)?//", address), (tag, address)
    assert page.all("script") == [{}]
    assert [a for a in page.all("link") if a["rel"] != "icon"] == []
    style = page.html.split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    assert "<svg" not in page.html
    assert len(page.html) < 6e6


def test_links_to_files_lead_somewhere(written, page):
    files = [a["href"] for a in page.all("a") if a["href"].startswith("tables/")]
    assert len(files) > 10
    assert [f for f in files if not (written.folder / f).is_file()] == []
    names = {p.stem for p in (written.folder / "figures").glob("*.png")}
    assert names == {a["id"].removeprefix("figure-") for a in page.all("figure")}


def test_ids_are_unique_and_tables_are_marked_up(page):
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert sorted(set(ids)) == sorted(ids)
    assert {a.get("scope") for a in page.all("th")} == {"col", "row"}
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(len(a["alt"]) > 20 for a in page.all("img"))


def test_labels_are_escaped(content):
    label = '<script>alert("x")</script>'
    home_types = content.estimate("home_types")
    frame = home_types.table.replace({"type": {"Solo": label}})
    html = rendered(bare(content, estimates=(replace(home_types, table=frame),))).html
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


def test_an_earlier_reports_tables_are_removed(content, tmp_path):
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "truth.csv").write_text("old")
    (tmp_path / "notes.txt").write_text("mine")
    write_report(bare(content), tmp_path)
    assert [p.name for p in (tmp_path / "tables").iterdir()] == ["home_types.csv"]
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_nothing_is_half_written_when_a_figure_fails(content, tmp_path):
    broken = replace(FAILED, series={"prior": np.array([np.nan]), "posterior": np.array([1.0])})
    with pytest.raises(ReportError, match="The figure 'rhat' could not be drawn"):
        write_report(bare(content, checks=(broken,)), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_one_message(content, tmp_path):
    (tmp_path / "reports").write_text("a file, not a folder")
    with pytest.raises(ReportError, match="could not be written"):
        write_report(bare(content), tmp_path / "reports")


def test_a_model_without_home_types_has_a_report(content, tmp_path):
    fit = gaussian_fit()
    written = Written(
        replace(content, fit=fit, checks=run_checks(fit, 1), estimates=run_estimates(fit, None),
                synthetic=False), tmp_path,
    )  # fmt: skip
    assert "shrinkage" not in written.page.sections
    assert "schools" in written.page.text("answer")
    assert "groups_school" in written.page.tables


def test_one_chain_and_no_second_fit_still_make_a_report(content):
    fit = one_chain(replace(content.fit, unpooled=None, cache={}))
    shown = rendered(
        replace(content, fit=fit, checks=run_checks(fit, 1), estimates=run_estimates(fit, None))
    )
    assert "1 chain of 400 draws" in shown.text("belief")
    assert "With one chain there is nothing to lay side by side." in shown.text("belief")
    assert [c[0] for c in shown.tables["home_types"][0]].count("Not pooled") == 0


def test_thresholds_and_their_categories_are_explained(content):
    fit = ordinal_fit(rows=300)
    shown = rendered(replace(content, fit=fit, checks=(), estimates=()))
    assert "“Inadequate”, “Requires improvement”, “Good” and “Outstanding”" in shown.text("model")
    assert "−κ[threshold]" in shown.text("model")
