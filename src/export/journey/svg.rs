//! A journey map as an SVG picture: a column per stage, a lane per kind of fact, readable without colour and in print.

use std::fmt::Write as _;
use std::io::Write;

use unicode_width::UnicodeWidthChar;

use super::super::html::escaped;
use super::super::{Document, Error, Style};
use super::{FEW_VOICES, Lane, coverage, lanes, mark};
use crate::table::text::{count, share};

/// Where the columns begin, and how wide each is.
const LEFT: usize = 120;
const WIDTH: usize = 190;
const LINE: usize = 17;
/// Columns of text that fit into a stage.
const FIT: usize = 26;
/// Height of the lane of emotions.
const MOOD: usize = 96;

const STYLE: &str = "\
text{font:12px system-ui,sans-serif;fill:#222}\
.h{font-weight:600;font-size:14px}.l{fill:#666}.s{font-size:10px;fill:#666}\
.b{fill:#4a78b5}.r{stroke:#ccc}.e{stroke:#222;stroke-width:2;fill:none}\
.p{fill:#fff;stroke:#222;stroke-width:1.5}.few{stroke-dasharray:2 2}.x{stroke:#999;stroke-dasharray:5 4;fill:none}\
.green{fill:#1a7f37}.amber{fill:#9a6700}.red{fill:#b3261e}\
@media(prefers-color-scheme:dark){text{fill:#ddd}.l,.s{fill:#aaa}.r{stroke:#444}.e,.p{stroke:#ddd}.p{fill:#111}\
.green{fill:#5fd080}.amber{fill:#e3b341}.red{fill:#ff8a80}}";

pub(in crate::export) fn write(document: &Document, _: &Style, out: &mut dyn Write) -> Result<(), Error> {
    let lanes = lanes(document, "svg")?;
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    out.write_all(drawn(document, &lanes).as_bytes())?;
    Ok(())
}

/// The picture as an element, also for pages.
pub(in crate::export) fn drawn(document: &Document, lanes: &[Lane]) -> String {
    let mut page = Page { svg: String::new(), y: 24 };
    let title = format!("Journey map · {}", document.source.files.join(", "));
    page.text(8, "h", &title);
    page.down(LINE);
    page.text(8, "s", &coverage(document).join(" · "));
    page.down(LINE + 6);
    page.heads(lanes);
    page.people(lanes);
    page.times(lanes);
    page.moods(lanes);
    page.list("touchpoints", lanes, |lane| plain(&lane.touchpoints));
    page.list("channels", lanes, |lane| plain(&lane.channels));
    page.list("KPIs", lanes, |lane| {
        lane.kpis.iter().map(|kpi| (class(&kpi.status), format!("{} {}", mark(&kpi.status), kpi.text))).collect()
    });
    page.list("pains", lanes, |lane| plain(&lane.pains));
    page.list("owner", lanes, |lane| lane.owner.iter().map(|owner| ("", owner.clone())).collect());
    let (width, height) = (LEFT + WIDTH * lanes.len() + 8, page.y);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\" aria-label=\"Journey map\">\n<style>{STYLE}</style>\n{}</svg>\n",
        page.svg
    )
}

fn plain(texts: &[String]) -> Vec<(&'static str, String)> {
    texts.iter().map(|text| ("", text.clone())).collect()
}

fn class(status: &str) -> &'static str {
    ["green", "amber", "red"].into_iter().find(|known| *known == status).unwrap_or("")
}

struct Page {
    svg: String,
    y: usize,
}

impl Page {
    fn down(&mut self, by: usize) {
        self.y += by;
    }

    fn put(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing into a string cannot fail.
        let _ = self.svg.write_fmt(element);
        self.svg.push('\n');
    }

    fn text(&mut self, x: usize, class: &str, text: &str) {
        let y = self.y;
        self.put(format_args!("<text x=\"{x}\" y=\"{y}\" class=\"{class}\">{}</text>", escaped(text)));
    }

    /// In the column of a stage, cut to fit, with the whole where it is longer.
    fn in_lane(&mut self, at: usize, class: &str, text: &str) {
        if text.is_empty() {
            return;
        }
        let (x, y, cut) = (LEFT + at * WIDTH, self.y, cut(text));
        let whole = if cut == text { String::new() } else { format!("<title>{}</title>", escaped(text)) };
        self.put(format_args!("<text x=\"{x}\" y=\"{y}\" class=\"{class}\">{whole}{}</text>", escaped(&cut)));
    }

    /// A line across and the name of the lane below it.
    fn lane(&mut self, name: &str, lanes: &[Lane]) {
        let (y, right) = (self.y - LINE + 4, LEFT + WIDTH * lanes.len());
        self.put(format_args!("<line x1=\"8\" y1=\"{y}\" x2=\"{right}\" y2=\"{y}\" class=\"r\"/>"));
        self.text(8, "l", name);
    }

    fn heads(&mut self, lanes: &[Lane]) {
        for (at, lane) in lanes.iter().enumerate() {
            self.in_lane(at, "h", &lane.title);
        }
        self.down(LINE);
        for (at, lane) in lanes.iter().enumerate() {
            self.in_lane(at, "s", lane.goal.as_deref().unwrap_or(""));
        }
        self.down(LINE + 6);
    }

    fn people(&mut self, lanes: &[Lane]) {
        self.lane("customers", lanes);
        for (at, lane) in lanes.iter().enumerate() {
            let of_all = lane.share.map(|x| format!(" · {}", share(x))).unwrap_or_default();
            self.in_lane(at, "", &lane.customers.map(|n| format!("{}{of_all}", count(n))).unwrap_or_default());
            self.bar(at, lane.share);
        }
        self.down(LINE + 10);
        self.lane("moved on", lanes);
        for (at, lane) in lanes.iter().enumerate() {
            let between = lane.moved_on_between.map(|(lo, hi)| format!(" [{}–{}]", share(lo), share(hi)));
            let text = lane.moved_on.map(|x| format!("{}{}", share(x), between.unwrap_or_default()));
            self.in_lane(at, "", &text.unwrap_or_default());
            self.bar(at, lane.moved_on);
        }
        self.down(LINE + 10);
    }

    fn bar(&mut self, at: usize, share: Option<f64>) {
        let Some(share) = share else { return };
        let (x, y, width) = (LEFT + at * WIDTH, self.y + 4, share.clamp(0.0, 1.0) * (WIDTH - 20) as f64);
        self.put(format_args!("<rect x=\"{x}\" y=\"{y}\" width=\"{width:.1}\" height=\"5\" class=\"b\"/>"));
    }

    fn times(&mut self, lanes: &[Lane]) {
        self.lane("time to move on", lanes);
        for (at, lane) in lanes.iter().enumerate() {
            self.in_lane(
                at,
                "",
                &lane.completed.as_ref().map(|time| format!("{time} of the moved on")).unwrap_or_default(),
            );
        }
        self.down(LINE);
        for (at, lane) in lanes.iter().enumerate() {
            self.in_lane(
                at,
                "s",
                &lane.waiting.as_ref().map(|time| format!("{time} with those waiting")).unwrap_or_default(),
            );
        }
        self.down(LINE + 6);
    }

    fn moods(&mut self, lanes: &[Lane]) {
        self.lane("emotion", lanes);
        let (top, middle) = (self.y, self.y + MOOD / 2);
        let right = LEFT + WIDTH * lanes.len();
        self.put(format_args!("<line x1=\"{LEFT}\" y1=\"{middle}\" x2=\"{right}\" y2=\"{middle}\" class=\"r\"/>"));
        let x = |at: usize| LEFT + at * WIDTH + (WIDTH - 20) / 2;
        let y = |emotion: f64| middle as f64 - emotion / 2.0 * (MOOD / 2 - 8) as f64;
        for (is_expected, class) in [(true, "x"), (false, "e")] {
            let of = |lane: &Lane| if is_expected { lane.expected } else { lane.emotion };
            // The line is broken where nobody said anything.
            for run in (0..lanes.len())
                .collect::<Vec<_>>()
                .chunk_by(|a, b| of(&lanes[*a]).is_some() == of(&lanes[*b]).is_some())
            {
                let points: Vec<String> =
                    run.iter().filter_map(|at| Some(format!("{},{:.1}", x(*at), y(of(&lanes[*at])?)))).collect();
                if points.len() > 1 {
                    self.put(format_args!("<polyline points=\"{}\" class=\"{class}\"/>", points.join(" ")));
                } else if is_expected && let [point] = &points[..] {
                    let (cx, cy) = point.split_once(',').expect("two numbers");
                    self.put(format_args!("<circle cx=\"{cx}\" cy=\"{cy}\" r=\"3\" class=\"x\"/>"));
                }
            }
        }
        for (at, lane) in lanes.iter().enumerate() {
            let Some(emotion) = lane.emotion else { continue };
            let few = if lane.emotion_n < FEW_VOICES { " few" } else { "" };
            self.put(format_args!("<circle cx=\"{}\" cy=\"{:.1}\" r=\"5\" class=\"p{few}\"/>", x(at), y(emotion)));
            let (x, y) = (x(at) + 9, y(emotion) - 5.0);
            let text = format!("{} (n {})", signed(emotion), count(lane.emotion_n));
            self.put(format_args!("<text x=\"{x}\" y=\"{y:.1}\" class=\"s\">{}</text>", escaped(&text)));
        }
        self.y = top + MOOD;
        if lanes.iter().any(|lane| lane.expected.is_some()) {
            self.text(LEFT, "s", "dashed: expected; dotted circle: fewer than 10 said");
        }
        self.down(LINE + 6);
    }

    fn list(&mut self, name: &str, lanes: &[Lane], of: impl Fn(&Lane) -> Vec<(&'static str, String)>) {
        let lists: Vec<Vec<(&'static str, String)>> = lanes.iter().map(of).collect();
        let n = lists.iter().map(Vec::len).max().unwrap_or(0);
        if n == 0 {
            return;
        }
        self.lane(name, lanes);
        for line in 0..n {
            for (at, list) in lists.iter().enumerate() {
                if let Some((class, text)) = list.get(line) {
                    self.in_lane(at, class, text);
                }
            }
            self.down(LINE);
        }
        self.down(8);
    }
}

pub(super) fn signed(emotion: f64) -> String {
    format!("{emotion:+.2}").replace('-', "−")
}

/// As much as fits into a column, by display width.
fn cut(text: &str) -> String {
    let mut width = 0;
    for (at, c) in text.char_indices() {
        width += c.width().unwrap_or(0);
        if width > FIT {
            return format!("{}…", text[..at].trim_end());
        }
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::tests::map;
    use super::*;
    use crate::export::fixture::written;

    #[test]
    fn a_picture_holds_every_lane_and_its_text_stays_text() {
        let svg = written("svg", &map(), &Style::default());
        assert!(svg.contains("&lt;/text&gt;&lt;script&gt;") && !svg.contains("<script"), "{svg}");
        insta::assert_snapshot!(svg);
    }

    #[test]
    fn long_text_is_cut_by_what_it_takes_on_the_page() {
        assert_eq!(cut("short"), "short");
        assert_eq!(cut("abcdefghijklmnopqrstuvwxyz"), "abcdefghijklmnopqrstuvwxyz");
        assert_eq!(cut("abcdefghijklmnopqrstuvwxyz!"), "abcdefghijklmnopqrstuvwxyz…");
        assert_eq!(cut("一二三四五六七八九十一二三四"), "一二三四五六七八九十一二三…");
    }

    #[test]
    fn a_map_without_stages_is_an_empty_picture() {
        let mut document = map();
        document.tables = document.tables.into_iter().map(|table| table.limited(0)).collect();
        let lanes = lanes(&document, "svg").expect("a map");
        assert!(drawn(&document, &lanes).contains("Journey map"));
    }
}
