//! What commands do to the app, and what is done with what was typed or chosen.

use super::{App, Leave, Outside};
use crate::analysis::{self, Answer, CustomersSpec, Spec};
use crate::base::Span;
use crate::job::{Fallen, Ticket};
use crate::journey::Step;
use crate::tui::cohort::Pin;
use crate::tui::command::{Action, AppAction, COMMANDS, EntryAction, of};
use crate::tui::complete::Source;
use crate::tui::event::Event;
use crate::tui::filter::{self, Which};
use crate::tui::layer::{Layer, LayerId};
use crate::tui::load::Stage;
use crate::tui::overlay::{Overlay, Page};
use crate::tui::pane::{Effect, Pane, Purpose};
use crate::tui::panes::customers::CustomersPane;
use crate::tui::picker::{Item, Picker};
use crate::tui::prompt::{Accepted, Prompt};
use crate::tui::screen::Screen;

impl App {
    /// Does a command, or says why it cannot be done.
    pub fn act(&mut self, action: Action) {
        if let Err(reason) = self.allows(action) {
            let name = of(action).map_or("", |command| command.name);
            self.say(format!("{name}: {reason}"));
            return;
        }
        match action {
            Action::App(action) => self.act_app(action),
            Action::Entry(action) => self.act_entry(action),
            action if self.is_opening() => self.act_opening(action),
            action => {
                let report = self.report.as_ref();
                let stack = self.stacks.get_mut(&self.screen).expect("every screen has a stack");
                let (pane, facts) = stack.top_mut().split(report);
                let effect = pane.update(action, &facts);
                self.carry_out(effect);
            }
        }
        self.remember();
    }

    fn act_app(&mut self, action: AppAction) {
        match action {
            AppAction::Go(screen) => self.go(screen),
            AppAction::Zoom => {
                let layer = self.stack_mut().top_mut();
                layer.is_zoomed = !layer.is_zoomed;
            }
            AppAction::Explain => self.explain(),
            AppAction::Back => {
                // A zoomed panel hides the others: the way back first shows them again.
                let is_zoomed = std::mem::take(&mut self.stack_mut().top_mut().is_zoomed);
                if !is_zoomed && !self.pop() {
                    self.screen = Screen::Home;
                }
            }
            AppAction::Help => self.open_help(),
            AppAction::Palette => self.open_palette(),
            AppAction::FilterEvents => self.ask_filter(Which::Events),
            AppAction::FilterCustomers => self.ask_filter(Which::Customers),
            AppAction::RemoveFilter => self.remove_filter(),
            AppAction::FilterTo => self.filter_by_cursor(true),
            AppAction::FilterOut => self.filter_by_cursor(false),
            AppAction::SessionGap => {
                let title = "Session gap — a new session starts after a gap longer than this";
                let text = self.scope.session_gap.to_string();
                self.ask_for(Prompt::new(Purpose::SessionGap, title, Source::Spans, text));
            }
            AppAction::Undo => self.undo(),
            AppAction::Redo => self.redo(),
            AppAction::HistoryBack => self.go_back_in_history(),
            AppAction::HistoryForward => self.go_forward_in_history(),
            AppAction::SaveCohort => self.ask_cohort_name(),
            AppAction::PinA => self.pin(Pin::A),
            AppAction::PinB => self.pin(Pin::B),
            AppAction::Cohorts => self.list_cohorts(Purpose::ChooseCohort),
            AppAction::LeaveOutCohort => self.list_cohorts(Purpose::WithoutCohort),
            AppAction::ForgetCohort => self.list_cohorts(Purpose::ForgetCohort),
            AppAction::CopyValue => self.copy_value(),
            AppAction::CopyIds => self.copy_ids(),
            AppAction::CopyCsv => self.copy_table("csv"),
            AppAction::CopyMarkdown => self.copy_table("md"),
            AppAction::CopyJson => self.copy_table("ndjson"),
            AppAction::CopyCommand => self.copy_command(),
            AppAction::Export => self.ask_export_format(),
            AppAction::SaveSteps => self.ask_steps_path(),
            AppAction::SaveView => self.ask_view_name(),
            AppAction::Steps => self.read_steps(),
            AppAction::Tasks => self.overlays.push(Overlay::Tasks(0)),
            AppAction::DataHealth => self.open_health(),
            AppAction::Change(setting) => self.change_setting(setting),
            AppAction::Settings => self.open_settings(),
            AppAction::Interrupt => self.interrupt(),
            AppAction::Redraw => {
                self.outside.push(Outside::Redraw);
                self.stack_mut().top_mut().ask_again();
            }
            AppAction::Suspend => self.outside.push(Outside::Suspend),
            AppAction::Quit => {
                self.leave = Some(match &self.stage {
                    Stage::Failed { message } => Leave::LoadFailed(message.clone()),
                    Stage::Loading { .. } | Stage::Ready => Leave::Quit,
                });
            }
            AppAction::CancelLoad => self.cancel_load(),
            AppAction::Retry | AppAction::ReadAll => self.load(),
            AppAction::OpenFile => self.open_files(),
            AppAction::MapColumns => self.map_columns(),
            AppAction::RestoreSession => self.restore_session(),
        }
    }

    /// Goes to a screen; from a deeper level of that screen, to its first.
    pub(super) fn go(&mut self, screen: Screen) {
        if self.screen == screen {
            while self.pop() {}
        }
        self.screen = screen;
    }

    fn interrupt(&mut self) {
        if self.is_opening() && self.overlays.is_empty() {
            self.interrupt_opening();
        } else if matches!(self.stage, Stage::Loading { .. }) {
            self.cancel_load();
        } else if self.trial.slot.is_running() {
            self.trial.slot.cancel();
            self.overlays.pop();
        } else if self.overlays.pop().is_some() {
        } else if self.stack_mut().top_mut().cancel() {
            self.say("stopped; ^L asks again");
        } else {
            self.say("nothing is being computed; q quits");
        }
    }

    fn act_entry(&mut self, action: EntryAction) {
        match action {
            EntryAction::Cancel => {
                self.overlays.pop();
                self.trial.slot.cancel();
            }
            EntryAction::Accept => self.accept(),
            EntryAction::Complete
            | EntryAction::Next
            | EntryAction::Previous
            | EntryAction::PageNext
            | EntryAction::PagePrevious
            | EntryAction::Mark => {
                let page = self.overlay_page;
                if let Some(overlay) = self.overlays.last_mut() {
                    overlay.update(action, page);
                }
                if action == EntryAction::Complete {
                    self.refresh_prompt();
                }
            }
        }
    }

    fn accept(&mut self) {
        match self.overlays.last_mut() {
            Some(Overlay::Prompt(prompt)) => match prompt.accept() {
                Accepted::Completed => self.refresh_prompt(),
                Accepted::Texts(texts) => {
                    let purpose = prompt.purpose;
                    self.entered(purpose, &texts);
                }
            },
            Some(Overlay::List(picker) | Overlay::Help(picker)) => {
                let (purpose, chosen) = (picker.purpose, picker.chosen().map(|item| item.value.clone()));
                self.overlays.pop();
                if let Some(value) = chosen {
                    self.entered(purpose, &[value]);
                }
            }
            Some(Overlay::Tasks(cursor)) => {
                let at = *cursor;
                self.stop_task(at);
            }
            Some(Overlay::Page(_)) | None => {}
        }
    }

    /// Takes what was typed or chosen to where it belongs.
    fn entered(&mut self, purpose: Purpose, texts: &[String]) {
        let text = texts.first().map_or("", String::as_str);
        let outcome = match purpose {
            Purpose::Command => {
                if let Some(command) = COMMANDS.iter().find(|command| command.name == text) {
                    self.act(command.action);
                }
                return;
            }
            Purpose::Setting => return self.chose_setting(text),
            Purpose::FilterEvents => return self.try_filter(Which::Events, text),
            Purpose::FilterCustomers => return self.try_filter(Which::Customers, text),
            Purpose::RemoveFilter => {
                self.drop_chip(text);
                Ok(None)
            }
            Purpose::SaveCohort => self.save_cohort(text).map(|()| None),
            Purpose::ChooseCohort | Purpose::WithoutCohort => {
                self.filter_to_cohort(text, purpose == Purpose::WithoutCohort);
                Ok(None)
            }
            Purpose::ForgetCohort => {
                self.forget_cohort(text);
                Ok(None)
            }
            Purpose::OpenHow => return self.open_how(text),
            Purpose::RestoreSession => {
                if text == "go-on" {
                    self.restore_session();
                }
                return;
            }
            Purpose::ColumnOfRole | Purpose::ZoneOfTimes | Purpose::FormatOfTimes => {
                return self.column_chosen(purpose, text);
            }
            Purpose::ExportFormat => {
                self.ask_export_path(text);
                return;
            }
            Purpose::ExportPath => match self.write_file(text) {
                Ok(()) => return,
                Err(message) => Err(message),
            },
            Purpose::ViewName => match self.save_view(text) {
                Ok(()) => return,
                Err(message) => Err(message),
            },
            Purpose::SessionGap => text.parse::<Span>().map_err(|err| err.to_string()).map(|gap| {
                self.set_scope(analysis::Scope { session_gap: gap, ..self.scope.clone() });
                None
            }),
            Purpose::AddStep
            | Purpose::EditStep
            | Purpose::Window
            | Purpose::AddStage
            | Purpose::EditStage
            | Purpose::Limit
            | Purpose::LeftAfter
            | Purpose::BetweenFrom
            | Purpose::BetweenTo
            | Purpose::Breakdown
            | Purpose::SortBy
            | Purpose::Cohorts(_)
            | Purpose::Map(_)
            | Purpose::Find
            | Purpose::Paths(_) => {
                let report = self.report.as_ref();
                let stack = self.stacks.get_mut(&self.screen).expect("every screen has a stack");
                let (pane, facts) = stack.top_mut().split(report);
                pane.entered(purpose, texts, &facts)
            }
        };
        match outcome {
            Ok(effect) => {
                self.close_prompt();
                self.carry_out(effect);
                self.remember();
            }
            Err(message) => self.show_in_prompt(message),
        }
    }

    pub(super) fn close_prompt(&mut self) {
        if matches!(self.overlays.last(), Some(Overlay::Prompt(_))) {
            self.overlays.pop();
        }
    }

    pub(super) fn show_in_prompt(&mut self, message: String) {
        match self.overlays.last_mut() {
            Some(Overlay::Prompt(prompt)) => {
                prompt.is_trying = false;
                prompt.error = Some(message);
            }
            _ => self.complain(message),
        }
    }

    pub(super) fn ask_for(&mut self, prompt: Prompt) {
        self.overlays.push(Overlay::Prompt(prompt));
        self.refresh_prompt();
    }

    fn ask_filter(&mut self, which: Which) {
        let (purpose, source, title) = match which {
            Which::Events => (
                Purpose::FilterEvents,
                Source::Events,
                "Keep only events for which — channel == \"web\" and value > 50",
            ),
            Which::Customers => (
                Purpose::FilterCustomers,
                Source::Customers,
                "Keep only customers for whom — did(cart) and journey.events > 3",
            ),
        };
        let text = which.of(&self.scope).unwrap_or_default().to_owned();
        self.ask_for(Prompt::new(purpose, title, source, text));
    }

    /// Tries a filter on the data before it is applied: a mistake shows in the prompt, and the screen stays as it is.
    fn try_filter(&mut self, which: Which, text: &str) {
        let scope = which.set(&self.scope, text);
        if which.of(&scope).is_none() || scope == self.scope {
            self.close_prompt();
            self.set_scope(scope);
            self.remember();
            return;
        }
        let Some(engine) = self.engine.clone() else { return };
        if let Some(Overlay::Prompt(prompt)) = self.overlays.last_mut() {
            prompt.is_trying = true;
            prompt.error = None;
        }
        self.trial.scope = scope.clone();
        let events = self.events.clone();
        let spec = Spec::Customers(CustomersSpec { scope, ..CustomersSpec::default() });
        self.trial.slot.start(
            move |ctl| {
                engine.answer(&spec, ctl).map(|answer| match answer {
                    Answer::Customers(answer) => answer.ids.len() as u64,
                    _ => 0,
                })
            },
            move |ticket, outcome| {
                let _ = events.send(Event::Tried(ticket, outcome));
            },
        );
    }

    pub(super) fn tried(&mut self, ticket: Ticket, outcome: Result<Result<u64, analysis::Error>, Fallen>) {
        if !self.trial.slot.accept(ticket) {
            return;
        }
        match outcome {
            Ok(Ok(n)) => {
                self.close_prompt();
                self.count((self.trial.scope.clone(), n));
                self.set_scope(self.trial.scope.clone());
                self.remember();
                let n = crate::tui::words::things(n, "customer");
                self.say(format!("the filter leaves {n}; x removes it, u undoes"));
            }
            Ok(Err(analysis::Error::Cancelled(_))) => self.close_prompt(),
            Ok(Err(err)) => self.show_in_prompt(err.to_string()),
            Err(fallen) => self.show_in_prompt(fallen.to_string()),
        }
    }

    fn remove_filter(&mut self) {
        let chips = filter::chips(&self.scope, &self.cohorts);
        if let [chip] = &chips[..] {
            self.drop_chip(&chip.clone());
            self.say("filter removed; u brings it back");
            return;
        }
        let items = chips.into_iter().map(|chip| Item { label: chip.clone(), value: chip, ..Item::default() });
        self.overlays.push(Overlay::List(Picker::new(Purpose::RemoveFilter, "Remove a filter", items.collect())));
    }

    fn drop_chip(&mut self, chip: &str) {
        self.set_scope(filter::without_chip(&self.scope, chip, &self.cohorts));
    }

    /// Shows the steps that were taken, the newest last.
    fn read_steps(&mut self) {
        let steps = self.steps_taken();
        let mut lines: Vec<String> = steps.iter().enumerate().map(|(i, step)| format!("  {}  {step}", i + 1)).collect();
        if lines.is_empty() {
            lines.push("  none yet".to_owned());
        }
        lines.insert(0, "u takes the last one back, U brings it again; g s writes them as a shell script".to_owned());
        self.overlays.push(Overlay::Page(Page::new("[g u] Steps you took".to_owned(), lines)));
    }

    fn filter_by_cursor(&mut self, is_kept: bool) {
        let layer = self.top();
        let Some(condition) = layer.pane.condition_under_cursor(&layer.facts(self.report.as_ref())) else { return };
        let expression = filter::both(self.scope.events.as_deref(), &condition.expression(is_kept));
        self.set_scope(Which::Events.set(&self.scope, &expression));
    }

    fn push(&mut self, pane: Box<dyn Pane>) {
        let layer = Layer::new(LayerId(self.layers_made), pane, self.now);
        self.layers_made += 1;
        self.stack_mut().layers.push(layer);
    }

    fn carry_out(&mut self, effect: Option<Effect>) {
        let Some(effect) = effect else { return };
        match effect {
            Effect::Push(pane) => self.push(pane),
            Effect::Ask(prompt) => self.ask_for(prompt),
            Effect::Pick(picker) => self.overlays.push(Overlay::List(picker)),
            Effect::PickBreakdown(current) => self.pick_breakdown(current.as_deref()),
            Effect::Read(title, lines) => self.overlays.push(Overlay::Page(Page::new(title, lines))),
            Effect::Say(text) => self.say(text),
            Effect::Sort { column, descending } => {
                let events = self.events.clone();
                self.stack_mut().top_mut().sort(column, descending, &events);
            }
            Effect::Unsort => {
                let report = self.report.as_ref();
                self.stacks.get_mut(&self.screen).expect("every screen has a stack").top_mut().unsort(report);
            }
            Effect::Find { text, behind } => {
                let events = self.events.clone();
                self.stack_mut().top_mut().find(text, behind, &events);
            }
            Effect::Neighbour(by) => self.neighbour(by),
            Effect::WhoHad(event) => {
                let title = format!("Had {event}");
                let pane = CustomersPane::who(format!("did({})", Step::named(&event)), title, &self.scope);
                self.push(Box::new(pane));
            }
            Effect::OpenFunnel(names) => {
                self.screen = Screen::Funnel;
                while self.pop() {}
                if let Some(funnel) = self.stack_mut().base_mut().pane.as_funnel() {
                    funnel.set_steps(&names);
                }
            }
            Effect::AddToFunnel(name) => self.add_to_funnel(&name),
            Effect::OpenCustomers => self.go(Screen::Customers),
            Effect::OpenHealth => self.open_health(),
            Effect::TakeDwellStages => self.take_dwell_stages(),
            Effect::FilterCustomersTo(expression) => self.try_filter(Which::Customers, &expression),
        }
    }

    fn add_to_funnel(&mut self, name: &str) {
        let stack = self.stacks.get_mut(&Screen::Funnel).expect("every screen has a stack");
        let Some(funnel) = stack.base_mut().pane.as_funnel() else { return };
        funnel.add_event(name);
        let steps: Vec<String> = funnel.spec.steps.iter().map(ToString::to_string).collect();
        self.say(format!("funnel: {} · 2 opens it", steps.join(" → ")));
    }

    /// The customer before or after this one in the list below.
    fn neighbour(&mut self, by: isize) {
        let report = self.report.as_ref();
        let stack = self.stacks.get_mut(&self.screen).expect("every screen has a stack");
        let [.., below, top] = &mut stack.layers[..] else { return };
        let (list, facts) = below.split(report);
        match list.step_to_customer(by, &facts) {
            Some(name) => top.pane.follow(name),
            None => self.say(if by > 0 { "this is the last customer" } else { "this is the first customer" }),
        }
    }

    fn pick_breakdown(&mut self, current: Option<&str>) {
        if self.vocabulary.columns.is_empty() {
            self.say("break-down: the data has no column to break down by");
            return;
        }
        let none = Item { label: "none".to_owned(), detail: "no breakdown".to_owned(), ..Item::default() };
        let columns = self.vocabulary.columns.iter().map(|column| Item {
            label: column.clone(),
            value: column.clone(),
            detail: if current == Some(column) { "now".to_owned() } else { String::new() },
            ..Item::default()
        });
        let items: Vec<Item> = std::iter::once(none).chain(columns).collect();
        let first = self.vocabulary.columns.first().map_or("", String::as_str);
        let picker = Picker::new(Purpose::Breakdown, "Break down by", items).at(current.unwrap_or(first));
        self.overlays.push(Overlay::List(picker));
    }
}
