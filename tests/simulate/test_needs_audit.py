"""The needs audit of one synthetic authority: what is seen of needs, when, and in which words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bayescich.records.code_sets import code_set
from bayescich.records.needs import NeedsRecords, read_needs
from bayescich.simulate.england import England, simulate_england
from bayescich.simulate.outcomes.needs_audit import needs_audit, scores, stays_in_homes
from bayescich.simulate.settings import Settings
from bayescich.simulate.shapes import HOME, NEEDS
from bayescich.simulate.shard import Shard

SETTINGS = Settings(children=6_000, seed=9, dirt="none")


@pytest.fixture(scope="module")
def england() -> England:
    return simulate_england(SETTINGS)


@pytest.fixture(scope="module")
def shard(england: England) -> Shard:
    return england.shard(int(england.authorities.share_of_children.argmax()))


@pytest.fixture(scope="module")
def audit(shard: Shard) -> pd.DataFrame:
    return needs_audit(shard)


@pytest.fixture(scope="module")
def records(
    england: England, tmp_path_factory: pytest.TempPathFactory
) -> tuple[NeedsRecords, dict[str, pd.DataFrame]]:
    """Audit and scores of every authority, as read and as written."""
    shards = [england.shard(number) for number in range(len(england.authorities.names))]
    written = {
        "needs_audit": pd.concat([needs_audit(shard) for shard in shards], ignore_index=True),
        "scores": pd.concat([scores(shard) for shard in shards], ignore_index=True),
    }
    folder = tmp_path_factory.mktemp("needs")
    for name, table in written.items():
        table.to_csv(folder / f"{name}.csv", index=False, date_format="%d/%m/%Y")
    return read_needs(folder), written


def rows_of(shard: Shard, table: pd.DataFrame) -> np.ndarray:
    return pd.Index(shard.children["CHILD"]).get_indexer(table["CHILD"])


def test_everything_is_read_back(
    records: tuple[NeedsRecords, dict[str, pd.DataFrame]],
) -> None:
    read, written = records
    assert {entry.stage for entry in read.account.entries} == {"read", "kept"}
    assert len(read.needs) == len(written["needs_audit"]) > 1_000
    assert len(read.scores) == len(written["scores"]) > 500
    assert set(read.needs["NEED"]) == set(NEEDS)
    assert read.needs["SEVERITY"].notna().all()
    assert set(read.needs["SOURCE"]) == {"referral", "assessment", "care_plan", "review"}


def test_words_differ_and_mean_the_need(shard: Shard, audit: pd.DataFrame) -> None:
    labels = set(code_set("needs")["label"])
    assert audit["NEED"].isin(labels).mean() == pytest.approx(0.5, abs=0.06)


def test_most_needs_are_seen_and_few_are_made_up(shard: Shard, audit: pd.DataFrame) -> None:
    vocabulary = code_set("needs").set_index("code")
    meaning = {
        word: code
        for code in NEEDS
        for word in [vocabulary.loc[code, "label"], *vocabulary.loc[code, "synonyms"].split("|")]
    }
    referral = audit[audit["SOURCE"].str.contains("referral")]
    need = np.array([NEEDS.index(meaning[word]) for word in referral["NEED"]])
    there = shard.needs[rows_of(shard, referral), need]
    documents = stays_in_homes(shard)["child"].to_numpy()
    had = shard.needs[documents].sum()
    assert there.sum() / had == pytest.approx(0.80, abs=0.05)
    assert (~there).sum() / (16 * len(documents) - had) == pytest.approx(0.02, abs=0.01)


def test_a_referral_comes_before_its_stay(shard: Shard, audit: pd.DataFrame) -> None:
    referral = audit[audit["SOURCE"].str.contains("referral")]
    days = referral["DATE"].to_numpy().astype("datetime64[D]").astype(int)
    stays = stays_in_homes(shard)
    starts = stays.groupby("child")["start"].agg(list)
    child = rows_of(shard, referral)
    gaps = np.array(
        [
            min(start - day for start in starts[row] if start >= day)
            for row, day in zip(child, days, strict=True)
        ]
    )
    assert gaps.min() == 0
    assert gaps.max() <= 60
    assert (gaps == 0).mean() > 0.2


def test_only_stays_that_overlap_the_window_count(shard: Shard) -> None:
    stays = stays_in_homes(shard)
    assert (stays["kind"] == HOME).all()
    assert (stays["end"] > SETTINGS.first_day).all()
    assert (stays["start"] <= SETTINGS.last_day).all()
    every = (shard.placements["kind"] == HOME).sum()
    assert 0 < len(stays) <= every


def test_graver_needs_are_of_children_with_more_difficulties(
    shard: Shard, audit: pd.DataFrame
) -> None:
    level = shard.children["difficulties"].to_numpy()[rows_of(shard, audit)]
    by_severity = pd.Series(level).groupby(audit["SEVERITY"]).mean()
    assert by_severity.index.tolist() == [1, 2, 3]
    assert by_severity[3] > by_severity[1] + 2


def test_a_total_is_the_sum_of_its_parts(
    records: tuple[NeedsRecords, dict[str, pd.DataFrame]],
) -> None:
    read, _ = records
    scales = code_set("scales").set_index("code")["part_of"]
    part_of = read.scores["SCALE"].map(scales)
    keys = ["LA", "CHILD", "DATE"]
    for total in ("sdq", "berri"):
        parts = read.scores[part_of.eq(total) & read.scores["SCALE"].ne("sdq_prosocial")]
        sums = parts.groupby(keys)["SCORE"].sum()
        whole = read.scores[read.scores["SCALE"].eq(total)].set_index(keys)["SCORE"]
        assert len(whole) > 50
        assert whole.sort_index().tolist() == sums.sort_index().tolist()


def test_scores_go_with_difficulties(england: England) -> None:
    parts = []
    for number in range(len(england.authorities.names)):
        shard = england.shard(number)
        found = scores(shard)
        parts.append(
            found.assign(level=shard.children["difficulties"].to_numpy()[rows_of(shard, found)])
        )
    table = pd.concat(parts)
    label = code_set("scales").set_index("code")["label"]
    usual = {"sdq": 0.85, "berri": 0.7, "sdq_prosocial": -0.45}
    for scale, expected in usual.items():
        rows = table[table["SCALE"].eq(label[scale])]
        assert rows["SCORE"].corr(rows["level"]) == pytest.approx(expected, abs=0.15)


def test_the_same_authority_is_audited_alike(shard: Shard, audit: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(needs_audit(shard), audit)
    pd.testing.assert_frame_equal(scores(shard), scores(shard))
