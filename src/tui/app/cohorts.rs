//! Saving groups of customers, pinning two of them to be compared, and filtering to them.

use super::App;
use crate::analysis::Among;
use crate::tui::cohort::{Cohort, Pin, narrowed};
use crate::tui::complete::Source;
use crate::tui::overlay::Overlay;
use crate::tui::pane::{Group, Purpose};
use crate::tui::picker::{Item, Picker};
use crate::tui::prompt::Prompt;
use crate::tui::words;

impl App {
    /// The group under the cursor.
    ///
    /// # Errors
    /// Why there is none, in words that follow a command's name.
    pub(super) fn group(&self) -> Result<Group, &'static str> {
        let layer = self.top();
        layer.pane.group(&layer.facts(self.report.as_ref()))
    }

    /// Asks under which name to save the group under the cursor.
    pub(super) fn ask_cohort_name(&mut self) {
        let Ok(group) = self.group() else { return };
        let title = format!("Save {} as a cohort named", words::things(group.size, "customer"));
        self.ask_for(Prompt::new(Purpose::SaveCohort, title, Source::Nothing, group.title));
    }

    /// # Errors
    /// The name is empty, or the group is gone.
    pub(super) fn save_cohort(&mut self, name: &str) -> Result<(), String> {
        let name = name.trim();
        if name.is_empty() {
            return Err("a cohort needs a name".to_owned());
        }
        let group = self.group().map_err(str::to_owned)?;
        let size = words::things(group.size, "customer");
        self.cohorts.save(Cohort { name: name.to_owned(), among: group.among, size: group.size });
        self.say(format!("saved {name}: {size} · g c lists cohorts"));
        Ok(())
    }

    pub(super) fn pin(&mut self, pin: Pin) {
        let Ok(group) = self.group() else { return };
        let said = format!("{} is {}: {}", pin.name(), group.title, words::things(group.size, "customer"));
        self.cohorts.pin(pin, Cohort { name: group.title, among: group.among, size: group.size });
        for stack in self.stacks.values_mut() {
            stack.base_mut().pane.set_pins(self.cohorts.a.as_ref(), self.cohorts.b.as_ref());
        }
        let other = match pin {
            Pin::A if self.cohorts.b.is_none() => " · M pins B",
            Pin::B if self.cohorts.a.is_none() => " · m pins A",
            Pin::A | Pin::B => "",
        };
        self.say(format!("{said}{other}"));
    }

    /// Lists the cohorts, to do something with one of them.
    pub(super) fn list_cohorts(&mut self, purpose: Purpose) {
        let title = match purpose {
            Purpose::ForgetCohort => "Forget a cohort",
            Purpose::WithoutCohort => "Leave out the customers of a cohort",
            _ => "[g c] Cohorts — ⏎ keeps only its customers",
        };
        let saved_only = purpose == Purpose::ForgetCohort;
        let items = self.cohorts.all().filter(|(pin, _)| !saved_only || pin.is_none()).map(|(pin, cohort)| Item {
            label: match pin {
                Some(pin) => format!("{} {}", pin.name(), cohort.name),
                None => cohort.name.clone(),
            },
            detail: words::things(cohort.size, "customer"),
            value: pin.map_or_else(|| cohort.name.clone(), |pin| format!("\0{}", pin.name())),
            ..Item::default()
        });
        let mut picker = Picker::new(purpose, title, items.collect());
        picker.notes = vec!["Filters do not change who is in a cohort. C saves the group under the cursor.".to_owned()];
        self.overlays.push(Overlay::List(picker));
    }

    /// The cohort that was chosen in a list: a name, or a pin behind a mark that no name has.
    fn chosen(&self, value: &str) -> Option<Among> {
        let cohort = match value {
            "\0A" => self.cohorts.a.as_ref(),
            "\0B" => self.cohorts.b.as_ref(),
            name => self.cohorts.find(name),
        };
        cohort.map(|cohort| cohort.among.clone())
    }

    pub(super) fn filter_to_cohort(&mut self, value: &str, is_without: bool) {
        let Some(among) = self.chosen(value) else { return };
        let among = if is_without { among.without() } else { among };
        let said = self.cohorts.chip(&among);
        self.set_scope(narrowed(&self.scope, &among));
        self.say(format!("only customers {said}; x removes it, u undoes"));
    }

    pub(super) fn forget_cohort(&mut self, name: &str) {
        self.cohorts.forget(name);
        self.say(format!("forgot {name}"));
    }
}
