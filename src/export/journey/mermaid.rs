//! A journey map as a Mermaid flowchart: a box per stage, an arrow for those who moved on.

use std::io::Write;

use super::super::{Document, Error, Style};
use super::svg::signed;
use super::{FEW_VOICES, Lane, lanes, mark};
use crate::table::text::{count, share};

pub(in crate::export) fn write(document: &Document, _: &Style, out: &mut dyn Write) -> Result<(), Error> {
    let lanes = lanes(document, "mermaid")?;
    writeln!(out, "flowchart LR")?;
    for (at, lane) in lanes.iter().enumerate() {
        writeln!(out, "  s{at}[\"{}\"]", lines(lane).join("<br/>"))?;
    }
    for (at, lane) in lanes.iter().enumerate().take(lanes.len().saturating_sub(1)) {
        let parts = [lane.moved_on.map(|x| format!("{} moved on", share(x))), lane.completed.clone()];
        let words: Vec<String> = parts.into_iter().flatten().collect();
        match words.is_empty() {
            true => writeln!(out, "  s{at} --> s{}", at + 1)?,
            false => writeln!(out, "  s{at} -->|\"{}\"| s{}", escaped(&words.join(", ")), at + 1)?,
        }
    }
    for (at, lane) in lanes.iter().enumerate() {
        let Some(emotion) = lane.emotion else { continue };
        // Colour by how it feels; dashed where few said so.
        let (colour, dash) = (fill(emotion), if lane.emotion_n < FEW_VOICES { ",stroke-dasharray:4 3" } else { "" });
        writeln!(out, "  style s{at} fill:{colour},color:#111{dash}")?;
    }
    Ok(())
}

fn lines(lane: &Lane) -> Vec<String> {
    let mut lines = vec![format!("<b>{}</b>", escaped(&lane.title))];
    lines.extend(lane.customers.map(|n| format!("{} customers", count(n))));
    lines.extend(lane.emotion.map(|x| format!("emotion {} of {} who said", signed(x), count(lane.emotion_n))));
    lines.extend(lane.kpis.iter().map(|kpi| escaped(&format!("{} {}", mark(&kpi.status), kpi.text))));
    lines.extend(lane.pains.first().map(|pain| escaped(&format!("pain {pain}"))));
    lines.extend(lane.owner.iter().map(|owner| escaped(&format!("owner {owner}"))));
    lines
}

fn fill(emotion: f64) -> &'static str {
    match emotion {
        x if x >= 0.8 => "#b7e1c1",
        x if x >= 0.2 => "#dcefdf",
        x if x > -0.2 => "#f2f2f2",
        x if x > -0.8 => "#f9dcc4",
        _ => "#f4b6a6",
    }
}

/// Text that stays text between quotes: Mermaid reads `#…;` as a character and runs no other markup than what stands here.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '"' | '#' | '<' | '>' | '&' | ';' | '`' | '\\' | '|' | '[' | ']' | '{' | '}' => {
                safe.push_str(&format!("#{};", u32::from(c)));
            }
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::super::tests::map;
    use crate::export::Style;
    use crate::export::fixture::written;

    #[test]
    fn every_stage_is_a_box_and_text_stays_text() {
        insta::assert_snapshot!(written("mermaid", &map(), &Style::default()));
    }
}
