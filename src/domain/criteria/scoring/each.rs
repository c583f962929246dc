//! Writing lines each for itself: those that can be written are, and each of the others says why not.

use std::collections::HashMap;

use super::{Line, LineInput, Scorer, ScoringTable, Share, Sheet};
use crate::domain::Points;
use crate::domain::text::Check;
use crate::error::{Code, Fault};

/// The result of writing lines each for itself.
#[derive(Debug, Clone, PartialEq)]
pub struct WrittenEach {
    /// The sheet with the lines that were accepted.
    pub sheet: Sheet,
    /// The faults of each line in order of input, with pointers into the line; empty for a line that was accepted.
    pub faults: Vec<Vec<Fault>>,
}

impl ScoringTable {
    /// Applies to `before` those of `lines` that can be applied; all others remain as they were.
    ///
    /// Lines that share points are taken together. Where they exceed what they share, they are taken in order of input, each as
    /// far as it fits with those before it. Two lines for one criterion are both refused: nobody knows which of them is meant.
    pub fn write_each(&self, before: &Sheet, lines: &[LineInput], scorer: Scorer) -> WrittenEach {
        let mut times: HashMap<&str, usize> = HashMap::new();
        for input in lines {
            *times.entry(&input.criterion_code).or_default() += 1;
        }
        let is_repeated = |code: &str| times.get(code).is_some_and(|times| *times > 1);
        let read = lines.iter().map(|input| self.read_one(input, is_repeated(&input.criterion_code), scorer));
        let (read, mut faults): (Vec<_>, Vec<_>) = read.unzip();
        let mut sheet = before.clone();
        for (at, line) in read.iter().flatten() {
            sheet.set(*at, line);
        }
        for share in &self.shares {
            if self.shared_fault(share, (before, &sheet)).is_none() {
                continue;
            }
            for at in &share.lines {
                sheet.set(*at, before.0.get(*at).unwrap_or(&Line::default()));
            }
            for ((at, line), faults) in
                read.iter().zip(&mut faults).filter_map(|(read, faults)| Some((read.as_ref()?, faults)))
            {
                if !share.lines.contains(at) {
                    continue;
                }
                let mut tried = sheet.clone();
                tried.set(*at, line);
                match self.shared_fault(share, (&sheet, &tried)) {
                    None => sheet = tried,
                    Some(fault) => faults.push(Fault { pointer: "/answer".to_owned(), ..fault }),
                }
            }
        }
        WrittenEach { sheet, faults }
    }

    /// Reads a line by itself. Returns its place and content, or its faults.
    fn read_one(&self, input: &LineInput, is_repeated: bool, scorer: Scorer) -> (Option<(usize, Line)>, Vec<Fault>) {
        let code = input.criterion_code.as_str();
        let at_code = |fault| Fault::at("/criterion_code", fault).with("criterion", code);
        let mut check = Check::default();
        let found = self.position(code).and_then(|at| Some((at, self.criteria.get(at)?)));
        let line = found.map(|(at, criterion)| (at, criterion.read(input, scorer, "", &mut check)));
        if line.is_none() {
            check.faults.push(at_code(Code::UnknownCriterion));
        } else if is_repeated {
            check.faults.push(at_code(Code::DuplicateCriterion));
        }
        let has_reason = input.reason.as_ref().is_some_and(|reason| !reason.trim().is_empty());
        check.ensure(scorer == Scorer::Reviewer || !has_reason, "/reason", Code::ReasonNotAsked);
        (line.filter(|_| check.faults.is_empty()), check.faults)
    }

    /// Returns the fault of lines that together exceed the points they share, unless nobody changes them.
    pub(super) fn shared_fault(&self, share: &Share, (before, after): (&Sheet, &Sheet)) -> Option<Fault> {
        if share.lines.iter().all(|line| before.0.get(*line) == after.0.get(*line)) {
            return None;
        }
        let taken: Points = share.lines.iter().filter_map(|line| after.points(*line)).sum();
        if taken <= share.ceiling {
            return None;
        }
        let codes: Vec<&str> =
            share.lines.iter().filter_map(|line| Some(self.criteria.get(*line)?.code.as_str())).collect();
        let fault = Fault::at("/scores", Code::SharedPointsExceeded).with("criteria", codes.join(", "));
        Some(fault.with("max", share.ceiling).with("got", taken))
    }
}

impl Sheet {
    fn set(&mut self, at: usize, line: &Line) {
        if let Some(place) = self.0.get_mut(at) {
            place.clone_from(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::criteria::criteria_set::tests::guideline;
    use crate::domain::criteria::scoring::WriteMode;

    fn line(code: &str, answer: &str) -> LineInput {
        let answer = Some(serde_json::from_str(answer).unwrap());
        LineInput { criterion_code: code.into(), answer, note: None, reason: None }
    }

    fn codes(written: &WrittenEach) -> Vec<Vec<(String, Code)>> {
        let of = |faults: &Vec<Fault>| faults.iter().map(|fault| (fault.pointer.clone(), fault.code)).collect();
        written.faults.iter().map(of).collect()
    }

    fn at(pointer: &str, code: Code) -> Vec<(String, Code)> {
        vec![(pointer.to_owned(), code)]
    }

    #[test]
    fn a_wrong_line_leaves_the_others_alone() {
        let table = ScoringTable::of(&guideline());
        let before = table
            .write(&table.blank(), &[line("A.II.1", r#"{"points":7}"#)], WriteMode::Replace, Scorer::Unit)
            .unwrap();
        let reasoned = LineInput { reason: Some("vì".into()), ..line("A.II.3", r#"{"points":3}"#) };
        let lines = [
            line("A.II.1", r#"{"points":31}"#),
            line("Z.9", r#"{"points":1}"#),
            line("A.II.2", r#"{"points":2}"#),
            reasoned,
            line("A.III.1", r#"{"points":20}"#),
        ];
        let written = table.write_each(&before, &lines, Scorer::Unit);
        assert_eq!(
            codes(&written),
            [
                at("/answer/points", Code::ScoreOutOfRange),
                at("/criterion_code", Code::UnknownCriterion),
                vec![],
                at("/reason", Code::ReasonNotAsked),
                at("/answer", Code::AnswerMismatch),
            ]
        );
        let points = |code: &str| written.sheet.points(table.position(code).unwrap()).map(Points::hundredths);
        assert_eq!(["A.II.1", "A.II.2", "A.II.3", "A.III.1"].map(points), [Some(700), Some(200), None, None]);
    }

    #[test]
    fn of_two_lines_for_one_criterion_neither_counts() {
        let table = ScoringTable::of(&guideline());
        let lines = [line("A.II.1", r#"{"points":1}"#), line("A.II.1", r#"{"points":2}"#)];
        let written = table.write_each(&table.blank(), &lines, Scorer::Unit);
        assert_eq!(codes(&written), vec![at("/criterion_code", Code::DuplicateCriterion); 2]);
        assert_eq!(written.sheet, table.blank());
    }

    /// A.I.1 and A.I.2 share 150 points.
    #[test]
    fn lines_that_share_points_are_taken_as_far_as_they_fit() {
        let table = ScoringTable::of(&guideline());
        let (first, second) = (table.position("A.I.1").unwrap(), table.position("A.I.2").unwrap());
        let shared = |before: &Sheet, one: i64, two: i64| {
            let lines =
                [line("A.I.1", &format!(r#"{{"points":{one}}}"#)), line("A.I.2", &format!(r#"{{"points":{two}}}"#))];
            let written = table.write_each(before, &lines, Scorer::Unit);
            let points = [first, second].map(|at| written.sheet.points(at).map(|points| points.hundredths() / 100));
            let codes = codes(&written);
            (points, codes, written.sheet)
        };
        let exceeded = at("/answer", Code::SharedPointsExceeded);
        let (points, faults, full) = shared(&table.blank(), 100, 50);
        assert_eq!((points, faults), ([Some(100), Some(50)], vec![vec![], vec![]]));
        // One after another the first would not fit, but together they do.
        let (points, faults, _) = shared(&full, 120, 30);
        assert_eq!((points, faults), ([Some(120), Some(30)], vec![vec![], vec![]]));
        let (points, faults, _) = shared(&table.blank(), 100, 51);
        assert_eq!((points, faults), ([Some(100), None], vec![vec![], exceeded.clone()]));
        let (points, faults, _) = shared(&full, 101, 50);
        assert_eq!((points, faults), ([Some(100), Some(50)], vec![exceeded, vec![]]));
    }

    prop_compose! {
        /// A line of some criterion with some answer, which may be wrong.
        fn any_line(size: usize)(
            at in 0..size,
            answer in prop_oneof![
                (0_i64..=160).prop_map(|points| format!(r#"{{"points":{points}}}"#)),
                any::<bool>().prop_map(|achieved| format!(r#"{{"achieved":{achieved}}}"#)),
                (0_i64..=4).prop_map(|cases| format!(r#"{{"cases":{cases}}}"#)),
            ],
        ) -> (usize, String) {
            (at, answer)
        }
    }

    proptest! {
        /// Without lines that share points, it is the same as one write for each line, in any order.
        #[test]
        fn lines_written_each_are_those_written_one_after_another(
            given in proptest::collection::vec(any_line(28), 0..40),
        ) {
            let table = ScoringTable::of(&guideline());
            let mut lines: Vec<LineInput> = Vec::new();
            for (at, answer) in &given {
                let code = &table.criteria[*at].code;
                if lines.iter().all(|line| line.criterion_code != *code) {
                    lines.push(line(code, answer));
                }
            }
            let written = table.write_each(&table.blank(), &lines, Scorer::Unit);
            let mut singly = table.blank();
            for (line, faults) in lines.iter().zip(&written.faults) {
                match table.write(&singly, std::slice::from_ref(line), WriteMode::Update, Scorer::Unit) {
                    Ok(sheet) => {
                        prop_assert!(faults.is_empty(), "{} {faults:?}", line.criterion_code);
                        singly = sheet;
                    }
                    Err(expected) => {
                        let expected: Vec<Code> = expected.iter().map(|fault| fault.code).collect();
                        prop_assert_eq!(faults.iter().map(|fault| fault.code).collect::<Vec<_>>(), expected);
                    }
                }
            }
            prop_assert_eq!(&written.sheet, &singly);
            // Nothing is refused that a write of all together would accept.
            let together = table.write(&table.blank(), &lines, WriteMode::Update, Scorer::Unit);
            prop_assert_eq!(together.ok(), written.faults.iter().all(Vec::is_empty).then_some(written.sheet));
        }
    }
}
