//! From counts to the rows of the map.

use super::answer::{Channel, Coverage, Emotion, Pain, Stage, Touchpoint};
use super::feel::{Answers, Moments, Said, last_at};
use super::ground::{Ground, NO_CHANNEL, OTHER};
use super::opportunity;
use super::pain::cell_of;
use super::tally::Tally;
use super::walk::StageWaits;
use crate::base::stats::interval::wilson;

pub struct Drawn<'a, 'v> {
    pub ground: &'a Ground<'v>,
    pub waits: &'a [StageWaits],
    pub tally: &'a Tally,
    pub answers: &'a Answers<'v>,
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

impl Drawn<'_, '_> {
    pub fn coverage(&self) -> Coverage {
        let (ground, tally) = (self.ground, self.tally);
        let names = ground.view.store().touchpoints.iter().map(str::to_owned);
        let mut unmapped: Vec<(String, u64)> = names.zip(tally.unmapped.iter().copied()).collect();
        unmapped.retain(|(_, n)| *n > 0);
        unmapped.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let n_scored = self.answers.by_customer().count() as u64;
        Coverage {
            customers: ground.view.n_customers() as u64,
            mapped_customers: tally.mapped_customers,
            events: tally.mapped_events + unmapped.iter().map(|(_, n)| n).sum::<u64>(),
            mapped_events: tally.mapped_events,
            unmapped,
            scored_customers: (!self.answers.questions.is_empty()).then_some(n_scored),
        }
    }

    /// How it felt at each of some places.
    fn emotions(&self, n_places: usize, place: impl Fn(&Said) -> Option<usize>) -> Vec<Emotion> {
        let mut moments = vec![Moments::default(); n_places];
        last_at(self.answers, n_places, place, |at, said| moments[at].add(self.answers.emotion(said)));
        moments.iter().map(Moments::emotion).collect()
    }

    /// Events by stage.
    fn events_by_stage(&self) -> Vec<u64> {
        let n_slots = self.ground.channels.n_slots().max(1);
        let mut events = vec![0; self.ground.n_stages()];
        for (cell, (stage, _)) in self.ground.cells.iter().enumerate() {
            events[*stage as usize] += self.tally.events[cell * n_slots..][..n_slots].iter().sum::<u64>();
        }
        events
    }

    pub fn stages(&self) -> Vec<Stage> {
        let ground = self.ground;
        let plan = &ground.spec.plan;
        let emotions = self.emotions(ground.n_stages(), |said| said.is_attributed().then_some(said.stage as usize));
        let events = self.events_by_stage();
        let n_customers = ground.view.n_customers() as u64;
        let stage = |(idx, waits): (usize, &StageWaits)| {
            let planned = ground.planned_stage(idx);
            let can_move_on = !ground.is_last(idx) && waits.customers > 0;
            let text = |label: &super::plan::Label| label.text(&plan.language).map(str::to_owned);
            Stage {
                id: ground.stages.names[idx].clone(),
                label: planned.and_then(|planned| text(&planned.label)),
                goal: planned.and_then(|planned| text(&planned.goal)),
                owner: planned.and_then(|planned| planned.owner.clone()),
                customers: waits.customers,
                share: share(waits.customers, n_customers),
                moved_on: can_move_on.then_some(waits.moved_on),
                interval: if can_move_on { wilson(waits.moved_on, waits.customers) } else { None },
                completed_median_s: waits.completed_median_s,
                km_median_s: waits.km_median_s,
                km_interval_s: waits.km_interval_s,
                events: events[idx],
                emotion: emotions[idx],
                expected_emotion: planned.and_then(|planned| planned.expected_emotion),
                is_terminal: ground.stages.is_terminal[idx],
            }
        };
        self.waits.iter().enumerate().map(stage).collect()
    }

    pub fn touchpoints(&self, pains: Vec<Pain>, value: Option<f64>) -> Vec<Touchpoint> {
        let (ground, tally) = (self.ground, self.tally);
        let plan = &ground.spec.plan;
        let n_slots = ground.channels.n_slots();
        let emotions = self.emotions(ground.cells.len(), |said| said.is_attributed().then(|| cell_of(ground, said)));
        let by_stage = self.events_by_stage();
        let targets = opportunity::targets(ground);
        let mut rows = Vec::new();
        for (cell, pain) in pains.into_iter().enumerate() {
            let (stage, code) = (ground.cells[cell].0 as usize, ground.cells[cell].1);
            let id = ground.view.store().touchpoints.name(code);
            let planned = ground.planned_touchpoint(id);
            let faring = tally.of_cell(cell);
            let events = &tally.events[cell * n_slots.max(1)..][..n_slots.max(1)];
            let n_events: u64 = events.iter().sum();
            // What the filter left nothing of is shown only where it is planned.
            if n_events == 0 && planned.is_none() {
                continue;
            }
            let (label, owner) =
                (planned.and_then(|planned| planned.label.text(&plan.language)), planned.and_then(|p| p.owner.clone()));
            rows.push(Touchpoint {
                id: id.to_owned(),
                label: label.map(str::to_owned),
                stage: ground.stages.names[stage].clone(),
                stage_idx: stage,
                owner,
                valence: planned.map_or(0, |planned| planned.valence.signum()),
                is_goal: planned.is_some_and(|planned| planned.is_goal),
                customers: u64::from(faring.customers),
                events: n_events,
                share: share(n_events, by_stage[stage]),
                top_channel: self.top_channel(events),
                emotion: emotions[cell],
                opportunity: opportunity::of_cell(ground, tally, cell, &faring, targets[stage].as_ref(), value),
                pain,
            });
        }
        self.add_planned(&mut rows);
        let planned_place =
            |id: &str| plan.touchpoints.iter().position(|planned| planned.id == id).unwrap_or(plan.touchpoints.len());
        rows.sort_by(|a, b| {
            let by_plan = planned_place(&a.id).cmp(&planned_place(&b.id));
            let by_events = b.events.cmp(&a.events).then_with(|| a.id.cmp(&b.id));
            a.stage_idx.cmp(&b.stage_idx).then(by_plan).then(by_events)
        });
        rows
    }

    /// Planned touchpoints of the plan's stages that the data does not have at all.
    fn add_planned(&self, rows: &mut Vec<Touchpoint>) {
        let plan = &self.ground.spec.plan;
        if !self.ground.spec.stages.stage.is_empty() {
            return;
        }
        for planned in &plan.touchpoints {
            let stage = planned.stage.as_ref().and_then(|stage| self.ground.stage_named(stage).ok());
            let Some(stage_idx) = stage.filter(|_| !rows.iter().any(|row| row.id == planned.id)) else { continue };
            rows.push(Touchpoint {
                id: planned.id.clone(),
                label: planned.label.text(&plan.language).map(str::to_owned),
                stage: self.ground.stages.names[stage_idx].clone(),
                stage_idx,
                owner: planned.owner.clone(),
                valence: planned.valence.signum(),
                is_goal: planned.is_goal,
                ..Touchpoint::default()
            });
        }
    }

    /// The channel of most events; of equals the first by name.
    fn top_channel(&self, events: &[u64]) -> Option<(String, u64)> {
        let names = &self.ground.channels.names;
        let named = names.iter().zip(events).filter(|(name, n)| **n > 0 && *name != NO_CHANNEL && *name != OTHER);
        let top = named.max_by(|a, b| a.1.cmp(b.1).then_with(|| b.0.cmp(a.0)));
        top.map(|(name, n)| (name.clone(), *n))
    }

    pub fn channels(&self) -> Vec<Channel> {
        let (ground, tally) = (self.ground, self.tally);
        let n_slots = ground.channels.n_slots();
        let Some(slots) = ground.channels.reader(ground.view) else { return Vec::new() };
        let emotions = self.emotions(ground.n_stages() * n_slots, |said| {
            let slot = || slots.at(ground.view.row(said.touchpoint as usize));
            said.is_attributed().then(|| said.stage as usize * n_slots + slot())
        });
        let mut events = vec![0u64; ground.n_stages() * n_slots];
        for (cell, (stage, _)) in ground.cells.iter().enumerate() {
            for slot in 0..n_slots {
                events[*stage as usize * n_slots + slot] += tally.events[cell * n_slots + slot];
            }
        }
        let by_stage = self.events_by_stage();
        let plan = &ground.spec.plan;
        let mut rows = Vec::new();
        for (place, n_events) in events.iter().copied().enumerate().filter(|(_, n)| *n > 0) {
            let (stage, slot) = (place / n_slots, place % n_slots);
            let id = &ground.channels.names[slot];
            let planned = ground.planned_channel(id);
            rows.push(Channel {
                id: id.clone(),
                label: planned.and_then(|planned| planned.label.text(&plan.language)).map(str::to_owned),
                stage: ground.stages.names[stage].clone(),
                stage_idx: stage,
                customers: tally.channels[place],
                events: n_events,
                share: share(n_events, by_stage[stage]),
                emotion: emotions[place],
                ownership: planned.and_then(|planned| planned.ownership.clone()),
                media: planned.and_then(|planned| planned.media.clone()),
                control: planned.and_then(|planned| planned.control.clone()),
                cost: planned.and_then(|planned| planned.cost_per_contact).map(|cost| cost * n_events as f64),
            });
        }
        let planned_place =
            |id: &str| plan.channels.iter().position(|planned| planned.id == id).unwrap_or(plan.channels.len());
        rows.sort_by(|a, b| {
            let by_plan = planned_place(&a.id).cmp(&planned_place(&b.id));
            let by_events = b.events.cmp(&a.events).then_with(|| a.id.cmp(&b.id));
            a.stage_idx.cmp(&b.stage_idx).then(by_plan).then(by_events)
        });
        rows
    }
}
