# SPDX-License-Identifier: GPL-3.0-or-later
"""The company of the demo: a dozen employees, their clients, two lines."""

from __future__ import annotations

from itgrix_module.sandbox.portal.config import (
    ClientSeed,
    DepartmentSeed,
    LineSeed,
    PortalConfig,
    UserSeed,
)

DEPARTMENTS = (
    DepartmentSeed(1, "ООО «Северный ветер»", head=1),
    DepartmentSeed(2, "Отдел продаж", parent=1, head=2),
    DepartmentSeed(3, "Поддержка", parent=1, head=6),
    DepartmentSeed(4, "Бухгалтерия", parent=1, head=9),
)

USERS = (
    UserSeed(1, "Анна", "Смирнова", "101", "+79161000101", position="Директор", departments=(1,), admin=True),
    UserSeed(2, "Иван", "Кузнецов", "102", "+79161000102", position="Руководитель продаж", departments=(2,)),
    UserSeed(3, "Мария", "Соколова", "103", "+79161000103", position="Менеджер", departments=(2,)),
    UserSeed(4, "Пётр", "Лебедев", "104", "+79161000104", position="Менеджер", departments=(2,)),
    UserSeed(5, "Ольга", "Новикова", "105", "+79161000105", position="Менеджер", departments=(2,)),
    UserSeed(6, "Дмитрий", "Морозов", "106", "+79161000106", position="Старший инженер", departments=(3,)),
    UserSeed(7, "Елена", "Волкова", "107", "+79161000107", position="Инженер", departments=(3,), timeman="PAUSED"),
    UserSeed(8, "Сергей", "Павлов", "108", "+79161000108", position="Инженер", departments=(3,), timeman="CLOSED"),
    UserSeed(9, "Наталья", "Орлова", "109", position="Бухгалтер", departments=(4,)),
    UserSeed(10, "Алексей", "Фёдоров", "110", "+79161000110", position="Секретарь", departments=(1,)),
    UserSeed(11, "Виктор", "Зайцев", "", "+79161000111", position="Курьер", departments=(1,)),
    UserSeed(12, "Татьяна", "Белова", "112", position="Менеджер", departments=(2,), active=False),
)  # fmt: skip


def _client(kind: str, phone: str, responsible: int, **fields: str | int) -> ClientSeed:
    phones = {"PHONE": [{"VALUE": phone, "VALUE_TYPE": "WORK"}]} if phone else {}
    return ClientSeed(kind, {**fields, "ASSIGNED_BY_ID": responsible, **phones})


CLIENTS = (
    _client("COMPANY", "+74952000001", 3, TITLE="Завод «Прогресс»"),
    _client("COMPANY", "+78122000002", 4, TITLE="ИП Королёв"),
    _client("CONTACT", "+79062195047", 3, NAME="Андрей", LAST_NAME="Крылов", COMPANY_ID=1),
    _client("CONTACT", "+79031112233", 4, NAME="Светлана", LAST_NAME="Гусева"),
    _client("CONTACT", "8 (921) 444-55-66", 5, NAME="Максим", LAST_NAME="Титов"),
    _client("LEAD", "+79057778899", 5, TITLE="Заявка с сайта", NAME="Юлия", SOURCE_ID="WEB"),
    _client("DEAL", "", 3, TITLE="Поставка оборудования", CONTACT_ID=1, OPPORTUNITY=350000),
)

LINES = (LineSeed("74951234567", "Москва, реклама"), LineSeed("78127654321", "Петербург"))

FIRST = ("Григорий", "Ирина", "Никита", "Полина", "Роман", "Ксения", "Тимур", "Вера")
LAST = ("Ершов", "Ларин", "Мельник", "Савельев", "Тихонов", "Шевченко", "Гришин", "Давыдов")


def demo_config(cls: type[PortalConfig], users: int) -> PortalConfig:
    """The demo's configuration, padded to ``users`` employees with extensions from 201 up."""
    return cls(users=(*USERS, *_more(users)), departments=DEPARTMENTS, clients=CLIENTS, lines=LINES)


def _more(users: int) -> list[UserSeed]:
    return [
        UserSeed(
            number,
            FIRST[number % len(FIRST)],
            LAST[number // len(FIRST) % len(LAST)],
            str(188 + number),
            departments=(3,),
        )
        for number in range(len(USERS) + 1, users + 1)
    ]
