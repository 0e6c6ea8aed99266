"""The XML return: the same tables as the CSV files, and no trust in what it declares."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from bayescich.errors import RecordsError
from bayescich.records import ssda903_xml
from bayescich.records.ssda903_xml import looks_like_903_xml, xml_tables

ANN = """
<CHILD>
  <HEADER>
    <CHILDID> 17 </CHILDID><UPN>A123456789012</UPN><SEX>2</SEX><DOB>01/02/2008</DOB>
    <ETHNIC>WBRI</ETHNIC><UASC>1</UASC><DUC>01/02/2026</DUC>
    <IN_TOUCH>NO</IN_TOUCH><ACTIV>0</ACTIV><ACCOM>0</ACCOM>
    <AMISSING><MISSING>M</MISSING><MIS_START>01/05/2024</MIS_START><MIS_END/></AMISSING>
    <AMISSING><MISSING>A</MISSING><MIS_START>01/06/2024</MIS_START></AMISSING>
    <AREVIEW><REVIEW>09/09/2024</REVIEW><REVIEW_CODE>PN1</REVIEW_CODE></AREVIEW>
    <MOTHER/><PERMANENCE><PREV_PERM>Z1</PREV_PERM></PERMANENCE>
    <OC2><SDQ_SCORE>21</SDQ_SCORE><CONVICTED>0</CONVICTED></OC2>
    <AD_PLACED><DATE_PLACED>03/03/2024</DATE_PLACED></AD_PLACED>
    <SOCIAL><SW_ID>SW1</SW_ID><SW_DECOM>01/04/2024</SW_DECOM></SOCIAL>
  </HEADER>
  <EPISODE><DECOM>01/04/2024</DECOM><RNE>S</RNE><PL>K2</PL><URN>SC123456</URN></EPISODE>
  <EPISODE><DECOM>01/07/2024</DECOM><RNE>P</RNE><PL>U6</PL></EPISODE>
</CHILD>
"""
BEN = """
<CHILD><HEADER><CHILDID>18</CHILDID><DOB>01/02/2019</DOB><UASC>0</UASC></HEADER>
<EPISODE><DECOM>02/04/2024</DECOM><PL>U4</PL></EPISODE></CHILD>
"""


def write(folder: Path, text: str | bytes, name: str = "return.xml") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def whole(*children: str) -> str:
    return "<EXPSSDA903>" + "".join(children) + "</EXPSSDA903>"


def read(path: Path) -> dict[str, pd.DataFrame]:
    return {table.source.partition(", ")[2]: table.frame for table in xml_tables(path)}


def test_every_table_with_the_columns_of_the_csv_files(tmp_path: Path) -> None:
    tables = read(write(tmp_path, whole(ANN, BEN)))
    assert {name: len(frame) for name, frame in tables.items()} == {
        "header": 2, "episodes": 3, "oc2": 1, "oc3": 1, "missing": 2, "reviews": 1, "uasc": 1,
        "previous_permanence": 1, "placed_for_adoption": 1, "social_workers": 1,
    }  # fmt: skip
    episodes = tables["episodes"]
    assert episodes["CHILD"].tolist() == ["17", "17", "18"]
    assert episodes["PLACE"].tolist() == ["K2", "U6", "U4"]
    assert episodes["URN"].tolist() == ["SC123456", "", ""]
    assert episodes.index.tolist() == [2, 3, 4]
    assert "DOB" not in episodes
    assert tables["missing"].iloc[1].to_dict() == {
        "CHILD": "17", "DOB": "01/02/2008", "MISSING": "A", "MIS_START": "01/06/2024",
        "MIS_END": "",
    }  # fmt: skip
    assert tables["uasc"].iloc[0].tolist() == ["17", "2", "01/02/2008", "01/02/2026", "1"]
    assert tables["oc3"].iloc[0].tolist() == ["17", "01/02/2008", "NO", "0", "0"]
    assert tables["social_workers"]["SW_ID"].tolist() == ["SW1"]
    assert all(dtype == "str" for frame in tables.values() for dtype in frame.dtypes)


def test_namespace_case_and_encoding_make_no_difference(tmp_path: Path) -> None:
    plain = read(write(tmp_path, whole(ANN, BEN)))
    tags = whole(ANN, BEN).replace("<EXPSSDA903>", '<expssda903 xmlns="urn:return">')
    lower = tags.replace("EXPSSDA903", "expssda903").replace("HEADER", "header")
    lower = lower.replace("EPISODE>", "episode>").replace("DECOM", "decom")
    declared = '<?xml version="1.0" encoding="utf-16"?>' + lower
    other = read(write(tmp_path, declared.encode("utf-16"), "other.xml"))
    assert plain.keys() == other.keys()
    for name, frame in plain.items():
        pd.testing.assert_frame_equal(frame, other[name])


def test_groups_within_groups_and_unknown_ones_are_kept(tmp_path: Path) -> None:
    reviews = "<REVIEWS>" + "<AREVIEW><REVIEW>09/09/2024</REVIEW></AREVIEW>" * 2 + "</REVIEWS>"
    new = "<NEWTHING><COLOUR>red</COLOUR></NEWTHING>"
    ben = BEN.replace("</HEADER>", reviews + new + "<FACT>9</FACT></HEADER>")
    tables = read(write(tmp_path, whole(ben)))
    assert tables["reviews"]["CHILD"].tolist() == ["18", "18"]
    assert tables["NEWTHING"].iloc[0].to_dict() == {
        "CHILD": "18", "DOB": "01/02/2019", "COLOUR": "red",
    }  # fmt: skip
    assert tables["header"]["FACT"].tolist() == ["9"]


def test_large_returns_are_packed_as_they_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, whole(*[ANN, BEN] * 5))
    at_once = read(path)
    monkeypatch.setattr(ssda903_xml, "_CHUNK_ROWS", 2)
    monkeypatch.setattr(ssda903_xml, "_BLOCK", 100)
    for name, frame in read(path).items():
        pd.testing.assert_frame_equal(frame, at_once[name])


BOMB = '<!DOCTYPE a [<!ENTITY a "aaa"><!ENTITY b "&a;&a;">]>' + whole(BEN)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "empty"),
        (BOMB, "document type"),
        ("<Message><Children/></Message>", "begins with MESSAGE"),
        (whole(ANN)[:-60], "cannot be read as XML"),
        (whole(ANN).replace("</RNE>", ""), "mismatched tag"),
        ("CHILD,DECOM\n1,2\n", "cannot be read as XML"),
        ('<?xml version="1.0" encoding="klingon"?>' + whole(BEN), "unknown encoding"),
        (whole(BEN).replace("18", "1\x008"), "cannot be read as XML"),
        (whole(), "no child"),
    ],
)
def test_what_is_no_return_is_refused(tmp_path: Path, content: str, says: str) -> None:
    with pytest.raises(RecordsError, match=says) as caught:
        xml_tables(write(tmp_path, content))
    assert caught.value.where == "return.xml"
    assert caught.value.next_step


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="No such file"):
        xml_tables(tmp_path / "none.xml")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (whole(BEN).encode(), True),
        (b"\xef\xbb\xbf<!-- <a> --><x:ExpSSDA903 xmlns:x='urn:x'>", True),
        (('<?xml version="1.0"?>' + whole()).encode("utf-16"), True),
        (b"<Message>", False),
        (b"CHILD,EXPSSDA903", False),
        (b"a < b, <EXPSSDA903>", False),
        (b"", False),
    ],
)
def test_the_beginning_tells(content: bytes, expected: bool) -> None:
    assert looks_like_903_xml(content) is expected
