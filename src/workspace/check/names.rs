//! What the other sections name: columns, touchpoints, stages, funnels and scores, in expressions and in questions.

use super::{Checker, Ground, Level};
use crate::analysis::map::kpi::{Formula, MentionKind};
use crate::analysis::{self, Error, Scope, Spec};
use crate::base::nearest::nearest;
use crate::base::visible::visible;
use crate::base::{Cancelled, Span};
use crate::journey::expr::{Expr, MaskError, customer_mask};
use crate::journey::{JourneyStore, Step, StepError};
use crate::workspace::file::Who;

impl Checker<'_> {
    /// Columns that the sources count on.
    pub(super) fn columns(&mut self, store: &JourneyStore) {
        for source in &self.workspace.sources {
            let order = source.columns.order.iter().map(|column| ("columns.order", column));
            for (key, column) in source.properties.iter().map(|column| ("props", column)).chain(order) {
                if has_column(store, column) {
                    continue;
                }
                let columns = store.properties.iter().map(|property| property.name.as_str());
                let what = format!("no column is named `{}`{}", visible(column), hint(column, columns));
                let place = self.place("source", &source.id, key);
                self.add(Level::Error, place, what, "name the column as the data has it, or take it out");
            }
        }
    }

    pub(super) fn names(&mut self, ground: &Ground<'_>) -> Result<(), Cancelled> {
        self.people(ground)?;
        self.funnels(ground)?;
        self.target_paths(ground)?;
        self.kpis(ground)?;
        self.views(ground)
    }

    /// Personas and cohorts.
    fn people(&mut self, ground: &Ground<'_>) -> Result<(), Cancelled> {
        let workspace = self.workspace;
        let personas =
            workspace.personas.iter().map(|persona| ("persona", &persona.id, Who::When(persona.when.clone())));
        let cohorts = workspace.cohorts.iter().map(|cohort| ("cohort", &cohort.id, cohort.who.clone()));
        for (section, id, who) in personas.chain(cohorts) {
            let (key, found) = match &who {
                Who::When(text) => ("when", self.chosen_by(ground, text)?),
                Who::Among(among) => {
                    let mut scope = Scope::default();
                    scope.among.push((**among).clone());
                    let list = analysis::CustomersSpec { scope, ..Default::default() };
                    (
                        "among",
                        answered(ground, &Spec::Customers(list))?.map(|answer| match answer {
                            analysis::Answer::Customers(list) => list.ids.len(),
                            _ => 0,
                        }),
                    )
                }
            };
            let place = self.place(section, id, key);
            match found {
                Err(what) => self.add(Level::Error, place, what, "put it right; asking for it fails until then"),
                Ok(0) => {
                    let what = format!("nobody is in the {section} `{}`", visible(id));
                    self.add(Level::Warning, place, what, "see whether the data calls things otherwise");
                }
                Ok(_) => {}
            }
        }
        Ok(())
    }

    fn chosen_by(&self, ground: &Ground<'_>, text: &str) -> Result<Result<usize, String>, Cancelled> {
        let Ok(expr) = Expr::parse(text) else { return Ok(Ok(1)) };
        match customer_mask(&ground.view, &expr, Span::minutes(30), ground.ctl) {
            Ok(mask) => Ok(Ok(mask.count())),
            Err(MaskError::Expr(error)) => Ok(Err(error.to_string())),
            Err(MaskError::Cancelled(cancelled)) => Err(cancelled),
        }
    }

    /// A step that names what is not there.
    fn step(&mut self, ground: &Ground<'_>, step: &Step, place: &str) -> Result<(), Cancelled> {
        match step.resolve(&ground.view, ground.ctl) {
            Ok(_) => {}
            Err(StepError::Cancelled(cancelled)) => return Err(cancelled),
            Err(err) => {
                self.add(Level::Error, place.to_owned(), err.to_string(), "name a touchpoint, or an event of the data");
            }
        }
        Ok(())
    }

    fn funnels(&mut self, ground: &Ground<'_>) -> Result<(), Cancelled> {
        for funnel in &self.workspace.funnels {
            let place = self.place("funnel", &funnel.id, "steps");
            let steps = funnel.spec.steps.iter().map(|step| &step.step);
            let others = funnel.spec.ignore.iter().chain(funnel.spec.exclude.iter().map(|exclusion| &exclusion.step));
            for step in steps.chain(others) {
                self.step(ground, step, &place)?;
            }
            if let Err(err) = funnel.spec.check() {
                self.add(Level::Error, place, err.to_string(), "put the funnel right");
            }
            if let Some(column) = funnel.spec.same.as_ref().filter(|column| !has_column(ground.store, column)) {
                let columns = ground.store.properties.iter().map(|property| property.name.as_str());
                let what = format!("no column is named `{}`{}", visible(column), hint(column, columns));
                let place = self.place("funnel", &funnel.id, "same");
                self.add(Level::Error, place, what, "name the column as the data has it");
            }
        }
        Ok(())
    }

    fn target_paths(&mut self, ground: &Ground<'_>) -> Result<(), Cancelled> {
        for path in &self.workspace.target_paths {
            let place = self.place("target_path", &path.id, "steps");
            for (step, _) in &path.steps {
                self.step(ground, step, &place)?;
            }
            for name in path.max_gap.keys() {
                let place = self.place("target_path", &path.id, "max_gap");
                self.step(ground, &Step::named(name), &place)?;
            }
        }
        Ok(())
    }

    /// What KPIs speak of by name. Scores on different scales do not go into one figure.
    fn kpis(&mut self, ground: &Ground<'_>) -> Result<(), Cancelled> {
        let workspace = self.workspace;
        let stages: Vec<&str> = workspace.stages.iter().map(|stage| stage.plan.id.as_str()).collect();
        let funnels: Vec<&str> = workspace.funnels.iter().map(|funnel| funnel.id.as_str()).collect();
        let scores: Vec<&str> = workspace.scores.iter().map(|score| score.id.as_str()).collect();
        let columns: Vec<&str> = ground.store.properties.iter().map(|property| property.name.as_str()).collect();
        for kpi in workspace.stages.iter().flat_map(|stage| &stage.plan.kpis) {
            let place = self.place("kpi", &kpi.id, "expr");
            // Read before: the file is right.
            let Ok(formula) = Formula::parse(&kpi.expr) else { continue };
            let mentioned = formula.names();
            for mention in &mentioned {
                let (kind, known) = match mention.kind {
                    MentionKind::Stage => ("stage", &stages),
                    MentionKind::Funnel => ("funnel", &funnels),
                    MentionKind::Score => ("score", &scores),
                    MentionKind::Column => ("column", &columns),
                    MentionKind::Customers => {
                        if let Err(what) = self.chosen_by(ground, mention.name)? {
                            let at = mention.column;
                            let what = format!("in `{}` at character {at}: {what}", visible(mention.name));
                            self.add(Level::Error, place.clone(), what, "put the expression right");
                        }
                        continue;
                    }
                };
                if !known.contains(&mention.name) {
                    let near = hint(mention.name, known.iter().copied());
                    let what = format!("no {kind} is named `{}`{near}", visible(mention.name));
                    self.add(Level::Error, place.clone(), what, "name one that the file or the data has");
                }
            }
            let of_scores = mentioned.iter().filter(|mention| mention.kind == MentionKind::Score);
            let spoken: Vec<&str> = of_scores.map(|mention| mention.name).collect();
            let scale = |name: &str| workspace.scores.iter().find(|score| score.id == name).map(|score| score.scale);
            let scales: Vec<(f64, f64)> = spoken.iter().filter_map(|name| scale(name)).collect();
            if let Some((first, other)) = scales.first().zip(scales.iter().find(|scale| Some(*scale) != scales.first()))
            {
                let what = format!(
                    "`{}` compares scores on different scales: {} to {} and {} to {}",
                    visible(&kpi.expr),
                    first.0,
                    first.1,
                    other.0,
                    other.1
                );
                self.add(Level::Error, place, what, "keep one scale in one figure");
            }
        }
        Ok(())
    }

    /// Every saved question, answered once.
    fn views(&mut self, ground: &Ground<'_>) -> Result<(), Cancelled> {
        for view in &self.workspace.views {
            let spec = match &view.who {
                None => view.spec.clone(),
                Some(cell) => Spec::Customers(analysis::CustomersSpec {
                    of: Some(Box::new(view.spec.clone())),
                    cell: Some(cell.clone()),
                    scope: view.spec.scope().clone(),
                }),
            };
            let place = self.place("view", &view.id, "ask");
            match answered(ground, &spec)? {
                Err(what) => self.add(Level::Error, place, what, "put the question right; `run` fails on it"),
                Ok(answer) => {
                    let tables = answer.tables();
                    let named = view.table.as_ref().filter(|name| !tables.iter().any(|table| table.name == **name));
                    // What a load saw comes as tables of its own.
                    let is_of_load =
                        |name: &String| view.spec.name() == "profile" && ["source", "rejects"].contains(&name.as_str());
                    if let Some(name) = named.filter(|name| !is_of_load(name)) {
                        let all = tables.iter().map(|table| table.name.as_str());
                        let what = format!("`{}` is not a table of this answer{}", visible(name), hint(name, all));
                        let place = self.place("view", &view.id, "table");
                        self.add(Level::Error, place, what, "name a table that the answer has");
                    }
                }
            }
        }
        Ok(())
    }
}

/// The answer to a question under the workspace, or what is wrong with it.
fn answered(ground: &Ground<'_>, spec: &Spec) -> Result<Result<analysis::Answer, String>, Cancelled> {
    let filled = match ground.in_use.filled(spec) {
        Ok(filled) => filled,
        Err(what) => return Ok(Err(what)),
    };
    let answer =
        filled.scope().view(ground.store, ground.ctl).and_then(|view| analysis::run(&view, &filled, ground.ctl));
    match answer {
        Ok(answer) => Ok(Ok(answer)),
        Err(Error::Cancelled(cancelled)) => Err(cancelled),
        Err(err) => Ok(Err(err.to_string())),
    }
}

fn has_column(store: &JourneyStore, column: &str) -> bool {
    let roles = &store.roles;
    let is_role = [&roles.customer, &roles.time, &roles.event].contains(&&column.to_owned());
    is_role || store.property_idx(column).is_some()
}

fn hint<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    nearest(name, names).map_or(String::new(), |near| format!("; did you mean `{}`?", visible(near)))
}
