//! What hurts: the components of every touchpoint's pain, its rank, and how far the rank can be trusted.
//!
//! * V: customers who met the touchpoint.
//! * L: the share of those who were lost, less that share of all in the stage, at least 0. Both are of the mature: those who
//!   entered the stage so early that nine of ten of the customers who moved on had done so in that time.
//! * N: the share of negative signals, drawn towards that of all touchpoints by 20 of them. A signal is a customer's last
//!   score about the touchpoint, negative below the middle of its scale; where the plan calls the touchpoint good or bad news,
//!   every customer without a score is a signal of that kind.
//! * D: of those who met it and moved on, the share that took longer than the stage's median; 0 at one half, 3 at all of them.
//! * R: how often on average a customer met it again; not said of a touchpoint most of whose events are answers, because to
//!   ask somebody often is no loop of theirs.
//!
//! A component that is not known is left out of the product, as if it were 0.

use rayon::prelude::*;

use super::answer::Pain;
use super::feel::{Answers, last_at};
use super::ground::Ground;
use super::spec::ScoreAt;
use super::tally::{Judge, Tally, group};
use crate::analysis::stages::UNMAPPED;
use crate::base::stats::bootstrap::Random;
use crate::base::{Cancelled, Ctl};

/// As many signals of the whole weigh with each touchpoint's own.
const SHRINK: f64 = 20.0;
const MOST: f64 = 3.0;

/// What pain is made of; counts, or counts as a resample weighs them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sums {
    pub customers: f64,
    pub events: f64,
    pub mature: f64,
    pub lost: f64,
    pub moved_on: f64,
    pub slow: f64,
    pub signals: f64,
    pub negative: f64,
}

/// What a touchpoint is compared with: the mature and the lost of its stage, and the negative share of all signals.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usual {
    pub mature: f64,
    pub lost: f64,
    pub negative: Option<f64>,
    /// Most of its events are answers.
    pub is_survey: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Components {
    pub loss: Option<f64>,
    pub negative: Option<f64>,
    pub dwell: Option<f64>,
    pub loops: Option<f64>,
}

impl Components {
    pub fn new(sums: &Sums, usual: &Usual) -> Self {
        let share = |part: f64, whole: f64| if whole > 0.0 { Some(part / whole) } else { None };
        let lost = share(sums.lost, sums.mature).zip(share(usual.lost, usual.mature));
        let negative = usual.negative.filter(|_| sums.signals > 0.0);
        Components {
            loss: lost.map(|(own, of_stage)| (own - of_stage).clamp(0.0, 1.0)),
            negative: negative.map(|all| (sums.negative + SHRINK * all) / (sums.signals + SHRINK)),
            dwell: share(sums.slow, sums.moved_on).map(|slow| MOST * (2.0 * slow - 1.0).max(0.0)),
            loops: share(sums.events, sums.customers)
                .filter(|_| !usual.is_survey)
                .map(|met| (met - 1.0).clamp(0.0, MOST)),
        }
    }

    /// 0 to 1; `None` where nothing is known.
    pub fn severity(&self) -> Option<f64> {
        let Components { loss, negative, dwell, loops } = *self;
        loss.or(negative).or(dwell).or(loops)?;
        let unhurt = |component: Option<f64>, weight: f64| 1.0 - weight * component.unwrap_or(0.0);
        let factors = unhurt(loss, 1.0) * unhurt(negative, 0.5) * unhurt(dwell, 0.3 / MOST) * unhurt(loops, 0.3 / MOST);
        Some(1.0 - factors)
    }
}

/// Signals by cell and group: how many, and how many of them negative.
struct Signals {
    by_group: Vec<(u32, u32)>,
    is_any: bool,
    /// By cell: whether most of its events are answers.
    is_survey: Vec<bool>,
}

impl Signals {
    fn new(ground: &Ground, answers: &Answers, tally: &Tally) -> Self {
        let (n_cells, n_groups) = (ground.cells.len(), tally.n_groups);
        let mut by_group = vec![(0u32, 0u32); n_cells * n_groups];
        let mut is_any = false;
        let cell_of = |said: &super::feel::Said| said.is_attributed().then(|| cell_of(ground, said));
        last_at(answers, n_cells, cell_of, |cell, said| {
            is_any = true;
            let signals = &mut by_group[cell * n_groups + group(ground.view.store(), said.customer, n_groups)];
            signals.0 += 1;
            signals.1 += u32::from(answers.emotion(said) < 0.0);
        });
        for cell in 0..n_cells {
            let valence = valence(ground, cell);
            if valence == 0 {
                continue;
            }
            let groups = cell * n_groups..(cell + 1) * n_groups;
            for (signals, faring) in by_group[groups.clone()].iter_mut().zip(&tally.faring[groups]) {
                let silent = faring.customers.saturating_sub(signals.0);
                is_any |= silent > 0;
                signals.0 += silent;
                signals.1 += if valence < 0 { silent } else { 0 };
            }
        }
        let n_answers = answers_by_cell(ground, answers);
        let is_survey = (0..n_cells).map(|cell| 2 * n_answers[cell] > u64::from(tally.of_cell(cell).events)).collect();
        Signals { by_group, is_any, is_survey }
    }
}

/// How many events of each cell are answers about something before them.
fn answers_by_cell(ground: &Ground, answers: &Answers) -> Vec<u64> {
    let mut n_of_cell = vec![0; ground.cells.len()];
    if ground.spec.score_at == ScoreAt::Event {
        return n_of_cell;
    }
    for said in &answers.said {
        let code = ground.view.codes().get(said.position as usize) as usize;
        let stage = ground.stage_at(code, said.position as usize);
        if stage != UNMAPPED {
            n_of_cell[ground.cell(stage, code)] += 1;
        }
    }
    n_of_cell
}

/// The cell of the touchpoint that an attributed answer speaks of.
pub fn cell_of(ground: &Ground, said: &super::feel::Said) -> usize {
    ground.cell(said.stage, ground.view.codes().get(said.touchpoint as usize) as usize)
}

/// Whether a touchpoint is bad news (−1), good news (1), or neither.
pub fn valence(ground: &Ground, cell: usize) -> i8 {
    let name = ground.view.store().touchpoints.name(ground.cells[cell].1);
    ground.planned_touchpoint(name).map_or(0, |planned| planned.valence.signum())
}

/// The pains of all cells.
///
/// # Errors
/// `Cancelled`.
pub fn pains(
    ground: &Ground,
    tally: &Tally,
    judges: &[Judge],
    answers: &Answers,
    ctl: &Ctl,
) -> Result<Vec<Pain>, Cancelled> {
    let signals = Signals::new(ground, answers, tally);
    let all = Weighted { ground, tally, judges, signals: &signals };
    let whole = all.sums(None);
    let mut pains: Vec<Pain> = whole.iter().map(|(sums, usual)| read(sums, usual)).collect();
    for (at, pain) in pains.iter_mut().enumerate() {
        pain.again = tally.again[at];
    }
    for (rank, at) in ranked(&whole).into_iter().enumerate() {
        pains[at].rank = Some(rank as u32 + 1);
    }
    let shown: Vec<usize> = (0..pains.len()).filter(|at| pains[*at].rank.is_some()).collect();
    if ground.spec.resamples > 0 && !shown.is_empty() {
        let ranks = all.resampled_ranks(&shown, ctl)?;
        for (at, interval) in shown.into_iter().zip(ranks) {
            pains[at].rank_interval = Some(interval);
        }
    }
    Ok(pains)
}

fn read(sums: &Sums, usual: &Usual) -> Pain {
    let components = Components::new(sums, usual);
    let severity = components.severity();
    Pain {
        reach: sums.customers as u64,
        loss: components.loss,
        mature: sums.mature as u64,
        lost: sums.lost as u64,
        negative: components.negative,
        n_negative: sums.negative as u64,
        n_signals: sums.signals as u64,
        dwell: components.dwell,
        moved_on: sums.moved_on as u64,
        slow: sums.slow as u64,
        loops: components.loops,
        severity,
        pain: severity.map(|severity| sums.customers * severity),
        ..Pain::default()
    }
}

/// Differences below this are rounding.
const NOTHING: f64 = 1e-9;

/// The cells that hurt, worst first; ties by the place in the map.
fn ranked(cells: &[(Sums, Usual)]) -> Vec<usize> {
    let pain = |(sums, usual): &(Sums, Usual)| sums.customers * Components::new(sums, usual).severity().unwrap_or(0.0);
    let pains: Vec<f64> = cells.iter().map(pain).collect();
    let mut order: Vec<usize> = (0..cells.len()).filter(|at| pains[*at] > NOTHING).collect();
    order.sort_by(|a, b| pains[*b].total_cmp(&pains[*a]).then(a.cmp(b)));
    order
}

/// Everything that pain is made of, by groups of customers.
struct Weighted<'a> {
    ground: &'a Ground<'a>,
    tally: &'a Tally,
    judges: &'a [Judge],
    signals: &'a Signals,
}

impl Weighted<'_> {
    /// The sums of every cell, each group as often as it was drawn; once without weights.
    fn sums(&self, weights: Option<&[f64]>) -> Vec<(Sums, Usual)> {
        let n_groups = self.tally.n_groups;
        let weight = |group: usize| weights.map_or(1.0, |weights| weights[group]);
        let usual_of_stage = |stage: usize| {
            let groups = &self.tally.stages[stage * n_groups..][..n_groups];
            groups.iter().enumerate().fold((0.0, 0.0), |(mature, lost), (group, sums)| {
                (mature + weight(group) * f64::from(sums.0), lost + weight(group) * f64::from(sums.1))
            })
        };
        let stages: Vec<(f64, f64)> = (0..self.ground.n_stages()).map(usual_of_stage).collect();
        let mut cells: Vec<(Sums, Usual)> = (0..self.ground.cells.len())
            .map(|cell| {
                let stage = self.ground.cells[cell].0 as usize;
                let is_survey = self.signals.is_survey[cell];
                let usual = Usual { mature: stages[stage].0, lost: stages[stage].1, negative: None, is_survey };
                let mut sums = Sums::default();
                let groups = self.tally.faring[cell * n_groups..][..n_groups].iter();
                for (group, (faring, signals)) in
                    groups.zip(&self.signals.by_group[cell * n_groups..][..n_groups]).enumerate()
                {
                    let times = weight(group);
                    sums.customers += times * f64::from(faring.customers);
                    sums.events += times * f64::from(faring.events);
                    sums.mature += times * f64::from(faring.mature);
                    sums.lost += times * f64::from(faring.lost);
                    sums.moved_on += times * f64::from(faring.moved_on);
                    sums.slow += times * f64::from(faring.slow);
                    sums.signals += times * f64::from(signals.0);
                    sums.negative += times * f64::from(signals.1);
                }
                if !self.judges[stage].can_lose {
                    (sums.moved_on, sums.slow) = (0.0, 0.0);
                }
                (sums, usual)
            })
            .collect();
        if self.signals.is_any {
            let (signals, negative) =
                cells.iter().fold((0.0, 0.0), |(n, bad), (sums, _)| (n + sums.signals, bad + sums.negative));
            let share = if signals > 0.0 { Some(negative / signals) } else { None };
            cells.iter_mut().for_each(|(_, usual)| usual.negative = share);
        }
        cells
    }

    /// The ranks that 95 % of the resamples give to these cells; behind all others where a cell does not hurt in one.
    fn resampled_ranks(&self, shown: &[usize], ctl: &Ctl) -> Result<Vec<(u32, u32)>, Cancelled> {
        let (n_groups, spec) = (self.tally.n_groups, self.ground.spec);
        let draws: Vec<Vec<u32>> = (0..u64::from(spec.resamples))
            .into_par_iter()
            .map(|draw| {
                ctl.check()?;
                let mut random = Random::new(spec.seed.wrapping_add(draw.wrapping_mul(0x9E37_79B9_7F4A_7C15)));
                // Draws with neighbouring seeds start from states that are neighbours too; one step takes them apart.
                random.uniform();
                let mut weights = vec![0.0; n_groups];
                for _ in 0..n_groups {
                    weights[((random.uniform() * n_groups as f64) as usize).min(n_groups - 1)] += 1.0;
                }
                let order = ranked(&self.sums(Some(&weights)));
                let mut ranks = vec![order.len() as u32 + 1; self.ground.cells.len()];
                order.iter().enumerate().for_each(|(rank, at)| ranks[*at] = rank as u32 + 1);
                Ok(shown.iter().map(|at| ranks[*at]).collect())
            })
            .collect::<Result<_, Cancelled>>()?;
        let interval = |at: usize| {
            let mut ranks: Vec<u32> = draws.iter().map(|draw| draw[at]).collect();
            ranks.sort_unstable();
            let at_share = |share: f64| ranks[(share * (ranks.len() - 1) as f64).round() as usize];
            (at_share(0.025), at_share(0.975))
        };
        Ok((0..shown.len()).map(interval).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severity_multiplies_what_is_left_unhurt() {
        let all = Components { loss: Some(0.2), negative: Some(0.5), dwell: Some(1.5), loops: Some(3.0) };
        let expect = 1.0 - 0.8 * 0.75 * 0.85 * 0.7;
        assert!((all.severity().expect("known") - expect).abs() < 1e-12);
        let only = Components { loops: Some(3.0), ..Components::default() };
        assert!((only.severity().expect("known") - 0.3).abs() < 1e-12);
        assert_eq!(Components::default().severity(), None);
    }

    #[test]
    fn components_compare_with_the_stage_and_with_all_signals() {
        let sums = Sums {
            customers: 100.0,
            events: 150.0,
            mature: 80.0,
            lost: 48.0,
            moved_on: 40.0,
            slow: 30.0,
            signals: 20.0,
            negative: 14.0,
        };
        let usual = Usual { mature: 1_000.0, lost: 400.0, negative: Some(0.1), is_survey: false };
        let found = Components::new(&sums, &usual);
        let near =
            |found: Option<f64>, expect: f64| assert!((found.expect("known") - expect).abs() < 1e-12, "{found:?}");
        near(found.loss, 0.2);
        near(found.negative, 16.0 / 40.0);
        near(found.dwell, 1.5);
        near(found.loops, 0.5);
        assert_eq!(Components::new(&sums, &Usual { is_survey: true, ..usual }).loops, None);
        let nobody = Components::new(&Sums::default(), &usual);
        assert_eq!(nobody, Components::default());
    }
}
