//! Numbers, shares and lengths of time as the workbench shows them.

use crate::base::visible::visible;
use crate::base::{Civil, Instant, Zone};
use crate::table::{Cell, Kind};

/// `84,210`
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count in at most five characters: `9,871`, `41.2k`, `1.2M`.
pub fn short(n: u64) -> String {
    match n {
        0..10_000 => count(n),
        10_000..99_950 => format!("{:.1}k", n as f64 / 1e3),
        99_950..999_500 => format!("{:.0}k", n as f64 / 1e3),
        999_500..99_950_000 => format!("{:.1}M", n as f64 / 1e6),
        _ => format!("{:.0}M", n as f64 / 1e6),
    }
}

/// `72.9%`, `100%`; a dash where the whole is nothing.
pub fn share(part: u64, whole: u64) -> String {
    if whole == 0 { "—".to_owned() } else { fraction(part as f64 / whole as f64) }
}

pub fn fraction(value: f64) -> String {
    let shown = format!("{:.1}%", value * 100.0);
    if shown == "100.0%" && value >= 1.0 { "100%".to_owned() } else { shown }
}

/// A title as it stands inside a sentence: `Dropped after cart` is `dropped after cart`.
pub fn lowered(title: &str) -> String {
    let mut chars = title.chars();
    chars.next().map_or(String::new(), |first| first.to_lowercase().chain(chars).collect())
}

/// A length of time in its two largest units: `1m12s`, `18m`, `2h14m`, `3d4h`.
pub fn seconds(value: f64) -> String {
    if !value.is_finite() || value < 0.0 {
        return "—".to_owned();
    }
    if value > 0.0 && value < 1.0 {
        return format!("{:.0}ms", (value * 1000.0).max(1.0));
    }
    let whole = value.round() as u64;
    let (big, unit, small, small_unit) = match whole {
        0..60 => return format!("{whole}s"),
        60..3600 => (whole / 60, "m", whole % 60, "s"),
        3600..86_400 => (whole / 3600, "h", whole % 3600 / 60, "m"),
        _ => (whole / 86_400, "d", whole % 86_400 / 3600, "h"),
    };
    if small == 0 || big >= 100 { format!("{big}{unit}") } else { format!("{big}{unit}{small:02}{small_unit}") }
}

/// `2019-11-01 17:59:13`, as a wall in that zone shows it.
pub fn time(at: Instant, zone: &Zone) -> String {
    let civil = zone.civil(at);
    Civil { micros: 0, ..civil }.to_text(' ')
}

/// `2019-11-01`
pub fn day(at: Instant, zone: &Zone) -> String {
    let text = time(at, zone);
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// `17:59:13`
pub fn clock(at: Instant, zone: &Zone) -> String {
    let text = time(at, zone);
    text.split(' ').nth(1).unwrap_or_default().to_owned()
}

/// `3 customers`, `1 customer`
pub fn things(n: u64, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{} {one}s", count(n)) }
}

/// `12.4 MB`
pub fn bytes(n: u64) -> String {
    match n {
        0..1_000 => format!("{n} B"),
        1_000..1_000_000 => format!("{:.1} kB", n as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", n as f64 / 1e6),
        _ => format!("{:.2} GB", n as f64 / 1e9),
    }
}

/// A cell as people read it; empty where there is nothing to say. Data is made safe to show.
pub fn cell(cell: &Cell, kind: Kind, zone: &Zone) -> String {
    match (cell, kind) {
        (Cell::Empty, _) => String::new(),
        (Cell::Text(text), _) => visible(text).into_owned(),
        (Cell::Count(n), _) => count(*n),
        (Cell::Int(n), _) => n.to_string(),
        (Cell::Number(value), Kind::Share) => fraction(*value),
        (Cell::Number(value), Kind::Seconds) => seconds(*value),
        (Cell::Number(value), Kind::Probability) if *value < 0.001 => "<.001".to_owned(),
        (Cell::Number(value), Kind::Probability) => format!("{value:.3}"),
        (Cell::Number(value), _) if value.fract() == 0.0 && value.abs() < 1e15 => format!("{value:.0}"),
        (Cell::Number(value), _) => format!("{value:.2}"),
        (Cell::Time(at), _) => time(*at, zone),
        (Cell::Flag(flag), _) => if *flag { "yes" } else { "no" }.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_the_same_everywhere() {
        assert_eq!([0, 999, 1_000, 84_210, 1_204_311].map(count), ["0", "999", "1,000", "84,210", "1,204,311"]);
        assert_eq!(
            [share(1, 1), share(61_472, 84_210), share(9_999, 10_000), share(0, 0)],
            ["100%", "73.0%", "100.0%", "—"]
        );
        assert_eq!(
            [0.25, 9.4, 72.0, 1080.0, 8040.0, 100_000.0, 1e7].map(seconds),
            ["250ms", "9s", "1m12s", "18m", "2h14m", "1d03h", "115d"]
        );
        assert_eq!(seconds(f64::NAN), "—");
        let counts = [0, 9_999, 10_000, 41_249, 99_949, 99_950, 999_499, 999_500, 12_345_678].map(short);
        assert_eq!(counts, ["0", "9,999", "10.0k", "41.2k", "99.9k", "100k", "999k", "1.0M", "12.3M"]);
        assert_eq!(time(Instant(1_572_631_153_273_932), &Zone::utc()), "2019-11-01 17:59:13");
        let berlin = "Europe/Berlin".parse().expect("a zone");
        assert_eq!(time(Instant(1_572_631_153_273_932), &berlin), "2019-11-01 18:59:13");
    }
}
