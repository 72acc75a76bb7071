import copy
import pickle
import traceback

import pytest

from bot.secret import Secret

VALUE = "xoxb-very-secret"


def test_no_text_form_gives_it_away() -> None:
    secret = Secret(VALUE)
    forms = [str(secret), repr(secret), f"{secret}", f"{secret:>20}", f"{secret!r}", repr([secret]), "%s" % secret]  # noqa: UP031
    assert not any(VALUE in form for form in forms)
    assert secret.reveal() == VALUE


def test_what_is_shown_instead_can_be_given() -> None:
    assert str(Secret(VALUE, "https://hooks.example/***")) == "https://hooks.example/***"


def test_a_traceback_does_not_hold_it() -> None:
    with pytest.raises(TypeError) as caught:
        int(Secret(VALUE))  # type: ignore[call-overload]
    assert VALUE not in "".join(traceback.format_exception(caught.value))


def test_it_is_equal_by_value_and_truthy_if_not_empty() -> None:
    assert Secret("a", "x") == Secret("a", "y")
    assert hash(Secret("a")) == hash(Secret("a"))
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert Secret("a")
    assert not Secret("")


def test_it_cannot_be_pickled() -> None:
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(Secret(VALUE))
    with pytest.raises(TypeError, match="pickled"):
        copy.deepcopy(Secret(VALUE))
