//! Questions completed by a workspace: stages where none are given, saved funnels and cohorts by their names, personas, the
//! end of observation. What a question says itself stays as it is.

use super::InUse;
use super::file::Who;
use crate::analysis::compare::spec::{NamedExpr, Pin};
use crate::analysis::retention::names_a_cohort;
use crate::analysis::stages::Stage;
use crate::analysis::{CompareSpec, CustomersSpec, FunnelSpec, RetentionSpec, Scope, Spec};
use crate::base::When;
use crate::base::nearest::nearest;
use crate::base::visible::visible;
use crate::journey::Step;

impl InUse {
    /// The question as it is asked under this workspace. Asking it again changes nothing.
    ///
    /// # Errors
    /// A saved name that the file does not hold, or an end of observation that changes every day, in a sentence.
    pub fn filled(&self, spec: &Spec) -> Result<Spec, String> {
        let as_of = if spec.scope().as_of.is_some() { None } else { self.as_of()? };
        let mut filled = spec.clone();
        self.fill(&mut filled, as_of.as_ref())?;
        Ok(filled)
    }

    fn fill(&self, spec: &mut Spec, as_of: Option<&When>) -> Result<(), String> {
        if let Spec::Customers(CustomersSpec { of: Some(of), scope, .. }) = spec {
            // The list behind a number is in the scope of the number's own question.
            let is_of_number = *scope == *of.scope();
            self.fill(of, as_of)?;
            if is_of_number {
                *scope = of.scope().clone();
            }
            return Ok(());
        }
        self.fill_scope(spec.scope_mut(), as_of)?;
        match spec {
            Spec::Funnel(funnel) => self.fill_funnel(funnel)?,
            Spec::Dwell(dwell) if dwell.between.is_empty() && dwell.stages.stage.is_empty() => {
                dwell.stages.stage = self.stages();
            }
            Spec::Map(map) if map.plan.is_empty() => map.plan = self.workspace.plan(),
            Spec::Retention(retention) => self.fill_retention(retention)?,
            Spec::Compare(compare) => self.fill_compare(compare, as_of)?,
            Spec::Profile(_)
            | Spec::Paths(_)
            | Spec::Transitions(_)
            | Spec::Patterns(_)
            | Spec::Dwell(_)
            | Spec::Lifecycle(_)
            | Spec::Map(_)
            | Spec::Customers(_)
            | Spec::Journey(_)
            | Spec::Events(_) => {}
        }
        Ok(())
    }

    fn fill_scope(&self, scope: &mut Scope, as_of: Option<&When>) -> Result<(), String> {
        if scope.as_of.is_none() {
            scope.as_of = as_of.cloned();
        }
        scope.among.iter_mut().try_for_each(|among| self.fill(&mut among.spec, as_of))
    }

    /// The stages of the journey, each with its touchpoints; a stage without any is left out, because nobody can be in it.
    pub fn stages(&self) -> Vec<Stage> {
        let touchpoints = |stage: &str| {
            let ids =
                self.workspace.touchpoints.iter().filter(|touchpoint| touchpoint.plan.stage.as_deref() == Some(stage));
            ids.map(|touchpoint| Step::named(&touchpoint.plan.id).to_string()).collect::<Vec<_>>().join("|")
        };
        let stage = |stage: &super::file::Stage| {
            let step = touchpoints(&stage.plan.id).parse().ok()?;
            Some(Stage { name: stage.plan.id.clone(), step })
        };
        self.workspace.stages.iter().filter_map(stage).collect()
    }

    fn fill_funnel(&self, funnel: &mut FunnelSpec) -> Result<(), String> {
        let Some(name) = funnel.saved.take() else { return Ok(()) };
        let all = || self.workspace.funnels.iter().map(|funnel| funnel.id.as_str());
        let saved = self.workspace.funnels.iter().find(|funnel| funnel.id == name);
        let saved = saved.ok_or_else(|| self.unknown("funnel", &name, all()))?.spec.clone();
        let asked = std::mem::take(funnel);
        *funnel = FunnelSpec {
            breakdown: asked.breakdown,
            breakdown_at: asked.breakdown_at,
            times: asked.times,
            trend: asked.trend,
            week_start: asked.week_start,
            after: asked.after,
            sensitivity: asked.sensitivity,
            trace: asked.trace,
            scope: asked.scope,
            ..saved
        };
        Ok(())
    }

    fn fill_retention(&self, retention: &mut RetentionSpec) -> Result<(), String> {
        let name = retention.cohort.trim();
        let Some(cohort) = self.workspace.cohorts.iter().find(|cohort| cohort.id == name) else { return Ok(()) };
        if !names_a_cohort(name) {
            return Ok(());
        }
        match &cohort.who {
            Who::When(expr) => retention.cohort = format!("{name}={expr}"),
            Who::Among(among) => {
                return Err(format!(
                    "--cohort {name}: this cohort is the number of a question, which splits nobody from the rest here; keep it \
                     alone with --among '{among}'"
                ));
            }
        }
        Ok(())
    }

    fn fill_compare(&self, compare: &mut CompareSpec, as_of: Option<&When>) -> Result<(), String> {
        compare.pins.iter_mut().try_for_each(|pin| self.fill(&mut pin.among.spec, as_of))?;
        let first = compare.cohorts.first().map(|cohort| cohort.name.clone());
        let mut cohorts = Vec::with_capacity(compare.cohorts.len());
        for cohort in std::mem::take(&mut compare.cohorts) {
            if !cohort.expr.is_empty() {
                cohorts.push(cohort);
                continue;
            }
            match self.saved(&cohort.name)? {
                Who::When(expr) => cohorts.push(NamedExpr { name: cohort.name, expr }),
                Who::Among(mut among) => {
                    self.fill(&mut among.spec, as_of)?;
                    compare.pins.push(Pin { name: cohort.name, among: *among });
                }
            }
        }
        compare.cohorts = cohorts;
        // Numbers of questions stand behind expressions; who was named first is still whom the others are compared with.
        if compare.baseline.is_none() && first.as_deref() != compare.names().next() {
            compare.baseline = first;
        }
        Ok(())
    }

    /// The customers that the file keeps under a name: a cohort, else a persona.
    ///
    /// # Errors
    /// No such name, in a sentence with the nearest one.
    pub fn saved(&self, name: &str) -> Result<Who, String> {
        if let Some(cohort) = self.workspace.cohorts.iter().find(|cohort| cohort.id == name) {
            return Ok(cohort.who.clone());
        }
        if let Some(persona) = self.workspace.personas.iter().find(|persona| persona.id == name) {
            return Ok(Who::When(persona.when.clone()));
        }
        let personas = self.workspace.personas.iter().map(|persona| persona.id.as_str());
        Err(self.unknown(
            "cohort",
            name,
            self.workspace.cohorts.iter().map(|cohort| cohort.id.as_str()).chain(personas),
        ))
    }

    /// The question about the customers of a persona only.
    ///
    /// # Errors
    /// No such persona, in a sentence with the nearest one.
    pub fn of_persona(&self, spec: &Spec, name: &str) -> Result<Spec, String> {
        let personas = &self.workspace.personas;
        let persona = personas.iter().find(|persona| persona.id == name);
        let persona =
            persona.ok_or_else(|| self.unknown("persona", name, personas.iter().map(|persona| persona.id.as_str())))?;
        let mut spec = spec.clone();
        let scope = spec.scope_mut();
        scope.customers = Some(match scope.customers.take() {
            Some(asked) => format!("({asked}) and ({})", persona.when),
            None => persona.when.clone(),
        });
        Ok(spec)
    }

    /// The saved questions of these names; all where none is named.
    ///
    /// # Errors
    /// No such name, in a sentence with the nearest one.
    pub fn views(&self, names: &[String]) -> Result<Vec<&super::file::View>, String> {
        let views = &self.workspace.views;
        if names.is_empty() {
            return Ok(views.iter().collect());
        }
        let find = |name: &String| {
            let found = views.iter().find(|view| view.id == *name);
            found.ok_or_else(|| self.unknown("view", name, views.iter().map(|view| view.id.as_str())))
        };
        names.iter().map(find).collect()
    }

    fn unknown<'n>(&self, what: &str, name: &str, names: impl Iterator<Item = &'n str>) -> String {
        let names: Vec<&str> = names.collect();
        let file = visible(&self.path);
        let hint = match (nearest(name, names.iter().copied()), names.is_empty()) {
            (Some(near), _) => format!("; did you mean `{}`?", visible(near)),
            (None, true) => format!("; the file has no [[{what}]]"),
            (None, false) => format!("; there are {}", visible(&names.join(", "))),
        };
        format!("no {what} of {file} is named `{}`{hint}", visible(name))
    }
}
