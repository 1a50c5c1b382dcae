"""What the terminal says of people who look like others."""

from test_cli import Shell, drafted, shell

__all__ = ["drafted", "shell"]


def test_a_look_alike_is_marked_and_never_approved_together_with_others(drafted: Shell) -> None:
    drafted.meet("e2", ("Jane Doe", "jane@acrne.example", "ACCEPTED"), title="Chamber breakfast")
    drafted.do("once")
    warning = "The address looks like jane@acme.example, but it is another one."
    assert drafted.item(3)["warning"] == warning
    assert f"warning   {warning}" in drafted.do("show", "3").stdout
    assert "looks like somebody you know" in drafted.do("queue").stdout
    assert [row["warning"] for row in drafted.rows("queue")].count(warning) == 1
    refused = drafted.type("approve", "2", "3")
    assert refused.exit_code == 1
    assert f"Item 3 is not approved together with others. {warning}" in refused.stderr
    assert [drafted.item(number)["status"] for number in (2, 3)] == ["approved", "drafted"]
    drafted.do("approve", "3")
    assert drafted.item(3)["status"] == "approved"
