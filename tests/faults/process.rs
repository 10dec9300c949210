//! Pipes that close, and a system that gives little. E1, E2, E11, E13.

#[cfg(unix)]
use std::process::{Command, Stdio};

use super::{made, table};
use crate::support::binary::{command, finish, run, run_with_input};

#[cfg(unix)]
fn sh(script: &str, path: &str) -> (i32, String, String) {
    let done = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_trailmap"), path])
        .env("TRAILMAP_CACHE_DIR", "")
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .output()
        .expect("sh runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let signal = std::os::unix::process::ExitStatusExt::signal(&done.status).unwrap_or(0);
    (done.status.code().unwrap_or(128 + signal), text(&done.stdout), text(&done.stderr))
}

#[cfg(unix)]
#[test]
fn who_stops_reading_or_never_does_is_no_reason_to_complain() {
    let made = made("a.csv", table() + &super::ROWS.repeat(3000));
    let path = made.path.to_str().expect("UTF-8");
    for format in ["csv", "json", "table", "html", "md", "ndjson"] {
        let (status, out, err) = sh(&format!("\"$0\" events \"$1\" --quiet --format {format} | head -c 40"), path);
        assert_eq!((status, out.len(), err.as_str()), (0, 40, ""), "{format}");
    }
    for script in
        ["\"$0\" profile \"$1\" >&- 2>&-", "\"$0\" profile \"$1\" <&-", "\"$0\" profile - <&- 2>/dev/null; test $? = 1"]
    {
        let (status, _, err) = sh(script, path);
        assert!(status <= 1 && !err.contains("panicked"), "{script}: {status} {err}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_system_that_gives_little_is_a_message_or_no_matter() {
    let made = made("a.csv", table());
    let path = made.path.to_str().expect("UTF-8");
    for limit in ["-n 12", "-n 20", "-s 2048", "-c 0"] {
        let (status, _, err) = sh(&format!("ulimit {limit}; exec \"$0\" profile \"$1\" --quiet"), path);
        assert!(status <= 1, "{limit}: {status} {err}");
        assert!(status == 0 || err.starts_with("trailmap: ") && err.lines().count() == 1, "{limit}: {err}");
    }
}

#[test]
fn the_same_bytes_come_out_wherever_and_whenever_they_are_asked_for() {
    let made =
        made("a.csv", "user_id,event,timestamp\nu1,view,2024-03-31 02:30:00\nu1,cart,1714557600\nü,view,2024-05-01\n");
    let path = made.path.to_str().expect("UTF-8");
    let args = ["events", path, "--time", "timestamp", "--format", "json"];
    let expect = run(&args);
    for (name, value) in [
        ("TZ", "Asia/Kolkata"),
        ("TZ", "bogus"),
        ("LC_ALL", "de_DE.UTF-8"),
        ("LANG", "C"),
        ("RAYON_NUM_THREADS", "7"),
        ("COLUMNS", "-3"),
        ("TERM", "bogus"),
    ] {
        let done = finish(command(&args).env(name, value));
        assert_eq!((done.status, &done.out), (expect.status, &expect.out), "{name}={value}");
    }
}

#[test]
fn standard_input_is_held_to_the_same() {
    assert_eq!(run_with_input(&["profile", "-", "--quiet"], table().as_bytes()).status, 0);
    for input in [&b""[..], b"\x1F\x8B\x08\0\0", b"PAR1\0\0\0\0", b"\0\0\0\0\0\0\0\0\0\0", b"PK\x03\x04 and no more"] {
        let done = run_with_input(&["profile", "-"], input);
        assert_eq!(done.status, 1, "{input:?}");
        assert!(done.err.starts_with("trailmap: standard input: ") && done.err.lines().count() == 1, "{}", done.err);
    }
}
