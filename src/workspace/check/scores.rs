//! Scores: answers outside their scale, and figures over answers on different scales.

use super::{Checker, Ground, Level};
use crate::base::Cancelled;
use crate::base::nearest::nearest;
use crate::base::visible::visible;
use crate::journey::expr::{Expr, MaskError, event_mask};
use crate::journey::{Bitmap, Property, Values};
use crate::workspace::file::{ScoreRule, ScoreType};

/// A score with the events that answer it.
struct Answers<'a> {
    score: &'a ScoreRule,
    column: usize,
    rows: Bitmap,
}

impl Checker<'_> {
    pub(super) fn scores(&mut self, ground: &Ground<'_>) -> Result<(), Cancelled> {
        let mut answers = Vec::new();
        for score in &self.workspace.scores {
            ground.ctl.check()?;
            answers.extend(self.score(ground, score)?);
        }
        self.scales(ground, &answers);
        Ok(())
    }

    /// Whether a score can be read, and stays on its scale.
    fn score<'a>(&mut self, ground: &Ground<'_>, score: &'a ScoreRule) -> Result<Option<Answers<'a>>, Cancelled> {
        let store = ground.store;
        let id = visible(&score.id);
        for (key, column) in [("value", Some(&score.value)), ("comment", score.comment.as_ref())] {
            let Some(column) = column.filter(|column| find(ground, column).is_none()) else { continue };
            let place = self.place("score", &score.id, key);
            let near = nearest(column, store.properties.iter().map(|property| property.name.as_str()));
            let hint = near.map_or(String::new(), |near| format!("; did you mean `{}`?", visible(near)));
            let what = format!("no column is named `{}`{hint}", visible(column));
            self.add(Level::Error, place, what, "name the column as the data has it");
        }
        let rows = match score.when.as_deref().map(Expr::parse) {
            None | Some(Err(_)) => Bitmap::all(store.n_events()),
            Some(Ok(expr)) => match event_mask(store, &expr, ground.ctl) {
                Ok(rows) => rows,
                Err(MaskError::Cancelled(cancelled)) => return Err(cancelled),
                Err(MaskError::Expr(error)) => {
                    let place = self.place("score", &score.id, "when");
                    self.add(Level::Error, place, format!("`when` of `{id}`: {error}"), "put the expression right");
                    return Ok(None);
                }
            },
        };
        let (Some(column), ScoreType::Number(_)) = (find(ground, &score.value), score.kind) else { return Ok(None) };
        let property = &store.properties[column];
        let answered = Bitmap::from_fn(store.n_events(), |row| rows.get(row) && !property.is_null(row));
        let place = self.place("score", &score.id, "value");
        if answered.count() == 0 {
            self.count(
                Level::Warning,
                place,
                format!("no event answers `{id}`"),
                (0, store.n_events() as u64),
                "see its `when` and `value`",
            );
            return Ok(None);
        }
        let number = number_reader(property);
        let (lo, hi) = score.scale;
        let (mut none, mut outside) = (0, 0);
        for row in answered.ones() {
            match number(row) {
                None => none += 1,
                Some(value) if value < lo || value > hi => outside += 1,
                Some(_) => {}
            }
        }
        let all = answered.count() as u64;
        if none > 0 {
            let what = format!("answers to `{id}` are no numbers");
            self.count(Level::Warning, place.clone(), what, (none, all), "they take no part in any figure");
        }
        if outside > 0 {
            let what = format!("answers to `{id}` lie outside its scale, {lo} to {hi}");
            let place = self.place("score", &score.id, "scale");
            self.count(
                Level::Warning,
                place,
                what,
                (outside, all),
                "see the scale, or whether `when` takes another question too",
            );
        }
        Ok(Some(Answers { score, column, rows: answered }))
    }

    /// Scores that share answers or a column, and not the scale.
    fn scales(&mut self, ground: &Ground<'_>, answers: &[Answers<'_>]) {
        for (at, a) in answers.iter().enumerate() {
            for b in answers[at + 1..].iter().filter(|b| b.column == a.column && b.score.scale != a.score.scale) {
                let both = a.rows.clone().and(&b.rows).count() as u64;
                if both == 0 {
                    continue;
                }
                let place = self.place("score", &b.score.id, "when");
                let what = format!(
                    "`{}` and `{}` take the same answers on different scales: {} to {} and {} to {}",
                    visible(&a.score.id),
                    visible(&b.score.id),
                    a.score.scale.0,
                    a.score.scale.1,
                    b.score.scale.0,
                    b.score.scale.1,
                );
                let all = b.rows.count() as u64;
                self.count(Level::Error, place, what, (both, all), "let each `when` hold for its own question only");
            }
        }
        let Some(role) = ground.store.roles.score else { return };
        let of_role: Vec<&Answers<'_>> = answers.iter().filter(|answers| answers.column == role).collect();
        let Some(first) = of_role.first() else { return };
        if of_role.iter().any(|answers| answers.score.scale != first.score.scale) {
            let names: Vec<String> = of_role
                .iter()
                .map(|answers| {
                    let (lo, hi) = answers.score.scale;
                    format!("`{}` ({lo} to {hi})", visible(&answers.score.id))
                })
                .collect();
            let column = visible(&ground.store.properties[role].name).into_owned();
            let what = format!("the score column `{column}` holds answers on different scales: {}", names.join(", "));
            let place = self
                .places
                .source_column("score")
                .map_or("data".to_owned(), |line| format!("source.columns.score (line {line})"));
            self.add(
                Level::Warning,
                place,
                what,
                "ask for one score by its name; a figure over the whole column compares what cannot be compared",
            );
        }
    }
}

/// The column of a name, or that of the part it plays.
fn find(ground: &Ground<'_>, name: &str) -> Option<usize> {
    let roles = &ground.store.roles;
    let by_role = || match name {
        "score" => roles.score,
        "value" => roles.value,
        "channel" => roles.channel,
        _ => None,
    };
    ground.store.property_idx(name).or_else(by_role)
}

/// Reads a column as numbers, also where it holds texts among which some are numbers.
fn number_reader(property: &Property) -> Box<dyn Fn(usize) -> Option<f64> + '_> {
    match &property.values {
        Values::Text { codes, names } => {
            let numbers: Vec<Option<f64>> =
                names.iter().map(|text| text.trim().parse().ok().filter(|n: &f64| n.is_finite())).collect();
            Box::new(move |row| (codes.get(row) as usize).checked_sub(1).and_then(|code| numbers[code]))
        }
        Values::Int(_) | Values::Float(_) | Values::Time(_) => Box::new(|row| property.number(row)),
    }
}
