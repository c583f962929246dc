//! Tie-break rules for units with the same total.

/// A tie-break rule, written as `base_points`, `section:A.I`, `fewer_deductions` or `council_decision`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TieBreak<'a> {
    /// More base points first.
    BasePoints,
    /// More points in a part or section first.
    Section(&'a str),
    /// Fewer points lost by deducting rules first.
    FewerDeductions,
    /// As the council decided.
    CouncilDecision,
}

impl<'a> TieBreak<'a> {
    /// Whether it needs more than the totals of a unit.
    pub const fn asks_for_breakdown(&self) -> bool {
        match self {
            TieBreak::Section(_) | TieBreak::FewerDeductions => true,
            TieBreak::BasePoints | TieBreak::CouncilDecision => false,
        }
    }

    /// Parses a rule.
    pub fn parse(text: &'a str) -> Option<Self> {
        match text {
            "base_points" => Some(TieBreak::BasePoints),
            "fewer_deductions" => Some(TieBreak::FewerDeductions),
            "council_decision" => Some(TieBreak::CouncilDecision),
            text => text.strip_prefix("section:").map(TieBreak::Section),
        }
    }
}
