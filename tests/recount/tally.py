"""The sums of a submission, counted from the points of its lines in whole hundredths: what counts among either-or, then deductions
and awards in table order, then each node inside out, then the totals."""
from decimal import Decimal

def cents(number):
    return None if number is None else int(Decimal(number) * 100)

def half_up(part, whole):
    return (2 * part + whole) // (2 * whole)

def tree(node, kind, form, room, above, flat):
    """A node with what it takes from what is above it; `flat` gets all nodes in table order."""
    one = {"node": node, "kind": kind, "form": node.get("not_applicable") or form, "room": room, "above": above, "code": node["code"]}
    flat.append(one)
    left = one["left"] = room - sum(cents(child["max_points"]) or 0 for child in node.get("children") or [])
    one["below"] = [tree(child, kind, one["form"], left if child["max_points"] is None else cents(child["max_points"]),
                         above + [node["code"]], flat) for child in node.get("children") or []]
    return one

def line(one, cells):
    """Points of a criterion with its bonus, its deduction, its award, and whether it applies."""
    cell = cells.get(one["code"]) or {"answer": None, "points": None}
    if (cell["answer"] or {}).get("not_applicable"):
        full = one["form"] == "full_points" and one["kind"] == "base" and one["node"]["max_points"]
        return one["room"] if full else None, 0, 0, bool(full)
    if cell["points"] is None:
        return None, 0, 0, True
    points, rule = cents(cell["points"]) + (cents(cell["bonus_points"]) or 0), one["node"]["rule"]
    start = {"max": one["room"], "zero": 0}.get(rule.get("start")) if isinstance(rule.get("start"), str) else cents(rule.get("start"))
    start = one["room"] if rule["type"].startswith("deduct") else start
    lost = -points if one["room"] == 0 else 0 if start is None else start - points
    return points, max(lost, 0), max(points - (start or 0), 0), True

def count(nodes, cells, limits):
    """What each criterion has once caps above it and limits that name it have had their say, and what was deducted."""
    caps = {one["code"]: cents(one["node"].get("max_deduction")) for one in nodes}
    limits = [[limit["criteria"], cents(limit["max_deduction"]), cents(limit["max_award"])] for limit in limits]
    counted, deducted = {}, 0
    for one in nodes:
        if one["below"]:
            continue
        points, lost, won, applies = line(one, cells)
        above, naming = [code for code in one["above"] if caps.get(code) is not None], [l for l in limits if one["code"] in l[0]]
        lost_now = min([lost] + [caps[code] for code in above] + [l[1] for l in naming if l[1] is not None])
        won_now = min([won] + [l[2] for l in naming if l[2] is not None])
        for code in above:
            caps[code] -= lost_now
        for limit in naming:
            limit[1:] = [room if room is None else room - taken for room, taken in zip(limit[1:], (lost_now, won_now))]
        counted[one["code"]] = points if points is None else points + lost - lost_now - won + won_now, applies
        deducted += lost_now
    return counted, deducted

def settle(one, counted, without, found):
    """Points, bonus, whether it applies, and what cannot be reached: in its section, in the whole table."""
    node, most, base = one["node"], cents(one["node"]["max_points"]) or 0, one["kind"] == "base"
    if not one["below"]:
        points, applies = counted[one["code"]]
        own = points if points is None else min(points, one["room"])
        bonus, gone_total = (points or 0) - (own or 0), 0
    else:
        below = [(child, *settle(child, counted, without, found)) for child in one["below"] if child["code"] not in without]
        scored, combine = [b[1] for b in below if b[1] is not None], node.get("combine") or "sum"
        own, bonus, applies = sum(scored) if scored else None, sum(b[2] for b in below), any(b[3] for b in below)
        gone, gone_total = sum(b[4] for b in below), sum(b[5] for b in below)
        sharers = [b[0] for b in below if b[0]["node"]["max_points"] is None]
        if base and sharers and not any(counted[s["code"]][1] for s in sharers):
            form, left = sharers[0]["form"], one["left"]
            gone, gone_total = gone + left * (form == "rescaled"), gone_total + left * (form == "rescaled_total")
            own, applies = ((own or 0) + left, True) if form == "full_points" else (own, applies)
        maxima = sum(cents(b[0]["node"]["max_points"]) or 0 for b in below)
        reach = {"sum": most - gone, "capped_sum": min(most, maxima - gone), "highest": most}[combine]
        gone_total = {"sum": gone_total, "capped_sum": min(most, maxima) - min(most, maxima - gone_total), "highest": 0}[combine]
        if own is not None:
            own = min(own, most) if combine == "capped_sum" else own
            own = half_up(own * most, reach) if applies and gone and 0 < reach < most else own
            floor = cents(node["min_points"]) if "min_points" in node else None if one["kind"] == "penalty" else 0
            own = min(own, most) if floor is None else max(min(own, most), floor)
    lost = lambda form: most if base and not applies and one["form"] == form else 0
    if own is not None:
        found[one["code"]] = own
    return own, bonus, applies, lost("rescaled"), lost("rescaled_total") or gone_total

def tally(table, cells):
    """Base, bonus and penalty points, the total, the points of each node, and what was deducted."""
    flat, without = [], set()
    parts = [tree(part, part["kind"], table["not_applicable"], cents(part["max_points"]), [], flat) for part in table["parts"]]
    for one in [one for one in reversed(flat) if (one["node"].get("combine") or "sum") == "highest"]:
        values = {}
        for child in one["below"]:
            nodes = [o for o in flat if o is child or child["code"] in o["above"]]
            nodes = [o for o in nodes if not {o["code"], *o["above"]} & without]
            inner = [{**o, "above": o["above"][o["above"].index(child["code"]):] if child["code"] in o["above"] else []} for o in nodes]
            own, bonus, applies, *_ = settle(child, count(inner, cells, [])[0], without, {})
            if applies and own is not None:
                values[child["code"]] = own + bonus
        if values:
            best = min(values, key=values.get) if cents(one["node"]["max_points"]) == 0 else max(values, key=values.get)
            without |= {child["code"] for child in one["below"]} - {best}
    nodes, found = [one for one in flat if not {one["code"], *one["above"]} & without], {}
    counted, deducted = count(nodes, cells, table.get("limits") or [])
    settled = [(part["kind"], part["room"], *settle(part, counted, without, found)) for part in parts]
    of = lambda kind: sum(s[2] or 0 for s in settled if s[0] == kind)
    base, maxima, gone = of("base"), sum(s[1] for s in settled if s[0] == "base"), sum(s[6] for s in settled if s[0] == "base")
    base = half_up(base * maxima, maxima - gone) if 0 < gone < maxima else base
    bonus, penalty = of("bonus") + sum(s[3] for s in settled if s[0] == "base"), of("penalty")
    return base, bonus, penalty, max(base + bonus + penalty, cents(table.get("minimum_total")) or 0), found, deducted
