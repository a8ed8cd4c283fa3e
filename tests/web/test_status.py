# SPDX-License-Identifier: GPL-3.0-or-later
def test_x(reader):
    answer = reader.get("/")
    assert answer.status_code == 200, answer.text
    answer = reader.get("/calls/")
    assert answer.status_code == 200, answer.text
    answer = reader.get("/deliveries/")
    assert answer.status_code == 200, answer.text
