//! Tables of random rows, and files that are damaged in random places.

use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};
use proptest::strategy::Strategy;

use super::*;

#[test]
fn what_is_no_such_file_or_cut_short_is_an_error() {
    let files = Files::new();
    assert_eq!(parquet::sample(&files.path("no"), 5), Err("there is no such file".into()));
    let nothing = files.path("nothing");
    for bytes in [b"".as_slice(), b"PAR1", b"ARROW1\0\0", b"user_id,event,ts\n1,a,2024-05-01\n", &[0xFF; 64], &[0; 64]]
    {
        std::fs::write(&nothing, bytes).expect("a file");
        for error in [parquet::sample(&nothing, 5), ipc::sample(&nothing, 5)] {
            let error = error.expect_err("no table");
            assert!(!error.contains(char::is_control) && error.lines().count() == 1, "{error:?}");
        }
    }
    for path in files.write(&mut with(40, [s("n", (0..40i64).collect::<Vec<_>>())]), 10) {
        let bytes = std::fs::read(&path).expect("bytes");
        let plan = plan(&path, &Zone::utc()).expect("a plan");
        for part in 1..40 {
            std::fs::write(&path, &bytes[..bytes.len() * part / 40]).expect("a file");
            let rows = read(&path, &plan).map(|parsed| parsed.iter().map(|block| block.rows).sum::<u64>());
            // A stream that ends between two messages is whole as far as anyone can tell.
            let is_stream = path.extension().is_some_and(|extension| extension == "arrows");
            assert!(rows.is_err() || is_stream, "{path:?} cut at {part}/40 gave {rows:?}");
        }
    }
}

/// A table with a column of nearly every kind that has an encoding of its own.
fn many_kinds(n: usize) -> DataFrame {
    let tags = |i: usize| s("", (0..i % 3).map(|tag| tag as i32).collect::<Vec<_>>());
    let inner = [s("x", (0..n as i64).collect::<Vec<_>>()).into_column()];
    with(
        n,
        [
            s("text", (0..n).map(|i| (i % 5 > 0).then(|| format!("some longer text {}", i % 4))).collect::<Vec<_>>()),
            s("plain", (0..n).map(|i| format!("{i}-{}", i * i)).collect::<Vec<_>>()),
            s("int", (0..n as i64).map(|i| i * 7919).collect::<Vec<_>>()),
            s("small", (0..n as i16).collect::<Vec<_>>()),
            s("float", (0..n).map(|i| (i % 3 > 0).then_some(i as f64 / 4.0)).collect::<Vec<_>>()),
            s("yes", (0..n).map(|i| i % 3 == 0).collect::<Vec<_>>()),
            s("day", (0..n as i32).collect::<Vec<_>>()).cast(&DataType::Date).expect("dates"),
            categories(&(0..n).map(|i| ["a", "b", "c"][i % 3]).collect::<Vec<_>>()).with_name("plan".into()),
            Series::new("tags".into(), (0..n).map(tags).collect::<Vec<_>>()),
            StructChunked::from_columns("geo".into(), n, &inner).expect("a struct").into_series(),
        ],
    )
}

type AnyRow = (Option<String>, Option<i64>, Option<i32>, Option<bool>);

/// A random table: texts, whole numbers and decimals, with holes.
fn any_rows() -> impl Strategy<Value = Vec<AnyRow>> {
    let text = prop::option::of("[a-c]{0,14}|ünï");
    prop::collection::vec((text, any::<Option<i64>>(), prop::option::of(-9999..9999i32), any::<Option<bool>>()), 1..40)
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(32))]

    #[test]
    fn a_table_reads_back_as_the_same_rows_in_text(rows in any_rows(), cut in 1usize..20) {
        let n = rows.len();
        let cents: Vec<Option<f64>> = rows.iter().map(|row| row.2.map(|cents| f64::from(cents) / 100.0)).collect();
        let mut table = frame(vec![
            s("c", rows.iter().map(|row| row.0.clone()).collect::<Vec<_>>()),
            s("e", vec!["a"; n]),
            s("t", (0..n as i64).map(|i| 1_714_557_600 + i).collect::<Vec<_>>()),
            s("text", rows.iter().map(|row| row.0.clone()).collect::<Vec<_>>()),
            s("int", rows.iter().map(|row| row.1).collect::<Vec<_>>()),
            s("money", cents.clone()),
            s("yes", rows.iter().map(|row| row.3).collect::<Vec<_>>()),
        ]);
        let shown = |text: Option<String>| text.filter(|text| !text.is_empty()).unwrap_or("-".into());
        let expect: Vec<String> = rows
            .iter()
            .zip(&cents)
            .enumerate()
            .filter(|(_, (row, _))| row.0.as_ref().is_some_and(|text| !text.is_empty()))
            .map(|(i, (row, cents))| {
                let time = Instant((1_714_557_600 + i as i64) * 1_000_000);
                let money = shown(cents.map(|cents| cents.to_string()));
                let customer = shown(row.0.clone());
                let (int, yes) = (shown(row.1.map(|n| n.to_string())), shown(row.3.map(|yes| yes.to_string())));
                format!("{customer} a {time} | {customer} | {int} | {money} | {yes}")
            })
            .collect();
        let files = Files::new();
        for path in files.write(&mut table, cut) {
            let parsed = read(&path, &plan(&path, &Zone::utc()).expect("a plan")).expect("readable");
            prop_assert_eq!(events(&parsed), expect.clone());
            prop_assert_eq!(parsed.iter().map(|block| block.rows).sum::<u64>(), n as u64);
        }
    }

    #[test]
    fn a_damaged_file_is_an_error_or_a_table_of_as_many_rows(at in any::<prop::sample::Index>(), bit in 0u8..8, cut in 3usize..30, is_compressed: bool) {
        let files = Files::new();
        for path in files.write_compressed(&mut many_kinds(30), cut, is_compressed) {
            let good = plan(&path, &Zone::utc()).expect("a plan");
            let mut bytes = std::fs::read(&path).expect("bytes");
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            std::fs::write(&path, &bytes).expect("a file");
            let _ = sample(&path);
            match read(&path, &good) {
                Ok(parsed) => {
                    for block in &parsed {
                        prop_assert_eq!(block.rows, block.batch.len() as u64 + block.rejects.total());
                    }
                }
                Err(error) => prop_assert!(!error.to_string().contains(char::is_control), "{error:?}"),
            }
        }
    }
}
