// An office's year through the generated types, with no cast: where the document is wrong this does not compile, and where
// the server differs from the document an assertion fails.
import assert from "node:assert/strict";
import { test } from "node:test";
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./build/api.js";

type Schemas = components["schemas"];

const baseUrl = process.env["BASE"] ?? "http://127.0.0.1:8080";
const anonymous = createClient<paths>({ baseUrl });

/** The body of a success and its tag. */
async function ok<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<{ body: NonNullable<T>; tag: string }> {
  const { data, error, response } = await call;
  assert.ok(data != null, `${response.status} ${response.url}: ${JSON.stringify(error)}`);
  return { body: data, tag: response.headers.get("ETag") ?? "" };
}

/** The problem that a call is refused with. */
async function refused(call: Promise<{ error?: Schemas["Problem"]; response: Response }>): Promise<Schemas["Problem"]> {
  const { error, response } = await call;
  assert.ok(error, `${response.status} ${response.url} is no refusal`);
  same(error.status, response.status);
  return error;
}

/** Compares what the types say can be the same. */
function same<T>(actual: T, expected: NoInfer<T>): void {
  assert.deepEqual(actual, expected);
}

async function clock(now: string): Promise<void> {
  await ok(anonymous.PUT("/v1/sandbox/clock", { body: { now } }));
}

/** The least that a rule leaves: its parameters are reached through its tag alone. */
function least(rule: Schemas["Rule"]): number | null {
  switch (rule.type) {
    case "deduction_per_case":
      return rule.floor;
    case "bonus_penalty":
      return rule.min;
    case "levels":
      return Math.min(...rule.levels.map((level) => level.points));
    default:
      return null;
  }
}

test("a year of an office", async () => {
  await anonymous.POST("/v1/sandbox/reset");
  const people = await ok(anonymous.GET("/v1/sandbox/people"));
  const as = (subject: string): Client<paths> => {
    const person = people.body.items.find((one) => one.subject === subject);
    assert.ok(person, subject);
    return createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${person.token}`, "Accept-Language": "en" } });
  };
  const head = as("th-head");
  const secretary = as("secretary");
  const chair = as("council-chair");
  const appraiser = as("appraiser");

  // Units, page by page.
  const units: Schemas["Unit"][] = [];
  for (let cursor: string | null = "", query = {}; cursor !== null; query = { cursor }) {
    const page = await ok(secretary.GET("/v1/units", { params: { query: { limit: 3, ...query } } }));
    units.push(...page.body.items);
    cursor = page.body.next_cursor;
  }
  same(units.length, 8);
  const unit = units.find((one) => one.code === "TH");
  assert.ok(unit);
  same(new Date(unit.created_at).toISOString(), unit.created_at);

  const [row] = (await ok(secretary.GET("/v1/periods", { params: { query: { year: [2023] } } }))).body.items;
  assert.ok(row);
  const { body: period } = await ok(secretary.GET("/v1/periods/{id}", { params: { path: { id: row.id } } }));
  const criteria = await ok(head.GET("/v1/criteria-sets/{id}/criteria", { params: { path: { id: period.criteria_set_id } } }));
  const leasts = criteria.body.items.flatMap((criterion) => (criterion.rule ? [least(criterion.rule)] : []));
  same(leasts.length, 28);
  assert.ok(leasts.includes(0));

  // A change: what is absent stays, null takes away, and the types know what cannot be taken away.
  const admin = as("admin");
  const [editor] = (await ok(admin.GET("/v1/members", { params: { query: { unit_id: unit.id } } }))).body.items;
  assert.ok(editor);
  const member = { id: editor.id };
  const unbounded = await ok(admin.GET("/v1/members/{id}", { params: { path: member } }));
  const bounded = await ok(
    admin.PATCH("/v1/members/{id}", { params: { path: member, header: { "If-Match": unbounded.tag } }, body: { valid_until_on: "2024-12-31" } }),
  );
  same([bounded.body.display_name, bounded.body.valid_until_on], [editor.display_name, "2024-12-31"]);
  const again = await ok(
    admin.PATCH("/v1/members/{id}", { params: { path: member, header: { "If-Match": bounded.tag } }, body: { valid_until_on: null } }),
  );
  same([again.body.display_name, again.body.valid_until_on], [editor.display_name, null]);
  const nameless = await refused(
    admin.PATCH("/v1/members/{id}", {
      params: { path: member, header: { "If-Match": again.tag } },
      // @ts-expect-error A name is not nullable.
      body: { display_name: null },
    }),
  );
  same(nameless.code, "invalid_body");

  // A sheet: its lines, what is absent and what is null.
  const made = await ok(head.POST("/v1/submissions", { body: { period_id: period.id, unit_id: unit.id } }));
  const path = { id: made.body.id };
  const written = await ok(
    head.PUT("/v1/submissions/{id}/scores", {
      params: { path, header: { "If-Match": made.tag } },
      body: {
        scores: criteria.body.items
          .filter((criterion) => criterion.rule)
          .map(({ code, rule }): Schemas["ScoreBody"] => ({
            criterion_code: code,
            answer: rule?.type === "manual" ? { type: "points", points: 10 } : rule?.type === "deduction_per_case" ? { type: "cases", cases: 1 } : { type: "achieved", achieved: true },
            note: "as agreed",
          })),
      },
    }),
  );
  const patched = await ok(
    head.PATCH("/v1/submissions/{id}/scores", {
      params: { path, header: { "If-Match": written.tag } },
      body: { scores: [{ criterion_code: "A.II.1", answer: { type: "points", points: 27.5 }, note: null }, { criterion_code: "B.1", answer: null }] },
    }),
  );
  const line = (code: string) => patched.body.scores.find((score) => score.criterion_code === code);
  same(line("A.II.1")?.self?.points, 27.5);
  same(line("A.II.1")?.self?.note, null);
  same(line("B.1")?.self, null);
  const deduction = line("A.IV.4")?.self;
  assert.ok(deduction?.answer && "cases" in deduction.answer);
  same(deduction.answer.cases, 1);
  same(deduction.explanation?.rule, "deduction_per_case");
  same(patched.body.totals.self?.total, patched.body.nodes.filter((node) => !node.code.includes(".")).reduce((sum, part) => sum + (part.self ?? 0), 0));

  // Refusals are problems with a code and a place.
  const stale = await refused(head.POST("/v1/submissions/{id}/submit", { params: { path, header: { "If-Match": '"stale-0"' } } }));
  same(stale.code, "version_mismatch");
  const excessive = await refused(
    head.PATCH("/v1/submissions/{id}/scores", {
      params: { path, header: { "If-Match": patched.tag } },
      body: { scores: [{ criterion_code: "A.II.1", answer: { type: "points", points: 31 } }] },
    }),
  );
  same(excessive.errors?.[0]?.pointer, "/scores/0/answer/points");
  same(excessive.errors?.[0]?.params["max"], 30);

  // Evidence, as a file.
  const content = "%PDF-1.7\n";
  const evidence = await ok(
    as("th-editor").POST("/v1/submissions/{id}/evidence", {
      params: { path },
      body: { criterion_code: "A.II.1", title: "Báo cáo quý III", classification: "none", file: content },
      bodySerializer: ({ file, ...texts }) => {
        const form = new FormData();
        for (const [name, text] of Object.entries(texts)) form.set(name, text);
        form.set("file", new Blob([file]), "report.pdf");
        return form;
      },
    }),
  );
  same(evidence.body.file?.media_type, "application/pdf");
  const file = await ok(head.GET("/v1/evidence/{id}/content", { params: { path: { id: evidence.body.id } }, parseAs: "text" }));
  same(file.body, content);

  // The line that was cleared keeps the sheet from being sent.
  const readiness = await ok(head.GET("/v1/submissions/{id}/readiness", { params: { path } }));
  same(readiness.body.errors.map((error) => error.code), ["missing_score"]);
  const complete = await ok(
    head.PATCH("/v1/submissions/{id}/scores", {
      params: { path, header: { "If-Match": readiness.tag } },
      body: { scores: [{ criterion_code: "B.1", answer: { type: "points", points: 0 } }] },
    }),
  );
  const submitted = await ok(head.POST("/v1/submissions/{id}/submit", { params: { path, header: { "If-Match": complete.tag, "Idempotency-Key": "submit-1" } } }));
  same(submitted.body.status, "submitted");
  same(submitted.body.allowed_actions.find((one) => one.action === "withdraw")?.until, submitted.body.closes_at);

  // The appraisal, the council's review and its session.
  await clock("2023-11-10T17:00:00.000Z");
  const periodTag = async () => ({ path: { id: period.id }, header: { "If-Match": (await ok(secretary.GET("/v1/periods/{id}", { params: { path: { id: period.id } } }))).tag } });
  await ok(secretary.POST("/v1/periods/{id}/start-appraisal", { params: await periodTag() }));
  const appraisal = await ok(appraiser.POST("/v1/reviews", { body: { submission_id: path.id, stage: "appraisal" } }));
  const reviewed = await ok(
    appraiser.PATCH("/v1/reviews/{id}/scores", {
      params: { path: { id: appraisal.body.id }, header: { "If-Match": appraisal.tag } },
      body: { scores: [{ criterion_code: "A.II.1", answer: { type: "points", points: 25 }, reason: "Trình chậm 02 văn bản" }] },
    }),
  );
  await ok(appraiser.POST("/v1/reviews/{id}/submit", { params: { path: { id: appraisal.body.id }, header: { "If-Match": reviewed.tag } } }));
  await clock("2023-11-28T01:00:00.000Z");
  await ok(secretary.POST("/v1/periods/{id}/start-council-review", { params: await periodTag() }));
  const council = await ok(secretary.POST("/v1/reviews", { body: { submission_id: path.id, stage: "council" } }));
  await ok(secretary.POST("/v1/reviews/{id}/submit", { params: { path: { id: council.body.id }, header: { "If-Match": council.tag } } }));
  const members = await ok(secretary.GET("/v1/members", { params: { query: { limit: 200 } } }));
  const attendance = members.body.items
    .filter((member) => member.roles.some((role) => role === "council_member" || role === "council_chair"))
    .map((member) => ({ member_id: member.id, present: true }));
  const session = await ok(secretary.POST("/v1/council-sessions", { body: { period_id: period.id, held_on: "2023-11-28", place: "Phòng họp số 1", attendance } }));
  const held = await ok(secretary.POST("/v1/council-sessions/{id}/hold", { params: { path: { id: session.body.id }, header: { "If-Match": session.tag } } }));
  same(held.body.quorum_met, true);
  same(held.body.held_on, "2023-11-28");
  const closed = await ok(chair.POST("/v1/council-sessions/{id}/close", { params: { path: { id: session.body.id }, header: { "If-Match": held.tag } } }));
  same(closed.body.status, "closed");

  // The result.
  for (const { id: unit_id } of units)
    await ok(
      secretary.PUT("/v1/periods/{id}/facts/{unit_id}", {
        params: { path: { id: period.id, unit_id } },
        body: { anybody_disciplined: false, party_cell_rating: "good", under_inspection: false },
      }),
    );
  await ok(chair.POST("/v1/periods/{id}/finalize", { params: await periodTag() }));
  await clock("2023-11-30T02:00:00.000Z");
  await ok(secretary.POST("/v1/periods/{id}/announce", { params: await periodTag(), body: { notice_number: "1234/TB-VP", notice_on: "2023-11-30" } }));
  const ranking = await ok(head.GET("/v1/periods/{id}/ranking", { params: { path: { id: period.id } } }));
  const [first, second] = ranking.body.rows;
  same(ranking.body.status, "announced");
  same([first?.rank, first?.unit_code, first?.award_code], [1, "TH", "emulation_flag"]);
  same([second?.rank, second?.total, second?.eligible], [null, null, null]);

  // Deadlines in order; the table as a spreadsheet.
  const deadlines = await ok(secretary.GET("/v1/deadlines", { params: { query: { sort: ["due_on", "-id"], kind: ["dossier"], status: ["due_soon", "scheduled"] } } }));
  const [dossier] = deadlines.body.items;
  same(dossier?.due_on, "2023-12-07");
  assert.ok(dossier?.rule.type === "working_days_after_notice" && dossier.rule.notice_on === "2023-11-30");
  const spreadsheet = await ok(
    secretary.GET("/v1/criteria-sets/{id}/export.xlsx", { params: { path: { id: period.criteria_set_id }, query: { shape: "office" } }, parseAs: "arrayBuffer" }),
  );
  same(Buffer.from(spreadsheet.body).subarray(0, 2).toString(), "PK");
});
