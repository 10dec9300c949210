//! What stands behind the numbers: which cell a row is, what its visits have in common, and how many they are.

use super::{Behind, DwellPane, Panel};
use crate::analysis::dwell::{Bin, StageDwell};
use crate::tui::pane::Facts;
use crate::tui::words;

impl DwellPane {
    /// A number of the stage under the cursor; `None` while there is none.
    pub(super) fn behind_stage(&self, what: &str, facts: &Facts<'_>) -> Option<Behind> {
        let stage = self.stage(facts)?;
        let name = &stage.name;
        let (n, title) = match what {
            "visits" => (stage.visits, format!("Visits to {name}")),
            "customers" => (stage.customers, format!("Was in {name}")),
            "completed" => (stage.completed, format!("Moved on from {name}")),
            "open" => (stage.open, format!("Still in {name}")),
            "over" => {
                let limit = stage.limit?;
                (limit.over(), format!("Over {} in {name}", words::seconds(limit.limit_s)))
            }
            _ => (stage.reentries, format!("Came back to {name}")),
        };
        Some(self.of_value(format!("{name}:{what}"), title, n))
    }

    /// With the value of the breakdown that the numbers are about.
    fn of_value(&self, cell: String, title: String, n: u64) -> Behind {
        match &self.value {
            Some(value) => Behind { cell: format!("{cell}@{value}"), title: format!("{title} · {value}"), n },
            None => Behind { cell, title, n },
        }
    }

    /// The row under the cursor.
    pub(super) fn behind_cursor(&self, facts: &Facts<'_>) -> Option<Behind> {
        let stage = self.stage(facts)?;
        let (name, row) = (&stage.name, self.row(self.focus));
        match self.focus {
            Panel::Stages | Panel::Groups => self.behind_stage("visits", facts),
            Panel::Bins => {
                let bin = stage.histogram.get(row)?;
                if bin.completed == 0 && bin.open > 0 { self.open_bin(stage, facts) } else { self.ended_bin(stage) }
            }
            Panel::Curve => {
                let point = stage.curve.get(row)?;
                let title = format!("In {name} for at least {}", words::seconds(point.time));
                Some(self.of_value(format!("{name}~{}:at_risk", row + 1), title, point.at_risk))
            }
            Panel::Exits => match stage.exits.get(row) {
                Some(exit) => {
                    let title = match exit.to.as_str() {
                        "(left)" => format!("Left from {name}"),
                        to => format!("Went from {name} to {to}"),
                    };
                    Some(self.of_value(format!("{name}>{}", exit.to), title, exit.visits))
                }
                None => self.behind_stage("open", facts),
            },
            Panel::Tail => {
                let tail = self.tail(facts)?;
                let longer = words::seconds(tail.longer_than_s);
                match row.checked_sub(1) {
                    None => Some(Behind {
                        cell: format!("{name}:slow"),
                        title: format!("Longer than {longer} in {name}"),
                        n: tail.slow,
                    }),
                    Some(row) => {
                        let known = tail.traits.get(row)?;
                        Some(Behind {
                            cell: format!("{name}+{}:slow_with", known.text),
                            title: format!("Longer than {longer} in {name}: {}", known.text),
                            n: known.slow_with,
                        })
                    }
                }
            }
        }
    }

    /// Who is still there; on a bin, who has been there for so long.
    pub(super) fn behind_open(&self, facts: &Facts<'_>) -> Option<Behind> {
        if self.focus == Panel::Bins {
            return self.open_bin(self.stage(facts)?, facts);
        }
        self.behind_stage("open", facts)
    }

    fn ended_bin(&self, stage: &StageDwell) -> Option<Behind> {
        let row = self.row(Panel::Bins);
        let bin = stage.histogram.get(row)?;
        let title = format!("Moved on from {} after {}", stage.name, span_of(bin));
        Some(self.of_value(format!("{}#{}:completed", stage.name, row + 1), title, bin.completed))
    }

    fn open_bin(&self, stage: &StageDwell, _: &Facts<'_>) -> Option<Behind> {
        let row = self.row(Panel::Bins);
        let bin = stage.histogram.get(row)?;
        let title = format!("Still in {}, for {}", stage.name, span_of(bin));
        Some(self.of_value(format!("{}#{}:open", stage.name, row + 1), title, bin.open))
    }

    pub(super) fn value_at_cursor(&self, facts: &Facts<'_>) -> Option<String> {
        let stage = self.stage(facts)?;
        let row = self.row(self.focus);
        Some(match self.focus {
            Panel::Stages => stage.name.clone(),
            Panel::Bins => span_of(stage.histogram.get(row)?),
            Panel::Curve => words::seconds(stage.curve.get(row)?.time),
            Panel::Exits => stage.exits.get(row).map_or("(still there)".to_owned(), |exit| exit.to.clone()),
            Panel::Tail => match row.checked_sub(1) {
                Some(row) => self.tail(facts)?.traits.get(row)?.text.clone(),
                None => words::seconds(self.tail(facts)?.longer_than_s),
            },
            Panel::Groups => self.value.clone().unwrap_or_else(|| "(all)".to_owned()),
        })
    }
}

/// `2h–4h`
pub(super) fn span_of(bin: &Bin) -> String {
    format!("{}–{}", words::seconds(bin.from_s), words::seconds(bin.to_s))
}
