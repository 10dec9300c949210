//! Numbers as the cells of a map say them: short counts, and moods as an arrow and a number.

use crate::analysis::map::plan::{Direction, ScoreKind};
use crate::analysis::map::{Emotion, KpiFigure, KpiUnit, ScoreFigure, Status};
use crate::tui::theme::Tone;
use crate::tui::words;
pub(super) use crate::tui::words::short;

/// From here on a mood is up or down, and from there on it is very much so; of −2 to 2.
const FELT: f64 = 0.2;
const STRONG: f64 = 0.8;

/// What nobody knows.
pub(super) const GAP: &str = "–";

/// What the arrows mean.
pub(super) const LEGEND: &str = "▲▲ ≥ +.8  ▲ ≥ +.2  ·  ▼ ≤ −.2  ▼▼ ≤ −.8  ┄ n < 10";

/// `+.42`, `−1.3`, `0`: a mood in at most four characters.
pub(super) fn number(mood: f64) -> String {
    let sign = if mood < 0.0 { '−' } else { '+' };
    let rounded = (mood.abs() * 100.0).round() / 100.0;
    if rounded == 0.0 {
        return "0".to_owned();
    }
    if rounded < 1.0 { format!("{sign}.{:02.0}", rounded * 100.0) } else { format!("{sign}{:.1}", mood.abs()) }
}

/// The arrow of a mood; a dotted line where few said how it was.
pub(super) fn arrow(emotion: &Emotion) -> &'static str {
    match emotion.mean {
        None => "",
        Some(_) if emotion.is_thin() => "┄",
        Some(mean) if mean >= STRONG => "▲▲",
        Some(mean) if mean >= FELT => "▲",
        Some(mean) if mean <= -STRONG => "▼▼",
        Some(mean) if mean <= -FELT => "▼",
        Some(_) => "·",
    }
}

pub(super) fn tone(emotion: &Emotion) -> Tone {
    match emotion.mean {
        Some(mean) if !emotion.is_thin() && mean >= FELT => Tone::Good,
        Some(mean) if !emotion.is_thin() && mean <= -FELT => Tone::Bad,
        Some(_) if !emotion.is_thin() => Tone::Text,
        _ => Tone::Dim,
    }
}

/// `▼ −.42`; nothing where nobody said.
pub(super) fn mood(emotion: &Emotion) -> String {
    emotion.mean.map_or(String::new(), |mean| format!("{} {}", arrow(emotion), number(mean)))
}

/// A mood in a sentence: `mood −.42 (−.51 to −.33) of 812`.
pub(super) fn mood_in_words(emotion: &Emotion) -> String {
    let Some(mean) = emotion.mean else { return "nobody said how it was".to_owned() };
    let bounds = emotion.interval.map_or(String::new(), |(lo, hi)| format!(" ({} to {})", number(lo), number(hi)));
    let few = if emotion.is_thin() { ", few" } else { "" };
    format!("mood {}{bounds} of {}{few}", number(mean), words::things(emotion.n, "customer"))
}

/// How a mood stands to the one that the plan expects: the difference and a word.
pub(super) fn against(mood: f64, expected: f64) -> (String, Tone) {
    let difference = mood - expected;
    match (number(difference.abs()).trim_start_matches('+'), difference) {
        ("0", _) => ("as expected".to_owned(), Tone::Text),
        (by, difference) if difference < 0.0 => (format!("▼ {by} below"), Tone::Bad),
        (by, _) => (format!("▲ {by} above"), Tone::Good),
    }
}

/// A figure as its unit says it.
pub(super) fn figure(value: f64, unit: KpiUnit) -> String {
    match unit {
        KpiUnit::Share => words::fraction(value),
        KpiUnit::Seconds => words::seconds(value),
        KpiUnit::Number if value.fract() == 0.0 && value.abs() < 1e12 => format!("{value:.0}"),
        KpiUnit::Number => format!("{value:.2}"),
    }
}

/// The mark of a status, so that it is seen without a colour too.
pub(super) fn mark(status: Option<Status>) -> (&'static str, Tone) {
    match status {
        Some(Status::Green) => ("✓", Tone::Good),
        Some(Status::Amber) => ("≈", Tone::Warn),
        Some(Status::Red) => ("✗", Tone::Bad),
        None => (" ", Tone::Dim),
    }
}

/// `≥65.0%`
pub(super) fn target(kpi: &KpiFigure) -> String {
    let sign = match kpi.good {
        Direction::Up => "≥",
        Direction::Down => "≤",
    };
    kpi.target.map_or(String::new(), |target| format!("{sign}{}", figure(target, kpi.unit)))
}

/// What a score says: a net promoter score, the share of the best answers, or a mean.
pub(super) fn score(score: &ScoreFigure) -> String {
    let Some(value) = score.value else { return GAP.to_owned() };
    match score.kind {
        ScoreKind::Nps => format!("{value:+.0}"),
        ScoreKind::Csat => words::fraction(value),
        ScoreKind::Ces | ScoreKind::Rating => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moods_take_four_characters() {
        let moods = [0.0, 0.004, 0.42, -0.42, 0.995, -1.25, 2.0].map(number);
        assert_eq!(moods, ["0", "0", "+.42", "−.42", "+1.0", "−1.2", "+2.0"]);
    }

    #[test]
    fn few_are_dotted_and_nobody_is_a_gap() {
        let emotion = |mean, n| Emotion { mean, n, interval: None };
        assert_eq!(mood(&emotion(Some(-0.9), 30)), "▼▼ −.90");
        assert_eq!(mood(&emotion(Some(-0.9), 9)), "┄ −.90");
        assert_eq!(mood(&emotion(None, 0)), "");
        assert_eq!(tone(&emotion(Some(-0.9), 9)), Tone::Dim);
        assert_eq!(mood_in_words(&emotion(None, 0)), "nobody said how it was");
    }

    #[test]
    fn against_what_was_expected_is_a_word() {
        assert_eq!(against(-0.42, 1.0), ("▼ 1.4 below".to_owned(), Tone::Bad));
        assert_eq!(against(1.0, 0.5), ("▲ .50 above".to_owned(), Tone::Good));
        assert_eq!(against(0.5, 0.501).0, "as expected");
    }
}
