"""A JSON text is read as it stands or refused: nothing in it is dropped or rounded to infinity."""

import pytest

from micronn.support.strict_json import parsed


def test_a_text_of_json_is_read():
    text = '{"a": [1, -2.5e-3, true, null, "x"], "b": {"a": 5e-324}, "c": 1.7976931348623157e308}'
    assert parsed(text) == {
        "a": [1, -0.0025, True, None, "x"],
        "b": {"a": 5e-324},
        "c": 1.7976931348623157e308,
    }


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1.0e309", "2e400"])
def test_a_number_that_is_not_finite_is_refused_and_named(number):
    with pytest.raises(ValueError, match=rf"holds {number}, which is no finite number"):
        parsed(f'{{"a": [0.5, {number}]}}')


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', '[{"b": {"a": 1, "c": 2, "a": 1}}]'])
def test_a_key_that_stands_twice_in_one_place_is_refused_and_named(text):
    with pytest.raises(ValueError, match=r"holds 'a' twice"):
        parsed(text)


@pytest.mark.parametrize("text", ["", "{", '{"a": }', "[1, 2", "1 2", "{'a': 1}", "\x00"])
def test_what_is_no_json_is_refused_with_the_place(text):
    with pytest.raises(ValueError, match=r"line 1 column \d"):
        parsed(text)
