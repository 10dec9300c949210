//! `Layer`: one level of a stack: a pane, what it asked, and the last answer; and the stack itself.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::event::{Event, Finding};
use super::pane::{Facts, Pane, Voices};
use super::sorting;
use crate::analysis::{self, Answer, Spec};
use crate::base::Zone;
use crate::base::ctl::Progress;
use crate::engine::Engine;
use crate::ingest::LoadReport;
use crate::job::{Fallen, Slot, Ticket};
use crate::table::Table;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerId(pub u64);

pub struct Layer {
    pub id: LayerId,
    pub pane: Box<dyn Pane>,
    asked: Option<Spec>,
    answered: Option<Spec>,
    answer: Option<Answer>,
    table: Option<Table>,
    /// The column that orders the rows, and whether downwards.
    sorted_by: Option<(usize, bool)>,
    order: Option<Vec<u32>>,
    /// What is wrong with the question; the last good answer stays.
    pub error: Option<String>,
    question: Slot,
    /// Sorting and finding, over the table of the answer.
    chore: Slot,
    /// What the pane listens to, and what was heard of it.
    listened: Option<Voices>,
    heard: Option<Table>,
    hearing: Slot,
    pub page: usize,
    pub is_zoomed: bool,
    /// The zone that times are shown in.
    pub zone: Zone,
    since: Instant,
    /// How long the last answer took.
    pub took: Duration,
}

impl Layer {
    pub fn new(id: LayerId, pane: Box<dyn Pane>, now: Instant) -> Self {
        Layer {
            id,
            pane,
            asked: None,
            answered: None,
            answer: None,
            table: None,
            sorted_by: None,
            order: None,
            error: None,
            question: Slot::new(),
            chore: Slot::new(),
            listened: None,
            heard: None,
            hearing: Slot::new(),
            page: 10,
            is_zoomed: false,
            zone: Zone::utc(),
            since: now,
            took: Duration::ZERO,
        }
    }

    pub fn facts<'a>(&'a self, report: Option<&'a LoadReport>) -> Facts<'a> {
        Facts {
            answer: self.answer.as_ref(),
            answered: self.answered.as_ref(),
            table: self.table.as_ref(),
            voices: self.heard.as_ref(),
            order: self.order.as_deref(),
            report,
            page: self.page,
            is_zoomed: self.is_zoomed,
            zone: &self.zone,
        }
    }

    /// The pane to change, and the facts to change it by.
    pub fn split<'a>(&'a mut self, report: Option<&'a LoadReport>) -> (&'a mut dyn Pane, Facts<'a>) {
        let facts = Facts {
            answer: self.answer.as_ref(),
            answered: self.answered.as_ref(),
            table: self.table.as_ref(),
            voices: self.heard.as_ref(),
            order: self.order.as_deref(),
            report,
            page: self.page,
            is_zoomed: self.is_zoomed,
            zone: &self.zone,
        };
        (&mut *self.pane, facts)
    }

    /// Asks what the pane wants to know, where that is not what was asked last.
    pub fn ask(&mut self, engine: &Arc<dyn Engine>, events: &Sender<Event>, now: Instant) {
        let wanted = self.pane.spec();
        if wanted == self.asked {
            self.listen(engine, events);
            return;
        }
        self.asked.clone_from(&wanted);
        self.error = None;
        self.since = now;
        let Some(spec) = wanted else {
            self.question.cancel();
            (self.answer, self.answered, self.table, self.order) = (None, None, None, None);
            return;
        };
        let (engine, events, id) = (Arc::clone(engine), events.clone(), self.id);
        self.question.start(
            move |ctl| Finding::Answer(Box::new(engine.answer(&spec, ctl))),
            move |ticket, finding| tell(&events, id, ticket, finding),
        );
    }

    /// Listens to what the pane wants to hear beside its answer, where that is not what it listens to.
    fn listen(&mut self, engine: &Arc<dyn Engine>, events: &Sender<Event>) {
        let wanted = self.pane.voices(&self.facts(None));
        if wanted == self.listened {
            return;
        }
        self.listened.clone_from(&wanted);
        self.heard = None;
        let Some(wanted) = wanted else {
            self.hearing.cancel();
            return;
        };
        let (engine, events, id) = (Arc::clone(engine), events.clone(), self.id);
        self.hearing.start(
            move |ctl| Finding::Voices(engine.voices(&wanted.of, &wanted.cell, &wanted.text, ctl).ok()),
            move |ticket, finding| tell(&events, id, ticket, finding),
        );
    }

    /// Asks again, because the data is other; what is on the screen stays until the answer comes.
    pub fn ask_of_other_data(&mut self) {
        self.question.cancel();
        self.chore.cancel();
        self.hearing.cancel();
        (self.asked, self.answered) = (None, None);
        (self.listened, self.heard) = (None, None);
        self.pane.data_changed();
    }

    /// Takes an answer; returns what to say about it.
    pub fn take(
        &mut self,
        ticket: Ticket,
        finding: Result<Finding, Fallen>,
        report: Option<&LoadReport>,
        events: &Sender<Event>,
        now: Instant,
    ) -> Option<String> {
        match finding {
            Ok(Finding::Answer(answer)) => {
                if self.question.accept(ticket) {
                    self.took = now.saturating_duration_since(self.since);
                    self.take_answer(*answer, events);
                    let (pane, facts) = self.split(report);
                    pane.arrived(&facts);
                }
                None
            }
            Ok(Finding::Order(order)) => {
                if self.chore.accept(ticket) && order.is_some() {
                    self.order = order;
                    let (pane, facts) = self.split(report);
                    pane.arrived(&facts);
                }
                None
            }
            Ok(Finding::Found(place)) => {
                if !self.chore.accept(ticket) {
                    return None;
                }
                let Some(place) = place else { return Some("not found".to_owned()) };
                let (pane, facts) = self.split(report);
                pane.found(place, &facts);
                None
            }
            Ok(Finding::Voices(heard)) => {
                if self.hearing.accept(ticket) {
                    self.heard = heard;
                }
                None
            }
            Err(fallen) => {
                if self.question.accept(ticket) {
                    self.error = Some(fallen.to_string());
                } else if self.chore.accept(ticket) {
                    return Some(fallen.to_string());
                }
                None
            }
        }
    }

    fn take_answer(&mut self, answer: Result<Answer, analysis::Error>, events: &Sender<Event>) {
        match answer {
            Ok(answer) => {
                self.table = match &answer {
                    // Their panes read the answer itself.
                    Answer::Profile(_) | Answer::Events(_) => None,
                    answer => answer.tables().into_iter().next(),
                };
                self.answer = Some(answer);
                self.answered.clone_from(&self.asked);
                self.error = None;
                self.order = None;
                if let Some((column, descending)) = self.sorted_by {
                    self.sort(column, descending, events);
                }
            }
            // Nobody waits for it; whoever cancelled asked something else.
            Err(analysis::Error::Cancelled(_)) => {}
            Err(err) => self.error = Some(err.to_string()),
        }
    }

    pub fn sort(&mut self, column: usize, descending: bool, events: &Sender<Event>) {
        let Some(table) = self.table.clone() else { return };
        self.sorted_by = Some((column, descending));
        let (events, id) = (events.clone(), self.id);
        self.chore.start(
            move |ctl| Finding::Order(sorting::order(&table, column, descending, ctl).ok()),
            move |ticket, finding| tell(&events, id, ticket, finding),
        );
    }

    pub fn unsort(&mut self, report: Option<&LoadReport>) {
        (self.sorted_by, self.order) = (None, None);
        let (pane, facts) = self.split(report);
        pane.arrived(&facts);
    }

    pub fn find(&mut self, text: String, behind: usize, events: &Sender<Event>) {
        let Some(table) = self.table.clone() else { return };
        let (order, events, id) = (self.order.clone(), events.clone(), self.id);
        self.chore.start(
            move |ctl| Finding::Found(sorting::find(&table, order.as_deref(), &text, behind, ctl).ok().flatten()),
            move |ticket, finding| tell(&events, id, ticket, finding),
        );
    }

    pub fn is_busy(&self) -> bool {
        self.question.is_running() || self.chore.is_running() || self.hearing.is_running()
    }

    /// How long the running question has been asked, and how far it is.
    pub fn waiting(&self, now: Instant) -> Option<(Duration, Option<f64>)> {
        let share = self.progress()?.share();
        Some((now.saturating_duration_since(self.since), share))
    }

    pub fn progress(&self) -> Option<Progress> {
        self.question.progress().or_else(|| self.chore.progress())
    }

    /// Whether the answer is to the question that is asked now.
    pub fn is_current(&self) -> bool {
        self.answered.is_some() && self.answered == self.asked
    }

    /// Stops what runs. A question that was stopped is asked again only when it changes.
    pub fn cancel(&mut self) -> bool {
        let was_busy = self.is_busy();
        self.question.cancel();
        self.chore.cancel();
        self.hearing.cancel();
        was_busy
    }

    /// Asks again what was stopped before it was answered.
    pub fn ask_again(&mut self) {
        if !self.is_busy() {
            self.asked.clone_from(&self.answered);
        }
    }
}

fn tell(events: &Sender<Event>, id: LayerId, ticket: Ticket, finding: Result<Finding, Fallen>) {
    // Nobody is left to tell once the loop has ended.
    let _ = events.send(Event::Done(id, ticket, Box::new(finding)));
}

/// Levels above each other; there is always one.
pub struct Stack {
    pub layers: Vec<Layer>,
}

impl Stack {
    pub fn new(bottom: Layer) -> Self {
        Stack { layers: vec![bottom] }
    }

    pub fn top(&self) -> &Layer {
        self.layers.last().expect("a stack has a bottom that is never popped")
    }

    pub fn top_mut(&mut self) -> &mut Layer {
        self.layers.last_mut().expect("a stack has a bottom that is never popped")
    }

    pub fn base_mut(&mut self) -> &mut Layer {
        &mut self.layers[0]
    }

    /// Takes the top away, unless it is the bottom.
    pub fn pop(&mut self) -> Option<Layer> {
        if self.layers.len() > 1 { self.layers.pop() } else { None }
    }
}
