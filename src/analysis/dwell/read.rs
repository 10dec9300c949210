//! The stages of an answer, read some after others, so that the lengths of their visits need not all be kept at once.

use rayon::prelude::*;

use super::breakdown::Value;
use super::plan::Plan;
use super::spec::{DwellSpec, Part};
use super::stay::Stay;
use super::{Difference, Found, Group, StageDwell};
use crate::analysis::Error;
use crate::base::stats::adjust::benjamini_hochberg;
use crate::base::stats::survival::LogRank;
use crate::base::stats::waits::log_rank;
use crate::base::{Ctl, memory};

/// What has been read.
pub struct Read<'a> {
    plan: &'a Plan<'a>,
    spec: &'a DwellSpec,
    /// By stage, whether its slow visits are looked at.
    slow: &'a [bool],
    /// All stages of the answer, in its order.
    order: Vec<u32>,
    /// The values of the breakdown.
    labels: Vec<String>,
    stages: Vec<Stage>,
    pub unmapped: Vec<(String, u64)>,
    pub n_visitors: u64,
}

struct Stage {
    stage: u32,
    /// Of all, then of each value of the breakdown.
    groups: Vec<StageDwell>,
    /// Whether the values differ.
    test: Option<LogRank>,
    /// What is longer is slow, where slow visits are looked at.
    slow_above: Option<i64>,
}

impl<'a> Read<'a> {
    pub fn new(plan: &'a Plan<'a>, spec: &'a DwellSpec, slow: &'a [bool]) -> Self {
        let (order, labels, stages, unmapped) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Read { plan, spec, slow, order, labels, stages, unmapped, n_visitors: 0 }
    }

    /// Reads the stages that are kept.
    ///
    /// # Errors
    /// As `dwell`.
    pub fn pass(&mut self, value: Option<&Value>, kept: &[bool], ctl: &Ctl) -> Result<(), Error> {
        let found = Found::of(self.plan, value, kept, ctl)?;
        memory::give_back();
        self.order = found.order(self.plan);
        let here: Vec<u32> = self.order.iter().copied().filter(|stage| kept[*stage as usize]).collect();
        let groups = std::iter::once(None).chain((0..found.groups.labels.len()).map(Some));
        let stays: Vec<Vec<Stay>> = groups.map(|group| found.stays(&here, group)).collect();
        let read = |stay: &Stay| {
            ctl.check()?;
            stay.read(self.plan, self.spec)
        };
        let read_group = |stays: &Vec<Stay>| stays.par_iter().map(read).collect::<Result<Vec<StageDwell>, Error>>();
        let read = stays.par_iter().map(read_group).collect::<Result<Vec<_>, Error>>()?;
        ctl.check()?;
        let wants_tests = self.has_tests();
        let tests = (0..here.len())
            .into_par_iter()
            .map(|at| {
                ctl.check()?;
                let groups = || stays[1..].iter().map(|stays| stays[at].as_group()).collect::<Vec<_>>();
                Ok(if wants_tests { log_rank(&groups()) } else { None })
            })
            .collect::<Result<Vec<_>, Error>>()?;
        let mut groups: Vec<_> = read.into_iter().map(Vec::into_iter).collect();
        for ((stage, test), stay) in here.into_iter().zip(tests).zip(&stays[0]) {
            self.stages.push(Stage {
                stage,
                groups: groups.iter_mut().filter_map(Iterator::next).collect(),
                test,
                slow_above: if self.slow[stage as usize] { stay.slow_above(self.spec) } else { None },
            });
        }
        let place = |stage: &Stage| self.order.iter().position(|known| *known == stage.stage);
        self.stages.sort_by_key(place);
        self.unmapped = found.unmapped(self.plan);
        self.n_visitors = found.total.n_visitors;
        self.labels = found.groups.labels;
        Ok(())
    }

    fn has_tests(&self) -> bool {
        self.spec.breakdown.is_some() && self.spec.wants(Part::Survival)
    }

    /// Whether the groups differ, stage by stage.
    pub fn differences(&self) -> Vec<Difference> {
        if !self.has_tests() {
            return Vec::new();
        }
        let raw: Vec<f64> = self.stages.iter().filter_map(|stage| stage.test).map(|test| test.p).collect();
        let mut adjusted = benjamini_hochberg(&raw).into_iter();
        let difference = |stage: &Stage| Difference {
            stage: self.plan.names[stage.stage as usize].clone(),
            p_adj: if stage.test.is_some() { adjusted.next() } else { None },
            test: stage.test,
        };
        self.stages.iter().map(difference).collect()
    }

    /// By stage, what is longer is slow, where there is such a length.
    pub fn slow_above(&self) -> Vec<(u32, i64)> {
        self.stages.iter().filter_map(|stage| Some((stage.stage, stage.slow_above?))).collect()
    }

    pub fn into_groups(self) -> Vec<Group> {
        let values = std::iter::once(None).chain(self.labels.into_iter().map(Some));
        let mut groups: Vec<Group> = values.map(|value| Group { value, stages: Vec::new() }).collect();
        for stage in self.stages {
            groups.iter_mut().zip(stage.groups).for_each(|(group, of_group)| group.stages.push(of_group));
        }
        groups
    }
}
