# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: E501
"""What the installer says, in Russian."""

from __future__ import annotations

RUSSIAN = {
    "Folder of the installation": "Папка установки",
    "Python environment": "Окружение Python",
    "Program": "Программа",
    "Manager user of the PBX": "Пользователь AMI",
    "Database": "База данных",
    "Tables": "Таблицы",
    "Switch to this version": "Переход на эту версию",
    "Settings": "Настройки",
    "Service": "Служба",
    "Data": "Данные",
    "Files": "Файлы",
    ", and the tables itgrix_… in MariaDB": ", а также таблицы itgrix_… в MariaDB",
    "--facts takes - only: facts hold passwords and come on standard input.": (
        "--facts принимает только -: сведения содержат пароли и передаются через стандартный ввод."
    ),
    "Another installation is under way in {folder}; wait for it.": "В {folder} уже идёт установка; дождитесь её.",
    "Asterisk did not take it over: run asterisk -rx 'manager reload'": (
        "Asterisk не перечитал настройки: выполните asterisk -rx 'manager reload'"
    ),
    "Going back to version {version}": "Возврат к версии {version}",
    "Installed: Itgrix {version}": "Установлено: Itgrix {version}",
    "Interrupted; run it again to go on.": "Прервано; запустите ещё раз, чтобы продолжить.",
    "Itgrix {version} into {folder}": "Itgrix {version} в {folder}",
    "MariaDB does not let root make a database: {reason}": "MariaDB не даёт root создать базу: {reason}",
    "Not installed: {reason}": "Не установлено: {reason}",
    "Not removed: {reason}": "Не удалено: {reason}",
    "Only root can make a database: repeat as root, or leave --database own away.": (
        "Создать базу может только root: повторите от root или уберите --database own."
    ),
    "Python cannot make an environment in {folder}:\n{said}\nOn Debian: apt-get install python3-venv, then repeat.": (
        "Python не может создать окружение в {folder}:\n{said}\nВ Debian: apt-get install python3-venv, затем повторите."
    ),
    "Removed. Kept in {folder}: {names}{where}": "Удалено. Оставлено в {folder}: {names}{where}",
    "Removed: nothing is left.": "Удалено: ничего не осталось.",
    "Run this as root or as {name}.": "Запустите от root или от {name}.",
    "SQLite in {folder}": "SQLite в {folder}",
    "SQLite lies in the home: --database sqlite.": "SQLite лежит в папке установки: --database sqlite.",
    "The Python packages cannot be fetched:\n{said}\nIs the internet reachable from here? Without it use the full archive "
    "(itgrix-…-full.tgz). A proxy is taken from https_proxy.": (
        "Пакеты Python не удалось скачать:\n{said}\nДоступен ли отсюда интернет? Без него используйте полный архив "
        "(itgrix-…-full.tgz). Прокси берётся из https_proxy."
    ),
    "The database cannot be copied before its upgrade: {reason}": "Не удалось скопировать базу перед обновлением: {reason}",
    "The database cannot be used: {reason}": "Базу данных использовать нельзя: {reason}",
    "The database could not be brought to this version:\n{said}": "Базу не удалось привести к этой версии:\n{said}",
    "The database could not be put back; the copy from before is {file}": (
        "Базу не удалось вернуть в прежнее состояние; прежняя копия — {file}"
    ),
    "The disk is full: the Python packages need 100 MB. Free space, then repeat.": (
        "Диск заполнен: пакетам Python нужно 100 МБ. Освободите место и повторите."
    ),
    "The file {file} cannot be changed ({reason}).": "Файл {file} нельзя изменить ({reason}).",
    "The file {file} is damaged: unpack the archive once more.": "Файл {file} повреждён: распакуйте архив ещё раз.",
    "The file {file} is damaged ({reason}). Delete it and repeat.": "Файл {file} повреждён ({reason}). Удалите его и повторите.",
    "The folder {folder} cannot be made or written ({reason}). Give it to the user of the service.": (
        "Папку {folder} нельзя создать или изменить ({reason}). Отдайте её пользователю службы."
    ),
    "The folder {folder} does not hold an installation.": "В папке {folder} нет установки.",
    "The folder {folder} does not hold the product.": "В папке {folder} нет продукта.",
    "The name {name} is not usable for a systemd unit: small letters, digits and - only.": (
        "Имя {name} не подходит для службы systemd: только строчные латинские буквы, цифры и -."
    ),
    "The service does not start:\n{said}\nThe whole log: {log}": "Служба не запускается:\n{said}\nВесь журнал: {log}",
    "The service does not stop; end it by hand, then repeat.": (
        "Служба не останавливается; завершите её вручную и повторите."
    ),
    "The settings could not be written:\n{said}": "Не удалось записать настройки:\n{said}",
    "The tables in MariaDB cannot be removed: the program is gone. Install it again, then repeat.": (
        "Таблицы в MariaDB удалить нельзя: программы уже нет. Установите её снова и повторите."
    ),
    "The tables in MariaDB cannot be removed: {reason}": "Таблицы в MariaDB удалить нельзя: {reason}",
    "The wheels of the archive do not fit this machine (Python {python}, {machine}):\n{said}\n"
    "They are made for Python 3.11 to 3.13 on x86-64 and aarch64; with internet access use the small archive.": (
        "Пакеты из архива не подходят этой машине (Python {python}, {machine}):\n{said}\n"
        "Они собраны для Python 3.11–3.13 на x86-64 и aarch64; при доступе в интернет используйте малый архив."
    ),
    "There is a systemd unit {name} of something else: choose another name with --unit.": (
        "Служба systemd {name} уже занята другой программой: выберите другое имя ключом --unit."
    ),
    "There is no pip here. Use a release archive, which brings it, or: apt-get install python3-venv": (
        "Здесь нет pip. Возьмите архив выпуска, в нём он есть, или: apt-get install python3-venv"
    ),
    "There is no user asterisk here: name the user of the service with --owner.": (
        "Здесь нет пользователя asterisk: укажите пользователя службы ключом --owner."
    ),
    "There is no user or group {name} on this machine.": "На этой машине нет пользователя или группы {name}.",
    "There is no {file} to read: is Asterisk on this machine?": "Нет файла {file}: установлен ли здесь Asterisk?",
    "To remove that too: python3 {script}{home} --purge": "Чтобы удалить и это: python3 {script}{home} --purge",
    "Version {installed} is installed, this is the older {version}. Its database cannot be taken back. "
    "Version {installed} goes on running; install it again from its archive, or remove the product with its "
    "data first (uninstall.py --purge).": (
        "Установлена версия {installed}, а это более старая {version}. Базу данных нельзя вернуть назад. "
        "Версия {installed} продолжает работать; установите её снова из её архива или сначала удалите продукт "
        "вместе с данными (uninstall.py --purge)."
    ),
    "What came on standard input is no JSON: {reason}": "На стандартный ввод пришёл не JSON: {reason}",
    "[{name}] in {file}": "[{name}] в {file}",
    "[{name}] taken out of {file}": "[{name}] удалён из {file}",
    "a copy from before is kept in {file}": "прежняя копия сохранена в {file}",
    "a database of its own in MariaDB: {name}": "своя база в MariaDB: {name}",
    "an upgrade was cut off: the tables are as they were before it": (
        "обновление было прервано: таблицы возвращены в прежнее состояние"
    ),
    "done in {seconds} s": "готово за {seconds} с",
    "from the package index, each file checked by its hash": "из интернета, каждый файл проверен по контрольной сумме",
    "from the wheels of the archive, without the network": "из пакетов архива, без сети",
    "kept: {kind}": "без изменений: {kind}",
    "left stopped": "оставлена остановленной",
    "left stopped, as it was; to start it: {program} start": (
        "оставлена остановленной, как и была; запустить: {program} start"
    ),
    "left stopped: its systemd unit {name} is masked": (
        "оставлена остановленной: запуск службы systemd {name} запрещён (mask)"
    ),
    "made by the PBX's own module": "создан модулем АТС",
    "new installation": "новая установка",
    "none of ours in a file": "в файлах нашего нет",
    "nothing is known about a PBX: set ami.username and ami.secret later": (
        "об АТС ничего не известно: задайте ami.username и ami.secret позже"
    ),
    "runs on http://{bind}": "работает на http://{bind}",
    "set: {names}": "задано: {names}",
    "systemd unit {name} removed": "служба systemd {name} удалена",
    "tables removed": "таблицы удалены",
    "the PBX's MariaDB refuses ({reason})": "MariaDB АТС отказывает ({reason})",
    "the PBX's MariaDB, tables that begin with itgrix_": "MariaDB АТС, таблицы с приставкой itgrix_",
    "the PBX's database has another password now: taken over": "у базы АТС новый пароль: принят",
    "the database that was named": "указанная база",
    "the systemd unit {name} is left: only root can remove it": (
        "служба systemd {name} осталась: удалить её может только root"
    ),
    "unchanged: {name}": "без изменений: {name}",
    "up to date": "уже в нужном виде",
    "upgrade from {version}": "обновление с версии {version}",
    "{bind} is no address such as 127.0.0.1:8077.": "{bind} — не адрес вида 127.0.0.1:8077.",
    "{file} has a manager user [{name}] that is not ours. Rename it, then repeat.": (
        "В {file} есть чужой пользователь AMI [{name}]. Переименуйте его и повторите."
    ),
    "{folder} cannot be the folder of an installation.": "{folder} не может быть папкой установки.",
    "{name} is no name for a manager user.": "{name} не подходит как имя пользователя AMI.",
    "{name} may not read {folder}: unpack the archive below /opt or /usr/local/src.": (
        "{name} не может читать {folder}: распакуйте архив в /opt или /usr/local/src."
    ),
    "{program} cannot be run: {reason}": "{program} не запускается: {reason}",
}
