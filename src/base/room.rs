//! How much memory there is for this process, where the system says it (Linux).

use std::path::{Path, PathBuf};

/// Bytes that this process may hold: what is free, what it holds already, and no more than any of its control groups (its
/// container, its unit) is allowed.
pub fn of_process() -> Option<u64> {
    most(held().unwrap_or(0))
}

/// Bytes that this process holds, with the files that it looks into.
pub fn held() -> Option<u64> {
    of_line(&read("/proc/self/status")?, "VmRSS:")
}

/// Bytes that this process may take beside what it holds; pages of files it looks into can go.
pub fn left() -> Option<u64> {
    let status = read("/proc/self/status")?;
    let held = of_line(&status, "VmRSS:")?;
    let own = of_line(&status, "RssAnon:").unwrap_or(held);
    Some(most(held)?.saturating_sub(own))
}

/// Of a process that holds so much.
fn most(held: u64) -> Option<u64> {
    let free = of_line(&read("/proc/meminfo")?, "MemAvailable:")?;
    Some(free.saturating_add(held).min(allowed().unwrap_or(u64::MAX)))
}

fn allowed() -> Option<u64> {
    let groups = read("/proc/self/cgroup")?;
    limits(&groups).iter().filter_map(|file| read(file)?.trim().parse().ok()).min()
}

/// Where the limits stand of the groups that a process is in, and of those around them. In a container the paths may be those
/// outside of it, and only the outermost is there.
fn limits(groups: &str) -> Vec<PathBuf> {
    let of = |line: &str| {
        let mut parts = line.splitn(3, ':');
        let (number, kinds, path) = (parts.next()?, parts.next()?, parts.next()?);
        let (root, file) = match kinds {
            "" if number == "0" => ("/sys/fs/cgroup", "memory.max"),
            kinds if kinds.split(',').any(|kind| kind == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => return None,
        };
        let groups = Path::new(path.trim_start_matches('/')).ancestors();
        Some(groups.map(|group| Path::new(root).join(group).join(file)).collect::<Vec<_>>())
    };
    groups.lines().filter_map(of).flatten().collect()
}

fn read(file: impl AsRef<Path>) -> Option<String> {
    std::fs::read_to_string(file).ok()
}

/// Of a line like `MemAvailable:   1234 kB`.
fn of_line(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_stand_with_every_group_around() {
        let all = |groups| limits(groups).iter().map(|file| file.display().to_string()).collect::<Vec<_>>();
        assert_eq!(
            all("0::/user.slice/run-1.scope\n"),
            [
                "/sys/fs/cgroup/user.slice/run-1.scope/memory.max",
                "/sys/fs/cgroup/user.slice/memory.max",
                "/sys/fs/cgroup/memory.max"
            ]
        );
        assert_eq!(
            all("5:cpu,cpuacct:/a\n4:memory:/a\nnonsense\n"),
            ["/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        );
    }

    #[test]
    fn lines_are_read_in_kilobytes() {
        let text = "MemTotal:  9 kB\nMemAvailable:     1234 kB\nHugePages: 3\n";
        assert_eq!(
            (of_line(text, "MemAvailable:"), of_line(text, "HugePages:"), of_line(text, "x:")),
            (Some(1234 << 10), None, None)
        );
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_holds_something_and_is_allowed_it() {
        let held = held().expect("Linux says so");
        assert!(held > 1 << 20 && of_process().is_some_and(|most| most >= held / 2));
    }
}
