//! The steps by which units with the same total are told apart.

/// One step of the tie-break chain, as it is written: `base_points`, `section:A.I`, `fewer_deductions`, `council_decision`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TieBreak<'a> {
    /// More base points first.
    BasePoints,
    /// More points of a part or section first.
    Section(&'a str),
    /// Fewer points lost by rules that deduct first.
    FewerDeductions,
    /// As the council decided.
    CouncilDecision,
}

impl<'a> TieBreak<'a> {
    /// Reads one step.
    pub fn parse(text: &'a str) -> Option<Self> {
        match text {
            "base_points" => Some(TieBreak::BasePoints),
            "fewer_deductions" => Some(TieBreak::FewerDeductions),
            "council_decision" => Some(TieBreak::CouncilDecision),
            _ => text.strip_prefix("section:").map(TieBreak::Section),
        }
    }
}
