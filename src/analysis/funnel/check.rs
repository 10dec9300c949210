//! What a funnel may not say: every contradiction has one sentence that names it and the way out.

use super::BreakdownAt;
use super::spec::{Exclusion, FunnelSpec, FunnelStep, Order};
use crate::analysis::Error;
use crate::base::Span;
use crate::journey::Step;

/// Steps in one funnel; a set of steps is kept in 32 bits.
pub const MAX_STEPS: usize = 32;

impl FunnelSpec {
    /// Whether the question holds together, whatever the data.
    ///
    /// # Errors
    /// `Invalid`, with the sentence to show.
    pub fn check(&self) -> Result<(), Error> {
        if let (Some(name), true) = (&self.saved, self.steps.is_empty()) {
            return invalid(format!("--saved {name} is a funnel of a workspace; name the file with --workspace FILE"));
        }
        if self.steps.is_empty() {
            return invalid("a funnel needs at least one step; name the first with --step");
        }
        if self.steps.len() > MAX_STEPS {
            return invalid(format!("{} steps are too many; a funnel has at most {MAX_STEPS}", self.steps.len()));
        }
        check_window("--within", self.within)?;
        for (at, step) in self.steps.iter().enumerate() {
            self.check_step(at, step)?;
        }
        if !self.ignore.is_empty() && self.order != Order::Strict && !self.steps.iter().any(|step| step.next) {
            return invalid("--ignore has no meaning where events may stand between the steps; add --order strict");
        }
        for exclusion in &self.exclude {
            self.check_exclusion(exclusion)?;
        }
        if self.first_time && self.order == Order::Any {
            return invalid("--first-time is about step 1, and --order any has no first step; drop one of them");
        }
        match self.breakdown_at {
            BreakdownAt::Step(n) if n > self.steps.len() => invalid(format!(
                "--breakdown-at step:{n} is beyond the last step; the funnel has {}",
                count(self.steps.len(), "step")
            )),
            _ => Ok(()),
        }
    }

    fn check_step(&self, at: usize, step: &FunnelStep) -> Result<(), Error> {
        let n = at + 1;
        let is_end = at == 0 || n == self.steps.len();
        if step.optional && is_end {
            return invalid(format!(
                "step {n} `{}` may not be optional: the first and the last step are what is counted",
                step.step
            ));
        }
        if at == 0 && (step.next || step.within.is_some()) {
            return invalid(format!(
                "step 1 `{}` has no step before it; @next and @within belong to a later step",
                step.step
            ));
        }
        if let Some(within) = step.within {
            check_window("@within", within)?;
        }
        if self.order == Order::Any && (step.next || step.within.is_some() || step.optional) {
            return invalid(format!(
                "step {n} `{}` has a rule about its place, and --order any has no places; drop the rule or the order",
                step.step
            ));
        }
        if step.optional && (self.order == Order::Strict || self.steps[n].next) {
            return invalid(format!(
                "step {n} `{}` is optional, but the step after it must be the very next event, so nobody could pass it",
                step.step
            ));
        }
        match (&step.same, &self.same) {
            (Some(column), None) => invalid(format!(
                "step {n} names the column `{column}` for what the steps share, but nothing is shared; add --same COLUMN"
            )),
            _ => Ok(()),
        }
    }

    fn check_exclusion(&self, exclusion: &Exclusion) -> Result<(), Error> {
        let n_steps = self.steps.len();
        if let Some((from, to)) = exclusion.between {
            if self.order == Order::Any {
                return invalid(format!(
                    "the exclusion `{exclusion}` lies between two steps, and --order any has none; write `{}`",
                    exclusion.step
                ));
            }
            if from == 0 || from >= to || to > n_steps {
                return invalid(format!(
                    "the exclusion `{exclusion}` must lie between two of the {}, the earlier one first",
                    count(n_steps, "step")
                ));
            }
            if let Some(step) = [from, to].into_iter().find(|step| self.steps[step - 1].optional) {
                return invalid(format!(
                    "the exclusion `{exclusion}` cannot begin or end at step {step}, which is optional"
                ));
            }
        }
        let (from, to) = exclusion.between.unwrap_or((1, n_steps));
        match (from..=to).find(|step| is_equal(&self.steps[step - 1].step, &exclusion.step)) {
            Some(step) => {
                invalid(format!("the exclusion `{exclusion}` is the same as step {step}; leave one of them out"))
            }
            None => Ok(()),
        }
    }
}

fn invalid<T>(sentence: impl Into<String>) -> Result<T, Error> {
    Err(Error::Invalid(sentence.into()))
}

fn check_window(flag: &str, within: Span) -> Result<(), Error> {
    if within <= Span::ZERO {
        return invalid(format!("{flag} {within} is an impossible window; write a length of time such as 30m or 7d"));
    }
    Ok(())
}

/// Whether two steps are the same choice of events, however they are spelled.
fn is_equal(a: &Step, b: &Step) -> bool {
    let (a, b) = (a.alternatives(), b.alternatives());
    a.iter().all(|one| b.contains(one)) && b.iter().all(|one| a.contains(one))
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(steps: &str) -> FunnelSpec {
        let steps = steps.split_whitespace().map(|step| step.replace('~', " ").parse().expect("a step")).collect();
        FunnelSpec { steps, ..FunnelSpec::default() }
    }

    #[track_caller]
    fn check(spec: &FunnelSpec, expect: &str) {
        match spec.check() {
            Ok(()) => assert_eq!(expect, "", "nothing was refused"),
            Err(err) => assert!(!expect.is_empty() && err.to_string().contains(expect), "{err}"),
        }
    }

    #[test]
    fn contradictions_are_named() {
        check(&spec("a b c"), "");
        check(&spec(""), "at least one step");
        check(&spec(&"a ".repeat(33)), "33 steps are too many");
        check(&spec(&"a ".repeat(32)), "");
        check(&spec("a~@optional b"), "step 1 `a` may not be optional");
        check(&spec("a b~@optional"), "step 2 `b` may not be optional");
        check(&spec("a~@next b"), "no step before it");
        check(&spec("a b~@within=0s"), "impossible window");
        check(&FunnelSpec { within: Span::ZERO, ..spec("a b") }, "impossible window");
        check(&FunnelSpec { within: Span::from_micros(-1), ..spec("a b") }, "impossible window");
        check(&spec("a b~@optional c~@next"), "nobody could pass it");
        check(&FunnelSpec { order: Order::Strict, ..spec("a b~@optional c") }, "nobody could pass it");
        check(&FunnelSpec { order: Order::Any, ..spec("a b~@next") }, "--order any has no places");
        check(&FunnelSpec { order: Order::Any, first_time: true, ..spec("a b") }, "--first-time");
        check(&FunnelSpec { ignore: vec![Step::named("x")], ..spec("a b") }, "--ignore has no meaning");
        check(&FunnelSpec { ignore: vec![Step::named("x")], ..spec("a b~@next") }, "");
        check(&spec("a b~@same=ref"), "add --same COLUMN");
        check(&FunnelSpec { breakdown_at: BreakdownAt::Step(3), ..spec("a b") }, "beyond the last step");
    }

    #[test]
    fn exclusions_lie_between_steps_that_they_are_not() {
        let with = |steps: &str, exclusion: &str| FunnelSpec {
            exclude: vec![exclusion.parse().expect("an exclusion")],
            ..spec(steps)
        };
        check(&with("a b c", "x:1-3"), "");
        check(&with("a b c", "a:2-3"), "");
        check(&with("a b c", "\"b\""), "the same as step 2");
        check(&with("a b|d c", "d|b"), "the same as step 2");
        for range in ["x:0-2", "x:2-2", "x:3-2", "x:1-4"] {
            check(&with("a b c", range), "the earlier one first");
        }
        check(&with("a b~@optional c", "x:2-3"), "which is optional");
        check(&FunnelSpec { order: Order::Any, ..with("a b", "x:1-2") }, "write `x`");
        check(&FunnelSpec { order: Order::Any, ..with("a b", "x") }, "");
    }
}
