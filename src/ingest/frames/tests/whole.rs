//! Whole files: their blocks in order, their ends, and a real log.

use super::*;

#[test]
fn many_blocks_keep_their_order_and_their_row_numbers() {
    let n = 300_000;
    let mut table = frame(vec![
        s("c", (0..n).map(|i| (i % 7 != 3).then(|| format!("customer-{:06}", i % 5000))).collect::<Vec<_>>()),
        s("e", (0..n).map(|i| ["view", "add_to_cart", "a rather long event name"][i % 3]).collect::<Vec<_>>()),
        s("t", (0..n as i64).map(|i| 1_714_557_600_000 + i).collect::<Vec<_>>()),
        s("n", (0..n as i64).collect::<Vec<_>>()),
    ]);
    let files = Files::new();
    let mut all = Vec::new();
    for path in files.write(&mut table, 70_000) {
        let mut plan = plan(&path, &Zone::utc()).expect("a plan");
        plan.keep_rejects = KeepRejects::Some;
        let parsed = read(&path, &plan).expect("readable");
        assert!(parsed.len() > 1 || !is_parquet(&path));
        assert_eq!(parsed.iter().map(|block| block.rows).sum::<u64>(), n as u64);
        let rows = events(&parsed);
        assert_eq!(rows.len(), n - (n + 3) / 7);
        assert_eq!(rows[5], "customer-000006 view 2024-05-01T10:00:00.006Z | 6");
        let last = parsed.last().expect("a block").rejects.kept.last().expect("a refused row");
        assert_eq!((last.line - 1) % 7, 3);
        all.push(rows);
    }
    assert!(all[0] == all[1] && all[1] == all[2]);
}

#[test]
fn a_reader_stops_when_it_is_told_to() {
    let files = Files::new();
    for path in files.write(&mut with(8, []), 2) {
        let plan = plan(&path, &Zone::utc()).expect("a plan");
        let ctl = Ctl::new();
        ctl.cancel();
        let mut refuse = |_: Parsed| Err(Error::Other("enough".into()));
        let run = |ctl: &Ctl, sink: &mut crate::ingest::plan::Sink<'_>| {
            if is_parquet(&path) { parquet::read(&path, &plan, ctl, sink) } else { ipc::read(&path, &plan, ctl, sink) }
        };
        assert!(matches!(run(&ctl, &mut refuse), Err(Error::Cancelled(_))));
        assert!(matches!(run(&Ctl::new(), &mut refuse), Err(Error::Other(_))));
    }
}

#[test]
fn the_table_as_it_stands() {
    let files = Files::new();
    for path in files.write(&mut with(5, [s("n", [Some(1i64), None, Some(3), Some(4), Some(5)])]), 2) {
        let raw = |limit| {
            if is_parquet(&path) { parquet::raw_rows(&path, limit) } else { ipc::raw_rows(&path, limit) }.expect("rows")
        };
        assert_eq!(raw(None).columns, ["c", "e", "t", "n"]);
        assert_eq!(raw(None).rows.len(), 5);
        let row = |texts: [Option<&str>; 4]| texts.map(|text| text.map(String::from)).to_vec();
        assert_eq!(
            raw(Some(3)).rows[1..],
            [
                row([Some("C1"), Some("a"), Some("2024-05-02"), None]),
                row([Some("C0"), Some("a"), Some("2024-05-03"), Some("3")]),
            ]
        );
    }
}

#[test]
fn a_table_without_rows_or_columns_is_read_as_one() {
    let files = Files::new();
    for path in files.write(&mut with(1, []).clear(), 2) {
        let (names, columns) = sample(&path).expect("a sample");
        assert_eq!(names, ["c", "e", "t"]);
        assert!(columns.iter().all(Vec::is_empty));
        let parsed = read(&path, &plan(&path, &Zone::utc()).expect("a plan")).expect("readable");
        assert_eq!(parsed.iter().map(|block| block.rows).sum::<u64>(), 0);
    }
}

#[test]
fn a_real_log_is_read_whole() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/bpic2012/events.parquet");
    if !path.exists() {
        return;
    }
    let (names, columns) = sample(&path).expect("a sample");
    let at = |name: &str| names.iter().position(|n| n == name).expect("a column");
    let texts: Vec<&str> = columns[at("timestamp")].iter().flatten().map(String::as_str).collect();
    let keys = [at("case_id"), at("activity"), at("timestamp")];
    let plan = ColumnPlan {
        terms: Default::default(),
        ids: None,
        more_events: Vec::new(),
        dates: Vec::new(),
        amount: None,
        customer: keys[0],
        event: keys[1],
        time: keys[2],
        time_reader: TimeReader::detect(&texts, None, &Zone::utc()).expect("times"),
        properties: (0..names.len()).filter(|i| !keys.contains(i)).collect(),
        names,
        file: 0,
        keep_rejects: KeepRejects::Some,
    };
    let parsed = read(&path, &plan).expect("readable");
    assert_eq!(parsed.iter().map(|block| block.batch.len()).sum::<usize>(), 262_200);
    let mut customers = std::collections::HashSet::new();
    let mut events = std::collections::HashSet::new();
    for block in &parsed {
        customers.extend(block.batch.customers.names.iter().map(String::from));
        events.extend(block.batch.touchpoints.names.iter().map(String::from));
    }
    assert_eq!((customers.len(), events.len()), (13_087, 24));
}
