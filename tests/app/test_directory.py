# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is who: kept through the portal's faults."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from itgrix_module.app.directory import Directory, DirectoryRules
from itgrix_module.app.lines import LineRule, Lines
from itgrix_module.app.orders import Options
from itgrix_module.app.people_ports import Employee
from itgrix_module.domain.failures import Failure, Permanent, Temporary


class Shelf:
    """An employee store in memory."""

    def __init__(self, employees: tuple[Employee, ...] = (), at: float = 0.0) -> None:
        self.employees, self.at = employees, at

    def load(self) -> tuple[tuple[Employee, ...], float]:
        return self.employees, self.at

    def save(self, employees: Sequence[Employee], at: float) -> None:
        self.employees, self.at = tuple(employees), at


class Source:
    """A portal whose next answers are told in advance."""

    def __init__(self, *answers: list[Employee] | Failure) -> None:
        self.answers = list(answers)

    def employees(self) -> list[Employee]:
        answer = self.answers.pop(0)
        if isinstance(answer, Failure):
            raise answer
        return answer

    def own_user(self) -> int:
        return 77


class Clock:
    def __init__(self) -> None:
        self.now = 10_000.0

    def __call__(self) -> float:
        return self.now


def staff(count: int) -> list[Employee]:
    return [Employee(str(100 + number), number, f"Employee {number}") for number in range(1, count + 1)]


def directory(
    source: Source, shelf: Shelf | None = None, rules: DirectoryRules | None = None, clock: Clock | None = None
) -> Directory:
    options = Options(lines=Lines((LineRule("7495", default_user=8),)))
    return Directory(shelf or Shelf(), source, lambda: rules or DirectoryRules({}), lambda: options, clock or Clock())


def test_extension_is_known_after_a_refresh_and_stored() -> None:
    shelf = Shelf()
    found = directory(Source(staff(3)), shelf)
    found.refresh()
    assert found.user("102") == 2
    assert len(shelf.employees) == 3


def test_failed_answer_keeps_everybody() -> None:
    found = directory(Source(staff(3), Temporary("timeout", "no answer")))
    found.refresh()
    found.refresh()
    assert found.user("103") == 3
    assert found.state.failure is not None


def test_shrunken_answer_is_believed_only_when_repeated() -> None:
    found = directory(Source(staff(10), staff(2), staff(2)))
    found.refresh()
    found.refresh()
    assert found.user("109") == 9
    found.refresh()
    assert found.user("109") is None


def test_empty_answer_never_empties_the_map_at_once() -> None:
    found = directory(Source(staff(10), [], staff(10)))
    found.refresh()
    found.refresh()
    found.refresh()
    assert found.user("101") == 1


def test_extension_of_two_users_is_reported_and_belongs_to_nobody() -> None:
    found = directory(Source([Employee("101", 1, "A"), Employee("101", 2, "B"), Employee("102", 3, "C")]))
    found.refresh()
    assert found.user("101") is None
    assert found.state.doubles == ("101",)
    assert found.user("102") == 3


def test_employees_without_extension_are_not_one_employee() -> None:
    found = directory(Source([Employee("", 1, "A"), Employee("", 2, "B")]))
    found.refresh()
    assert found.user("") is None
    assert found.state.doubles == ()


@pytest.mark.parametrize("written", ["79031110105", "+7 903 111-01-05", "89031110105", "9031110105"])
def test_mobile_is_recognised_however_it_is_written(written: str) -> None:
    found = directory(Source([Employee("105", 5, "E", ("+7 (903) 111-01-05",))]))
    found.refresh()
    assert found.user(written) == 5


def test_override_of_the_administrator_comes_first() -> None:
    found = directory(Source(staff(3)), rules=DirectoryRules({"101": 42}))
    found.refresh()
    assert found.user("101") == 42


def test_unknown_extension_is_reported_and_asks_for_a_refresh() -> None:
    clock = Clock()
    found = directory(Source(staff(1), [*staff(1), Employee("555", 55, "New")]), clock=clock)
    found.refresh()
    clock.now += 100
    assert not found.wants_refresh(900)
    assert found.user("555") is None
    assert found.state.unknown == ("555",)
    assert found.wants_refresh(900)
    found.refresh()
    assert found.user("555") == 55
    assert not found.state.unknown
    assert not found.wants_refresh(900)


def test_unknown_extension_does_not_hammer_the_portal() -> None:
    clock = Clock()
    found = directory(Source(staff(1), staff(1)), clock=clock)
    found.refresh()
    clock.now += 100
    found.user("999")
    found.refresh()
    clock.now += 30
    found.user("999")
    assert not found.wants_refresh(900)


def test_map_survives_a_restart() -> None:
    found = directory(Source(), Shelf(tuple(staff(3)), 9_000.0))
    assert found.user("103") == 3


def test_default_user_of_the_line_comes_before_everybodys_and_ours() -> None:
    found = directory(Source(staff(1)), rules=DirectoryRules({}, 9))
    assert (found.default_user("7495"), found.default_user("other")) == (8, 9)
    ours = directory(Source(staff(1)))
    ours.refresh()
    assert ours.default_user("other") == 77


def test_empty_answer_is_never_believed_while_anybody_is_known() -> None:
    found = directory(Source(staff(10), *[[]] * 5))
    for _ in range(6):
        found.refresh()
    assert found.user("101") == 1
    assert found.state.shrunken == 0


def test_shrunken_answer_that_changes_is_not_a_repeated_one() -> None:
    found = directory(Source(staff(10), staff(2), staff(3), staff(3)))
    for _ in range(3):
        found.refresh()
    assert found.user("109") == 9
    found.refresh()
    assert found.user("109") is None


def test_whole_answer_after_a_shrunken_one_is_well_again() -> None:
    found = directory(Source(staff(10), staff(2), staff(10)))
    for _ in range(3):
        found.refresh()
    assert found.state.shrunken is None


def test_number_that_several_employees_give_is_nobodys() -> None:
    office = ("+74951112233",)
    found = directory(Source([Employee("101", 1, "A", office), Employee("102", 2, "B", (*office, "+79031110102"))]))
    found.refresh()
    assert found.user("+74951112233") is None
    assert found.user("89031110102") == 2


def test_unknown_extension_that_the_administrator_maps_is_known() -> None:
    overrides: dict[str, int] = {}
    found = directory(Source(staff(1)), rules=DirectoryRules(overrides))
    found.refresh()
    found.user("555")
    assert found.state.unknown == ("555",)
    overrides["555"] = 5
    assert not found.state.unknown


def test_stand_ins_are_all_who_may_take_a_call_in_order() -> None:
    found = directory(Source(staff(1)), rules=DirectoryRules({}, 9))
    found.refresh()
    assert found.stand_ins("7495") == (8, 9, 77)
    assert found.stand_ins("other") == (9, 77)


def test_nobody_takes_a_call_before_the_portal_was_asked() -> None:
    found = directory(Source(staff(1)))
    assert found.stand_ins("other") == ()
    assert found.default_user("other") == 0


def test_portal_is_asked_at_each_start() -> None:
    """Only it knows whose authorisation is used, and that user takes the calls of nobody."""
    clock = Clock()
    found = directory(Source(staff(3)), Shelf(tuple(staff(3)), clock.now), clock=clock)
    assert found.wants_refresh(900)
    found.refresh()
    assert not found.wants_refresh(900)
    assert found.default_user("other") == 77


def test_calls_wait_for_the_first_answer_about_employees_but_not_for_ever() -> None:
    clock = Clock()
    found = directory(Source(*[Temporary("timeout", "no answer")] * 20), clock=clock)
    assert not found.is_ready
    found.refresh()
    assert not found.is_ready
    clock.now += 121
    assert found.is_ready


def test_portal_that_will_never_name_the_employees_does_not_hold_calls_back() -> None:
    found = directory(Source(Permanent("insufficient_scope", "the webhook may not read users")))
    found.refresh()
    assert found.is_ready


def test_failure_is_tried_again_soon() -> None:
    clock = Clock()
    found = directory(Source(Temporary("timeout", "no answer"), staff(1)), clock=clock)
    found.refresh()
    clock.now += 9
    assert not found.wants_refresh(900)
    clock.now += 2
    assert found.wants_refresh(900)


def test_other_portal_has_other_employees() -> None:
    found = directory(Source(staff(10), [Employee("101", 501, "Other")]))
    found.refresh()
    found.ask_again(other_portal=True)
    assert found.wants_refresh(900)
    assert not found.is_ready
    assert found.user("109") is None
    found.refresh()
    assert found.user("101") == 501


@pytest.mark.parametrize("late", [staff(10), Temporary("timeout", "no answer")])
def test_late_answer_of_the_former_portal_does_not_count(late: list[Employee] | Temporary) -> None:
    class Slow(Source):
        def employees(self) -> list[Employee]:
            found.ask_again(other_portal=True)
            return super().employees()

    found = directory(Slow(late))
    assert found.refresh() is None
    assert found.state.refreshed == 0
    assert found.state.failure is None
    assert found.user("101") is None
    assert found.wants_refresh(900)


def test_failed_answer_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "itgrix")
    found = directory(Source(staff(3), *[Temporary("timeout", "no answer")] * 20))
    for _ in range(21):
        found.refresh()
    assert len([record for record in caplog.records if "could not be read" in record.getMessage()]) == 1
