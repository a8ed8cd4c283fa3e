# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is who: kept through the portal's faults."""

from __future__ import annotations

import pytest

from itgrix_module.app.directory import Directory, DirectoryRules
from itgrix_module.app.orders import LineRule, Options
from itgrix_module.app.ports import Employee
from itgrix_module.domain.failures import Failure, Temporary


class Shelf:
    """An employee store in memory."""

    def __init__(self, employees: tuple[Employee, ...] = (), at: float = 0.0) -> None:
        self.employees, self.at = employees, at

    def load(self) -> tuple[tuple[Employee, ...], float]:
        return self.employees, self.at

    def save(self, employees: object, at: float) -> None:
        self.employees, self.at = tuple(employees), at  # type: ignore[arg-type]


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
    options = Options(lines=(LineRule("7495", default_user=8),))
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
    assert (found.user("555"), found.state.unknown) == (55, ())
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
