//! What is left of an analysis when it is asked of other data: everything whose names are there too.

use crate::analysis::{Among, CustomersSpec, FunnelSpec, Scope, Spec};
use crate::base::Ctl;
use crate::engine::Engine;

/// An analysis as far as it fits the data.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fitted {
    pub scope: Scope,
    /// As many as there were, in their order.
    pub questions: Vec<Spec>,
    /// Of each group of customers, whether it still means something.
    pub groups: Vec<bool>,
    /// What did not fit, in words.
    pub dropped: Vec<String>,
}

/// An analysis of other data.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Kept {
    pub scope: Scope,
    pub questions: Vec<Spec>,
    pub groups: Vec<Among>,
    /// What every screen asks before anybody did anything.
    pub start: Vec<Spec>,
}

/// Keeps what the data knows of a filter, of questions and of groups; a question that does not fit becomes the one of
/// `start` in its place.
pub fn fit(kept: &Kept, engine: &dyn Engine, ctl: &Ctl) -> Fitted {
    let mut dropped = Vec::new();
    let holds = |scope: &Scope| {
        let spec = CustomersSpec { scope: scope.clone(), ..CustomersSpec::default() };
        engine.answer(&Spec::Customers(spec), ctl).is_ok()
    };
    let scope = fitted_scope(&kept.scope, &holds, &mut dropped);
    let is_group = |among: &Among| holds(&Scope { among: vec![among.clone()], ..Scope::default() });
    let groups: Vec<bool> = kept.groups.iter().map(is_group).collect();
    let mut fitted = Vec::with_capacity(kept.questions.len());
    for (i, question) in kept.questions.iter().enumerate() {
        let known = |spec: &Spec| !spec.can_be_asked() || engine.answer(spec, ctl).is_ok();
        let left = match question {
            Spec::Funnel(funnel) => Spec::Funnel(fitted_funnel(funnel, &known, &mut dropped)),
            other if known(other) => other.clone(),
            other => {
                dropped.push(other.name().to_owned());
                kept.start.get(i).cloned().unwrap_or_else(|| other.clone())
            }
        };
        fitted.push(left);
    }
    Fitted { scope, questions: fitted, groups, dropped }
}

fn fitted_scope(scope: &Scope, holds: &dyn Fn(&Scope) -> bool, dropped: &mut Vec<String>) -> Scope {
    if *scope == Scope::default() || holds(scope) {
        return scope.clone();
    }
    let mut kept = Scope { events: None, customers: None, among: Vec::new(), ..scope.clone() };
    if let Some(text) = &scope.events {
        let with = Scope { events: Some(text.clone()), ..kept.clone() };
        if holds(&with) { kept = with } else { dropped.push(text.clone()) }
    }
    if let Some(text) = &scope.customers {
        let with = Scope { customers: Some(text.clone()), ..kept.clone() };
        if holds(&with) { kept = with } else { dropped.push(text.clone()) }
    }
    for among in &scope.among {
        let mut with = kept.clone();
        with.among.push(among.clone());
        if holds(&with) { kept = with } else { dropped.push(among.to_string()) }
    }
    kept
}

fn fitted_funnel(funnel: &FunnelSpec, known: &dyn Fn(&Spec) -> bool, dropped: &mut Vec<String>) -> FunnelSpec {
    if known(&Spec::Funnel(funnel.clone())) {
        return funnel.clone();
    }
    let mut left = funnel.clone();
    left.steps.retain(|step| {
        let alone = FunnelSpec { steps: vec![step.clone()], ..FunnelSpec::default() };
        let is_known = known(&Spec::Funnel(alone));
        if !is_known {
            dropped.push(step.to_string());
        }
        is_known
    });
    // What is left may still name a column that is not there, in a breakdown or an exclusion.
    if !known(&Spec::Funnel(left.clone())) {
        let plain = FunnelSpec { steps: left.steps.clone(), within: left.within, ..FunnelSpec::default() };
        if known(&Spec::Funnel(plain.clone())) {
            dropped.push("the funnel's other settings".to_owned());
            return plain;
        }
    }
    left
}
