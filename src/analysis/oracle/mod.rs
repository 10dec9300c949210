//! The same answers by trying everything: slow, and too simple to be wrong; and laws that hold whatever the data.

mod compare;
mod dwell;
mod dwell_laws;
mod funnel;
mod funnel_cases;
mod funnel_laws;
mod lifecycle;
mod map;
mod paths;
mod paths_cases;
mod paths_laws;
mod patterns;
mod retention;

/// Journeys whose events have different times, as text in two orders of their rows. Times and names in the text of
/// `fixture`; `names` are those of the events and of their customers.
fn in_two_orders(times: &std::collections::HashSet<u32>, names: &[(usize, usize)], turn: usize) -> (String, String) {
    let events: Vec<String> = times
        .iter()
        .zip(names)
        .map(|(time, (name, customer))| {
            let (name, customer) = (["a", "b", "c", "d"][*name], ["x", "y", "z"][*customer]);
            format!("{customer}: {name}{}{{p=1,q=2}}", f64::from(*time) / 10.0)
        })
        .collect();
    let known = "w: a0{p=1,q=2} b0 c0 d0";
    let mut turned = events.clone();
    turned.rotate_left(turn % events.len());
    (format!("{known}\n{}", events.join("\n")), format!("{known}\n{}", turned.join("\n")))
}
