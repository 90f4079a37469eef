import pytest
from pydantic import ValidationError

from training.domains.event_rules import EventRules, EventType


@pytest.mark.parametrize(
    "wrong",
    [
        {"enable": False},
        {"consent": "maybe"},
        {"max_rows": 0},
        {"types": {}},
        {"types": {"buy": {"weight": 11}}},
        {"types": {"buy": {"needs": "item"}}},
        {"half_life_days": 0},
    ],
    ids=str,
)
def test_a_wrong_setting_is_refused(wrong):
    with pytest.raises(ValidationError):
        EventRules.model_validate(wrong)


def test_changing_a_weight_needs_no_new_code_on_the_nodes():
    rules = EventRules()
    heavier = rules.model_copy(
        update={
            "types": rules.types | {"click": EventType(answer="required", weight=2.0)},
            "half_life_days": 1.0,
        }
    )
    assert heavier.for_nodes() == rules.for_nodes()


def test_disabling_events_needs_new_code_on_the_nodes():
    assert EventRules(enabled=False).for_nodes() != EventRules().for_nodes()
