# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates: what they can say, what they cannot do, and what no caller can make of them."""

from __future__ import annotations

from typing import Any

import pytest

from itgrix_module.app.wording import Wording
from itgrix_module.app.wording_guard import MAX_OUTPUT, MAX_SOURCE
from itgrix_module.app.wording_terms import DEFAULTS, KNOWN, SAMPLE
from itgrix_module.domain.failures import Permanent

RU = Wording("ru")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ number }}", "+79161234567"),
        ("{{ number[-4:] }} {{ number|digits(10) }}", "4567 9161234567"),
        ("{{ talk|duration }} {{ wait|duration }} {{ 3725|duration }}", "1:01 0:09 1:02:05"),
        ("{{ started|datetime }} {{ started|date }} {{ started|time }}", "14.11.2023 22:13 14.11.2023 22:13"),
        ("{{ started|datetime('%H.%M') }} {{ started.year }}", "22.13 2023"),
        ("{{ rang }} {{ rang|join('/') }} {{ rang|length }}", "101, 102 101/102 2"),
        ("{% for one in transfers %}{{ one.from }}>{{ one.to }}{% endfor %}", "101>102"),
        ("{% for x in rang %}{{ loop.index }}{% if not loop.last %},{% endif %}{% endfor %}", "1,2"),
        ("{{ employee }} {{ answered_by.extension }} {{ last_talker.name }}", "Employee 101 Employee"),
        ("{{ 'a' if direction in ('incoming', 'x') else 'b' }}", "a"),
        ("{{ line ~ '/' ~ vote ~ (talk + 1) }}", "74950000001/562.0"),
        ("{{ missing }}{{ employee.nothing }}{{ missing|d('x') }}", "x"),
        ("{% set name = client_name|upper %}{{ name }}", "CLIENT"),
        ("{{ 2.345|round(1) }} {{ wait|int }} {{ client.link }}", "2.3 9 https://portal.example/crm/lead/details/7/"),
        ("[b]{{ client_name }}[/b]", "[b]Client[/b]"),
    ],
)
def test_template_says(template: str, text: str) -> None:
    assert RU.render(template, SAMPLE) == text


@pytest.mark.parametrize("language", DEFAULTS)
def test_built_in_templates_are_good(language: str) -> None:
    for template in DEFAULTS[language].values():
        assert Wording(language).problem(template) == ""
        assert Wording(language).render(template, SAMPLE).strip()


HOSTILE = {
    "text times number": "{{ 'a' * 1000000000 }}",
    "power": "{{ 9 ** 9 ** 9 }}",
    "long range": "{% for i in range(1000000) %}x{% endfor %}",
    "big number": "{{ 999999999 * 999999999 * 999999999 }}",
    "class": "{{ ''.__class__ }}",
    "class of an unknown": "{{ foo.__class__ }}",
    "filter of attributes": "{{ number|attr('__class__') }}",
    "format filter": "{{ '%999999999d'|format(1) }}",
    "percent": "{{ '%999999999d' % 1 }}",
    "format method": "{{ '{:999999999}'.format(1) }}",
    "strftime": "{{ started.strftime('%999999999d') }}",
    "datetime width": "{{ started|datetime('%999999999d') }}",
    "doubled text": "{% set a = 'xxxxxxxxxx' %}" + "{% set a = a ~ a %}" * 200 + "{{ a }}",
    "doubled list": "{% set a = [1] %}" + "{% set a = a + a %}" * 200,
    "nested list": "{% set a = [1] %}" + "{% set a = [a, a] %}" * 200 + "{{ a }}",
    "loops three deep": "{% for a in [1] %}{% for b in [1] %}{% for c in [1] %}{% endfor %}{% endfor %}{% endfor %}",
    "many rounds": "{% for a in range(100) %}{% for b in range(100) %}{% set c = a %}{% endfor %}{% endfor %}",
    "long output": "{% for a in range(100) %}" + "x" * 3000 + "{% endfor %}",
    "letters of a text": "{% for letter in number %}{% endfor %}",
    "long replace": "{% set a = 'x'|replace('x', 'y' ~ number) %}" + "{% set a = a|replace('1', a) %}" * 100,
    "include": "{% include '/etc/passwd' %}",
    "import": "{% import 'os' as os %}",
    "extends": "{% extends 'x' %}",
    "macro": "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
    "recursive loop": "{% for a in transfers recursive %}{{ loop(a) }}{% endfor %}",
    "block": "{% block a %}{% endblock %}",
    "call": "{{ cycler('a') }}",
    "star": "{{ range(*rang) }}",
    "range as text": "{{ range }}{{ range.__self__ }}",
    "syntax": "{% if %}",
    "too long": "x" * (MAX_SOURCE + 1),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_template_that_asks_for_too_much_is_refused_before_and_when_it_is_used(name: str) -> None:
    with pytest.raises(Permanent) as caught:
        RU.render(HOSTILE[name], SAMPLE)
    assert caught.value.code == "template"
    assert RU.problem(HOSTILE[name])


@pytest.mark.parametrize(
    "template", ["{{ range }}", "{{ self }}", "{{ loop }}", "{{ transfers }}", "{{ number.upper }}"]
)
def test_what_is_no_value_is_not_printed(template: str) -> None:
    assert RU.render(template, SAMPLE).strip(", ") == ""


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("x\n\n{{ clent }}", "line 3: there is no variable 'clent'"),
        ("\n{{ employee.nmae }}", "line 2: employee has no 'nmae', but extension, name, user"),
        ("\n{{ number|shout }}", "line 2: there is no filter 'shout'"),
        ("a\n{% if x", "line 2: "),
        ("{{ wait + 'x' }}", "+ is for numbers, ~ joins texts"),
        ("{{ number }}", ""),
    ],
)
def test_problem_names_line_and_reason(template: str, words: str) -> None:
    assert RU.problem(template).startswith(words)
    assert bool(words) == bool(RU.problem(template))


def test_unknown_names_are_empty_and_noticed() -> None:
    worded = RU.preview("{{ foo }}-{{ foo }}-{{ employee.nmae }}", SAMPLE)
    assert (worded.text, worded.notices) == ("--", ("foo is not known", "nmae is not known"))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("[url=http://evil]x[/url]", "\uff3burl=http://evil\uff3dx\uff3b/url\uff3d"),
        ("{{ number }}", "{{ number }}"),
        ("{% include 'x' %}", "{% include 'x' %}"),
        ("a\r\nitgrix:pbx-1.1", "a  itgrix:pbx-1.1"),
        ("a\u2028b\x00c\x1bd", "a b c d"),
        ("x" * 5000, "x" * 500),
    ],
)
def test_callers_name_is_data(value: str, shown: str) -> None:
    assert RU.render("{{ client_name }}", {**SAMPLE, "client_name": value}) == shown


def test_brackets_stay_where_the_portal_reads_no_markup() -> None:
    variables: dict[str, Any] = {**SAMPLE, "client_name": "[VIP]"}
    assert RU.render("{{ client_name }}", variables, markup=False) == "[VIP]"


def test_output_is_bounded() -> None:
    assert len(RU.render("{% for a in range(100) %}" + "x" * 199 + "{% endfor %}", SAMPLE)) <= MAX_OUTPUT


def test_every_variable_is_documented_and_every_documented_one_exists() -> None:
    assert set(SAMPLE) == set(KNOWN)
    for name, parts in KNOWN.items():
        if not isinstance(parts, str):
            assert set(SAMPLE[name]) == set(parts)
