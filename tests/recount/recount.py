"""Recounts the result of a period from its export.json and from nothing else: python3 recount.py EXPORT...

From the points of the lines to totals, ranks, eligibility, awards and due days, in whole hundredths. Prints what the export
says otherwise, and ends with 1 if there is anything."""
import datetime, hashlib, json, sys
from decimal import Decimal
from tally import cents, tally
SENT, RATINGS = ["submitted", "appraised", "reviewed", "finalized"], ["unsatisfactory", "satisfactory", "good", "outstanding"]

def unit(export, key, block):
    """What a unit has: totals, figures for ties, and why it may take no award (None: not known)."""
    sheet = next((s for s in export["submissions"] if s["unit_id"] == key["id"]), None)
    given = bool(sheet) and (sheet["status"] in SENT or sheet["totals"]["council"] is not None)  # by an amendment
    one = {"id": key["id"], "code": key["code"], "missed": bool(sheet) and sheet["status"] == "missed" and not given, "total": None}
    if given:
        stage = next((s for s in ("council", "appraisal") if sheet["totals"][s]), "self")
        cells = {line["criterion_code"]: line[stage] for line in sheet["scores"]}
        own = {other["group_code"]: other["criteria_set"] for other in export.get("group_criteria_sets", [])}
        base, _, _, total, nodes, deducted = tally(own.get(block["code"], export["criteria_set"]), cells)
        one.update(base=base, total=total, nodes=nodes, deducted=deducted)
    facts = next((f for f in export["facts"] if f["unit_id"] == key["id"]), None)
    unmet = {"nobody_disciplined": lambda c: facts["anybody_disciplined"], "not_under_inspection": lambda c: facts["under_inspection"],
             "party_cell_rating_at_least": lambda c: RATINGS.index(facts["party_cell_rating"]) < RATINGS.index(c["rating"])}
    reasons = [c["type"] for c in export["period"]["rules"]["eligibility"] if facts and unmet[c["type"]](c)]
    one["reasons"] = ["missed"] if one["missed"] else reasons if facts else None
    return one

def recount(export, block):
    rules = export["period"]["rules"]
    keys = {"base_points": lambda u: -u["base"], "fewer_deductions": lambda u: u["deducted"], "council_decision": lambda u: 0}
    node = lambda u, step: -u["nodes"].get(step.removeprefix("section:"), -(10**9))
    order = lambda u: [-u["total"]] + [keys[step](u) if step in keys else node(u, step) for step in rules["tie_break"]]
    units = [unit(export, key, block) for key in export["units"] if key["id"] in block["unit_ids"]]
    ranked, rows = sorted((u for u in units if u["total"] is not None), key=lambda u: (order(u), u["code"])), []
    while len(rows) < len(ranked):
        group = [u for u in ranked if order(u) == order(ranked[len(rows)])]
        decision = next((d["unit_ids"] for d in export["tie_decisions"] if d["stands"] and {*d["unit_ids"]} == {u["id"] for u in group}), None)
        group.sort(key=lambda u: decision.index(u["id"]) if decision else 0)
        rows += [(len(rows) + 1 + (at if decision else 0), u) for at, u in enumerate(group)]
    gone = {w["unit_id"]: w["pass_down"] for w in json.loads(export["inputs"] or "{}").get("withdrawals", [])}
    takes = lambda u: not gone.get(u["id"], u["reasons"] and rules["when_ineligible"] != "leave_vacant")
    slots, awards = [a["code"] for a in (rules if block["awards"] is None else block)["awards"] for _ in range(a["quota"])], {}
    for rank in sorted({rank for rank, _ in rows}):
        group = [u for other, u in rows if other == rank and takes(u)]
        offered, slots = (slots + [None] * len(group))[:len(group)], slots[len(group):]
        if len(set(offered)) < 2 or all(u["reasons"] or u["id"] in gone for u in group):
            awards.update({u["id"]: code for u, code in zip(group, offered) if u["reasons"] == [] and u["id"] not in gone})
    rows += sorted(((None, u) for u in units if u["total"] is None), key=lambda row: (row[1]["missed"], row[1]["code"]))
    return [(block["code"], rank, u["id"], u["total"], u["reasons"], awards.get(u["id"])) for rank, u in rows]

def due(export):
    days = {day["on"]: day["kind"] for day in export["calendar_days"]}  # the organisation's own come last
    count = export["period"]["rules"]["dossier_deadline"]["working_days"]
    on = datetime.date.fromisoformat(export["period"]["notice"]["on"])
    while count:
        on += datetime.timedelta(1)
        count -= days.get(str(on)) == "swap_work" or str(on) not in days and on.weekday() < 5
    return str(on)
wrong = []
for path in sys.argv[1:]:
    export = json.load(open(path, encoding="utf-8"), parse_float=Decimal)
    whole = {"code": None, "awards": None, "unit_ids": [u["id"] for u in export["units"]]}
    counted = [row for block in export["period"]["rules"].get("groups") or [whole] for row in recount(export, block)]
    said = [(r.get("group_code"), r["rank"], r["unit_id"], cents(r["total"]), None if r["eligible"] is None
             else r["ineligible_reasons"], r["award_code"]) for r in export["ranking"]["rows"]]
    wrong += [f"{path}: {mine} counted, {theirs} said" for mine, theirs in zip(counted, said, strict=True) if mine != theirs]
    field = {"not_later_than": "due_on", "not_before": "opens_on"}[export["period"]["rules"]["dossier_deadline"]["semantics"]]
    waiting = [p["dossier"][field] for p in export["award_proposals"] if p["status"] in ("draft", "returned")]
    wrong += [f"{path}: due on {day}" for day in waiting if day != due(export)]
    salted = hashlib.sha256(f"{export['ranking']['salt']}{export['inputs']}".encode()).hexdigest()
    wrong += [f"{path}: the commitment is another"] if export["inputs"] and salted != export["ranking"]["commitment"] else []
sys.exit("\n".join(wrong) or print(f"{len(sys.argv) - 1} recounted, nothing differs"))
