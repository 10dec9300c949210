//! The rankings: whole paths by how many take them, and patterns by how many hold them.

use ratatui::layout::Rect;

use super::list::{Bars, Head, Line, List, Sheet};
use super::{Target, goal_cells, ratio, way_text};
use crate::analysis::{Paths, Patterns};
use crate::base::Zone;
use crate::tui::paint::Pen;
use crate::tui::words;

/// What the rest of all paths is called.
const OTHER: &str = "(other)";

pub(super) fn sequence_key(answer: &Paths, row: usize) -> Option<String> {
    answer.sequences.get(row).map(|row| row.path.clone())
}

pub(super) fn pattern_key(answer: &Patterns, row: usize) -> Option<String> {
    answer.rows.get(row).map(|row| row.pattern.clone())
}

pub(super) fn sequence_target(answer: &Paths, list: &List, is_reversed: bool) -> Option<Target> {
    let row = answer.sequences.get(list.row(list.cursor))?;
    let mut way = row.names.clone();
    // The touchpoint where the path leads to; where nothing stands alone, there is none.
    let name = way.last().cloned();
    if is_reversed {
        way.reverse();
    }
    let (title, text) = match row.rank {
        Some(_) => (format!("Path {}", way_text(&way)), way_text(&way)),
        None => ("On a rarer path".to_owned(), OTHER.to_owned()),
    };
    Some(Target { cell: row.cell(), title, n: row.units, name, text, way })
}

pub(super) fn pattern_target(answer: &Patterns, list: &List, has_gaps: bool) -> Option<Target> {
    let row = answer.rows.get(list.row(list.cursor))?;
    let text = pattern_text(&row.names, has_gaps);
    Some(Target {
        cell: row.cell(),
        title: format!("Hold {text}"),
        n: row.units,
        name: row.names.last().cloned(),
        text,
        way: row.names.clone(),
    })
}

/// With gaps, other touchpoints may stand where the dots are.
fn pattern_text(names: &[String], has_gaps: bool) -> String {
    if has_gaps { names.join(" … ") } else { way_text(names) }
}

pub(super) fn view_sequences(answer: &Paths, list: &List, is_reversed: bool, area: Rect, pen: &mut Pen<'_>) -> usize {
    let mut heads = vec![
        Head { text: answer.unit.word(), wide: 11, rank: 0 },
        Head { text: "%", wide: 8, rank: 1 },
        Head { text: "cum.", wide: 8, rank: 3 },
        Head { text: "median", wide: 9, rank: 2 },
    ];
    if answer.has_goal {
        heads.push(Head { text: "goal", wide: 8, rank: 1 });
        heads.push(Head { text: "lift", wide: 7, rank: 2 });
    }
    let line = |place: usize| {
        let Some(row) = answer.sequences.get(list.row(place)) else { return Line::default() };
        let mut names = row.names.clone();
        if is_reversed {
            names.reverse();
        }
        let mut cells = vec![
            words::count(row.units),
            words::share(row.units, answer.units),
            words::share(row.cumulative, answer.units),
            row.median_s.filter(|_| row.names.len() > 1).map_or(String::new(), words::seconds),
        ];
        if answer.has_goal {
            cells.extend(goal_cells(row.converted, row.units, answer.converted, answer.units));
        }
        Line {
            mark: row.rank.map_or(String::new(), |rank| rank.to_string()),
            label: OTHER.to_owned(),
            way: names,
            share: Some(ratio(row.units, answer.units)),
            cells,
            is_faint: row.rank.is_none_or(|rank| rank > answer.n_head),
        }
    };
    let text = format!("80% of {} took one of the paths above", answer.unit.word());
    let head = usize::try_from(answer.n_head).unwrap_or(usize::MAX);
    let rule = (list.sorted_by.is_none() && head > 0 && head < answer.sequences.len()).then_some((head, text.as_str()));
    let (from, cursor, len) = (list.from, list.cursor, answer.sequences.len());
    let label = "path";
    Sheet { label, mark: 4, bars: Bars::WithRoom, heads: &heads, from, cursor, len, line: &line, rule, has_focus: true }
        .view(area, pen)
}

pub(super) fn view_patterns(answer: &Patterns, list: &List, has_gaps: bool, area: Rect, pen: &mut Pen<'_>) -> usize {
    let mut heads = vec![Head { text: answer.unit.word(), wide: 11, rank: 0 }, Head { text: "%", wide: 8, rank: 1 }];
    if !has_gaps {
        heads.push(Head { text: "times", wide: 10, rank: 4 });
    }
    if answer.has_goal {
        heads.push(Head { text: "goal", wide: 8, rank: 1 });
        heads.push(Head { text: "lift", wide: 7, rank: 2 });
        heads.push(Head { text: "p adj.", wide: 8, rank: 3 });
    }
    let line = |place: usize| {
        let Some(row) = answer.rows.get(list.row(place)) else { return Line::default() };
        let mut cells = vec![words::count(row.units), words::share(row.units, answer.units)];
        if !has_gaps {
            cells.push(row.count.map_or(String::new(), words::count));
        }
        if answer.has_goal {
            cells.extend(goal_cells(row.converted, row.units, answer.converted, answer.units));
            let p = row.p_adjusted.map_or(crate::table::Cell::Empty, crate::table::Cell::Number);
            cells.push(words::cell(&p, crate::table::Kind::Probability, &Zone::utc()));
        }
        Line {
            mark: row.rank.to_string(),
            label: if has_gaps { pattern_text(&row.names, has_gaps) } else { String::new() },
            way: if has_gaps { Vec::new() } else { row.names.clone() },
            share: Some(ratio(row.units, answer.units)),
            cells,
            is_faint: false,
        }
    };
    let (from, cursor, len) = (list.from, list.cursor, answer.rows.len());
    let label = "pattern";
    Sheet {
        label,
        mark: 4,
        bars: Bars::WithRoom,
        heads: &heads,
        from,
        cursor,
        len,
        line: &line,
        rule: None,
        has_focus: true,
    }
    .view(area, pen)
}

/// The sentence under the ranking of paths.
pub(super) fn sequences_sentence(answer: &Paths, list: &List, is_reversed: bool, room: usize) -> String {
    let summary = format!(
        "{} paths · {} once · {} hold 80%",
        words::count(answer.n_sequences),
        words::count(answer.n_once),
        words::count(answer.n_head)
    );
    let Some(target) = sequence_target(answer, list, is_reversed).filter(|target| !target.way.is_empty()) else {
        return summary;
    };
    // The whole path stands here where its row has no room for it.
    let both = format!("{} · {summary}", target.text);
    if crate::base::visible::width(&both) <= room { both } else { target.text }
}
