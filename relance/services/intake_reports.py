"""Judges what a delivery report means for the mailbox that its mail went to (SPEC X2, G3)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from relance.domain.failures import Failure, count_refusals, is_struck_out
from relance.domain.intake import IntakeOutcome, MailReading, RecipientReport, ReportAction, ReportVerdict, judge_report
from relance.domain.intake.records import way_of
from relance.ids import parse_invitation_id
from relance.ports import Clock, Ledger
from relance.ports.mail_intake import IntakeMessages
from relance.services.attribution import Attribution, Attributor


@dataclass(frozen=True, slots=True)
class ReportJudge:
    """Finds the report about our recipient in a message, and judges it with the contact's history."""

    attributor: Attributor
    ledger: Ledger
    messages: IntakeMessages
    clock: Clock

    async def judge(self, reading: MailReading, attribution: Attribution, via: str) -> ReportVerdict:
        """Return what a message reports of the mail it was attributed to; `via` is how it came."""
        direct, outcome = self._about_recipient(reading, attribution)
        if direct is None:
            return ReportVerdict(outcome)
        verdict = judge_report(direct)
        failure = verdict.failure
        if verdict.outcome is not IntakeOutcome.SOFT or failure is None:
            return verdict
        if await self._struck_out(failure, attribution, via):
            return ReportVerdict(IntakeOutcome.STRUCK_OUT, failure)
        return verdict

    def _about_recipient(
        self, reading: MailReading, attribution: Attribution
    ) -> tuple[RecipientReport | None, IntakeOutcome]:
        ours = [report for report in reading.reports if self._names(attribution, report.final)]
        # Without an address that was tried, the one that was asked for says who is meant.
        ours += [report for report in reading.reports if not report.final and self._names(attribution, report.original)]
        if ours:
            return next(
                (report for report in ours if report.action is ReportAction.FAILED), ours[0]
            ), IntakeOutcome.OTHER
        returned = any(self._names(attribution, address) for address in reading.clues.returned_to)
        nameless = [report for report in reading.reports if not report.final and not report.original]
        if nameless and len(nameless) == len(reading.reports) and (returned or self._trusts(attribution, reading)):
            return nameless[0], IntakeOutcome.OTHER
        if any(self._names(attribution, report.original) for report in reading.reports) or (
            reading.reports and returned
        ):
            # Our mail was passed on, and the address that failed is somebody else's.
            return None, IntakeOutcome.OTHER_ADDRESS
        return None, IntakeOutcome.WRONG_RECIPIENT

    def _names(self, attribution: Attribution, address: str) -> bool:
        return self.attributor.names_mailbox(attribution, address)

    @staticmethod
    def _trusts(attribution: Attribution, reading: MailReading) -> bool:
        # A mail has one recipient, and only its envelope holds this token.
        return attribution.signed and not reading.clues.returned_to

    async def _struck_out(self, failure: Failure, attribution: Attribution, via: str) -> bool:
        at = self.clock.now()
        strikes = failure.strikes
        if strikes is None or strikes.within is None or attribution.entry is None:
            return False
        contact_id = parse_invitation_id(attribution.invitation_id).contact_id
        history = [
            invitation
            for invitation in await self.ledger.of_contact(contact_id)
            if invitation.may_have_reached(attribution.mailboxes)
        ]
        if is_struck_out(failure, attribution.entry, history, at):
            return True
        recorded = await self.messages.failures_of([invitation.id for invitation in history], at - strikes.within)
        alike = [
            (earlier.invitation_id or "", way_of(earlier.via))
            for earlier in recorded
            if earlier.class_ == failure.class_ and re.fullmatch(strikes.codes, earlier.code or "")
        ]
        return count_refusals([*alike, (attribution.invitation_id, way_of(via))]) >= strikes.count
