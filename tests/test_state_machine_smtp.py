"""The days of an owner whose mails are sent by a server that may refuse them, and whose answers may get lost."""

from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from test_state_machine import EXAMPLES, FragileMailbox, Life, live_at_random

from followupd.items import Status
from followupd.mail import Draft
from followupd.model import Reason

TROUBLES = st.sampled_from(
    [
        ("hand_over", "lost"),
        ("hand_over", "dropped"),
        ("hand_over", "never"),
        ("hand_over", "not yet"),
        ("hand_over", "unfiled"),
        ("settle", "refused"),
        ("open", "refused"),
    ]
)


class SendingLife(Life):
    """No mail twice, none unapproved, and every doubt ends with the owner's word."""

    def make_box(self) -> FragileMailbox:
        return FragileMailbox(marks=True)

    def list_sending(self) -> list[Draft]:
        sending: list[Draft] = self.box.sending
        return sending

    @rule(troubles=st.lists(TROUBLES, min_size=1, max_size=3))
    def run_pass_with_trouble_at_the_server(self, troubles: list[tuple[str, str]]) -> None:
        self.run_troubled_pass(troubles)

    @rule()
    def answer_doubts(self) -> None:
        """Look whether a mail arrived and say so, or have it sent again."""
        for problem in self.world.store.followups({Status.NEEDS_INFO}):
            if problem.reason is not Reason.DOUBT:
                continue
            item = self.world.store.followup(problem.concerns or 0)
            if any(draft.raw == item.raw for draft in self.box.delivered):
                self.world.desk.finish(problem.id, "email", self.world.now)
            else:
                self.world.desk.approve(problem.id, self.world.now, self.world.limits.hold)
        for _ in range(2):
            self.run_pass(3)

    @invariant()
    def no_mail_was_sent_twice(self) -> None:
        counts = Counter(draft.raw for draft in self.box.delivered)
        assert [count for count in counts.values() if count > 1] == []

    @invariant()
    def every_mail_was_approved(self) -> None:
        for draft in self.box.delivered:
            assert any(self.approved.get(item.id) == draft.raw for item in self._items_of(draft)), draft.raw


def test_nothing_a_life_with_a_mail_server_does_breaks_the_promises() -> None:
    live_at_random(SendingLife, EXAMPLES // 4)
