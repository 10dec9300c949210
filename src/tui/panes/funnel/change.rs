//! Changes of the funnel's question by single keys.

use super::{Corner, Focus, FunnelAction, FunnelPane};
use crate::analysis::funnel::{Order, Unit};
use crate::tui::pane::Effect;

impl FunnelPane {
    pub(super) fn change(&mut self, action: FunnelAction) -> Option<Effect> {
        match action {
            FunnelAction::DropStep => {
                self.spec.steps.remove(self.cursor);
                self.cursor = self.cursor.min(self.n_steps().saturating_sub(1));
                None
            }
            FunnelAction::MoveEarlier => {
                self.spec.steps.swap(self.cursor, self.cursor - 1);
                self.cursor -= 1;
                None
            }
            FunnelAction::MoveLater => {
                self.spec.steps.swap(self.cursor, self.cursor + 1);
                self.cursor += 1;
                None
            }
            FunnelAction::NextOrder => {
                let (order, meaning) = match self.spec.order {
                    Order::Ordered => (Order::Strict, "strict: in order, nothing between"),
                    Order::Strict => (Order::Any, "any: in any order"),
                    Order::Any => (Order::Ordered, "ordered: other events may stand between"),
                };
                self.spec.order = order;
                Some(Effect::Say(meaning.to_owned()))
            }
            FunnelAction::NextUnit => {
                let (unit, meaning) = match self.spec.unit {
                    Unit::Customers => (Unit::Sessions, "counting sessions; the window is the session"),
                    Unit::Sessions => (Unit::Attempts, "counting attempts that do not overlap"),
                    Unit::Attempts => (Unit::Customers, "counting customers"),
                };
                self.spec.unit = unit;
                Some(Effect::Say(meaning.to_owned()))
            }
            FunnelAction::ToggleOptional => {
                let step = &mut self.spec.steps[self.cursor];
                step.optional = !step.optional;
                None
            }
            FunnelAction::ToggleMature => {
                self.spec.mature = !self.spec.mature;
                let meaning = if self.spec.mature { "left out of" } else { "counted in" };
                Some(Effect::Say(format!("those who may still convert are {meaning} the shares")))
            }
            FunnelAction::ToggleFirstTime => {
                self.spec.first_time = !self.spec.first_time;
                let which = if self.spec.first_time { "only the first event ever" } else { "any event" };
                Some(Effect::Say(format!("{which} of step 1 starts a funnel")))
            }
            FunnelAction::Clear => {
                self.spec.steps.clear();
                self.cursor = 0;
                None
            }
            FunnelAction::NextView => {
                self.corner = if self.corner == Corner::Times { Corner::Groups } else { Corner::Times };
                if self.corner == Corner::Times {
                    self.focus = Focus::Steps;
                }
                None
            }
            FunnelAction::AddStep
            | FunnelAction::EditStep
            | FunnelAction::SetWindow
            | FunnelAction::Breakdown
            | FunnelAction::ListDropped
            | FunnelAction::ListConverted
            | FunnelAction::Paths
            | FunnelAction::ListOpen => None,
        }
    }
}
