//! A page that stands alone: every table, the question, the source and the notes; no script, nothing loaded.

use std::io::Write;

use super::blocks::write_rows;
use super::journey::{lanes, svg};
use super::{Document, Error, Style, guarded};
use crate::base::visible::visible;
use crate::table::text::show_in;
use crate::table::{Cell, Column, Table};

const STYLE: &str = "\
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem}
table{border-collapse:collapse;margin:.5rem 0 2rem;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding:.3rem 0}
th,td{padding:.2rem .7rem;border-bottom:1px solid color-mix(in srgb,currentColor 20%,transparent);text-align:left}
.n{text-align:right}
pre{white-space:pre-wrap}
figure{margin:1rem 0;overflow-x:auto}
@media print{body{margin:0}}
";

pub(super) fn write(document: &Document, style: &Style, out: &mut dyn Write) -> Result<(), Error> {
    let title = escaped(&format!("trailmap {}", document.analysis));
    writeln!(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>")?;
    writeln!(out, "<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>")?;
    writeln!(out, "<p>{}</p>", escaped(&document.source.files.join(", ")))?;
    if let Some(counts) = &document.source.counts {
        writeln!(out, "<p>{}</p>", escaped(&counts.conservation()))?;
    }
    if let Ok(lanes) = lanes(document, "html") {
        writeln!(out, "<figure>{}</figure>", svg::drawn(document, &lanes))?;
    }
    for table in &document.tables {
        write_table(table, style, out)?;
    }
    if !document.notes.is_empty() {
        writeln!(out, "<h2>Notes</h2>\n<ul>")?;
        for note in &document.notes {
            writeln!(out, "<li>{}</li>", escaped(note))?;
        }
        writeln!(out, "</ul>")?;
    }
    let spec = escaped(&document.spec.to_string());
    writeln!(out, "<details><summary>The question</summary><pre>{spec}\n{}</pre></details>", document.spec_hash())?;
    writeln!(out, "</body>\n</html>")?;
    Ok(())
}

fn write_table(table: &Table, style: &Style, out: &mut dyn Write) -> Result<(), Error> {
    writeln!(out, "<table>\n<caption>{}</caption>\n<thead><tr>", escaped(&table.name))?;
    for column in &table.columns {
        writeln!(out, "<th{}>{}</th>", class(column), escaped(&guarded(&column.name, style)))?;
    }
    writeln!(out, "</tr></thead>\n<tbody>")?;
    write_rows(table, 0..table.len(), style, out, |_, row, bytes| {
        bytes.extend_from_slice(b"<tr>");
        for (cell, column) in row.iter().zip(&table.columns) {
            let shown = match cell {
                Cell::Text(text) => guarded(text, style).into_owned(),
                _ => show_in(cell, column.kind, &style.zone),
            };
            let open = format!("<td{}{}>", class(column), raw_value(cell));
            bytes.extend_from_slice(open.as_bytes());
            bytes.extend_from_slice(escaped(&shown).as_bytes());
            bytes.extend_from_slice(b"</td>");
        }
        bytes.extend_from_slice(b"</tr>\n");
    })?;
    writeln!(out, "</tbody>\n</table>")?;
    Ok(())
}

fn class(column: &Column) -> &'static str {
    if column.kind.is_right_aligned() { " class=\"n\"" } else { "" }
}

/// The number behind what is shown, for whoever reads the page by program.
fn raw_value(cell: &Cell) -> String {
    match cell {
        Cell::Number(x) => format!(" data-value=\"{x}\""),
        Cell::Time(at) => format!(" data-value=\"{at}\""),
        Cell::Empty | Cell::Text(_) | Cell::Count(_) | Cell::Int(_) | Cell::Flag(_) => String::new(),
    }
}

/// Text that no browser acts on, with control and bidi characters made visible.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for c in visible(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::fixture::{hostile, written};

    #[test]
    fn a_page_holds_every_table_and_its_text_stays_text() {
        let page = written("html", &hostile(), &Style::default());
        let body = &page[page.find("<body>").expect("a body")..];
        insta::assert_snapshot!(body, @r#"
        <body>
        <h1>trailmap funnel</h1>
        <p>shop.csv</p>
        <p>read 12 = 10 events + 2 rejected + 0 duplicates</p>
        <table>
        <caption>steps</caption>
        <thead><tr>
        <th class="n">step</th>
        <th>name</th>
        <th class="n">share</th>
        <th class="n">median_s</th>
        <th>first</th>
        <th>mature</th>
        </tr></thead>
        <tbody>
        <tr><td class="n">1,234</td><td>view, &quot;then&quot;␊buy|&lt;b&gt;</td><td class="n" data-value="1">100%</td><td class="n">–</td><td data-value="2019-11-01T17:59:13.273932Z">2019-11-01 17:59:13</td><td>yes</td></tr>
        <tr><td class="n">1,235</td><td>&#39;=cmd()␛[31m</td><td class="n" data-value="0.6666666666666666">66.7%</td><td class="n" data-value="160.5">2m41s</td><td data-value="2019-11-01T17:59:13.273932Z">2019-11-01 17:59:13</td><td>no</td></tr>
        <tr><td class="n">1,236</td><td>日本&lt;U+202E&gt;語</td><td class="n">–</td><td class="n" data-value="160.5">2m41s</td><td data-value="2019-11-01T17:59:13.273932Z">2019-11-01 17:59:13</td><td>no</td></tr>
        </tbody>
        </table>
        <table>
        <caption>after</caption>
        <thead><tr>
        <th>next</th>
        <th class="n">p</th>
        </tr></thead>
        <tbody>
        <tr><td>(end)</td><td class="n" data-value="0.0004">&lt;.001</td></tr>
        </tbody>
        </table>
        <h2>Notes</h2>
        <ul>
        <li>3 ties</li>
        </ul>
        <details><summary>The question</summary><pre>{&quot;steps&quot;:[&quot;a&quot;],&quot;within&quot;:&quot;7d&quot;}
        sha256:de69a058f58a389b81b077356c97e15a2d444a25c8ad8646f38ca99aa9581353</pre></details>
        </body>
        </html>
        "#);
    }
}
