//! The flow view: positions as columns of touchpoints, and lines of two weights from each to what follows it.

use std::collections::HashMap;

use ratatui::layout::Rect;

use super::lines::Lines;
use super::list::{Bars, Head, Line, List, Sheet};
use super::{Target, ratio, short, way_text};
use crate::analysis::Paths;
use crate::analysis::paths::{Edge, Node};
use crate::base::visible::visible;
use crate::tui::command::RowAction;
use crate::tui::paint::{Border, Pen, scroll};
use crate::tui::pane::moved;
use crate::tui::theme::Tone;
use crate::tui::words;

/// Panes from this width on have room for the drawing.
pub(super) const WIDE: u16 = 88;

/// Columns of the screen that a position takes at least.
const POSITION_MIN: u16 = 18;
/// Rows that a touchpoint takes: its name, its number, and how many end there. Where there is room, it takes more.
const TALL: u16 = 3;
const TALL_MAX: u16 = 6;
/// Links that at least this share take are drawn heavy.
const HEAVY: f64 = 0.1;
const OTHER: &str = "(other)";

#[derive(Debug, Default)]
pub(super) struct FlowView {
    /// Position and place of the touchpoint under the cursor, from 0.
    at: (usize, usize),
    held: Option<(usize, String)>,
    pub is_in_links: bool,
    pub links: List,
    /// By position, the rows of the answer's nodes.
    positions: Vec<Vec<usize>>,
    /// Rows of the answer's edges with the nodes that they lead from and to.
    edges: Vec<(usize, usize)>,
}

/// A line of the list of what comes in and goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    In(usize),
    Out(usize),
    Ended,
    Open,
    Beyond,
}

/// Where things are drawn.
struct Layout {
    /// The first position that is shown, and how many are.
    first: usize,
    shown: usize,
    /// Columns of a position, and of the links behind it.
    wide: u16,
    gap: u16,
    /// Rows of a touchpoint.
    tall: u16,
    /// Top row of every node that is drawn.
    tops: HashMap<usize, (u16, u16)>,
}

impl FlowView {
    pub fn arrived(&mut self, answer: &Paths) {
        self.positions.clear();
        let mut places = HashMap::new();
        for (at, node) in answer.nodes.iter().enumerate() {
            while self.positions.len() < node.depth {
                self.positions.push(Vec::new());
            }
            self.positions[node.depth - 1].push(at);
            places.insert((node.depth, node.name.as_str()), at);
        }
        let place = |depth: usize, name: &str| places.get(&(depth, name)).copied().unwrap_or(usize::MAX);
        self.edges =
            answer.edges.iter().map(|edge| (place(edge.depth, &edge.from), place(edge.depth + 1, &edge.to))).collect();
        if let Some((depth, name)) = &self.held
            && let Some(position) = self.positions.get(*depth)
            && let Some(place) = position.iter().position(|at| answer.nodes[*at].name == *name)
        {
            self.at = (*depth, place);
        }
        self.go_to(self.at, answer);
    }

    /// Puts the cursor on a touchpoint that is there.
    fn go_to(&mut self, (position, place): (usize, usize), answer: &Paths) {
        let position = position.min(self.positions.len().saturating_sub(1));
        let last = self.positions.get(position).map_or(0, |nodes| nodes.len().saturating_sub(1));
        self.at = (position, place.min(last));
        self.held = self.node(answer).map(|(_, node)| (position, node.name.clone()));
        let links = self.links(answer);
        self.links.arrived(None, links.len(), |row| links.get(row).map(|link| link_key(*link, answer)));
    }

    fn node<'a>(&self, answer: &'a Paths) -> Option<(usize, &'a Node)> {
        let at = *self.positions.get(self.at.0)?.get(self.at.1)?;
        Some((at, answer.nodes.get(at)?))
    }

    /// What comes into the touchpoint under the cursor and goes out of it, the most frequent first.
    fn links(&self, answer: &Paths) -> Vec<Link> {
        let Some((at, node)) = self.node(answer) else { return Vec::new() };
        let sorted = |side: fn(&(usize, usize)) -> usize| {
            let all = self.edges.iter().enumerate();
            let mut rows: Vec<usize> = all.filter(|(_, edge)| side(edge) == at).map(|(row, _)| row).collect();
            rows.sort_by_key(|row| std::cmp::Reverse(answer.edges[*row].units));
            rows
        };
        let mut links: Vec<Link> = sorted(|edge| edge.1).into_iter().map(Link::In).collect();
        links.extend(sorted(|edge| edge.0).into_iter().map(Link::Out));
        let fates = [(Link::Ended, node.ended), (Link::Open, node.open), (Link::Beyond, node.beyond)];
        links.extend(fates.iter().filter(|(_, n)| *n > 0).map(|(link, _)| *link));
        links
    }

    pub fn len(&self, answer: &Paths) -> usize {
        if self.is_in_links { self.links(answer).len() } else { self.positions.get(self.at.0).map_or(0, Vec::len) }
    }

    pub fn go(&mut self, action: RowAction, page: usize, answer: &Paths) {
        if self.is_in_links {
            let links = self.links(answer);
            if let Some(place) = moved(self.links.cursor, action, links.len(), page) {
                self.links.go(place, page, links.len(), |row| links.get(row).map(|link| link_key(*link, answer)));
            }
        } else if let Some(place) = moved(self.at.1, action, self.len(answer), page) {
            self.go_to((self.at.0, place), answer);
        }
    }

    /// Follows the strongest link to the next position, or to the one before.
    pub fn go_across(&mut self, to_the_right: bool, answer: &Paths) {
        let best = self.links(answer).into_iter().find_map(|link| match (link, to_the_right) {
            (Link::Out(row), true) => Some(self.edges[row].1),
            (Link::In(row), false) => Some(self.edges[row].0),
            _ => None,
        });
        let position = if to_the_right { self.at.0 + 1 } else { self.at.0.saturating_sub(1) };
        let place = best.and_then(|node| self.positions.get(position)?.iter().position(|at| *at == node));
        if let Some(place) = place {
            self.go_to((position, place), answer);
        }
    }

    pub fn table_name(&self) -> &'static str {
        if self.is_in_links { "edges" } else { "nodes" }
    }

    pub fn target(&self, answer: &Paths, is_reversed: bool) -> Option<Target> {
        let (_, node) = self.node(answer)?;
        let real = |name: &str| Some(name.to_owned()).filter(|name| name != OTHER);
        let of_node = |what: &str, n: u64, title: String| Target {
            cell: format!("{}{what}", node.cell()),
            title,
            n,
            name: real(&node.name),
            text: node.name.clone(),
            way: real(&node.name).into_iter().collect(),
        };
        let here = format!("{} at position {}", node.name, node.depth);
        if !self.is_in_links {
            return Some(of_node("", node.units, format!("Had {here}")));
        }
        match *self.links(answer).get(self.links.cursor)? {
            Link::In(row) | Link::Out(row) => {
                let edge = answer.edges.get(row)?;
                let mut ends = vec![edge.from.clone(), edge.to.clone()];
                if is_reversed {
                    ends.reverse();
                }
                let text = way_text(&ends);
                let other = if edge.from == node.name { &edge.to } else { &edge.from };
                Some(Target {
                    cell: edge.cell(),
                    title: format!("Went {text} at position {}", edge.depth),
                    n: edge.units,
                    name: real(other),
                    text,
                    way: ends.into_iter().filter(|name| name != OTHER).collect(),
                })
            }
            Link::Ended => Some(of_node(":ended", node.ended, format!("Ended with {here}"))),
            Link::Open => Some(of_node(":open", node.open, format!("Open after {here}"))),
            Link::Beyond => Some(of_node(":beyond", node.beyond, format!("Went on after {here}"))),
        }
    }

    pub fn view(
        &self,
        answer: &Paths,
        border: &Border<'_>,
        is_zoomed: bool,
        least: f64,
        area: Rect,
        pen: &mut Pen<'_>,
    ) -> usize {
        let has_links = !is_zoomed && area.height >= 16;
        let below = if has_links { (area.height / 3).clamp(6, 11) } else { 0 };
        let upper = Rect { height: area.height - below, ..area };
        let lower = Rect { y: area.y + upper.height, height: below, ..area };
        if is_zoomed && self.is_in_links {
            return self.view_links(answer, area, pen);
        }
        let inside = pen.frame(upper, &Border { has_focus: !self.is_in_links, ..border.clone() });
        self.view_drawing(answer, least, inside, pen);
        let rows = usize::from(inside.height.saturating_sub(1) / TALL);
        if !has_links {
            return rows;
        }
        let page = self.view_links(answer, lower, pen);
        if self.is_in_links { page } else { rows }
    }

    fn layout(&self, inside: Rect) -> Layout {
        let n = self.positions.len().max(1);
        let shown = usize::from(inside.width / POSITION_MIN).clamp(1, n);
        let wide = (inside.width / shown as u16).min(34);
        let gap = (wide / 3).clamp(5, 12).min(wide);
        let first = scroll(0, self.at.0, shown, n);
        let rows = inside.height.saturating_sub(1);
        let longest = self.positions.iter().skip(first).take(shown).map(Vec::len).max().unwrap_or(1).max(1);
        let tall = (rows / (longest as u16).max(1)).clamp(TALL, TALL_MAX);
        let room = usize::from(rows / tall);
        let mut tops = HashMap::new();
        for (at, position) in self.positions.iter().enumerate().skip(first).take(shown) {
            // One place less where something has to be said about those that have none.
            let fits = if position.len() > room { room.saturating_sub(1) } else { room };
            let from = if at == self.at.0 { scroll(0, self.at.1, fits, position.len()) } else { 0 };
            for (row, node) in position.iter().enumerate().skip(from).take(fits) {
                let x = inside.x + (at - first) as u16 * wide;
                tops.insert(*node, (x, inside.y + 1 + (row - from) as u16 * tall));
            }
        }
        Layout { first, shown, wide, gap, tall, tops }
    }

    fn view_drawing(&self, answer: &Paths, least: f64, inside: Rect, pen: &mut Pen<'_>) {
        if inside.height < TALL + 1 {
            return;
        }
        let layout = self.layout(inside);
        self.draw_lines(answer, least, &layout, inside, pen);
        let text_wide = layout.wide.saturating_sub(layout.gap + 2);
        for (at, position) in self.positions.iter().enumerate().skip(layout.first).take(layout.shown) {
            let x = inside.x + (at - layout.first) as u16 * layout.wide;
            let head = if at == 0 { "start".to_owned() } else { format!("position {}", at + 1) };
            pen.text(x, inside.y, layout.wide.saturating_sub(1), &head, Tone::Dim);
            let hidden: Vec<&Node> = position
                .iter()
                .filter(|node| !layout.tops.contains_key(node))
                .filter_map(|node| answer.nodes.get(*node))
                .collect();
            if !hidden.is_empty() {
                let units: u64 = hidden.iter().map(|node| node.units).sum();
                let text = format!("… {} more, {}", hidden.len(), words::count(units));
                pen.text(x, inside.bottom() - 1, layout.wide.saturating_sub(1), &text, Tone::Dim);
            }
            for (place, node) in position.iter().enumerate() {
                let (Some(&(x, y)), Some(node)) = (layout.tops.get(node), answer.nodes.get(*node)) else { continue };
                let is_cursor = (at, place) == self.at;
                let (mark, tone) = if is_cursor { ("▸", Tone::Strong) } else { ("█", Tone::Text) };
                pen.text(x, y, 1, mark, if is_cursor { Tone::Key } else { Tone::Bar });
                pen.text(x + 2, y, text_wide, &short(&visible(&node.name), usize::from(text_wide)), tone);
                let share = ratio(node.units, answer.units);
                let more = (share * f64::from(layout.tall - TALL + 1)).round() as u16;
                for row in 1..(2 + more).min(layout.tall) {
                    pen.text(x, y + row, 1, "█", Tone::Bar);
                }
                let percent = if share < 0.005 { "<1%".to_owned() } else { format!("{:.0}%", share * 100.0) };
                let numbers = format!("{} {percent}", words::count(node.units));
                pen.text(x + 2, y + 1, text_wide, &numbers, Tone::Text);
                if node.ended > 0 {
                    let ended = format!("⊘ {}", words::count(node.ended));
                    pen.text(x + 2, y + 2, text_wide, &ended, Tone::Dim);
                }
            }
        }
    }

    /// Each touchpoint has an upright of its own as long as there are enough; lines come in at the number and leave at the
    /// name, so that what comes and what goes is told apart.
    fn draw_lines(&self, answer: &Paths, least: f64, layout: &Layout, inside: Rect, pen: &mut Pen<'_>) {
        let mut lines = Lines::new(inside);
        let n_uprights = layout.gap.saturating_sub(2).max(1);
        for (edge, (from, to)) in answer.edges.iter().zip(&self.edges) {
            let share = ratio(edge.units, answer.units);
            let (Some(&(x, y)), Some(&(to_x, to_y))) = (layout.tops.get(from), layout.tops.get(to)) else { continue };
            if share < least {
                continue;
            }
            let (start, end) = (x + layout.wide - layout.gap, to_x.saturating_sub(1));
            let is_heavy = share >= HEAVY;
            if y == to_y {
                lines.across(start, end, y, is_heavy);
                continue;
            }
            let place = (y - inside.y) / layout.tall;
            let upright = start + 1 + place % n_uprights;
            lines.across(start, upright, y, is_heavy);
            lines.up_and_down(upright, y, to_y + 1, is_heavy);
            lines.across(upright, end, to_y + 1, is_heavy);
        }
        lines.draw(pen);
    }

    fn view_links(&self, answer: &Paths, area: Rect, pen: &mut Pen<'_>) -> usize {
        let links = self.links(answer);
        let (title, n) = match self.node(answer) {
            Some((_, node)) => {
                let n = words::count(node.units);
                (format!("{} at position {} — {n} {}", node.name, node.depth, answer.unit.word()), node.units)
            }
            None => ("Nothing".to_owned(), 0),
        };
        let foot = if self.is_in_links { "⏎ lists them" } else { "Tab" };
        let inside = pen.frame(area, &Border { title: &title, note: "in and out", foot, has_focus: self.is_in_links });
        let heads = [
            Head { text: answer.unit.word(), wide: 11, rank: 0 },
            Head { text: "%", wide: 8, rank: 1 },
            Head { text: "median", wide: 9, rank: 2 },
        ];
        let line = |place: usize| {
            let Some(link) = links.get(place) else { return Line::default() };
            let of_edge = |edge: &Edge, label: String| (label, edge.units, edge.median_s);
            let node = self.node(answer).map(|(_, node)| node);
            let fate = |label: &str, n: fn(&Node) -> u64| (label.to_owned(), node.map_or(0, n), None);
            let (label, units, median) = match *link {
                Link::In(row) => of_edge(&answer.edges[row], format!("← {}", answer.edges[row].from)),
                Link::Out(row) => of_edge(&answer.edges[row], format!("→ {}", answer.edges[row].to)),
                Link::Ended => fate("⊘ ended", |node| node.ended),
                Link::Open => fate("○ open", |node| node.open),
                Link::Beyond => fate("… more", |node| node.beyond),
            };
            let median = median.map_or(String::new(), words::seconds);
            let cells = vec![words::count(units), words::share(units, n), median];
            Line { label, share: Some(ratio(units, n)), cells, ..Line::default() }
        };
        let (from, cursor, len) = (self.links.from, self.links.cursor, links.len());
        let (label, has_focus) = ("touchpoint", self.is_in_links);
        Sheet {
            label,
            mark: 0,
            bars: Bars::Always,
            heads: &heads,
            from,
            cursor,
            len,
            line: &line,
            rule: None,
            has_focus,
        }
        .view(inside, pen)
    }
}

fn link_key(link: Link, answer: &Paths) -> String {
    match link {
        Link::In(row) | Link::Out(row) => answer.edges.get(row).map_or(String::new(), Edge::cell),
        fate => format!("{fate:?}"),
    }
}
