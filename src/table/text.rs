//! Cells as people read them: the only place that turns 0.6667 into `66.7%`.
//!
//! | kind | reads |
//! |---|---|
//! | count | `84,210` |
//! | int | `-3`, without separators, since it may be a year or a rank |
//! | number | `1,234.5`, `42.50`, `0.0123`, `1.2e-6`: at least three digits that mean something |
//! | share | `66.7%`; `0%` and `100%` are exact, `<0.1%` and `>99.9%` are not |
//! | probability | `.012`, `<.001`, `>.999` |
//! | seconds | the two largest units: `320ms`, `4.2s`, `45s`, `2m40s`, `3h05m`, `2d4h`; a second unit of zero is left out (`18m`) |
//! | time | `2019-11-01 17:59:13` in the zone of the data, to the second |
//! | flag | `yes`, `no` |
//! | nothing | `–` |

use crate::base::visible::visible;
use crate::base::{Instant, Zone};

use super::{Cell, Kind};

/// What stands for "nothing to say here".
pub const NOTHING: &str = "–";

/// A cell of a column of this kind as people read it, times in UTC. Safe to send to a terminal.
pub fn show(cell: &Cell, kind: Kind) -> String {
    show_in(cell, kind, &Zone::utc())
}

/// As `show`, with times in a zone.
pub fn show_in(cell: &Cell, kind: Kind, zone: &Zone) -> String {
    match cell {
        Cell::Empty => NOTHING.to_owned(),
        Cell::Text(text) => visible(text).into_owned(),
        Cell::Time(at) => time(*at, zone),
        Cell::Flag(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Cell::Count(n) => match kind {
            Kind::Share | Kind::Probability | Kind::Seconds => measure(*n as f64, kind),
            Kind::Int => n.to_string(),
            Kind::Text | Kind::Count | Kind::Number | Kind::Time | Kind::Flag => count(*n),
        },
        Cell::Int(n) => match kind {
            Kind::Share | Kind::Probability | Kind::Seconds => measure(*n as f64, kind),
            Kind::Count | Kind::Number => signed(*n < 0, &count(n.unsigned_abs())),
            Kind::Int | Kind::Text | Kind::Time | Kind::Flag => signed(*n < 0, &n.unsigned_abs().to_string()),
        },
        Cell::Number(x) => measure(*x, kind),
    }
}

fn measure(x: f64, kind: Kind) -> String {
    match kind {
        Kind::Share => share(x),
        Kind::Probability => probability(x),
        Kind::Seconds => seconds(x),
        Kind::Text | Kind::Count | Kind::Int | Kind::Number | Kind::Time | Kind::Flag => number(x),
    }
}

/// `84,210`
pub fn count(n: u64) -> String {
    grouped(&n.to_string())
}

/// `66.7%`
pub fn share(x: f64) -> String {
    if !x.is_finite() {
        return NOTHING.to_owned();
    }
    let size = x.abs();
    let text = if size == 0.0 || size == 1.0 {
        format!("{}%", size * 100.0)
    } else if size < 0.0005 {
        return format!("<{}", signed(x < 0.0, "0.1%"));
    } else if (0.9995..1.0).contains(&size) {
        return format!(">{}", signed(x < 0.0, "99.9%"));
    } else {
        format!("{}%", grouped_decimal(&format!("{:.1}", size * 100.0)))
    };
    signed(x < 0.0, &text)
}

/// `.012`, as p-values are written.
pub fn probability(p: f64) -> String {
    if !p.is_finite() {
        return NOTHING.to_owned();
    }
    if p < 0.001 {
        return "<.001".to_owned();
    }
    if p >= 1.0 {
        return "1".to_owned();
    }
    if p > 0.9995 {
        return ">.999".to_owned();
    }
    format!("{p:.3}").trim_start_matches('0').to_owned()
}

/// A length of time in its two largest units; see the table above.
pub fn seconds(x: f64) -> String {
    if !x.is_finite() {
        return NOTHING.to_owned();
    }
    signed(x < 0.0, &seconds_of(x.abs()))
}

fn seconds_of(x: f64) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 3600;
    const DAY: u64 = 86_400;
    if x == 0.0 {
        return "0s".to_owned();
    }
    if x < 0.0005 {
        return "<1ms".to_owned();
    }
    if x < 0.9995 {
        return format!("{:.0}ms", x * 1000.0);
    }
    if x < 9.95 {
        let text = format!("{x:.1}");
        return format!("{}s", text.trim_end_matches(".0"));
    }
    let pair = |whole: u64, unit: &str, rest: u64, small: &str, pad: usize| match rest {
        0 => format!("{}{unit}", count(whole)),
        _ => format!("{}{unit}{rest:0pad$}{small}", count(whole)),
    };
    let whole = x.round() as u64;
    if whole < MINUTE {
        return format!("{whole}s");
    }
    if whole < HOUR {
        return pair(whole / MINUTE, "m", whole % MINUTE, "s", 2);
    }
    let minutes = (x / 60.0).round() as u64;
    if minutes * MINUTE < DAY {
        return pair(minutes / 60, "h", minutes % 60, "m", 2);
    }
    let hours = (x / 3600.0).round() as u64;
    if hours < 100 * 24 {
        return pair(hours / 24, "d", hours % 24, "h", 1);
    }
    format!("{}d", count((x / DAY as f64).round() as u64))
}

/// A number with the digits that matter.
pub fn number(x: f64) -> String {
    if !x.is_finite() {
        return NOTHING.to_owned();
    }
    let size = x.abs();
    let text = if size >= 1e15 || (size > 0.0 && size < 1e-4) {
        format!("{size:.2e}")
    } else if size.fract() == 0.0 {
        format!("{size:.0}")
    } else if size >= 100.0 {
        format!("{size:.1}")
    } else if size >= 1.0 {
        format!("{size:.2}")
    } else {
        // Three significant digits: as many places as there are zeros after the point, and three.
        let zeros = [0.1, 0.01, 0.001].iter().filter(|&&power| size < power).count();
        let places = zeros + 3;
        format!("{size:.places$}")
    };
    signed(x < 0.0, &grouped_decimal(&text))
}

/// `2019-11-01 17:59:13` on a wall in this zone.
pub fn time(at: Instant, zone: &Zone) -> String {
    let mut civil = zone.civil(at);
    civil.micros = 0;
    civil.to_text(' ')
}

fn signed(is_negative: bool, text: &str) -> String {
    if is_negative { format!("−{text}") } else { text.to_owned() }
}

fn grouped_decimal(text: &str) -> String {
    match text.split_once('.') {
        Some((whole, places)) => format!("{}.{places}", grouped(whole)),
        None if text.contains('e') => text.to_owned(),
        None => grouped(text),
    }
}

fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(show: impl Fn(f64) -> String, cases: &[(f64, &str)]) {
        for (value, expect) in cases {
            assert_eq!(show(*value), *expect, "{value}");
        }
    }

    #[test]
    fn shares_say_where_they_are_exact() {
        check(
            share,
            &[
                (0.6667, "66.7%"),
                (0.0, "0%"),
                (1.0, "100%"),
                (0.00001, "<0.1%"),
                (0.99999, ">99.9%"),
                (0.0005, "0.1%"),
                (-0.0533, "−5.3%"),
                (12.5, "1,250.0%"),
                (f64::NAN, "–"),
            ],
        );
    }

    #[test]
    fn lengths_of_time_take_their_two_largest_units() {
        check(
            seconds,
            &[
                (0.0, "0s"),
                (0.0001, "<1ms"),
                (0.32, "320ms"),
                (0.9996, "1s"),
                (4.2, "4.2s"),
                (9.97, "10s"),
                (45.4, "45s"),
                (59.6, "1m"),
                (160.0, "2m40s"),
                (365.0, "6m05s"),
                (1080.0, "18m"),
                (3599.7, "1h"),
                (11_100.0, "3h05m"),
                (86_380.0, "1d"),
                (187_200.0, "2d4h"),
                (308_160.0, "3d14h"),
                (8_639_000.0, "100d"),
                (1e9, "11,574d"),
                (-160.0, "−2m40s"),
            ],
        );
    }

    #[test]
    fn probabilities_read_as_p_values_do() {
        check(probability, &[(0.0, "<.001"), (0.0004, "<.001"), (0.0123, ".012"), (0.05, ".050"), (0.99999, ">.999")]);
        assert_eq!(probability(1.0), "1");
    }

    #[test]
    fn numbers_keep_the_digits_that_matter() {
        check(
            number,
            &[
                (0.0, "0"),
                (1_234_567.0, "1,234,567"),
                (1234.56, "1,234.6"),
                (42.5, "42.50"),
                (0.012_345, "0.0123"),
                (0.5, "0.500"),
                (-3.25, "−3.25"),
                (0.000_001_23, "1.23e-6"),
                (1e18, "1.00e18"),
            ],
        );
    }

    #[test]
    fn every_cell_can_be_shown_and_nothing_in_it_steers_a_terminal() {
        let at = Instant(1_572_631_153_273_932);
        let berlin: Zone = "Europe/Berlin".parse().expect("a zone");
        assert_eq!(show(&Cell::Time(at), Kind::Time), "2019-11-01 17:59:13");
        assert_eq!(show_in(&Cell::Time(at), Kind::Time, &berlin), "2019-11-01 18:59:13");
        assert_eq!(show(&Cell::Count(84_210), Kind::Count), "84,210");
        assert_eq!(show(&Cell::Int(-2024), Kind::Int), "−2024");
        assert_eq!(show(&Cell::Count(90), Kind::Seconds), "1m30s");
        assert_eq!(show(&Cell::Empty, Kind::Share), "–");
        assert_eq!(show(&Cell::Flag(true), Kind::Flag), "yes");
        assert_eq!(show(&Cell::text("a\x1b[2Jb"), Kind::Text), "a␛[2Jb");
    }
}
