//! What reads as a time, and as which.

use super::*;
use proptest::prelude::*;

fn utc() -> Zone {
    Zone::utc()
}

/// Detects the format from all samples and shows what each becomes.
fn read_in(zone: &Zone, format: Option<&str>, samples: &[&str]) -> Vec<String> {
    let reader = TimeReader::detect(samples, format, zone).expect("a format");
    samples
        .iter()
        .map(|text| match reader.read(text) {
            Some(TimeRead { instant, is_ambiguous: false }) => instant.to_string(),
            Some(TimeRead { instant, is_ambiguous: true }) => format!("{instant} ambiguous"),
            None => "no".into(),
        })
        .collect()
}

#[track_caller]
fn check(samples: &[&str], expect: &[&str]) {
    assert_eq!(read_in(&utc(), None, samples), expect, "{samples:?}");
}

#[track_caller]
fn check_described(samples: &[&str], format: Option<&str>, expect: &str) {
    assert_eq!(TimeReader::detect(samples, format, &utc()).expect("a format").describe(), expect);
}

#[track_caller]
fn check_refused(samples: &[&str], format: Option<&str>, expect: &str) {
    assert_eq!(TimeReader::detect(samples, format, &utc()).expect_err("no format"), expect);
}

#[test]
fn the_iso_family_and_its_relatives_read_in_one_column() {
    check(
        &[
            "2019-11-01 17:59:13.273932",
            "2019-11-01T17:59:13Z",
            "2019-11-01T17:59:13.273932999+02:00",
            "2019-11-01 17:59:13 UTC",
            "2019-11-01",
            "2019/11/1 7:05",
            "2019-11-01 5:59 PM",
            " 2019-11-01 17:59:13 ",
            "2019-11-01T17:59:13+01:00[Europe/Berlin]",
            "2019-11-01T17:59:13,5",
        ],
        &[
            "2019-11-01T17:59:13.273932Z",
            "2019-11-01T17:59:13Z",
            "2019-11-01T15:59:13.273932Z",
            "2019-11-01T17:59:13Z",
            "2019-11-01T00:00:00Z",
            "2019-11-01T07:05:00Z",
            "2019-11-01T17:59:00Z",
            "2019-11-01T17:59:13Z",
            "2019-11-01T16:59:13Z",
            "2019-11-01T17:59:13.5Z",
        ],
    );
}

#[test]
fn what_no_calendar_and_no_clock_shows_does_not_read() {
    let good = ["2024-02-29"; 12];
    let bad = [
        "2023-02-29",
        "2024-02-30",
        "2024-13-01 00:00:00",
        "2024-05-01 24:00:00",
        "2024-05-01 23:59:60",
        "2024-05-01 23:60:00",
        "0000-05-01 00:00:00",
        "10000-05-01",
        "2024-05-01 10:00:00.",
        "2024-05-01 10:00:00 Zulu",
        "2024-05-01 1O:00:00",
        "-001-05-01",
    ];
    let reader = TimeReader::detect(&good, None, &utc()).expect("dates");
    for text in bad {
        assert_eq!(reader.read(text), None, "{text}");
    }
    assert_eq!(reader.read("0001-01-01T00:00:00+02:00"), None, "before the year 1");
    assert!(reader.read("0001-01-01").is_some() && reader.read("9999-12-31 23:59:59.999999").is_some());
}

#[test]
fn epochs_are_told_apart_by_size() {
    check(&["1572631153", "1572631154.25"], &["2019-11-01T17:59:13Z", "2019-11-01T17:59:14.25Z"]);
    check(&["1572631153273"], &["2019-11-01T17:59:13.273Z"]);
    check(&["1572631153273932"], &["2019-11-01T17:59:13.273932Z"]);
    check(&["1572631153273932999"], &["2019-11-01T17:59:13.273932Z"]);
    check_described(&["1572631153273"], None, "epoch milliseconds");
}

#[test]
fn a_value_in_another_unit_than_its_column_does_not_read() {
    let reader = TimeReader::detect(&["1572631153273"; 3], None, &utc()).expect("epoch");
    for text in ["1572631153", "0", "1572631153273932", "x", "20240501", "-5", "99999999999999999999", "1572631153273."]
    {
        assert_eq!(reader.read(text), None, "{text}");
    }
    check_refused(
        &["1572631153273", "1572631153", "1572631153273932", "1572631153", "x"],
        None,
        "the numbers mix epoch units, or are something else (`1572631153273`, `1572631153`); --time-format %s, \
         epoch-ms, epoch-us or epoch-ns reads one of them",
    );
}

#[test]
fn numbers_that_are_dates_on_paper_are_no_epochs() {
    check(&["20191101", "20191130"], &["2019-11-01T00:00:00Z", "2019-11-30T00:00:00Z"]);
    check(&["20191101175913", "20191301000000"], &["2019-11-01T17:59:13Z", "no"]);
    check(&["201911011759"], &["2019-11-01T17:59:00Z"]);
    check(&["20191101T175913Z", "20191101T1759+0100"], &["2019-11-01T17:59:13Z", "2019-11-01T16:59:00Z"]);
    check(&["20191101 17:59:13"], &["2019-11-01T17:59:13Z"]);
    check(&["20191101175913250"], &["2019-11-01T17:59:13.25Z"]);
    check_described(&["20191101"], None, "dates as YYYYMMDD, no zone (read as UTC)");
}

#[test]
fn a_number_above_twelve_tells_day_from_month() {
    check(&["11/01/2019", "11/30/2019"], &["2019-11-01T00:00:00Z", "2019-11-30T00:00:00Z"]);
    check(&["01/11/2019", "30/11/2019 8:05"], &["2019-11-01T00:00:00Z", "2019-11-30T08:05:00Z"]);
    check(&["1.11.2019 17:59", "2.11.2019 17:59"], &["2019-11-01T17:59:00Z", "2019-11-02T17:59:00Z"]);
    check(&["11/1/19 5:59 PM", "11/13/19 12:30 am"], &["2019-11-01T17:59:00Z", "2019-11-13T00:30:00Z"]);
    check(&["01-11-2019 17:59:13"], &["2019-11-01T17:59:13Z"]);
    check_described(&["30/11/2019"], None, "dates, day first, no zone (read as UTC)");
}

#[test]
fn dates_that_leave_day_and_month_open_are_read_as_usual_and_that_is_said() {
    let notes = |samples: &[&str]| TimeReader::detect(samples, None, &utc()).expect("dates").notes().join(" ");
    assert!(notes(&["03/04/2024 10:00", "05/04/2024 11:00"]).contains(
        "`03/04/2024 10:00` do not tell day from month and were read month first; --time-format '%d/%m/%Y %H:%M' \
             reads them day first."
    ),);
    assert!(notes(&["3.4.2024"]).contains("read day first; --time-format '%m.%d.%Y' reads them month first"));
    assert!(!notes(&["13/04/2024"]).contains("month"));
    let both = notes(&["13/04/2024", "14/04/2024", "04/15/2024"]);
    assert!(both.contains("Of 3 sampled dates 2 read day first and 1 the other way round"), "{both}");
}

#[test]
fn month_names_read_in_any_order_of_the_parts() {
    let expect = "2019-11-01T17:59:00Z";
    check(
        &[
            "Nov 1, 2019 5:59 PM",
            "Nov 1, 2019, 5:59:00\u{202F}PM",
            "01-Nov-2019 17:59",
            "Fri, 01 Nov 2019 17:59:00 +0000",
            "Fri Nov 01 17:59:00 +0000 2019",
            "Fri Nov 01 2019 18:59:00 GMT+0100 (CET)",
            "1st of November 2019 at 17:59",
            "01/Nov/2019:17:59:00 +0000",
            "1 nov 19 17:59:00 UTC",
        ],
        &[expect; 9],
    );
    check(&["01-Nov-2019", "2-nov-2019", "31-Nov-2019"], &["2019-11-01T00:00:00Z", "2019-11-02T00:00:00Z", "no"]);
}

#[test]
fn chinese_dates_read() {
    check(
        &[
            "2024年5月1日 10:00",
            "2024年05月01日",
            "2024年5月1日10时30分05秒",
            "2024年5月1日 下午3:05:00",
            "2024年13月1日",
        ],
        &["2024-05-01T10:00:00Z", "2024-05-01T00:00:00Z", "2024-05-01T10:30:05Z", "2024-05-01T15:05:00Z", "no"],
    );
}

#[test]
fn wall_times_are_read_in_the_zone_and_daylight_saving_is_counted() {
    let berlin: Zone = "Europe/Berlin".parse().expect("a zone");
    let read = read_in(
        &berlin,
        None,
        &[
            "2024-07-01 12:00:00",
            "2024-10-27 02:30:00",
            "2024-03-31 02:30",
            "2024-01-01",
            "1955-01-01",
            "2024-07-01T12:00Z",
        ],
    );
    let expect = [
        "2024-07-01T10:00:00Z",
        "2024-10-27T00:30:00Z ambiguous",
        "2024-03-31T01:30:00Z ambiguous",
        "2023-12-31T23:00:00Z",
        "1954-12-31T23:00:00Z",
        "2024-07-01T12:00:00Z",
    ];
    assert_eq!(read, expect);
}

#[test]
fn a_given_format_reads_alone() {
    let read = |format, samples: &[&str]| read_in(&utc(), Some(format), samples);
    assert_eq!(read("%d/%m/%Y %H:%M", &["03/04/2024 10:07", "2024-04-03"]), ["2024-04-03T10:07:00Z", "no"]);
    assert_eq!(read("%Y-%m-%dT%H:%M:%S%z", &["2024-04-03T10:07:00+0200"]), ["2024-04-03T08:07:00Z"]);
    assert_eq!(
        read("%s", &["5", "-1.5", "1572631153"]),
        ["1970-01-01T00:00:05Z", "1969-12-31T23:59:58.5Z", "2019-11-01T17:59:13Z"]
    );
    assert_eq!(read("epoch-ms", &["5"]), ["1970-01-01T00:00:00.005Z"]);
    assert_eq!(read("%F %T", &["2024-04-03 23:59:59", "2024-04-03 23:59:60"]), ["2024-04-03T23:59:59Z", "no"]);
    assert_eq!(read("%F %T%.f", &["2024-04-03 23:59:59.1234567"]), ["2024-04-03T23:59:59.123456Z"]);
}

#[test]
fn what_cannot_be_read_is_refused_with_the_way_out() {
    check_refused(
        &["soon", "later"],
        None,
        "`soon` is no time in a known format; name the format, for example --time-format '%d.%m.%Y %H:%M'",
    );
    check_refused(
        &["45231.5", "45232"],
        None,
        "numbers such as `45231.5` are no epoch time that can be told apart by size; --time-format %s reads them as \
         seconds, epoch-ms, epoch-us or epoch-ns as smaller units",
    );
    check_refused(
        &["2024-05-01"],
        Some("%d.%m.%Y"),
        "--time-format `%d.%m.%Y` reads none of the times; the first is `2024-05-01`",
    );
    check_refused(
        &["2024"],
        Some("yyyy"),
        "--time-format `yyyy` has no directive; write it like '%Y-%m-%d %H:%M:%S' or %s for epoch seconds",
    );
    let error = TimeReader::detect(&["x\u{1b}[31m"], Some("%!"), &utc()).expect_err("no format");
    assert!(error.starts_with("--time-format `%!` is not a format"), "{error}");
    assert!(!TimeReader::detect(&["\u{1b}[31m"], None, &utc()).expect_err("no time").contains('\u{1b}'));
}

#[test]
fn an_assumed_zone_is_said() {
    check_described(&["2019-11-01 17:59:13"], None, "ISO 8601, no zone (read as UTC)");
    check_described(&["2019-11-01T17:59:13Z"], None, "ISO 8601");
    check_described(&["2019-11-01"], None, "ISO 8601 dates, no zone (read as UTC)");
    check_described(&["2019-11-01 10:00", "2019-11-01 10:00Z"], None, "ISO 8601, partly without zone (read as UTC)");
    let reader = TimeReader::detect(&["2019-11-01 17:59:13"], None, &utc()).expect("ISO");
    assert_eq!(reader.notes(), ["The times have no zone and were read as UTC; --tz names another."]);
}

#[test]
fn numbers_are_read_as_their_texts_are() {
    let reader = TimeReader::detect(&["1572631153"], None, &utc()).expect("epoch");
    let shown = |read: Option<TimeRead>| read.map(|read| read.instant.to_string());
    assert_eq!(shown(reader.read_int(1_572_631_153)).as_deref(), Some("2019-11-01T17:59:13Z"));
    assert_eq!(shown(reader.read_float(1_572_631_153.1)).as_deref(), Some("2019-11-01T17:59:13.1Z"));
    assert_eq!((reader.read_int(7), reader.read_float(f64::NAN)), (None, None));
    let dates = TimeReader::detect(&["20191101"], None, &utc()).expect("dates");
    assert_eq!(shown(dates.read_int(20_191_101)).as_deref(), Some("2019-11-01T00:00:00Z"));
    assert_eq!(shown(dates.read_float(20_191_101.0)).as_deref(), Some("2019-11-01T00:00:00Z"));
}

proptest! {
    #[test]
    fn every_instant_reads_back_from_what_it_is_shown_as(micros in -62_135_596_800_000_000i64..253_402_300_800_000_000) {
        let reader = TimeReader::detect(&["2024-05-01T10:00:00Z"], None, &utc()).expect("ISO");
        let text = Instant(micros).to_string();
        prop_assert_eq!(reader.read(&text), Some(TimeRead::plain(Instant(micros))));
        let spaced = text.replace('T', " ").trim_end_matches('Z').to_owned();
        prop_assert_eq!(reader.read(&spaced), Some(TimeRead::plain(Instant(micros))));
    }

    #[test]
    fn the_fast_path_reads_what_the_plain_parser_reads(text in "[0-9]{4}[-/][01][0-9][-/][0-3][0-9][T ]?[0-2][0-9]:[0-6][0-9](:[0-6][0-9](\\.[0-9]{0,8})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?") {
        let reader = TimeReader::detect(&["2024-05-01T10:00:00Z"], None, &utc()).expect("ISO");
        if let Some((civil, offset)) = Civil::parse_iso(text.as_bytes()) {
            let expect = civil.as_micros() - i64::from(offset.unwrap_or(0)) * 1_000_000;
            prop_assert_eq!(reader.read(&text), in_range(expect).map(TimeRead::plain));
        }
    }

    #[test]
    fn no_text_whatever_panics(text in any::<String>(), bytes in "[0-9A-Za-z:./+年月日 -]{0,30}") {
        for sample in [&*text, &*bytes] {
            for spelling in [Spelling::YearFirst, Spelling::Digits, Spelling::Named, Spelling::Chinese, Spelling::MonthFirst, Spelling::DayFirst] {
                let _ = spelling.read(sample.as_bytes());
            }
            let _ = TimeReader::detect(&[sample], None, &utc());
            let _ = TimeReader::detect(&[sample], Some(sample), &utc());
        }
    }

    #[test]
    fn offsets_at_hand_agree_with_the_zone(wall in 0i64..4_000_000_000_000_000) {
        for name in ["Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "+05:30"] {
            let zone: Zone = name.parse().expect("a zone");
            let offsets = Offsets::new(&zone, 500_000_000_000_000, 2_000_000_000_000_000);
            let (instant, resolved) = zone.resolve_micros(wall);
            let read = offsets.resolve(wall);
            prop_assert_eq!((read.instant, read.is_ambiguous), (instant, resolved == crate::base::instant::Resolved::Ambiguous));
        }
    }
}
