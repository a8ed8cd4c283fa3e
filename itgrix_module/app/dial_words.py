# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a call that somebody ordered in the portal did not come about, in the portal's language."""

from __future__ import annotations

from collections.abc import Mapping

# code -> for the call's statistics and for the employee; ``{extension}`` and ``{number}`` stand for themselves.
_EN: Mapping[str, str] = {
    "stale": "The click came too late: the order was delayed on its way, or the clock of the PBX is wrong. "
    "Please click again.",
    "off": "Calls from the CRM are switched off in the settings of the module.",
    "no_extension": "You have no internal number in the portal, so the PBX does not know which phone to ring.",
    "bad_number": "The number cannot be dialled: {number}.",
    "no_route": "The PBX has no route for {number}. Please tell your administrator.",
    "bad_order": "The PBX was not asked to call: channel, context or number are not allowed. "
    "Please tell your administrator.",
    "forbidden": "A customization of the PBX forbids this call.",
    "no_right": "The module may not make calls: its manager user in the PBX lacks the right originate. "
    "Please tell your administrator.",
    "pbx_down": "The PBX cannot be reached at the moment. Please try again later.",
    "refused": "The PBX refused the call. Please tell your administrator.",
    "silent": "The PBX did not make the call, and did not say why. Please try again.",
    "interrupted": "The module was restarted before the call came about. Please click again.",
    "congestion": "The PBX has no free line to your phone {extension}.",
    "unknown_extension": "The PBX does not know your extension {extension}.",
    "unreachable": "Your phone {extension} is not connected to the PBX, or the PBX has no such extension.",
    "employee_busy": "Your phone {extension} was busy.",
    "employee_no_answer": "Your phone {extension} rang, but nobody picked up.",
    "employee_declined": "The call was declined on your phone {extension}.",
    "employee_voicemail": "The voicemail of {extension} answered instead of you.",
    "not_dialled": "You picked up, but the PBX did not dial {number}: no route leads there.",
    "gone": "The call ended before your phone {extension} was reached.",
    "client_busy": "{number} is busy.",
    "client_no_answer": "{number} does not answer or is not reachable.",
    "client_declined": "{number} declined the call.",
    "client_unreachable": "{number} cannot be reached: there is no such number, or no line was free.",
    "no_destination": "No employee, group or queue is set for calls back.",
}
_RU: Mapping[str, str] = {
    "stale": "Команда на звонок пришла слишком поздно: она задержалась в пути, или на АТС неверно идут часы. "
    "Нажмите на номер ещё раз.",
    "off": "Звонки из CRM выключены в настройках модуля.",
    "no_extension": "У вас на портале не указан внутренний номер, поэтому АТС не знает, на какой телефон звонить.",
    "bad_number": "Этот номер нельзя набрать: {number}.",
    "no_route": "На АТС нет маршрута для номера {number}. Сообщите администратору.",
    "bad_order": "Звонок не передан АТС: канал, контекст или номер недопустимы. Сообщите администратору.",
    "forbidden": "Этот звонок запрещён сценарием на АТС.",
    "no_right": "Модулю нельзя звонить: у его пользователя AMI нет права originate. Сообщите администратору.",
    "pbx_down": "Нет связи с АТС. Попробуйте позже.",
    "refused": "АТС отказалась звонить. Сообщите администратору.",
    "silent": "АТС не начала звонок и не сообщила почему. Попробуйте ещё раз.",
    "interrupted": "Модуль был перезапущен раньше, чем состоялся звонок. Нажмите на номер ещё раз.",
    "congestion": "У АТС нет свободной линии до вашего телефона {extension}.",
    "unknown_extension": "АТС не знает вашего внутреннего номера {extension}.",
    "unreachable": "Ваш телефон {extension} не подключён к АТС, или такого внутреннего номера на ней нет.",
    "employee_busy": "Ваш телефон {extension} был занят.",
    "employee_no_answer": "Ваш телефон {extension} звонил, но никто не снял трубку.",
    "employee_declined": "Звонок отклонён на вашем телефоне {extension}.",
    "employee_voicemail": "Вместо вас ответила голосовая почта номера {extension}.",
    "not_dialled": "Вы сняли трубку, но АТС не набрала {number}: для этого номера нет маршрута.",
    "gone": "Звонок прервался раньше, чем АТС дозвонилась до вашего телефона {extension}.",
    "client_busy": "Номер {number} занят.",
    "client_no_answer": "Номер {number} не отвечает или недоступен.",
    "client_declined": "Абонент {number} отклонил звонок.",
    "client_unreachable": "На номер {number} не удалось дозвониться: такого номера нет, или не было свободной линии.",
    "no_destination": "Не задано, кому поручать обратные звонки.",
}
_WORDS = {"en": _EN, "ru": _RU}
_TOLD = {"en": "Call to {number}: {why}", "ru": "Звонок на {number}: {why}"}
_FORM = {
    "en": "The client asked to be called back, and nobody reached him: {why}",
    "ru": "Клиент просил перезвонить, но дозвониться не удалось: {why}",
}
_NOBODY = {"en": "no employee picked up.", "ru": "никто из сотрудников не снял трубку."}
_EMPLOYEES = frozenset(
    ("unreachable", "employee_busy", "employee_no_answer", "employee_declined", "employee_voicemail", "gone")
)
CODES = frozenset(_EN)


def reason(code: str, language: str, number: str = "", extension: str = "") -> str:
    """One sentence; empty for a code that says nothing to people."""
    words = _WORDS.get(language, _EN).get(code, "")
    return " ".join(words.format(number=number, extension=extension).replace(" .", ".").replace(" :", ":").split())


def reason_of_form(code: str, language: str, number: str = "") -> str:
    """The same where nobody clicked: a form was filled in."""
    if code in _EMPLOYEES:
        return _NOBODY.get(language, _NOBODY["en"])
    return reason(code, language, number)


def notice(code: str, language: str, number: str, extension: str) -> str:
    """What the employee is told who clicked the number."""
    why = reason(code, language, number, extension)
    return _TOLD.get(language, _TOLD["en"]).format(number=number, why=why) if why else ""


def form_unanswered(code: str, language: str, number: str, text: str) -> str:
    """Description of the task for a form that nobody could answer. ``text``: what the client wrote."""
    why = reason_of_form(code, language, number) or code
    told = _FORM.get(language, _FORM["en"]).format(why=why)
    return f"{told}\n\n{text}" if text else told
