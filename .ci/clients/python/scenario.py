"""An office's year through the generated client: where the document is wrong, mypy or an assertion says so."""

import io
import os
import unittest
from collections.abc import Mapping
from datetime import date, datetime, timezone
from typing import Protocol, TypeVar

from thidua_client import AuthenticatedClient, Client
from thidua_client import models as m
from thidua_client.api.criteria import criteria_sets_criteria, criteria_sets_export_xlsx
from thidua_client.api.deadlines import deadlines_list
from thidua_client.api.evidence import evidence_content, evidence_add
from thidua_client.api.organizations import members_change, members_get, members_list, units_list
from thidua_client.api.periods import (
    periods_list,
    periods_get,
    periods_announce,
    periods_finalize,
    periods_start_appraisal,
    periods_start_council_review,
)
from thidua_client.api.results import ranking_get, facts_put
from thidua_client.api.reviews import (
    reviews_patch_scores,
    council_sessions_create,
    council_sessions_close,
    council_sessions_hold,
    reviews_create,
    reviews_submit,
)
from thidua_client.api.sandbox import sandbox_people, sandbox_reset, sandbox_set_clock
from thidua_client.api.submissions import (
    submissions_readiness,
    submissions_patch_scores,
    submissions_create,
    submissions_submit,
    submissions_put_scores,
)
from thidua_client.types import File

BASE = os.environ.get("BASE", "http://127.0.0.1:8080")
T = TypeVar("T")


class Answer(Protocol):
    """Any `Response[…]`: its own parameter is invariant."""

    @property
    def status_code(self) -> int: ...
    @property
    def content(self) -> bytes: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def parsed(self) -> object: ...


def ok(kind: type[T], answer: Answer) -> tuple[T, str]:
    """The body, which is of this kind, and its tag."""
    assert isinstance(answer.parsed, kind), (answer.status_code, answer.content)
    return answer.parsed, answer.headers.get("ETag", "")


def set_clock(now: datetime) -> None:
    ok(m.SandboxClock, sandbox_set_clock.sync_detailed(client=Client(BASE), body=m.SandboxClockBody(now=now)))


def answer_to(criterion: m.Criterion) -> m.PointsAnswer | m.CasesAnswer | m.AchievedAnswer:
    match criterion.rule:
        case m.ManualRule():
            return m.PointsAnswer(points=10, type_="points")
        case m.DeductionPerCaseRule(floor=0):
            return m.CasesAnswer(cases=1, type_="cases")
        case _:
            return m.AchievedAnswer(achieved=True, type_="achieved")


class Year(unittest.TestCase):
    def test_a_year_of_an_office(self) -> None:
        sandbox_reset.sync_detailed(client=Client(BASE))
        people, _ = ok(m.SandboxPersonList, sandbox_people.sync_detailed(client=Client(BASE)))
        tokens = {person.subject: person.token for person in people.items}

        def caller(subject: str) -> AuthenticatedClient:
            return AuthenticatedClient(BASE, token=tokens[subject], headers={"Accept-Language": "en"})

        head, secretary, chair, appraiser = map(caller, ("th-head", "secretary", "council-chair", "appraiser"))

        # Units, page by page.
        page, _ = ok(m.UnitList, units_list.sync_detailed(client=secretary, limit=3))
        units = page.items
        while page.next_cursor is not None:
            page, _ = ok(m.UnitList, units_list.sync_detailed(client=secretary, limit=3, cursor=page.next_cursor))
            units += page.items
        assert len(units) == 8
        [unit] = [one for one in units if one.code == "TH"]
        assert unit.created_at.tzinfo == timezone.utc

        periods, _ = ok(m.PeriodHeadList, periods_list.sync_detailed(client=secretary, year=[2023]))
        period, _ = ok(m.Period, periods_get.sync_detailed(periods.items[0].id, client=secretary))
        criteria, _ = ok(m.CriterionList, criteria_sets_criteria.sync_detailed(period.criteria_set_id, client=head))

        # A change: what is absent stays, null takes away, and the types know what cannot be taken away.
        admin = caller("admin")
        page_of_members, _ = ok(m.MemberList, members_list.sync_detailed(client=admin, unit_id=unit.id))
        editor = page_of_members.items[0]
        member, tag = ok(m.Member, members_get.sync_detailed(editor.id, client=admin))
        until = m.MemberChange(valid_until_on=date(2024, 12, 31))
        member, tag = ok(m.Member, members_change.sync_detailed(editor.id, client=admin, if_match=tag, body=until))
        assert (member.display_name, member.valid_until_on) == (editor.display_name, date(2024, 12, 31))
        unbounded = m.MemberChange(valid_until_on=None)
        member, tag = ok(m.Member, members_change.sync_detailed(editor.id, client=admin, if_match=tag, body=unbounded))
        assert (member.display_name, member.valid_until_on) == (editor.display_name, None)
        nameless = m.MemberChange(display_name=None)  # type: ignore[arg-type]
        refusal, _ = ok(m.Problem, members_change.sync_detailed(editor.id, client=admin, if_match=tag, body=nameless))
        assert refusal.code == "invalid_body"

        # A sheet: its lines, what is absent and what is null.
        sheet, tag = ok(
            m.Submission, submissions_create.sync_detailed(client=head, body=m.CreateSubmission(period_id=period.id, unit_id=unit.id))
        )
        lines = [
            m.ScoreBody(criterion_code=one.code, answer=answer_to(one), note="as agreed")
            for one in criteria.items
            if one.rule is not None
        ]
        scores, tag = ok(
            m.SubmissionScores,
            submissions_put_scores.sync_detailed(sheet.id, client=head, if_match=tag, body=m.ScoresBody(scores=lines)),
        )
        changed = [
            m.ScoreBody(criterion_code="A.II.1", answer=m.PointsAnswer(points=27.5, type_="points"), note=None),
            m.ScoreBody(criterion_code="B.1", answer=None),
        ]
        scores, tag = ok(
            m.SubmissionScores,
            submissions_patch_scores.sync_detailed(sheet.id, client=head, if_match=tag, body=m.ScoresBody(scores=changed)),
        )
        own = {score.criterion_code: score.self_ for score in scores.scores}
        manual, deduction = own["A.II.1"], own["A.IV.4"]
        assert manual is not None and deduction is not None
        assert (manual.points, manual.note) == (27.5, None)
        assert own["B.1"] is None
        assert deduction.answer == m.CasesAnswer(cases=1, type_="cases")
        assert deduction.explanation is not None
        assert deduction.explanation.rule == "deduction_per_case"
        assert scores.totals.self_ is not None
        assert scores.totals.self_.total == sum(node.self_ or 0 for node in scores.nodes if "." not in node.code)

        # Refusals are problems with a code and a place.
        stale, _ = ok(m.Problem, submissions_submit.sync_detailed(sheet.id, client=head, if_match='"stale-0"'))
        assert (stale.status, stale.code) == (412, "version_mismatch")
        excessive, _ = ok(
            m.Problem,
            submissions_patch_scores.sync_detailed(
                sheet.id,
                client=head,
                if_match=tag,
                body=m.ScoresBody(scores=[m.ScoreBody(criterion_code="A.II.1", answer=m.PointsAnswer(points=31, type_="points"))]),
            ),
        )
        assert excessive.errors
        assert excessive.errors[0].pointer == "/scores/0/answer/points"
        assert excessive.errors[0].params["max"] == 30

        # Evidence, as a file.
        content = b"%PDF-1.7\n"
        form = m.EvidenceForm(
            criterion_code="A.II.1",
            title="Báo cáo quý III",
            classification="none",
            file=File(io.BytesIO(content), "report.pdf", "application/pdf"),
        )
        evidence, _ = ok(
            m.Evidence, evidence_add.sync_detailed(sheet.id, client=caller("th-editor"), body=form)
        )
        assert evidence.file is not None
        assert evidence.file.media_type == "application/pdf"
        file, _ = ok(File, evidence_content.sync_detailed(evidence.id, client=head))
        assert file.payload.read() == content

        # The line that was cleared keeps the sheet from being sent.
        readiness, tag = ok(m.Readiness, submissions_readiness.sync_detailed(sheet.id, client=head))
        assert [error.code for error in readiness.errors] == ["missing_score"]
        cleared = [m.ScoreBody(criterion_code="B.1", answer=m.PointsAnswer(points=0, type_="points"))]
        _, tag = ok(
            m.SubmissionScores,
            submissions_patch_scores.sync_detailed(sheet.id, client=head, if_match=tag, body=m.ScoresBody(scores=cleared)),
        )
        sheet, _ = ok(
            m.Submission,
            submissions_submit.sync_detailed(sheet.id, client=head, if_match=tag, idempotency_key="submit-1"),
        )
        assert sheet.status == "submitted"
        assert ("withdraw", sheet.closes_at) in [(one.action, one.until) for one in sheet.allowed_actions]

        # The appraisal, the council's review and its session.
        def period_tag() -> str:
            return ok(m.Period, periods_get.sync_detailed(period.id, client=secretary))[1]

        set_clock(datetime(2023, 11, 10, 17, tzinfo=timezone.utc))
        ok(m.Period, periods_start_appraisal.sync_detailed(period.id, client=secretary, if_match=period_tag()))
        new_appraisal = m.CreateReview(submission_id=sheet.id, stage="appraisal")
        appraisal, tag = ok(m.Review, reviews_create.sync_detailed(client=appraiser, body=new_appraisal))
        departing = m.ReviewScoreBody(criterion_code="A.II.1", answer=m.PointsAnswer(points=25, type_="points"), reason="Trình chậm 02 văn bản")
        _, tag = ok(
            m.Review,
            reviews_patch_scores.sync_detailed(
                appraisal.id, client=appraiser, if_match=tag, body=m.ReviewScoresBody(scores=[departing])
            ),
        )
        ok(m.Review, reviews_submit.sync_detailed(appraisal.id, client=appraiser, if_match=tag))
        set_clock(datetime(2023, 11, 28, 1, tzinfo=timezone.utc))
        ok(m.Period, periods_start_council_review.sync_detailed(period.id, client=secretary, if_match=period_tag()))
        new_council = m.CreateReview(submission_id=sheet.id, stage="council")
        council, tag = ok(m.Review, reviews_create.sync_detailed(client=secretary, body=new_council))
        ok(m.Review, reviews_submit.sync_detailed(council.id, client=secretary, if_match=tag))
        members, _ = ok(m.MemberList, members_list.sync_detailed(client=secretary, limit=200))
        council_roles = {"council_member", "council_chair"}
        attendance = [
            m.AttendanceInput(member_id=member.id, present=True) for member in members.items if council_roles & set(member.roles)
        ]
        new_session = m.CreateCouncilSession(
            period_id=period.id, held_on=date(2023, 11, 28), place="Phòng họp số 1", attendance=attendance
        )
        session, tag = ok(m.CouncilSession, council_sessions_create.sync_detailed(client=secretary, body=new_session))
        session, tag = ok(
            m.CouncilSession, council_sessions_hold.sync_detailed(session.id, client=secretary, if_match=tag)
        )
        assert (session.quorum_met, session.held_on) == (True, date(2023, 11, 28))
        session, _ = ok(m.CouncilSession, council_sessions_close.sync_detailed(session.id, client=chair, if_match=tag))
        assert session.status == "closed"

        # The result.
        facts = m.UnitFactsInput(anybody_disciplined=False, party_cell_rating="good", under_inspection=False)
        for one in units:
            ok(m.Facts, facts_put.sync_detailed(period.id, one.id, client=secretary, body=facts))
        ok(m.Period, periods_finalize.sync_detailed(period.id, client=chair, if_match=period_tag()))
        set_clock(datetime(2023, 11, 30, 2, tzinfo=timezone.utc))
        notice = m.Announcement(notice_number="1234/TB-VP", notice_on=date(2023, 11, 30))
        ok(m.Period, periods_announce.sync_detailed(period.id, client=secretary, if_match=period_tag(), body=notice))
        ranking, _ = ok(m.Ranking, ranking_get.sync_detailed(period.id, client=head))
        first, second = ranking.rows[:2]
        assert ranking.status == "announced"
        assert (first.rank, first.unit_code, first.award_code) == (1, "TH", "emulation_flag")
        assert (second.rank, second.total, second.eligible) == (None, None, None)

        # Deadlines in order; the table as a spreadsheet.
        deadlines, _ = ok(
            m.DeadlineHeadList,
            deadlines_list.sync_detailed(client=secretary, sort=["due_on", "-id"], kind=["dossier"], status=["due_soon", "scheduled"]),
        )
        dossier = deadlines.items[0]
        assert dossier.due_on == date(2023, 12, 7)
        assert isinstance(dossier.rule, m.DeadlineRuleWorkingDaysAfterNotice)
        assert dossier.rule.notice_on == date(2023, 11, 30)
        spreadsheet, _ = ok(File, criteria_sets_export_xlsx.sync_detailed(period.criteria_set_id, client=secretary))
        assert spreadsheet.payload.read(2) == b"PK"


if __name__ == "__main__":
    unittest.main(warnings="ignore")
