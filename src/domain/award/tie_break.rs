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
    /// Whether it asks more of a unit than what its sheet adds up to.
    pub const fn asks_for_breakdown(&self) -> bool {
        match self {
            TieBreak::Section(_) | TieBreak::FewerDeductions => true,
            TieBreak::BasePoints | TieBreak::CouncilDecision => false,
        }
    }

    /// Reads one step.
    pub fn parse(text: &'a str) -> Option<Self> {
        match text {
            "base_points" => Some(TieBreak::BasePoints),
            "fewer_deductions" => Some(TieBreak::FewerDeductions),
            "council_decision" => Some(TieBreak::CouncilDecision),
            text => text.strip_prefix("section:").map(TieBreak::Section),
        }
    }
}
